/** Restores a backup into an empty database: the schema by the migrations of its time, then the rows; whole or not at all. */
import { copyIn } from '../src/platform/copy.ts';
import { inTransaction, openDatabase, query, type Tx } from '../src/platform/database.ts';
import { openBackup, type BackupEnd, type BackupHead, type OpenBackup } from './backup-file.ts';
import { migrate, migrateTo } from './sql-migrations.ts';
import { findAnything, listTables, type StoredTable } from './stored-tables.ts';

export interface RestoreOptions {
  readonly path: string;
  /** Connects as the role that will own the tables. */
  readonly ownerUrl: string;
  /** Connects as the role the service will run under; the same as the owner where there is only one. */
  readonly appUrl: string;
  /** Done in the same transaction, at its end. */
  readonly atEnd?: (tx: Tx, restored: RestoredBackup) => Promise<void>;
  /** Told before each table. */
  readonly onTable?: (table: string) => void;
}

export interface RestoredBackup {
  readonly head: BackupHead;
  readonly era: bigint;
  readonly tables: number;
  readonly rows: number;
}

/**
 * Restores a backup, begins an era of transaction numbers, and brings the schema to the newest.
 *
 * Refuses in one sentence, leaving the database as it was: one that holds anything; a backup of a newer version; a file
 * that is damaged; a database whose clock is behind the backup.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredBackup> {
  const db = openDatabase({
    url: options.ownerUrl,
    poolMax: 1,
    applicationName: 'restore',
    statementTimeoutMs: 0,
    lockTimeoutMs: 10_000,
  });
  try {
    const restored = await inTransaction(db, (tx) => restoreWithin(tx, options));
    await migrate(options);
    // Until the planner knows how many rows there are it reads whole tables.
    await query(db, 'analyze');
    return restored;
  } finally {
    await db.destroy();
  }
}

async function restoreWithin(tx: Tx, options: RestoreOptions): Promise<RestoredBackup> {
  const backup = await openBackup(options.path);
  try {
    const era = await makeEmptyTables(tx, backup.head);
    // Without them the rows may come in any order, and are checked together at the end, not one by one.
    const foreignKeys = await dropForeignKeys(tx);
    const keysByStatement = await disableKeysByStatement(tx);
    const { tables, end } = await copyTables(tx, backup, options.onTable);
    for (const key of [...foreignKeys, ...keysByStatement]) await query(tx, key);
    await setSequences(tx, end.sequences);
    const rows = Object.values(end.rows).reduce((sum, count) => sum + count, 0);
    const restored = { head: backup.head, era, tables, rows };
    await options.atEnd?.(tx, restored);
    return restored;
  } finally {
    backup.close();
  }
}

/** @returns the era that begins */
async function makeEmptyTables(tx: Tx, head: BackupHead): Promise<bigint> {
  const [now] = await query<{ at: Date }>(tx, 'select clock_timestamp() as at');
  if (!now || now.at < new Date(head.taken_at)) {
    throw new Error(
      `The database's clock is behind the backup, which was taken at ${head.taken_at}: set it.`,
    );
  }
  const found = await findAnything(tx);
  if (found !== null) {
    throw new Error(
      `The database is not empty (it has ${found}): a backup is restored into an empty one. Nothing was touched.`,
    );
  }
  const unknown = await migrateTo(tx, head.migrations);
  if (unknown.length > 0) {
    throw new Error(
      `The backup is of a newer version of the service (it has ${unknown.join(', ')}): restore it with that version.`,
    );
  }
  // The few rows that migrations make are in the backup as well.
  for (const { name } of await listTables(tx)) await query(tx, `delete from ${name}`);
  const era = nextEra(BigInt(head.era), now.at);
  await query(
    tx,
    `create or replace function xid_era() returns bigint language sql immutable return ${String(era)}`,
  );
  return era;
}

const HOUR_MS = 3_600_000;
const FIRST_HOUR = Date.UTC(2020, 0, 1) / HOUR_MS;

/**
 * Later than every era there was: than that of the backup, and than those of other restores of the same backup, which
 * this one knows nothing of. So it is the hour; eras end in the year 2079.
 */
function nextEra(before: bigint, now: Date): bigint {
  const hour = BigInt(Math.floor(now.getTime() / HOUR_MS) - FIRST_HOUR);
  return hour > before ? hour : before + 1n;
}

/** @returns the statements that make them again */
async function dropForeignKeys(tx: Tx): Promise<string[]> {
  const keys = await query<{ drop: string; add: string }>(
    tx,
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as add
     from pg_constraint where contype = 'f' order by conrelid::regclass::text, conname`,
  );
  for (const { drop } of keys) await query(tx, drop);
  return keys.map(({ add }) => add);
}

/** Triggers that look for what rows point at once a statement; afterwards `check-invariants` does. @returns the statements that make them fire again */
async function disableKeysByStatement(tx: Tx): Promise<string[]> {
  const triggers = await query<{ disable: string; enable: string }>(
    tx,
    `select format('alter table %s disable trigger %I', tgrelid::regclass, tgname) as disable,
       format('alter table %s enable always trigger %I', tgrelid::regclass, tgname) as enable
     from pg_trigger where tgnewtable is not null order by tgrelid::regclass::text`,
  );
  for (const { disable } of triggers) await query(tx, disable);
  return triggers.map(({ enable }) => enable);
}

async function copyTables(
  tx: Tx,
  backup: OpenBackup,
  onTable: RestoreOptions['onTable'],
): Promise<{ tables: number; end: BackupEnd }> {
  await query(tx, `set local timezone = 'UTC'`);
  await query(tx, `set local datestyle = 'ISO'`);
  const waiting = new Map((await listTables(tx)).map((table) => [table.name, table]));
  const tables = waiting.size;
  const counts: Record<string, number> = {};
  for (;;) {
    const part = await backup.next();
    if (!('table' in part)) {
      const [absent] = waiting.keys();
      const missed = absent ?? tableThatDiffers(counts, part.rows);
      if (missed !== undefined) throw new Error(`The backup does not hold the rows of ${missed} as it says.`);
      return { tables, end: part };
    }
    const { table: name, columns, rows } = part;
    const table = waiting.get(name);
    if (!table || !sameNames(table, columns)) {
      throw new Error(`The backup's table ${name} is not as its migrations make it.`);
    }
    waiting.delete(name);
    onTable?.(name);
    counts[name] = await copyIn(tx, `copy ${name} (${columns.join(', ')}) from stdin`, rows);
  }
}

function sameNames(table: StoredTable, columns: readonly string[]): boolean {
  return [...table.columns].sort().join() === [...columns].sort().join();
}

function tableThatDiffers(
  counted: Readonly<Record<string, number>>,
  told: Readonly<Record<string, number>>,
): string | undefined {
  return Object.keys(counted).find((name) => counted[name] !== told[name]);
}

async function setSequences(tx: Tx, sequences: BackupEnd['sequences']): Promise<void> {
  for (const [name, { last_value: lastValue, is_called: isCalled }] of Object.entries(sequences)) {
    await query(tx, 'select setval(:name::regclass, :lastValue::text::bigint, :isCalled)', {
      name,
      lastValue,
      isCalled,
    });
  }
}
