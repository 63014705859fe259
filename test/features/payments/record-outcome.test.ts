/** The door by which money becomes real, called as its batcher calls it: what it answers, keeps, asks for and gives up on. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { Refusal } from '../../../src/domain/kernel/refusals.ts';
import { createAccountBook } from '../../../src/features/ledger/account-store.ts';
import {
  createOutcomeRecorder,
  recordOutcomes,
  type CallbackRecord,
  type OutcomeItem,
  type OutcomeResult,
  type RecordOutcomeDeps,
} from '../../../src/features/payments/record-outcome.ts';
import type { GatewayOutcome } from '../../../src/gateways/gateway-adapter.ts';
import { query, type HotPool, type Statement } from '../../../src/platform/database.ts';
import {
  startTestService,
  type TestAgency,
  type TestPayment,
  type TestService,
} from '../../support/service.ts';

const READ = 'read-payments-for-outcome';
const APPLY = 'apply-outcomes';
const DAY_MS = 86_400_000;

describe('recording outcomes', () => {
  let world: TestService;
  let agency: TestAgency;
  let hot: HotPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (hot = pool) });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  /** The pool, with the names of the statements it was given; `before` may do something first, or fail. */
  function watched(before: (name: string) => void | Promise<void> = () => undefined) {
    const names: string[] = [];
    const pool: HotPool = {
      end: () => hot.end(),
      async run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
        // The types of rows are asked for once in the life of a pool.
        if (statement.name !== 'row-types') names.push(statement.name);
        await before(statement.name);
        return hot.run<Row>(statement, values);
      },
    };
    return { pool, names };
  }

  function depsWith(changes: Partial<RecordOutcomeDeps> = {}): RecordOutcomeDeps {
    const { clock, newId } = world.service;
    return {
      db: world.db,
      hot,
      clock,
      newId,
      accounts: createAccountBook({ db: world.db, newId }),
      businessTimeZone: 'Asia/Ho_Chi_Minh',
      ...changes,
    };
  }

  async function itemOf({ id }: TestPayment, changes: Partial<OutcomeItem> = {}): Promise<OutcomeItem> {
    const [row] = await query<{ gateway: string; account: string; merchantReference: string }>(
      world.db,
      `select gateway, merchant_account as account, merchant_reference as "merchantReference"
       from payments where id = :id`,
      { id },
    );
    assert.ok(row);
    return { ...row, outcome: await paidWhole(id), source: 'query', ...changes };
  }

  async function paidWhole(id: string): Promise<Extract<GatewayOutcome, { kind: 'succeeded' }>> {
    const [row] = await query<{ amount: bigint }>(world.db, 'select amount from payments where id = :id', {
      id,
    });
    assert.ok(row);
    const gatewayTransactionId = `T-${id}`;
    return { kind: 'succeeded', amount: vnd(row.amount), gatewayTransactionId, paidAt: world.clock.now() };
  }

  const paidAt = async ({ id }: TestPayment, at: Date) => ({ ...(await paidWhole(id)), paidAt: at });
  const failed: GatewayOutcome = { kind: 'failed', gatewayCode: '24' };
  const record = (items: readonly OutcomeItem[], changes: Partial<RecordOutcomeDeps> = {}) =>
    recordOutcomes(depsWith(changes), items);

  async function aPayment(): Promise<TestPayment> {
    const [, payment] = await world.orderWithPayment(agency);
    return payment;
  }

  function callbackOf(words: string): CallbackRecord {
    const body = Buffer.from(words);
    return {
      id: world.service.newId(),
      digest: createHash('sha256').update(body).digest('hex'),
      method: 'POST',
      query: 'a=1',
      headers: { 'x-signature': ['v1="x"'] },
      body,
      receivedAt: new Date('2026-11-22T02:59:30.250Z'),
    };
  }

  async function keptCallback({ digest }: CallbackRecord) {
    const [row] = await query<Record<string, unknown>>(
      world.db,
      `select id, gateway, account, method, query, headers, encode(body, 'escape') as body, verified, result,
         payment_id as "paymentId", received_at as "receivedAt"
       from gateway_callbacks where digest = decode(:digest, 'hex')`,
      { digest },
    );
    return row;
  }

  async function actorsOf({ id }: TestPayment): Promise<string[]> {
    const rows = await query<{ actor: string }>(
      world.db,
      'select actor from ledger_transactions where event_ref = :id::text',
      { id },
    );
    return rows.map(({ actor }) => actor);
  }

  it('answers each by what came of it, tells the figures, and books under who told it', async () => {
    const payments = [await aPayment(), await aPayment(), await aPayment(), await aPayment()] as const;
    const [paid, wrong, declined, open] = payments;
    const wrongAmount = { ...(await paidWhole(wrong.id)), amount: vnd(1_000) };
    const items = [
      await itemOf(paid),
      await itemOf(wrong, { outcome: wrongAmount, source: 'callback' }),
      await itemOf(declined, { outcome: failed }),
      await itemOf(open, { outcome: { kind: 'pending', gatewayCode: '09' } }),
    ];
    const told: [string, string][] = [];
    const onRecorded = (gateway: string, decision: string) => void told.push([gateway, decision]);
    const results = await record(items, { onRecorded });
    const decisions = ['money', 'mismatch', 'no_money', 'undecided'] as const;
    const words = ['recorded', 'amount_differs', 'recorded', 'recorded'] as const;
    const expected = payments.map(({ id: paymentId }, place): Partial<OutcomeResult> => {
      const [result, decision] = [words[place], decisions[place]];
      return { ...(result && { result }), ...(decision && { decision }), paymentId };
    });
    assert.deepEqual(results, expected);
    assert.deepEqual(
      told,
      decisions.map((decision) => ['sandbox', decision]),
    );
    assert.deepEqual(await actorsOf(paid), ['gateway:sandbox:query']);
    assert.deepEqual(await actorsOf(wrong), ['gateway:sandbox:callback']);
    const [again] = await record(items.slice(0, 1));
    assert.deepEqual(again, { result: 'already_recorded', decision: 'nothing_new', paymentId: paid.id });
  });

  it('keeps the message as it came, with what was made of it', async () => {
    const [paid, wrong] = [await aPayment(), await aPayment()];
    const [first, second] = [callbackOf(`paid ${paid.id}`), callbackOf(`wrong ${wrong.id}`)];
    const outcome = { ...(await paidWhole(wrong.id)), amount: vnd(1) };
    await record([
      await itemOf(paid, { callback: first }),
      await itemOf(wrong, { callback: second, outcome }),
    ]);
    const common = { gateway: 'sandbox', account: 'platform', method: 'POST', query: 'a=1', verified: true };
    const asKept = { headers: { 'x-signature': ['v1="x"'] }, receivedAt: first.receivedAt };
    assert.deepEqual(await keptCallback(first), {
      ...{ ...common, ...asKept, id: first.id, body: `paid ${paid.id}` },
      ...{ result: 'recorded', paymentId: paid.id },
    });
    assert.deepEqual(await keptCallback(second), {
      ...{ ...common, ...asKept, id: second.id, body: `wrong ${wrong.id}` },
      ...{ result: 'amount_differs', paymentId: wrong.id },
    });
  });

  it('knows no payment of another account or reference, writes nothing of it, and goes on to the next', async () => {
    const payment = await aPayment();
    const item = await itemOf(payment, { callback: callbackOf('to another') });
    const strangers = [
      { ...item, account: 'h29' },
      { ...item, merchantReference: `${item.merchantReference}X` },
    ];
    const unknown = { result: 'unknown_payment', decision: null, paymentId: null };
    const { pool, names } = watched();
    assert.deepEqual(await record(strangers, { hot: pool }), [unknown, unknown]);
    assert.deepEqual(names, [READ], 'there is nothing to apply');
    assert.equal((await record([...strangers, item]))[2]?.result, 'recorded');
  });

  it('applies two payments that share an order one after the other: the second is a charge too many', async () => {
    const [a, b, c] = [
      await world.openOrder(agency),
      await world.openOrder(agency),
      await world.openOrder(agency),
    ];
    const first = await world.startPayment(a, b);
    await record([await itemOf(first, { outcome: failed })]);
    const second = await world.startPayment(b, c);
    const { pool, names } = watched();
    const results = await record([await itemOf(first), await itemOf(second)], { hot: pool });
    assert.deepEqual(
      results.map(({ result }) => result),
      ['recorded', 'recorded'],
    );
    // Neither was written in vain: the second is read again once the first is there.
    assert.deepEqual(names, [READ, APPLY, READ, APPLY]);
    for (const order of [a, b, c]) assert.equal(await world.orderStatus(order), 'paid');
    assert.equal(await world.count('allocations', `order_id = '${b.id}' and claim = 'surplus'`), 1);
  });

  it('asks for no account where the frozen ones are enough', async () => {
    const accounts = () => Promise.reject(new Error('nobody asked for these'));
    const [result] = await record([await itemOf(await aPayment())], { accounts });
    assert.equal(result?.decision, 'money');
  });

  it('gives up after six rounds in which the rows kept changing, and leaves nothing behind', async () => {
    const payment = await aPayment();
    const item = await itemOf(payment);
    let number = 0;
    const { pool, names } = watched(async (name) => {
      if (name !== APPLY) return;
      number += 1;
      await query(world.db, 'update payments set version = version + 1 where id = :id', { id: payment.id });
    });
    await assert.rejects(record([item], { hot: pool }), /their rows kept changing/);
    assert.equal(names.filter((name) => name === READ).length, 6);
    assert.ok(number >= 6);
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
    assert.equal((await record([item]))[0]?.result, 'recorded');
  });

  it('books money on the day it came, though the books have no such day yet', async () => {
    const [paid, wrong, declined] = [await aPayment(), await aPayment(), await aPayment()];
    const late = new Date(world.clock.now().getTime() - 400 * DAY_MS);
    const later = new Date(world.clock.now().getTime() - 410 * DAY_MS);
    const whole = await itemOf(paid, { outcome: await paidAt(paid, late) });
    const other = await itemOf(wrong, { outcome: { ...(await paidAt(wrong, later)), amount: vnd(1_000) } });
    const none = await itemOf(declined, { outcome: failed });
    const results = await record([none, whole, other]);
    assert.deepEqual(
      results.map(({ decision }) => decision),
      ['no_money', 'money', 'mismatch'],
    );
    for (const [{ id }, at] of [
      [paid, late],
      [wrong, later],
    ] as const) {
      const day = new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10);
      const where = `event_ref = '${id}' and business_date = '${day}'`;
      assert.equal(await world.count('ledger_transactions', where), 1, day);
    }
  });

  it("posts nothing under a bank's transaction that stands for another payment: a person looks", async () => {
    const [first, second] = [await aPayment(), await aPayment()];
    await record([await itemOf(first)]);
    const outcome = { ...(await paidWhole(second.id)), gatewayTransactionId: `T-${first.id}` };
    const callback = callbackOf(`reused ${second.id}`);
    const item = await itemOf(second, { outcome, callback });
    const [result] = await record([item]);
    assert.deepEqual(result, { result: 'rejected', decision: 'conflict', paymentId: second.id });
    assert.deepEqual(await actorsOf(second), []);
    const cases = await query<{ subject: string; detail: unknown }>(
      world.db,
      'select subject, detail from cases where payment_id = :id',
      { id: second.id },
    );
    assert.deepEqual(cases, [
      { subject: `${second.id}:transaction_reused`, detail: { said: 'transaction_reused' } },
    ]);
    const kept = await keptCallback(callback);
    assert.deepEqual([kept?.['result'], kept?.['paymentId']], ['recorded', second.id]);
  });

  it('fails a batch whole in which one transaction is reused; one by one its neighbours are recorded', async () => {
    const [first, second, neighbour] = [await aPayment(), await aPayment(), await aPayment()];
    await record([await itemOf(first)]);
    const outcome = { ...(await paidWhole(second.id)), gatewayTransactionId: `T-${first.id}` };
    const items = [await itemOf(second, { outcome }), await itemOf(neighbour)];
    await assert.rejects(record(items), /gateway_transactions_pkey/);
    assert.equal((await world.payment(neighbour.id)).state, 'handed_off');
    const recorder = createOutcomeRecorder(depsWith());
    // The first two occupy the lanes; what comes meanwhile is done together.
    const busy = [await itemOf(await aPayment()), await itemOf(await aPayment())];
    const answers = await Promise.all([...busy, ...items].map((item) => recorder.add(item)));
    assert.deepEqual(
      answers.map(({ result }) => result),
      ['recorded', 'recorded', 'rejected', 'recorded'],
    );
  });

  it('lets a fault of the database reach the caller', async () => {
    const payment = await aPayment();
    const { pool } = watched((name) => {
      if (name === APPLY) throw new Error('the connection is gone');
    });
    await assert.rejects(record([await itemOf(payment)], { hot: pool }), /the connection is gone/);
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
  });

  describe('one by one as they come', () => {
    it('takes each of one payment in turn, in two lanes, and at most 64 at once', async () => {
      const sizes: number[] = [];
      const held: (() => void)[] = [];
      const slow: HotPool = {
        end: () => hot.end(),
        run: (_statement, [gateways, references]) => {
          const batch = (gateways as readonly string[]).map(
            (gateway, place) => `${gateway}:${(references as readonly string[])[place] ?? ''}`,
          );
          assert.equal(new Set(batch).size, batch.length, 'no payment twice in one batch');
          sizes.push(batch.length);
          return new Promise((resolve) => {
            held.push(() => {
              resolve([]);
            });
          });
        },
      };
      const recorder = createOutcomeRecorder(depsWith({ hot: slow }));
      const item = (gateway: string, merchantReference: string): OutcomeItem => ({
        ...{ gateway, merchantReference, account: 'platform', outcome: failed, source: 'query' },
      });
      const names = Array.from({ length: 100 }, (_, number) => `R${String(number)}`);
      const answers = ['A', 'B', 'A', 'A', ...names].map((name) => recorder.add(item('sandbox', name)));
      answers.push(recorder.add(item('momo', 'A')));
      assert.deepEqual(sizes, [1, 1], 'two lanes, whoever comes first');
      for (let turn = 0; held.length > 0; turn += 1) {
        held.shift()?.();
        await new Promise(setImmediate);
        assert.ok(turn < 10);
      }
      assert.deepEqual(
        new Set((await Promise.all(answers)).map(({ result }) => result)),
        new Set(['unknown_payment']),
      );
      assert.deepEqual(sizes, [1, 1, 64, 39]);
    });

    it('tells who comes when four thousand wait to come again in five seconds', async () => {
      const stuck: HotPool = { end: () => hot.end(), run: () => new Promise(() => undefined) };
      const recorder = createOutcomeRecorder(depsWith({ hot: stuck }));
      const item = (number: number): OutcomeItem => ({
        ...{ gateway: 'sandbox', merchantReference: `R${String(number)}`, account: 'platform' },
        ...{ outcome: failed, source: 'query' },
      });
      for (let number = 0; number < 4_002; number += 1) void recorder.add(item(number));
      assert.equal(recorder.waiting, 4_000);
      await assert.rejects(recorder.add(item(4_002)), (error: unknown) => {
        assert.ok(error instanceof Refusal);
        assert.equal(error.code, 'service.unavailable');
        assert.equal(error.options.retryAfterSeconds, 5);
        return true;
      });
    });
  });
});
