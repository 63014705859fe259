/** Money that was not owed goes back: paid twice by rule, a wrong amount when somebody asks. */
import assert from 'node:assert/strict';
import type { RefundOutcome } from '../../../src/domain/payments/gateway-outcome.ts';
import { recordRefundOutcome } from '../../../src/features/refunds/record-refund-outcome.ts';
import { refundSurplus } from '../../../src/features/refunds/refund-surplus.ts';
import { addRule } from '../../../src/features/refunds/rule-store.ts';
import { requestPlatformRefund } from '../../../src/features/refunds/request-platform-refund.ts';
import { submitRefunds } from '../../../src/features/refunds/submit-refunds.ts';
import { findRefundsOfOrder } from '../../../src/features/refunds/refund-store.ts';
import { PLATFORM_AGENCY, type OrderId, type PaymentId } from '../../../src/domain/kernel/ids.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import { createPaidOrders, WHOLE, type OrderRef, type PaidOrders } from '../../support/paid-orders.ts';
import {
  approve,
  ask,
  balances,
  eventsOf,
  hasNoDrift,
  orderRow,
  receiptsOf,
  refusal,
} from '../../support/refunds.ts';

describe('money that was not owed', () => {
  let world: PaidOrders;
  beforeEach(async () => {
    world = await createPaidOrders();
  });
  afterEach(() => world.drop());

  const allow = (amount: number) =>
    inTransaction(world.database.db, (tx) =>
      addRule(tx, {
        name: 'auto_refund_up_to',
        value: { amount },
        author: 'staff:author',
        approver: 'staff:approver',
        approvedAt: world.clock.now(),
      }),
    );

  /** An order paid by one attempt, and once more under the same reference. */
  async function paidTwice(): Promise<OrderRef & { paymentId: PaymentId }> {
    const order = await world.paidOrder();
    const told = await world.tellPaid(order.paymentId, WHOLE, `second-${order.paymentId}`);
    assert.equal(told.decision, 'second_charge');
    return order;
  }

  const refundsOf = (order: OrderRef) => findRefundsOfOrder(world.database.db, order);
  const casesOf = (kind: string) =>
    query<{ subject: string; resolved_at: Date | null }>(
      world.database.db,
      'select subject, resolved_at from cases where kind = :kind',
      { kind },
    );
  const waiting = () => query(world.database.db, 'select 1 from surplus_allocations');

  it('paid twice under one reference goes back by the rule, named as the gateway knows it', async () => {
    await allow(5_000_000);
    const order = await paidTwice();
    assert.equal(await refundSurplus(world.deps, 10), 1);
    assert.equal((await waiting()).length, 0);
    const [refund] = await refundsOf(order);
    assert.deepEqual(
      [refund!.source, refund!.state, refund!.requestedBy, refund!.decidedBy, refund!.amount.amountMinor],
      ['surplus', 'approved', 'rule:auto_refund_up_to', 'staff:approver', WHOLE],
    );
    await submitRefunds(world.deps, 10);
    const [payment] = await query<{ merchant_reference: string }>(
      world.database.db,
      'select merchant_reference from payments where id = :id',
      { id: order.paymentId },
    );
    const [sent] = world.gateway.sent;
    assert.equal(sent!.merchantReference, payment!.merchant_reference);
    assert.equal(sent!.gatewayTransactionId, `second-${order.paymentId}`);
    const book = await balances(world, order.agencyId);
    assert.deepEqual(book, { 1100: WHOLE, 2100: -WHOLE });
    assert.deepEqual(await orderRow(world, order), { status: 'paid', amount_refunded: 0n });
    assert.equal((await receiptsOf(world, order)).filter(({ voided }) => voided).length, 0);
    assert.deepEqual((await eventsOf(world, order)).map(({ type }) => type).slice(-2), [
      'refund.requested',
      'refund.succeeded',
    ]);
    await hasNoDrift(world);
  });

  it('paid by two attempts goes back too', async () => {
    await allow(5_000_000);
    const order = await world.openOrder();
    const first = await world.startPayment([order]);
    const second = await world.startPayment([order], { claims: false });
    await world.tellPaid(first);
    await world.tellPaid(second);
    assert.equal(await refundSurplus(world.deps, 10), 1);
    await submitRefunds(world.deps, 10);
    assert.deepEqual(await balances(world, order.agencyId), { 1100: WHOLE, 2100: -WHOLE });
    await hasNoDrift(world);
  });

  it('above the limit, or without a rule, waits for a person', async () => {
    await allow(5_000_000);
    await allow(Number(WHOLE) - 1);
    const order = await paidTwice();
    await refundSurplus(world.deps, 10);
    const [refund] = await refundsOf(order);
    assert.equal(refund!.state, 'requested');
    assert.deepEqual(await casesOf('surplus_above_limit'), [{ subject: refund!.id, resolved_at: null }]);
    await approve(world, refund!);
    assert.notEqual((await casesOf('surplus_above_limit'))[0]!.resolved_at, null);
    await submitRefunds(world.deps, 10);
    assert.equal((await refundsOf(order))[0]!.state, 'succeeded');
  });

  it('is opened once by any number of workers, and not again when somebody asked before', async () => {
    await allow(5_000_000);
    const orders = [await paidTwice(), await paidTwice(), await paidTwice()];
    const [duplicate] = await query<{ id: PaymentId }>(
      world.database.db,
      'select id from payments where duplicate_of = :id',
      { id: orders[0]!.paymentId },
    );
    await ask(world, orders[0]!, WHOLE, { available: WHOLE, paymentId: duplicate!.id });
    await Promise.all([1, 2, 3].map(() => refundSurplus(world.deps, 10)));
    for (const order of orders) assert.equal((await refundsOf(order)).length, 1);
    assert.equal((await waiting()).length, 0);
    await hasNoDrift(world);
  });

  it('that cannot be sent back is not lost from sight', async () => {
    const order = await paidTwice();
    await refundSurplus({ ...world.deps, gateways: { get: () => null } }, 10);
    assert.equal((await refundsOf(order)).length, 0);
    assert.equal((await casesOf('refund_failed')).length, 1);
    assert.equal((await waiting()).length, 0);
  });

  it('whose refund fails lies where it lay, a person is asked, and it can be asked for again', async () => {
    await allow(5_000_000);
    const order = await paidTwice();
    await refundSurplus(world.deps, 10);
    world.gateway.onRefund = () => Promise.resolve({ kind: 'failed', gatewayCode: '15' });
    await submitRefunds(world.deps, 10);
    const [failed] = await refundsOf(order);
    assert.equal(failed!.state, 'failed');
    assert.equal((await balances(world, order.agencyId))[2310], -WHOLE);
    assert.equal((await casesOf('refund_failed'))[0]!.resolved_at, null);

    const again = await ask(world, order, WHOLE, { available: WHOLE, paymentId: failed!.paymentId });
    assert.equal(again.source, 'surplus');
    await approve(world, again);
    world.gateway.onRefund = () =>
      Promise.resolve({ kind: 'succeeded', gatewayRefundId: 'G2', refundedAt: world.clock.now() });
    await submitRefunds(world.deps, 10);
    assert.notEqual((await casesOf('refund_failed'))[0]!.resolved_at, null);
    await hasNoDrift(world);
  });

  it('goes back whole only', async () => {
    const order = await paidTwice();
    await refundSurplus({ ...world.deps, gateways: { get: () => null } }, 10);
    const [duplicate] = await query<{ id: PaymentId }>(
      world.database.db,
      'select id from payments where duplicate_of = :id',
      { id: order.paymentId },
    );
    const told = await refusal(ask(world, order, 1n, { available: WHOLE, paymentId: duplicate!.id }));
    assert.equal(told.code, 'refund.whole-only');
  });

  describe('of a wrong amount', () => {
    const confirmed = (): RefundOutcome => ({
      kind: 'succeeded',
      gatewayRefundId: 'G1',
      refundedAt: world.clock.now(),
    });

    it('goes back whole, frees the order and closes the case', async () => {
      const order = await world.openOrder();
      const paymentId = await world.startPayment([order]);
      await world.tellPaid(paymentId, WHOLE - 1n);
      const refund = await ask(world, order, WHOLE - 1n, { available: WHOLE - 1n, paymentId });
      assert.equal(refund.source, 'suspense');
      await approve(world, refund);
      await submitRefunds(world.deps, 10);
      assert.deepEqual(await balances(world, order.agencyId), {});
      assert.notEqual((await casesOf('amount_differs'))[0]!.resolved_at, null);
      const [row] = await query<{ state: string; claim: string; claims: bigint }>(
        world.database.db,
        `select p.state, a.claim, (select count(*) from order_claims where payment_id = p.id) as claims
         from payments p join allocations a on a.payment_id = p.id where p.id = :paymentId`,
        { paymentId },
      );
      assert.deepEqual(row, { state: 'resolved', claim: 'released', claims: 0n });
      // The order is as open as before: another attempt pays it.
      await world.tellPaid(await world.startPayment([order]));
      assert.equal((await orderRow(world, order)).status, 'paid');
      await hasNoDrift(world);
    });

    it('for two orders of one agency goes back once, and both orders hear of it', async () => {
      const orders = [await world.openOrder(), await world.openOrder()];
      const paymentId = await world.startPayment(orders);
      await world.tellPaid(paymentId, 1_000n);
      const both = await Promise.all(
        orders.map((order) => refusal(ask(world, order, 1_000n, { available: 1_000n, paymentId }))),
      );
      assert.deepEqual(both.map(({ code }) => code).sort(), ['accepted', 'refund.amount-available-differs']);
      const [refund] = await query<{ id: string; order_id: OrderId | null }>(
        world.database.db,
        'select id, order_id from refunds where payment_id = :paymentId',
        { paymentId },
      );
      assert.equal(refund!.order_id, null);
      for (const order of orders) {
        assert.deepEqual(
          (await eventsOf(world, order)).map(({ type }) => type),
          ['refund.requested'],
        );
      }
    });

    it('for orders of two agencies is the platform’s to return', async () => {
      const orders = [await world.openOrder(), await world.openOrder(world.agencies[1])];
      const paymentId = await world.startPayment(orders);
      await world.tellPaid(paymentId, 1_000n);
      const told = await refusal(ask(world, orders[0]!, 1_000n, { available: 1_000n, paymentId }));
      assert.equal(told.code, 'refund.held-by-platform');

      const command = { paymentId, reason: 'Too little.', actor: 'client:a' };
      const refund = await inTransaction(world.database.db, (tx) =>
        requestPlatformRefund(tx, world.deps, command),
      );
      const twice = inTransaction(world.database.db, (tx) => requestPlatformRefund(tx, world.deps, command));
      assert.equal((await refusal(twice)).code, 'refund.amount-exceeds-available');
      await approve(world, refund);
      await submitRefunds(world.deps, 10);
      assert.deepEqual(await balances(world, PLATFORM_AGENCY), {});
      for (const order of orders) {
        assert.deepEqual(
          (await eventsOf(world, order)).map(({ type }) => type),
          ['refund.requested', 'refund.succeeded'],
        );
        await world.tellPaid(await world.startPayment([order]));
        assert.equal((await orderRow(world, order)).status, 'paid');
      }
      await hasNoDrift(world);
    });

    it('that came back after it had gone can be sent again', async () => {
      const order = await world.openOrder();
      const paymentId = await world.startPayment([order]);
      await world.tellPaid(paymentId, 1_000n);
      const refund = await ask(world, order, 1_000n, { available: 1_000n, paymentId });
      await approve(world, refund);
      const key = { agencyId: refund.agencyId, refundId: refund.id };
      await recordRefundOutcome(world.deps, key, confirmed(), 'callback');
      await recordRefundOutcome(world.deps, key, { kind: 'failed', gatewayCode: '99' }, 'callback');
      assert.deepEqual(await balances(world, order.agencyId), { 1100: 1_000n, 2300: -1_000n });
      assert.equal((await casesOf('refund_failed'))[0]!.resolved_at, null);
      const again = await ask(world, order, 1_000n, { available: 1_000n, paymentId });
      await approve(world, again);
      await submitRefunds(world.deps, 10);
      assert.deepEqual(await balances(world, order.agencyId), {});
      await hasNoDrift(world);
    });
  });
});
