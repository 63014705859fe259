/** SQL of payment_orders and their lines. */
import type { AgencyId, OrderId, PaymentId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { OrderLine, PaymentOrder } from '../../domain/orders/payment-order.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import { query, type Database, type HotPool, type Reader, type Tx } from '../../platform/database.ts';

interface LineJson {
  line_no: number;
  obligation_type: string;
  fee_code: string | null;
  fee_version: number | null;
  description: string;
  quantity: number;
  unit_amount: number;
  amount: number;
  beneficiary_code: string;
  budget_chapter: string | null;
  budget_sub_item: string | null;
  receipt_form: string;
  decision_number: string | null;
  decision_issued_on: Day | null;
  decision_delivered_on: Day | null;
  pay_by: Day | null;
  late_rate_per_day_ppm: number | null;
  obligation_scope: string;
  obligation_key: string;
  stays_after_payment: boolean;
  attributes: Record<string, unknown>;
}

interface OrderRow {
  agency_id: AgencyId;
  id: OrderId;
  lookup_code: string;
  dossier_code: string | null;
  procedure_code: string | null;
  status: PaymentOrderStatus;
  version: number;
  event_sequence: number;
  currency: Currency;
  principal_amount: bigint;
  amount_paid: bigint;
  amount_refunded: bigint;
  payer_name: string | null;
  payer_identity_number: string | null;
  payer_email: string | null;
  payer_phone: string | null;
  return_url: string | null;
  metadata: Record<string, unknown>;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  paid_at: Date | null;
  closed_at: Date | null;
  acknowledged_at: Date | null;
  refundable: bigint | null;
  lines: LineJson[] | null;
}

const ORDER = `o.agency_id, o.id, o.lookup_code, o.dossier_code, o.procedure_code, o.status, o.version, o.event_sequence,
  o.currency, o.principal_amount, o.amount_paid, o.amount_refunded, o.payer_name, o.payer_identity_number, o.payer_email,
  o.payer_phone, o.return_url, o.metadata, o.created_by, o.created_at, o.expires_at, o.paid_at, o.closed_at,
  o.acknowledged_at, (
    select sum(f.amount - f.refunded)::bigint from order_claims c
    join allocations a on a.agency_id = c.agency_id and a.payment_id = c.payment_id and a.order_id = c.order_id
    join allocation_lines f on f.agency_id = a.agency_id and f.payment_id = a.payment_id and f.order_id = a.order_id
    where c.agency_id = o.agency_id and c.order_id = o.id and a.claim = 'applied'
  ) as refundable, (
    select json_agg(json_build_object('line_no', l.line_no, 'obligation_type', l.obligation_type, 'fee_code', l.fee_code,
      'fee_version', l.fee_version, 'description', l.description, 'quantity', l.quantity, 'unit_amount', l.unit_amount,
      'amount', l.amount, 'beneficiary_code', l.beneficiary_code, 'budget_chapter', l.budget_chapter,
      'budget_sub_item', l.budget_sub_item, 'receipt_form', l.receipt_form, 'decision_number', l.decision_number,
      'decision_issued_on', l.decision_issued_on, 'decision_delivered_on', l.decision_delivered_on, 'pay_by', l.pay_by,
      'late_rate_per_day_ppm', l.late_rate_per_day_ppm, 'obligation_scope', l.obligation_scope,
      'obligation_key', l.obligation_key, 'stays_after_payment', l.stays_after_payment, 'attributes', l.attributes)
      order by l.line_no)
    from order_lines l where l.agency_id = o.agency_id and l.order_id = o.id
  ) as lines`;

/** One order of an agency; another agency's order does not exist. */
export async function findOrder(
  reader: Reader,
  agencyId: AgencyId,
  id: OrderId,
): Promise<PaymentOrder | null> {
  const [row] = await query<OrderRow>(
    reader,
    `select ${ORDER} from payment_orders o where o.agency_id = :agencyId and o.id = :id`,
    { agencyId, id },
  );
  return row ? orderOf(row) : null;
}

export interface OrderKey {
  readonly agencyId: AgencyId;
  readonly id: OrderId;
}

/** Locks orders in the one order everybody locks in, and reads them. */
export async function lockOrders(tx: Tx, keys: readonly OrderKey[]): Promise<PaymentOrder[]> {
  const rows = await query<OrderRow>(
    tx,
    `select ${ORDER} from payment_orders o
     where (o.agency_id, o.id) in (select * from unnest(:agencies::integer[], :ids::uuid[]))
     order by o.agency_id, o.id for no key update of o`,
    { agencies: keys.map(({ agencyId }) => agencyId), ids: keys.map(({ id }) => id) },
  );
  return rows.map(orderOf);
}

export interface OrderFilter {
  readonly agencyId: AgencyId;
  readonly dossierCode?: string | undefined;
  readonly status?: PaymentOrderStatus | undefined;
  readonly obligationType?: string | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
  readonly after?: { readonly createdAt: Date; readonly id: OrderId } | undefined;
  readonly limit: number;
}

/** An agency's orders, newest first; a page stays the same while rows arrive. */
export async function listOrders(reader: Reader, filter: OrderFilter): Promise<PaymentOrder[]> {
  const rows = await query<OrderRow>(
    reader,
    `select ${ORDER} from payment_orders o
     where o.agency_id = :agencyId
       and (:dossierCode::text is null or o.dossier_code = :dossierCode::text)
       and (:status::text is null or o.status = :status::text)
       and (:createdFrom::timestamptz is null or o.created_at >= :createdFrom::timestamptz)
       and (:createdTo::timestamptz is null or o.created_at < :createdTo::timestamptz)
       and (:afterAt::timestamptz is null or (o.created_at, o.id) < (:afterAt::timestamptz, :afterId::uuid))
       and (:obligationType::text is null or exists (
         select 1 from order_lines l
         where l.agency_id = o.agency_id and l.order_id = o.id and l.obligation_type = :obligationType::text))
     order by o.created_at desc, o.id desc limit :limit`,
    {
      agencyId: filter.agencyId,
      dossierCode: filter.dossierCode ?? null,
      status: filter.status ?? null,
      obligationType: filter.obligationType ?? null,
      createdFrom: filter.createdFrom ?? null,
      createdTo: filter.createdTo ?? null,
      afterAt: filter.after?.createdAt ?? null,
      afterId: filter.after?.id ?? null,
      limit: filter.limit,
    },
  );
  return rows.map(orderOf);
}

/** Every order of a dossier, oldest first; a dossier has a handful. */
export async function findOrdersOfDossier(
  reader: Reader,
  agencyId: AgencyId,
  dossierCode: string,
): Promise<PaymentOrder[]> {
  const rows = await query<OrderRow>(
    reader,
    `select ${ORDER} from payment_orders o where o.agency_id = :agencyId and o.dossier_code = :dossierCode
     order by o.created_at, o.id limit 1000`,
    { agencyId, dossierCode },
  );
  return rows.map(orderOf);
}

/** The order that a payment code stands for. */
export async function findOrderByLookupCode(reader: Reader, lookupCode: string): Promise<OrderKey | null> {
  const [row] = await query<{ agency_id: AgencyId; subject_id: OrderId }>(
    reader,
    `select agency_id, subject_id from directory where reference = :lookupCode and kind = 'payment_order'`,
    { lookupCode },
  );
  return row ? { agencyId: row.agency_id, id: row.subject_id } : null;
}

/** Open orders that a citizen means by a dossier code or a decision number: newest first, at most 20. */
export async function findOrdersByPaper(
  reader: Reader,
  text: string,
): Promise<(OrderKey & { status: PaymentOrderStatus })[]> {
  const rows = await query<{ agency_id: AgencyId; id: OrderId; status: PaymentOrderStatus }>(
    reader,
    `select o.agency_id, o.id, o.status from agencies a join payment_orders o on o.agency_id = a.id and o.dossier_code = :text
     union
     select o.agency_id, o.id, o.status from agencies a
       join order_lines l on l.agency_id = a.id and l.decision_number = :text
       join payment_orders o on o.agency_id = l.agency_id and o.id = l.order_id
     order by 2 desc limit 20`,
    { text },
  );
  return rows.map((row) => ({ agencyId: row.agency_id, id: row.id, status: row.status }));
}

/** Which payment holds an order's claim, and in what state that payment is. */
export async function findClaim(
  reader: Reader,
  key: OrderKey,
): Promise<{ paymentId: PaymentId; state: string; claim: string } | null> {
  const [row] = await query<{ payment_id: PaymentId; state: string; claim: string }>(
    reader,
    `select c.payment_id, p.state, a.claim from order_claims c
     join payments p on p.id = c.payment_id
     join allocations a on a.agency_id = c.agency_id and a.payment_id = c.payment_id and a.order_id = c.order_id
     where c.agency_id = :agencyId and c.order_id = :id`,
    { ...key },
  );
  return row ? { paymentId: row.payment_id, state: row.state, claim: row.claim } : null;
}

/** Closes a locked order without money: withdrawn or past its date. Its obligations are free again. */
export async function closeOrder(
  tx: Tx,
  order: PaymentOrder,
  to: { readonly status: 'cancelled' | 'expired'; readonly at: Date; readonly eventSequence: number },
): Promise<void> {
  const key = { agencyId: order.agencyId, id: order.id };
  await query(
    tx,
    `update payment_orders set status = :status, closed_at = :at, version = version + 1, event_sequence = :eventSequence
     where agency_id = :agencyId and id = :id`,
    { ...key, ...to },
  );
  await query(tx, 'delete from order_expiries where agency_id = :agencyId and order_id = :id', key);
  await query(tx, 'delete from open_obligations where agency_id = :agencyId and order_id = :id', key);
}

/** Takes up to `limit` orders past their date for one minute, so that two workers never take the same. */
export async function claimExpiredOrders(db: Database, now: Date, limit: number): Promise<OrderKey[]> {
  const rows = await query<{ agency_id: AgencyId; order_id: OrderId }>(
    db,
    `update order_expiries set leased_until = clock_timestamp() + interval '1 minute'
     where (agency_id, order_id) in (
       select agency_id, order_id from order_expiries
       where expires_at <= :now and (leased_until is null or leased_until < clock_timestamp())
       order by expires_at limit :limit for update skip locked)
     returning agency_id, order_id`,
    { now, limit },
  );
  return rows.map((row) => ({ agencyId: row.agency_id, id: row.order_id }));
}

/** Notes that the agency has acted on the order. @returns false when there is no such order */
export async function markAcknowledged(tx: Tx, key: OrderKey, at: Date): Promise<boolean> {
  const rows = await query(
    tx,
    `update payment_orders set acknowledged_at = coalesce(acknowledged_at, :at)
     where agency_id = :agencyId and id = :id returning id`,
    { ...key, at },
  );
  return rows.length === 1;
}

const OPEN_ORDERS = {
  name: 'open-orders',
  text: 'select item, result, other_order_id from open_orders($1::jsonb)',
};

export interface OpenedRow {
  readonly item: number;
  readonly result: 'opened' | 'key_taken' | 'obligation_taken';
  readonly other_order_id: OrderId | null;
}

/** Writes a batch of priced orders in one statement; see `open_orders` in the money path's migration. */
export async function openOrders(hot: HotPool, batchJson: string): Promise<OpenedRow[]> {
  return hot.run<OpenedRow>(OPEN_ORDERS, [batchJson]);
}

function orderOf(row: OrderRow): PaymentOrder {
  const { currency } = row;
  return {
    agencyId: row.agency_id,
    id: row.id,
    lookupCode: row.lookup_code,
    dossierCode: row.dossier_code,
    procedureCode: row.procedure_code,
    status: row.status,
    version: row.version,
    eventSequence: row.event_sequence,
    currency,
    principal: money(row.principal_amount, currency),
    amountPaid: money(row.amount_paid, currency),
    amountRefunded: money(row.amount_refunded, currency),
    payer: {
      name: row.payer_name,
      identityNumber: row.payer_identity_number,
      email: row.payer_email,
      phone: row.payer_phone,
    },
    returnUrl: row.return_url,
    metadata: row.metadata,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    paidAt: row.paid_at,
    closedAt: row.closed_at,
    acknowledgedAt: row.acknowledged_at,
    amountRefundable: money(row.refundable ?? 0n, currency),
    lines: (row.lines ?? []).map((line) => lineOf(line, currency)),
  };
}

function lineOf(line: LineJson, currency: Currency): OrderLine {
  return {
    lineNo: line.line_no,
    obligationType: line.obligation_type,
    feeCode: line.fee_code,
    feeVersion: line.fee_version,
    description: line.description,
    quantity: line.quantity,
    unitAmount: money(BigInt(line.unit_amount), currency),
    amount: money(BigInt(line.amount), currency),
    beneficiaryCode: line.beneficiary_code,
    budgetChapter: line.budget_chapter,
    budgetSubItem: line.budget_sub_item,
    receiptForm: line.receipt_form,
    decision:
      line.decision_number === null
        ? null
        : {
            number: line.decision_number,
            issuedOn: line.decision_issued_on,
            deliveredOn: line.decision_delivered_on,
          },
    payBy: line.pay_by,
    lateRatePerDayPpm: line.late_rate_per_day_ppm,
    obligationScope: line.obligation_scope,
    obligationKey: line.obligation_key,
    staysAfterPayment: line.stays_after_payment,
    attributes: line.attributes,
  };
}
