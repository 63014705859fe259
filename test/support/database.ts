/** A database of its own for one test file: cloned from the migrated template in a few milliseconds. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase, openHotPool, type Database, type HotPool } from '../../src/platform/database.ts';
import { testServer } from './test-server.ts';

export interface TestDatabase {
  /** As the role the service runs under. */
  readonly db: Database;
  /** As the role that owns the tables. */
  readonly ownerDb: Database;
  readonly hotPool: HotPool;
  readonly appUrl: string;
  readonly ownerUrl: string;
  /** As the server's superuser, in this database: for what not even the owner may do. */
  readonly superuserUrl: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** A database without its connections. */
export type PlainDatabase = Pick<TestDatabase, 'appUrl' | 'ownerUrl' | 'superuserUrl' | 'name' | 'drop'>;

/** Make one in `before`, drop it in `after`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return connected(await create(`template ${(await testServer()).template}`));
}

/** An empty database, owned by the owner role and not migrated: for tests of what makes the tables. */
export function createEmptyDatabase(): Promise<PlainDatabase> {
  return create('');
}

/** A database with the pools that a service has. */
export function connected(plain: PlainDatabase): TestDatabase {
  const db = openDatabase({ url: plain.appUrl, poolMax: 8, applicationName: 'test' });
  const ownerDb = openDatabase({ url: plain.ownerUrl, poolMax: 4, applicationName: 'test-owner' });
  const hotPool = openHotPool({ url: plain.appUrl, max: 4 });
  return {
    ...plain,
    db,
    ownerDb,
    hotPool,
    async drop() {
      await Promise.all([db.destroy(), ownerDb.destroy(), hotPool.end()]);
      await plain.drop();
    },
  };
}

async function create(how: string): Promise<PlainDatabase> {
  const server = await testServer();
  const name = `test_${String(process.pid)}_${randomBytes(5).toString('hex')}`;
  const ownerUrl = server.ownerUrl(name);
  const superuserUrl = new URL(server.superuserUrl);
  superuserUrl.pathname = `/${name}`;
  await asSuperuser(
    server.superuserUrl,
    `create database ${name} ${how} owner ${new URL(ownerUrl).username}`,
  );
  return {
    name,
    ownerUrl,
    appUrl: server.appUrl(name),
    superuserUrl: superuserUrl.href,
    drop: () => asSuperuser(server.superuserUrl, `drop database if exists ${name} with (force)`),
  };
}

async function asSuperuser(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
