/** Makes the key that signs access tokens, and replaces it: the key before stays valid while its tokens live. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Clock } from '../../domain/kernel/time.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import {
  insertSigningKey,
  findSigningKeys,
  lockSigningKeys,
  retireSigningKeys,
} from './signing-key-store.ts';

/** Seals texts for the database; `context` names the row the text belongs to. */
export interface Sealer {
  readonly seal: (text: string, context: string) => string;
  readonly open: (box: string, context: string) => string;
}

export interface RotationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: Sealer;
}

/** Retires the key in use and makes a new one. @returns the new key's id */
export function rotateSigningKey(deps: RotationDeps): Promise<string> {
  return inTransaction(deps.db, async (tx) => {
    await lockSigningKeys(tx);
    await retireSigningKeys(tx, deps.clock.now());
    return makeKey(tx, deps);
  });
}

/** Makes the first key when there is none: safe from several processes at once. */
export async function ensureSigningKey(deps: RotationDeps): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    await lockSigningKeys(tx);
    const keys = await findSigningKeys(tx, deps.clock.now());
    if (!keys.some((key) => key.retiredAt === null)) await makeKey(tx, deps);
  });
}

/** What a sealed private key is bound to. */
export function signingKeyContext(kid: string): string {
  return `signing_keys:${kid}`;
}

async function makeKey(tx: Tx, deps: RotationDeps): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  // RFC 7638: the members of the key in this order, and nothing else.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await insertSigningKey(tx, {
    kid,
    publicJwk: { kty, crv, x, y } as Record<string, string>,
    privateKeyBox: deps.box.seal(pem, signingKeyContext(kid)),
    createdAt: deps.clock.now(),
  });
  return kid;
}
