/** The PostgreSQL of the tests: started once, kept between runs, with one migrated template to clone. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate, migrationsFolder } from '../../db/sql-migrations.ts';
import { ensureRolesAndDatabase } from '../../src/platform/database-roles.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { isAlive } from '../../src/platform/processes.ts';

export const TEST_DATA_DIR = join(import.meta.dirname, '..', '..', '.data', 'test');
const TEMPLATE_LOCK = 7_203_003;
const OWNER = { name: 'payments_test_owner', password: 'test-owner' };
const APP = { name: 'payments_test_app', password: 'test-app' };

/** A kill of a process loses nothing by these; only a loss of power would. */
const FAST_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  max_connections: '300',
  max_wal_size: '2GB',
};

export interface TestServer {
  /** May create databases; connected to database `postgres`. */
  readonly superuserUrl: string;
  readonly template: string;
  ownerUrl(database: string): string;
  appUrl(database: string): string;
}

let server: Promise<TestServer> | undefined;

/** The server of this worktree, or that of TEST_DATABASE_URL or DATABASE_URL; made ready on first use in each process. */
export function testServer(): Promise<TestServer> {
  server ??= prepare();
  return server;
}

async function prepare(): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  const superuserUrl = given ?? (await startOwn());
  const ready: TestServer = {
    superuserUrl,
    template: `template_${schemaDigest()}`,
    ownerUrl: (database) => addressOf(superuserUrl, OWNER, database),
    appUrl: (database) => addressOf(superuserUrl, APP, database),
  };
  await ensureTemplate(ready);
  return ready;
}

let stopOwn: (() => Promise<void>) | undefined;

async function startOwn(): Promise<string> {
  const own = await startEmbeddedPostgres({ dataDir: TEST_DATA_DIR, settings: FAST_SETTINGS });
  if (!own.adopted) stopOwn = () => own.stop();
  return own.superuserUrl;
}

/** Stops the server if this process started it. Single runs of mocha leave it for the next; it costs little. */
export async function stopTestServer(): Promise<void> {
  await stopOwn?.();
}

/** Migrates the template once for each state of the migration files, whoever comes first. */
async function ensureTemplate(ready: TestServer): Promise<void> {
  const client = new pg.Client({ connectionString: ready.superuserUrl });
  await client.connect();
  try {
    await refuseLesserRole(client);
    if (await exists(client, ready.template)) return;
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    if (await exists(client, ready.template)) return;
    const draft = `draft_${ready.template}`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await ensureRolesAndDatabase({
      superuserUrl: ready.superuserUrl,
      owner: OWNER,
      app: APP,
      database: draft,
    });
    await migrate({ ownerUrl: ready.ownerUrl(draft), appUrl: ready.appUrl(draft) });
    await client.query(`alter database ${draft} with allow_connections false`);
    await client.query(`alter database ${draft} rename to ${ready.template}`);
    await dropLeftovers(client, ready);
  } finally {
    await client.end();
  }
}

/** Some tests try what not even a superuser may do, so nobody less will do. */
async function refuseLesserRole(client: pg.Client): Promise<void> {
  const found = await client.query<{ name: string; isSuper: boolean }>(
    'select rolname as name, rolsuper as "isSuper" from pg_roles where rolname = current_user',
  );
  const [me] = found.rows;
  if (me?.isSuper) return;
  throw new Error(
    `The tests need a superuser, and ${me?.name ?? 'this role'} is none: set TEST_DATABASE_URL to the address of one, ` +
      'on a server where tests may make roles and databases.',
  );
}

async function exists(client: pg.Client, database: string): Promise<boolean> {
  const found = await client.query('select 1 from pg_database where datname = $1', [database]);
  return found.rowCount === 1;
}

/** Drops templates of older migration files and databases of runs whose process is gone; other owners' are not ours. */
export async function dropLeftovers(client: pg.Client, { template }: TestServer): Promise<void> {
  const found = await client.query<{ name: string }>(
    `select datname as name from pg_database
     where pg_get_userbyid(datdba) = $1 and (datname like 'template\\_%' or datname like 'test\\_%')`,
    [OWNER.name],
  );
  for (const { name } of found.rows) {
    const isOldTemplate = name.startsWith('template_') && name !== template;
    const run = /^test_(\d+)_/.exec(name);
    const isOrphan = run !== null && !isAlive(Number(run[1]));
    if (isOldTemplate || isOrphan) await client.query(`drop database if exists ${name} with (force)`);
  }
}

function schemaDigest(): string {
  const folder = migrationsFolder();
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  hash.update(readFileSync(join(folder, '..', 'grants.ts')));
  return hash.digest('hex').slice(0, 12);
}

function addressOf(base: string, role: { name: string; password: string }, database: string): string {
  const url = new URL(base);
  url.username = role.name;
  url.password = role.password;
  url.pathname = `/${database}`;
  return url.href;
}
