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

/** Make one in `before`, drop it in `after`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await testServer();
  const name = `test_${String(process.pid)}_${randomBytes(5).toString('hex')}`;
  const ownerUrl = server.ownerUrl(name);
  const owner = new URL(ownerUrl).username;
  await asSuperuser(
    server.superuserUrl,
    `create database ${name} template ${server.template} owner ${owner}`,
  );
  const appUrl = server.appUrl(name);
  const db = openDatabase({ url: appUrl, poolMax: 8, applicationName: 'test' });
  const ownerDb = openDatabase({ url: ownerUrl, poolMax: 4, applicationName: 'test-owner' });
  const hotPool = openHotPool({ url: appUrl, max: 4 });
  const superuserUrl = new URL(server.superuserUrl);
  superuserUrl.pathname = `/${name}`;
  return {
    db,
    ownerDb,
    hotPool,
    appUrl,
    ownerUrl,
    superuserUrl: superuserUrl.href,
    name,
    async drop() {
      await Promise.all([db.destroy(), ownerDb.destroy(), hotPool.end()]);
      await asSuperuser(server.superuserUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

/** An empty database, owned by the owner role and not migrated: for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<
  Pick<TestDatabase, 'appUrl' | 'ownerUrl' | 'name' | 'drop'>
> {
  const server = await testServer();
  const name = `test_${String(process.pid)}_${randomBytes(5).toString('hex')}`;
  const owner = new URL(server.ownerUrl(name)).username;
  await asSuperuser(server.superuserUrl, `create database ${name} owner ${owner}`);
  return {
    name,
    ownerUrl: server.ownerUrl(name),
    appUrl: server.appUrl(name),
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
