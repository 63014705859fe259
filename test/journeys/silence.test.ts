/** The bank says nothing, or says it very late: the ladder, lapse and expiry, and late money. */
import assert from 'node:assert/strict';
import { APPLY_OUTCOMES, gatedPool, type GatedPool } from '../support/gate.ts';
import { approved, declined, pending, tell } from '../support/notices.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

describe('silence and late words', () => {
  let world: TestService;
  let agency: TestAgency;
  let gate: GatedPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (gate = gatedPool(pool)) });
    agency = await world.addAgency('H29');
    await world.allowAutomaticRefunds(5_000_000n);
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  const inMinutes = (minutes: number): Date => new Date(world.clock.now().getTime() + minutes * 60_000);

  /** An order past its date whose only attempt came to nothing. */
  async function expired(dossier?: string): Promise<[TestOrder, TestPayment]> {
    const [order, payment] = await world.orderWithPayment(agency, {
      expiresAt: inMinutes(30),
      ...(dossier === undefined ? {} : { dossier }),
    });
    world.pass({ minutes: 61 });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'expired');
    return [order, payment];
  }

  it('promise 8: without any callback the ladder finds the payment', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve', manner: 'never' });
    await world.turn('poll-pending-payments');
    assert.equal(await world.orderStatus(order), 'open', 'not before its first question is due');
    world.pass({ minutes: 1 });
    await world.turn('poll-pending-payments');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 8: a bank that does not answer either leaves the payment unknown, which blocks a second one', async () => {
    await world.bank.setSwitch('drop_query_answer', 1_000);
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve', manner: 'never' });
    world.pass({ minutes: 61 });
    await world.turn('poll-pending-payments');
    assert.equal((await world.payment(payment.id)).state, 'unknown');
    assert.equal((await world.eventTypes(order)).at(-1), 'payment.unknown');
    await assert.rejects(world.startPayment(order), /in progress|in flight|payment/i);
    assert.equal(await world.count('allocations', `order_id = '${order.id}'`), 1, 'no second attempt');
    await world.bank.setSwitch('drop_query_answer', 0);
    world.pass({ minutes: 61 });
    await world.turn('poll-pending-payments');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 8: when the ladder is over a person is asked, once', async () => {
    await world.bank.setSwitch('drop_query_answer', 1_000);
    const [, payment] = await world.orderWithPayment(agency);
    for (let day = 0; day < 9; day += 1) {
      world.pass({ days: 1 });
      await world.turn('poll-pending-payments');
    }
    await world.bank.setSwitch('drop_query_answer', 0);
    assert.equal(await world.count('payment_queries', `payment_id = '${payment.id}'`), 0);
    assert.equal(await world.count('cases', `payment_id = '${payment.id}' and kind = 'outcome_overdue'`), 1);
    await tell(world, declined(payment));
  });

  it('promise 9: five days of "pending" and then success is taken, and the agency is told of it once', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'later', seconds: 5 * 86_400 });
    for (let day = 0; day < 5; day += 1) {
      await tell(world, pending(payment));
      world.pass({ days: 1, minutes: 1 });
      await world.settleDown();
    }
    assert.equal(await world.orderStatus(order), 'paid');
    const types = await world.eventTypes(order);
    assert.equal(types.filter((type) => type === 'payment_order.paid').length, 1);
    assert.equal(types.filter((type) => type === 'payment.unknown').length, 1);
  });

  for (const [words, late] of [
    ['one second', { seconds: 1 }],
    ['30 days', { days: 30 }],
  ] as const) {
    it(`promise 13: money ${words} after expiry pays the order, and the agency is told that it is late`, async () => {
      const [order, payment] = await expired();
      world.pass(late);
      await world.decide(payment, { kind: 'approve', evenIfClosed: true });
      await world.settleDown();
      assert.equal(await world.orderStatus(order), 'paid');
      const events = (await world.inbox.messages('H29')).filter(({ body }) => body.includes(order.publicId));
      const paid = events.find(({ eventType }) => eventType === 'payment_order.paid');
      assert.equal((JSON.parse(paid?.body ?? '{}') as { data: { late: boolean } }).data.late, true);
    });
  }

  it('promise 13: late money for what another order asks for meanwhile is surplus and goes back', async () => {
    const dossier = 'H29-261120-9001';
    const penalty = { obligation_type: 'penalty', description: 'Tiền phạt', amount: 500_000 };
    const lines = [{ ...penalty, decision: { number: '12/QĐ-XPHC' } }];
    const [first, payment] = await world.orderWithPayment(agency, {
      dossier,
      lines,
      expiresAt: inMinutes(30),
    });
    world.pass({ minutes: 61 });
    await world.settleDown();
    assert.equal(await world.orderStatus(first), 'expired');
    const second = await world.openOrder(agency, { dossier, lines });
    await world.decide(payment, { kind: 'approve', evenIfClosed: true });
    await world.settleDown();
    assert.equal(await world.orderStatus(first), 'expired');
    assert.equal(await world.orderStatus(second), 'open');
    assert.equal(
      await world.count(
        'refunds',
        `payment_id = '${payment.id}' and state = 'succeeded' and source = 'surplus'`,
      ),
      1,
    );
  });

  it('promise 14: an order whose payment the bank has not decided does not expire', async () => {
    const [order, payment] = await world.orderWithPayment(agency, { expiresAt: inMinutes(10) });
    await world.decide(payment, { kind: 'later', seconds: 86_400 });
    world.pass({ minutes: 120 });
    await world.turn('expire-orders');
    await world.settleDown();
    assert.equal((await world.payment(payment.id)).state, 'unknown');
    assert.equal(await world.orderStatus(order), 'open');
    world.pass({ days: 1 });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 14: an expiry that comes while a callback is about to commit asks the bank and keeps the order', async () => {
    const [order, payment] = await world.orderWithPayment(agency, { expiresAt: inMinutes(10) });
    await world.decide(payment, { kind: 'approve', manner: 'never' });
    const [charge] = await world.bank.charges();
    world.pass({ minutes: 11 });
    const held = gate.hold(APPLY_OUTCOMES, 1);
    const callback = tell(world, approved(payment, { transactionId: charge?.transactionId ?? '' }));
    await held.reached;
    await world.turn('expire-orders');
    held.open();
    assert.equal((await callback).status, 200);
    assert.equal(await world.orderStatus(order), 'paid');
    assert.ok(!(await world.eventTypes(order)).includes('payment_order.expired'));
  });

  it('promise 14: an expiry that commits first makes the callback late money, decided anew', async () => {
    const [order, payment] = await world.orderWithPayment(agency, { expiresAt: inMinutes(10) });
    await tell(world, declined(payment));
    world.pass({ minutes: 11 });
    const held = gate.hold(APPLY_OUTCOMES, 1);
    const callback = tell(world, approved(payment));
    await held.reached;
    await world.turn('expire-orders');
    assert.equal(await world.orderStatus(order), 'expired');
    held.open();
    assert.equal((await callback).text, '{"result":"recorded"}');
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(
      (await world.eventTypes(order)).filter((type) => type.startsWith('payment_order')),
      ['payment_order.opened', 'payment_order.expired', 'payment_order.paid', 'payment_order.corrected'],
    );
  });

  it('promise 14: a callback that commits first makes the expiry a no-op', async () => {
    const [order, payment] = await world.orderWithPayment(agency, { expiresAt: inMinutes(10) });
    await tell(world, approved(payment));
    world.pass({ minutes: 11 });
    await world.turn('expire-orders');
    assert.equal(await world.orderStatus(order), 'paid');
  });
});
