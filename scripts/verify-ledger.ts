/** Verifies the books: `npm run verify-ledger`, `npm run verify-ledger -- --head <hash>@<block>`. Exit code 1 when broken. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { headsOf } from '../src/features/ledger/published-heads.ts';
import { rebuildBalances } from '../src/features/ledger/seal-ledger.ts';
import { verifyLedger, type PublishedHead } from '../src/features/ledger/verify-ledger.ts';
import { readNamedFile, runTool, usage } from './tool.ts';

const USAGE = `npm run verify-ledger -- [--head <hash>@<block>]... [--heads-file <file>] [--rebuild-balances]

Recomputes every block from the rows. Compares with the heads given, and with those published in
ledger-heads.jsonl of the data folder (another file with --heads-file). --rebuild-balances first makes the
balances again from the transfers.`;

const OPTIONS = {
  head: { type: 'string', multiple: true },
  'heads-file': { type: 'string' },
  'rebuild-balances': { type: 'boolean', default: false },
} as const;

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    if (positionals.length > 0) usage(USAGE);
    const told = (values.head ?? []).map(headOf);
    const named = values['heads-file'];
    const given = [...told, ...(named === undefined ? [] : publishedHeads(named))];
    return async ({ db, config }) => {
      if (values['rebuild-balances'])
        console.log(`Rebuilt ${String(await rebuildBalances({ db }))} balances from the transfers.`);
      const own = join(config.dataDir, 'ledger-heads.jsonl');
      const heads = named === undefined && existsSync(own) ? [...given, ...publishedHeads(own)] : given;
      const verdict = await verifyLedger({ db }, heads);
      if (verdict.kind === 'broken') {
        const where = verdict.block === null ? 'The ledger' : `Block ${String(verdict.block)}`;
        console.error(`${where} is broken: ${verdict.fault}.`);
        process.exitCode = 1;
        return;
      }
      const head = verdict.head ? `${verdict.head.hash}@${String(verdict.head.sequence)}` : 'none yet';
      console.log(
        `The ledger is intact: ${String(verdict.blocks)} blocks, ${String(verdict.transactions)} sealed transactions, ` +
          `${String(heads.length)} heads compared. Head: ${head}`,
      );
      if (heads.length === 0) {
        console.log(
          'No published head was there to compare with: a chain cut or rewritten as a whole would not show.',
        );
      }
    };
  },
});

function headOf(text: string): PublishedHead {
  const match = /^([0-9a-f]{64})@(\d{1,18})$/.exec(text);
  if (!match?.[1] || !match[2]) usage(`"${text}" is not a head like <64 hexadecimal digits>@<block>.`);
  return { hash: match[1], sequence: BigInt(match[2]) };
}

function publishedHeads(file: string): PublishedHead[] {
  const lines = readNamedFile(file);
  try {
    return headsOf(lines);
  } catch (error) {
    return usage(`${file}: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
