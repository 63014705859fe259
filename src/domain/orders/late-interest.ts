/** Late interest: what a day of lateness costs. The rate is data of the obligation type. */
import { divideHalfUp, money, type Money } from '../kernel/money.ts';
import { daysBetween, type Day } from '../kernel/time.ts';

export interface LateTerms {
  /** The last day on which paying costs nothing more. */
  readonly payBy: Day;
  readonly ratePerDayPpm: number;
}

export interface LateInterest {
  readonly base: Money;
  readonly ratePerDayPpm: number;
  readonly days: number;
  readonly amount: Money;
}

/**
 * Days that count: from the day after the last payment day to the day before payment, holidays included.
 *
 * Source: Circular 18/2023/TT-BTC ("đến hết ngày hôm qua"): paying on the day after the last day is 0 days late.
 */
export function daysLate(payBy: Day, payDay: Day): number {
  return Math.max(0, daysBetween(payBy, payDay) - 1);
}

/**
 * The late interest on an unpaid sum for a payment day, rounded half up to the minor unit.
 *
 * Source: Law on handling administrative violations, art. 78(1): 0.05 % a day, which is 500 ppm; other
 * obligations have other rates.
 */
export function lateInterest(base: Money, terms: LateTerms, payDay: Day): LateInterest {
  const days = daysLate(terms.payBy, payDay);
  const raw = divideHalfUp(base.amountMinor * BigInt(terms.ratePerDayPpm) * BigInt(days), 1_000_000n);
  return { base, ratePerDayPpm: terms.ratePerDayPpm, days, amount: money(raw, base.currency) };
}
