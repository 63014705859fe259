/** How the pretend bank signs and checks: its own code, written from its protocol page. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { BankClock, BankMerchant } from './bank-types.ts';

const TOLERANCE_MS = 5 * 60_000;

/** The two headers that make a text ours. */
export function signedBy(merchant: BankMerchant, text: string, clock: BankClock): Record<string, string> {
  const seconds = Math.floor(clock.now().getTime() / 1000).toString();
  return {
    'content-type': 'application/json',
    'sandbox-timestamp': seconds,
    'sandbox-signature': `v1=${mac(merchant.secret, seconds, Buffer.from(text, 'utf8'))}`,
  };
}

/** Whether a merchant's request is what it signed, not more than five minutes ago. */
export function isSignedBy(
  merchant: BankMerchant,
  headers: { readonly timestamp: string; readonly signature: string },
  bytes: Uint8Array,
  clock: BankClock,
): boolean {
  const sentMs = Number(headers.timestamp) * 1000;
  if (!Number.isSafeInteger(sentMs) || Math.abs(clock.now().getTime() - sentMs) > TOLERANCE_MS) return false;
  const expected = Buffer.from(`v1=${mac(merchant.secret, headers.timestamp, bytes)}`);
  const given = Buffer.from(headers.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function mac(secret: string, seconds: string, bytes: Uint8Array): string {
  return createHmac('sha256', secret).update(seconds).update('.').update(bytes).digest('hex');
}
