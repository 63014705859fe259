/**
 * OnePay's `vpc_TxnResponseCode` as tables, one for each kind of card, for the same code means different things.
 *
 * Source: OnePay's integration guides, "noi dia" and "quoc te", version 2, as its published modules repeat them; read
 * 2026-11-25. A code that is not here is pending.
 */
import type { FailureReason } from '../../domain/payments/failure-reason.ts';

export const KINDS = ['domestic', 'international'] as const;
export type CardKind = (typeof KINDS)[number];

/** The only success, of both kinds. */
export const APPROVED = '0';

type Failures = Readonly<Record<string, FailureReason>>;

/**
 * Cards of Vietnamese banks (`onecomm-pay`): each of these is called an unsuccessful transaction.
 *
 * Not here on purpose: `100` (being processed or not paid yet) and `300` (pending at the bank).
 */
const DOMESTIC: Failures = {
  '1': 'declined', // By the bank.
  '3': 'declined', // The merchant is not known.
  '4': 'declined', // Wrong access code.
  '5': 'declined', // Invalid amount.
  '6': 'declined', // Unknown currency.
  '7': 'declined', // A failure without a name.
  '8': 'declined', // Wrong card number.
  '9': 'declined', // Wrong name of the holder.
  '10': 'declined', // Expired or locked card.
  '11': 'declined', // Not registered for payments on the Internet.
  '12': 'declined', // Wrong date of the card.
  '13': 'over_limit',
  '21': 'insufficient_funds',
  '22': 'declined', // Wrong account.
  '23': 'declined', // Locked account.
  '24': 'declined', // Wrong card.
  '25': 'not_verified', // Wrong one-time code.
  '99': 'cancelled_at_bank',
  '253': 'page_expired',
};

/**
 * Visa, Mastercard, JCB, Amex (`vpcpay`).
 *
 * Not here on purpose: `3` (OnePay has no result from the bank), `6` and `7` (an error while the payment was being
 * processed): money may have moved, so a query has to tell.
 */
const INTERNATIONAL: Failures = {
  '1': 'declined',
  '2': 'declined',
  '4': 'declined', // Expired, or a wrong date.
  '5': 'insufficient_funds',
  '8': 'declined', // Not made for the Internet.
  '9': 'declined',
  '99': 'cancelled_at_bank',
  '253': 'page_expired',
  B: 'not_verified', // 3-D Secure.
  E: 'declined', // Wrong security code, or refused.
  F: 'not_verified', // 3-D Secure.
  Z: 'declined', // Against the rules of the fraud filter.
};

export const FAILURES: Readonly<Record<CardKind, Failures>> = {
  domestic: DOMESTIC,
  international: INTERNATIONAL,
};
