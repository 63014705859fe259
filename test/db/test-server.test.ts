/** The tests' own server may be one that others use too: what they clear away is theirs. */
import assert from 'node:assert/strict';
import pg from 'pg';
import { dropLeftovers, testServer, type TestServer } from '../support/test-server.ts';

describe('the server of the tests', () => {
  let server: TestServer;
  let client: pg.Client;
  const suffix = `leftover_${String(process.pid)}`;
  // No system gives a process this number.
  const ofDeadRun = `test_999999999_${suffix}`;
  const ofOthers = [`template_${suffix}`, `test_999999998_${suffix}`];

  before(async () => {
    server = await testServer();
    client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
  });
  after(async () => {
    for (const name of [ofDeadRun, ...ofOthers]) await client.query(`drop database if exists ${name}`);
    await client.end();
  });

  it('loses what a dead run has left, and nothing that is named alike and somebody else’s', async () => {
    const owner = new URL(server.ownerUrl('x')).username;
    await client.query(`create database ${ofDeadRun} owner ${owner}`);
    for (const name of ofOthers) await client.query(`create database ${name}`);
    await dropLeftovers(client, server);
    const left = await client.query<{ name: string }>(
      'select datname as name from pg_database where datname = any ($1) order by datname',
      [[ofDeadRun, server.template, ...ofOthers]],
    );
    assert.deepEqual(
      left.rows.map(({ name }) => name),
      [server.template, ...ofOthers].sort(),
    );
  });
});
