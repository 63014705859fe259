/** Pure: what we send to MoMo, its notice of a payment (IPN) and our answer to that. Knows no HTTP and no clock. */
import type { Money } from '../../domain/kernel/money.ts';
import { readGatewayObject, scalarOf, type JsonObject } from '../../platform/gateway-json.ts';
import { datedReference } from '../dated-reference.ts';
import { amountOf, instantOf, numberOf, printable } from '../fields.ts';
import type {
  CallbackReading,
  CallbackResult,
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RawReply,
  RefundRequest,
  StartPayment,
} from '../gateway-adapter.ts';
import { RESULT_CODES } from './result-codes.ts';
import { isSignedByMomo, sign, SIGNED_NAMES, type SignedKind } from './signing.ts';

/** The page and its QR code live a quarter of an hour (MoMo developers v3, one-time payments, read 2026-11-25). */
export const PAYMENT_LIFETIME_MINUTES = 15;
const DESCRIPTION_MAX = 200;

/** One-step payments are captured by themselves; with `autoCapture` "false" we capture what MoMo has authorised. */
export function capturesByItself(account: MerchantAccount): boolean {
  return account.settings['autoCapture'] !== 'false';
}

/** `POST /v2/gateway/api/create`. The requestId is the orderId, so that a repeat gets the answer of the first. */
export function createRequest(request: StartPayment): string {
  const { account, merchantReference } = request;
  const body = {
    partnerCode: account.merchantId,
    requestId: merchantReference,
    amount: request.amount.amountMinor,
    orderId: merchantReference,
    orderInfo: request.description,
    redirectUrl: request.returnUrl,
    ipnUrl: request.callbackUrl,
    requestType: 'captureWallet',
    extraData: '',
    lang: request.locale,
    autoCapture: capturesByItself(account),
  };
  return signed('create', body, account);
}

/** `POST /v2/gateway/api/query`, and the same of a refund. Each question is a request of its own. */
export function queryRequest(account: MerchantAccount, orderId: string, requestId: string): string {
  return signed('query', { partnerCode: account.merchantId, requestId, orderId, lang: 'en' }, account);
}

/** `POST /v2/gateway/api/confirm`: takes what is held. */
export function captureRequest(
  account: MerchantAccount,
  held: { readonly orderId: string; readonly amount: Money; readonly requestId: string },
): string {
  const body = {
    partnerCode: account.merchantId,
    requestId: held.requestId,
    orderId: held.orderId,
    requestType: 'capture',
    amount: held.amount.amountMinor,
    lang: 'en',
    description: '',
  };
  return signed('confirm', body, account);
}

/**
 * `POST /v2/gateway/api/refund`. A refund is an order of its own at MoMo: orderId and requestId are both the refund's
 * reference, so that a repeat under it gets the answer of the first and never gives back twice.
 */
export function refundRequest(request: RefundRequest): string {
  const { account, refundReference, gatewayTransactionId } = request;
  if (!/^[1-9]\d{0,18}$/.test(gatewayTransactionId)) {
    throw new Error(`Refund ${refundReference} names no MoMo transaction.`);
  }
  const body = {
    partnerCode: account.merchantId,
    orderId: refundReference,
    requestId: refundReference,
    amount: request.amount.amountMinor,
    transId: BigInt(gatewayTransactionId),
    lang: 'en',
    description: Array.from(request.reason).slice(0, DESCRIPTION_MAX).join(''),
  };
  return signed('refund', body, account);
}

type Body = Readonly<Record<string, string | boolean | bigint>>;

function signed(kind: SignedKind, body: Body, account: MerchantAccount): string {
  const texts = Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
  return jsonOf({ ...body, signature: sign(kind, texts, account) });
}

/** Amounts and transaction numbers are MoMo's Long: written digit by digit, never through a floating point number. */
function jsonOf(body: Body): string {
  const members = Object.entries(body).map(
    ([name, value]) =>
      `${JSON.stringify(name)}:${typeof value === 'bigint' ? value.toString() : JSON.stringify(value)}`,
  );
  return `{${members.join(',')}}`;
}

/** Verifies and reads one IPN. It tells of one payment; a message for another partner is as good as forged. */
export function readCallback(message: RawMessage, account: MerchantAccount): CallbackReading {
  const members = message.method === 'POST' ? readGatewayObject(message.body) : null;
  if (!members) return { kind: 'rejected', why: 'malformed' };
  const values: Record<string, string> = {};
  for (const name of SIGNED_NAMES.ipn) {
    if (name === 'accessKey') continue;
    const value = scalarOf(members, name);
    if (value === null) return { kind: 'rejected', why: 'malformed' };
    values[name] = value;
  }
  const signature = members.get('signature');
  const isGenuine = typeof signature === 'string' && isSignedByMomo(values, signature, account);
  if (!isGenuine || values['partnerCode'] !== account.merchantId) {
    return { kind: 'rejected', why: 'bad_signature' };
  }
  return readSigned(members, account);
}

function readSigned(members: JsonObject, account: MerchantAccount): CallbackReading {
  const merchantReference = scalarOf(members, 'orderId') ?? '';
  const requestId = scalarOf(members, 'requestId') ?? '';
  const outcome = readPayment(members, 'responseTime', capturesByItself(account));
  if (!isOrderId(merchantReference) || requestId === '' || requestId.length > 50 || !outcome) {
    return { kind: 'rejected', why: 'malformed' };
  }
  return { kind: 'read', items: [{ kind: 'payment', merchantReference, outcome }] };
}

/** MoMo's grammar of an orderId; the length is that of a requestId, which ours equals. */
function isOrderId(text: string): boolean {
  return text.length <= 50 && /^[0-9a-zA-Z](?:[-_.]*[0-9a-zA-Z])*$/.test(text);
}

/** What an IPN, a query's or a capture's answer says of a payment. Null when a success lacks what a success has. */
export function readPayment(
  members: JsonObject,
  paidAtName: string,
  isAuthorisedPaid: boolean,
): GatewayOutcome | null {
  const code = scalarOf(members, 'resultCode');
  if (code === null) return null;
  const meaning = RESULT_CODES[code]?.payment;
  if (meaning === 'declined') return { kind: 'failed', gatewayCode: code };
  const isPaid = meaning === 'success' || (meaning === 'authorised' && isAuthorisedPaid);
  if (!isPaid) return { kind: 'pending', gatewayCode: printable(code) };
  const amount = amountOf(members);
  const gatewayTransactionId = numberOf(members, 'transId');
  const paidAt = instantOf(members, paidAtName);
  if (!amount || !gatewayTransactionId || !paidAt) return null;
  return { kind: 'succeeded', amount, gatewayTransactionId, paidAt };
}

/** MoMo knows one good answer, 204 without a body, within 15 seconds (IPN, read 2026-11-25). */
export function acknowledgement(result: CallbackResult): RawReply {
  return { status: ACKNOWLEDGEMENT_STATUS[result], contentType: 'application/json', body: '' };
}

/** It names nothing for the others, so these are HTTP's own words; whoever counts them sees that nothing was kept. */
const ACKNOWLEDGEMENT_STATUS: Readonly<Record<CallbackResult, number>> = {
  recorded: 204,
  already_recorded: 204,
  amount_differs: 204, // Kept and being looked into; sending it again would tell us nothing new.
  rejected: 401,
  unknown_payment: 404, // It may come before our own commit: it is to be sent again.
  try_again: 503,
};

/** `MM`, the day in Viet Nam, the number in base 36 and twelve digits nobody can guess: at most 33 characters. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  return datedReference('MM', { number: paymentNumber, startedAt, nonce }, 12);
}
