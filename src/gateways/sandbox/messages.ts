/** Pure: the messages between us and the pretend bank. Source: the bank's protocol page, docs/sandbox-bank.md, version 1. */
import {
  formatDecimalAmount,
  isCurrency,
  MAX_AMOUNT_MINOR,
  parseDecimalAmount,
  type Money,
} from '../../domain/kernel/money.ts';
import type { FailureReason } from '../../domain/payments/failure-reason.ts';
import {
  isJsonArray,
  isJsonObject,
  readGatewayObject,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../platform/gateway-json.ts';
import { datedReference } from '../dated-reference.ts';
import { printable } from '../fields.ts';
import type {
  CallbackItem,
  CallbackReading,
  CallbackResult,
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RawReply,
  RefundOutcome,
  RefundRequest,
  StartPayment,
} from '../gateway-adapter.ts';
import { verifySigned } from './signing.ts';

export const PAYMENT_LIFETIME_MINUTES = 15;
const MAX_ITEMS = 100;

type Meaning = 'approved' | 'declined' | 'undecided';

/** The bank's response codes (protocol §5). Only a definitive decline may read as failed. */
export const RESPONSE_CODES: Readonly<Record<string, { readonly meaning: Meaning; readonly what: string }>> =
  {
    '00': { meaning: 'approved', what: 'approved' },
    '01': { meaning: 'undecided', what: 'the payer has not decided yet' },
    '09': { meaning: 'undecided', what: 'being processed' },
    '12': { meaning: 'declined', what: 'the payment page expired unused' },
    '13': { meaning: 'declined', what: 'more than is left of the charge' },
    '14': { meaning: 'declined', what: 'no such charge' },
    '24': { meaning: 'declined', what: 'cancelled by the payer' },
    '51': { meaning: 'declined', what: 'insufficient funds' },
    '55': { meaning: 'declined', what: 'wrong one-time code too often' },
    '61': { meaning: 'declined', what: 'over the daily limit' },
    // The account holder's bank may still finish what it began once its maintenance is over.
    '91': { meaning: 'undecided', what: "the payer's bank is in maintenance" },
  };

/** What the codes of a declined payment tell the payer. */
export const FAILURE_REASONS = {
  '12': 'page_expired',
  '24': 'cancelled_at_bank',
  '51': 'insufficient_funds',
  '55': 'not_verified',
  '61': 'over_limit',
} as const satisfies Readonly<Record<string, FailureReason>>;

/** Verifies and reads one callback (protocol §6). A message for another merchant is as good as forged. */
export function readCallback(
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): CallbackReading {
  if (message.method !== 'POST') return { kind: 'rejected', why: 'malformed' };
  const verdict = verifySigned(message, account, receivedAt);
  if (verdict !== 'genuine') return { kind: 'rejected', why: verdict };
  const notice = readGatewayObject(message.body);
  if (!notice) return { kind: 'rejected', why: 'malformed' };
  const merchantId = textOf(notice, 'merchant_id');
  const entries = notice.get('items');
  if (merchantId === null || !isJsonArray(entries)) return { kind: 'rejected', why: 'malformed' };
  if (merchantId !== account.merchantId) return { kind: 'rejected', why: 'bad_signature' };
  if (entries.length === 0 || entries.length > MAX_ITEMS) return { kind: 'rejected', why: 'malformed' };
  const items = entries.map(readItem);
  return items.every((item) => item !== null)
    ? { kind: 'read', items }
    : { kind: 'rejected', why: 'malformed' };
}

function readItem(entry: JsonValue): CallbackItem | null {
  if (!isJsonObject(entry)) return null;
  const type = textOf(entry, 'type');
  if (type === null) return null;
  if (type === 'payment') {
    const merchantReference = reference(entry, 'merchant_reference');
    const outcome = readPayment(entry);
    return merchantReference && outcome ? { kind: 'payment', merchantReference, outcome } : null;
  }
  if (type === 'refund') {
    const refundReference = reference(entry, 'refund_reference');
    const outcome = readRefund(entry);
    return refundReference && outcome ? { kind: 'refund', refundReference, outcome } : null;
  }
  return { kind: 'irrelevant', what: printable(type) };
}

/** What one payment of the bank's says. Null when it cannot be read; a code that is not in the table is pending. */
function readPayment(entry: JsonObject): GatewayOutcome | null {
  const verdict = readVerdict(entry);
  if (!verdict) return null;
  if (verdict.kind !== 'approved') return { kind: verdict.kind, gatewayCode: verdict.gatewayCode };
  const amount = readAmount(entry);
  const gatewayTransactionId = reference(entry, 'transaction_id');
  const paidAt = instant(entry, 'paid_at');
  if (!amount || !gatewayTransactionId || !paidAt) return null;
  return { kind: 'succeeded', amount, gatewayTransactionId, paidAt };
}

function readRefund(entry: JsonObject): RefundOutcome | null {
  const verdict = readVerdict(entry);
  if (!verdict) return null;
  if (verdict.kind !== 'approved') return { kind: verdict.kind, gatewayCode: verdict.gatewayCode };
  const gatewayRefundId = reference(entry, 'refund_id');
  const refundedAt = instant(entry, 'refunded_at');
  return gatewayRefundId && refundedAt ? { kind: 'succeeded', gatewayRefundId, refundedAt } : null;
}

type Verdict =
  | { readonly kind: 'approved' }
  | { readonly kind: 'failed'; readonly gatewayCode: string }
  | { readonly kind: 'pending'; readonly gatewayCode: string };

/** Word and code must say the same; anything else, the unknown first, is pending and never success or failure. */
function readVerdict(entry: JsonObject): Verdict | null {
  const status = textOf(entry, 'status');
  const code = textOf(entry, 'code');
  if (status === null || code === null) return null;
  const meaning = RESPONSE_CODES[code]?.meaning;
  if (status === 'approved' && meaning === 'approved') return { kind: 'approved' };
  if (status === 'declined' && meaning === 'declined') return { kind: 'failed', gatewayCode: code };
  const known = meaning === 'undecided' && (status === 'pending' || status === 'declined');
  return { kind: 'pending', gatewayCode: known ? code : printable(`${status}/${code}`) };
}

/** A decimal string in the currency's own scale; a number, an exponent, a sign or a space is nothing we may guess at. */
function readAmount(entry: JsonObject): Money | null {
  const written = textOf(entry, 'amount');
  const currency = textOf(entry, 'currency');
  if (written === null || currency === null || !isCurrency(currency)) return null;
  if (/^0\d/.test(written)) return null;
  const amount = parseDecimalAmount(written, currency);
  return amount && amount.amountMinor <= MAX_AMOUNT_MINOR ? amount : null;
}

/** `POST /api/orders` (protocol §3). */
export function orderRequest(request: StartPayment, expiresAt: Date): string {
  return JSON.stringify({
    merchant_id: request.account.merchantId,
    merchant_reference: request.merchantReference,
    amount: formatDecimalAmount(request.amount),
    currency: request.amount.currency,
    description: request.description,
    locale: request.locale,
    payer_ip: request.payerIp,
    return_url: request.returnUrl,
    callback_url: request.callbackUrl,
    expires_at: expiresAt.toISOString(),
  });
}

export function queryRequest(account: MerchantAccount, merchantReference: string): string {
  return JSON.stringify({ merchant_id: account.merchantId, merchant_reference: merchantReference });
}

export function refundRequest(request: RefundRequest): string {
  return JSON.stringify({
    merchant_id: request.account.merchantId,
    refund_reference: request.refundReference,
    merchant_reference: request.merchantReference,
    transaction_id: request.gatewayTransactionId,
    amount: formatDecimalAmount(request.amount),
    currency: request.amount.currency,
    reason: request.reason,
  });
}

export function refundQueryRequest(account: MerchantAccount, refundReference: string): string {
  return JSON.stringify({ merchant_id: account.merchantId, refund_reference: refundReference });
}

/** The page to send the citizen to, or null when the answer is not the one to this request. */
export function readOrderAnswer(
  body: Uint8Array,
  request: StartPayment,
): { readonly payUrl: string; readonly expiresAt: Date } | null {
  const answer = answerTo(body, request.account, 'merchant_reference', request.merchantReference);
  const amount = answer && readAmount(answer);
  if (!answer || amount?.amountMinor !== request.amount.amountMinor) return null;
  if (amount.currency !== request.amount.currency) return null;
  const payUrl = textOf(answer, 'pay_url');
  const expiresAt = instant(answer, 'expires_at');
  if (payUrl === null || !/^https?:\/\//.test(payUrl) || !URL.canParse(payUrl) || !expiresAt) return null;
  return { payUrl, expiresAt };
}

/** The outcome the bank's answer names, or null when the answer is not the one to this query. */
export function readQueryAnswer(
  body: Uint8Array,
  account: MerchantAccount,
  merchantReference: string,
): GatewayOutcome | null {
  const answer = answerTo(body, account, 'merchant_reference', merchantReference);
  if (!answer) return null;
  return textOf(answer, 'status') === 'not_known' ? { kind: 'not_known' } : readPayment(answer);
}

/** The same for a refund and for a refund query. */
export function readRefundAnswer(
  body: Uint8Array,
  account: MerchantAccount,
  refundReference: string,
): RefundOutcome | null {
  const answer = answerTo(body, account, 'refund_reference', refundReference);
  if (!answer) return null;
  return textOf(answer, 'status') === 'not_known' ? { kind: 'not_known' } : readRefund(answer);
}

/** The bank repeats a notice until it reads a 2xx (protocol §6). */
export function acknowledgement(result: CallbackResult): RawReply {
  return {
    status: ACKNOWLEDGEMENT_STATUS[result],
    contentType: 'application/json',
    body: JSON.stringify({ result }),
  };
}

const ACKNOWLEDGEMENT_STATUS: Readonly<Record<CallbackResult, number>> = {
  recorded: 200,
  already_recorded: 200,
  amount_differs: 200, // Kept and being looked into; sending it again would tell us nothing new.
  rejected: 401,
  unknown_payment: 404, // It may come before our own commit: the bank is to send it again.
  try_again: 503,
};

/** `SB`, the day in Viet Nam, the number in base 36 and twelve digits nobody can guess: at most 33 characters. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  return datedReference('SB', { number: paymentNumber, startedAt, nonce }, 12);
}

function answerTo(
  body: Uint8Array,
  account: MerchantAccount,
  key: string,
  expected: string,
): JsonObject | null {
  const answer = readGatewayObject(body);
  if (!answer || textOf(answer, 'merchant_id') !== account.merchantId) return null;
  return textOf(answer, key) === expected ? answer : null;
}

/** An identifier as it may stand in a log, a page and a unique key. */
function reference(members: JsonObject, key: string): string | null {
  const value = textOf(members, key);
  return value !== null && /^[A-Za-z0-9._:-]{1,64}$/.test(value) ? value : null;
}

/** RFC 3339 with an offset and a real calendar day, or null. */
function instant(members: JsonObject, key: string): Date | null {
  const value = textOf(members, key) ?? '';
  const parts = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.exec(value);
  const at = parts ? new Date(value) : null;
  if (!parts?.[1] || !at || Number.isNaN(at.getTime())) return null;
  const midnight = new Date(`${parts[1]}T00:00:00Z`);
  return midnight.toISOString().startsWith(parts[1]) ? at : null;
}
