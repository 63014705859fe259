/** Pure: the page address we send payers to, the IPN, the query and our words back. Source: OnePay's integration guides, version 2, read 2026-11-25. */
import { MAX_AMOUNT_MINOR, vnd, type Money } from '../../domain/kernel/money.ts';
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
import { APPROVED, FAILURES, type CardKind } from './codes.ts';
import { readSignedForm, signedForm } from './signing.ts';

/** OnePay drops a payment after fifteen minutes; there is no field to say otherwise. */
export const PAYMENT_LIFETIME_MINUTES = 15;
const ORDER_INFO_MAX = 34;
/** `vpc_TicketNo` takes IPv4 alone, at most 15 characters; a payer of another address is told as this. */
const NO_IPV4 = '127.0.0.1';

type Value = (name: string) => string;

/** The page where the citizen pays. The same request gives the same address. */
export function payPageUrl(payUrl: string, kind: CardKind, request: StartPayment): string {
  const { account } = request;
  const fields = {
    vpc_Version: '2',
    vpc_Command: 'pay',
    vpc_Merchant: account.merchantId,
    vpc_AccessCode: account.settings['accessCode'] ?? '',
    // The page of international cards is not told a currency.
    ...(kind === 'domestic' ? { vpc_Currency: 'VND' } : {}),
    vpc_Locale: request.locale === 'vi' ? 'vn' : 'en',
    vpc_MerchTxnRef: request.merchantReference,
    vpc_OrderInfo: request.description.replaceAll(/[^A-Za-z0-9 ._-]+/g, ' ').slice(0, ORDER_INFO_MAX),
    vpc_Amount: (request.amount.amountMinor * 100n).toString(),
    vpc_ReturnURL: request.returnUrl,
    vpc_TicketNo: ipv4Of(request.payerIp),
    AgainLink: new URL(request.returnUrl).origin,
    Title: 'Thanh toan',
  };
  return `${payUrl}?${signedForm(fields, account)}`;
}

/** Verifies and reads one IPN. A message for another merchant is as good as forged. */
export function readCallback(
  kind: CardKind,
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): CallbackReading {
  if (message.method !== 'GET') return { kind: 'rejected', why: 'malformed' };
  const fields = readSignedForm(message.query, account);
  if (fields === 'bad_signature' || fields === 'malformed') return { kind: 'rejected', why: fields };
  const value: Value = (name) => fields.get(name) ?? '';
  if (value('vpc_Merchant') !== account.merchantId) return { kind: 'rejected', why: 'bad_signature' };
  const command = value('vpc_Command');
  if (!/^\w{1,40}$/.test(command)) return { kind: 'rejected', why: 'malformed' };
  if (command !== 'pay') return { kind: 'read', items: [{ kind: 'irrelevant', what: command }] };
  const merchantReference = value('vpc_MerchTxnRef');
  const outcome = isReference(merchantReference) ? readOutcome(kind, value, receivedAt) : null;
  return outcome
    ? { kind: 'read', items: [{ kind: 'payment', merchantReference, outcome }] }
    : { kind: 'rejected', why: 'malformed' };
}

/** What OnePay says of a payment; null when it cannot be read. It names no time, so it is when we heard of it. */
function readOutcome(kind: CardKind, value: Value, heardAt: Date): GatewayOutcome | null {
  const code = value('vpc_TxnResponseCode');
  const amount = readAmount(value('vpc_Amount'));
  if (!/^[0-9A-Z?]{1,4}$/.test(code) || !amount || !isDong(value)) return null;
  if (code === APPROVED) {
    const gatewayTransactionId = value('vpc_TransactionNo');
    if (!/^(?!0+$)[A-Za-z0-9._-]{1,64}$/.test(gatewayTransactionId)) return null;
    return { kind: 'succeeded', amount, gatewayTransactionId, paidAt: heardAt };
  }
  const isFailure = Object.hasOwn(FAILURES[kind], code);
  return { kind: isFailure ? 'failed' : 'pending', gatewayCode: code };
}

/** International cards name no currency; what is named must be ours. */
function isDong(value: Value): boolean {
  return ['vpc_CurrencyCode', 'vpc_Currency'].every((name) => ['', 'VND'].includes(value(name)));
}

/** Dong times one hundred, digits only; anything that would have to be rounded or guessed is null. */
function readAmount(text: string): Money | null {
  const dong = /^([1-9]\d{0,15})00$/.exec(text)?.[1];
  if (dong === undefined) return null;
  const amount = BigInt(dong);
  return amount <= MAX_AMOUNT_MINOR ? vnd(amount) : null;
}

export interface PaymentKey {
  readonly account: MerchantAccount;
  readonly merchantReference: string;
  readonly startedAt: Date;
}

export function queryForm({ account, merchantReference }: PaymentKey): string {
  const fields = {
    vpc_Version: '2',
    vpc_Command: 'queryDR',
    vpc_Merchant: account.merchantId,
    vpc_AccessCode: account.settings['accessCode'] ?? '',
    vpc_User: account.settings['queryUser'] ?? '',
    vpc_Password: account.secrets[0]?.['queryPassword'] ?? '',
    vpc_MerchTxnRef: merchantReference,
  };
  return signedForm(fields, account);
}

/** What a signed answer says of this payment; null when it is not a genuine answer to this question. */
export function readQueryAnswer(
  kind: CardKind,
  body: Uint8Array,
  payment: PaymentKey,
  heardAt: Date,
): GatewayOutcome | null {
  const fields = readSignedForm(Buffer.from(body).toString('utf8').trim(), payment.account);
  if (fields === 'bad_signature' || fields === 'malformed') return null;
  const value: Value = (name) => fields.get(name) ?? '';
  const { account, merchantReference, startedAt } = payment;
  const isOfMerchant = ['', account.merchantId].includes(value('vpc_Merchant'));
  if (!isOfMerchant || value('vpc_MerchTxnRef') !== merchantReference) return null;
  if (value('vpc_DRExists') === 'N') return { kind: 'not_known' };
  // Money was taken within the payment's life, however late we ask.
  const endedAt = addMinutes(startedAt, PAYMENT_LIFETIME_MINUTES);
  const paidAt = heardAt < endedAt ? heardAt : endedAt;
  return value('vpc_DRExists') === 'Y' ? readOutcome(kind, value, paidAt) : null;
}

/** OnePay looks for `responsecode=1` and calls again on anything else. */
const ACKNOWLEDGEMENTS: Readonly<Record<CallbackResult, string>> = {
  recorded: 'responsecode=1&desc=confirm-success',
  already_recorded: 'responsecode=1&desc=confirm-success',
  unknown_payment: 'responsecode=0&desc=order-not-found',
  amount_differs: 'responsecode=0&desc=amount-differs',
  rejected: 'responsecode=0&desc=confirm-fail',
  try_again: 'responsecode=0&desc=try-again',
};

export function acknowledgement(result: CallbackResult): RawReply {
  return { status: 200, contentType: 'text/plain', body: ACKNOWLEDGEMENTS[result] };
}

/** `vpc_MerchTxnRef`: unique for ever, at most 34 characters, with a nonce so that nobody guesses another's. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  return datedReference('OP', { number: paymentNumber, startedAt, nonce }, 16);
}

/** An identifier as it may stand in a log, a page and a unique key. */
function isReference(text: string): boolean {
  return /^[A-Za-z0-9._:-]{1,40}$/.test(text);
}

function ipv4Of(ip: string): string {
  const plain = ip.replace(/^::ffff:/i, '');
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(plain) ? plain : NO_IPV4;
}
