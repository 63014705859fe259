/** The plan of a bank credit: what its decision writes, in the rows of every outcome, for the one guarded statement. */
import { newId, PLATFORM_AGENCY, type AgencyId, type IdSource } from '../../domain/kernel/ids.ts';
import { add, type Money } from '../../domain/kernel/money.ts';
import { dayOf } from '../../domain/kernel/time.ts';
import { clearingAccount, singleAccount } from '../../domain/ledger/accounts.ts';
import {
  transferFor,
  type LedgerTransaction,
  type PostableAccount,
  type Transfer,
} from '../../domain/ledger/ledger-transaction.ts';
import type { Movement } from '../../domain/ledger/posting-rules.ts';
import { CREDITS_SHORT, type CreditDecision } from '../../domain/payments/credit-decision.ts';
import type { OutcomeDecision } from '../../domain/payments/outcome-decision.ts';
import type { Payment } from '../../domain/payments/payment.ts';
import type { AccountBook } from '../ledger/account-store.ts';
import { postingOf } from '../ledger/posting.ts';
import { jsonAmount } from '../orders/order-snapshot.ts';
import type { BankCredit } from './credit-store.ts';
import { accountsNeeded, emptyPlan, planOutcome, type OutcomePlan } from './outcome-plan.ts';
import type { PaymentReading } from './outcome-reading-store.ts';

export interface CreditContext {
  readonly credit: BankCredit;
  readonly now: Date;
  readonly actor: string;
  readonly businessTimeZone: string;
  readonly newId: IdSource;
  readonly accounts: AccountBook;
}

/** A credit is planned alone: its rows are all of the first item. */
const ITEM = 0;

export async function planCredit(
  reading: PaymentReading,
  decision: CreditDecision,
  context: CreditContext,
): Promise<OutcomePlan> {
  switch (decision.kind) {
    case 'outcome':
      return await planned(reading, decision.decision, context);
    case 'over': {
      const plan = await planned(reading, decision.money, context);
      await addExcess(plan, reading, decision.excess, context);
      return plan;
    }
    case 'short':
      return await planShort(reading, decision.waiting, context);
    case 'complete':
      return await planComplete(reading, decision, context);
  }
}

/** What any gateway's outcome would write. */
async function planned(
  reading: PaymentReading,
  decision: OutcomeDecision,
  context: CreditContext,
): Promise<OutcomePlan> {
  const plan = emptyPlan();
  const names = accountsNeeded(reading, decision);
  planOutcome(plan, reading, decision, {
    item: ITEM,
    now: context.now,
    actor: context.actor,
    businessTimeZone: context.businessTimeZone,
    newId: context.newId,
    accounts: names.length === 0 ? [] : await context.accounts(names),
  });
  return plan;
}

/** What is over becomes a payment of its own that goes back, as a second charge does. */
async function addExcess(
  plan: OutcomePlan,
  reading: PaymentReading,
  excess: Money,
  context: CreditContext,
): Promise<void> {
  const { number, creditedAt } = context.credit;
  const over = await planned(
    reading,
    {
      kind: 'second_charge',
      outcome: {
        kind: 'succeeded',
        amount: excess,
        gatewayTransactionId: `${number}~over`,
        paidAt: creditedAt,
      },
    },
    context,
  );
  // The versions of payment and orders are guarded by the plan it joins.
  plan.rare.new_payments.push(...over.rare.new_payments);
  plan.rare.new_allocations.push(...over.rare.new_allocations);
  plan.gateway_transactions.push(...over.gateway_transactions);
  plan.postings.push(...over.postings);
  plan.legs.push(...over.legs);
}

/** Not enough yet: the sum waits under the payment, whose orders stay as they are. */
async function planShort(
  reading: PaymentReading,
  waiting: Money,
  context: CreditContext,
): Promise<OutcomePlan> {
  const { payment } = reading;
  const { credit } = context;
  const plan = emptyPlan();
  plan.payments.push({
    item: ITEM,
    id: payment.id,
    expected_version: payment.version,
    state: 'mismatched',
    gateway_code: CREDITS_SHORT,
    gateway_transaction_id: credit.number,
    amount_received: jsonAmount(waiting),
    currency_received: waiting.currency,
    paid_at: latest(payment.paidAt, credit.creditedAt).toISOString(),
    settled_at: context.now.toISOString(),
  });
  plan.gateway_transactions.push({
    item: ITEM,
    gateway: payment.gateway,
    merchant_account: payment.merchantAccount,
    gateway_transaction_id: credit.number,
    payment_id: payment.id,
  });
  plan.queries_ended.push({ item: ITEM, payment_id: payment.id });
  for (const order of reading.orders.values()) {
    plan.orders.push({
      item: ITEM,
      agency_id: order.agencyId,
      id: order.id,
      expected_version: order.version,
      status: order.status,
      amount_paid: order.amountPaid,
      event_sequence: order.eventSequence,
      paid_at: order.paidAt,
      closed_at: order.closedAt,
    });
  }
  await postReceived(plan, payment, credit.amount, context);
  return plan;
}

/** Credits may be told out of order. */
function latest(known: Date | null, creditedAt: Date): Date {
  return known !== null && known > creditedAt ? known : creditedAt;
}

/**
 * The sum is there: paid as by any success, but out of where its parts lay. Orders of several agencies are paid in
 * their own books, so the sum leaves the platform's first.
 */
async function planComplete(
  reading: PaymentReading,
  decision: Extract<CreditDecision, { kind: 'complete' }>,
  context: CreditContext,
): Promise<OutcomePlan> {
  const { payment } = reading;
  const plan = await planned(reading, decision.money, context);
  plan.postings = [];
  plan.legs = [];
  const { clearing, suspense } = await postReceived(plan, payment, decision.needed, context);
  const book = bookOf(payment);
  const isMoved = book === PLATFORM_AGENCY;
  const transfers = new Map<AgencyId, Transfer[]>();
  if (isMoved) {
    const sum = add(decision.waited, decision.needed);
    transfers.set(book, [transferFor('suspense_moved', [suspense, clearing], sum)]);
  }
  const duplicates = await context.accounts(accountsNeeded(reading, decision.money));
  const nextDuplicate = duplicates[Symbol.iterator]();
  for (const { allocation, becomes } of decision.money.allocations) {
    const own = transfers.get(allocation.agencyId) ?? [];
    transfers.set(allocation.agencyId, own);
    const source: PostableAccount = isMoved
      ? { id: allocation.clearingAccountId, role: 'gateway_clearing' }
      : suspense;
    if (becomes === 'applied') {
      const movement: Movement = isMoved ? 'payment_applied' : 'suspense_applied';
      for (const line of allocation.lines) {
        const payable: PostableAccount = { id: line.payableAccountId, role: 'agency_payable' };
        own.push(transferFor(movement, [source, payable], line.amount));
      }
    } else {
      const duplicate = nextDuplicate.next().value;
      if (!duplicate) throw new Error('the account of a surplus was not opened');
      const movement: Movement = isMoved ? 'payment_surplus' : 'suspense_surplus';
      own.push(transferFor(movement, [source, duplicate], allocation.amount));
    }
  }
  const { paidAt } = decision.money.outcome;
  for (const [agencyId, legs] of transfers) {
    post(plan, {
      agencyId,
      id: newId('txn', context.newId),
      eventKind: 'suspense_applied',
      eventRef: payment.id,
      correlationId: payment.id,
      effectiveAt: paidAt,
      businessDate: dayOf(paidAt, context.businessTimeZone),
      actor: context.actor,
      transfers: legs,
    });
  }
  if (decision.excess !== null) await addExcess(plan, reading, decision.excess, context);
  return plan;
}

/** In whose book a sum waits: the agency's, or the platform's when it is for several. */
export function bookOf(payment: Payment): AgencyId {
  const agencies = new Set(payment.allocations.map(({ agencyId }) => agencyId));
  const [only] = agencies;
  return agencies.size === 1 && only !== undefined ? only : PLATFORM_AGENCY;
}

async function postReceived(
  plan: OutcomePlan,
  payment: Payment,
  amount: Money,
  context: CreditContext,
): Promise<{ readonly clearing: PostableAccount; readonly suspense: PostableAccount }> {
  const agencyId = bookOf(payment);
  const { transaction, clearing, suspense } = await receivedTransaction(agencyId, amount, {
    ...context,
    correlationId: payment.id,
  });
  post(plan, transaction);
  return { clearing, suspense };
}

/** A credit on its way into suspense, named by the bank's number of it. */
export async function receivedTransaction(
  agencyId: AgencyId,
  amount: Money,
  context: Omit<CreditContext, 'now'> & { readonly correlationId: string | null },
): Promise<{
  readonly transaction: LedgerTransaction;
  readonly clearing: PostableAccount;
  readonly suspense: PostableAccount;
}> {
  const { credit } = context;
  const { gateway, merchantAccount, number, creditedAt } = credit;
  const [clearing, suspense] = await context.accounts([
    clearingAccount(agencyId, amount.currency, gateway, merchantAccount),
    singleAccount(agencyId, amount.currency, 'suspense_unidentified'),
  ]);
  if (!clearing || !suspense) throw new Error('the accounts of a credit were not opened');
  const transaction: LedgerTransaction = {
    agencyId,
    id: newId('txn', context.newId),
    eventKind: 'credit',
    eventRef: `${gateway}:${merchantAccount}:${number}`,
    correlationId: context.correlationId,
    effectiveAt: creditedAt,
    businessDate: dayOf(creditedAt, context.businessTimeZone),
    actor: context.actor,
    transfers: [transferFor('credit_received', [clearing, suspense], amount)],
  };
  return { transaction, clearing, suspense };
}

function post(plan: OutcomePlan, transaction: LedgerTransaction): void {
  const { transfers: legs, ...posting } = postingOf(transaction);
  plan.postings.push({ item: ITEM, ...posting });
  for (const leg of legs) {
    plan.legs.push({ item: ITEM, agency_id: posting.agency_id, transaction_id: posting.id, ...leg });
  }
}
