/** How the played VNPAY signs and checks: its own code, written from VNPAY's documents as Java would do it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

type Fields = Readonly<Record<string, string>>;

/** A signed query string: names sorted, values form-encoded, empty ones left out. */
export function signQuery(fields: Fields, secret: string): string {
  const text = hashText(fields);
  return `${text}&vnp_SecureHash=${sha512(secret, text)}`;
}

/** The parameters of a signed query string, or null when the signature does not fit them. */
export function checkQuery(query: string, secret: string): Fields | null {
  const parameters = new URLSearchParams(query);
  const fields = Object.fromEntries(parameters);
  if (Object.keys(fields).length !== [...parameters].length) return null;
  const { vnp_SecureHash: claimed = '', vnp_SecureHashType: _type, ...signed } = fields;
  // Its real page takes upper case as well.
  return isSame(sha512(secret, hashText(signed)), claimed.toLowerCase()) ? signed : null;
}

/** The signature of values joined by bars. */
export function signBars(values: readonly string[], secret: string): string {
  return sha512(secret, values.join('|'));
}

export function isSame(expected: string, claimed: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(claimed)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function hashText(fields: Fields): string {
  const signed = Object.keys(fields)
    .filter((name) => name.startsWith('vnp_') && fields[name] !== '')
    .sort();
  return new URLSearchParams(signed.map((name) => [name, fields[name] ?? ''])).toString();
}

function sha512(secret: string, text: string): string {
  return createHmac('sha512', secret).update(text, 'utf8').digest('hex');
}
