/** Pure: which values MoMo signs, in which order, and whether a signature is theirs. Knows no meaning of any value. */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import type { MerchantAccount } from '../gateway-adapter.ts';

/**
 * The names signed, in the order signed: `name=value` joined by `&`, values raw, nothing encoded.
 *
 * Source: MoMo developers, Payment API v2 (AIO v2): captureWallet, IPN, query, refund, confirm; read 2026-11-25.
 */
export const SIGNED_NAMES = {
  create: [
    'accessKey',
    'amount',
    'extraData',
    'ipnUrl',
    'orderId',
    'orderInfo',
    'partnerCode',
    'redirectUrl',
    'requestId',
    'requestType',
  ],
  ipn: [
    'accessKey',
    'amount',
    'extraData',
    'message',
    'orderId',
    'orderInfo',
    'orderType',
    'partnerCode',
    'payType',
    'requestId',
    'responseTime',
    'resultCode',
    'transId',
  ],
  query: ['accessKey', 'orderId', 'partnerCode', 'requestId'],
  refund: ['accessKey', 'amount', 'description', 'orderId', 'partnerCode', 'requestId', 'transId'],
  confirm: ['accessKey', 'amount', 'description', 'orderId', 'partnerCode', 'requestId', 'requestType'],
} as const;

export type SignedKind = keyof typeof SIGNED_NAMES;

/** Values by name, each as the text it is sent as. */
export type SignedValues = Readonly<Record<string, string>>;

interface MomoKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The text under a signature. `accessKey` never travels in an IPN: both sides know it. */
export function signedText(kind: SignedKind, values: SignedValues): string {
  return SIGNED_NAMES[kind].map((name) => `${name}=${values[name] ?? ''}`).join('&');
}

/** Signs one request with the account's newest keys. */
export function sign(kind: SignedKind, values: SignedValues, account: MerchantAccount): string {
  const [newest] = keysOf(account);
  if (!newest) throw new Error(`Merchant account ${account.code} has no MoMo keys.`);
  return hmacHex('sha256', newest.secretKey, signedText(kind, { ...values, accessKey: newest.accessKey }));
}

/** Whether MoMo signed these values of an IPN for this account, under any of its keys. */
export function isSignedByMomo(values: SignedValues, signature: string, account: MerchantAccount): boolean {
  // Lower case only: one signature has one spelling.
  if (!/^[0-9a-f]{64}$/.test(signature) || canBeCutOtherwise(values)) return false;
  const expected = keysOf(account).map(({ accessKey, secretKey }) =>
    hmacHex('sha256', secretKey, signedText('ipn', { ...values, accessKey })),
  );
  return isOneOf(signature, expected);
}

/**
 * Nothing is escaped under MoMo's signature, so a value that holds `&orderId=` could be cut from its neighbours in
 * two ways that are signed alike. Genuine messages hold no such value.
 */
function canBeCutOtherwise(values: SignedValues): boolean {
  return Object.values(values).some((value) => SIGNED_NAMES.ipn.some((name) => value.includes(`&${name}=`)));
}

function keysOf(account: MerchantAccount): readonly MomoKeys[] {
  return account.secrets.flatMap(({ accessKey = '', secretKey = '' }) =>
    accessKey === '' || secretKey === '' ? [] : [{ accessKey, secretKey }],
  );
}
