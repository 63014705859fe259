/** Pure: whether Stripe signed a message for us. Knows no event and calls nobody. */
import { hmacHex, equalInConstantTime } from '../../platform/signatures.ts';
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
  const header = readHeader(message.headers.get('stripe-signature'));
  if (!header) return 'bad_signature';
  const signed = Buffer.concat([Buffer.from(`${header.timestamp}.`), message.body]);
  let isGenuine = false;
  for (const secret of endpointSecrets(account)) {
    const expected = hmacHex('sha256', secret, signed);
    for (const claimed of header.signatures) {
      // All are tried, so that the time taken does not tell which one matched.
      if (equalInConstantTime(claimed, expected)) isGenuine = true;
    }
  }
  if (!isGenuine) return 'bad_signature';
  const ageSeconds = Math.abs(Math.floor(receivedAt.getTime() / 1000) - Number(header.timestamp));
  return ageSeconds > TOLERANCE_SECONDS ? 'stale' : 'genuine';
}

/** `t=1716175020,v1=…,v1=…,v0=…`: one time, at least one `v1`; other schemes are passed over. */
function readHeader(values: readonly string[] | undefined): SignedHeader | null {
  const [value] = values ?? [];
  if (values?.length !== 1 || value === undefined) return null;
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

function endpointSecrets({ secrets }: MerchantAccount): string[] {
  return secrets.map(({ webhook = '' }) => webhook).filter((secret) => secret !== '');
}
