/** The recovery drill: backed up under load, lost, restored elsewhere, checked, made whole by the bank's file, paid on. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DEFAULT_BUSINESS_TIME_ZONE, dayOf } from '../../src/domain/kernel/time.ts';
import { query, type Database } from '../../src/platform/database.ts';
import { runScript } from '../support/child-process.ts';
import { connected, createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { startTestService, type TestAgency, type TestService } from '../support/service.ts';

describe('the recovery drill', () => {
  let folder: string;
  let world: TestService;
  let env: Readonly<Record<string, string>>;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'drill '));
  });
  afterEach(() => world.stop());
  after(() => rmSync(folder, { recursive: true }));

  const run = (script: string, ...args: string[]) =>
    runScript(join('scripts', `${script}.ts`), { args, input: '', env });

  it('promise 98: what was backed up is there, what came after is found missing or asked for, and paying goes on', async () => {
    world = await startTestService({ env: { DATA_DIR: join(folder, 'data') } });
    env = world.env;
    const agency = await world.addAgency('H29');
    const secret = (
      await agency.call('POST', '/v1/webhook-endpoints', {
        body: { url: `${world.origin}/sandbox/agency/H29/inbox` },
      })
    ).body.secret as string;
    const payOne = async (): Promise<void> => {
      const [, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'approve' });
      await world.bank.callbacks.pump();
    };
    for (let each = 0; each < 3; each += 1) await payOne();
    await world.settleDown();
    await world.turn('publish-ledger-head');
    const [waiting, waitingPayment] = await world.orderWithPayment(agency);

    const load = { isOver: false };
    const backup = run('backup', folder).finally(() => (load.isOver = true));
    let underLoad = 0;
    while (!load.isOver) {
      await payOne();
      await world.turn('seal-ledger');
      underLoad += 1;
    }
    assert.equal((await backup).code, 0, (await backup).text);
    assert.ok(underLoad > 1, 'people paid meanwhile');
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.backup.gz')) ?? '');
    const words = gunzipSync(readFileSync(path)).toString();
    for (const [what, key] of [
      ['webhook', secret],
      ['SECRETS_KEY', env['SECRETS_KEY']],
      ['LINK_KEYS', env['LINK_KEYS']],
    ]) {
      assert.ok(key && !words.includes(key), `the secret of ${String(what)} is not in the file`);
    }

    // After the backup: the bank takes money and never says so; another order is opened, paid and told.
    await world.decide(waitingPayment, { kind: 'approve', manner: 'never' });
    const [lost] = await world.orderWithPayment(agency);
    await payOne();
    await world.settleDown();
    await world.turn('publish-ledger-head');
    const charges = (await world.bank.charges()).map(({ transactionId }) => transactionId);
    const bank = await bookOfBank(world.db);
    const port = Number(new URL(world.origin).port);
    await world.stop();

    const empty = await createEmptyDatabase();
    env = { ...env, DATABASE_URL: empty.appUrl, DATABASE_OWNER_URL: empty.ownerUrl };
    const restored = await run('restore', path);
    assert.equal(restored.code, 0, restored.text);
    assert.match(restored.text, /were published and the backup ends at \d+: upload the settlement files/);
    assert.match(restored.text, /The ledger is intact.+All invariants hold\./);
    const verified = await run('verify-ledger');
    assert.equal(verified.code, 0, verified.text);
    assert.match(verified.text, /[1-9]\d* heads compared/);

    world = await startTestService({
      env: { DATA_DIR: join(folder, 'data') },
      database: connected(empty),
      port,
    });
    await giveBankItsBook(world.database, bank);
    assert.equal((await fetch(`${world.origin}/readyz`)).status, 200);
    const again = await world.agency('H29');
    assert.equal((await again.call('GET', `/v1/payment-orders/${lost.publicId}`)).status, 404);
    const paidBefore = await world.count('payments', `state = 'succeeded'`);
    assert.ok(
      paidBefore >= 3 && paidBefore < charges.length,
      `${String(paidBefore)} of ${String(charges.length)}`,
    );

    // What was waited for is asked for, what is not known shows in the bank's file; each charge is then in the books once.
    world.pass({ minutes: 2 });
    await world.settleDown();
    assert.equal(await world.orderStatus(waiting), 'paid');
    const known = await world.count('gateway_transactions');
    assert.ok(known < charges.length);
    const day = dayOf(world.clock.now(), DEFAULT_BUSINESS_TIME_ZONE);
    assert.equal((await world.importBankFile(day)).status, 201);
    await world.settleDown();
    const missing = await world.count('settlement_lines', `match_class = 'missing_at_us'`);
    assert.equal(known + missing, charges.length);
    assert.equal(await world.count('cases', `kind = 'unidentified_money'`), missing);

    const [order, payment] = await world.orderWithPayment(again);
    await world.decide(payment, { kind: 'approve' });
    await world.assertSound();
    assert.equal(await world.orderStatus(order), 'paid');
    const arrived = await world.inbox.messages('H29');
    assert.ok(
      arrived.some(({ body, verified: isVerified }) => body.includes(order.publicId) && isVerified),
      'the agency was told, under the secret it had',
    );
    await pageThroughBooks(again);
    await world.turn('publish-ledger-head');
    assert.equal((await run('verify-ledger')).code, 0);
    assert.equal((await run('check-invariants')).code, 0);
  }).timeout(240_000);

  it('tells a backup of other books by the heads that were published', async () => {
    world = await startTestService({ env: { DATA_DIR: join(folder, 'other') } });
    env = world.env;
    const agency = await world.addAgency('H29');
    const [, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    const path = join(folder, 'books.gz');
    assert.equal((await run('backup', path)).code, 0);
    mkdirSync(join(folder, 'other'), { recursive: true });
    appendFileSync(
      join(folder, 'other', 'ledger-heads.jsonl'),
      `${JSON.stringify({ sequence: 1, hash: 'ab'.repeat(32), sealed_at: '2026-03-02T08:00:00.000Z' })}\n`,
    );
    const empty = await createEmptyDatabase();
    env = { ...env, DATABASE_URL: empty.appUrl, DATABASE_OWNER_URL: empty.ownerUrl };
    try {
      const restored = await run('restore', path);
      assert.equal(restored.code, 1, restored.text);
      assert.match(restored.text, /The ledger is broken: it was published as abab/);
    } finally {
      await empty.drop();
    }
  }).timeout(120_000);

  it('says which keys the service will lack', async () => {
    world = await startTestService();
    env = world.env;
    const path = join(folder, 'keys.gz');
    await world.addAgency('H29');
    assert.equal((await run('backup', path)).code, 0);
    const empty = await createEmptyDatabase();
    const key = (filler: number) => Buffer.alloc(32, filler).toString('base64');
    env = {
      ...env,
      DATABASE_URL: empty.appUrl,
      DATABASE_OWNER_URL: empty.ownerUrl,
      SECRETS_KEY: key(9),
      LINK_KEYS: `x:${key(8)}`,
    };
    try {
      const restored = await run('restore', path);
      assert.equal(restored.code, 0, restored.text);
      const own = world.config.secrets.current.id;
      assert.ok(
        restored.text.includes(`the keys it lacks: SECRETS_KEY ${own}, LINK_KEYS t1.`),
        restored.text,
      );
    } finally {
      await empty.drop();
    }
  }).timeout(120_000);
});

/** Entries of both eras, a page each: every cursor of a page leads to the next. */
async function pageThroughBooks(agency: TestAgency): Promise<void> {
  const accounts = await agency.call('GET', '/v1/ledger/accounts?limit=1');
  const path = `/v1/ledger/accounts/${String(accounts.body.data[0].id)}/statement?limit=1`;
  let entries = 0;
  for (let next = ''; entries === 0 || next !== ''; entries += 1) {
    const page = await agency.call('GET', path + next);
    assert.equal(page.status, 200, JSON.stringify(page.body));
    next = page.body.has_more ? `&after=${String(page.body.next_cursor)}` : '';
  }
  assert.ok(entries > 4, 'there are several pages');
}

type BankBook = readonly { readonly table: string; readonly rows: string }[];

/** The pretend bank lives in our database and would forget with it; a real one does not. */
async function bookOfBank(db: Database): Promise<BankBook> {
  const tables = ['bank_orders', 'bank_charges', 'bank_refunds'];
  const books = tables.map(async (table) => {
    const [row] = await query<{ rows: string }>(
      db,
      `select coalesce(json_agg(t), '[]')::text as rows from stand_in.${table} t`,
    );
    return { table, rows: row?.rows ?? '[]' };
  });
  return Promise.all(books);
}

async function giveBankItsBook({ db, ownerDb }: TestDatabase, book: BankBook): Promise<void> {
  for (const { table } of [...book].reverse()) await query(db, `delete from stand_in.${table}`);
  for (const { table, rows } of book) {
    await query(
      db,
      `insert into stand_in.${table} select * from json_populate_recordset(null::stand_in.${table}, :rows::json)`,
      { rows },
    );
  }
  await query(ownerDb, `select setval('stand_in.bank_transaction_numbers', 1000000)`);
}
