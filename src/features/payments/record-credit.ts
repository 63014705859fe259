/**
 * The door by which bank credits become money: kept once whoever tells them, matched by their code, added up on their
 * payment, and applied under the same guard as every outcome. What names no payment for sure waits for a person.
 *
 * A credit's row stands before anything is posted, and nothing is acknowledged before it is posted: whatever is
 * interrupted in between is finished by the next notice or by the job, and never done twice.
 */
import type { CallbackItem, CallbackResult } from '../../gateways/gateway-adapter.ts';
import { newId, PLATFORM_AGENCY, publicId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { addMinutes, dayOf } from '../../domain/kernel/time.ts';
import { decideCredit, type CreditDecision } from '../../domain/payments/credit-decision.ts';
import { matchCredit, squeeze, tokensIn } from '../../domain/payments/credit-matching.ts';
import { createBatcher, type Batcher } from '../../platform/batcher.ts';
import { inTransaction } from '../../platform/database.ts';
import { accountsIn } from '../ledger/account-store.ts';
import { ensureBusinessDays, openDayFor } from '../ledger/business-day-store.ts';
import { postTransactions } from '../ledger/post-transaction.ts';
import { planCredit, receivedTransaction } from './credit-plan.ts';
import {
  decideMatch,
  findByTokens,
  findCredit,
  findPaymentOfTransaction,
  findUnsettledCredits,
  keepCredit,
  lockUnsettled,
  markSettled,
  openUnidentifiedCase,
  readWaitingMoney,
  type BankCredit,
  type ToldCredit,
} from './credit-store.ts';
import { readPaymentsForOutcome, type PaymentReading } from './outcome-reading-store.ts';
import type { OutcomePlan } from './outcome-plan.ts';
import { applyOutcomes, isClosedOrMissingDay, isReusedGatewayTransaction } from './outcome-store.ts';
import type { RecordOutcomeDeps } from './record-outcome.ts';

export interface CreditItem {
  readonly gateway: string;
  /** The merchant account that the message proved to belong to. */
  readonly account: string;
  readonly credit: Extract<CallbackItem, { kind: 'credit' }>;
}

export interface RecordCreditDeps extends Omit<RecordOutcomeDeps, 'onRecorded'> {
  /** Told of everything recorded, for the figures of operation. */
  readonly onRecorded?: (gateway: string, became: string) => void;
}

export type CreditRecorder = Batcher<CreditItem, CallbackResult>;

const MAX_BATCH = 16;
const MAX_WAITING = 2_000;
const MAX_ROUNDS = 20;
/** Whoever keeps a credit settles it at once; one that still waits after this was left by a crash. */
const LEFT_BEHIND_AFTER_MINUTES = 1;

/**
 * Credits that may be of one payment, and tellings of one credit, take turns; the guards would hold without it, but
 * twenty equal notices at once would only make each other decide anew.
 */
export function createCreditRecorder(deps: RecordCreditDeps): CreditRecorder {
  return createBatcher({
    lanes: 1,
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    keysOf: ({ credit }) => [
      credit.gatewayTransactionId,
      ...tokensIn(credit.content).exact,
      squeeze(credit.content),
    ],
    run: (items) => Promise.all(items.map((item) => recordCredit(deps, item))),
    overloaded: () => new Refusal('service.unavailable', {}, { retryAfterSeconds: 5 }),
  });
}

/** Records one telling of a credit. `already_recorded` when somebody had told it before and it stands in the books. */
export async function recordCredit(
  deps: RecordCreditDeps,
  { gateway, account, credit }: CreditItem,
): Promise<CallbackResult> {
  const told: ToldCredit = {
    gateway,
    merchantAccount: account,
    bankNumber: credit.gatewayTransactionId,
    noticeId: credit.noticeId,
    accountNumber: credit.accountNumber,
    amount: credit.amount,
    content: credit.content,
    creditedAt: credit.creditedAt,
  };
  const { id } = await keepCredit(deps.db, deps.newId(), told, deps.clock.now());
  return (await settleCredit(deps, id)) ? 'recorded' : 'already_recorded';
}

/** The job: finishes up to `limit` credits that were kept and left. @returns how many there were */
export async function settleLeftCredits(deps: RecordCreditDeps, limit: number): Promise<number> {
  const before = addMinutes(deps.clock.now(), -LEFT_BEHIND_AFTER_MINUTES);
  const left = await findUnsettledCredits(deps.db, before, limit);
  for (const { id } of left) await settleCredit(deps, id);
  return left.length;
}

/** @returns whether it was this call that settled it */
async function settleCredit(deps: RecordCreditDeps, id: string): Promise<boolean> {
  let credit = await findCredit(deps.db, id);
  if (credit.isSettled) return false;
  if (credit.match === null) {
    await lookForPayment(deps, credit);
    credit = await findCredit(deps.db, id);
  }
  const became = credit.match === 'none' ? await park(deps, credit) : await apply(deps, credit);
  if (became === null) return false;
  deps.onRecorded?.(credit.gateway, became);
  return true;
}

/** Decided once: payments that begin later cannot change whose money this was. */
async function lookForPayment(deps: RecordCreditDeps, credit: BankCredit): Promise<void> {
  const tokens = tokensIn(credit.content);
  const known = await findByTokens(deps.db, credit, tokens);
  await decideMatch(deps.db, credit.id, matchCredit(tokens, known));
}

/** Money of nobody we know for sure: into the platform's suspense, with a case that says whose it may be. */
async function park(deps: RecordCreditDeps, credit: BankCredit): Promise<string | null> {
  const now = deps.clock.now();
  return await inTransaction(deps.db, async (tx) => {
    if (!(await lockUnsettled(tx, credit.id))) return null;
    const { transaction } = await receivedTransaction(PLATFORM_AGENCY, credit.amount, {
      credit,
      correlationId: null,
      actor: actorOf(credit),
      businessTimeZone: deps.businessTimeZone,
      newId: deps.newId,
      accounts: (names) => accountsIn(tx, deps.newId, names),
    });
    const businessDate = await openDayFor(tx, PLATFORM_AGENCY, transaction.businessDate);
    await postTransactions(tx, [{ ...transaction, businessDate }]);
    await openUnidentifiedCase(tx, {
      agencyId: PLATFORM_AGENCY,
      id: newId('case', deps.newId),
      subject: transaction.eventRef,
      detail: {
        amount: credit.amount.amountMinor.toString(),
        currency: credit.amount.currency,
        content: credit.content,
        credited_at: credit.creditedAt.toISOString(),
        suggestions: credit.suggestions.map(({ reference, paymentId, why }) => ({
          payment_id: publicId('pay', paymentId),
          reference,
          why,
        })),
      },
      openedAt: now,
    });
    await markSettled(tx, credit.id, { became: 'parked', at: now });
    return 'parked';
  });
}

/** Adds a matched credit to its payment. @returns what became of it; null when it stood in the books already */
async function apply(deps: RecordCreditDeps, credit: BankCredit): Promise<string | null> {
  const merchantReference = credit.merchantReference ?? '';
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const [reading] = await readPaymentsForOutcome(deps.hot, [
      { gateway: credit.gateway, merchantReference },
    ]);
    if (!reading) throw new Error(`the payment of bank credit ${credit.id} is missing`);
    // Read after the payment: whoever changes these changes the payment's version with them.
    const standsFor = await findPaymentOfTransaction(deps.db, credit);
    if (standsFor === reading.payment.id) {
      await markSettled(deps.db, credit.id, { became: 'applied', at: deps.clock.now() });
      return null;
    }
    const waiting = await readWaitingMoney(deps.db, reading.payment.id);
    const now = deps.clock.now();
    const decision: CreditDecision =
      standsFor === null
        ? decideCredit(reading.payment, waiting, successOf(credit), {
            now,
            businessTimeZone: deps.businessTimeZone,
          })
        : { kind: 'outcome', decision: { kind: 'conflict', said: `transaction_reused:${credit.number}` } };
    const plan = await planCredit(reading, decision, {
      credit,
      now,
      actor: actorOf(credit),
      businessTimeZone: deps.businessTimeZone,
      newId: deps.newId,
      accounts: deps.accounts,
    });
    if (!(await applyPlan(deps, plan, reading, credit))) continue;
    const became = decision.kind === 'outcome' ? decision.decision.kind : decision.kind;
    await markSettled(deps.db, credit.id, { became, at: now });
    return became;
  }
  throw new Error('a bank credit could not be applied: its payment kept changing');
}

/** False when a row had changed since it was read, or the transaction was posted by somebody else meanwhile. */
async function applyPlan(
  deps: RecordCreditDeps,
  plan: OutcomePlan,
  { payment }: PaymentReading,
  credit: BankCredit,
): Promise<boolean> {
  try {
    return (await applyOutcomes(deps.hot, plan)).size === 0;
  } catch (error) {
    if (isReusedGatewayTransaction(error)) return false;
    if (!isClosedOrMissingDay(error)) throw error;
  }
  // Money of a day that the books have no row for yet: very late, or a bank's clock ahead of ours.
  const agencies = [PLATFORM_AGENCY, ...payment.allocations.map(({ agencyId }) => agencyId)];
  const paidAt = payment.paidAt ?? credit.creditedAt;
  for (const at of [credit.creditedAt, paidAt]) {
    const day = dayOf(at, deps.businessTimeZone);
    await ensureBusinessDays(deps.db, agencies, day, day);
  }
  return (await applyOutcomes(deps.hot, plan)).size === 0;
}

function successOf({ amount, number, creditedAt }: BankCredit) {
  return { kind: 'succeeded', amount, gatewayTransactionId: number, paidAt: creditedAt } as const;
}

function actorOf({ gateway }: BankCredit): string {
  return `gateway:${gateway}:credit`;
}
