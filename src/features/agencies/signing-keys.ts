/** The signing keys as this process knows them: read seldom, read again when a token names an unknown key. */
import type { PublicJwk, SigningKey } from '../../platform/signatures.ts';
import { ensureSigningKey, signingKeyContext, type RotationDeps } from './rotate-signing-key.ts';
import { findSigningKeys, type SigningKeyRow } from './signing-key-store.ts';

export const TOKEN_LIFE_SECONDS = 15 * 60;
/** Another process may sign with a retired key until it reads the keys again. */
const REREAD_AFTER_MS = 30_000;
/** Tokens with invented key ids must not make us read the table for each of them. */
const REREAD_AT_MOST_EVERY_MS = 1_000;

export interface SigningKeys {
  /** The key that signs now; made when there is none. */
  current(): Promise<Pick<SigningKey, 'kid' | 'privateKeyPem'>>;
  /** The public halves of keys whose tokens may still live. */
  publicKeys(): Promise<readonly PublicJwk[]>;
  /** The same, read again: for a token whose key another process may have made just now. */
  freshPublicKeys(): Promise<readonly PublicJwk[]>;
}

export function createSigningKeys(deps: RotationDeps): SigningKeys {
  let known: readonly SigningKeyRow[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const privateKeyPems = new Map<string, string>();

  return {
    async current() {
      await refresh(REREAD_AFTER_MS);
      if (!active()) {
        await ensureSigningKey(deps);
        await refresh(0);
      }
      const key = active();
      if (!key) throw new Error('There is no signing key although one was made.');
      return { kid: key.kid, privateKeyPem: privateKeyPemOf(key) };
    },
    async publicKeys() {
      await refresh(REREAD_AFTER_MS);
      return living();
    },
    async freshPublicKeys() {
      await refresh(REREAD_AT_MOST_EVERY_MS);
      return living();
    },
  };

  function active(): SigningKeyRow | undefined {
    return known.find((key) => key.retiredAt === null);
  }

  /** A retired key is of no use once the last token it may have signed is over. */
  function living(): readonly PublicJwk[] {
    const oldest = oldestUseful();
    return known
      .filter((key) => key.retiredAt === null || key.retiredAt > oldest)
      .map((key) => key.publicJwk);
  }

  function oldestUseful(): Date {
    return new Date(deps.clock.now().getTime() - TOKEN_LIFE_SECONDS * 1000 - REREAD_AFTER_MS);
  }

  async function refresh(maxAgeMs: number): Promise<void> {
    if (Math.abs(deps.clock.now().getTime() - readAt) < maxAgeMs) return;
    reading ??= read().finally(() => (reading = null));
    await reading;
  }

  async function read(): Promise<void> {
    const startedAt = deps.clock.now().getTime();
    known = await findSigningKeys(deps.db, oldestUseful());
    readAt = startedAt;
  }

  function privateKeyPemOf(key: SigningKeyRow): string {
    let opened = privateKeyPems.get(key.kid);
    if (opened === undefined) {
      opened = deps.box.open(key.privateKeyBox, signingKeyContext(key.kid));
      privateKeyPems.set(key.kid, opened);
    }
    return opened;
  }
}
