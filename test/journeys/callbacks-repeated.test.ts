/** The same word again: in sequence, at one instant, beside a query, late, or about another payment. */
import assert from 'node:assert/strict';
import { pollPendingPayments } from '../../src/features/payments/ask-gateway.ts';
import { saveMerchantAccount } from '../../src/features/payments/merchant-account-store.ts';
import { APPLY_OUTCOMES, gatedPool, type GatedPool } from '../support/gate.ts';
import { approved, declined, notice, pending, send, signed, tell, type Notice } from '../support/notices.ts';
import { scaled, scaledTimeout, times } from '../support/scale.ts';
import { startTestService, type TestAgency, type TestPayment, type TestService } from '../support/service.ts';

describe('a callback that comes again', () => {
  let world: TestService;
  let agency: TestAgency;
  let gate: GatedPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (gate = gatedPool(pool)) });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  async function effects({ id }: TestPayment) {
    return {
      postings: await world.count('ledger_transactions', `event_ref = '${id}'`),
      receipts: await world.count('receipts', `payment_id = '${id}'`),
      paidEvents: await world.count(
        'events',
        `type = 'payment_order.paid' and order_id in (select order_id from allocations where payment_id = '${id}')`,
      ),
    };
  }
  const once = { postings: 1, receipts: 2, paidEvents: 1 };

  it('promise 1: twice in sequence is one posting, and the second hears "already recorded"', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    assert.deepEqual(await send(world, told), { status: 200, text: '{"result":"recorded"}' });
    assert.deepEqual(await send(world, told), { status: 200, text: '{"result":"already_recorded"}' });
    assert.deepEqual(await effects(payment), once);
    assert.equal(await world.count('gateway_callbacks', `payment_id = '${payment.id}'`), 1, 'kept once');
  });

  const fifties = scaled(1);
  it(`promise 2: 50 times at the same instant is one posting, and all 50 are answered 200${times(fifties)}`, async () => {
    for (let round = 0; round < fifties; round += 1) {
      const [, payment] = await world.orderWithPayment(agency);
      const told = notice(world, [approved(payment)]);
      const answers = await Promise.all(Array.from({ length: 50 }, () => send(world, told)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      assert.equal(answers.filter(({ text }) => text === '{"result":"recorded"}').length, 1);
      assert.deepEqual(await effects(payment), once);
    }
  }).timeout(scaledTimeout(20_000));

  it('promise 2: 50 notices of one charge under 50 notice ids are one posting, too', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send(world, notice(world, [approved(payment)]))),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.deepEqual(await effects(payment), once);
  });

  it('promise 3: callback and query that both read the payment as unpaid make one transition', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve', manner: 'never' });
    const [charge] = await world.bank.charges();
    const held = gate.hold(APPLY_OUTCOMES, 2);
    const callback = tell(world, approved(payment, { transactionId: charge?.transactionId ?? '' }));
    world.pass({ minutes: 1 });
    const query = pollPendingPayments(world.service.asking, 10);
    await held.reached;
    held.open();
    assert.equal((await callback).status, 200);
    await query;
    assert.deepEqual(await effects(payment), once);
    assert.equal(await world.count('payment_queries', `payment_id = '${payment.id}'`), 0);
  });

  const races = scaled(10, 1_000);
  it(`promise 3: however callback and query race, it is one transition${times(races)}`, async () => {
    for (let round = 0; round < races; round += 1) {
      const [, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'approve' });
      world.pass({ minutes: 1 });
      const both = [() => world.bank.callbacks.pump(), () => world.turn('poll-pending-payments')];
      if (round % 2 === 1) both.reverse();
      await Promise.all(both.map((start) => start()));
      assert.deepEqual(await effects(payment), once);
    }
  }).timeout(scaledTimeout(20_000));

  it('promise 22: an old callback replayed after 6 minutes or a year is refused as stale and changes nothing', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    await send(world, told);
    const before = await world.eventTypes(order);
    for (const later of [{ minutes: 6 }, { days: 365 }]) {
      world.pass(later);
      assert.equal((await send(world, told)).status, 401);
      // Even one that the bank signed anew is known by the bank's own number of the charge.
      const again = await tell(
        world,
        approved(payment, { paidAt: (await world.payment(payment.id)).paidAt! }),
      );
      assert.deepEqual(again, { status: 200, text: '{"result":"already_recorded"}' });
    }
    assert.deepEqual(await effects(payment), once);
    assert.deepEqual(await world.eventTypes(order), before);
  });

  it("promise 23: one order's signature on another's body is refused, and neither changes", async () => {
    const [, first] = await world.orderWithPayment(agency);
    const [, second] = await world.orderWithPayment(agency);
    const [one, two] = [notice(world, [approved(first)]), notice(world, [approved(second)])];
    assert.equal((await send(world, { body: two.body, headers: one.headers })).status, 401);
    const edited = one.body.replace(first.reference, second.reference);
    assert.equal((await send(world, { body: edited, headers: one.headers })).status, 401);
    for (const { id } of [first, second]) assert.equal((await world.payment(id)).state, 'handed_off');
  });

  it("promise 23: a bank's transaction that already stands for one payment pays no other", async () => {
    const [, first] = await world.orderWithPayment(agency);
    const [order, second] = await world.orderWithPayment(agency);
    const transactionId = `X${first.reference}`;
    await tell(world, approved(first, { transactionId }));
    const answer = await tell(world, approved(second, { transactionId }));
    assert.deepEqual(answer, { status: 401, text: '{"result":"rejected"}' });
    assert.equal(await world.orderStatus(order), 'open');
    assert.equal(
      await world.count('cases', `payment_id = '${second.id}' and kind = 'conflicting_outcome'`),
      1,
    );
    assert.deepEqual(await effects(second), { postings: 0, receipts: 0, paidEvents: 0 });
  });

  it('promise 23: a payment is unknown to a message that proves another merchant account', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const forOther = notice(world, [approved(payment)], { merchantId: 'ANOTHER' });
    assert.equal((await send(world, forOther)).status, 401);
    assert.equal(await world.orderStatus(order), 'open');
  });

  it("promise 24: one merchant account's message is worth nothing at another's address, nor on another's payment", async () => {
    const own = { merchantId: 'G01-MERCHANT', secret: 'the-secret-of-g01' };
    const other = await world.addAgency('G01');
    const account = { gateway: 'sandbox', code: 'G01', agencyId: other.agencyId, settings: {} };
    const { merchantId, secret } = own;
    await saveMerchantAccount(world.db, world.service.box, {
      ...account,
      merchantId,
      secrets: [{ signing: secret }],
    });
    const door = '/gateways/sandbox/G01/callback';
    const [order, payment] = await world.orderWithPayment(agency);
    const attempts: [string, Notice, string | undefined, number][] = [
      ['ours at their address', notice(world, [approved(payment)]), door, 401],
      ['ours with their merchant id', notice(world, [approved(payment)], { merchantId }), door, 401],
      ['theirs with our merchant id', notice(world, [approved(payment)], { secret }), door, 401],
      ['theirs at our address', notice(world, [approved(payment)], own), undefined, 401],
      ['theirs about our payment', notice(world, [approved(payment)], own), door, 404],
    ];
    for (const [what, told, path, status] of attempts) {
      assert.equal((await send(world, told, path)).status, status, what);
      assert.equal((await world.payment(payment.id)).state, 'handed_off', what);
    }
    assert.equal(await world.orderStatus(order), 'open');
    assert.equal((await tell(world, approved(payment))).status, 200);
  });

  it('promise 27: words the bank never promised are kept as undecided, and asked about', async () => {
    const words = ['settled', 'SUCCESS', 'approved ', 'Declined', 'ok', 'đã thu', '00', ''];
    for (const status of words) {
      const [order, payment] = await world.orderWithPayment(agency);
      const answer = await tell(world, { ...approved(payment), status });
      assert.equal(answer.status, 200, status);
      assert.equal((await world.payment(payment.id)).state, 'handed_off', status);
      assert.equal(await world.orderStatus(order), 'open', status);
      assert.equal(await world.count('payment_queries', `payment_id = '${payment.id}'`), 1, 'will be asked');
    }
  });

  const forgeries = scaled(200, 5_000);
  it(`promise 29: a flood of forgeries keeps no genuine callback waiting, and leaves a sample of itself${times(forgeries)}`, async () => {
    const payments: TestPayment[] = [];
    for (let n = 0; n < scaled(10, 100); n += 1) payments.push((await world.orderWithPayment(agency))[1]);
    const before = await world.count('gateway_callbacks', 'not verified');
    const forged = Array.from({ length: forgeries }, (_, n) => {
      const body = `{"merchant_id":"DVC-SANDBOX","items":[],"n":${String(n)}}`;
      return { body, headers: signed(body, world.clock.now(), 'a-guessed-secret') };
    });
    const [answers, refusals] = await Promise.all([
      Promise.all(payments.map((payment) => tell(world, approved(payment)))),
      inWaves(forged, 50, async (one) => (await send(world, one)).status),
    ]);
    assert.ok(answers.every(({ text }) => text === '{"result":"recorded"}'));
    assert.deepEqual([...new Set(refusals)], [401]);
    const kept = (await world.count('gateway_callbacks', 'not verified')) - before;
    assert.ok(kept <= 20, `${String(kept)} forgeries were kept`);
    for (const payment of payments) assert.deepEqual(await effects(payment), once);
  }).timeout(scaledTimeout(20_000));

  it('a decline or a pending word sent again adds no event', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    for (const item of [pending(payment), pending(payment), declined(payment), declined(payment)]) {
      assert.equal((await tell(world, item)).status, 200);
    }
    assert.deepEqual(await world.eventTypes(order), ['payment_order.opened', 'payment.failed']);
  });
});

async function inWaves<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += width) {
    results.push(...(await Promise.all(items.slice(at, at + width).map(work))));
  }
  return results;
}
