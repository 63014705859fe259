/** ZaloPay's return codes as tables: what each means for an order, for a refund, and for a question about a refund. */
import type { FailureReason } from '../../domain/payments/failure-reason.ts';

export type Meaning = 'success' | 'declined' | 'undecided' | 'not_known';

interface Code {
  readonly meaning: Meaning;
  readonly what: string;
}

export type CodeTable = Readonly<Record<string, Code>>;

/**
 * The word of an answer. `return_code` is 1 (success), 2 (fail, told in `sub_return_code`) or 3 (processing); faults of the
 * request itself stand in `return_code` or beside a 2, so both are looked up in one table. Two words that contradict each
 * other, a fail that calls itself a success among them, are in no table.
 */
export function codeOf(returnCode: string, subReturnCode: string): string {
  if (returnCode === '3') return '3';
  if (returnCode === '1' && subReturnCode === '1') return '1';
  if (returnCode === '2' && /^(?:0|-\d+)$/.test(subReturnCode)) return subReturnCode;
  return /^-\d+$/.test(returnCode) ? returnCode : `${returnCode}/${subReturnCode}`;
}

/** Faults of the request, of the moment and of ZaloPay itself: they tell nothing of the money. */
const OF_THE_REQUEST = {
  '3': { meaning: 'undecided', what: 'unpaid, or being processed' },
  '-401': { meaning: 'undecided', what: 'badly formatted request' },
  '-402': { meaning: 'undecided', what: 'unknown app or wrong MAC' },
  '-429': { meaning: 'undecided', what: 'too many requests' },
  '-500': { meaning: 'undecided', what: 'system error' },
  '-999': { meaning: 'undecided', what: 'system under maintenance' },
} as const satisfies CodeTable;

/**
 * "Get order's status" (docs.zalopay.vn, Status codes, read 2026-11-25). A refusal that the payer can still get round on
 * the same order is undecided: once the order has expired its word is -54.
 */
export const ORDER_CODES: CodeTable = {
  ...OF_THE_REQUEST,
  '1': { meaning: 'success', what: 'paid' },
  // "Not made, or made and being processed, or asked about after 48 hours" (v2 reference, common errors, read 2026-11-25).
  '-49': { meaning: 'undecided', what: 'nothing found of the transaction' },
  '-54': { meaning: 'declined', what: 'the order expired' },
  '-63': { meaning: 'undecided', what: 'balance too low; the payer may top up and try again' },
  '-92': { meaning: 'undecided', what: 'app_trans_id in a wrong form' },
  '-101': { meaning: 'not_known', what: 'there is no such app_trans_id' },
  '-217': { meaning: 'undecided', what: 'error at the bank' },
  '-332': { meaning: 'declined', what: 'failed by the rules of a promotion' },
  '-333': { meaning: 'declined', what: 'failed by the rules of a promotion' },
  '-1330': { meaning: 'declined', what: "over the payer's limit of a day" },
  '-1331': { meaning: 'declined', what: "over the payer's limit of a day" },
  '-1332': { meaning: 'declined', what: "over the payer's limit of a day" },
  '-1333': { meaning: 'declined', what: "over the payer's limit of a day" },
  '-1340': { meaning: 'declined', what: "over the payer's limit of a month" },
  '-1341': { meaning: 'declined', what: "over the payer's limit of a month" },
  '-1342': { meaning: 'declined', what: "over the payer's limit of a month" },
  '-1343': { meaning: 'declined', what: "over the payer's limit of a month" },
};

/**
 * "Refund order" (the same page). A refund that counts as failed frees its sum to be sent again, so only what certainly
 * moved nothing is declined. -101 means "no such transaction" here and "given back, three to five days" in an older list
 * of codes: undecided.
 */
export const REFUND_CODES: CodeTable = {
  ...OF_THE_REQUEST,
  '1': { meaning: 'success', what: 'given back' },
  '-13': { meaning: 'declined', what: 'the time for refunds is over' },
  '-14': { meaning: 'declined', what: 'more than is left of the payment' },
  '-23': { meaning: 'undecided', what: 'this m_refund_id was taken before' },
  '-24': { meaning: 'declined', what: 'm_refund_id in a wrong form' },
  '-25': { meaning: 'declined', what: 'm_refund_id of another day' },
  '-26': { meaning: 'declined', what: 'm_refund_id of another app' },
  '-32': { meaning: 'declined', what: 'this payment cannot be given back' },
  '-101': { meaning: 'undecided', what: 'no such transaction, or taken for 3 to 5 days' },
};

/** "Get refund order's status" (the same page). An m_refund_id is taken once, so a refund not known may be sent again. */
export const REFUND_QUERY_CODES: CodeTable = {
  ...OF_THE_REQUEST,
  '1': { meaning: 'success', what: 'given back' },
  '0': { meaning: 'declined', what: 'the refund failed' },
  '-13': { meaning: 'declined', what: 'the time for refunds is over' },
  '-14': { meaning: 'declined', what: 'more than is left of the payment' },
  '-32': { meaning: 'declined', what: 'this payment cannot be given back' },
  '-101': { meaning: 'not_known', what: 'there is no such m_refund_id' },
};

/** What the codes of a declined order tell the payer. */
export const FAILURE_REASONS = {
  '-54': 'page_expired',
  '-1330': 'over_limit',
  '-1331': 'over_limit',
  '-1332': 'over_limit',
  '-1333': 'over_limit',
  '-1340': 'over_limit',
  '-1341': 'over_limit',
  '-1342': 'over_limit',
  '-1343': 'over_limit',
} as const satisfies Readonly<Record<string, FailureReason>>;
