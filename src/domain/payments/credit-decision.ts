/**
 * Deciding what a bank credit means for the payment it is for: credits of one code add up until what is due is there.
 *
 * What a success of any gateway would mean is decided where all outcomes are; here is only what adding up adds.
 */
import { compare, equals, subtract, add, type Money } from '../kernel/money.ts';
import { addMinutes } from '../kernel/time.ts';
import type { GatewayOutcome } from './gateway-outcome.ts';
import { decideOutcome, type OutcomeDecision } from './outcome-decision.ts';
import type { Payment } from './payment.ts';

type Success = Extract<GatewayOutcome, { kind: 'succeeded' }>;
export type MoneyDecision = Extract<OutcomeDecision, { kind: 'money' }>;

/** The word a payment bears, in the place of a gateway's code, while its credits are less than what is due. */
export const CREDITS_SHORT = 'credits_short';

/** How long the rest is waited for after the last credit that was not enough. */
export const REST_WITHIN_MINUTES = 24 * 60;

/** Money that waits under a payment for its rest. */
export interface WaitingMoney {
  readonly amount: Money;
  /** When the last of it was recorded. */
  readonly since: Date;
  /** It is on its way back already: nothing is added to it any more. */
  readonly isLeaving: boolean;
}

export type CreditDecision =
  /** As any gateway's success: the right sum, a second transfer, late money that no longer is what is due. */
  | { readonly kind: 'outcome'; readonly decision: OutcomeDecision }
  /** More than is due: that much is applied, the excess is surplus. */
  | { readonly kind: 'over'; readonly money: MoneyDecision; readonly excess: Money }
  /** Not enough yet; `waiting` is the sum so far, this credit included. */
  | { readonly kind: 'short'; readonly waiting: Money }
  /** With `needed` of this credit the sum is there; it is applied in one, and an excess is surplus. */
  | {
      readonly kind: 'complete';
      readonly money: MoneyDecision;
      readonly waited: Money;
      readonly needed: Money;
      readonly excess: Money | null;
    };

/** Until when the rest of a short transfer is waited for. */
export function restAwaitedUntil(since: Date): Date {
  return addMinutes(since, REST_WITHIN_MINUTES);
}

export function decideCredit(
  payment: Payment,
  waiting: WaitingMoney | null,
  credit: Success,
  at: { readonly now: Date; readonly businessTimeZone: string },
): CreditDecision {
  const decide = (of: Payment, outcome: Success): OutcomeDecision =>
    decideOutcome(of, outcome, at.now, at.businessTimeZone);
  const asAnyOther: CreditDecision = { kind: 'outcome', decision: decide(payment, credit) };
  if (credit.amount.currency !== payment.amount.currency) return asAnyOther;
  if (waiting !== null && !waiting.isLeaving) return addUp(payment, waiting, credit, decide) ?? asAnyOther;
  const money = decide(payment, { ...credit, amount: payment.amount });
  // Nothing is due here any more, or no longer this much.
  if (money.kind !== 'money' || equals(credit.amount, payment.amount)) return asAnyOther;
  return compare(credit.amount, payment.amount) > 0
    ? { kind: 'over', money, excess: subtract(credit.amount, payment.amount) }
    : { kind: 'short', waiting: credit.amount };
}

/** Null when what is due has changed since: then the credit is a payment too many, and goes back. */
function addUp(
  payment: Payment,
  waiting: WaitingMoney,
  credit: Success,
  decide: (of: Payment, outcome: Success) => OutcomeDecision,
): CreditDecision | null {
  const sum = add(waiting.amount, credit.amount);
  // The attempt lives on while its rest is awaited: until then the frozen sum is what is due.
  const awaitedUntil = restAwaitedUntil(waiting.since);
  const living: Payment = {
    ...payment,
    state: 'handed_off',
    lifetimeEndsAt: awaitedUntil > payment.lifetimeEndsAt ? awaitedUntil : payment.lifetimeEndsAt,
  };
  // Credits may be told out of order; the last one paid.
  const paidAt = payment.paidAt !== null && payment.paidAt > credit.paidAt ? payment.paidAt : credit.paidAt;
  const money = decide(living, { ...credit, paidAt, amount: payment.amount });
  if (money.kind !== 'money') return null;
  if (compare(sum, payment.amount) < 0) return { kind: 'short', waiting: sum };
  const needed = subtract(payment.amount, waiting.amount);
  const excess = subtract(credit.amount, needed);
  return {
    kind: 'complete',
    money,
    waited: waiting.amount,
    needed,
    excess: excess.amountMinor === 0n ? null : excess,
  };
}
