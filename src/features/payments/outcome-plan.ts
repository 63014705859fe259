/** The plan of an outcome: what a decision writes, as rows for the one statement that applies it. */
import {
  cutData,
  frameOf,
  receiptNumber,
  type EventData,
  type EventType,
} from '../../domain/agencies/agency-event.ts';
import {
  newId,
  publicId,
  type AgencyId,
  type IdSource,
  type OrderId,
  type PaymentId,
} from '../../domain/kernel/ids.ts';
import { lookupCodeFrom } from '../../domain/kernel/lookup-code.ts';
import { moveFrom } from '../../domain/kernel/lifecycle.ts';
import { money, shareByLargestRemainder, type Currency, type Money } from '../../domain/kernel/money.ts';
import { dayOf, type Day } from '../../domain/kernel/time.ts';
import { clearingAccount, singleAccount, type AccountName } from '../../domain/ledger/accounts.ts';
import { transferFor, type PostableAccount, type Transfer } from '../../domain/ledger/ledger-transaction.ts';
import { PAYMENT_ORDER_LIFECYCLE } from '../../domain/orders/payment-order-lifecycle.ts';
import type { GatewayOutcome } from '../../domain/payments/gateway-outcome.ts';
import type { AllocationDecision, OutcomeDecision } from '../../domain/payments/outcome-decision.ts';
import type { Allocation, AllocationLine } from '../../domain/payments/payment.ts';
import {
  linesByReceiptForm,
  receiptAmount,
  receiptSymbol,
  type ReceiptContent,
} from '../../domain/receipts/receipt.ts';
import { createRandomBytes } from '../../platform/random.ts';
import { postingOf } from '../ledger/posting.ts';
import {
  jsonAmount,
  orderSnapshot,
  type OrderFigure,
  type PaymentFigure,
  type ReceiptFigure,
} from '../orders/order-snapshot.ts';
import type { OrderReading, PaymentReading } from './outcome-reading-store.ts';

const randomBytes = createRandomBytes();

type Row = Readonly<Record<string, unknown>>;
/** Locked in the order of these. */
type OrderRow = Row & { readonly agency_id: AgencyId; readonly id: OrderId };
type PaymentRow = Row & { readonly id: PaymentId };
type Success = Extract<GatewayOutcome, { kind: 'succeeded' }>;

/** The sections of what `apply_outcomes` takes; each row carries the place of its item in the batch. */
export interface OutcomePlan {
  callbacks: Row[];
  orders: OrderRow[];
  payments: PaymentRow[];
  gateway_transactions: Row[];
  allocations: Row[];
  queries_ended: Row[];
  /** Orders that have left the expiry job, with the obligations that leave them. */
  orders_settled: Row[];
  postings: Row[];
  legs: Row[];
  receipts: Row[];
  /** What events of one order have in common, written once; events name its place. */
  snapshots: Row[];
  events: Row[];
  /** Texts that are long or would need quotes, which rows name by their place from 1. */
  texts: string[];
  /** What everyday outcomes do not write. */
  rare: {
    new_payments: Row[];
    new_allocations: Row[];
    claims_released: Row[];
    claims_taken: Row[];
    obligations_retaken: Row[];
    cases: Row[];
    audit: Row[];
  };
}

export function emptyPlan(): OutcomePlan {
  return {
    callbacks: [],
    orders: [],
    payments: [],
    gateway_transactions: [],
    allocations: [],
    queries_ended: [],
    orders_settled: [],
    postings: [],
    legs: [],
    receipts: [],
    snapshots: [],
    events: [],
    texts: [],
    rare: {
      new_payments: [],
      new_allocations: [],
      claims_released: [],
      claims_taken: [],
      obligations_retaken: [],
      cases: [],
      audit: [],
    },
  };
}

export interface PlanContext {
  readonly item: number;
  readonly now: Date;
  readonly actor: string;
  readonly businessTimeZone: string;
  readonly newId: IdSource;
  /** The accounts {@link accountsNeeded} named, in their order. */
  readonly accounts: readonly PostableAccount[];
}

/** Accounts a decision posts to beyond those frozen with the payment; they must exist before it is applied. */
export function accountsNeeded(reading: PaymentReading, decision: OutcomeDecision): AccountName[] {
  const { payment } = reading;
  switch (decision.kind) {
    case 'money':
      return decision.allocations
        .filter(({ becomes }) => becomes === 'surplus')
        .map(({ allocation }) =>
          singleAccount(allocation.agencyId, payment.amount.currency, 'suspense_duplicate'),
        );
    case 'second_charge': {
      const { currency } = decision.outcome.amount;
      return payment.allocations.flatMap(({ agencyId }) => [
        clearingAccount(agencyId, currency, payment.gateway, payment.merchantAccount),
        singleAccount(agencyId, currency, 'suspense_duplicate'),
      ]);
    }
    case 'mismatch': {
      const { currency } = decision.outcome.amount;
      return [
        clearingAccount(decision.book, currency, payment.gateway, payment.merchantAccount),
        singleAccount(decision.book, currency, 'suspense_unidentified'),
      ];
    }
    case 'nothing_new':
    case 'no_money':
    case 'undecided':
    case 'conflict':
      return [];
  }
}

/** Adds one item's rows to the plan of its batch. */
export function planOutcome(
  plan: OutcomePlan,
  reading: PaymentReading,
  decision: OutcomeDecision,
  context: PlanContext,
): void {
  switch (decision.kind) {
    case 'nothing_new':
      return;
    case 'money':
      return planMoney(plan, reading, decision, context);
    case 'second_charge':
      return planSecondCharge(plan, reading, decision.outcome, context);
    case 'mismatch':
      return planMismatch(plan, reading, decision, context);
    case 'no_money':
      return planNoMoney(plan, reading, decision, context);
    case 'undecided':
      return planUndecided(plan, reading, decision, context);
    case 'conflict':
      return planConflict(plan, reading, decision.said, context);
  }
}

function planMoney(
  plan: OutcomePlan,
  reading: PaymentReading,
  decision: Extract<OutcomeDecision, { kind: 'money' }>,
  context: PlanContext,
): void {
  const { payment } = reading;
  const { outcome } = decision;
  const businessDate = dayOf(outcome.paidAt, context.businessTimeZone);
  const transfers = new Map<AgencyId, Transfer[]>();

  plan.payments.push(paymentRow(context, reading, 'succeeded', successFigures(outcome, context.now)));
  plan.gateway_transactions.push(transactionRow(context, reading, payment.id, outcome));
  plan.queries_ended.push({ item: context.item, payment_id: payment.id });

  const duplicates = context.accounts[Symbol.iterator]();
  for (const allocated of decision.allocations) {
    const { allocation } = allocated;
    const own = transfers.get(allocation.agencyId) ?? [];
    transfers.set(allocation.agencyId, own);
    if (allocated.becomes === 'applied') {
      applyToOrder(plan, reading, allocated, { outcome, businessDate, corrects: decision.corrects }, context);
      const clearing: PostableAccount = { id: allocation.clearingAccountId, role: 'gateway_clearing' };
      for (const line of allocation.lines) {
        const payable: PostableAccount = { id: line.payableAccountId, role: 'agency_payable' };
        own.push(transferFor('payment_applied', [clearing, payable], line.amount));
      }
    } else {
      const order = orderOf(reading, allocation);
      plan.orders.push(unchangedOrderRow(context, order));
      plan.allocations.push(claimRow(context, allocation, payment.id, 'surplus'));
      own.push(surplusTransfer(allocation, duplicates.next().value));
    }
  }
  for (const [agencyId, legs] of transfers) {
    planPosting(plan, context, agencyId, payment.id, outcome, businessDate, legs);
  }
  if (decision.corrects) {
    plan.rare.audit.push(
      auditRow(context, reading, 'payment.corrected', { from: payment.state, to: 'succeeded' }),
    );
  }
}

function applyToOrder(
  plan: OutcomePlan,
  reading: PaymentReading,
  { allocation, displaces }: AllocationDecision,
  fact: { readonly outcome: Success; readonly businessDate: Day; readonly corrects: boolean },
  context: PlanContext,
): void {
  const { payment } = reading;
  const order = orderOf(reading, allocation);
  const { item } = context;
  const { agencyId, orderId } = allocation;
  const late = order.status === 'expired';
  const status = moveFrom(PAYMENT_ORDER_LIFECYCLE, order.status, 'pay') ?? order.status;
  const amountPaid = jsonAmount(allocation.amount);

  const receipts = [...linesByReceiptForm(allocation.lines)].map(([form, lines]) =>
    receiptRow(plan, context, reading, { order, form, lines, ...fact }),
  );
  plan.receipts.push(...receipts.map(({ row }) => row));

  const paid: OrderFigure = {
    ...orderFigure(order, allocation),
    status,
    amountPaid,
    paidAt: fact.outcome.paidAt,
  };
  const payments = [
    ...order.siblings.map((sibling) =>
      sibling.id === displaces ? { ...sibling, claim: 'released' } : sibling,
    ),
    paymentFigure(reading, allocation, 'succeeded', 'applied', fact.outcome),
  ];
  const data = orderSnapshot(
    paid,
    payments,
    receipts.map(({ figure }) => figure),
  );
  const events: Told[] = [
    ['payment_order.paid', { late }],
    ...receipts.map(({ figure }): Told => ['receipt.issued', { receipt_id: publicId('rc', figure.id) }]),
  ];
  if (fact.corrects) events.push(['payment_order.corrected', { was: 'payment_failed' }]);
  announce(plan, context, order, data, events);

  plan.orders.push({
    item,
    agency_id: agencyId,
    id: orderId,
    expected_version: order.version,
    status,
    amount_paid: amountPaid,
    event_sequence: order.eventSequence + events.length,
    paid_at: fact.outcome.paidAt.toISOString(),
    closed_at: null,
  });
  plan.allocations.push(claimRow(context, allocation, payment.id, 'applied'));
  if (displaces !== null) plan.allocations.push(claimRow(context, allocation, displaces, 'released'));
  if (allocation.holder?.paymentId !== payment.id) {
    plan.rare.claims_taken.push({ item, agency_id: agencyId, order_id: orderId, payment_id: payment.id });
  }
  if (late) plan.rare.obligations_retaken.push({ item, agency_id: agencyId, order_id: orderId });
  else plan.orders_settled.push({ item, agency_id: agencyId, order_id: orderId });
}

function planSecondCharge(
  plan: OutcomePlan,
  reading: PaymentReading,
  outcome: Success,
  context: PlanContext,
): void {
  const { payment } = reading;
  const id = newId('pay', context.newId);
  const businessDate = dayOf(outcome.paidAt, context.businessTimeZone);
  const shares = shareByLargestRemainder(
    outcome.amount.amountMinor,
    payment.allocations.map(({ amount }) => amount.amountMinor),
  );
  // Raising the version of the first charge makes two tellings of the second one meet.
  plan.payments.push(paymentRow(context, reading, payment.state, {}));
  plan.rare.new_payments.push({
    item: context.item,
    id,
    base_payment_id: payment.id,
    merchant_reference: `${payment.merchantReference}~${outcome.gatewayTransactionId}`,
    amount: jsonAmount(outcome.amount),
    currency: outcome.amount.currency,
    state: 'succeeded',
    gateway_transaction_id: outcome.gatewayTransactionId,
    paid_at: outcome.paidAt.toISOString(),
    settled_at: context.now.toISOString(),
  });
  plan.gateway_transactions.push(transactionRow(context, reading, id, outcome));

  const transfers = new Map<AgencyId, Transfer[]>();
  payment.allocations.forEach((allocation, index) => {
    const share = money(shares[index] ?? 0n, outcome.amount.currency);
    plan.orders.push(unchangedOrderRow(context, orderOf(reading, allocation)));
    if (share.amountMinor === 0n) return;
    const clearing = context.accounts[index * 2];
    const duplicate = context.accounts[index * 2 + 1];
    if (!clearing || !duplicate) throw new Error('the accounts of a second charge were not opened');
    plan.rare.new_allocations.push({
      item: context.item,
      agency_id: allocation.agencyId,
      payment_id: id,
      order_id: allocation.orderId,
      amount: jsonAmount(share),
      claim: 'surplus',
      clearing_account_id: clearing.id,
    });
    const own = transfers.get(allocation.agencyId) ?? [];
    own.push(transferFor('payment_surplus', [clearing, duplicate], share));
    transfers.set(allocation.agencyId, own);
  });
  for (const [agencyId, legs] of transfers) {
    planPosting(plan, context, agencyId, id, outcome, businessDate, legs);
  }
}

function planMismatch(
  plan: OutcomePlan,
  reading: PaymentReading,
  decision: Extract<OutcomeDecision, { kind: 'mismatch' }>,
  context: PlanContext,
): void {
  const { payment } = reading;
  const { outcome, book } = decision;
  plan.payments.push(paymentRow(context, reading, 'mismatched', successFigures(outcome, context.now)));
  plan.gateway_transactions.push(transactionRow(context, reading, payment.id, outcome));
  plan.queries_ended.push({ item: context.item, payment_id: payment.id });
  // The claims stay: nobody may pay again until the case is closed.
  for (const order of reading.orders.values()) plan.orders.push(unchangedOrderRow(context, order));
  if (outcome.amount.amountMinor > 0n) {
    const transfer = transferFor('payment_mismatched', context.accounts, outcome.amount);
    const businessDate = dayOf(outcome.paidAt, context.businessTimeZone);
    planPosting(plan, context, book, payment.id, outcome, businessDate, [transfer]);
  }
  plan.rare.cases.push(
    caseRow(context, reading, book, 'amount_differs', payment.id, {
      due: amountText(decision.expected),
      received: amountText(outcome.amount),
    }),
  );
}

function planNoMoney(
  plan: OutcomePlan,
  reading: PaymentReading,
  decision: Extract<OutcomeDecision, { kind: 'no_money' }>,
  context: PlanContext,
): void {
  const { payment } = reading;
  plan.payments.push(paymentRow(context, reading, decision.state, { gateway_code: decision.gatewayCode }));
  plan.queries_ended.push({ item: context.item, payment_id: payment.id });
  for (const allocation of payment.allocations) {
    const order = orderOf(reading, allocation);
    const { agencyId, orderId } = allocation;
    if (allocation.claim === 'reserved') {
      plan.allocations.push(claimRow(context, allocation, payment.id, 'released'));
      plan.rare.claims_released.push({
        item: context.item,
        agency_id: agencyId,
        order_id: orderId,
        payment_id: payment.id,
      });
    }
    const events: Told[] = decision.state === 'failed' ? [['payment.failed', null]] : [];
    announce(plan, context, order, stateData(reading, allocation, order, 'failed', 'released'), events);
    plan.orders.push({
      ...unchangedOrderRow(context, order),
      event_sequence: order.eventSequence + events.length,
    });
  }
}

function planUndecided(
  plan: OutcomePlan,
  reading: PaymentReading,
  decision: Extract<OutcomeDecision, { kind: 'undecided' }>,
  context: PlanContext,
): void {
  if (decision.state === 'unchanged') return;
  plan.payments.push(paymentRow(context, reading, decision.state, { gateway_code: decision.gatewayCode }));
  if (decision.state !== 'unknown') return;
  for (const allocation of reading.payment.allocations) {
    const order = orderOf(reading, allocation);
    const data = stateData(reading, allocation, order, 'unknown', allocation.claim);
    announce(plan, context, order, data, [['payment.unknown', null]]);
    plan.orders.push({ ...unchangedOrderRow(context, order), event_sequence: order.eventSequence + 1 });
  }
}

/** Success is never undone by a later word: the contradiction is kept for a person. */
function planConflict(plan: OutcomePlan, reading: PaymentReading, said: string, context: PlanContext): void {
  const book = reading.payment.allocations[0]?.agencyId ?? (0 as AgencyId);
  plan.rare.cases.push(
    caseRow(context, reading, book, 'conflicting_outcome', `${reading.payment.id}:${said}`, { said }),
  );
}

function stateData(
  reading: PaymentReading,
  allocation: Allocation,
  order: OrderReading,
  state: string,
  claim: string,
): EventData {
  const payments = [...order.siblings, paymentFigure(reading, allocation, state, claim, null)];
  return {
    ...orderSnapshot(orderFigure(order, allocation), payments, []),
    payment_id: publicId('pay', reading.payment.id),
  };
}

/** An event of an order, and what its data has beyond the order's. */
type Told = readonly [type: EventType, added: EventData | null];

function announce(
  plan: OutcomePlan,
  { item, newId: ids, now }: PlanContext,
  order: OrderReading,
  data: EventData,
  told: readonly Told[],
): void {
  if (told.length === 0) return;
  const { parts, numbers } = cutData(data);
  const [number = null, ...otherNumbers] = numbers;
  plan.snapshots.push({
    item,
    body: textOf(plan, parts[0]),
    number_of: number,
    body_after: textOf(plan, parts[1]),
    // Hardly any order has a second receipt.
    body_rest: otherNumbers.length === 0 ? null : otherNumbers.map((id, index) => [id, parts[index + 2]]),
  });
  let whole: { readonly shared_sequence: number; readonly shared_from: number } | null = null;
  for (const [index, [type, added]] of told.entries()) {
    const event = {
      agencyId: order.agencyId,
      id: newId('ev', ids),
      orderId: order.id,
      sequence: order.eventSequence + 1 + index,
      type,
      occurredAt: now,
    };
    const { before, after } = frameOf(event, added);
    plan.events.push({
      item,
      agency_id: event.agencyId,
      id: event.id,
      order_id: event.orderId,
      sequence: event.sequence,
      type: event.type,
      occurred_at: event.occurredAt,
      before: textOf(plan, before),
      snapshot: plan.snapshots.length,
      after: textOf(plan, after),
      ...whole,
    });
    // What stands before is plain ASCII, so that its length is the same for the database.
    whole ??= { shared_sequence: event.sequence, shared_from: before.length + 1 };
  }
}

/** Puts a text among the plan's and returns its place, counted from 1 as the database does. */
export function textOf(plan: OutcomePlan, text: string | undefined): number | null {
  return text === undefined ? null : plan.texts.push(text);
}

function receiptRow(
  plan: OutcomePlan,
  context: PlanContext,
  reading: PaymentReading,
  draft: {
    readonly order: OrderReading;
    readonly form: string;
    readonly lines: readonly AllocationLine[];
    readonly outcome: Success;
    readonly businessDate: Day;
  },
): { row: Row; figure: ReceiptFigure } {
  const { order } = draft;
  const id = newId('rc', context.newId);
  const amount = jsonAmount(receiptAmount(draft.lines));
  const verificationCode = lookupCodeFrom(randomBytes(16));
  const symbol = receiptSymbol(draft.businessDate);
  const row = {
    item: context.item,
    agency_id: order.agencyId,
    id,
    order_id: order.id,
    payment_id: reading.payment.id,
    form: draft.form,
    symbol,
    verification_code: verificationCode,
    amount,
    currency: draft.outcome.amount.currency,
    content: textOf(plan, JSON.stringify(receiptContent(reading, draft, amount))),
    business_date: draft.businessDate,
    issued_at: context.now.toISOString(),
    replaces_id: null,
  };
  const figure: ReceiptFigure = {
    id,
    form: draft.form,
    symbol,
    number: receiptNumber(id),
    verificationCode,
    amount,
    state: 'issued',
  };
  return { row, figure };
}

function receiptContent(
  { payment }: PaymentReading,
  draft: {
    readonly order: OrderReading;
    readonly lines: readonly AllocationLine[];
    readonly outcome: Success;
  },
  amount: number,
): ReceiptContent {
  const { order, outcome } = draft;
  return {
    issuer: order.issuer,
    payer_name: order.payerName,
    dossier_code: order.dossierCode,
    lines: draft.lines.map((line) => ({
      kind: line.kind,
      description: line.description,
      amount: jsonAmount(line.amount),
      beneficiary: line.beneficiaryName,
      budget_chapter: line.budgetChapter,
      budget_sub_item: line.budgetSubItem,
    })),
    amount,
    currency: outcome.amount.currency,
    paid_at: outcome.paidAt.toISOString(),
    paid_through: payment.gateway,
    gateway_transaction_id: outcome.gatewayTransactionId,
  };
}

function orderOf(reading: PaymentReading, allocation: Allocation): OrderReading {
  const order = reading.orders.get(allocation.orderId);
  if (!order) throw new Error(`order ${allocation.orderId} of payment ${reading.payment.id} was not read`);
  return order;
}

function orderFigure(order: OrderReading, allocation: Allocation): OrderFigure {
  return {
    ...order,
    currency: allocation.amount.currency,
    amount: jsonAmount(allocation.amount),
    lines: allocation.lines.map(({ kind, description, amount }) => ({
      kind,
      description,
      amount: jsonAmount(amount),
    })),
  };
}

function paymentFigure(
  { payment }: PaymentReading,
  allocation: Allocation,
  state: string,
  claim: string,
  outcome: Success | null,
): PaymentFigure {
  return {
    id: payment.id,
    gateway: payment.gateway,
    state,
    claim,
    amount: jsonAmount(allocation.amount),
    gatewayTransactionId: outcome?.gatewayTransactionId ?? payment.gatewayTransactionId,
    paidAt: outcome?.paidAt ?? payment.paidAt,
  };
}

function paymentRow(
  { item }: PlanContext,
  { payment }: PaymentReading,
  state: string,
  figures: Row,
): PaymentRow {
  return { item, id: payment.id, expected_version: payment.version, state, ...figures };
}

function successFigures(outcome: Success, now: Date): Row {
  return {
    gateway_transaction_id: outcome.gatewayTransactionId,
    amount_received: jsonAmount(outcome.amount),
    currency_received: outcome.amount.currency,
    paid_at: outcome.paidAt.toISOString(),
    settled_at: now.toISOString(),
  };
}

function unchangedOrderRow({ item }: PlanContext, order: OrderReading): OrderRow {
  return {
    item,
    agency_id: order.agencyId,
    id: order.id,
    expected_version: order.version,
    status: order.status,
    amount_paid: order.amountPaid,
    event_sequence: order.eventSequence,
    paid_at: order.paidAt,
    closed_at: order.closedAt,
  };
}

function claimRow({ item }: PlanContext, allocation: Allocation, paymentId: PaymentId, claim: string): Row {
  return { item, agency_id: allocation.agencyId, payment_id: paymentId, order_id: allocation.orderId, claim };
}

function transactionRow(
  { item }: PlanContext,
  { payment }: PaymentReading,
  id: PaymentId,
  outcome: Success,
): Row {
  return {
    item,
    gateway: payment.gateway,
    merchant_account: payment.merchantAccount,
    gateway_transaction_id: outcome.gatewayTransactionId,
    payment_id: id,
  };
}

function surplusTransfer(allocation: Allocation, duplicate: PostableAccount | undefined): Transfer {
  if (!duplicate) throw new Error('the account of a surplus was not opened');
  const clearing: PostableAccount = { id: allocation.clearingAccountId, role: 'gateway_clearing' };
  return transferFor('payment_surplus', [clearing, duplicate], allocation.amount);
}

function planPosting(
  plan: OutcomePlan,
  { item, newId: ids, actor }: PlanContext,
  agencyId: AgencyId,
  paymentId: PaymentId,
  outcome: Success,
  businessDate: Day,
  transfers: readonly Transfer[],
): void {
  const transaction = {
    agencyId,
    id: newId('txn', ids),
    eventKind: 'payment' as const,
    eventRef: paymentId,
    correlationId: paymentId,
    effectiveAt: outcome.paidAt,
    businessDate,
    actor,
    transfers,
  };
  const { transfers: legs, ...posting } = postingOf(transaction);
  plan.postings.push({ item, ...posting });
  for (const leg of legs) {
    plan.legs.push({ item, agency_id: agencyId, transaction_id: posting.id, ...leg });
  }
}

function caseRow(
  { item, newId: ids, now }: PlanContext,
  { payment }: PaymentReading,
  agencyId: AgencyId,
  kind: string,
  subject: string,
  detail: Row,
): Row {
  const orders = payment.allocations.filter((allocation) => allocation.agencyId === agencyId);
  return {
    item,
    agency_id: agencyId,
    id: newId('case', ids),
    kind,
    subject,
    payment_id: payment.id,
    order_id: orders.length === 1 ? orders[0]?.orderId : null,
    detail,
    opened_at: now.toISOString(),
  };
}

function auditRow(
  { item, newId: ids, actor }: PlanContext,
  { payment }: PaymentReading,
  action: string,
  detail: Row,
): Row {
  const [first] = payment.allocations;
  return {
    item,
    id: ids(),
    actor,
    action,
    agency_id: first?.agencyId ?? null,
    subject: publicId('pay', payment.id),
    detail,
  };
}

function amountText(amount: Money): { amount: string; currency: Currency } {
  return { amount: amount.amountMinor.toString(), currency: amount.currency };
}
