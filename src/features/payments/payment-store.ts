/** SQL of payments, their allocations, and the query ladder's due rows. */
import type { AgencyId, LedgerAccountId, OrderId, PaymentId } from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type { HandOff } from '../../domain/payments/hand-off.ts';
import type { PaymentState } from '../../domain/payments/payment-lifecycle.ts';
import type { ClaimState } from '../../domain/payments/payment.ts';
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';
import type { CalculationJson } from './outcome-reading-store.ts';

/** A payment without its allocations: what pages, the ladder and refunds need of it. */
export interface PaymentRecord {
  readonly id: PaymentId;
  readonly number: bigint;
  readonly gateway: string;
  readonly merchantAccount: string;
  readonly merchantReference: string;
  readonly amount: Money;
  readonly state: PaymentState;
  readonly version: number;
  readonly locale: 'vi' | 'en';
  readonly handOff: HandOff | null;
  readonly gatewayCode: string | null;
  readonly gatewayTransactionId: string | null;
  /** What came, which may differ from what was due. */
  readonly amountReceived: Money | null;
  readonly startedAt: Date;
  readonly handedOffAt: Date | null;
  readonly lifetimeEndsAt: Date;
  readonly paidAt: Date | null;
  readonly settledAt: Date | null;
  readonly duplicateOf: PaymentId | null;
}

interface PaymentRow {
  id: PaymentId;
  number: bigint;
  gateway: string;
  merchant_account: string;
  merchant_reference: string;
  amount: bigint;
  currency: Currency;
  state: PaymentState;
  version: number;
  locale: 'vi' | 'en';
  hand_off: (Omit<HandOff, 'expiresAt'> & { expiresAt: string }) | null;
  gateway_code: string | null;
  gateway_transaction_id: string | null;
  amount_received: bigint | null;
  currency_received: Currency | null;
  started_at: Date;
  handed_off_at: Date | null;
  lifetime_ends_at: Date;
  paid_at: Date | null;
  settled_at: Date | null;
  duplicate_of: PaymentId | null;
}

const PAYMENT = `p.id, p.number, p.gateway, p.merchant_account, p.merchant_reference, p.amount, p.currency, p.state,
  p.version, p.locale, p.hand_off, p.gateway_code, p.gateway_transaction_id, p.amount_received, p.currency_received,
  p.started_at,
  p.handed_off_at, p.lifetime_ends_at, p.paid_at, p.settled_at, p.duplicate_of`;

export async function findPayment(reader: Reader, id: PaymentId): Promise<PaymentRecord | null> {
  const [row] = await query<PaymentRow>(reader, `select ${PAYMENT} from payments p where p.id = :id`, { id });
  return row ? paymentOf(row) : null;
}

/** When the gateway was last asked about a payment; null when never, or when nothing is left to ask. */
export async function findLastAskedAt(reader: Reader, id: PaymentId): Promise<Date | null> {
  const [row] = await query<{ asked_at: Date | null }>(
    reader,
    'select asked_at from payment_queries where payment_id = :id',
    { id },
  );
  return row?.asked_at ?? null;
}

export interface PaymentOfOrder extends PaymentRecord {
  readonly claim: ClaimState;
  readonly allocated: Money;
}

/** Every attempt at an order, oldest first. */
export async function findPaymentsOfOrder(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly id: OrderId },
): Promise<PaymentOfOrder[]> {
  const rows = await query<PaymentRow & { claim: ClaimState; allocated: bigint }>(
    reader,
    `select ${PAYMENT}, a.claim, a.amount as allocated from allocations a join payments p on p.id = a.payment_id
     where a.agency_id = :agencyId and a.order_id = :id order by p.number limit 1000`,
    { ...order },
  );
  return rows.map((row) => ({
    ...paymentOf(row),
    claim: row.claim,
    allocated: money(row.allocated, row.currency),
  }));
}

/** The orders a payment covers. */
export async function findOrdersOfPayment(
  reader: Reader,
  id: PaymentId,
): Promise<{ agencyId: AgencyId; id: OrderId }[]> {
  const rows = await query<{ agency_id: AgencyId; order_id: OrderId }>(
    reader,
    'select agency_id, order_id from allocations where payment_id = :id order by agency_id, order_id',
    { id },
  );
  return rows.map((row) => ({ agencyId: row.agency_id, id: row.order_id }));
}

export async function nextPaymentNumber(reader: Reader): Promise<bigint> {
  const [row] = await query<{ number: bigint }>(reader, `select nextval('payment_numbers') as number`);
  if (!row) throw new Error('the payment number sequence gave nothing');
  return row.number;
}

export interface NewPayment {
  readonly id: PaymentId;
  readonly number: bigint;
  readonly gateway: string;
  readonly merchantAccount: string;
  readonly merchantReference: string;
  readonly amount: Money;
  readonly locale: 'vi' | 'en';
  readonly startedAt: Date;
  readonly lifetimeEndsAt: Date;
  readonly firstQueryAt: Date;
  readonly allocations: readonly NewAllocation[];
}

export interface NewAllocation {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
  readonly amount: Money;
  readonly clearingAccountId: LedgerAccountId;
  readonly lines: readonly {
    readonly lineNo: number;
    readonly orderLineNo: number;
    readonly kind: string;
    readonly description: string;
    readonly beneficiaryCode: string;
    readonly budgetChapter: string | null;
    readonly budgetSubItem: string | null;
    readonly receiptForm: string;
    readonly payableAccountId: LedgerAccountId;
    readonly amount: Money;
    readonly calculation: CalculationJson | null;
  }[];
}

/**
 * Writes a payment with its allocations, frozen lines and claims, in the transaction that has locked the orders.
 *
 * Fails on the key of order_claims when another attempt lives; callers have looked before.
 */
export async function insertPayment(tx: Tx, payment: NewPayment): Promise<void> {
  await query(
    tx,
    `insert into payments (id, number, gateway, merchant_account, merchant_reference, amount, currency, state, locale,
       started_at, lifetime_ends_at)
     values (:id, :number, :gateway, :merchantAccount, :merchantReference, :amount, :currency, 'created', :locale,
       :startedAt, :lifetimeEndsAt)`,
    {
      ...payment,
      number: payment.number.toString(),
      amount: payment.amount.amountMinor.toString(),
      currency: payment.amount.currency,
    },
  );
  await query(
    tx,
    'insert into payment_queries (payment_id, gateway, due_at) values (:id, :gateway, :firstQueryAt)',
    { id: payment.id, gateway: payment.gateway, firstQueryAt: payment.firstQueryAt },
  );
  await query(
    tx,
    `insert into allocations (agency_id, payment_id, order_id, amount, claim, clearing_account_id)
     select a.agency_id, :id::uuid, a.order_id, a.amount, 'reserved', a.clearing_account_id
     from jsonb_to_recordset(:rows::jsonb) as a(agency_id integer, order_id uuid, amount bigint, clearing_account_id uuid)`,
    { id: payment.id, rows: JSON.stringify(payment.allocations.map(allocationRow)) },
  );
  await query(
    tx,
    `insert into allocation_lines (agency_id, payment_id, order_id, line_no, order_line_no, kind, description,
       beneficiary_code, budget_chapter, budget_sub_item, receipt_form, payable_account_id, amount, calculation)
     select l.agency_id, :id::uuid, l.order_id, l.line_no, l.order_line_no, l.kind, l.description, l.beneficiary_code,
       l.budget_chapter, l.budget_sub_item, l.receipt_form, l.payable_account_id, l.amount, l.calculation
     from jsonb_to_recordset(:rows::jsonb) as l(agency_id integer, order_id uuid, line_no smallint, order_line_no smallint,
       kind text, description text, beneficiary_code text, budget_chapter text, budget_sub_item text, receipt_form text,
       payable_account_id uuid, amount bigint, calculation jsonb)`,
    { id: payment.id, rows: JSON.stringify(payment.allocations.flatMap(lineRows)) },
  );
  await query(
    tx,
    `insert into order_claims (agency_id, order_id, payment_id)
     select agency_id, order_id, payment_id from allocations where payment_id = :id order by agency_id, order_id`,
    { id: payment.id },
  );
  await query(
    tx,
    `update payment_orders o set version = version + 1 from allocations a
     where a.payment_id = :id and o.agency_id = a.agency_id and o.id = a.order_id`,
    { id: payment.id },
  );
}

function allocationRow(allocation: NewAllocation) {
  return {
    agency_id: allocation.agencyId,
    order_id: allocation.orderId,
    amount: Number(allocation.amount.amountMinor),
    clearing_account_id: allocation.clearingAccountId,
  };
}

function lineRows(allocation: NewAllocation) {
  return allocation.lines.map((line) => ({
    agency_id: allocation.agencyId,
    order_id: allocation.orderId,
    line_no: line.lineNo,
    order_line_no: line.orderLineNo,
    kind: line.kind,
    description: line.description,
    beneficiary_code: line.beneficiaryCode,
    budget_chapter: line.budgetChapter,
    budget_sub_item: line.budgetSubItem,
    receipt_form: line.receiptForm,
    payable_account_id: line.payableAccountId,
    amount: Number(line.amount.amountMinor),
    calculation: line.calculation,
  }));
}

/** Notes that the gateway has taken over, unless an outcome came first. @returns whether it did */
export async function markHandedOff(
  tx: Tx,
  id: PaymentId,
  fact: {
    readonly handOff: HandOff;
    readonly at: Date;
    readonly lifetimeEndsAt: Date;
    readonly nextQueryAt: Date;
  },
): Promise<boolean> {
  const rows = await query(
    tx,
    `update payments set state = 'handed_off', version = version + 1, hand_off = :handOff::jsonb, handed_off_at = :at,
       lifetime_ends_at = :lifetimeEndsAt
     where id = :id and state = 'created' returning id`,
    { id, handOff: JSON.stringify(fact.handOff), at: fact.at, lifetimeEndsAt: fact.lifetimeEndsAt },
  );
  if (rows.length === 0) return false;
  await query(tx, 'update payment_queries set due_at = :nextQueryAt, step = 0 where payment_id = :id', {
    id,
    nextQueryAt: fact.nextQueryAt,
  });
  return true;
}

export interface DueQuery {
  readonly payment: PaymentRecord;
  readonly step: number;
}

/** The gateways that have a payment whose question is due. */
export async function gatewaysWithDueQueries(reader: Reader, now: Date): Promise<string[]> {
  // Every payment's gateway has an account; so many probes of the index, however many questions are due.
  const rows = await query<{ gateway: string }>(
    reader,
    `select g.gateway from (select distinct gateway from merchant_accounts) g
     where exists (select 1 from payment_queries q where q.gateway = g.gateway and q.due_at <= :now
       and (q.leased_until is null or q.leased_until < clock_timestamp()))
     order by g.gateway`,
    { now },
  );
  return rows.map(({ gateway }) => gateway);
}

/** Takes up to `limit` payments of a gateway whose question is due, for two minutes by the database's clock. */
export async function claimDueQueries(
  db: Reader,
  { gateway, now, limit }: { readonly gateway: string; readonly now: Date; readonly limit: number },
): Promise<DueQuery[]> {
  const rows = await query<PaymentRow & { step: number }>(
    db,
    `with due as (
       update payment_queries set leased_until = clock_timestamp() + interval '2 minutes', asked_at = :now
       where payment_id in (
         select payment_id from payment_queries
         where gateway = :gateway and due_at <= :now and (leased_until is null or leased_until < clock_timestamp())
         order by due_at limit :limit for update skip locked)
       returning payment_id, step)
     select ${PAYMENT}, due.step from due join payments p on p.id = due.payment_id order by p.number`,
    { gateway, now, limit },
  );
  return rows.map((row) => ({ payment: paymentOf(row), step: row.step }));
}

/**
 * Makes the question about a payment due now, because its gateway says that there is something to ask.
 *
 * @returns `none` when there is no such payment at this account, `decided` when nothing is left to ask
 */
export async function hastenQuery(
  db: Reader,
  named: {
    readonly gateway: string;
    readonly account: string;
    readonly merchantReference: string;
    readonly now: Date;
  },
): Promise<'hastened' | 'decided' | 'none'> {
  const [row] = await query<{ hastened: boolean }>(
    db,
    `with named as (
       select id from payments
       where gateway = :gateway and merchant_account = :account and merchant_reference = :merchantReference),
     hastened as (
       update payment_queries set due_at = least(due_at, :now) where payment_id in (select id from named)
       returning payment_id)
     select exists (select from hastened) as hastened from named`,
    { ...named },
  );
  if (!row) return 'none';
  return row.hastened ? 'hastened' : 'decided';
}

/**
 * Takes one payment's question now, because a citizen asks, unless somebody asked within the last seconds.
 *
 * @returns the step that is asked, or null when it is too early or nothing is left to ask
 */
export async function claimQueryNow(
  db: Reader,
  id: PaymentId,
  moment: { readonly now: Date; readonly notSince: Date },
): Promise<{ step: number } | null> {
  const [row] = await query<{ step: number }>(
    db,
    `update payment_queries set leased_until = clock_timestamp() + interval '30 seconds', asked_at = :now
     where payment_id = :id and (asked_at is null or asked_at <= :notSince)
       and (leased_until is null or leased_until < clock_timestamp())
     returning step`,
    { id, ...moment },
  );
  return row ?? null;
}

/** When to ask next; null takes the payment off the ladder. The row may be gone already: the outcome came. */
export async function scheduleQuery(
  db: Database,
  id: PaymentId,
  next: { readonly step: number; readonly dueAt: Date } | null,
): Promise<void> {
  if (next === null) {
    await query(db, 'delete from payment_queries where payment_id = :id', { id });
    return;
  }
  await query(
    db,
    'update payment_queries set step = :step, due_at = :dueAt, leased_until = null where payment_id = :id',
    { id, ...next },
  );
}

function paymentOf(row: PaymentRow): PaymentRecord {
  return {
    id: row.id,
    number: row.number,
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
    merchantReference: row.merchant_reference,
    amount: money(row.amount, row.currency),
    state: row.state,
    version: row.version,
    locale: row.locale,
    handOff:
      row.hand_off === null
        ? null
        : ({ ...row.hand_off, expiresAt: new Date(row.hand_off.expiresAt) } as HandOff),
    gatewayCode: row.gateway_code,
    gatewayTransactionId: row.gateway_transaction_id,
    amountReceived:
      row.amount_received === null ? null : money(row.amount_received, row.currency_received ?? row.currency),
    startedAt: row.started_at,
    handedOffAt: row.handed_off_at,
    lifetimeEndsAt: row.lifetime_ends_at,
    paidAt: row.paid_at,
    settledAt: row.settled_at,
    duplicateOf: row.duplicate_of,
  };
}
