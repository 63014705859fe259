/** Backup and restore: every row as one moment saw it, into an empty database, in whatever cluster; whole or not at all. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { takeBackup, type TakenBackup } from '../../db/backup.ts';
import { restoreBackup } from '../../db/restore.ts';
import { listSequences, listTables } from '../../db/stored-tables.ts';
import { readEvents } from '../../src/features/agencies/events-feed.ts';
import type { FeedPosition } from '../../src/features/agencies/events-feed-store.ts';
import { sealLedger } from '../../src/features/ledger/seal-ledger.ts';
import { storedXidsBelongToCluster } from '../../src/features/ledger/seal-store.ts';
import { verifyLedger } from '../../src/features/ledger/verify-ledger.ts';
import { openDatabase, query, type Database } from '../../src/platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { addAgency, addEvent, addOrder } from '../features/agencies/webhook-fixtures.ts';
import { openTestBook, paid, post } from '../support/books.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newTestId } from '../support/ids.ts';
import { until } from '../support/until.ts';

type EmptyDatabase = Awaited<ReturnType<typeof createEmptyDatabase>>;

describe('backup and restore', () => {
  let folder: string;
  let source: TestDatabase;
  let empty: EmptyDatabase;
  let restored: Database;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backups '));
    source = await createTestDatabase();
    empty = await createEmptyDatabase();
    restored = openDatabase({ url: empty.appUrl, poolMax: 4, applicationName: 'test' });
  });
  afterEach(async () => {
    await restored.destroy();
    await Promise.all([source.drop(), empty.drop()]);
    rmSync(folder, { recursive: true });
  });

  const backUp = (onTable?: (table: string) => Promise<void>): Promise<TakenBackup> =>
    takeBackup({ db: source.db, target: folder, linkKeys: ['g1'], ...(onTable ? { onTable } : {}) });
  const restore = (path: string, urls: Pick<EmptyDatabase, 'ownerUrl' | 'appUrl'> = empty) =>
    restoreBackup({ path, ownerUrl: urls.ownerUrl, appUrl: urls.appUrl });

  it('brings back every value, number and right, and the same schema', async () => {
    const book = await openTestBook(source.db, 1);
    await post(source.db, paid(book, 100));
    await sealAll(source.db);
    await post(source.db, paid(book, 7));
    await query(source.db, `select nextval('payment_numbers'), nextval('payment_numbers')`);
    const strange = ['', '\\.', 'a\\.\nb', '\\N', 'tab\there', 'line\r\nline', '\u0007\u2028', 'Nguyễn 😀'];
    for (const [index, name] of [...strange, 'x'.repeat(3_000_000)].entries()) {
      await query(
        source.db,
        `insert into agencies (id, public_id, code, name_vi, name_en, return_url_origins)
         values (:id, :publicId, :code, :name, :name, array[:name])`,
        { id: 100 + index, publicId: newTestId(), code: `S${String(index)}`, name },
      );
    }
    await query(
      source.db,
      `insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, received_at)
       select gen_random_uuid(), 'g', 'a', sha256(n::text::bytea), 'POST', '', '{"a": [1, null]}',
         decode(string_agg(lpad(to_hex(b), 2, '0'), ''), 'hex'), true, 'recorded', '2026-03-02 08:15:04.123456+07'
       from generate_series(1, 3000) n, generate_series(0, 255) b group by n`,
    );

    const taken = await backUp();
    const { rows, tables } = await restore(taken.path);

    assert.equal(rows, taken.rows);
    assert.equal(tables, taken.tables);
    assert.deepEqual(await contents(restored), await contents(source.db));
    const fresh = await createTestDatabase();
    assert.deepEqual(await schemaOf(restored), await schemaOf(fresh.db));
    await fresh.drop();
  });

  it('shows one moment, though postings, seals and new rows go on between its tables', async () => {
    const book = await openTestBook(source.db, 1);
    await post(source.db, paid(book, 100));
    await sealAll(source.db);
    let written = 0;
    const taken = await backUp(async () => {
      await post(source.db, paid(book, 1));
      await sealLedger(source);
      written += 1;
    });
    assert.ok(written > 50, 'something was written before every table');
    await restore(taken.path);
    assert.equal(await count(restored, 'ledger_transactions'), 1);
    assert.equal(await count(restored, 'ledger_transfers'), 1);
    assert.equal((await verifyLedger({ db: restored })).kind, 'intact');
    assert.equal(await count(source.db, 'ledger_transactions'), 1 + written);
  });

  it('holds back neither the seal nor the feed while it is taken', async () => {
    const book = await openTestBook(source.db, 1);
    await backUp(async (table) => {
      if (table !== 'public.payments') return;
      await post(source.db, paid(book, 1));
      await sealAll(source.db);
    });
    assert.equal(await unsealed(source.db), 0);
  });

  it('names the keys it needs, holds none, and is readable by its owner alone', async () => {
    const box = (key: string) => `v1.${key}.${Buffer.alloc(40).toString('base64url')}`;
    await query(
      source.db,
      `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('a', 'platform', 'm', :older), ('b', 'platform', 'm', '')`,
      { older: box('0lder') },
    );
    await query(
      source.db,
      `insert into signing_keys (kid, public_jwk, private_key_box) values ('k', '{}', :newer)`,
      { newer: box('n3wer') },
    );
    const { head, path } = await backUp();
    assert.deepEqual(head.secrets_keys, ['0lder', 'n3wer']);
    assert.deepEqual(head.link_keys, ['g1']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('replaces no file, and leaves none that is not whole', async () => {
    const path = join(folder, 'mine.gz');
    writeFileSync(path, 'mine');
    await assert.rejects(takeBackup({ db: source.db, target: path, linkKeys: [] }), /is there already/);
    assert.equal(readFileSync(path, 'utf8'), 'mine');
    const failing = backUp(() => Promise.reject(new Error('the disk is full')));
    await assert.rejects(failing, /the disk is full/);
    assert.deepEqual(readdirSync(folder), ['mine.gz']);
    assert.ok((await backUp()).path.endsWith('.backup.gz'), 'the pool is as it was');
  });

  it('restores into nothing that holds anything, and says what it found', async () => {
    const { path } = await backUp();
    await assert.rejects(
      restore(path, source),
      /is not empty \(it has public\.[a-z_]+\).+Nothing was touched\.$/,
    );
    const owner = openDatabase({ url: empty.ownerUrl, poolMax: 1, applicationName: 'test' });
    await query(owner, 'create schema elsewhere');
    await query(owner, 'create table elsewhere.notes (n int)');
    await assert.rejects(restore(path), /is not empty \(it has elsewhere\.notes\)/);
    await query(owner, 'drop schema elsewhere cascade');
    await owner.destroy();
    await restore(path);
  });

  it('restores nothing of a file that is damaged, of a newer version, or from the future', async () => {
    const book = await openTestBook(source.db, 1);
    await post(source.db, paid(book, 100));
    const { path } = await backUp();
    const text = gunzipSync(readFileSync(path)).toString();
    const attempts: [string, RegExp][] = [
      [text.replace('\tT1\t', '\tT2\t'), /its sum is wrong/],
      [text.slice(0, text.lastIndexOf('{"rows"')), /it was cut off/],
      [
        text.replace('"0050_eras"', '"0050_eras","9999_later"'),
        /of a newer version of the service \(it has 9999_later\)/,
      ],
      [text.replace(/"taken_at":"\d{4}/, '"taken_at":"9999'), /clock is behind the backup/],
      [text.replace('"columns":["agency_id"', '"columns":["agent_id"'), /is not as its migrations make it/],
    ];
    for (const [index, [changed, why]] of attempts.entries()) {
      assert.notEqual(changed, text);
      const damaged = join(folder, `${String(index)}.gz`);
      writeFileSync(damaged, gzipSync(changed));
      await assert.rejects(restore(damaged), why);
    }
    // Each left the database as empty as it was.
    await restore(path);
    assert.equal(await count(restored, 'ledger_transactions'), 1);
  });

  it('begins a later era than that of the backup and of every restore before', async () => {
    const eraOf = async (db: Database) =>
      (await query<{ era: bigint }>(db, 'select xid_era() as era'))[0]?.era ?? 0n;
    const first = await restore((await backUp()).path);
    assert.ok(first.era > (await eraOf(source.db)));
    assert.equal(await eraOf(restored), first.era);
    const again = await takeBackup({ db: restored, target: join(folder, 'again.gz'), linkKeys: [] });
    assert.equal(again.head.era, String(first.era));
    const third = await createEmptyDatabase();
    try {
      assert.ok((await restore(again.path, third)).era > first.era);
    } finally {
      await third.drop();
    }
  });

  describe('in a cluster whose transaction numbers are lower', function () {
    this.timeout(60_000);
    let server: EmbeddedPostgres;
    let db: Database;
    before(async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'another cluster '));
      server = await startEmbeddedPostgres({ dataDir, settings: { shared_buffers: '16MB', fsync: 'off' } });
      db = openDatabase({ url: server.appUrl, poolMax: 4, applicationName: 'test' });
      dataDirs.push(dataDir);
    });
    after(async () => {
      await db.destroy();
      await server.stop();
      for (const dataDir of dataDirs) rmSync(dataDir, { recursive: true });
    });
    const dataDirs: string[] = [];

    it('seals what was not sealed yet and what is new, each once, and the feed goes on behind every cursor', async () => {
      const book = await openTestBook(source.db, 900);
      const agencyId = await addAgency(source.db);
      const feed = (of: Database, after: FeedPosition | null) =>
        readEvents({ db: of }, { agencyId, after, limit: 50 });
      const event = async (to: Database) =>
        addEvent(to, {
          agencyId,
          orderId: await addOrder(to, agencyId),
          sequence: 1,
          endpoints: [],
          at: new Date('2026-03-02T08:00:00Z'),
        });
      await post(source.db, paid(book, 100));
      await sealAll(source.db);
      const sealedBefore = await verifyLedger(source);
      assert.ok(sealedBefore.kind === 'intact' && sealedBefore.head);
      await post(source.db, paid(book, 20));
      await event(source.db);
      const taken = await backUp();
      // What happens after the backup is lost; a reader of the feed has seen it and stands behind it.
      await post(source.db, paid(book, 3));
      await event(source.db);
      await until(async () => (await feed(source.db, null)).bodies.length === 2, 'the feed shows both');
      const { position } = await feed(source.db, null);
      await restoreBackup({ path: taken.path, ownerUrl: server.ownerUrl, appUrl: server.appUrl });

      const [numbers] = await query<{ stored: string; here: string }>(
        db,
        `select (select max(xid::text::numeric)::text from ledger_transactions) as stored, pg_current_xact_id()::text as here`,
      );
      assert.ok(BigInt(numbers?.stored ?? 0) > BigInt(numbers?.here ?? 0), 'this cluster is younger');
      assert.equal(await storedXidsBelongToCluster(db), true);
      await post(db, paid(book, 4));
      const told = await event(db);
      await sealAll(db);
      await post(db, paid(book, 5));
      await sealAll(db);

      const verdict = await verifyLedger({ db }, [sealedBefore.head]);
      assert.equal(
        verdict.kind,
        'intact',
        JSON.stringify(verdict, (_, value: unknown) => String(value)),
      );
      assert.equal(verdict.transactions, 4, 'each is sealed once');
      assert.equal(await count(db, 'ledger_transactions'), 4);
      await until(async () => (await feed(db, null)).bodies.length === 2, 'the feed shows the new event');
      const rest = await feed(db, position);
      assert.deepEqual(
        rest.bodies.map((body) => (JSON.parse(body) as { id: string }).id),
        [told.publicId],
      );
    });
  });
});

async function sealAll(db: Database): Promise<void> {
  await until(async () => {
    await sealLedger({ db });
    return (await unsealed(db)) === 0;
  }, 'the horizon of the server');
}

async function unsealed(db: Database): Promise<number> {
  const [row] = await query<{ n: bigint }>(
    db,
    'select count(*) as n from ledger_transactions where xid >= (select sealed_to_xid from ledger_progress)',
  );
  return Number(row?.n);
}

async function count(db: Database, table: string): Promise<number> {
  const [row] = await query<{ n: bigint }>(db, `select count(*) as n from ${table}`);
  return Number(row?.n);
}

/** A digest of every table's rows, and what every sequence says. */
async function contents(db: Database): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { name } of await listTables(db)) {
    [found[name]] = await query(
      db,
      `select count(*) as rows, md5(string_agg(t::text, E'\\n' order by t::text)) as digest from ${name} t`,
    );
  }
  for (const name of await listSequences(db))
    [found[name]] = await query(db, `select last_value, is_called from ${name}`);
  return found;
}

/** Everything the catalog says of our schema, of the order of columns and of the era's number excepted. */
async function schemaOf(db: Database): Promise<string[]> {
  const rows = await query<{ says: string }>(
    db,
    `with ours as (select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('public', 'stand_in'))
     select c.oid::regclass || ' ' || c.relkind::text || ' ' || c.relpersistence::text || ' ' || coalesce(c.relacl::text, '')
       || coalesce(c.reloptions::text, '') as says from ours c
     union all select a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull::text
       || a.attidentity::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
       from ours c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where c.relkind in ('r', 'v', 'c')
     union all select k.conrelid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) || k.convalidated::text from pg_constraint k
     union all select pg_get_indexdef(c.oid) from ours c where c.relkind = 'i'
     union all select pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text from pg_trigger t where not t.tgisinternal
     union all select pg_get_viewdef(c.oid) from ours c where c.relkind = 'v'
     union all select p.oid::regprocedure || ' ' || md5(p.prosrc || p.provolatile::text) || coalesce(p.proacl::text, '') from pg_proc p
       where p.pronamespace = 'public'::regnamespace and p.proname <> 'xid_era'
     order by 1`,
  );
  assert.ok(rows.length > 500, 'the catalog was read');
  return rows.map(({ says }) => says);
}
