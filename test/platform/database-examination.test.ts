/** Before anything else a database is asked whether it will do; whoever has to act reads one sentence. */
import assert from 'node:assert/strict';
import pg from 'pg';
import { isDatabaseUnavailable, openDatabase, query } from '../../src/platform/database.ts';
import { examineDatabase, unfitness } from '../../src/platform/database-examination.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testServer } from '../support/test-server.ts';

describe('examining a database', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  const examine = (url: string) => examineDatabase({ url, variable: 'DATABASE_URL' });
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(test.appUrl);
    change(url);
    return url.href;
  };
  const complaint = (url: string) =>
    examine(url).then(
      () => assert.fail('it was found fit'),
      (error: unknown) => (error as Error).message,
    );

  it('tells whose connection it is, and whether two addresses lead to one database', async () => {
    const { role, database, identity } = await examine(test.appUrl);
    assert.deepEqual([role, database], [new URL(test.appUrl).username, test.name]);
    assert.equal((await examine(test.ownerUrl)).identity, identity);
    const other = await createEmptyDatabase();
    try {
      assert.notEqual((await examine(other.appUrl)).identity, identity);
    } finally {
      await other.drop();
    }
  });

  it('says that nobody answers, at an address or under a name', async () => {
    assert.match(
      await complaint('postgres://a:secret-word@127.0.0.1:1/x'),
      /^PostgreSQL at 127\.0\.0\.1:1 does not answer \(connect ECONNREFUSED [^)]+\): start it, or correct DATABASE_URL\.$/,
    );
    assert.match(
      await complaint('postgres://a:secret-word@localhost:1/x'),
      /^PostgreSQL at localhost:1 does not answer \(.*connect ECONNREFUSED .+\): start it, or correct DATABASE_URL\.$/,
    );
  });

  it('says that the password is wrong, and repeats none', async () => {
    const said = await complaint(changed((url) => (url.password = 'secret-word')));
    assert.match(
      said,
      /does not let role payments_test_app in \(.+\): correct DATABASE_URL, or the role's password/,
    );
    assert.doesNotMatch(said, /secret-word/);
  });

  it('says that the database is not there, or closed to the role', async () => {
    assert.match(
      await complaint(changed((url) => (url.pathname = '/nowhere'))),
      /has no database nowhere: create it, or/,
    );
    const superuser = openDatabase({ url: test.superuserUrl, poolMax: 1, applicationName: 'test' });
    try {
      await query(superuser, `revoke connect on database ${test.name} from public, payments_test_app`);
      assert.match(
        await complaint(test.appUrl),
        /^Role payments_test_app may not connect to database \w+: let its owner say "grant connect on database \w+ to payments_test_app"\.$/,
      );
    } finally {
      await query(superuser, `grant connect on database ${test.name} to payments_test_app`);
      await superuser.destroy();
    }
  });

  it('refuses a database that is not in UTF-8', async () => {
    const { superuserUrl } = await testServer();
    const name = `${test.name}_ascii`;
    const superuser = new pg.Client({ connectionString: superuserUrl });
    await superuser.connect();
    try {
      await superuser.query(
        `create database ${name} encoding 'SQL_ASCII' template template0 locale_provider libc lc_collate 'C' lc_ctype 'C'`,
      );
      assert.match(
        await complaint(changed((url) => (url.pathname = `/${name}`))),
        /is in SQL_ASCII: make one in UTF-8/,
      );
    } finally {
      await superuser.query(`drop database if exists ${name}`);
      await superuser.end();
    }
  });

  it('refuses a PostgreSQL older than 15', () => {
    const facts = { database: 'payments', encoding: 'UTF8' };
    assert.equal(
      unfitness({ ...facts, version: '14.22', number: 140022 }),
      'The server is PostgreSQL 14.22: this service needs 15 or newer.',
    );
    assert.equal(unfitness({ ...facts, version: '15.0', number: 150000 }), null);
  });

  it('calls a role that is no longer let in an outage, which passes', async () => {
    const db = openDatabase({
      url: changed((url) => (url.password = 'changed meanwhile')),
      poolMax: 1,
      applicationName: 'test',
    });
    try {
      await assert.rejects(query(db, 'select 1'), (error) => isDatabaseUnavailable(error));
    } finally {
      await db.destroy();
    }
  });
});
