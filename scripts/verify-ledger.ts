/** Verifies the books: `npm run verify-ledger`, `npm run verify-ledger -- --head <hash>@<block>`. Exit code 1 when broken. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { headsOf } from '../src/features/ledger/published-heads.ts';
import { rebuildBalances } from '../src/features/ledger/seal-ledger.ts';
import { verifyLedger, type PublishedHead } from '../src/features/ledger/verify-ledger.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run verify-ledger -- [--head <hash>@<block>]... [--heads-file <file>] [--rebuild-balances]

Recomputes every block from the rows. Compares with the heads given, and with those published in
ledger-heads.jsonl of the data folder (another file with --heads-file). --rebuild-balances first makes the
balances again from the transfers.`;

const OPTIONS = {
  head: { type: 'string', multiple: true },
  'heads-file': { type: 'string' },
  'rebuild-balances': { type: 'boolean', default: false },
} as const;

await withDatabase(async ({ db, config }) => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values['rebuild-balances'])
    console.log(`Rebuilt ${String(await rebuildBalances({ db }))} balances from the transfers.`);
  const given = (values.head ?? []).map(headOf);
  const published = publishedHeads(values['heads-file'] ?? join(config.dataDir, 'ledger-heads.jsonl'));
  const verdict = await verifyLedger({ db }, [...published, ...given]);
  if (verdict.kind === 'broken') {
    const where = verdict.block === null ? 'The ledger' : `Block ${String(verdict.block)}`;
    console.error(`${where} is broken: ${verdict.fault}.`);
    process.exitCode = 1;
    return;
  }
  const head = verdict.head ? `${verdict.head.hash}@${String(verdict.head.sequence)}` : 'none yet';
  console.log(
    `The ledger is intact: ${String(verdict.blocks)} blocks, ${String(verdict.transactions)} sealed transactions, ` +
      `${String(published.length + given.length)} heads compared. Head: ${head}`,
  );
});

function headOf(text: string): PublishedHead {
  const match = /^([0-9a-f]{64})@(\d{1,18})$/.exec(text);
  if (!match?.[1] || !match[2]) usage(USAGE);
  return { hash: match[1], sequence: BigInt(match[2]) };
}

function publishedHeads(file: string): PublishedHead[] {
  return existsSync(file) ? headsOf(readFileSync(file, 'utf8')) : [];
}
