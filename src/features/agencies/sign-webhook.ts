/** Signs webhooks as Standard Webhooks 1.0 says, with one signature for every secret that is valid. */
import { publicId, type EventId } from '../../domain/kernel/ids.ts';
import { hmacBase64 } from '../../platform/signatures.ts';

/** An endpoint's signing secrets, newest first, each `whsec_` and base64. */
export type SigningSecrets = readonly [newest: string, ...older: string[]];

/** Encrypts and decrypts under the installation's key; the second argument binds the box to its row. */
export type SealBox = (text: string, rowId: string) => string;
export type OpenBox = (sealed: string, rowId: string) => string;

export interface WebhookMessage {
  readonly eventId: EventId;
  /** Exactly the bytes that are sent. */
  readonly body: string;
  readonly sentAt: Date;
}

/** An endpoint's secrets made ready to sign with. */
export interface Signer {
  /** @param withOlder  whether the older secret is still valid beside the newest */
  readonly headersFor: (message: WebhookMessage, withOlder: boolean) => Record<string, string>;
}

/**
 * Makes a signer. Signs by Node's own HMAC, several times faster than the published package, which the tests hold
 * every signature against. A secret that is no base64 behind its prefix is a fault.
 */
export function createSigner(secrets: SigningSecrets): Signer {
  const keys = secrets.slice(0, 2).map(keyOf);
  return {
    headersFor({ eventId, body, sentAt }, withOlder) {
      const id = publicId('ev', eventId);
      const timestamp = Math.floor(sentAt.getTime() / 1000).toString();
      const signed = `${id}.${timestamp}.${body}`;
      const valid = withOlder ? keys : keys.slice(0, 1);
      return {
        'content-type': 'application/json',
        'user-agent': 'public-payment-service-webhooks/1',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': valid.map((key) => `v1,${hmacBase64('sha256', key, signed)}`).join(' '),
      };
    },
  };
}

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

function keyOf(secret: string): Buffer {
  const base64 = SECRET.exec(secret)?.[1];
  if (base64 === undefined) throw new Error('a signing secret is not whsec_ and base64');
  return Buffer.from(base64, 'base64');
}

/** A fresh secret from 32 random bytes. */
export function makeSecret(randomBytes: (size: number) => Buffer): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** What a sealed list of secrets is bound to: the endpoint it belongs to. */
export function webhookSecretsContext(endpointId: string): string {
  return `webhook_endpoints:${endpointId}`;
}

export function sealSecrets(secrets: SigningSecrets, endpointId: string, sealBox: SealBox): string {
  return sealBox(JSON.stringify(secrets), webhookSecretsContext(endpointId));
}

/** Opens a box of secrets. A box that is not ours, or of another row, is a fault. */
export function openSecrets(box: string, endpointId: string, openBox: OpenBox): SigningSecrets {
  const secrets: unknown = JSON.parse(openBox(box, webhookSecretsContext(endpointId)));
  if (!Array.isArray(secrets) || !secrets.every((secret) => typeof secret === 'string')) {
    throw new Error('the box holds no list of secrets');
  }
  const [newest, ...older] = secrets;
  if (newest === undefined) throw new Error('the box holds no secret');
  return [newest, ...older];
}

const CACHED_SIGNERS = 2_000;

/** Keeps signers by their box, so that a secret is decrypted once and not once a delivery. */
export function createSignerCache(openBox: OpenBox): (box: string, endpointId: string) => Signer {
  const signers = new Map<string, Signer>();
  return (box, endpointId) => {
    const key = `${endpointId}:${box}`;
    const known = signers.get(key);
    if (known) return known;
    const signer = createSigner(openSecrets(box, endpointId, openBox));
    if (signers.size >= CACHED_SIGNERS) signers.clear();
    signers.set(key, signer);
    return signer;
  };
}
