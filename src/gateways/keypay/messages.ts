/**
 * Pure: the messages between us and KeyPay as the National Public Service Portal uses it, version 3.0.
 *
 * No specification is published. Source: VietOpenCPS/opencps-v2, modules/pay-gate-integration, kpCreateTransaction,
 * kpViewDetailTransaction and kpCallBack of PayGateIntegrationActionImpl.java, PayGateTerm.java, KeyPayV3Utils.java;
 * read 2026-11-25.
 */
import { MAX_AMOUNT_MINOR, parseDecimalAmount, type Money } from '../../domain/kernel/money.ts';
import {
  isJsonObject,
  readGatewayObject,
  scalarOf,
  textOf,
  type JsonObject,
} from '../../platform/gateway-json.ts';
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { newestSecret, secretsNamed } from '../account-secrets.ts';
import { printable } from '../fields.ts';
import type {
  CallbackReading,
  CallbackResult,
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RawReply,
  StartPayment,
} from '../gateway-adapter.ts';

export const COMMAND = 'PAY';
export const VERSION = '3.0';
/** Fees on top of the amount, for delivery: we ask for none. */
const NO_FEE = '0';

/** The one status the source acts on; what any other means is not known, so none of them is definitive. */
export const STATUSES: Readonly<Record<string, 'paid'>> = { '0': 'paid' };

/** What a check sum covers: neither the status nor KeyPay's own number. */
export interface SignedFacts {
  readonly additionFee: string;
  readonly clientId: string;
  readonly command: string;
  readonly amount: string;
  readonly transactionId: string;
  readonly version: string;
}

/** Of a creation (with hash_key_1) and of a callback (with hash_key_2). */
export function paymentCheckSum(facts: SignedFacts, hashKey: string): string {
  const { additionFee, clientId, command, amount, transactionId, version } = facts;
  return hmacHex(
    'sha256',
    hashKey,
    [additionFee, clientId, command, amount, transactionId, version].join('|'),
  );
}

/** Of a question (with hash_key_1) and of its answer (with hash_key_2). */
export function detailCheckSum(clientId: string, transactionId: string, hashKey: string): string {
  return hmacHex('sha256', hashKey, [clientId, COMMAND, transactionId].join('|'));
}

export function createRequest(request: StartPayment): string {
  const { account, description } = request;
  const amount = request.amount.amountMinor.toString();
  const facts = {
    additionFee: NO_FEE,
    clientId: account.merchantId,
    command: COMMAND,
    amount,
    transactionId: request.merchantReference,
    version: VERSION,
  };
  return JSON.stringify({
    client_id: facts.clientId,
    transaction_id: facts.transactionId,
    trans_amount: amount,
    command: COMMAND,
    version: VERSION,
    description,
    locale: 'vn',
    country_code: 'vi',
    currency_code: request.amount.currency,
    environment: '1',
    bill_info: billInfo(account, description, amount),
    return_url: request.returnUrl,
    addition_fee: NO_FEE,
    check_sum: paymentCheckSum(facts, newestSecret(account, 'hashKey1', 'KeyPay hashKey1')),
  });
}

/** Fees and charges are service 2. Whose account it goes to is the account's setting; who pays, we do not tell. */
function billInfo({ settings }: MerchantAccount, description: string, amount: string): object {
  return {
    MaDichVu: '2',
    TKThuHuong: settings['beneficiaryAccount'] ?? '',
    MaNHThuHuong: settings['beneficiaryBank'] ?? '',
    TenTKThuHuong: settings['beneficiaryName'] ?? '',
    NoiDungThanhToan: description,
    DSKhoanNop: [{ NoiDung: description, SoTien: amount }],
  };
}

/** The page to send the citizen to; null when KeyPay did not take the payment, or sends elsewhere. */
export function readCreateAnswer(body: Uint8Array, payOrigin: string): string | null {
  const answer = readGatewayObject(body);
  if (!answer || scalarOf(answer, 'error') !== '0') return null;
  const url = answer.get('payment_url');
  const isThere = typeof url === 'string' && URL.canParse(url) && new URL(url).origin === payOrigin;
  return isThere ? url : null;
}

export function detailRequest(account: MerchantAccount, transactionId: string): string {
  return JSON.stringify({
    client_id: account.merchantId,
    transaction_id: transactionId,
    command: COMMAND,
    check_sum: detailCheckSum(
      account.merchantId,
      transactionId,
      newestSecret(account, 'hashKey1', 'KeyPay hashKey1'),
    ),
  });
}

/** What KeyPay says of a payment, at the time it said so; null when it is not an answer to this question. */
export function readDetailAnswer(
  body: Uint8Array,
  account: MerchantAccount,
  transactionId: string,
  answeredAt: Date,
): GatewayOutcome | null {
  const answer = readGatewayObject(body);
  if (!answer || scalarOf(answer, 'error') !== '0') return null;
  const expected = secretsNamed(account, 'hashKey2').map((key) =>
    detailCheckSum(account.merchantId, transactionId, key),
  );
  if (!isOneOf(checkSumOf(answer), expected)) return null;
  const data = answer.get('data');
  const detail = isJsonObject(data) ? data : answer;
  const told = scalarOf(detail, 'transaction_id');
  return told === transactionId ? readOutcome(detail, transactionId, answeredAt) : null;
}

/**
 * Verifies and reads one callback. One for another client is as good as forged.
 *
 * Its check sum covers the payment and the amount, not the status: whoever sees the check sum of a payment that failed
 * could say that it succeeded. So a callback tells only that there is something to ask about.
 */
export function readCallback(message: RawMessage, account: MerchantAccount): CallbackReading {
  if (message.method !== 'POST') return { kind: 'rejected', why: 'malformed' };
  const notice = readGatewayObject(message.body);
  const facts = notice && signedFacts(notice);
  if (!notice || !facts) {
    // Without a key there is nothing that could be genuine, whatever its form.
    return {
      kind: 'rejected',
      why: secretsNamed(account, 'hashKey2').length > 0 ? 'malformed' : 'bad_signature',
    };
  }
  const expected = secretsNamed(account, 'hashKey2').map((key) => paymentCheckSum(facts, key));
  const isOurs =
    facts.clientId === account.merchantId && facts.command === COMMAND && facts.version === VERSION;
  if (!isOneOf(checkSumOf(notice), expected) || !isOurs) return { kind: 'rejected', why: 'bad_signature' };
  return { kind: 'read', items: [{ kind: 'ask', merchantReference: facts.transactionId }] };
}

function signedFacts(notice: JsonObject): SignedFacts | null {
  const fact = (name: string): string => scalarOf(notice, name) ?? '';
  const facts = {
    additionFee: fact('addition_fee'),
    clientId: fact('client_id'),
    command: fact('command'),
    amount: fact('trans_amount'),
    transactionId: fact('transaction_id'),
    version: fact('version'),
  };
  const isWhole = Object.values(facts).every((value) => /^[A-Za-z0-9_.:-]{1,64}$/.test(value));
  return isWhole && /^\d{1,16}$/.test(facts.additionFee) ? facts : null;
}

/**
 * A payment is known by our own number alone. KeyPay's is not signed: believed, an edited one would be a second charge,
 * and money would be given back that never came.
 */
function readOutcome(members: JsonObject, transactionId: string, toldAt: Date): GatewayOutcome | null {
  const status = scalarOf(members, 'status');
  const amount = amountOf(members);
  if (status === null || !amount) return null;
  if (!Object.hasOwn(STATUSES, status))
    return { kind: 'pending', gatewayCode: printable(`status/${status}`) };
  return { kind: 'succeeded', amount, gatewayTransactionId: transactionId, paidAt: toldAt };
}

/** Whole dong in plain digits, as text or as a number: the source reads either. */
function amountOf(members: JsonObject): Money | null {
  const digits = scalarOf(members, 'trans_amount') ?? '';
  const amount = /^0\d/.test(digits) ? null : parseDecimalAmount(digits, 'VND');
  return amount && amount.amountMinor <= MAX_AMOUNT_MINOR ? amount : null;
}

/** In its one spelling, lower case; nothing where there is no such text. */
function checkSumOf(members: JsonObject): string {
  const claimed = textOf(members, 'check_sum') ?? '';
  return /^[0-9a-f]{64}$/.test(claimed) ? claimed : '';
}

/** Always HTTP 200, as the source answers; any code but 0 asks for the callback again. */
export function acknowledgement(result: CallbackResult): RawReply {
  const [return_code, return_msg] = WORDS[result];
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ return_code, return_msg }) };
}

const WORDS: Readonly<Record<CallbackResult, readonly [0 | -1, string]>> = {
  recorded: [0, 'success'],
  already_recorded: [0, 'success'],
  amount_differs: [0, 'success'], // Kept and being looked into; sending it again would tell us nothing new.
  rejected: [-1, 'error: check_sum invalid'],
  unknown_payment: [-1, 'error: unknown transaction_id'], // It may come before our own commit.
  try_again: [-1, 'error: try again'],
};

/**
 * The number in base 36, an underscore and as many digits nobody can guess as have room in 20 characters, twelve at
 * most and six at least; two numbers never give one reference, for the underscore ends the number.
 */
export function merchantReference(paymentNumber: bigint, _startedAt: Date, nonce: string): string {
  const number = paymentNumber.toString(36);
  return `${number}_${nonce.slice(-Math.min(12, 19 - number.length))}`;
}
