/** What a gateway says of a refund, in every order and at once: money moves back at most once. */
import assert from 'node:assert/strict';
import type { RefundOutcome } from '../../../src/domain/payments/gateway-outcome.ts';
import type { Refund } from '../../../src/domain/refunds/refund.ts';
import { claimDueRefunds } from '../../../src/features/refunds/refund-store.ts';
import {
  recordRefundMessage,
  recordRefundOutcome,
} from '../../../src/features/refunds/record-refund-outcome.ts';
import { submitRefunds } from '../../../src/features/refunds/submit-refunds.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import { createPaidOrders, WHOLE, type OrderRef, type PaidOrders } from '../../support/paid-orders.ts';
import { approve, ask, balances, eventsOf, hasNoDrift, orderRow, receiptsOf } from '../../support/refunds.ts';

describe('a gateway speaks of a refund', () => {
  let world: PaidOrders;
  beforeEach(async () => {
    world = await createPaidOrders();
  });
  afterEach(() => world.drop());

  const confirmed = (): RefundOutcome => ({
    kind: 'succeeded',
    gatewayRefundId: 'G1',
    refundedAt: world.clock.now(),
  });
  const refused: RefundOutcome = { kind: 'failed', gatewayCode: '99' };

  async function approved(amount: bigint): Promise<{ order: OrderRef; refund: Refund }> {
    const order = await world.paidOrder();
    const refund = await ask(world, order, amount);
    await approve(world, refund);
    return { order, refund };
  }

  const tell = (refund: Refund, outcome: RefundOutcome) =>
    recordRefundOutcome(world.deps, { agencyId: refund.agencyId, refundId: refund.id }, outcome, 'callback');

  async function postings(refund: Refund): Promise<string[]> {
    const rows = await query<{ event_kind: string }>(
      world.database.db,
      'select event_kind from ledger_transactions where event_ref = :id::text order by id',
      { id: refund.id },
    );
    return rows.map(({ event_kind }) => event_kind);
  }

  async function stateOf(refund: Refund): Promise<{ state: string; attempts: number }> {
    const [row] = await query<{ state: string; attempts: number }>(
      world.database.db,
      'select state, attempts from refunds where id = :id',
      { id: refund.id },
    );
    return row!;
  }

  it('twice at once that it went through: one posting, the other finds it done (52)', async () => {
    const { order, refund } = await approved(100_000n);
    const told = await Promise.all([1, 2, 3, 4].map(() => tell(refund, confirmed())));
    assert.deepEqual(told.map(({ decision }) => decision).sort(), [
      'nothing_new',
      'nothing_new',
      'nothing_new',
      'succeed',
    ]);
    assert.deepEqual(await postings(refund), ['refund_hold', 'refund_confirmed']);
    assert.equal((await receiptsOf(world, order)).length, 4);
    await hasNoDrift(world);
  });

  it('twice at once that it failed: one giving back (52)', async () => {
    const { refund } = await approved(100_000n);
    const told = await Promise.all([1, 2, 3].map(() => tell(refund, refused)));
    assert.deepEqual(told.map(({ decision }) => decision).sort(), ['fail', 'nothing_new', 'nothing_new']);
    assert.deepEqual(await postings(refund), ['refund_hold', 'refund_given_back']);
    await hasNoDrift(world);
  });

  it('both at once: the first word is booked once, the second reverses it or goes to a person (52)', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { refund } = await approved(100_000n);
      const told = await Promise.all([tell(refund, confirmed()), tell(refund, refused)]);
      const kinds: string[] = told.map(({ decision }) => decision).sort();
      const posted = await postings(refund);
      if (kinds.includes('fail')) {
        assert.deepEqual(kinds, ['conflict', 'fail']);
        assert.deepEqual(posted, ['refund_hold', 'refund_given_back']);
      } else {
        assert.deepEqual(kinds, ['reverse', 'succeed']);
        assert.deepEqual(posted, ['refund_hold', 'refund_confirmed', 'refund_reversed', 'refund_given_back']);
      }
      assert.equal((await stateOf(refund)).state, 'failed');
    }
    await hasNoDrift(world);
  });

  it('that it failed after it went through: reversed with a link, told, receipts whole again (61)', async () => {
    const { order, refund } = await approved(WHOLE);
    const before = await balances(world, order.agencyId);
    await tell(refund, confirmed());
    assert.equal((await orderRow(world, order)).status, 'refunded');
    await tell(refund, refused);
    assert.deepEqual(await orderRow(world, order), { status: 'paid', amount_refunded: 0n });
    const after = await balances(world, order.agencyId);
    assert.equal(after[1100], before[1100]);
    assert.equal(after[2100], -WHOLE);
    const links = await query<{ event_kind: string; undone: string }>(
      world.database.db,
      `select t.event_kind, u.event_kind as undone from ledger_transactions t
       join ledger_transactions u on u.agency_id = t.agency_id and u.id = t.reverses_id
       where t.event_ref = :id::text order by t.id`,
      { id: refund.id },
    );
    assert.deepEqual(links, [
      { event_kind: 'refund_reversed', undone: 'refund_confirmed' },
      { event_kind: 'refund_given_back', undone: 'refund_hold' },
    ]);
    const types = (await eventsOf(world, order)).map(({ type }) => type).slice(-4);
    assert.deepEqual(types, ['refund.failed', 'payment_order.corrected', 'receipt.issued', 'receipt.issued']);
    const standing = (await receiptsOf(world, order)).filter(({ voided }) => !voided);
    assert.equal(
      standing.reduce((total, { amount }) => total + amount, 0n),
      WHOLE,
    );
    assert.ok(standing.every(({ replaces_id }) => replaces_id !== null));
    await hasNoDrift(world);
  });

  it('the reversal many times at once: one reversal (53)', async () => {
    const { order, refund } = await approved(250_000n);
    await tell(refund, confirmed());
    const told = await Promise.all([1, 2, 3, 4].map(() => tell(refund, refused)));
    assert.equal(told.filter(({ decision }) => decision === 'reverse').length, 1);
    assert.deepEqual(await postings(refund), [
      'refund_hold',
      'refund_confirmed',
      'refund_reversed',
      'refund_given_back',
    ]);
    assert.equal((await receiptsOf(world, order)).filter(({ voided }) => !voided).length, 2);
    await hasNoDrift(world);
  });

  it('not at all: the refund stays submitted, is asked about first, and never sent under another name (60)', async () => {
    const { order, refund } = await approved(100_000n);
    // The bank does what it is told; its answer is lost.
    world.gateway.onRefund = () => Promise.reject(new Error('socket hang up'));
    await submitRefunds(world.deps, 10);
    assert.deepEqual(await stateOf(refund), { state: 'submitted', attempts: 1 });
    assert.equal(await submitRefunds(world.deps, 10), 0, 'it rests until it is due');

    world.clock.advance(60_000);
    world.gateway.onQuery = () => Promise.resolve(confirmed());
    await submitRefunds(world.deps, 10);
    assert.deepEqual(await stateOf(refund), { state: 'succeeded', attempts: 2 });
    assert.deepEqual(world.gateway.asked, [refund.refundReference]);
    assert.equal(world.gateway.sent.length, 1);
    assert.equal((await orderRow(world, order)).amount_refunded, 100_000n);
    await hasNoDrift(world);
  });

  it('that it never heard of it: sent again under the same reference (60)', async () => {
    const { refund } = await approved(100_000n);
    const answers = [
      () => Promise.reject(new Error('timeout')),
      () => Promise.resolve({ kind: 'pending', gatewayCode: '05' } as const),
    ];
    world.gateway.onRefund = () => answers.shift()!();
    await submitRefunds(world.deps, 10);
    world.clock.advance(60_000);
    await submitRefunds(world.deps, 10);
    assert.deepEqual(await stateOf(refund), { state: 'submitted', attempts: 2 });
    world.gateway.onQuery = () => Promise.resolve(confirmed());
    world.clock.advance(120_000);
    await submitRefunds(world.deps, 10);
    assert.equal((await stateOf(refund)).state, 'succeeded');
    assert.deepEqual(
      world.gateway.sent.map(({ refundReference }) => refundReference),
      [refund.refundReference, refund.refundReference],
    );
    assert.deepEqual(await postings(refund), ['refund_hold', 'refund_confirmed']);
  });

  it('to one of many workers: each due refund is sent by one of them', async () => {
    const refunds = [];
    for (let index = 0; index < 5; index += 1) refunds.push((await approved(10_000n)).refund);
    const counts = await Promise.all([1, 2, 3].map(() => submitRefunds(world.deps, 10)));
    assert.equal(
      counts.reduce((total, count) => total + count, 0),
      5,
    );
    assert.equal(new Set(world.gateway.sent.map(({ refundReference }) => refundReference)).size, 5);
    assert.equal(world.gateway.sent.length, 5);
  });

  it('to a worker that died: the next one asks before it sends', async () => {
    const { refund } = await approved(10_000n);
    const now = world.clock.now();
    await inTransaction(world.database.db, (tx) => claimDueRefunds(tx, now, 10));
    assert.equal(await submitRefunds(world.deps, 10), 0, 'the lease holds');
    await query(
      world.database.db,
      `update refunds set leased_until = clock_timestamp() - interval '1 second' where id = :id`,
      { id: refund.id },
    );
    await submitRefunds(world.deps, 10);
    assert.deepEqual(world.gateway.asked, [refund.refundReference]);
    assert.equal((await stateOf(refund)).state, 'succeeded');
  });

  it('by callback: only the account that took the money is believed', async () => {
    const { refund } = await approved(10_000n);
    const item = { refundReference: refund.refundReference, outcome: confirmed() };
    const from = { gateway: 'sandbox', account: 'platform' };
    assert.equal(await recordRefundMessage(world.deps, { ...from, account: 'H29', item }), 'unknown_payment');
    assert.equal(await recordRefundMessage(world.deps, { ...from, item }), 'recorded');
    assert.equal(await recordRefundMessage(world.deps, { ...from, item }), 'already_recorded');
    const unknown = { ...item, refundReference: 'RF000000000000' };
    assert.equal(await recordRefundMessage(world.deps, { ...from, item: unknown }), 'unknown_payment');
  });

  it('nothing for a week: a person is asked once', async () => {
    const { refund } = await approved(10_000n);
    world.gateway.onRefund = () => Promise.resolve({ kind: 'pending', gatewayCode: '05' });
    world.gateway.onQuery = () => Promise.resolve({ kind: 'pending', gatewayCode: '05' });
    await submitRefunds(world.deps, 10);
    for (let day = 0; day < 9; day += 1) {
      world.clock.advance(24 * 3_600_000);
      await submitRefunds(world.deps, 10);
    }
    const cases = await query(
      world.database.db,
      `select id from cases where kind = 'outcome_overdue' and subject = :id::text`,
      { id: refund.id },
    );
    assert.equal(cases.length, 1);
  });
});
