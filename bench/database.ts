/** The bench's own PostgreSQL, durable as in production, and its databases. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../db/sql-migrations.ts';
import { openDatabase, query, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/platform/embedded-postgres.ts';
import { FLOOR_TABLE } from './floors.ts';

/** Checkpoints far apart, as they should be in production: each one multiplies WAL for a while. */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '2GB',
  max_wal_size: '12GB',
  checkpoint_timeout: '1h',
};

export interface BenchServer {
  readonly folder: string;
  readonly postgres: EmbeddedPostgres;
  createDatabase(name: string): Promise<BenchDatabase>;
  stop(): Promise<void>;
}

export interface BenchDatabase {
  readonly name: string;
  /** The role the service runs under. */
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  readonly db: Database;
  /** As the server's superuser. */
  readonly admin: Database;
  close(): Promise<void>;
}

export async function startBenchServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'payments-bench-'));
  const postgres = await startEmbeddedPostgres({
    dataDir: folder,
    settings: { ...SERVER_SETTINGS, ...settings },
  });
  return {
    folder,
    postgres,
    createDatabase: (name) => createDatabase(postgres, name),
    async stop() {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(postgres: EmbeddedPostgres, name: string): Promise<BenchDatabase> {
  const [appUrl, ownerUrl, superuserUrl] = [postgres.appUrl, postgres.ownerUrl, postgres.superuserUrl].map(
    (url) => {
      const address = new URL(url);
      address.pathname = `/${name}`;
      return address.href;
    },
  ) as [string, string, string];
  const client = new pg.Client({ connectionString: postgres.superuserUrl });
  await client.connect();
  await client.query(`create database ${name} owner ${new URL(ownerUrl).username}`);
  await client.end();
  await migrate({ ownerUrl, appUrl });
  const db = openDatabase({
    url: appUrl,
    poolMax: 4,
    applicationName: 'bench-setup',
    statementTimeoutMs: 600_000,
  });
  const admin = openDatabase({
    url: superuserUrl,
    poolMax: 2,
    applicationName: 'bench-admin',
    statementTimeoutMs: 600_000,
  });
  await query(admin, FLOOR_TABLE);
  await query(admin, `grant select, insert on bench_inserts to ${new URL(appUrl).username}`);
  return {
    name,
    appUrl,
    ownerUrl,
    superuserUrl,
    db,
    admin,
    async close() {
      await Promise.all([db.destroy(), admin.destroy()]);
    },
  };
}

/** Bytes of WAL written so far, of the whole server. */
export async function walPosition(admin: Database): Promise<number> {
  const [row] = await query<{ at: string }>(admin, `select (pg_current_wal_lsn() - '0/0')::text as at`);
  return Number(row?.at);
}

export async function databaseBytes(admin: Database): Promise<number> {
  const [row] = await query<{ bytes: string }>(
    admin,
    'select pg_database_size(current_database())::text as bytes',
  );
  return Number(row?.bytes);
}

/** Checkpoints finished since the server began. */
export async function checkpoints(admin: Database): Promise<number> {
  const [row] = await query<{ done: string }>(
    admin,
    `select (num_timed + num_requested)::text as done from pg_stat_checkpointer`,
  );
  return Number(row?.done);
}

const TICK_MS = 10;

/** CPU time the server's processes have used so far; 0 where the system does not tell it in /proc. */
export function serverCpuMs(postgres: EmbeddedPostgres): number {
  const postmaster = postgres.pid();
  if (process.platform !== 'linux' || postmaster === null) return 0;
  const ticks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ticksOf(pid, String(postmaster)));
  return ticks.reduce((sum, own) => sum + own, 0) * TICK_MS;
}

function ticksOf(pid: string, parent: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in brackets: state, parent, …, the 12th and 13th being user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[1] === parent ? Number(fields[11]) + Number(fields[12]) : 0;
  } catch {
    return 0; // It has just ended.
  }
}
