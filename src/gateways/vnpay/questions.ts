/** Pure: what we ask VNPAY's API of payments and refunds, and how its answers are read. Source: querydr&refund.html, 2.1.0, read 2026-11-25. */
import {
  isJsonNumber,
  readGatewayObject,
  type JsonObject,
  type JsonValue,
} from '../../platform/gateway-json.ts';
import { printable } from '../fields.ts';
import type { GatewayOutcome, MerchantAccount, RefundOutcome, RefundRequest } from '../gateway-adapter.ts';
import {
  DONE,
  isFailure,
  NO_MONEY_TAKEN,
  NOT_FOUND,
  REFUND_REFUSED,
  REFUSED_QUERIES,
  REFUSED_REFUNDS,
  TYPES,
} from './codes.ts';
import { OWN_ADDRESS, plainText, readVnpayAmount, readVnpayTime, vnpayAmount, vnpayTime } from './format.ts';
import { isCode, isTransactionNumber, readSuccess, VERSION } from './messages.ts';
import { barSignature, isBarSigned } from './signing.ts';

/** What each request signs, in this order. */
const SIGNED_REQUEST = {
  querydr: names('RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo'),
  refund: names(
    'RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy CreateDate IpAddr OrderInfo',
  ),
};
const COMMON_ANSWER =
  'ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType TransactionStatus OrderInfo';
const SIGNED_ANSWER = {
  querydr: names(`${COMMON_ANSWER} PromotionCode PromotionAmount`),
  refund: names(COMMON_ANSWER),
};
export type Command = keyof typeof SIGNED_ANSWER;

/** A field of a genuine answer by its full name; empty where the answer has none. */
export type Answer = (name: string) => string;

/** Which payment is asked about: VNPAY finds it by our reference and the time we made it. */
export interface PaymentKey {
  readonly account: MerchantAccount;
  readonly merchantReference: string;
  readonly startedAt: Date;
}

/** @param requestId  never used before on this day */
export function queryRequest(payment: PaymentKey, requestId: string, now: Date): string {
  return signedBody('querydr', payment.account, {
    vnp_RequestId: requestId,
    vnp_Version: VERSION,
    vnp_Command: 'querydr',
    vnp_TmnCode: payment.account.merchantId,
    vnp_TxnRef: payment.merchantReference,
    vnp_OrderInfo: `Truy van ${payment.merchantReference}`,
    vnp_TransactionDate: vnpayTime(payment.startedAt),
    vnp_CreateDate: vnpayTime(now),
    vnp_IpAddr: OWN_ADDRESS,
  });
}

/** The request's id is our refund's reference, so VNPAY knows a repeat for one. */
export function refundRequest(request: RefundRequest, now: Date): string {
  return signedBody('refund', request.account, {
    vnp_RequestId: request.refundReference,
    vnp_Version: VERSION,
    vnp_Command: 'refund',
    vnp_TmnCode: request.account.merchantId,
    vnp_TransactionType: typeOf(request),
    vnp_TxnRef: request.merchantReference,
    vnp_Amount: vnpayAmount(request.amount),
    // Told again by a query: the only mark by which one refund of a payment is known from another.
    vnp_OrderInfo: plainText(`${request.refundReference} ${request.reason}`, 255),
    vnp_TransactionNo: request.gatewayTransactionId,
    vnp_TransactionDate: vnpayTime(request.paymentStartedAt),
    vnp_CreateBy: 'hoantra',
    vnp_CreateDate: vnpayTime(now),
    vnp_IpAddr: OWN_ADDRESS,
  });
}

/** The fields of an answer that VNPAY signed and that is about this payment; null otherwise. */
export function readAnswer(command: Command, body: Uint8Array, payment: PaymentKey): Answer | null {
  const members = readGatewayObject(body);
  const fields = members && scalars(members);
  if (!fields) return null;
  const value: Answer = (name) => fields.get(name) ?? '';
  const merchant = value('vnp_TmnCode');
  // Signed over the text as it came: amounts are read after, never before.
  const signed = SIGNED_ANSWER[command].map(value);
  if (!isBarSigned(signed, value('vnp_SecureHash'), payment.account)) return null;
  if (merchant !== '' && merchant !== payment.account.merchantId) return null;
  const told = value('vnp_Command');
  if (told !== '' && told !== command) return null;
  return value('vnp_TxnRef') === payment.merchantReference && isCode(value('vnp_ResponseCode'))
    ? value
    : null;
}

/** What an answer to a query says of the payment; null when the API refused the question. */
export function readPaymentState(value: Answer, heardAt: Date): GatewayOutcome | null {
  const code = value('vnp_ResponseCode');
  const state = value('vnp_TransactionStatus');
  const type = value('vnp_TransactionType');
  if (code === NOT_FOUND) return { kind: 'not_known' };
  // The states of a refund say nothing of the payment it gives back of.
  if (type !== TYPES.payment && type !== '')
    return { kind: 'pending', gatewayCode: `${printable(type)}:${printable(state)}`.slice(0, 64) };
  if (code === DONE && state === DONE) return readSuccess(value, heardAt);
  if (state === NO_MONEY_TAKEN && (code === DONE || isFailure(code))) {
    return { kind: 'failed', gatewayCode: code === DONE ? state : code };
  }
  if (Object.hasOwn(REFUSED_QUERIES, code)) return null;
  return { kind: 'pending', gatewayCode: printable(`${code}/${state}`) };
}

/** What an answer to the asking for a refund says. */
export function readRefundTaken(value: Answer, request: RefundRequest, heardAt: Date): RefundOutcome {
  const code = value('vnp_ResponseCode');
  if (Object.hasOwn(REFUSED_REFUNDS, code)) return { kind: 'failed', gatewayCode: code };
  if (code !== DONE || !isAbout(value, request)) return pendingRefund(value);
  return readRefundState(value, request, heardAt);
}

/**
 * What an answer to a query says of one refund.
 *
 * VNPAY is asked about the payment and tells of one transaction of it. It is this refund when it carries our mark, or
 * when the whole payment went back, which happens once. Anything else leaves open whether the refund was made, and
 * pending: sending it again might give the money back twice, so a person or the settlement file decides.
 */
export function readRefundQueried(value: Answer, request: RefundRequest, heardAt: Date): RefundOutcome {
  if (value('vnp_ResponseCode') !== DONE || !isAbout(value, request)) return pendingRefund(value);
  const isOurs = value('vnp_OrderInfo').split(' ')[0] === request.refundReference;
  const isAllBack = typeOf(request) === TYPES.fullRefund && value('vnp_TransactionStatus') === DONE;
  return isOurs || isAllBack ? readRefundState(value, request, heardAt) : pendingRefund(value);
}

/** A refund of this kind and this sum; the same payment was made sure of before. */
function isAbout(value: Answer, request: RefundRequest): boolean {
  const amount = readVnpayAmount(value('vnp_Amount'));
  return (
    value('vnp_TransactionType') === typeOf(request) && amount?.amountMinor === request.amount.amountMinor
  );
}

function readRefundState(value: Answer, request: RefundRequest, heardAt: Date): RefundOutcome {
  const state = value('vnp_TransactionStatus');
  if (state === REFUND_REFUSED) return { kind: 'failed', gatewayCode: state };
  if (state !== DONE) return pendingRefund(value);
  const number = value('vnp_TransactionNo');
  const isOwnNumber = isTransactionNumber(number) && number !== request.gatewayTransactionId;
  const told = readVnpayTime(value('vnp_PayDate'));
  // The document calls it the time of payment: before the refund was asked for it is that of the payment.
  const isOfRefund = told !== null && told.getTime() + 1000 > request.submittedAt.getTime();
  return {
    kind: 'succeeded',
    gatewayRefundId: isOwnNumber ? number : request.refundReference,
    refundedAt: isOfRefund ? told : heardAt,
  };
}

function pendingRefund(value: Answer): RefundOutcome {
  const [code, state] = [value('vnp_ResponseCode'), value('vnp_TransactionStatus')];
  return { kind: 'pending', gatewayCode: printable(state === '' ? code : `${code}/${state}`) };
}

function typeOf({ amount, paymentAmount }: RefundRequest): string {
  return amount.amountMinor === paymentAmount.amountMinor ? TYPES.fullRefund : TYPES.partialRefund;
}

function signedBody(
  command: Command,
  account: MerchantAccount,
  fields: Readonly<Record<string, string>>,
): string {
  const signed = SIGNED_REQUEST[command].map((name) => fields[name] ?? '');
  return JSON.stringify({ ...fields, vnp_SecureHash: barSignature(signed, account) });
}

/** Texts and numbers as they were written; null when a member is anything else. */
function scalars(members: JsonObject): ReadonlyMap<string, string> | null {
  const texts = [...members].map(([name, value]) => [name, scalar(value)] as const);
  return texts.every((entry): entry is [string, string] => entry[1] !== null) ? new Map(texts) : null;
}

function scalar(value: JsonValue): string | null {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return isJsonNumber(value) ? value.numberText : null;
}

function names(short: string): readonly string[] {
  return short.split(' ').map((name) => `vnp_${name}`);
}
