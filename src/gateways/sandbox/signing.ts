/** Pure: how the sandbox bank and we sign and verify. Source: docs/sandbox-bank.md §2. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { MerchantAccount } from '../gateway-adapter.ts';

/** How old a signed message may be, and how far ahead the bank's clock may run (protocol §2). */
export const TOLERANCE_SECONDS = 300;

export interface SignedHeaders {
  readonly 'sandbox-timestamp': string;
  readonly 'sandbox-signature': string;
}

/** Signs the bytes of a request: HMAC-SHA256 over timestamp, full stop, body (protocol §2). */
export function signedHeaders(body: string, account: MerchantAccount, now: Date): SignedHeaders {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const newest = signingSecrets(account)[0];
  if (newest === undefined)
    throw new Error(`Merchant account ${account.code} has no sandbox signing secret.`);
  return {
    'sandbox-timestamp': timestamp,
    'sandbox-signature': `v1=${signature(newest, timestamp, Buffer.from(body)).toString('hex')}`,
  };
}

type Headers = ReadonlyMap<string, readonly string[]>;

/** Whether the bytes were signed by the bank for this account, within the tolerance. Nothing is read before this. */
export function verifySigned(
  message: { readonly headers: Headers; readonly body: Uint8Array },
  account: MerchantAccount,
  receivedAt: Date,
): 'genuine' | 'bad_signature' | 'stale' {
  const timestamp = onlyValue(message.headers, 'sandbox-timestamp');
  const signed = onlyValue(message.headers, 'sandbox-signature');
  // Lower case only: one signature has one spelling.
  const claimed = /^v1=([0-9a-f]{64})$/.exec(signed ?? '')?.[1];
  if (timestamp === null || !/^[1-9]\d{0,11}$/.test(timestamp) || claimed === undefined)
    return 'bad_signature';
  const claimedBytes = Buffer.from(claimed, 'hex');
  let genuine = false;
  for (const secret of signingSecrets(account)) {
    // Every secret is tried, so that the time taken does not tell which one matched.
    if (timingSafeEqual(signature(secret, timestamp, message.body), claimedBytes)) genuine = true;
  }
  if (!genuine) return 'bad_signature';
  const ageSeconds = Math.abs(receivedAt.getTime() / 1000 - Number(timestamp));
  return ageSeconds > TOLERANCE_SECONDS ? 'stale' : 'genuine';
}

function signature(secret: string, timestamp: string, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
}

function signingSecrets(account: MerchantAccount): string[] {
  return account.secrets
    .map((secret) => secret['signing'])
    .filter((secret): secret is string => secret !== undefined && secret !== '');
}

function onlyValue(headers: Headers, name: string): string | null {
  const values = headers.get(name);
  return values?.length === 1 ? (values[0] ?? null) : null;
}
