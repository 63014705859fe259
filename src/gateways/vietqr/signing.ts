/** Pure: how each watcher of a bank account proves that a notice is its own. Knows nothing of what a notice says. */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import {
  isJsonArray,
  isJsonNumber,
  isJsonObject,
  readGatewayObject,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../platform/gateway-json.ts';
import { secretsNamed } from '../account-secrets.ts';
import { onlyHeader } from '../fields.ts';
import type { MerchantAccount, RawMessage } from '../gateway-adapter.ts';

export type Watcher = 'sepay' | 'casso' | 'payos';

export type Proof =
  | { readonly kind: 'genuine'; readonly watcher: Watcher; readonly notice: JsonObject }
  | { readonly kind: 'rejected'; readonly why: 'bad_signature' | 'stale' | 'malformed' };

/** How old a notice of SePay may be (SePay, "Xác thực webhook", HMAC-SHA256; read 2026-11-25). */
export const SEPAY_TOLERANCE_SECONDS = 300;

const BAD_SIGNATURE: Proof = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED: Proof = { kind: 'rejected', why: 'malformed' };

/**
 * Who sent this, and whether they did. A notice is recognised by where its proof stands, and believed only with the
 * secret of that very watcher.
 */
export function proveOrigin(message: RawMessage, account: MerchantAccount, receivedAt: Date): Proof {
  const watcher = watcherOf(message);
  if (watcher === null) return BAD_SIGNATURE;
  return PROOFS[watcher](message, account, receivedAt);
}

const PROOFS = { sepay: proveSepay, casso: proveCasso, payos: provePayos } as const satisfies Readonly<
  Record<Watcher, (message: RawMessage, account: MerchantAccount, receivedAt: Date) => Proof>
>;

const SIGNATURE_HEADER = 'x-sepay-signature';
const TIMESTAMP_HEADER = 'x-sepay-timestamp';
const CASSO_HEADER = 'x-casso-signature';
const API_KEY_HEADER = 'authorization';

/** Null when two of them claim it. payOS alone signs within the body. */
function watcherOf({ headers }: RawMessage): Watcher | null {
  const isCasso = headers.has(CASSO_HEADER);
  const isSepay = [SIGNATURE_HEADER, TIMESTAMP_HEADER, API_KEY_HEADER].some((name) => headers.has(name));
  if (isCasso && isSepay) return null;
  return isCasso ? 'casso' : isSepay ? 'sepay' : 'payos';
}

/** HMAC-SHA256 over `timestamp.body`, as bytes; or the API key, for accounts that chose it and have no secret. */
function proveSepay(message: RawMessage, account: MerchantAccount, receivedAt: Date): Proof {
  const isSigned = [SIGNATURE_HEADER, TIMESTAMP_HEADER].some((name) => message.headers.has(name));
  const signing = secretsNamed(account, 'sepay');
  if (!isSigned || signing.length === 0) return proveApiKey(message, account);
  const timestamp = onlyHeader(message.headers, TIMESTAMP_HEADER) ?? '';
  const claimed = /^sha256=([0-9a-f]{64})$/.exec(onlyHeader(message.headers, SIGNATURE_HEADER) ?? '')?.[1];
  if (!/^[1-9]\d{0,11}$/.test(timestamp) || claimed === undefined) return BAD_SIGNATURE;
  const signed = Buffer.concat([Buffer.from(`${timestamp}.`), message.body]);
  const expected = signing.map((secret) => hmacHex('sha256', secret, signed));
  if (!isOneOf(claimed, expected)) return BAD_SIGNATURE;
  const ageSeconds = Math.abs(receivedAt.getTime() / 1000 - Number(timestamp));
  if (ageSeconds > SEPAY_TOLERANCE_SECONDS) return { kind: 'rejected', why: 'stale' };
  return genuine('sepay', message.body);
}

function proveApiKey(message: RawMessage, account: MerchantAccount): Proof {
  const claimed = /^Apikey ([\x21-\x7e]+)$/.exec(onlyHeader(message.headers, API_KEY_HEADER) ?? '')?.[1];
  if (claimed === undefined || !isOneOf(claimed, secretsNamed(account, 'sepayApiKey'))) return BAD_SIGNATURE;
  return genuine('sepay', message.body);
}

/**
 * HMAC-SHA512 over `t.` and the body with its keys sorted at every level (Casso developer documentation, Webhook V2;
 * read 2026-11-25). Casso writes JSON as JavaScript does: a body that escapes slashes or letters, as PHP would write
 * it, is signed in its unescaped form.
 */
function proveCasso(message: RawMessage, account: MerchantAccount): Proof {
  const header = /^t=([1-9]\d{0,15}),v1=([0-9a-f]{128})$/.exec(
    onlyHeader(message.headers, CASSO_HEADER) ?? '',
  );
  const [, timestamp = '', claimed = ''] = header ?? [];
  if (!header) return BAD_SIGNATURE;
  const notice = readGatewayObject(message.body);
  if (!notice) return MALFORMED;
  const signed = `${timestamp}.${sortedJson(notice)}`;
  const expected = secretsNamed(account, 'casso').map((secret) => hmacHex('sha512', secret, signed));
  return isOneOf(claimed, expected) ? { kind: 'genuine', watcher: 'casso', notice } : BAD_SIGNATURE;
}

/**
 * `signature` in the body: HMAC-SHA256 over `k=v` of the sorted `data`, joined by `&` and not encoded (payOS
 * documentation, "Kiểm tra dữ liệu với signature", and its library for Node; read 2026-11-25). Nothing beside `data`
 * is signed, so nothing beside `data` is believed.
 */
function provePayos(message: RawMessage, account: MerchantAccount): Proof {
  const body = readGatewayObject(message.body);
  if (!body) return MALFORMED;
  const data = body.get('data');
  const claimed = textOf(body, 'signature') ?? '';
  if (!isJsonObject(data) || !/^[0-9a-f]{64}$/.test(claimed)) return BAD_SIGNATURE;
  const signed = signedPairs(data);
  const expected = secretsNamed(account, 'payos').map((key) => hmacHex('sha256', key, signed));
  if (!isOneOf(claimed, expected)) return BAD_SIGNATURE;
  return isUnambiguous(data) ? { kind: 'genuine', watcher: 'payos', notice: data } : MALFORMED;
}

function genuine(watcher: Watcher, body: Uint8Array): Proof {
  const notice = readGatewayObject(body);
  return notice ? { kind: 'genuine', watcher, notice } : MALFORMED;
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** As `JSON.stringify` writes it, the keys of every object sorted; numbers keep the text they came with. */
function sortedJson(value: JsonValue): string {
  if (isJsonObject(value)) {
    const members = [...value].sort(([left], [right]) => byCodeUnit(left, right));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member)}`).join(',')}}`;
  }
  if (isJsonArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  return isJsonNumber(value) ? value.numberText : JSON.stringify(value);
}

function signedPairs(data: JsonObject): string {
  return [...data]
    .sort(([left], [right]) => byCodeUnit(left, right))
    .map(([key, value]) => `${key}=${pairValue(value)}`)
    .join('&');
}

/** payOS writes null, and the words for it, as nothing; a list as JSON of objects with sorted keys. */
function pairValue(value: JsonValue): string {
  if (value === null || value === 'null' || value === 'undefined') return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return isJsonNumber(value) ? value.numberText : sortedJson(value);
}

/**
 * The signed text does not encode its values: a payer who writes `&description=…` into a name could have it read as
 * a field. Such a notice is left to a person.
 */
function isUnambiguous(data: JsonObject): boolean {
  const names = [...data.keys()].join('|');
  if (!/^[A-Za-z0-9_|]+$/.test(names)) return false;
  const looksLikeAField = /&[A-Za-z0-9_]+=/;
  return [...data.values()].every((value) => typeof value !== 'string' || !looksLikeAField.test(value));
}
