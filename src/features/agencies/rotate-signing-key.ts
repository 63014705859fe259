/** Makes the key that signs access tokens, and replaces it: the key before stays valid while its tokens live. */
import type { Clock } from '../../domain/kernel/time.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import type { SecretBox } from '../../platform/secret-box.ts';
import { generateSigningKey } from '../../platform/signatures.ts';
import {
  insertSigningKey,
  findSigningKeys,
  lockSigningKeys,
  retireSigningKeys,
} from './signing-key-store.ts';

export interface RotationDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
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
  const { kid, publicJwk, privateKeyPem } = generateSigningKey();
  const privateKeyBox = deps.box.seal(privateKeyPem, signingKeyContext(kid));
  await insertSigningKey(tx, { kid, publicJwk, privateKeyBox, createdAt: deps.clock.now() });
  return kid;
}
