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
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly paidAt: string | null;
  readonly closedAt: string | null;
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
  text: `
select k.place, p.id, p.number, p.gateway, p.merchant_account, p.merchant_reference, p.amount, p.currency, p.state, p.version,
  p.gateway_transaction_id, p.started_at, p.handed_off_at, p.lifetime_ends_at, p.paid_at,
  case when p.state in ('created', 'handed_off', 'unknown') then '[]'::json else (
    select coalesce(json_agg(t.gateway_transaction_id), '[]')
    from payments d join gateway_transactions t on t.payment_id = d.id and t.gateway = d.gateway and t.merchant_account = d.merchant_account
      and t.gateway_transaction_id = d.gateway_transaction_id
    where d.id = p.id or d.duplicate_of = p.id
  ) end as known_transactions,
  (select json_agg(json_build_object(
    'agency_id', a.agency_id, 'order_id', a.order_id, 'amount', a.amount, 'claim', a.claim, 'clearing_account_id', a.clearing_account_id,
    'lines', (
      select json_agg(json_build_object('line_no', l.line_no, 'order_line_no', l.order_line_no, 'kind', l.kind, 'description', l.description,
        'beneficiary_code', l.beneficiary_code, 'beneficiary_name', b.name, 'budget_chapter', l.budget_chapter, 'budget_sub_item', l.budget_sub_item,
        'receipt_form', l.receipt_form, 'payable_account_id', l.payable_account_id, 'amount', l.amount, 'refunded', l.refunded,
        'calculation', l.calculation) order by l.line_no)
      from allocation_lines l join beneficiaries b on b.agency_id = l.agency_id and b.code = l.beneficiary_code
      where l.agency_id = a.agency_id and l.payment_id = a.payment_id and l.order_id = a.order_id),
    'order', json_build_object('status', o.status, 'version', o.version, 'event_sequence', o.event_sequence, 'lookup_code', o.lookup_code,
      'dossier_code', o.dossier_code, 'procedure_code', o.procedure_code, 'payer_name', o.payer_name, 'payer_identity_number', o.payer_identity_number,
      'metadata', o.metadata, 'amount_paid', o.amount_paid, 'amount_refunded', o.amount_refunded, 'created_at', o.created_at,
      'expires_at', o.expires_at, 'paid_at', o.paid_at, 'closed_at', o.closed_at),
    'issuer', json_build_object('code', g.code, 'name_vi', g.name_vi, 'name_en', g.name_en),
    'holder', (
      select json_build_object('payment_id', c.payment_id, 'claim', h.claim)
      from order_claims c join allocations h on h.agency_id = c.agency_id and h.payment_id = c.payment_id and h.order_id = c.order_id
      where c.agency_id = a.agency_id and c.order_id = a.order_id),
    'taken', case when o.status = 'expired' then exists (
      select 1 from order_lines s
      where s.agency_id = o.agency_id and s.order_id = o.id and (
        exists (select 1 from open_obligations x where x.agency_id = s.agency_id and x.obligation_scope = s.obligation_scope
          and x.obligation_key = s.obligation_key and x.order_id <> o.id)
        or exists (select 1 from payment_orders q join order_lines r on r.agency_id = q.agency_id and r.order_id = q.id
          where q.agency_id = o.agency_id and q.dossier_code = o.dossier_code and q.id <> o.id and q.status in ('paid', 'partly_refunded')
            and r.obligation_scope = s.obligation_scope and r.obligation_key = s.obligation_key)
        or exists (select 1 from order_lines r join payment_orders q on q.agency_id = r.agency_id and q.id = r.order_id
          where r.agency_id = s.agency_id and r.decision_number = s.decision_number and q.id <> o.id and q.status in ('paid', 'partly_refunded')
            and r.obligation_scope = s.obligation_scope and r.obligation_key = s.obligation_key))
    ) else false end,
    'siblings', (
      select json_agg(json_build_object('id', y.id, 'gateway', y.gateway, 'state', y.state, 'claim', w.claim, 'amount', w.amount,
        'gatewayTransactionId', y.gateway_transaction_id, 'paidAt', y.paid_at) order by y.number)
      from allocations w join payments y on y.id = w.payment_id
      where w.agency_id = a.agency_id and w.order_id = a.order_id and w.payment_id <> a.payment_id)
  ) order by a.agency_id, a.order_id)
  from allocations a
  join payment_orders o on o.agency_id = a.agency_id and o.id = a.order_id
  join agencies g on g.id = a.agency_id
  where a.payment_id = p.id) as allocations
from unnest($1::text[], $2::text[]) with ordinality as k(gateway, merchant_reference, place)
join payments p on p.gateway = k.gateway and p.merchant_reference = k.merchant_reference`,
};

interface PaymentRow {
  place: bigint;
  id: PaymentId;
  number: bigint;
  gateway: string;
  merchant_account: string;
  merchant_reference: string;
  amount: bigint;
  currency: Currency;
  state: PaymentState;
  version: number;
  gateway_transaction_id: string | null;
  started_at: Date;
  handed_off_at: Date | null;
  lifetime_ends_at: Date;
  paid_at: Date | null;
  known_transactions: string[];
  allocations: AllocationJson[] | null;
}

interface AllocationJson {
  agency_id: AgencyId;
  order_id: OrderId;
  amount: number;
  claim: ClaimState;
  clearing_account_id: LedgerAccountId;
  lines: LineJson[] | null;
  order: {
    status: PaymentOrderStatus;
    version: number;
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
    paid_at: string | null;
    closed_at: string | null;
  };
  issuer: OrderReading['issuer'];
  holder: { payment_id: PaymentId; claim: ClaimState } | null;
  taken: boolean;
  siblings: PaymentFigure[] | null;
}

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
  const rows = await hot.run<PaymentRow>(READ_PAYMENTS, [
    references.map(({ gateway }) => gateway),
    references.map(({ merchantReference }) => merchantReference),
  ]);
  const readings: (PaymentReading | null)[] = references.map(() => null);
  for (const row of rows) readings[Number(row.place) - 1] = readingOf(row);
  return readings;
}

function readingOf(row: PaymentRow): PaymentReading {
  const { currency } = row;
  const allocations = row.allocations ?? [];
  const payment: Payment = {
    id: row.id,
    number: row.number,
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
    merchantReference: row.merchant_reference,
    amount: money(row.amount, currency),
    state: row.state,
    version: row.version,
    gatewayTransactionId: row.gateway_transaction_id,
    knownTransactions: row.known_transactions,
    startedAt: row.started_at,
    handedOffAt: row.handed_off_at,
    lifetimeEndsAt: row.lifetime_ends_at,
    paidAt: row.paid_at,
    allocations: allocations.map((allocation) => ({
      agencyId: allocation.agency_id,
      orderId: allocation.order_id,
      amount: money(BigInt(allocation.amount), currency),
      claim: allocation.claim,
      clearingAccountId: allocation.clearing_account_id,
      lines: (allocation.lines ?? []).map((line) => allocationLineOf(line, currency)),
      order: {
        status: allocation.order.status,
        version: allocation.order.version,
        obligationTakenByAnother: allocation.taken,
      },
      holder:
        allocation.holder === null
          ? null
          : { paymentId: allocation.holder.payment_id, claim: allocation.holder.claim },
    })),
  };
  const orders = new Map(
    allocations.map(({ agency_id, order_id, order, issuer, siblings }): [OrderId, OrderReading] => [
      order_id,
      {
        agencyId: agency_id,
        id: order_id,
        status: order.status,
        version: order.version,
        eventSequence: order.event_sequence,
        lookupCode: order.lookup_code,
        dossierCode: order.dossier_code,
        procedureCode: order.procedure_code,
        payerName: order.payer_name,
        payerIdentityNumber: order.payer_identity_number,
        metadata: order.metadata,
        amountPaid: order.amount_paid,
        amountRefunded: order.amount_refunded,
        createdAt: order.created_at,
        expiresAt: order.expires_at,
        paidAt: order.paid_at,
        closedAt: order.closed_at,
        issuer,
        siblings: siblings ?? [],
      },
    ]),
  );
  return { payment, orders };
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
