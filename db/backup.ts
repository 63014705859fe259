/** Takes a backup: every row as one snapshot sees it, with what must be known to restore it; while the service runs. */
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Knex } from 'knex';
import { copyOut } from '../src/platform/copy.ts';
import { query, type Database } from '../src/platform/database.ts';
import { backupLines, type BackupEnd, type BackupHead } from './backup-file.ts';
import { listSealedColumns, listSequences, listTables, type StoredTable } from './stored-tables.ts';

export interface BackupOptions {
  /** As the role that runs the service: it reads everything, and can change nothing of the books. */
  readonly db: Database;
  /** A file that does not exist yet, or a folder that does. */
  readonly target: string;
  /** Names of the keys of pay links, which the database does not know. */
  readonly linkKeys: readonly string[];
  /** Told before each table. */
  readonly onTable?: (table: string) => void | Promise<void>;
}

export interface TakenBackup {
  readonly path: string;
  readonly head: BackupHead;
  readonly tables: number;
  readonly rows: number;
}

/**
 * Writes a backup. The file appears under its name when it is whole, and never takes the place of another.
 *
 * Everything is read in one read-only snapshot, which holds back neither writers nor the seal. Migrations wait for it, and
 * so does the clearing away of old versions of rows.
 */
export async function takeBackup(options: BackupOptions): Promise<TakenBackup> {
  const snapshot = await options.db.transaction({ isolationLevel: 'repeatable read', readOnly: true });
  try {
    const tables = await holdTables(options.db, snapshot);
    const head = await readHead(snapshot, options.linkKeys);
    const path = pathOf(options.target, new Date(head.taken_at));
    const draft = `${path}.${String(process.pid)}.part`;
    const counts: Record<string, number> = {};
    try {
      await pipeline(
        Readable.from(parts({ ...options, snapshot, tables, head, counts }), { objectMode: false }),
        createGzip({ level: 4 }),
        // For nobody else to read: it holds what people owe and who they are. On disk before it gets its name.
        createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
      );
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { path, head, tables: tables.length, rows };
  } finally {
    await snapshot.rollback();
  }
}

function pathOf(target: string, takenAt: Date): string {
  const isFolder = existsSync(target) && statSync(target).isDirectory();
  const moment = takenAt.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = isFolder ? join(target, `payments-${moment}.backup.gz`) : target;
  if (existsSync(path)) throw new Error(`${path} is there already and is not replaced: name another file.`);
  return path;
}

/** Locks the tables before the snapshot is taken, so that it shows them as they are. */
async function holdTables(db: Database, snapshot: Knex.Transaction): Promise<StoredTable[]> {
  const before = await listTables(db);
  // None of these statements takes the snapshot yet. The settings decide how values are written as text.
  await query(snapshot, 'set local statement_timeout = 0');
  // A slow disk may let the connection wait between two tables.
  await query(snapshot, 'set local idle_in_transaction_session_timeout = 0');
  await query(snapshot, 'set local lock_timeout = 10000');
  await query(snapshot, `set local timezone = 'UTC'`);
  await query(snapshot, `set local datestyle = 'ISO'`);
  await query(snapshot, 'set local extra_float_digits = 1');
  const names = before.map(({ name }) => name).join(', ');
  if (names !== '') await query(snapshot, `lock table ${names} in access share mode`);
  const tables = await listTables(snapshot);
  if (names === '' || JSON.stringify(tables) !== JSON.stringify(before)) {
    throw new Error(
      'The tables are not there yet, or are being changed: migrate, then take the backup again.',
    );
  }
  return tables;
}

async function readHead(snapshot: Knex.Transaction, linkKeys: readonly string[]): Promise<BackupHead> {
  const [now] = await query<{ taken_at: Date; era: bigint }>(
    snapshot,
    'select clock_timestamp() as taken_at, xid_era() as era',
  );
  if (!now) throw new Error('The database did not tell its time.');
  const migrations = await query<{ name: string }>(
    snapshot,
    'select name from knex_migrations order by name',
  );
  const [head] = await query<{ sequence: string; hash: string }>(
    snapshot,
    `select s.sequence::text as sequence, encode(s.hash, 'hex') as hash from ledger_seals s
     order by s.sequence desc limit 1`,
  );
  return {
    backup_of: 'payments',
    format: 1,
    taken_at: now.taken_at.toISOString(),
    migrations: migrations.map(({ name }) => name),
    era: String(now.era),
    ledger_head: head ?? null,
    secrets_keys: await sealingKeys(snapshot),
    link_keys: [...linkKeys],
  };
}

/** Names of the keys under which anything is sealed: the second part of what is sealed. */
async function sealingKeys(snapshot: Knex.Transaction): Promise<string[]> {
  const columns = await listSealedColumns(snapshot);
  const keys = await query<{ key: string }>(
    snapshot,
    columns
      .map(
        ({ table, column }) =>
          `select split_part(${column}, '.', 2) as key from ${table} where ${column} <> ''`,
      )
      .join(' union '),
  );
  return keys.map(({ key }) => key).sort();
}

/** The whole file, part by part. `counts` is filled as rows go by. */
async function* parts(
  backup: BackupOptions & {
    readonly snapshot: Knex.Transaction;
    readonly tables: readonly StoredTable[];
    readonly head: BackupHead;
    readonly counts: Record<string, number>;
  },
): AsyncGenerator<Buffer> {
  const { snapshot, counts } = backup;
  const lines = backupLines();
  yield lines.head(backup.head);
  for (const { name, columns } of backup.tables) {
    await backup.onTable?.(name);
    yield lines.table(name, columns);
    let rows = 0;
    for await (const chunk of await copyOut(snapshot, `copy ${name} (${columns.join(', ')}) to stdout`)) {
      rows += newLinesIn(chunk as Buffer);
      yield lines.rows(chunk as Buffer);
    }
    counts[name] = rows;
    yield lines.endOfRows();
  }
  yield lines.end({ rows: counts, sequences: await readSequences(snapshot) });
}

/** A row is a line: COPY writes a new line within a value as two characters. */
function newLinesIn(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}

/** Read after the rows: sequences know no snapshot, and must not fall behind what the rows use. */
async function readSequences(snapshot: Knex.Transaction): Promise<BackupEnd['sequences']> {
  const sequences: BackupEnd['sequences'] = {};
  for (const name of await listSequences(snapshot)) {
    const [row] = await query<{ last_value: string; is_called: boolean }>(
      snapshot,
      `select last_value::text as last_value, is_called from ${name}`,
    );
    if (row) sequences[name] = row;
  }
  return sequences;
}
