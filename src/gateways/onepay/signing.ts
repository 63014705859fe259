/** Pure: how OnePay and we sign, HMAC-SHA256 under a key in hexadecimal, in upper case (integration guides, version 2, read 2026-11-25). */
import { equalInConstantTime, hmacHex } from '../../platform/signatures.ts';
import type { MerchantAccount } from '../gateway-adapter.ts';

const UNSIGNED = new Set(['vpc_SecureHash', 'vpc_SecureHashType']);
const KEY = /^(?:[0-9A-Fa-f]{2})+$/;
// Values are signed as they are, with & between them: one that holds another's beginning has two readings.
const TWO_READINGS = /&(?:vpc_|user_)/;

/** Fields with their signature, as a form. Names that OnePay does not sign may be among them. */
export function signedForm(fields: Readonly<Record<string, string>>, account: MerchantAccount): string {
  const newest = hashKeys(account)[0];
  if (newest === undefined)
    throw new Error(`Merchant account ${account.code} has no OnePay key in hexadecimal.`);
  const signature = signatureOf(canonicalText(Object.entries(fields)), newest);
  return new URLSearchParams({ ...fields, vpc_SecureHash: signature }).toString();
}

/**
 * The values of a genuine form by name, those that are signed; null when it is not genuine.
 *
 * A name that comes twice, or is itself encoded, has no certain meaning, so nothing of such a form is read.
 */
export function readSignedForm(
  form: string,
  account: MerchantAccount,
): ReadonlyMap<string, string> | 'bad_signature' | 'malformed' {
  const pieces = form.split('&').map((piece): [string, string] => {
    const at = piece.indexOf('=');
    return at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
  });
  if (new Set(pieces.map(([name]) => name)).size !== pieces.length) return 'malformed';
  if (pieces.some(([name]) => !/^\w+$/.test(name))) return 'malformed';
  const signed = decoded(pieces.filter(([name]) => name.startsWith('vpc_') || name.startsWith('user_')));
  if (!signed || signed.some(([, value]) => TWO_READINGS.test(value))) return 'malformed';
  const fields = new Map(signed);
  const isGenuine = isSigned(canonicalText(signed), fields.get('vpc_SecureHash') ?? '', account);
  return isGenuine ? fields : 'bad_signature';
}

function canonicalText(fields: readonly (readonly [string, string])[]): string {
  return fields
    .filter(([name, value]) => /^(?:vpc_|user_)/.test(name) && !UNSIGNED.has(name) && value !== '')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function isSigned(text: string, claimed: string, account: MerchantAccount): boolean {
  // Upper case only: one signature has one spelling.
  if (!/^[0-9A-F]{64}$/.test(claimed)) return false;
  let genuine = false;
  for (const key of hashKeys(account)) {
    // Every key is tried, so that the time taken does not tell which one matched.
    if (equalInConstantTime(signatureOf(text, key), claimed)) genuine = true;
  }
  return genuine;
}

function signatureOf(text: string, key: string): string {
  return hmacHex('sha256', Buffer.from(key, 'hex'), text).toUpperCase();
}

function hashKeys(account: MerchantAccount): string[] {
  return account.secrets
    .map((secret) => secret['hash'])
    .filter((key): key is string => key !== undefined && KEY.test(key));
}

function decoded(pieces: readonly (readonly [string, string])[]): (readonly [string, string])[] | null {
  try {
    return pieces.map(([name, value]) => [name, decodeURIComponent(value.replaceAll('+', ' '))] as const);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
