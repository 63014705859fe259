/** MoMo's result codes as a table: what each means for a payment and for a refund. */
import type { FailureReason } from '../../domain/payments/failure-reason.ts';

/** `authorised`: the money is held; it is ours at once where payments are captured by themselves. */
type Meaning = 'success' | 'authorised' | 'declined' | 'undecided';

export interface ResultCode {
  readonly payment: Meaning;
  /** A refund that counts as failed frees its sum to be sent again: only what certainly moved nothing is `declined`. */
  readonly refund: 'success' | 'declined' | 'undecided';
  readonly what: string;
}

/**
 * Source: MoMo developers v3, "List Result Codes", read 2026-11-25. What its column "Final status" calls final and is
 * not 0 is `declined` for a payment; everything else, codes that are not listed the first, is undecided.
 */
export const RESULT_CODES: Readonly<Record<string, ResultCode>> = {
  '0': { payment: 'success', refund: 'success', what: 'successful' },
  '10': { payment: 'undecided', refund: 'undecided', what: 'system under maintenance' },
  '11': { payment: 'undecided', refund: 'undecided', what: 'access denied' },
  '12': { payment: 'undecided', refund: 'undecided', what: 'unsupported API version' },
  '13': { payment: 'undecided', refund: 'undecided', what: 'merchant authentication failed' },
  '20': { payment: 'undecided', refund: 'undecided', what: 'badly formatted request' },
  '21': { payment: 'undecided', refund: 'undecided', what: 'invalid amount' },
  '22': { payment: 'undecided', refund: 'undecided', what: 'amount out of range' },
  '40': { payment: 'undecided', refund: 'undecided', what: 'duplicated requestId' },
  '41': { payment: 'undecided', refund: 'undecided', what: 'duplicated orderId' },
  '42': { payment: 'undecided', refund: 'undecided', what: 'orderId invalid or not found' },
  '43': { payment: 'undecided', refund: 'undecided', what: 'an analogous transaction is being processed' },
  '45': { payment: 'undecided', refund: 'undecided', what: 'duplicated itemId' },
  '47': { payment: 'undecided', refund: 'undecided', what: 'inapplicable information' },
  // Final, yet of an error nobody knows: a refund after it waits for a person rather than be sent twice.
  '98': { payment: 'declined', refund: 'undecided', what: 'QR code not generated' },
  '99': { payment: 'declined', refund: 'undecided', what: 'unknown error' },
  '1000': { payment: 'undecided', refund: 'undecided', what: 'waiting for the payer' },
  '1001': { payment: 'declined', refund: 'declined', what: 'insufficient funds' },
  '1002': { payment: 'declined', refund: 'declined', what: 'refused by the issuer of the payment method' },
  '1003': { payment: 'declined', refund: 'declined', what: 'cancelled after authorisation' },
  '1004': { payment: 'declined', refund: 'declined', what: "over the payer's limit of a day or month" },
  '1005': { payment: 'declined', refund: 'declined', what: 'the link or QR code expired' },
  '1006': { payment: 'declined', refund: 'declined', what: 'denied by the payer' },
  '1007': { payment: 'declined', refund: 'declined', what: 'the account does not exist or is inactive' },
  '1017': { payment: 'declined', refund: 'declined', what: 'cancelled by the merchant' },
  '1026': { payment: 'declined', refund: 'declined', what: 'restricted by promotion rules' },
  // Final for this attempt, but MoMo asks to try again later: the same refund must not come back as refused.
  '1080': {
    payment: 'undecided',
    refund: 'undecided',
    what: 'refund failed while processed; retry after an hour',
  },
  '1081': { payment: 'undecided', refund: 'declined', what: 'refunded already, or over what is left' },
  '1088': { payment: 'undecided', refund: 'declined', what: 'not eligible for a refund' },
  '2019': { payment: 'declined', refund: 'declined', what: 'invalid orderGroupId' },
  '4001': { payment: 'declined', refund: 'declined', what: "the payer's account is restricted" },
  '4002': { payment: 'declined', refund: 'declined', what: 'the account is not verified by C06' },
  '4100': { payment: 'declined', refund: 'declined', what: 'the payer failed to log in' },
  '7000': { payment: 'undecided', refund: 'undecided', what: 'being processed' },
  '7002': { payment: 'undecided', refund: 'undecided', what: "being processed by the instrument's provider" },
  '8000': { payment: 'undecided', refund: 'undecided', what: 'the payer is asked to confirm again' },
  '9000': { payment: 'authorised', refund: 'undecided', what: 'authorised' },
};

/** The word by which a query says that MoMo has never heard of an orderId. */
export const NOT_FOUND = '42';

/** What the codes of a declined payment tell the payer. */
export const FAILURE_REASONS = {
  '1001': 'insufficient_funds',
  '1004': 'over_limit',
  '1005': 'page_expired',
  '1006': 'cancelled_at_bank',
  '4002': 'not_verified',
  '4100': 'not_verified',
} as const satisfies Readonly<Record<string, FailureReason>>;
