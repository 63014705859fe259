/** VNPAY's response codes and transaction states as tables (pay.html#bang-ma-loi and querydr&refund.html, 2.1.0, read 2026-11-25). */
import type { FailureReason } from '../../domain/payments/failure-reason.ts';

export const DONE = '00';

/** `vnp_TransactionStatus`: how a transaction stands. Only `00` and, for the payer's money, `02` are final. */
export const TRANSACTION_STATES: Readonly<Record<string, string>> = {
  '00': 'done',
  '01': 'not finished',
  '02': 'error: no money was taken',
  // The bank took the money and VNPAY has not: it goes back, or arrives late. Never a failure of ours to declare.
  '04': 'reversed: taken at the bank, not successful at VNPAY',
  '05': 'a refund that VNPAY is working on',
  '06': 'a refund that VNPAY has sent to the bank',
  '07': 'taken and held: suspected fraud',
  '09': 'a refund that was refused',
};
export const NO_MONEY_TAKEN = '02';
export const REFUND_REFUSED = '09';

/**
 * `vnp_ResponseCode` of a payment that definitely failed, once `vnp_TransactionStatus` says `02` as well.
 *
 * Not here on purpose: `07` (taken, held) and `99` (anything else), which stay pending until a query tells.
 * `05`, `06` and `08` are what earlier versions say for 79, 13 and 75.
 */
export const FAILURES = {
  '05': 'not_verified',
  '06': 'not_verified',
  '08': 'maintenance',
  '09': 'declined', // The card or account has no internet banking.
  '10': 'not_verified', // Authenticated wrongly more than three times.
  '11': 'page_expired',
  '12': 'declined', // The card or account is locked.
  '13': 'not_verified', // Wrong one-time code.
  '24': 'cancelled_at_bank',
  '51': 'insufficient_funds',
  '65': 'over_limit',
  '75': 'maintenance', // The payer's bank.
  '79': 'not_verified', // Wrong payment password too often.
} as const satisfies Readonly<Record<string, FailureReason>>;

export function isFailure(code: string): boolean {
  return Object.hasOwn(FAILURES, code);
}

/** `vnp_ResponseCode` of the API: no such transaction. */
export const NOT_FOUND = '91';

/**
 * Codes by which the API refuses to answer a query; nothing is learned of the payment by them, so they are faults.
 * 94: the request's id was used before.
 */
export const REFUSED_QUERIES: Readonly<Record<string, string>> = {
  '02': 'the merchant is not known',
  '03': 'the format is wrong',
  '94': 'the request came twice',
  '97': 'the signature is wrong',
  '98': 'it took too long',
  '99': 'another fault',
};

/**
 * Codes by which the API refuses a refund for good: nothing was made of it.
 *
 * Not here on purpose: 94 (it came before, and VNPAY is working on it), 97, 98 (too long) and 99, which stay pending.
 */
export const REFUSED_REFUNDS: Readonly<Record<string, string>> = {
  '02': 'the merchant is not known, or more than was paid',
  '03': 'the format is wrong',
  '04': 'the whole cannot go back after a part',
  '13': 'only a part can go back',
  '91': 'no such payment',
  '93': 'more than was paid',
  '95': 'the payment was not successful at VNPAY',
};

/** `vnp_TransactionType`. */
export const TYPES = { payment: '01', fullRefund: '02', partialRefund: '03' } as const;
