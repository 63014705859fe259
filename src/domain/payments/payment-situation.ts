/**
 * What a citizen may be told of a payment or an order: the one situation it is in, from our own records and the clock.
 *
 * "No money was taken" follows from `failed` and from `expired` with `not_paid` only, and both need the gateway's
 * definite word; as long as we do not know, the situation is `waiting`, `checking` or `expired` with `waiting`. A
 * gateway that cannot be asked never says no: of its attempts that ran out we know only what we have not received.
 */
import type { PaymentId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import { addDays, addMinutes, dayOf, type Day } from '../kernel/time.ts';
import type { RefundSource } from '../ledger/posting-rules.ts';
import type { PaymentOrder } from '../orders/payment-order.ts';
import { REFUND_OVERDUE_DAYS } from '../refunds/refund.ts';
import type { RefundState } from '../refunds/refund-lifecycle.ts';
import { CREDITS_SHORT, restAwaitedUntil } from './credit-decision.ts';
import type { FailureReason } from './failure-reason.ts';
import type { PaymentState } from './payment-lifecycle.ts';
import type { ClaimState } from './payment.ts';

/** One attempt at the order, with what became of its part for it. */
export interface Attempt {
  readonly id: PaymentId;
  readonly state: PaymentState;
  readonly claim: ClaimState;
  readonly allocated: Money;
  readonly amountReceived: Money | null;
  readonly startedAt: Date;
  readonly handedOffAt: Date | null;
  readonly lifetimeEndsAt: Date;
  readonly paidAt: Date | null;
  readonly settledAt: Date | null;
  /** The gateway's word, or ours where its credits add up. */
  readonly gatewayCode?: string | null;
}

export interface RefundFact {
  readonly paymentId: PaymentId;
  readonly source: RefundSource;
  readonly amount: Money;
  readonly state: RefundState;
  readonly requestedAt: Date;
  readonly decidedAt: Date | null;
  readonly submittedAt: Date | null;
  readonly resolvedAt: Date | null;
}

/** All that decides what a page may say. Attempts and refunds oldest first. */
export interface SituationFacts {
  readonly order: Pick<PaymentOrder, 'status' | 'expiresAt' | 'closedAt' | 'amountRefunded'>;
  readonly attempts: readonly Attempt[];
  readonly refunds: readonly RefundFact[];
  readonly now: Date;
  readonly businessTimeZone: string;
}

export type RefundCause =
  /** `counted` is the attempt that paid the order; `paid_over` came beyond it and is less than all of it. */
  { readonly kind: 'paid_twice' | 'paid_over'; readonly counted: Attempt } | { readonly kind: 'other' };

/** What we know of the money of an attempt that ran out. */
export type ExpiredMoney = 'not_paid' | 'waiting' | 'not_received';

export type PaymentSituation =
  | { readonly kind: 'waiting'; readonly since: Date; readonly answerBy: Date }
  | {
      readonly kind: 'checking';
      readonly since: Date;
      /** The promise that holds now. */
      readonly answerBy: Date;
      /** An earlier promise was missed. */
      readonly isLate: boolean;
    }
  | { readonly kind: 'failed'; readonly reason: Exclude<FailureReason, 'page_expired'> }
  | { readonly kind: 'expired'; readonly money: ExpiredMoney }
  | {
      readonly kind: 'amount_differs';
      readonly received: Money;
      readonly next: 'checking' | 'refund' | 'pay_rest';
      /** With `pay_rest`: until when the rest is waited for. */
      readonly restBy?: Date;
      readonly refund: RefundFact | null;
    }
  | {
      readonly kind: 'refund_under_way';
      readonly cause: RefundCause;
      readonly amount: Money;
      readonly by: Day;
      /** Null while the refund of a surplus has yet to be opened. */
      readonly refund: RefundFact | null;
    }
  | {
      readonly kind: 'refunded';
      readonly cause: RefundCause;
      readonly amount: Money;
      readonly at: Date;
      readonly refund: RefundFact;
    }
  | { readonly kind: 'paid' }
  /** This attempt took nothing; another one paid. */
  | { readonly kind: 'already_paid'; readonly by: Attempt }
  /** This attempt took nothing; what counts is another attempt, or the order's own page when null. */
  | { readonly kind: 'elsewhere'; readonly paymentId: PaymentId | null };

export type OrderSituation =
  | { readonly kind: 'payable' }
  /** The money of this attempt is what there is to tell. */
  | { readonly kind: 'payment'; readonly paymentId: PaymentId }
  | { readonly kind: 'withdrawn'; readonly at: Date }
  | { readonly kind: 'expired'; readonly at: Date };

/** How long a silent attempt counts as merely waiting. */
export const WAITING_MINUTES = 15;

/**
 * The promises of an answer, in minutes after hand-off: the ladder has asked again once more by the first, is over the
 * hourly steps by the second, and over altogether by the third.
 */
const PROMISES_AFTER_MINUTES: readonly number[] = [2 * 60, 25 * 60, 8 * 24 * 60];
const HALF_HOUR_MS = 1_800_000;
const DAY_MINUTES = 24 * 60;

/**
 * @param reasonOf  what the gateway's definitive code of this attempt means to a person
 * @param canBeAsked  whether the gateway answers questions, and so has said that it knows of no money
 */
export function paymentSituation(
  attempt: Attempt,
  facts: SituationFacts,
  reasonOf: () => FailureReason,
  canBeAsked = true,
): PaymentSituation {
  switch (attempt.state) {
    case 'failed':
      return withoutMoney(attempt, facts, () => failure(reasonOf()));
    case 'lapsed':
      return withoutMoney(attempt, facts, () => ({
        kind: 'expired',
        money: canBeAsked ? 'not_paid' : 'not_received',
      }));
    case 'mismatched':
    case 'resolved':
      return differing(attempt, facts);
    case 'created':
    case 'handed_off':
    case 'unknown':
      return undecided(attempt, facts.now);
    case 'succeeded':
    case 'disputed':
      if (attempt.claim === 'applied') return applied(attempt, facts);
      return attempt.claim === 'surplus' ? surplus(attempt, facts) : undecided(attempt, facts.now);
  }
}

/** What the order's own page shows: the form, a closed order, or whichever attempt there is to tell of. */
export function orderSituation({ order, attempts, now }: SituationFacts): OrderSituation {
  const holder =
    attempts.find(({ claim }) => claim === 'applied') ?? attempts.find(({ claim }) => claim === 'reserved');
  if (holder) return { kind: 'payment', paymentId: holder.id };
  if (order.status === 'open' && order.expiresAt > now) return { kind: 'payable' };
  const returned = attempts.findLast(({ claim }) => claim === 'surplus');
  if (returned) return { kind: 'payment', paymentId: returned.id };
  const at = order.closedAt ?? order.expiresAt;
  return order.status === 'cancelled' ? { kind: 'withdrawn', at } : { kind: 'expired', at };
}

function undecided(attempt: Attempt, now: Date): PaymentSituation {
  const since = attempt.handedOffAt ?? attempt.startedAt;
  const promises = PROMISES_AFTER_MINUTES.map((minutes) => promiseAt(addMinutes(since, minutes)));
  const kept = promises.findIndex((at) => at > now);
  const answerBy = promises[kept] ?? nextDailyPromise(promises.at(-1) ?? since, now);
  if (now > addMinutes(since, WAITING_MINUTES))
    return { kind: 'checking', since, answerBy, isLate: kept !== 0 };
  return now > attempt.lifetimeEndsAt
    ? { kind: 'expired', money: 'waiting' }
    : { kind: 'waiting', since, answerBy };
}

/** People are told full half hours. */
function promiseAt(at: Date): Date {
  return new Date(Math.ceil(at.getTime() / HALF_HOUR_MS) * HALF_HOUR_MS);
}

function nextDailyPromise(last: Date, now: Date): Date {
  const days = Math.floor((now.getTime() - last.getTime()) / (DAY_MINUTES * 60_000)) + 1;
  return addMinutes(last, days * DAY_MINUTES);
}

function withoutMoney(
  attempt: Attempt,
  { order, attempts, now }: SituationFacts,
  situation: () => PaymentSituation,
): PaymentSituation {
  const payer = attempts.find(({ claim }) => claim === 'applied');
  if (payer) return { kind: 'already_paid', by: payer };
  // "You can pay again" would be untrue while another attempt lives or the order is closed.
  const holder = attempts.find(({ claim }) => claim === 'reserved');
  if (holder) return { kind: 'elsewhere', paymentId: holder.id };
  if (order.status !== 'open' || order.expiresAt <= now) return { kind: 'elsewhere', paymentId: null };
  return situation();
}

function failure(reason: FailureReason): PaymentSituation {
  return reason === 'page_expired' ? { kind: 'expired', money: 'not_paid' } : { kind: 'failed', reason };
}

function differing(attempt: Attempt, facts: SituationFacts): PaymentSituation {
  const refund = newestRefund(attempt, facts, 'suspense');
  if (refund?.state === 'succeeded' && refund.resolvedAt !== null)
    return {
      kind: 'refunded',
      cause: { kind: 'other' },
      amount: refund.amount,
      at: refund.resolvedAt,
      refund,
    };
  const received = receivedOf(attempt);
  const restBy = refund && !isOver(refund) ? null : restAwaited(attempt, facts);
  if (restBy !== null) return { kind: 'amount_differs', received, next: 'pay_rest', restBy, refund };
  const next = refund && isUnderWay(refund) ? 'refund' : 'checking';
  return { kind: 'amount_differs', received, next, refund };
}

/** Until when a short transfer may be completed; null when it cannot, or no longer. */
function restAwaited(attempt: Attempt, { order, attempts, now }: SituationFacts): Date | null {
  if (attempt.state !== 'mismatched' || attempt.gatewayCode !== CREDITS_SHORT) return null;
  if (attempt.settledAt === null || order.status !== 'open') return null;
  // Another attempt at the order would make the rest a payment too many.
  const isAlone = attempts.every(({ id, claim }) => id === attempt.id || claim === 'released');
  const until = restAwaitedUntil(attempt.settledAt);
  return isAlone && until > now ? until : null;
}

function isOver({ state }: RefundFact): boolean {
  return state === 'failed' || state === 'rejected';
}

function surplus(attempt: Attempt, facts: SituationFacts): PaymentSituation {
  const counted = facts.attempts.find(({ claim }) => claim === 'applied');
  const refund = newestRefund(attempt, facts, 'surplus');
  const cause = causeOfSurplus(receivedOf(attempt), counted);
  if (refund?.state === 'succeeded' && refund.resolvedAt !== null)
    return { kind: 'refunded', cause, amount: refund.amount, at: refund.resolvedAt, refund };
  // Surplus always goes back: the rule opens its refund, or a person does. A refund that failed is begun again.
  const since =
    refund === null ? (attempt.settledAt ?? attempt.startedAt) : (refund.resolvedAt ?? refund.requestedAt);
  return {
    kind: 'refund_under_way',
    cause,
    amount: refund?.amount ?? receivedOf(attempt),
    by: refundPromise(since, facts),
    refund: refund !== null && refund.state !== 'failed' && refund.state !== 'rejected' ? refund : null,
  };
}

function causeOfSurplus(received: Money, counted: Attempt | undefined): RefundCause {
  if (!counted) return { kind: 'other' };
  const isPart =
    received.currency === counted.allocated.currency && received.amountMinor < counted.allocated.amountMinor;
  return { kind: isPart ? 'paid_over' : 'paid_twice', counted };
}

/** A part on its way back, or back, leaves the order paid: its page tells of the refund beside the receipt. */
function applied(attempt: Attempt, facts: SituationFacts): PaymentSituation {
  const refund = newestRefund(attempt, facts, 'payable');
  if (refund && isUnderWay(refund) && leavesNothing(refund, attempt, facts))
    return {
      kind: 'refund_under_way',
      cause: { kind: 'other' },
      amount: refund.amount,
      by: refundPromise(refund.requestedAt, facts),
      refund,
    };
  const last = facts.refunds.findLast(
    ({ paymentId, source, state }) =>
      paymentId === attempt.id && source === 'payable' && state === 'succeeded',
  );
  if (facts.order.status === 'refunded' && last?.resolvedAt)
    return {
      kind: 'refunded',
      cause: { kind: 'other' },
      amount: facts.order.amountRefunded,
      at: last.resolvedAt,
      refund: last,
    };
  return { kind: 'paid' };
}

function leavesNothing(refund: RefundFact, { allocated }: Attempt, { order }: SituationFacts): boolean {
  return order.amountRefunded.amountMinor + refund.amount.amountMinor >= allocated.amountMinor;
}

/** By when money of a refund that is under way is promised to be back. */
export function refundPromisedBy(refund: RefundFact, facts: SituationFacts): Day {
  return refundPromise(refund.requestedAt, facts);
}

function newestRefund(
  attempt: Attempt,
  { refunds }: SituationFacts,
  source: RefundSource,
): RefundFact | null {
  return refunds.findLast((refund) => refund.paymentId === attempt.id && refund.source === source) ?? null;
}

function isUnderWay({ state }: RefundFact): boolean {
  return state === 'approved' || state === 'submitted';
}

function refundPromise(since: Date, { now, businessTimeZone }: SituationFacts): Day {
  const promised = addDays(dayOf(since, businessTimeZone), REFUND_OVERDUE_DAYS);
  const today = dayOf(now, businessTimeZone);
  // A day that has passed is no promise; the person who now looks after it has until tomorrow.
  return promised >= today ? promised : addDays(today, 1);
}

function receivedOf({ amountReceived, allocated }: Attempt): Money {
  return amountReceived ?? allocated;
}
