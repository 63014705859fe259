/** The whole way of a refund: asked, decided by another, sent, learnt; books, order, receipts and events agree. */
import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { addDays, dayOf, DEFAULT_BUSINESS_TIME_ZONE, type Day } from '../../../src/domain/kernel/time.ts';
import type { Refund } from '../../../src/domain/refunds/refund.ts';
import { decideRefund } from '../../../src/features/refunds/decide-refund.ts';
import { recordRefundOutcome } from '../../../src/features/refunds/record-refund-outcome.ts';
import type { RefundLimits, RefundOutcome } from '../../../src/gateways/gateway-adapter.ts';
import { requestRefund } from '../../../src/features/refunds/request-refund.ts';
import { submitRefunds } from '../../../src/features/refunds/submit-refunds.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import {
  createPaidOrders,
  FEE,
  PENALTY,
  WHOLE,
  type OrderRef,
  type PaidOrders,
} from '../../support/paid-orders.ts';
import {
  ask,
  approve,
  balances,
  eventsOf,
  hasNoDrift,
  orderRow,
  receiptsOf,
  refusal,
} from '../../support/refunds.ts';

describe('a refund of an order', () => {
  let world: PaidOrders;
  before(async () => {
    world = await createPaidOrders();
  });
  after(() => world.drop());

  async function refunded(order: OrderRef, amount: bigint): Promise<Refund> {
    const refund = await ask(world, order, amount);
    await approve(world, refund);
    await submitRefunds(world.deps, 10);
    return refund;
  }

  it('goes from asked to succeeded, and everything agrees', async () => {
    const order = await world.paidOrder();
    const before = await balances(world, order.agencyId);
    const refund = await ask(world, order, 80_000n);
    assert.equal(refund.state, 'requested');
    assert.deepEqual(
      refund.lines.map((line) => line.amount.amountMinor),
      [30_000n, 50_000n],
    );
    const held = await balances(world, order.agencyId);
    assert.equal(held[2200]! - (before[2200] ?? 0n), -80_000n);
    assert.equal(held[2100]! - before[2100]!, 80_000n);

    await approve(world, refund);
    assert.equal(await submitRefunds(world.deps, 10), 1);
    const [row] = await query<{ state: string; refund_reference: string }>(
      world.database.db,
      'select state, refund_reference from refunds where id = :id',
      { id: refund.id },
    );
    assert.equal(row!.state, 'succeeded');
    assert.equal(world.gateway.sent.at(-1)!.refundReference, row!.refund_reference);
    assert.deepEqual(await orderRow(world, order), { status: 'partly_refunded', amount_refunded: 80_000n });
    const done = await balances(world, order.agencyId);
    assert.equal(done[2200] ?? 0n, before[2200] ?? 0n);
    assert.equal(done[1100]! - before[1100]!, -80_000n);
    assert.deepEqual(
      (await eventsOf(world, order)).map(({ type }) => type),
      [
        'payment_order.paid',
        'receipt.issued',
        'receipt.issued',
        'refund.requested',
        'refund.succeeded',
        'payment_order.partly_refunded',
        'receipt.voided',
        'receipt.issued',
        'receipt.voided',
        'receipt.issued',
      ],
    );
    await hasNoDrift(world);
  });

  it('replaces the receipts it touches by what is left, without a gap in their numbers', async () => {
    const order = await world.paidOrder(world.agencies[1]);
    const refund = await inTransaction(world.database.db, (tx) =>
      requestRefund(tx, world.deps, {
        ...order,
        paymentId: null,
        amount: vnd(100_000),
        lines: [{ lineNo: 1, amount: vnd(100_000) }],
        amountAvailable: vnd(WHOLE),
        reason: 'Fee waived.',
        actor: 'client:a',
      }),
    );
    // A second refund under way is not off the receipt yet.
    await ask(world, order, 50_000n, { lines: [{ lineNo: 1, amount: vnd(50_000) }] });
    await approve(world, refund);
    await submitRefunds(world.deps, 10);
    const receipts = await receiptsOf(world, order);
    assert.deepEqual(
      receipts.map(({ form, amount, voided }) => ({ form, amount, voided })),
      [
        { form: '01BLP0-001', amount: FEE, voided: true },
        { form: '02BLP0-001', amount: PENALTY, voided: false },
        { form: '01BLP0-001', amount: FEE - 100_000n, voided: false },
      ],
    );
    assert.equal(receipts[2]!.replaces_id, receipts[0]!.id);
    assert.equal(receipts[0]!.replaced_by_id, receipts[2]!.id);
    assert.equal(receipts[0]!.refund_id, refund.id);
    assert.deepEqual(receipts[2]!.content, {
      ...receipts[0]!.content,
      amount: 200_000,
      lines: [{ ...receipts[0]!.content.lines[0], amount: 200_000 }],
    });
    const issued = (await eventsOf(world, order)).findLast(({ type }) => type === 'receipt.issued');
    assert.match(JSON.stringify(issued!.body), /"number":"0000002"/);
  });

  it('voids every receipt when all is refunded, and the obligation may be asked for again', async () => {
    const order = await world.paidOrder();
    await refunded(order, WHOLE);
    assert.deepEqual(await orderRow(world, order), { status: 'refunded', amount_refunded: WHOLE });
    const receipts = await receiptsOf(world, order);
    assert.deepEqual(
      receipts.map(({ voided, replaced_by_id }) => [voided, replaced_by_id]),
      [
        [true, null],
        [true, null],
      ],
    );
    const held = await query(world.database.db, 'select 1 from open_obligations where order_id = :orderId', {
      orderId: order.orderId,
    });
    assert.equal(held.length, 0);
    await hasNoDrift(world);
  });

  it('tells what is left to the one who sends it twice', async () => {
    const order = await world.paidOrder();
    await ask(world, order, 100_000n);
    const facts = await refusal(ask(world, order, 100_000n, { available: WHOLE }));
    assert.deepEqual(facts, {
      code: 'refund.amount-available-differs',
      facts: { amount_available: Number(WHOLE) - 100_000 },
    });
  });

  it('is refused one dong above what is left, and holds nothing then (58)', async () => {
    const order = await world.paidOrder();
    await ask(world, order, 300_000n);
    const before = await balances(world, order.agencyId);
    const left = WHOLE - 300_000n;
    assert.equal((await refusal(ask(world, order, left + 1n))).code, 'refund.amount-exceeds-available');
    assert.deepEqual(await balances(world, order.agencyId), before);
    await ask(world, order, left - 1n);
    await ask(world, order, 1n);
    assert.equal((await refusal(ask(world, order, 1n))).code, 'refund.amount-exceeds-available');
  });

  it('is refused by the frozen line itself when code forgets to look (58)', async () => {
    const order = await world.paidOrder();
    await assert.rejects(
      query(
        world.database.db,
        'update allocation_lines set refunded = amount + 1 where order_id = :orderId and line_no = 1',
        { orderId: order.orderId },
      ),
      { code: '23514' },
    );
  });

  it('of twenty asked at once accepts no more than was paid (59)', async () => {
    const order = await world.paidOrder();
    const each = 90_000n;
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => {
        for (let tries = 0; tries < 30; tries += 1) {
          const told = await refusal(ask(world, order, each, { actor: `client:${String(index)}` }));
          if (told.code !== 'refund.amount-available-differs') return told.code;
        }
        return 'gave up';
      }),
    );
    const words = results.map((result) =>
      result.status === 'fulfilled' ? result.value : String(result.reason),
    );
    assert.equal(words.filter((word) => word === 'accepted').length, Number(WHOLE / each), words.join());
    assert.equal(
      words.filter((word) => word === 'refund.amount-exceeds-available').length,
      20 - Number(WHOLE / each),
    );
    const [sums] = await query<{ refunded: string; held: string }>(
      world.database.db,
      `select sum(refunded)::text as refunded,
         (select sum(amount)::text from refunds where order_id = :orderId) as held
       from allocation_lines where order_id = :orderId`,
      { orderId: order.orderId },
    );
    assert.deepEqual(sums, { refunded: '720000', held: '720000' });
    await hasNoDrift(world);
  });

  it('given back when rejected: line, books and the amount available', async () => {
    const order = await world.paidOrder();
    const before = await balances(world, order.agencyId);
    const refund = await ask(world, order, 123_457n);
    await inTransaction(world.database.db, (tx) =>
      decideRefund(tx, world.deps, {
        agencyId: refund.agencyId,
        refundId: refund.id,
        decision: 'send_back',
        note: 'Name the decision.',
        actor: 'client:b',
      }),
    );
    assert.deepEqual(await balances(world, order.agencyId), before);
    await ask(world, order, WHOLE);
    const last = (await eventsOf(world, order)).filter(({ type }) => type === 'refund.failed');
    assert.equal(last.length, 1);
    assert.equal(last[0]!.body.data.refund.state, 'rejected');
  });

  it('names lines that were not paid, sums that differ and lines that have too little left', async () => {
    const order = await world.paidOrder();
    const wrong = async (amount: bigint, lines: { lineNo: number; amount: bigint }[]) =>
      (
        await refusal(
          ask(world, order, amount, { lines: lines.map((line) => ({ ...line, amount: vnd(line.amount) })) }),
        )
      ).code;
    assert.equal(await wrong(5n, [{ lineNo: 9, amount: 5n }]), 'refund.unknown-line');
    assert.equal(await wrong(5n, [{ lineNo: 1, amount: 4n }]), 'refund.lines-do-not-sum');
    assert.equal(await wrong(FEE + 1n, [{ lineNo: 1, amount: FEE + 1n }]), 'refund.amount-exceeds-available');
  });

  it('cannot be asked of an order that is not paid, nor of another agency', async () => {
    const order = await world.openOrder();
    assert.equal((await refusal(ask(world, order, 1n))).code, 'payment-order.not-paid');
    const paid = await world.paidOrder();
    const foreign = { ...paid, agencyId: world.agencies[1] };
    assert.equal((await refusal(ask(world, foreign, 1n))).code, 'payment-order.not-found');
  });

  describe('is held against the limits of the gateway before anybody waits for a decision', () => {
    const asks = async (limits: Partial<RefundLimits> | null, amount: bigint, order?: OrderRef) => {
      const { adapter } = world.gateway;
      const refunds = limits && {
        ...adapter.refunds!,
        limits: { partial: true, windowDays: null, amountMin: null, amountMax: null, ...limits },
      };
      const { refunds: _own, ...bare } = adapter;
      const limited = refunds ? { ...adapter, refunds } : bare;
      const deps = { ...world.deps, gateways: { get: () => limited } };
      return await refusal(ask({ ...world, deps }, order ?? (await world.paidOrder()), amount));
    };

    it('where it sends no money back, or has left', async () => {
      assert.deepEqual(await asks(null, 1n), {
        code: 'refund.gateway-cannot',
        facts: { gateway: 'sandbox', why: 'no_refunds' },
      });
      const deps = { ...world.deps, gateways: { get: () => null } };
      const told = await refusal(ask({ ...world, deps }, await world.paidOrder(), 1n));
      assert.equal(told.code, 'refund.gateway-cannot');
    });

    it('where it sends back the whole only', async () => {
      assert.equal((await asks({ partial: false }, WHOLE - 1n)).facts['why'], 'whole_only');
      assert.equal((await asks({ partial: false }, WHOLE)).code, 'accepted');
    });

    it('at the least and the most of one request', async () => {
      const limits = { amountMin: vnd(1_000), amountMax: vnd(100_000) };
      assert.deepEqual((await asks(limits, 999n)).facts, {
        gateway: 'sandbox',
        why: 'below_minimum',
        amount_min: 1_000,
      });
      assert.equal((await asks(limits, 1_000n)).code, 'accepted');
      assert.equal((await asks(limits, 100_000n)).code, 'accepted');
      assert.equal((await asks(limits, 100_001n)).facts['why'], 'above_maximum');
    });

    it('to the last second of its window', async () => {
      const order = await world.paidOrder();
      const day = 86_400_000;
      world.clock.advance(2 * day - 1_000);
      assert.equal((await asks({ windowDays: 2 }, 1n, order)).code, 'accepted');
      world.clock.advance(2_000);
      assert.equal((await asks({ windowDays: 2 }, 1n, order)).facts['why'], 'window_over');
      world.clock.advance(-2 * day);
    });
  });

  it('that is undone before its commit is told to nobody and holds nothing (76)', async () => {
    const order = await world.paidOrder();
    const [events, books] = [await eventsOf(world, order), await balances(world, order.agencyId)];
    const undone = inTransaction(world.database.db, async (tx) => {
      await requestRefund(tx, world.deps, {
        ...order,
        paymentId: null,
        amount: vnd(80_000),
        lines: null,
        amountAvailable: vnd(WHOLE),
        reason: 'Undone.',
        actor: 'client:a',
      });
      throw new Error('the request gives up');
    });
    await assert.rejects(undone, /gives up/);
    assert.deepEqual(await eventsOf(world, order), events);
    assert.deepEqual(await balances(world, order.agencyId), books);
    await hasNoDrift(world);
  });

  it('of a day that is closed is booked on the next open one, as of its own time; the closed day stays as it was (56)', async () => {
    const order = await world.paidOrder();
    const today = dayOf(world.clock.now(), DEFAULT_BUSINESS_TIME_ZONE);
    const bookedOn = (day: Day) =>
      query<{ event_kind: string; event_ref: string; effective_at: Date }>(
        world.database.db,
        `select event_kind, event_ref, effective_at from ledger_transactions
         where agency_id = :agencyId and business_date = :day order by id`,
        { agencyId: order.agencyId, day },
      );
    const closing = 'update business_days set closed_at = now() where agency_id = :agencyId and day = :today';
    await query(world.database.db, closing, { agencyId: order.agencyId, today });
    try {
      const before = await bookedOn(today);
      assert.ok(before.length > 0);
      const refund = await refunded(order, 80_000n);
      assert.deepEqual(await bookedOn(today), before);
      const next = (await bookedOn(addDays(today, 1))).filter(({ event_ref: ref }) => ref === refund.id);
      assert.deepEqual(
        next.map(({ event_kind: kind }) => kind),
        ['refund_hold', 'refund_confirmed'],
      );
      for (const { effective_at: at } of next) assert.deepEqual(at, world.clock.now());
      await hasNoDrift(world);
    } finally {
      await query(world.database.db, 'update business_days set closed_at = null');
    }
  });

  it('failed at the gateway gives the money back and may be asked for again', async () => {
    const order = await world.paidOrder();
    const before = await balances(world, order.agencyId);
    const refund = await ask(world, order, 100_000n);
    await approve(world, refund);
    await recordRefundOutcome(
      world.deps,
      { agencyId: refund.agencyId, refundId: refund.id },
      { kind: 'failed', gatewayCode: '99' },
      'callback',
    );
    assert.deepEqual(await balances(world, order.agencyId), before);
    assert.deepEqual(await orderRow(world, order), { status: 'paid', amount_refunded: 0n });
    await ask(world, order, WHOLE);
  });

  it('failed at the gateway is a case until the same money was asked for again and went back', async () => {
    const order = await world.paidOrder();
    const openCases = () =>
      query(
        world.database.db,
        `select id from cases where kind = 'refund_failed' and order_id = :orderId and resolved_at is null`,
        { orderId: order.orderId },
      );
    const [failing, beside] = [await ask(world, order, 100_000n), await ask(world, order, 5_000n)];
    const tell = (refund: Refund, outcome: RefundOutcome) =>
      recordRefundOutcome(
        world.deps,
        { agencyId: refund.agencyId, refundId: refund.id },
        outcome,
        'callback',
      );
    const done = { kind: 'succeeded', gatewayRefundId: 'G1', refundedAt: world.clock.now() } as const;
    for (const refund of [failing, beside]) await approve(world, refund);
    world.clock.advance(60_000);
    await tell(failing, { kind: 'failed', gatewayCode: '99' });
    assert.equal((await openCases()).length, 1);
    await tell(beside, done);
    assert.equal((await openCases()).length, 1, 'another part of the money is no answer to it');
    world.clock.advance(60_000);
    const again = await ask(world, order, 100_000n);
    await approve(world, again);
    await tell(again, { ...done, gatewayRefundId: 'G2' });
    assert.equal((await openCases()).length, 0);
  });
});
