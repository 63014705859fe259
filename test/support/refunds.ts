/** Asking and deciding in tests of refunds, and looking at what came of it. */
import assert from 'node:assert/strict';
import type { AgencyId, PaymentId } from '../../src/domain/kernel/ids.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { Refusal } from '../../src/domain/kernel/refusals.ts';
import type { Refund, RefundLine } from '../../src/domain/refunds/refund.ts';
import type { ReceiptContent } from '../../src/domain/receipts/receipt.ts';
import { decideRefund } from '../../src/features/refunds/decide-refund.ts';
import { amountAvailable, requestRefund } from '../../src/features/refunds/request-refund.ts';
import { checkInvariants } from '../../src/features/reports/invariants.ts';
import { inTransaction, query } from '../../src/platform/database.ts';
import type { OrderRef, PaidOrders } from './paid-orders.ts';

type World = Pick<PaidOrders, 'deps' | 'database'>;

/** Asks as client a would, with what is available now unless told otherwise. */
export async function ask(
  { deps, database }: World,
  order: OrderRef,
  amount: bigint,
  how: {
    readonly available?: bigint;
    readonly lines?: readonly RefundLine[];
    readonly actor?: string;
    readonly paymentId?: PaymentId;
  } = {},
): Promise<Refund> {
  const available = how.available ?? (await amountAvailable(database.db, order));
  return await inTransaction(database.db, (tx) =>
    requestRefund(tx, deps, {
      agencyId: order.agencyId,
      orderId: order.orderId,
      paymentId: how.paymentId ?? null,
      amount: vnd(amount),
      lines: how.lines ?? null,
      amountAvailable: vnd(available),
      reason: 'Asked in a test.',
      actor: how.actor ?? 'client:a',
    }),
  );
}

/** Approves as client b would. */
export function approve({ deps, database }: World, refund: Refund): Promise<Refund> {
  return inTransaction(database.db, (tx) =>
    decideRefund(tx, deps, {
      agencyId: refund.agencyId,
      refundId: refund.id,
      decision: 'approve',
      note: null,
      actor: 'client:b',
    }),
  );
}

/** The refusal of an attempt, or `accepted`. */
export async function refusal(
  attempt: Promise<unknown>,
): Promise<{ readonly code: string; readonly facts: Readonly<Record<string, unknown>> }> {
  try {
    await attempt;
    return { code: 'accepted', facts: {} };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, facts: error.facts };
    throw error;
  }
}

/** What each code of an agency's book comes to: debits less credits. */
export async function balances(
  { database }: World,
  agencyId: AgencyId,
): Promise<Readonly<Record<number, bigint>>> {
  const rows = await query<{ code: number; sum: string }>(
    database.db,
    `select a.code, sum(e.debit - e.credit)::text as sum
     from ledger_entries e join ledger_accounts a on a.agency_id = e.agency_id and a.id = e.account_id
     where e.agency_id = :agencyId group by a.code having sum(e.debit - e.credit) <> 0`,
    { agencyId },
  );
  return Object.fromEntries(rows.map((row) => [row.code, BigInt(row.sum)]));
}

export async function orderRow(
  { database }: World,
  order: OrderRef,
): Promise<{ readonly status: string; readonly amount_refunded: bigint }> {
  const [row] = await query<{ status: string; amount_refunded: bigint }>(
    database.db,
    'select status, amount_refunded from payment_orders where agency_id = :agencyId and id = :orderId',
    { agencyId: order.agencyId, orderId: order.orderId },
  );
  return row!;
}

/** An order's events in their order; their numbers must follow on from each other. */
export async function eventsOf(
  { database }: World,
  order: OrderRef,
): Promise<{ readonly type: string; readonly body: any }[]> {
  const rows = await query<{ type: string; sequence: number; body: string }>(
    database.db,
    'select type, sequence, body from event_bodies where agency_id = :agencyId and order_id = :orderId order by sequence',
    { agencyId: order.agencyId, orderId: order.orderId },
  );
  assert.deepEqual(
    rows.map(({ sequence }) => sequence),
    rows.map((_, index) => index + 1),
  );
  return rows.map(({ type, body }) => ({ type, body: JSON.parse(body) as unknown }));
}

export interface ReceiptRow {
  readonly id: string;
  readonly form: string;
  readonly number: bigint;
  readonly amount: bigint;
  readonly content: ReceiptContent;
  readonly replaces_id: string | null;
  readonly replaced_by_id: string | null;
  readonly refund_id: string | null;
  readonly voided: boolean;
}

/** An order's receipts, oldest first. */
export function receiptsOf({ database }: World, order: OrderRef): Promise<ReceiptRow[]> {
  return query<ReceiptRow>(
    database.db,
    `select r.id, r.form, r.number, r.amount, r.content, r.replaces_id, v.replaced_by_id, v.refund_id,
       v.receipt_id is not null as voided
     from receipts r left join receipt_voidings v on v.agency_id = r.agency_id and v.receipt_id = r.id
     where r.agency_id = :agencyId and r.order_id = :orderId order by r.id`,
    { agencyId: order.agencyId, orderId: order.orderId },
  );
}

/** What must hold after anything: the invariants, and that held money is what refunds under way hold. */
export async function hasNoDrift({ database }: World): Promise<void> {
  assert.deepEqual(await checkInvariants(database.db), []);
  const faults = await query<{ fault: string }>(
    database.db,
    `select 'book does not balance' as fault from ledger_entries group by agency_id, currency
       having sum(debit) <> sum(credit)
     union all
     select 'refunded and pending exceed captured ' || a.order_id from allocations a
       where a.claim = 'applied' and a.amount < (select coalesce(sum(r.amount), 0) from refunds r
         where r.agency_id = a.agency_id and r.payment_id = a.payment_id and r.order_id = a.order_id
           and r.source = 'payable' and r.state not in ('failed', 'rejected'))
     union all
     select 'line ' || l.line_no || ' of ' || l.order_id from allocation_lines l
       where l.refunded <> (select coalesce(sum(x.amount), 0) from refunds r
         join refund_lines x on x.agency_id = r.agency_id and x.refund_id = r.id
         where r.agency_id = l.agency_id and r.payment_id = l.payment_id and x.order_id = l.order_id
           and x.line_no = l.line_no and r.state not in ('failed', 'rejected'))
     union all
     select 'order ' || o.id from payment_orders o
       where o.amount_refunded <> (select coalesce(sum(r.amount), 0) from refunds r
         where r.agency_id = o.agency_id and r.order_id = o.id and r.source = 'payable' and r.state = 'succeeded')
     union all
     select 'pending of book ' || g.id from agencies g
       where (select coalesce(sum(e.credit - e.debit), 0) from ledger_entries e
           join ledger_accounts c on c.agency_id = e.agency_id and c.id = e.account_id
           where e.agency_id = g.id and c.code = 2200)
         <> (select coalesce(sum(r.amount), 0) from refunds r
           where r.agency_id = g.id and r.state in ('requested', 'approved', 'submitted'))
     union all
     select 'gap in receipts ' || form from receipts group by agency_id, form, symbol
       having count(*) <> max(number) or min(number) <> 1
     union all
     select 'two receipts stand ' || r.order_id from receipts r
       where not exists (select 1 from receipt_voidings v where v.agency_id = r.agency_id and v.receipt_id = r.id)
       group by r.agency_id, r.order_id, r.form having count(*) > 1
     union all
     select 'events of ' || o.id from payment_orders o
       where o.event_sequence <> (select count(*) from events e where e.agency_id = o.agency_id and e.order_id = o.id)`,
  );
  assert.deepEqual(
    faults.map(({ fault }) => fault),
    [],
  );
}
