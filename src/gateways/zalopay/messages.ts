/** Pure: what we send to ZaloPay, its callback and our answer to that. Knows no HTTP and no clock. */
import { readGatewayObject, scalarOf, type JsonObject } from '../../platform/gateway-json.ts';
import { referenceDay } from '../dated-reference.ts';
import { amountOf, instantOf, numberOf } from '../fields.ts';
import type {
  CallbackReading,
  CallbackResult,
  MerchantAccount,
  RawMessage,
  RawReply,
  RefundRequest,
  StartPayment,
} from '../gateway-adapter.ts';
import { isFromZaloPay, macOf, queryMacOf } from './signing.ts';

/** `expire_duration_seconds`: 300 to 2,592,000, 900 unless told (order create, read 2026-11-25). */
export const PAYMENT_LIFETIME_MINUTES = 15;
const DESCRIPTION_MAX = 256;
const REFUND_DESCRIPTION_MAX = 100;
/** Who pays is not ZaloPay's business; "use the application's name if you cannot identify the user". */
const APP_USER = 'dichvucong';
const REDIRECT = 'redirecturl';

/** `POST /v2/create`. The time of sending must not be more than 15 minutes off. */
export function createRequest(request: StartPayment, now: Date): string {
  const { account, merchantReference } = request;
  const amount = request.amount.amountMinor.toString();
  const appTime = now.getTime().toString();
  const embedData = JSON.stringify({ [REDIRECT]: request.returnUrl });
  const item = '[]';
  return form({
    app_id: account.merchantId,
    app_user: APP_USER,
    app_trans_id: merchantReference,
    app_time: appTime,
    expire_duration_seconds: (PAYMENT_LIFETIME_MINUTES * 60).toString(),
    amount,
    item,
    embed_data: embedData,
    description: cut(request.description, DESCRIPTION_MAX),
    bank_code: '',
    callback_url: request.callbackUrl,
    mac: macOf(account, [account.merchantId, merchantReference, APP_USER, amount, appTime, embedData, item]),
  });
}

/** `POST /v2/query`. */
export function queryRequest(account: MerchantAccount, merchantReference: string): string {
  return form({
    app_id: account.merchantId,
    app_trans_id: merchantReference,
    mac: queryMacOf(account, [account.merchantId, merchantReference]),
  });
}

/** `POST /v2/refund`. What ZaloPay knows the refund by is the same on a repeat, whenever that is. */
export function refundRequest(request: RefundRequest, now: Date): string {
  const { account, gatewayTransactionId } = request;
  if (!/^[1-9]\d{0,18}$/.test(gatewayTransactionId)) {
    throw new Error(`Refund ${request.refundReference} names no ZaloPay transaction.`);
  }
  const amount = request.amount.amountMinor.toString();
  const description = cut(request.reason, REFUND_DESCRIPTION_MAX);
  const timestamp = now.getTime().toString();
  return form({
    app_id: account.merchantId,
    m_refund_id: refundId(request),
    zp_trans_id: gatewayTransactionId,
    amount,
    timestamp,
    description,
    mac: macOf(account, [account.merchantId, gatewayTransactionId, amount, description, timestamp]),
  });
}

/** `POST /v2/query_refund`. */
export function refundQueryRequest(request: RefundRequest, now: Date): string {
  const { account } = request;
  const timestamp = now.getTime().toString();
  return form({
    app_id: account.merchantId,
    m_refund_id: refundId(request),
    timestamp,
    mac: macOf(account, [account.merchantId, refundId(request), timestamp]),
  });
}

/** `yymmdd_appid_xxx`, at most 45 characters: the day in GMT+7 on which the refund was asked for, and its reference. */
export function refundId({
  account,
  submittedAt,
  refundReference,
}: Pick<RefundRequest, 'account' | 'submittedAt' | 'refundReference'>): string {
  return `${referenceDay(submittedAt)}_${account.merchantId}_${refundReference}`;
}

/** `yymmdd_`, the number in base 36 and twelve digits nobody can guess: at most 32 of 40 characters. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  // The nonce has a fixed length, so two numbers never give one reference.
  return `${referenceDay(startedAt)}_${paymentNumber.toString(36)}${nonce.slice(-12)}`.toUpperCase();
}

/**
 * Verifies and reads one callback: `{ data, mac, type }`, sent once ZaloPay has the money and never else.
 *
 * What is read stands in `data`, a JSON text under the MAC; an order of another app is as good as forged.
 */
export function readCallback(message: RawMessage, account: MerchantAccount): CallbackReading {
  const envelope = message.method === 'POST' ? readGatewayObject(message.body) : null;
  const data = envelope?.get('data');
  const mac = envelope?.get('mac');
  if (!envelope || typeof data !== 'string') return { kind: 'rejected', why: 'malformed' };
  if (typeof mac !== 'string' || !isFromZaloPay(data, mac, account)) {
    return { kind: 'rejected', why: 'bad_signature' };
  }
  // 1 is an order, 2 an agreement to pay by token, which we never ask for.
  const order = scalarOf(envelope, 'type') === '1' ? readGatewayObject(Buffer.from(data)) : null;
  if (!order) return { kind: 'rejected', why: 'malformed' };
  if (scalarOf(order, 'app_id') !== account.merchantId) return { kind: 'rejected', why: 'bad_signature' };
  return readOrder(order);
}

function readOrder(order: JsonObject): CallbackReading {
  const reference = order.get('app_trans_id');
  const amount = amountOf(order);
  const gatewayTransactionId = numberOf(order, 'zp_trans_id');
  const paidAt = instantOf(order, 'server_time');
  const isReference = typeof reference === 'string' && /^[A-Za-z0-9._:-]{1,40}$/.test(reference);
  if (!isReference || !amount || !gatewayTransactionId || !paidAt) {
    return { kind: 'rejected', why: 'malformed' };
  }
  const outcome = { kind: 'succeeded', amount, gatewayTransactionId, paidAt } as const;
  return { kind: 'read', items: [{ kind: 'payment', merchantReference: reference, outcome }] };
}

/** ZaloPay reads the body: it calls again, three times at most, after 0 and after no answer. */
export function acknowledgement(result: CallbackResult): RawReply {
  return {
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify({ return_code: RETURN_CODE[result], return_message: result }),
  };
}

/**
 * 1 taken, 2 taken before, 0 call again, any other: refused, do not call again (ZaloPay callback and its samples, read
 * 2026-11-25). Never 3: an older version gives the payer the money back by it.
 */
const RETURN_CODE: Readonly<Record<CallbackResult, number>> = {
  recorded: 1,
  already_recorded: 2,
  amount_differs: 1, // Kept and being looked into; sending it again would tell us nothing new.
  rejected: -1,
  unknown_payment: 0, // It may come before our own commit.
  try_again: 0,
};

/** Forms rather than JSON: every value is text, so no number can lose a digit on the way. */
function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/** Cut between characters, never within one. */
function cut(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}
