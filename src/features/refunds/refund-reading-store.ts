/** SQL of what a refund rests on: its orders, locked, with what their events show; its payment; its frozen lines. */
import type {
  AgencyId,
  LedgerAccountId,
  LedgerTransactionId,
  OrderId,
  PaymentId,
  RefundId,
} from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import type { PaymentState } from '../../domain/payments/payment-lifecycle.ts';
import type { AllocationLine, ClaimState } from '../../domain/payments/payment.ts';
import type { ReceiptContent } from '../../domain/receipts/receipt.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { LineFigure, OrderFigure, PaymentFigure, ReceiptFigure } from '../orders/order-snapshot.ts';
import { allocationLineOf, type LineJson } from '../payments/outcome-reading-store.ts';

export interface OrderKey {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
}

/** An order as its events show it, with what a refund may change. */
export interface RefundedOrder {
  readonly agencyId: AgencyId;
  readonly id: OrderId;
  readonly status: PaymentOrderStatus;
  readonly eventSequence: number;
  readonly figure: OrderFigure;
  readonly payments: readonly PaymentFigure[];
  readonly receipts: readonly IssuedReceipt[];
}

export interface IssuedReceipt extends ReceiptFigure {
  readonly content: ReceiptContent;
}

export interface RefundedAllocation {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
  readonly claim: ClaimState;
  readonly amount: Money;
  readonly clearingAccountId: LedgerAccountId;
}

export interface RefundedPayment {
  readonly id: PaymentId;
  readonly state: PaymentState;
  readonly gateway: string;
  readonly merchantAccount: string;
  /** What the gateway knows it by: a second charge goes by the first one's reference. */
  readonly merchantReference: string;
  readonly gatewayTransactionId: string | null;
  readonly amountReceived: Money;
  /** When the attempt was opened whose reference the gateway knows, and the gateway's own payment time. */
  readonly startedAt: Date;
  readonly paidAt: Date | null;
  readonly allocations: readonly RefundedAllocation[];
  /** Its suspense money came back after a refund that the gateway had confirmed. */
  readonly cameBack: boolean;
}

/** The payment whose money was applied to an order, or null. */
export async function findAppliedPayment(reader: Reader, order: OrderKey): Promise<PaymentId | null> {
  const [row] = await query<{ payment_id: PaymentId }>(
    reader,
    `select payment_id from allocations where agency_id = :agencyId and order_id = :orderId and claim = 'applied'`,
    { ...order },
  );
  return row?.payment_id ?? null;
}

/** Locks orders in the one order of locks, and reads them anew. Missing ones are left out. */
export async function lockOrders(tx: Tx, orders: readonly OrderKey[]): Promise<RefundedOrder[]> {
  const keys = {
    agencies: orders.map(({ agencyId }) => agencyId),
    orders: orders.map(({ orderId }) => orderId),
  };
  await query(
    tx,
    `select o.id from payment_orders o
     where (o.agency_id, o.id) in (select * from unnest(:agencies::integer[], :orders::uuid[]))
     order by o.agency_id, o.id for no key update`,
    keys,
  );
  // A statement of its own: what the locking one read beside the rows may be older than the locks.
  const rows = await query<OrderRow>(tx, READ_ORDERS, keys);
  return rows.map(orderOf);
}

/** Locks a payment, whose orders must be locked before. */
export async function lockPayment(tx: Tx, paymentId: PaymentId): Promise<void> {
  await query(tx, 'select id from payments where id = :paymentId for no key update', { paymentId });
}

export async function findRefundedPayment(
  reader: Reader,
  paymentId: PaymentId,
): Promise<RefundedPayment | null> {
  const [row] = await query<PaymentRow>(reader, READ_PAYMENT, { paymentId });
  if (!row) return null;
  const { currency } = row;
  return {
    id: row.id,
    state: row.state,
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
    merchantReference: row.merchant_reference,
    gatewayTransactionId: row.gateway_transaction_id,
    amountReceived: money(row.amount_received ?? 0n, row.currency_received ?? currency),
    startedAt: row.started_at,
    paidAt: row.paid_at,
    allocations: (row.allocations ?? []).map((allocation) => ({
      agencyId: allocation.agency_id,
      orderId: allocation.order_id,
      claim: allocation.claim,
      amount: money(BigInt(allocation.amount), currency),
      clearingAccountId: allocation.clearing_account_id,
    })),
    cameBack: row.came_back,
  };
}

/** The frozen lines of an allocation, in their order. Their order row must be locked by whoever acts on them. */
export async function readFrozenLines(
  reader: Reader,
  order: OrderKey,
  paymentId: PaymentId,
): Promise<AllocationLine[]> {
  const rows = await query<Omit<LineJson, 'amount' | 'refunded'> & FrozenSums>(
    reader,
    `select l.line_no, l.order_line_no, l.kind, l.description, l.beneficiary_code, b.name as beneficiary_name,
       l.budget_chapter, l.budget_sub_item, l.receipt_form, l.payable_account_id, l.amount, l.refunded, l.calculation,
       p.currency
     from allocation_lines l
     join beneficiaries b on b.agency_id = l.agency_id and b.code = l.beneficiary_code
     join payments p on p.id = l.payment_id
     where l.agency_id = :agencyId and l.payment_id = :paymentId and l.order_id = :orderId
     order by l.line_no`,
    { ...order, paymentId },
  );
  return rows.map((row) =>
    allocationLineOf({ ...row, amount: Number(row.amount), refunded: Number(row.refunded) }, row.currency),
  );
}

/** What has gone back for good of each line: refunds under way are not in it. */
export async function readRefundedForGood(
  reader: Reader,
  order: OrderKey,
  paymentId: PaymentId,
): Promise<ReadonlyMap<number, bigint>> {
  const rows = await query<{ line_no: number; amount: string }>(
    reader,
    `select l.line_no, sum(l.amount)::text as amount
     from refunds r join refund_lines l on l.agency_id = r.agency_id and l.refund_id = r.id
     where r.agency_id = :agencyId and r.order_id = :orderId and r.payment_id = :paymentId and r.state = 'succeeded'
     group by l.line_no`,
    { ...order, paymentId },
  );
  return new Map(rows.map((row) => [row.line_no, BigInt(row.amount)]));
}

/** The id of the transaction that posted an event of a refund. */
export async function findPosting(
  reader: Reader,
  key: { readonly agencyId: AgencyId; readonly eventKind: string; readonly refundId: RefundId },
): Promise<LedgerTransactionId | null> {
  const [row] = await query<{ id: LedgerTransactionId }>(
    reader,
    `select id from ledger_transactions
     where agency_id = :agencyId and event_kind = :eventKind and event_ref = :refundId::text`,
    { ...key },
  );
  return row?.id ?? null;
}

interface FrozenSums {
  amount: bigint;
  refunded: bigint;
  currency: Currency;
}

interface PaymentRow {
  id: PaymentId;
  state: PaymentState;
  gateway: string;
  merchant_account: string;
  merchant_reference: string;
  gateway_transaction_id: string | null;
  currency: Currency;
  amount_received: bigint | null;
  currency_received: Currency | null;
  allocations:
    | {
        agency_id: AgencyId;
        order_id: OrderId;
        claim: ClaimState;
        amount: number;
        clearing_account_id: LedgerAccountId;
      }[]
    | null;
  came_back: boolean;
  started_at: Date;
  paid_at: Date | null;
}

const READ_PAYMENT = `
select p.id, p.state, p.gateway, p.merchant_account, coalesce(b.merchant_reference, p.merchant_reference) as merchant_reference,
  p.gateway_transaction_id, p.currency, p.amount_received, p.currency_received,
  coalesce(b.started_at, p.started_at) as started_at, p.paid_at,
  (select json_agg(json_build_object('agency_id', a.agency_id, 'order_id', a.order_id, 'claim', a.claim, 'amount', a.amount,
     'clearing_account_id', a.clearing_account_id) order by a.agency_id, a.order_id)
   from allocations a where a.payment_id = p.id) as allocations,
  p.state = 'resolved' and exists (
    select 1 from allocations a
    join refunds r on r.agency_id in (a.agency_id, 0) and r.payment_id = p.id and r.source = 'suspense'
    where a.payment_id = p.id and r.state = 'failed' and r.gateway_refund_id is not null) as came_back
from payments p left join payments b on b.id = p.duplicate_of
where p.id = :paymentId`;

interface OrderRow {
  agency_id: AgencyId;
  id: OrderId;
  status: PaymentOrderStatus;
  event_sequence: number;
  lookup_code: string;
  dossier_code: string | null;
  procedure_code: string | null;
  currency: string;
  amount: bigint;
  amount_paid: bigint;
  amount_refunded: bigint;
  payer_name: string | null;
  payer_identity_number: string | null;
  metadata: unknown;
  created_at: Date;
  expires_at: Date;
  paid_at: Date | null;
  lines: LineFigure[] | null;
  payments: PaymentFigure[] | null;
  receipts: IssuedReceipt[] | null;
}

const READ_ORDERS = `
select o.agency_id, o.id, o.status, o.event_sequence, o.lookup_code, o.dossier_code, o.procedure_code, o.currency,
  coalesce(paid.amount, o.principal_amount) as amount, o.amount_paid, o.amount_refunded, o.payer_name,
  o.payer_identity_number, o.metadata, o.created_at, o.expires_at, o.paid_at,
  case when paid.payment_id is null then (
    select json_agg(json_build_object('kind', l.obligation_type, 'description', l.description, 'amount', l.amount) order by l.line_no)
    from order_lines l where l.agency_id = o.agency_id and l.order_id = o.id
  ) else (
    select json_agg(json_build_object('kind', l.kind, 'description', l.description, 'amount', l.amount) order by l.line_no)
    from allocation_lines l
    where l.agency_id = o.agency_id and l.payment_id = paid.payment_id and l.order_id = o.id
  ) end as lines,
  (select json_agg(json_build_object('id', p.id, 'gateway', p.gateway, 'state', p.state, 'claim', a.claim, 'amount', a.amount,
     'gatewayTransactionId', p.gateway_transaction_id, 'paidAt', p.paid_at) order by p.number)
   from allocations a join payments p on p.id = a.payment_id
   where a.agency_id = o.agency_id and a.order_id = o.id) as payments,
  (select json_agg(json_build_object('id', r.id, 'form', r.form, 'symbol', r.symbol, 'number', lpad(r.number::text, 7, '0'),
     'verificationCode', r.verification_code, 'amount', r.amount, 'content', r.content,
     'state', case when v.receipt_id is null then 'issued' else 'voided' end) order by r.id)
   from receipts r left join receipt_voidings v on v.agency_id = r.agency_id and v.receipt_id = r.id
   where r.agency_id = o.agency_id and r.order_id = o.id) as receipts
from payment_orders o
left join allocations paid on paid.agency_id = o.agency_id and paid.order_id = o.id and paid.claim = 'applied'
where (o.agency_id, o.id) in (select * from unnest(:agencies::integer[], :orders::uuid[]))
order by o.agency_id, o.id`;

function orderOf(row: OrderRow): RefundedOrder {
  return {
    agencyId: row.agency_id,
    id: row.id,
    status: row.status,
    eventSequence: row.event_sequence,
    figure: {
      id: row.id,
      status: row.status,
      dossierCode: row.dossier_code,
      procedureCode: row.procedure_code,
      lookupCode: row.lookup_code,
      currency: row.currency,
      amount: Number(row.amount),
      amountPaid: Number(row.amount_paid),
      amountRefunded: Number(row.amount_refunded),
      payerName: row.payer_name,
      payerIdentityNumber: row.payer_identity_number,
      metadata: row.metadata,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      paidAt: row.paid_at,
      lines: row.lines ?? [],
    },
    payments: row.payments ?? [],
    receipts: row.receipts ?? [],
  };
}
