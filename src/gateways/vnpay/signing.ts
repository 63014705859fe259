/** Pure: how VNPAY and we sign, HMAC-SHA512 in lower-case hexadecimal (pay.html and querydr&refund.html, 2.1.0, read 2026-11-25). */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { newestSecret, secretsNamed } from '../account-secrets.ts';
import { decodedPieces, formPieces } from '../form-pieces.ts';
import type { MerchantAccount } from '../gateway-adapter.ts';

/** Neither is signed, and version 2.1.0 sends no type any more. */
const UNSIGNED = new Set(['vnp_SecureHash', 'vnp_SecureHashType']);

/** Fields as a signed query string: sorted by name, encoded as a form, the signature last. */
export function signedQuery(fields: Readonly<Record<string, string>>, account: MerchantAccount): string {
  const canonical = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .sort(byName)
    .map(([name, value]) => `${name}=${formEncoded(value)}`)
    .join('&');
  return `${canonical}&vnp_SecureHash=${signatureOf(canonical, account)}`;
}

/**
 * The values of a genuine query string by name; or why it is not one.
 *
 * VNPAY signs its form-encoded text, and languages encode `! ' ( ) * ~` differently. So the pieces are verified as
 * they came, only sorted: whatever VNPAY wrote is what it signed. Parameters that are not VNPAY's are not signed and
 * not read.
 */
export function readSignedQuery(
  query: string,
  account: MerchantAccount,
): ReadonlyMap<string, string> | 'bad_signature' | 'malformed' {
  const pieces = formPieces(query);
  if (!pieces) return 'malformed';
  // VNPAY's own parameters only: what others add may be spelled as it likes.
  const own = pieces.filter(([name]) => name.startsWith('vnp_'));
  const canonical = own
    .filter(([name, value]) => !UNSIGNED.has(name) && value !== '')
    .sort(byName)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const claimed = new Map(own).get('vnp_SecureHash') ?? '';
  if (!isSigned(canonical, claimed, account)) return 'bad_signature';
  const decoded = decodedPieces(own);
  return decoded ? new Map(decoded) : 'malformed';
}

/** The signature of fields that are joined by bars, as the API wants it. */
export function barSignature(values: readonly string[], account: MerchantAccount): string {
  return signatureOf(values.join('|'), account);
}

/** Whether an answer of the API was signed for this account. */
export function isBarSigned(values: readonly string[], claimed: string, account: MerchantAccount): boolean {
  return isSigned(values.join('|'), claimed, account);
}

function isSigned(text: string, claimed: string, account: MerchantAccount): boolean {
  // Lower case only: one signature has one spelling.
  if (!/^[0-9a-f]{128}$/.test(claimed)) return false;
  const expected = secretsNamed(account, 'hash').map((secret) => hmacHex('sha512', secret, text));
  return isOneOf(claimed, expected);
}

function signatureOf(text: string, account: MerchantAccount): string {
  return hmacHex('sha512', newestSecret(account, 'hash', 'VNPAY hash secret'), text);
}

function formEncoded(value: string): string {
  return encodeURIComponent(value)
    .replaceAll(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
