/** How the played ZaloPay signs: its own reading of the documents, shared with no adapter. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The merchant's app under contract here; its keys guard pretend money only. */
export const APP = { id: '9553', key1: 'standin-key-one', key2: 'standin-key-two' } as const;

export function mac(key: string, text: string): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('hex');
}

/** Whether a merchant put this MAC under these values. */
export function isMerchantsMac(values: readonly string[], claimed: string): boolean {
  const expected = Buffer.from(mac(APP.key1, values.join('|')));
  const given = Buffer.from(claimed);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** `yymmdd` in Viet Nam, GMT+7 all year. */
export function vietnamDay(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(2, 10).replaceAll('-', '');
}
