import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, query, type Database } from '../../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { isAlive, waitUntilGone } from '../../src/platform/processes.ts';

// fsync stays on here: what is acknowledged must survive a killed server.
describe('the embedded PostgreSQL', function () {
  this.timeout(60_000);
  let folder: string;
  let server: EmbeddedPostgres;
  let db: Database;
  const start = (options: object = {}) =>
    startEmbeddedPostgres({
      dataDir: join(folder, 'data'),
      settings: { shared_buffers: '16MB' },
      ...options,
    });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'a folder with spaces '));
    server = await start();
    db = openDatabase({ url: server.ownerUrl, poolMax: 2, applicationName: 'test' });
  });
  after(async () => {
    await db.destroy();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts in a path with spaces, on loopback only, with two roles that are no superusers', async () => {
    const superuser = openDatabase({ url: server.superuserUrl, poolMax: 1, applicationName: 'test' });
    const [row] = await query<{ addresses: string; sockets: string }>(
      superuser,
      `select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets`,
    );
    await superuser.destroy();
    assert.deepEqual(row, { addresses: '127.0.0.1', sockets: '' });
    const roles = await query(
      db,
      `select rolname as name, rolsuper as super from pg_roles where rolname like 'payments%' order by 1`,
    );
    assert.deepEqual(roles, [
      { name: 'payments_app', super: false },
      { name: 'payments_owner', super: false },
    ]);
  });

  it('asks for a password, and keeps its own where only its user reads them', async () => {
    const stranger = openDatabase({
      url: server.appUrl.replace(/:[^:@]+@/, ':wrong@'),
      poolMax: 1,
      applicationName: 'stranger',
    });
    await assert.rejects(query(stranger, 'select 1'), { code: '28P01' });
    await stranger.destroy();
    assert.equal(statSync(join(folder, 'data', 'postgres-passwords.json')).mode & 0o777, 0o600);
  });

  it('is taken over by the next start, as after a kill of the service', async () => {
    const again = await start();
    assert.equal(again.adopted, true);
    assert.equal(again.pid(), server.pid());
    assert.equal(again.appUrl, server.appUrl);
  });

  it('is started once by several starts at the same time', async () => {
    await server.stop();
    const starts = await Promise.all([start(), start(), start()]);
    assert.equal(new Set(starts.map((one) => one.port)).size, 1);
    assert.equal(starts.filter((one) => !one.adopted).length, 1);
    await reopen(starts[0]);
  });

  it('comes back by itself within seconds after kill -9, on the same port, with every acknowledged row', async () => {
    const notices: string[] = [];
    server = await start({ onNotice: (notice: string) => notices.push(notice) });
    server.supervise();
    await query(db, 'create table kept (n int primary key)');
    for (let n = 0; n < 50; n += 1) await query(db, 'insert into kept values (:n)', { n });
    const killed = server.pid()!;
    process.kill(killed, 'SIGKILL');
    assert.equal(await waitUntilGone(killed, 5_000), true);
    const began = performance.now();
    await untilServed(db);
    assert.ok(performance.now() - began < 10_000);
    assert.notEqual(server.pid(), killed);
    assert.deepEqual(await query(db, 'select count(*) as n from kept'), [{ n: 50n }]);
    while (notices.length === 0) {
      assert.ok(performance.now() - began < 10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(notices, ['PostgreSQL had stopped and was started again.']);
  });

  it('starts over a pid file left by a crash, even when its number has gone to another process', async () => {
    await server.stop();
    const pidFile = join(folder, 'data', 'postgres', 'postmaster.pid');
    writeFileSync(pidFile, `${String(process.pid)}\n/elsewhere\n1\n5432\n\n127.0.0.1\n`);
    const started = await start();
    assert.equal(started.adopted, false);
    assert.equal(isAlive(process.pid), true);
    await reopen(started);
  });

  it('is not started over data of another major version, which stay as they are', async () => {
    await server.stop();
    const versionFile = join(folder, 'data', 'postgres', 'PG_VERSION');
    const before = readFileSync(versionFile, 'utf8');
    writeFileSync(versionFile, '17\n');
    try {
      await assert.rejects(
        start(),
        /is of PostgreSQL 17 and this service brings 18: .* Nothing was touched\./,
      );
    } finally {
      writeFileSync(versionFile, before);
    }
    await reopen(await start());
  });

  it('runs as nobody where root may not hide in a user namespace', async function () {
    if (process.getuid?.() !== 0) this.skip(); // Only root has this problem.
    const other = mkdtempSync('/var/tmp/embedded-');
    const notices: string[] = [];
    const own = await startEmbeddedPostgres({
      dataDir: join(other, 'closed', 'data'),
      settings: { shared_buffers: '16MB', fsync: 'off' },
      asRoot: 'nobody',
      onNotice: (notice) => notices.push(notice),
    });
    try {
      assert.equal(statSync(`/proc/${String(own.pid())}`).uid, 65534);
      assert.match(notices.join(), /its data lies in/);
    } finally {
      await own.stop();
      rmSync(
        notices
          .join()
          .replace(/^.*its data lies in /, '')
          .replace(/\.$/, ''),
        { recursive: true, force: true },
      );
      rmSync(other, { recursive: true, force: true });
    }
  });

  async function reopen(next: EmbeddedPostgres): Promise<void> {
    server = next;
    await db.destroy();
    db = openDatabase({ url: next.ownerUrl, poolMax: 2, applicationName: 'test' });
  }
});

async function untilServed(db: Database): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      await query(db, 'select 1');
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
