/** How the played MoMo signs: its own reading of the documents, shared with no adapter. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The partner under contract here; its keys guard pretend money only. */
export const PARTNER = {
  code: 'MOMOSTANDIN',
  accessKey: 'standin-access-key',
  secretKey: 'standin-secret-key',
} as const;

/** HMAC-SHA256 over `name=value` of all names from a to z, the access key among them. */
export function momoSignature(
  members: Readonly<Record<string, string>>,
  secretKey: string = PARTNER.secretKey,
): string {
  const all = Object.entries({ ...members, accessKey: PARTNER.accessKey });
  all.sort(([left], [right]) => (left < right ? -1 : 1));
  const text = all.map(([name, value]) => `${name}=${value}`).join('&');
  return createHmac('sha256', secretKey).update(text, 'utf8').digest('hex');
}

export function isPartnersSignature(members: Readonly<Record<string, string>>, claimed: string): boolean {
  const expected = Buffer.from(momoSignature(members));
  const given = Buffer.from(claimed);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
