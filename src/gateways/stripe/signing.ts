/** Pure: whether Stripe signed a message for us. Knows no event and calls nobody. */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { secretsNamed } from '../account-secrets.ts';
import { onlyHeader } from '../fields.ts';
import type { MerchantAccount, RawMessage } from '../gateway-adapter.ts';

/** Older messages are refused (docs.stripe.com/webhooks/signature, read 2026-11-25); we refuse the future alike. */
export const TOLERANCE_SECONDS = 300;

/** One endpoint has at most two secrets at a time; more signatures than this are nothing that Stripe sends. */
const MAX_SIGNATURES = 8;
const TIMESTAMP = /^[1-9]\d{0,11}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

interface SignedHeader {
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

/**
 * Verifies `Stripe-Signature` over the bytes received, with each secret of the endpoint and each `v1` of the header.
 *
 * Not by the package: its constructEvent decodes the bytes leniently before it hashes them, so that a byte order
 * mark or broken UTF-8 verifies as something else than was sent, and takes messages from any future.
 * Source: docs.stripe.com/webhooks/signature "Verify manually", read 2026-11-25.
 */
export function verifySigned(
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): 'genuine' | 'bad_signature' | 'stale' {
  const header = readHeader(onlyHeader(message.headers, 'stripe-signature'));
  if (!header) return 'bad_signature';
  const signed = Buffer.concat([Buffer.from(`${header.timestamp}.`), message.body]);
  const secrets = secretsNamed(account, 'webhook');
  const expected = secrets.map((secret) => hmacHex('sha256', secret, signed));
  // All are compared, so that the time taken does not tell which one matched.
  const verdicts = header.signatures.map((claimed) => isOneOf(claimed, expected));
  if (!verdicts.includes(true)) return 'bad_signature';
  const ageSeconds = Math.abs(Math.floor(receivedAt.getTime() / 1000) - Number(header.timestamp));
  return ageSeconds > TOLERANCE_SECONDS ? 'stale' : 'genuine';
}

/** `t=1716175020,v1=…,v1=…,v0=…`: one time, at least one `v1`; other schemes are passed over. */
function readHeader(value: string | null): SignedHeader | null {
  if (value === null) return null;
  const pairs = value.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2)) return null;
  const valuesOf = (name: string): string[] => pairs.filter(([key]) => key === name).map(([, of = '']) => of);
  const [timestamp = '', ...moreTimes] = valuesOf('t');
  const signatures = valuesOf('v1');
  const isWellFormed =
    TIMESTAMP.test(timestamp) &&
    moreTimes.length === 0 &&
    signatures.length > 0 &&
    signatures.length <= MAX_SIGNATURES &&
    signatures.every((one) => SIGNATURE.test(one));
  return isWellFormed ? { timestamp, signatures } : null;
}
