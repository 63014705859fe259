/** Pure: how the sandbox bank and we sign and verify. Source: docs/sandbox-bank.md §2. */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { newestSecret, secretsNamed } from '../account-secrets.ts';
import { onlyHeader } from '../fields.ts';
import type { MerchantAccount, RawMessage } from '../gateway-adapter.ts';

/** How old a signed message may be, and how far ahead the bank's clock may run (protocol §2). */
export const TOLERANCE_SECONDS = 300;

export interface SignedHeaders {
  readonly 'sandbox-timestamp': string;
  readonly 'sandbox-signature': string;
}

/** Signs the bytes of a request: HMAC-SHA256 over timestamp, full stop, body (protocol §2). */
export function signedHeaders(body: string, account: MerchantAccount, now: Date): SignedHeaders {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const newest = newestSecret(account, 'signing', 'sandbox signing secret');
  return {
    'sandbox-timestamp': timestamp,
    'sandbox-signature': `v1=${signature(newest, timestamp, Buffer.from(body))}`,
  };
}

/** Whether the bytes were signed by the bank for this account, within the tolerance. Nothing is read before this. */
export function verifySigned(
  message: { readonly headers: RawMessage['headers']; readonly body: Uint8Array },
  account: MerchantAccount,
  receivedAt: Date,
): 'genuine' | 'bad_signature' | 'stale' {
  const timestamp = onlyHeader(message.headers, 'sandbox-timestamp');
  const signed = onlyHeader(message.headers, 'sandbox-signature');
  // Lower case only: one signature has one spelling.
  const claimed = /^v1=([0-9a-f]{64})$/.exec(signed ?? '')?.[1];
  if (timestamp === null || !/^[1-9]\d{0,11}$/.test(timestamp) || claimed === undefined)
    return 'bad_signature';
  const secrets = secretsNamed(account, 'signing');
  const expected = secrets.map((secret) => signature(secret, timestamp, message.body));
  if (!isOneOf(claimed, expected)) return 'bad_signature';
  const ageSeconds = Math.abs(receivedAt.getTime() / 1000 - Number(timestamp));
  return ageSeconds > TOLERANCE_SECONDS ? 'stale' : 'genuine';
}

function signature(secret: string, timestamp: string, body: Uint8Array): string {
  return hmacHex('sha256', secret, Buffer.concat([Buffer.from(`${timestamp}.`), body]));
}
