/** Pure: the page address we send payers to, the IPN we receive, our words back. Source: VNPAY pay.html, 2.1.0, read 2026-11-25. */
import { addMinutes } from '../../domain/kernel/time.ts';
import { datedReference } from '../dated-reference.ts';
import type {
  CallbackReading,
  CallbackResult,
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RawReply,
  StartPayment,
} from '../gateway-adapter.ts';
import { DONE, isFailure, NO_MONEY_TAKEN } from './codes.ts';
import { plainText, readVnpayAmount, readVnpayTime, vnpayAddress, vnpayAmount, vnpayTime } from './format.ts';
import { readSignedQuery, signedQuery } from './signing.ts';

export const VERSION = '2.1.0';
export const PAYMENT_LIFETIME_MINUTES = 15;
const ORDER_INFO_MAX = 255;

/** When VNPAY drops the payment: `vnp_ExpireDate` has whole seconds. */
export function expiryOf(startedAt: Date): Date {
  const at = addMinutes(startedAt, PAYMENT_LIFETIME_MINUTES);
  return new Date(at.getTime() - at.getUTCMilliseconds());
}

/** The page where the citizen pays. The same request gives the same address, so it may be asked for again. */
export function payPageUrl(payUrl: string, request: StartPayment): string {
  const fields = {
    vnp_Version: VERSION,
    vnp_Command: 'pay',
    vnp_TmnCode: request.account.merchantId,
    vnp_Amount: vnpayAmount(request.amount),
    vnp_CurrCode: 'VND',
    vnp_TxnRef: request.merchantReference,
    vnp_OrderInfo: plainText(request.description, ORDER_INFO_MAX),
    vnp_OrderType: 'other',
    vnp_Locale: request.locale === 'vi' ? 'vn' : 'en',
    vnp_ReturnUrl: request.returnUrl,
    vnp_IpAddr: vnpayAddress(request.payerIp),
    vnp_CreateDate: vnpayTime(request.startedAt),
    vnp_ExpireDate: vnpayTime(expiryOf(request.startedAt)),
  };
  return `${payUrl}?${signedQuery(fields, request.account)}`;
}

/** Verifies and reads one IPN. A message for another merchant is as good as forged. */
export function readCallback(
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): CallbackReading {
  if (message.method !== 'GET') return { kind: 'rejected', why: 'malformed' };
  const fields = readSignedQuery(message.query, account);
  if (fields === 'bad_signature' || fields === 'malformed') return { kind: 'rejected', why: fields };
  const value = (name: string): string => fields.get(name) ?? '';
  if (value('vnp_TmnCode') !== account.merchantId) return { kind: 'rejected', why: 'bad_signature' };
  const merchantReference = value('vnp_TxnRef');
  const outcome = isReference(merchantReference) ? readOutcome(value, receivedAt) : null;
  return outcome
    ? { kind: 'read', items: [{ kind: 'payment', merchantReference, outcome }] }
    : { kind: 'rejected', why: 'malformed' };
}

/** What an IPN says. Both of VNPAY's words must agree; anything else, the unknown first, is pending. */
function readOutcome(value: (name: string) => string, receivedAt: Date): GatewayOutcome | null {
  const code = value('vnp_ResponseCode');
  const state = value('vnp_TransactionStatus');
  if (!isCode(code) || !isCode(state) || !readVnpayAmount(value('vnp_Amount'))) return null;
  if (code === DONE && state === DONE) return readSuccess(value, receivedAt);
  if (state === NO_MONEY_TAKEN && isFailure(code)) return { kind: 'failed', gatewayCode: code };
  return { kind: 'pending', gatewayCode: `${code}/${state}` };
}

/** Money that VNPAY took, or null when an amount, a number or a time is not one. */
export function readSuccess(value: (name: string) => string, heardAt: Date): GatewayOutcome | null {
  const amount = readVnpayAmount(value('vnp_Amount'));
  const gatewayTransactionId = value('vnp_TransactionNo');
  // The document makes the time of payment optional; then it is when we heard of it.
  const paidAt = value('vnp_PayDate') === '' ? heardAt : readVnpayTime(value('vnp_PayDate'));
  if (!amount || !isTransactionNumber(gatewayTransactionId) || !paidAt) return null;
  return { kind: 'succeeded', amount, gatewayTransactionId, paidAt };
}

/** VNPAY reads the code, never the status; it calls again on all but 00 and 02. */
const ACKNOWLEDGEMENTS: Readonly<Record<CallbackResult, readonly [code: string, message: string]>> = {
  recorded: ['00', 'Confirm Success'],
  already_recorded: ['02', 'Order already confirmed'],
  unknown_payment: ['01', 'Order not Found'],
  amount_differs: ['04', 'Invalid amount'],
  rejected: ['97', 'Invalid Checksum'],
  try_again: ['99', 'Unknown error'],
};

export function acknowledgement(result: CallbackResult): RawReply {
  const [RspCode, Message] = ACKNOWLEDGEMENTS[result];
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ RspCode, Message }) };
}

/** `vnp_TxnRef`: letters and digits, unique in a day, with a nonce so that nobody guesses another's. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  return datedReference('VP', { number: paymentNumber, startedAt, nonce }, 16);
}

/** An identifier as it may stand in a log, a page and a unique key. */
function isReference(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,100}$/.test(text);
}

/** VNPAY gives `0` where it made no transaction. */
export function isTransactionNumber(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}

export function isCode(text: string): boolean {
  return /^[0-9A-Za-z]{2}$/.test(text);
}
