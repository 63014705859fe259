/** SQL of refunds: the rows, their lines, and the leases under which they are sent. */
import type { AgencyId, OrderId, PaymentId, RefundId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import type { RefundSource } from '../../domain/ledger/posting-rules.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import type { RefundState } from '../../domain/refunds/refund-lifecycle.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';

export interface RefundKey {
  readonly agencyId: AgencyId;
  readonly refundId: RefundId;
}

interface RefundRow {
  agency_id: AgencyId;
  id: RefundId;
  order_id: OrderId | null;
  payment_id: PaymentId;
  source: RefundSource;
  amount: bigint;
  currency: Currency;
  state: RefundState;
  reason: string;
  refund_reference: string;
  requested_by: string;
  decided_by: string | null;
  decision_note: string | null;
  gateway_refund_id: string | null;
  gateway_code: string | null;
  attempts: number;
  requested_at: Date;
  decided_at: Date | null;
  submitted_at: Date | null;
  resolved_at: Date | null;
  lines: { line_no: number; amount: number }[];
}

const REFUND = `r.agency_id, r.id, r.order_id, r.payment_id, r.source, r.amount, r.currency, r.state, r.reason,
  r.refund_reference, r.requested_by, r.decided_by, r.decision_note, r.gateway_refund_id, r.gateway_code, r.attempts,
  r.requested_at, r.decided_at, r.submitted_at, r.resolved_at,
  (select coalesce(json_agg(json_build_object('line_no', l.line_no, 'amount', l.amount) order by l.line_no), '[]')
   from refund_lines l where l.agency_id = r.agency_id and l.refund_id = r.id) as lines`;

export async function findRefund(reader: Reader, key: RefundKey): Promise<Refund | null> {
  const [row] = await query<RefundRow>(
    reader,
    `select ${REFUND} from refunds r where r.agency_id = :agencyId and r.id = :refundId`,
    { ...key },
  );
  return row ? refundOf(row) : null;
}

/** The refund, locked. The orders it concerns must be locked before. */
export async function lockRefund(tx: Tx, key: RefundKey): Promise<Refund | null> {
  const [row] = await query<RefundRow>(
    tx,
    `select ${REFUND} from refunds r where r.agency_id = :agencyId and r.id = :refundId for no key update of r`,
    { ...key },
  );
  return row ? refundOf(row) : null;
}

/** An order's refunds, oldest first. */
export async function findRefundsOfOrder(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly orderId: OrderId },
): Promise<Refund[]> {
  const rows = await query<RefundRow>(
    reader,
    `select ${REFUND} from refunds r where r.agency_id = :agencyId and r.order_id = :orderId order by r.id limit 1000`,
    { ...order },
  );
  return rows.map(refundOf);
}

/** The refund behind a reference that a gateway quotes, with the account whose word on it counts. */
export async function findRefundByReference(
  reader: Reader,
  reference: string,
): Promise<(RefundKey & { readonly gateway: string; readonly merchantAccount: string }) | null> {
  const [row] = await query<{
    agency_id: AgencyId;
    id: RefundId;
    gateway: string;
    merchant_account: string;
  }>(
    reader,
    `select r.agency_id, r.id, p.gateway, p.merchant_account
     from directory d
     join refunds r on r.agency_id = d.agency_id and r.id = d.subject_id
     join payments p on p.id = r.payment_id
     where d.reference = :reference and d.kind = 'refund'`,
    { reference },
  );
  if (!row) return null;
  return {
    agencyId: row.agency_id,
    refundId: row.id,
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
  };
}

/** Whether a surplus or suspense sum has a refund that is neither rejected nor failed. */
export async function hasLivingRefund(
  reader: Reader,
  sum: Pick<Refund, 'agencyId' | 'paymentId' | 'orderId' | 'source'>,
): Promise<boolean> {
  const rows = await query(
    reader,
    `select r.id from refunds r
     where r.agency_id = :agencyId and r.payment_id = :paymentId and r.source = :source
       and r.order_id is not distinct from :orderId::uuid and r.state not in ('rejected', 'failed')
     limit 1`,
    {
      agencyId: sum.agencyId,
      paymentId: sum.paymentId,
      orderId: sum.orderId,
      source: sum.source,
    },
  );
  return rows.length > 0;
}

/** Writes a new refund with its lines and makes its reference resolvable. */
export async function insertRefund(tx: Tx, refund: Refund, nextAttemptAt: Date | null): Promise<void> {
  const row = {
    ...refund,
    amount: refund.amount.amountMinor,
    currency: refund.amount.currency,
    nextAttemptAt,
  };
  await query(
    tx,
    `insert into refunds (agency_id, id, order_id, payment_id, source, amount, currency, state, reason, refund_reference,
       requested_by, decided_by, requested_at, decided_at, next_attempt_at)
     values (:agencyId, :id, :orderId, :paymentId, :source, :amount, :currency, :state, :reason, :refundReference,
       :requestedBy, :decidedBy, :requestedAt, :decidedAt, :nextAttemptAt)`,
    row,
  );
  await query(
    tx,
    `insert into directory (reference, kind, agency_id, subject_id) values (:refundReference, 'refund', :agencyId, :id)`,
    row,
  );
  if (refund.lines.length === 0) return;
  await query(
    tx,
    `insert into refund_lines (agency_id, refund_id, payment_id, order_id, line_no, amount)
     select :agencyId::integer, :id::uuid, :paymentId::uuid, :orderId::uuid, l.line_no, l.amount
     from unnest(:lineNos::integer[], :amounts::bigint[]) as l(line_no, amount)`,
    { ...row, ...lineColumns(refund) },
  );
}

/** Holds the refund's part of each frozen line; the line's own check refuses more than it has left. */
export async function holdLines(tx: Tx, refund: Refund): Promise<void> {
  await moveLines(tx, refund, 'refunded = f.refunded + l.amount');
}

/** Gives each frozen line back what the refund had held of it. */
export async function releaseLines(tx: Tx, refund: Refund): Promise<void> {
  await moveLines(tx, refund, 'refunded = f.refunded - l.amount');
}

async function moveLines(tx: Tx, refund: Refund, change: string): Promise<void> {
  if (refund.lines.length === 0) return;
  const moved = await query(
    tx,
    `update allocation_lines f set ${change}
     from unnest(:lineNos::integer[], :amounts::bigint[]) as l(line_no, amount)
     where f.agency_id = :agencyId and f.payment_id = :paymentId and f.order_id = :orderId and f.line_no = l.line_no
     returning f.line_no`,
    {
      agencyId: refund.agencyId,
      paymentId: refund.paymentId,
      orderId: refund.orderId,
      ...lineColumns(refund),
    },
  );
  if (moved.length !== refund.lines.length) {
    throw new Error(`a frozen line of refund ${refund.id} is missing`);
  }
}

function lineColumns({ lines }: Refund) {
  return {
    lineNos: lines.map(({ lineNo }) => lineNo),
    amounts: lines.map(({ amount }) => amount.amountMinor),
  };
}

/** What of a refund a decision or an outcome changes. */
export type RefundChange = Pick<
  Refund,
  'state' | 'decidedBy' | 'decisionNote' | 'decidedAt' | 'gatewayRefundId' | 'gatewayCode' | 'resolvedAt'
> & {
  /** When the gateway is spoken to next; null when never. */
  readonly nextAttemptAt: Date | null;
};

/** Writes a change of a locked refund and ends its lease. */
export async function updateRefund(tx: Tx, key: RefundKey, change: RefundChange): Promise<void> {
  await query(
    tx,
    `update refunds set version = version + 1, state = :state, decided_by = :decidedBy, decision_note = :decisionNote,
       decided_at = :decidedAt, gateway_refund_id = :gatewayRefundId, gateway_code = :gatewayCode,
       resolved_at = :resolvedAt, next_attempt_at = :nextAttemptAt, leased_until = null
     where agency_id = :agencyId and id = :refundId`,
    { ...key, ...change },
  );
}

/**
 * Takes refunds that are due, under a lease of a minute, as submitted: the intent is committed before the gateway
 * hears of it. `attempts` counts this one already.
 */
export async function claimDueRefunds(tx: Tx, now: Date, limit: number): Promise<Refund[]> {
  const rows = await query<RefundRow>(
    tx,
    `with due as materialized (
       select agency_id, id from refunds
       where state in ('approved', 'submitted') and next_attempt_at <= :now::timestamptz
         and (leased_until is null or leased_until < clock_timestamp())
       order by next_attempt_at limit :limit for no key update skip locked
     )
     update refunds r set version = r.version + 1, state = 'submitted', attempts = r.attempts + 1,
       submitted_at = coalesce(r.submitted_at, :now::timestamptz), leased_until = clock_timestamp() + interval '1 minute'
     from due where r.agency_id = due.agency_id and r.id = due.id
     returning ${REFUND}`,
    { now, limit },
  );
  return rows.map(refundOf);
}

/** Lets a refund rest until it is asked about again. Nothing when it was settled meanwhile. */
export async function postponeRefund(
  tx: Tx,
  key: RefundKey,
  again: { readonly at: Date; readonly gatewayCode: string | null },
): Promise<void> {
  await query(
    tx,
    `update refunds set leased_until = null, next_attempt_at = :at, gateway_code = coalesce(:gatewayCode::text, gateway_code)
     where agency_id = :agencyId and id = :refundId and state = 'submitted'`,
    { ...key, ...again },
  );
}

function refundOf(row: RefundRow): Refund {
  return {
    agencyId: row.agency_id,
    id: row.id,
    orderId: row.order_id,
    paymentId: row.payment_id,
    source: row.source,
    amount: money(row.amount, row.currency),
    state: row.state,
    reason: row.reason,
    refundReference: row.refund_reference,
    requestedBy: row.requested_by,
    decidedBy: row.decided_by,
    decisionNote: row.decision_note,
    gatewayRefundId: row.gateway_refund_id,
    gatewayCode: row.gateway_code,
    attempts: row.attempts,
    requestedAt: row.requested_at,
    decidedAt: row.decided_at,
    submittedAt: row.submitted_at,
    resolvedAt: row.resolved_at,
    lines: row.lines.map((line) => ({
      lineNo: line.line_no,
      amount: money(BigInt(line.amount), row.currency),
    })),
  };
}
