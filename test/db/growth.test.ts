import assert from 'node:assert/strict';
import type { PaymentId } from '../../src/domain/kernel/ids.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { addMinutes, day } from '../../src/domain/kernel/time.ts';
import { readMoneyTrail } from '../../src/features/orders/money-trail-store.ts';
import { recordOutcomes } from '../../src/features/payments/record-outcome.ts';
import { resolvePayment } from '../../src/features/refunds/refund-effect-store.ts';
import { findRefundedPayment } from '../../src/features/refunds/refund-reading-store.ts';
import { readCollections } from '../../src/features/reports/collections-report.ts';
import { readReconciliation } from '../../src/features/reports/reconciliation-report.ts';
import type { GatewayOutcome } from '../../src/gateways/gateway-adapter.ts';
import { openHotPool, query, type HotPool, type Tx } from '../../src/platform/database.ts';
import { newTestId } from '../support/ids.ts';
import { storeOthers } from '../support/others.ts';
import { createPaidOrders, WHOLE, type OrderRef, type PaidOrders } from '../support/paid-orders.ts';

const FEW = 100;
const MANY = 1_200;
/** Trees grow a level, and what fits a few pages is read whole. What grows reads a hundred blocks more, or many hundreds. */
const mostOf = (blocks: number): number => blocks * 1.25 + 20;

/** Blocks of our tables and indexes that the connection has fetched, inside functions too; counted on until it is idle. */
const BLOCKS = `select coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0)::integer as blocks
  from pg_class c where c.relnamespace = 'public'::regnamespace`;

interface Fetched {
  readonly blocks: number;
}

type Attempt = OrderRef & { readonly paymentId: PaymentId };

describe('with ten times as many rows stored', () => {
  let world: PaidOrders;
  let hot: HotPool;
  let waiting: Attempt;
  let paid: Attempt;
  let paidTwice: Attempt;
  let expired: Attempt;
  let mismatched: Attempt;

  /** Messages of a gateway, each about one payment: read, decided and written as on the money path. */
  const outcomes: Readonly<Record<string, () => { readonly of: Attempt; readonly outcome: GatewayOutcome }>> =
    {
      'a first success': () => ({ of: waiting, outcome: success('T-first') }),
      'a failure': () => ({ of: waiting, outcome: { kind: 'failed', gatewayCode: '51' } }),
      'a repeated success': () => ({ of: paid, outcome: success(`T${paid.paymentId}`) }),
      'a second charge': () => ({ of: paid, outcome: success('T-second') }),
      'a repeated second charge': () => ({ of: paidTwice, outcome: success('T-twice') }),
      'a success after the order expired': () => ({ of: expired, outcome: success('T-late') }),
      'a wrong amount, repeated': () => ({
        of: mismatched,
        outcome: success(`T${mismatched.paymentId}`, 1n),
      }),
    };

  const steps: Readonly<Record<string, (tx: Tx) => Promise<unknown>>> = {
    'the money trail of an order': (tx) => readMoneyTrail(tx, { agencyId: paid.agencyId, id: paid.orderId }),
    'a wrong amount that went back': async (tx) => {
      await resolvePayment(tx, mismatched.paymentId, { actor: 'test', at: world.clock.now(), note: '' });
      await findRefundedPayment(tx, mismatched.paymentId);
    },
    'collections of a day': (tx) => readCollections(tx, quietDay()),
    'reconciliation of a day': (tx) => readReconciliation(tx, quietDay(), 100),
  };

  const measured: Readonly<Record<string, () => Promise<number>>> = Object.fromEntries([
    ...Object.entries(outcomes).map(([name, told]) => [name, () => blocksOfOutcome(told())]),
    ...Object.entries(steps).map(([name, step]) => [name, () => blocksOfStep(step)]),
  ]);
  const withFew: Record<string, number> = {};

  before(async function () {
    this.timeout(120_000);
    world = await createPaidOrders();
    hot = openHotPool({ url: world.database.appUrl, max: 1 });
    waiting = await attempt();
    paid = await world.paidOrder();
    paidTwice = await world.paidOrder();
    await world.tellPaid(paidTwice.paymentId, WHOLE, 'T-twice');
    expired = await attempt();
    await lapse(expired);
    mismatched = await attempt();
    await world.tellPaid(mismatched.paymentId, 1n);
    const neighbours = [await world.paidOrder(), await attempt()];
    for (const neighbour of neighbours) await addHistory(neighbour);
    await storeOthers(world.database, neighbours, { from: 1, to: FEW });
    for (const [name, measure] of Object.entries(measured)) withFew[name] = await measure();
    await storeOthers(world.database, neighbours, { from: FEW + 1, to: MANY });
  });
  after(async () => {
    await hot.end();
    await world.drop();
  });

  for (const name of Object.keys(measured)) {
    it(`no more is read for ${name}`, async () => {
      const [few, many] = [withFew[name] ?? 0, (await measured[name]?.()) ?? 0];
      assert.ok(few > 0, 'something was read');
      assert.ok(many <= mostOf(few), `${String(few)} blocks became ${String(many)}`);
    });
  }

  async function blocksOfOutcome({
    of,
    outcome,
  }: {
    readonly of: Attempt;
    readonly outcome: GatewayOutcome;
  }) {
    const { database, clock, accounts } = world;
    const merchantReference = await referenceOf(of.paymentId);
    const fetched = async () =>
      (await hot.run<Fetched>({ name: 'blocks', text: BLOCKS }, []))[0]?.blocks ?? 0;
    await hot.run({ name: 'begin', text: 'begin' }, []);
    try {
      const before = await fetched();
      await recordOutcomes(
        { db: database.db, hot, clock, newId: newTestId, accounts, businessTimeZone: 'Asia/Ho_Chi_Minh' },
        [{ gateway: 'sandbox', account: 'platform', merchantReference, outcome, source: 'callback' }],
      );
      return (await fetched()) - before;
    } finally {
      await hot.run({ name: 'rollback', text: 'rollback' }, []);
    }
  }

  async function blocksOfStep(step: (tx: Tx) => Promise<unknown>): Promise<number> {
    const tx = (await world.database.db.transaction()) as Tx;
    const fetched = async () => (await query<Fetched>(tx, BLOCKS))[0]?.blocks ?? 0;
    try {
      // A table of a few dozen pages is rightly read whole; asked is what will be read once it has grown.
      await query(tx, 'set local enable_seqscan = off');
      const before = await fetched();
      await step(tx);
      return (await fetched()) - before;
    } finally {
      await tx.rollback();
    }
  }

  function success(gatewayTransactionId: string, amount = WHOLE): GatewayOutcome {
    return { kind: 'succeeded', amount: vnd(amount), gatewayTransactionId, paidAt: world.clock.now() };
  }

  /** A day on which nothing was paid. */
  function quietDay() {
    const from = day('2020-01-01');
    return { scope: 'all' as const, from, to: from, businessTimeZone: 'Asia/Ho_Chi_Minh' };
  }

  async function attempt(): Promise<Attempt> {
    const order = await world.openOrder();
    return { ...order, paymentId: await world.startPayment([order]) };
  }

  async function referenceOf(paymentId: PaymentId): Promise<string> {
    const [row] = await query<{ reference: string }>(
      world.database.db,
      'select merchant_reference as reference from payments where id = :paymentId',
      { paymentId },
    );
    return row?.reference ?? '';
  }

  /** Nobody paid in time, as far as we knew. */
  async function lapse({ agencyId, orderId, paymentId }: Attempt): Promise<void> {
    const { db } = world.database;
    await query(db, `update payments set state = 'lapsed' where id = :paymentId`, { paymentId });
    await query(db, `update allocations set claim = 'released' where payment_id = :paymentId`, { paymentId });
    for (const table of ['order_claims', 'open_obligations', 'order_expiries']) {
      await query(db, `delete from ${table} where agency_id = :agencyId and order_id = :orderId`, {
        agencyId,
        orderId,
      });
    }
    await query(
      db,
      `update payment_orders set status = 'expired', closed_at = created_at where agency_id = :agencyId and id = :orderId`,
      { agencyId, orderId },
    );
  }

  /** What an order has behind it after years: a refund, a case that was resolved, an agency that was told. */
  async function addHistory({ agencyId, orderId, paymentId }: Attempt): Promise<void> {
    const { db } = world.database;
    const at = addMinutes(world.clock.now(), -1);
    const row = {
      agencyId,
      orderId,
      paymentId,
      at,
      id: newTestId(),
      endpoint: newTestId(),
      event: newTestId(),
    };
    await query(
      db,
      `insert into refunds (agency_id, id, order_id, payment_id, source, amount, currency, state, reason, refund_reference,
         requested_by, requested_at, resolved_at)
       values (:agencyId, :id, :orderId, :paymentId, 'suspense', 1, 'VND', 'failed', '', :orderId::text, 'test', :at, :at)`,
      row,
    );
    await query(
      db,
      `insert into cases (agency_id, id, kind, subject, payment_id, order_id, opened_at, resolved_at, resolved_by)
       values (:agencyId, :id, 'amount_differs', :orderId::text, :paymentId, :orderId, :at, :at, 'test')`,
      row,
    );
    await query(
      db,
      `insert into webhook_endpoints (agency_id, id, url, secrets_box, enabled, created_at)
       values (:agencyId, :endpoint, 'https://agency.example', '', false, :at)`,
      row,
    );
    await query(
      db,
      `insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
       values (:agencyId, :event, :orderId, 9, 'payment_order.opened', :at, '{}')`,
      row,
    );
    await query(
      db,
      `insert into webhook_deliveries (agency_id, id, endpoint_id, event_id, generation, state, attempts, enqueued_at, finished_at)
       values (:agencyId, :id, :endpoint, :event, 0, 'delivered', 1, :at, :at)`,
      row,
    );
  }
});
