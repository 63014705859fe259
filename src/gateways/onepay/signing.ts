/** Pure: how OnePay and we sign, HMAC-SHA256 under a key in hexadecimal, in upper case (integration guides, version 2, read 2026-11-25). */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { secretsNamed } from '../account-secrets.ts';
import { decodedPieces, formPieces, type FormPiece } from '../form-pieces.ts';
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

/** The values of a genuine form by name, those that are signed; or why it is not one. */
export function readSignedForm(
  form: string,
  account: MerchantAccount,
): ReadonlyMap<string, string> | 'bad_signature' | 'malformed' {
  const pieces = formPieces(form);
  if (!pieces) return 'malformed';
  const signed = decodedPieces(pieces.filter(([name]) => /^(?:vpc_|user_)/.test(name)));
  if (!signed || signed.some(([, value]) => TWO_READINGS.test(value))) return 'malformed';
  const fields = new Map(signed);
  const isGenuine = isSigned(canonicalText(signed), fields.get('vpc_SecureHash') ?? '', account);
  return isGenuine ? fields : 'bad_signature';
}

function canonicalText(fields: readonly FormPiece[]): string {
  return fields
    .filter(([name, value]) => /^(?:vpc_|user_)/.test(name) && !UNSIGNED.has(name) && value !== '')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function isSigned(text: string, claimed: string, account: MerchantAccount): boolean {
  // Upper case only: one signature has one spelling.
  if (!/^[0-9A-F]{64}$/.test(claimed)) return false;
  const expected = hashKeys(account).map((key) => signatureOf(text, key));
  return isOneOf(claimed, expected);
}

function signatureOf(text: string, key: string): string {
  return hmacHex('sha256', Buffer.from(key, 'hex'), text).toUpperCase();
}

function hashKeys(account: MerchantAccount): string[] {
  return secretsNamed(account, 'hash').filter((key) => KEY.test(key));
}
