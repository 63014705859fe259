/** Restores a backup into an empty database and checks it: `npm run restore -- <file>`. Exit code 1 when it is not sound. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupHead } from '../db/backup-file.ts';
import { restoreBackup } from '../db/restore.ts';
import { headsOf, restorationLine } from '../src/features/ledger/published-heads.ts';
import { verifyLedger, type PublishedHead } from '../src/features/ledger/verify-ledger.ts';
import { checkInvariants } from '../src/features/reports/invariants.ts';
import { writeAudit } from '../src/features/staff/audit-log.ts';
import type { Config } from '../src/platform/config.ts';
import type { Database } from '../src/platform/database.ts';
import { asSentence, runTool, usage } from './tool.ts';

const USAGE = `npm run restore -- <file>

Restores a file of npm run backup into an empty database, whole or not at all, and checks the books and the invariants.
Nothing else may use the database meanwhile.`;

await runTool({
  usage: USAGE,
  options: {},
  schema: 'any',
  understand({ positionals }) {
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) return usage(USAGE);
    return async ({ db, ownerUrl, appUrl, clock, newId, config }) => {
      const { head, tables, rows } = await restoreBackup({
        path,
        ownerUrl,
        appUrl,
        atEnd: (tx, restored) =>
          writeAudit(tx, {
            id: newId(),
            actor: 'staff:command-line',
            action: 'database.restored',
            agencyId: null,
            subject: restored.head.taken_at,
            detail: {
              rows: restored.rows,
              era: String(restored.era),
              block: restored.head.ledger_head?.sequence ?? '0',
            },
          }),
      }).catch(asSentence);
      console.log(`Restored ${String(rows)} rows of ${String(tables)} tables as of ${head.taken_at}.`);
      const heads = tellWhereChainGoesOn(config, head, clock.now());
      if (!(await isSound(db, heads))) process.exitCode = 1;
      tellMissingKeys(config, head);
    };
  },
});

/** Compares with what was published where this service ran before, and notes there what the backup does not have. */
function tellWhereChainGoesOn(config: Config, head: BackupHead, now: Date): PublishedHead[] {
  const file = join(config.dataDir, 'ledger-heads.jsonl');
  const ours = head.ledger_head && {
    sequence: BigInt(head.ledger_head.sequence),
    hash: head.ledger_head.hash,
  };
  const last = ours?.sequence ?? 0n;
  const published = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lost = headsOf(published).filter(({ sequence }) => sequence > last);
  if (lost.length > 0) {
    console.log(
      `Blocks of the ledger up to ${String(lost.at(-1)?.sequence)} were published and the backup ends at ${String(last)}: ` +
        'upload the settlement files of the days since.',
    );
  }
  const line = restorationLine(last, now);
  mkdirSync(config.dataDir, { recursive: true });
  appendFileSync(file, line);
  return [...headsOf(published + line), ...(ours ? [ours] : [])];
}

async function isSound(db: Database, heads: readonly PublishedHead[]): Promise<boolean> {
  const verdict = await verifyLedger({ db }, heads);
  if (verdict.kind === 'broken') {
    console.error(`The ledger is broken: ${verdict.fault}.`);
    return false;
  }
  const violations = await checkInvariants(db);
  for (const { name, says } of violations) console.error(`${name} does not hold: ${says}.`);
  if (violations.length > 0) return false;
  console.log(
    `The ledger is intact: ${String(verdict.blocks)} blocks, ${String(verdict.transactions)} sealed transactions, ` +
      `${String(heads.length)} heads compared. All invariants hold.`,
  );
  return true;
}

function tellMissingKeys({ secrets }: Config, head: BackupHead): void {
  const seals = new Set([secrets.current, ...secrets.previous].map(({ id }) => id));
  const links = new Set(secrets.linkKeys.map(({ id }) => id));
  const missing = [
    ...head.secrets_keys.filter((id) => !seals.has(id)).map((id) => `SECRETS_KEY ${id}`),
    ...head.link_keys.filter((id) => !links.has(id)).map((id) => `LINK_KEYS ${id}`),
  ];
  if (missing.length > 0)
    console.log(`Before you start the service, give it the keys it lacks: ${missing.join(', ')}.`);
}
