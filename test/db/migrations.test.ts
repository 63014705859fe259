import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendOnlyTables } from '../../db/grants.ts';
import { migrate, pendingMigrations, requireCurrentSchema } from '../../db/sql-migrations.ts';
import { openDatabase, query, type Database } from '../../src/platform/database.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('the migrations', () => {
  let folder: string;
  let empty: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let owner: Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'migrations '));
    write('0001_people.sql', 'create table people (id int primary key, name text not null);');
    write('0002_pets.sql', "create table pets (id int primary key); insert into people values (1, 'a?');");
    empty = await createEmptyDatabase();
    owner = openDatabase({ url: empty.ownerUrl, poolMax: 2, applicationName: 'test' });
  });
  afterEach(async () => {
    await owner.destroy();
    await empty.drop();
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, sql: string) => writeFileSync(join(folder, name), sql);
  const run = () => migrate({ ownerUrl: empty.ownerUrl, appUrl: empty.appUrl, folder });

  it('bring an empty database to now, once', async () => {
    assert.deepEqual(await run(), ['0001_people', '0002_pets']);
    assert.deepEqual(await run(), []);
    assert.deepEqual(await query(owner, 'select id, name from people'), [{ id: 1, name: 'a?' }]);
    assert.deepEqual(await pendingMigrations(owner, folder), []);
  });

  it('run only what is new', async () => {
    await run();
    write('0003_toys.sql', 'create table toys (id int primary key);');
    assert.deepEqual(await pendingMigrations(owner, folder), ['0003_toys']);
    assert.deepEqual(await run(), ['0003_toys']);
  });

  it('run once when three processes start at the same time', async () => {
    const applied = await Promise.all([run(), run(), run()]);
    assert.deepEqual(applied.map((names) => names.length).sort(), [0, 0, 2]);
    assert.deepEqual(await query(owner, 'select count(*) as n from people'), [{ n: 1n }]);
  });

  it('leave nothing of one that fails, and can be run again once it is mended', async () => {
    write('0003_toys.sql', 'create table toys (id int primary key); select 1 / 0;');
    await assert.rejects(run(), /division by zero/);
    assert.deepEqual(await pendingMigrations(owner, folder), ['0003_toys']);
    write('0003_toys.sql', 'create table toys (id int primary key);');
    assert.deepEqual(await run(), ['0003_toys']);
  });

  it('can be run again after the process was killed in the middle of one', async () => {
    write('0003_slow.sql', 'create table toys (id int primary key); select pg_sleep(600);');
    const script = `
      import { migrate } from ${JSON.stringify(join(import.meta.dirname, '../../db/sql-migrations.ts'))};
      await migrate(${JSON.stringify({ ownerUrl: empty.ownerUrl, appUrl: empty.appUrl, folder })});`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: 'ignore',
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await untilTrue(async () => {
      const rows = await query(
        owner,
        `select 1 as x from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`,
      );
      return rows.length > 0;
    });
    child.kill('SIGKILL');
    await ended;
    // The server notices a dead client only when it writes to it; an operator would end the backend as well.
    await query(
      owner,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    assert.deepEqual(await pendingMigrations(owner, folder), ['0003_slow']);
    write('0003_slow.sql', 'create table toys (id int primary key);');
    assert.deepEqual(await run(), ['0003_slow']);
  });

  it('refuse a schema newer than the code in one sentence, and touch nothing', async () => {
    write('0003_toys.sql', 'create table toys (id int primary key);');
    await run();
    rmSync(join(folder, '0003_toys.sql'));
    write('0004_more.sql', 'create table more (id int primary key);');
    await assert.rejects(run(), /schema is newer than this version of the service \(it has 0003_toys\)/);
    assert.deepEqual(await query(owner, `select to_regclass('more') as found`), [{ found: null }]);
  });

  it('refuse two addresses that do not lead to one database', async () => {
    const other = await createEmptyDatabase();
    try {
      const refusal = migrate({ ownerUrl: empty.ownerUrl, appUrl: other.appUrl, folder });
      await assert.rejects(
        refusal,
        /DATABASE_OWNER_URL leads to database \w+ and DATABASE_URL to \w+, .+ same one\.$/,
      );
    } finally {
      await other.drop();
    }
    assert.deepEqual(await query(owner, `select to_regclass('people') as found`), [{ found: null }]);
  });

  it('refuse a role that owns nothing, before and after the owner has made the tables', async () => {
    const asApp = () => migrate({ ownerUrl: empty.appUrl, appUrl: empty.appUrl, folder });
    await assert.rejects(
      asApp(),
      /^Error: Role payments_test_app may not create tables in database \w+: make it the owner \(alter database \w+ owner to payments_test_app\), or set DATABASE_OWNER_URL/,
    );
    await run();
    await assert.rejects(
      asApp(),
      /^Error: Role payments_test_app does not own the tables of database \w+, payments_test_owner does: set DATABASE_OWNER_URL/,
    );
  });

  it('say who is in the way when another session holds what they need', async () => {
    await run();
    write('0003_toys.sql', 'set lock_timeout = 50; alter table people add column age int;');
    await owner.transaction(async (holder) => {
      await holder.raw('lock table people in access share mode');
      await assert.rejects(
        run(),
        /^Error: Another session of database \w+ holds what .+: end it \(pg_stat_activity\)/,
      );
    });
    assert.deepEqual(await run(), ['0003_toys']);
  });

  it('refuse a file that is not named as the others', async () => {
    write('toys.sql', 'select 1;');
    await assert.rejects(run(), /must be named like 0001_what\.sql/);
  });

  it('grant the app role writing on ordinary tables and only adding on append-only ones', async () => {
    write(
      '0003_book.sql',
      `create table book (id int primary key);
       create function no_change() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create trigger append_only_rows before update or delete on book for each row execute function no_change();`,
    );
    await run();
    const app = openDatabase({ url: empty.appUrl, poolMax: 1, applicationName: 'test-app' });
    try {
      await query(app, `insert into pets values (1); update pets set id = 2; delete from pets`);
      await query(app, 'insert into book values (1)');
      for (const sql of [
        'update book set id = 2',
        'delete from book',
        'truncate book',
        'truncate pets',
        'drop table pets',
        'delete from knex_migrations',
        'create table mine (id int)',
      ]) {
        await assert.rejects(query(app, sql), { code: '42501' }, sql);
      }
    } finally {
      await app.destroy();
    }
  });
});

describe('the schema of this repository', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  it('is current in a fresh database', async () => {
    assert.deepEqual(await pendingMigrations(test.db), []);
  });

  it('is required by tools, which say what to do about another one', async () => {
    await requireCurrentSchema(test.db);
    const [last] = await query<{ name: string }>(
      test.ownerDb,
      'delete from knex_migrations where id = (select max(id) from knex_migrations) returning name',
    );
    assert.ok(last);
    await assert.rejects(
      requireCurrentSchema(test.db),
      new RegExp(`is older than this version .* lacks ${last.name}\\): start the service, or run npm run`),
    );
    const record = (name: string) =>
      query(
        test.ownerDb,
        'insert into knex_migrations (name, batch, migration_time) values (:name, 99, now())',
        {
          name,
        },
      );
    await record(last.name);
    await record('9999_later');
    await assert.rejects(
      requireCurrentSchema(test.db),
      /newer than this version of the service \(it has 9999_later\)/,
    );
    await query(test.ownerDb, `delete from knex_migrations where name = '9999_later'`);
  });

  it('lets the app role only read and add in every append-only table', async () => {
    const tables = await appendOnlyTables(test.ownerDb);
    assert.ok(tables.includes('ledger_transfers') && tables.includes('audit_log'));
    for (const table of tables) {
      const [rights] = await query<{ rights: string[] }>(
        test.ownerDb,
        `select array_agg(privilege_type::text order by privilege_type) as rights from information_schema.role_table_grants
          where table_name = :table and grantee = :role`,
        { table, role: new URL(test.appUrl).username },
      );
      assert.deepEqual(rights?.rights, ['INSERT', 'SELECT'], table);
    }
  });
});

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await condition())) assert.ok(performance.now() < end, 'the condition never became true');
}
