/** What is under us fails: the database goes away, the pool is empty, a row is locked. Fast answers, no half states, recovery alone. */
import assert from 'node:assert/strict';
import { inTransaction, query } from '../../src/platform/database.ts';
import { openCuttableProxy, type CuttableProxy } from '../support/cuttable-proxy.ts';
import { approved, declined, notice, send } from '../support/notices.ts';
import { scaled, scaledTimeout, times } from '../support/scale.ts';
import { orderBody, startTestService, type TestAgency, type TestService } from '../support/service.ts';
import { testServer } from '../support/test-server.ts';
import { until } from '../support/until.ts';

describe('faults underneath', () => {
  let world: TestService;
  let agency: TestAgency;
  let proxy: CuttableProxy;

  before(async () => {
    proxy = await openCuttableProxy((await testServer()).superuserUrl);
    world = await startTestService({
      databaseUrl: (url) => proxy.throughProxy(url),
      env: {
        DATABASE_POOL_MAX: '3',
        DATABASE_HOT_POOL_MAX: '2',
        DATABASE_STATEMENT_TIMEOUT_MS: '700',
      },
    });
    agency = await world.addAgency('H29');
  });
  afterEach(async function () {
    this.timeout(scaledTimeout(20_000));
    await world.assertSound();
  });
  after(async () => {
    await world.stop();
    await proxy.close();
  });

  const isReady = async (): Promise<boolean> => (await fetch(`${world.origin}/readyz`)).status === 200;

  it('promise 30: while the database is away nothing is acknowledged; once it is back the retry succeeds', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    proxy.cut();
    assert.equal((await send(world, told)).status, 503);
    const asked = await agency.call('POST', '/v1/payment-orders', { body: orderBody('H29') });
    assert.equal(asked.status, 503);
    assert.ok(Number(asked.headers.get('retry-after')) > 0);
    assert.equal(await isReady(), false);
    assert.equal((await fetch(`${world.origin}/healthz`)).status, 200, 'the process itself lives');
    const page = await fetch(
      `${world.origin}/pay/${world.service.links.tokenOf({ kind: 'order', ...order })}`,
    );
    assert.equal(page.status, 503);
    proxy.mend();
    await until(isReady, 'recovery');
    assert.equal((await send(world, told)).text, '{"result":"recorded"}');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 30: a connection cut in the middle of the commit is no half state, and the retry decides anew', async () => {
    const payments = [];
    for (let n = 0; n < 5; n += 1) payments.push((await world.orderWithPayment(agency))[1]);
    const notices = payments.map((payment) => notice(world, [approved(payment)]));
    const first = Promise.all(notices.map((one) => send(world, one)));
    // The requests are on their way; whatever of them is inside the database loses its connection.
    await until(async () => (await world.count('pg_stat_activity', `state = 'active'`)) > 0);
    proxy.cut();
    for (const { status } of await first) assert.ok(status === 200 || status === 503, String(status));
    proxy.mend();
    await until(isReady, 'recovery');
    for (const one of notices) assert.equal((await send(world, one)).status, 200);
    for (const payment of payments) {
      assert.equal((await world.payment(payment.id)).state, 'succeeded');
      assert.equal(await world.count('ledger_transactions', `event_ref = '${payment.id}'`), 1);
    }
  });

  it('promise 95: with no connection left requests are answered 503 within seconds, and served again after', async () => {
    const [order] = await world.orderWithPayment(agency);
    const { db } = world.service.orders;
    const open = await Promise.all([1, 2, 3].map(() => db.transaction()));
    await Promise.all(open.map((transaction) => transaction.raw('select 1')));
    try {
      const began = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => agency.call('GET', `/v1/payment-orders/${order.publicId}`)),
      );
      assert.ok(performance.now() - began < 5_000, 'nobody waits long');
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
    } finally {
      await Promise.all(open.map((transaction) => transaction.rollback()));
    }
    assert.equal((await agency.call('GET', `/v1/payment-orders/${order.publicId}`)).status, 200);
  });

  it('promise 95: a statement that runs out of time is 503 and leaves nothing behind', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    await inTransaction(world.db, async (tx) => {
      await query(tx, 'select 1 from payment_orders where id = :id for update', { id: order.id });
      const began = performance.now();
      assert.equal((await send(world, told)).status, 503);
      assert.ok(performance.now() - began < 5_000, 'the bank does not wait long');
      assert.equal(await world.count('ledger_transactions', `event_ref = '${payment.id}'`), 0);
    });
    assert.equal((await send(world, told)).text, '{"result":"recorded"}');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  const pairs = scaled(5, 100);
  it(`promise 50: two payments of the same orders, named in opposite turns, deadlock nobody${times(pairs)}`, async () => {
    for (let round = 0; round < pairs; round += 1) {
      const [a, b] = [await world.openOrder(agency), await world.openOrder(agency)];
      const first = await world.startPayment(a, b);
      await send(world, notice(world, [declined(first)]));
      const second = await world.startPayment(b, a);
      const answers = await Promise.all(
        [first, second, second, first].map((payment) => send(world, notice(world, [approved(payment)]))),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      for (const order of [a, b]) {
        assert.equal(await world.orderStatus(order), 'paid');
        assert.equal(await world.count('allocations', `order_id = '${order.id}' and claim = 'applied'`), 1);
        assert.equal(await world.count('allocations', `order_id = '${order.id}' and claim = 'surplus'`), 1);
      }
    }
  }).timeout(scaledTimeout(20_000));
});
