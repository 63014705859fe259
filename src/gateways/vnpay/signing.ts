/** Pure: how VNPAY and we sign, HMAC-SHA512 in lower-case hexadecimal (pay.html and querydr&refund.html, 2.1.0, read 2026-11-25). */
import { equalInConstantTime, hmacHex } from '../../platform/signatures.ts';
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
  return `${canonical}&vnp_SecureHash=${hmacHex('sha512', newestSecret(account), canonical)}`;
}

/**
 * The values of a genuine query string by name; null when it is not genuine.
 *
 * VNPAY signs its form-encoded text, and languages encode `! ' ( ) * ~` differently. So the pieces are verified as
 * they came, only sorted: whatever VNPAY wrote is what it signed. Parameters that are not VNPAY's are not signed and
 * not read; a name that comes twice, or is itself encoded, has no certain meaning, so nothing of such a query is read.
 */
export function readSignedQuery(
  query: string,
  account: MerchantAccount,
): ReadonlyMap<string, string> | 'bad_signature' | 'malformed' {
  const pieces = query.split('&').map((piece): [string, string] => {
    const at = piece.indexOf('=');
    return at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
  });
  const raw = new Map(pieces);
  if (raw.size !== pieces.length) return 'malformed';
  if ([...raw.keys()].some((name) => !/^\w+$/.test(name))) return 'malformed';
  const canonical = [...raw]
    .filter(([name, value]) => name.startsWith('vnp_') && !UNSIGNED.has(name) && value !== '')
    .sort(byName)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  if (!isSigned(canonical, raw.get('vnp_SecureHash') ?? '', account)) return 'bad_signature';
  return decoded(raw) ?? 'malformed';
}

/** The signature of fields that are joined by bars, as the API wants it. */
export function barSignature(values: readonly string[], account: MerchantAccount): string {
  return hmacHex('sha512', newestSecret(account), values.join('|'));
}

/** Whether an answer of the API was signed for this account. */
export function isBarSigned(values: readonly string[], claimed: string, account: MerchantAccount): boolean {
  return isSigned(values.join('|'), claimed, account);
}

function isSigned(text: string, claimed: string, account: MerchantAccount): boolean {
  // Lower case only: one signature has one spelling.
  if (!/^[0-9a-f]{128}$/.test(claimed)) return false;
  let genuine = false;
  for (const secret of hashSecrets(account)) {
    // Every secret is tried, so that the time taken does not tell which one matched.
    if (equalInConstantTime(hmacHex('sha512', secret, text), claimed)) genuine = true;
  }
  return genuine;
}

function newestSecret(account: MerchantAccount): string {
  const newest = hashSecrets(account)[0];
  if (newest === undefined) throw new Error(`Merchant account ${account.code} has no VNPAY hash secret.`);
  return newest;
}

function hashSecrets(account: MerchantAccount): string[] {
  return account.secrets
    .map((secret) => secret['hash'])
    .filter((secret): secret is string => secret !== undefined && secret !== '');
}

function formEncoded(value: string): string {
  return encodeURIComponent(value)
    .replaceAll(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** VNPAY's own parameters only: what others add may be spelled as it likes. */
function decoded(raw: ReadonlyMap<string, string>): ReadonlyMap<string, string> | null {
  try {
    return new Map(
      [...raw]
        .filter(([name]) => name.startsWith('vnp_'))
        .map(([name, value]) => [name, decodeURIComponent(value.replaceAll('+', ' '))] as const),
    );
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
