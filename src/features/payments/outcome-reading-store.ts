/** The unlocked reading that an outcome is decided on: payments by reference, with all their orders need. */
import type { AgencyId, LedgerAccountId, OrderId, PaymentId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import { day } from '../../domain/kernel/time.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import type { PaymentState } from '../../domain/payments/payment-lifecycle.ts';
import type { AllocationLine, ClaimState, LineCalculation, Payment } from '../../domain/payments/payment.ts';
import type { HotPool } from '../../platform/database.ts';
import type { PaymentFigure } from '../orders/order-snapshot.ts';

/** An order as its events and receipts show it. */
export interface OrderReading {
  readonly agencyId: AgencyId;
  readonly id: OrderId;
  readonly status: PaymentOrderStatus;
  readonly version: number;
  readonly eventSequence: number;
  readonly lookupCode: string;
  readonly dossierCode: string | null;
  readonly procedureCode: string | null;
  readonly payerName: string | null;
  readonly payerIdentityNumber: string | null;
  readonly metadata: unknown;
  readonly amountPaid: number;
  readonly amountRefunded: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly paidAt: Date | null;
  readonly closedAt: Date | null;
  readonly issuer: { readonly code: string; readonly name_vi: string; readonly name_en: string };
  /** Other attempts at this order. */
  readonly siblings: readonly PaymentFigure[];
}

export interface PaymentReading {
  readonly payment: Payment;
  readonly orders: ReadonlyMap<OrderId, OrderReading>;
}

export interface PaymentReference {
  readonly gateway: string;
  readonly merchantReference: string;
}

const READ_PAYMENTS = {
  name: 'read-payments-for-outcome',
  // One column of JSON: to describe and read forty columns costs the driver more than the row itself.
  text: `
select row_to_json(reading) as reading from (
select k.place, p.id, p.number, p.gateway, p.merchant_account, p.merchant_reference, p.amount, p.currency, p.state, p.version,
  p.gateway_transaction_id, p.started_at, p.handed_off_at, p.lifetime_ends_at, p.paid_at,
  case when p.state not in ('created', 'handed_off', 'unknown') then known_transactions(p.id) end as known_transactions,
  a.agency_id, a.order_id, a.amount as allocated, a.claim, a.clearing_account_id,
  (
    select json_agg(json_build_array(l.line_no, l.order_line_no, l.kind, l.description, l.beneficiary_code, b.name, l.budget_chapter,
      l.budget_sub_item, l.receipt_form, l.payable_account_id, l.amount, l.refunded, l.calculation) order by l.line_no)
    from allocation_lines l join beneficiaries b on b.agency_id = l.agency_id and b.code = l.beneficiary_code
    where l.agency_id = a.agency_id and l.payment_id = a.payment_id and l.order_id = a.order_id
  ) as lines,
  o.status as order_status, o.version as order_version, o.event_sequence, o.lookup_code, o.dossier_code, o.procedure_code, o.payer_name,
  o.payer_identity_number, o.metadata, o.amount_paid, o.amount_refunded, o.created_at, o.expires_at, o.paid_at as order_paid_at, o.closed_at,
  g.code as issuer_code, g.name_vi as issuer_name_vi, g.name_en as issuer_name_en,
  c.payment_id as holder_id, coalesce(h.claim, a.claim) as holder_claim,
  case when o.status = 'expired' then obligation_taken(o.agency_id, o.id) else false end as taken,
  (
    select json_agg(json_build_object('id', y.id, 'gateway', y.gateway, 'state', y.state, 'claim', w.claim, 'amount', w.amount,
      'gatewayTransactionId', y.gateway_transaction_id, 'paidAt', y.paid_at) order by y.number)
    from allocations w join payments y on y.id = w.payment_id
    where w.agency_id = a.agency_id and w.order_id = a.order_id and w.payment_id <> a.payment_id
  ) as siblings
from unnest($1::text[], $2::text[]) with ordinality as k(gateway, merchant_reference, place)
join payments p on p.gateway = k.gateway and p.merchant_reference = k.merchant_reference
left join allocations a on a.payment_id = p.id
left join payment_orders o on o.agency_id = a.agency_id and o.id = a.order_id
left join agencies g on g.id = a.agency_id
left join order_claims c on c.agency_id = a.agency_id and c.order_id = a.order_id
left join allocations h on h.agency_id = c.agency_id and h.payment_id = c.payment_id and h.order_id = c.order_id
  and c.payment_id <> a.payment_id
) reading`,
};

/** Amounts never exceed 9e15, so that JSON's numbers hold them exactly. */
interface PaymentRow {
  place: number;
  id: PaymentId;
  number: number;
  gateway: string;
  merchant_account: string;
  merchant_reference: string;
  amount: number;
  currency: Currency;
  state: PaymentState;
  version: number;
  gateway_transaction_id: string | null;
  started_at: string;
  handed_off_at: string | null;
  lifetime_ends_at: string;
  paid_at: string | null;
  known_transactions: string[] | null;
}

/** One allocation of the payment, with its order; all null for a payment without allocations. */
interface AllocationRow extends PaymentRow {
  agency_id: AgencyId;
  order_id: OrderId;
  allocated: number;
  claim: ClaimState;
  clearing_account_id: LedgerAccountId;
  lines: LineCells[] | null;
  order_status: PaymentOrderStatus;
  order_version: number;
  event_sequence: number;
  lookup_code: string;
  dossier_code: string | null;
  procedure_code: string | null;
  payer_name: string | null;
  payer_identity_number: string | null;
  metadata: unknown;
  amount_paid: number;
  amount_refunded: number;
  created_at: string;
  expires_at: string;
  order_paid_at: string | null;
  closed_at: string | null;
  issuer_code: string;
  issuer_name_vi: string;
  issuer_name_en: string;
  holder_id: PaymentId | null;
  holder_claim: ClaimState;
  taken: boolean;
  siblings: PaymentFigure[] | null;
}

/** A line without the names of its columns, which would be most of the answer. */
type LineCells = readonly [
  lineNo: number,
  orderLineNo: number,
  kind: string,
  description: string,
  beneficiaryCode: string,
  beneficiaryName: string,
  budgetChapter: string | null,
  budgetSubItem: string | null,
  receiptForm: string,
  payableAccountId: LedgerAccountId,
  amount: number,
  refunded: number,
  calculation: CalculationJson | null,
];

export interface LineJson {
  line_no: number;
  order_line_no: number;
  kind: string;
  description: string;
  beneficiary_code: string;
  beneficiary_name: string;
  budget_chapter: string | null;
  budget_sub_item: string | null;
  receipt_form: string;
  payable_account_id: LedgerAccountId;
  amount: number;
  refunded: number;
  calculation: CalculationJson | null;
}

/** How a line was computed, as it is kept beside the frozen sum. */
export type CalculationJson =
  | { kind: 'terms'; pay_by: string; rate_per_day_ppm: number }
  | { kind: 'interest'; base: number; rate_per_day_ppm: number; days: number };

/**
 * The payments of these references, one place for each; null where there is none.
 *
 * Reads without locks: whoever acts on it must check the versions it carries.
 */
export async function readPaymentsForOutcome(
  hot: HotPool,
  references: readonly PaymentReference[],
): Promise<(PaymentReading | null)[]> {
  const rows = await hot.run<{ reading: AllocationRow }>(READ_PAYMENTS, [
    references.map(({ gateway }) => gateway),
    references.map(({ merchantReference }) => merchantReference),
  ]);
  const rowsByPlace: (AllocationRow[] | undefined)[] = references.map(() => undefined);
  for (const { reading } of rows) {
    const place = reading.place - 1;
    const same = rowsByPlace[place];
    if (same) same.push(reading);
    else rowsByPlace[place] = [reading];
  }
  return rowsByPlace.map((same) => (same === undefined ? null : readingOf(same)));
}

function readingOf(rows: readonly AllocationRow[]): PaymentReading | null {
  const [row] = rows;
  if (!row) return null;
  const { currency } = row;
  const allocations = rows.filter(hasAllocation).sort(byOrder);
  const payment: Payment = {
    id: row.id,
    number: BigInt(row.number),
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
    merchantReference: row.merchant_reference,
    amount: money(BigInt(row.amount), currency),
    state: row.state,
    version: row.version,
    gatewayTransactionId: row.gateway_transaction_id,
    knownTransactions: row.known_transactions ?? [],
    startedAt: new Date(row.started_at),
    handedOffAt: instantOf(row.handed_off_at),
    lifetimeEndsAt: new Date(row.lifetime_ends_at),
    paidAt: instantOf(row.paid_at),
    allocations: allocations.map((allocation) => ({
      agencyId: allocation.agency_id,
      orderId: allocation.order_id,
      amount: money(BigInt(allocation.allocated), currency),
      claim: allocation.claim,
      clearingAccountId: allocation.clearing_account_id,
      lines: (allocation.lines ?? []).map((cells) => lineOfCells(cells, currency)),
      order: {
        status: allocation.order_status,
        version: allocation.order_version,
        obligationTakenByAnother: allocation.taken,
      },
      holder:
        allocation.holder_id === null
          ? null
          : { paymentId: allocation.holder_id, claim: allocation.holder_claim },
    })),
  };
  const orders = new Map(
    allocations.map((allocation): [OrderId, OrderReading] => [allocation.order_id, orderOf(allocation)]),
  );
  return { payment, orders };
}

function hasAllocation(row: { readonly order_id: OrderId | null }): boolean {
  return row.order_id !== null;
}

function byOrder(left: AllocationRow, right: AllocationRow): number {
  return left.agency_id - right.agency_id || (left.order_id < right.order_id ? -1 : 1);
}

function orderOf(row: AllocationRow): OrderReading {
  return {
    agencyId: row.agency_id,
    id: row.order_id,
    status: row.order_status,
    version: row.order_version,
    eventSequence: row.event_sequence,
    lookupCode: row.lookup_code,
    dossierCode: row.dossier_code,
    procedureCode: row.procedure_code,
    payerName: row.payer_name,
    payerIdentityNumber: row.payer_identity_number,
    metadata: row.metadata,
    amountPaid: row.amount_paid,
    amountRefunded: row.amount_refunded,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    paidAt: instantOf(row.order_paid_at),
    closedAt: instantOf(row.closed_at),
    issuer: { code: row.issuer_code, name_vi: row.issuer_name_vi, name_en: row.issuer_name_en },
    siblings: row.siblings ?? [],
  };
}

function instantOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

function lineOfCells(cells: LineCells, currency: Currency): AllocationLine {
  const [lineNo, orderLineNo, kind, description, beneficiaryCode, beneficiaryName, ...rest] = cells;
  const [budgetChapter, budgetSubItem, receiptForm, payableAccountId, amount, refunded, calculation] = rest;
  return {
    lineNo,
    orderLineNo,
    kind,
    description,
    beneficiaryCode,
    beneficiaryName,
    budgetChapter,
    budgetSubItem,
    receiptForm,
    payableAccountId,
    amount: money(BigInt(amount), currency),
    refunded: money(BigInt(refunded), currency),
    calculation: calculationOf(calculation, currency),
  };
}

/** A frozen line as the database's JSON shows it. */
export function allocationLineOf(line: LineJson, currency: Currency): AllocationLine {
  return {
    lineNo: line.line_no,
    orderLineNo: line.order_line_no,
    kind: line.kind,
    description: line.description,
    beneficiaryCode: line.beneficiary_code,
    beneficiaryName: line.beneficiary_name,
    budgetChapter: line.budget_chapter,
    budgetSubItem: line.budget_sub_item,
    receiptForm: line.receipt_form,
    payableAccountId: line.payable_account_id,
    amount: money(BigInt(line.amount), currency),
    refunded: money(BigInt(line.refunded), currency),
    calculation: calculationOf(line.calculation, currency),
  };
}

function calculationOf(json: CalculationJson | null, currency: Currency): LineCalculation | null {
  if (json === null) return null;
  if (json.kind === 'terms') {
    return { kind: 'terms', terms: { payBy: day(json.pay_by), ratePerDayPpm: json.rate_per_day_ppm } };
  }
  const { base, rate_per_day_ppm: ratePerDayPpm, days } = json;
  return { kind: 'interest', base: money(BigInt(base), currency), ratePerDayPpm, days };
}
