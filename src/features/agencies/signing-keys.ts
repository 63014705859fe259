/** The signing keys as this process knows them: read seldom, read again when a token names an unknown key. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { findSigningKeys } from './signing-key-store.ts';
import { ensureSigningKey, signingKeyContext, type RotationDeps } from './rotate-signing-key.ts';

export const TOKEN_LIFE_SECONDS = 15 * 60;
/** Another process may sign with a retired key until it reads the keys again. */
const REREAD_AFTER_MS = 30_000;
/** Tokens with invented key ids must not make us read the table for each of them. */
const REREAD_AT_MOST_EVERY_MS = 1_000;

export interface SigningKeys {
  /** The key that signs now; made when there is none. */
  current(): Promise<{ kid: string; privateKey: KeyObject }>;
  /** The public half of a key whose tokens may still live, or null. */
  publicKey(kid: string): Promise<KeyObject | null>;
  /** What the JWKS document holds. */
  publicJwks(): Promise<readonly (JsonWebKey & { kid: string })[]>;
}

interface KnownKey {
  readonly kid: string;
  readonly jwk: JsonWebKey;
  readonly publicKey: KeyObject;
  readonly privateKeyBox: string;
  readonly retiredAt: Date | null;
}

export function createSigningKeys(deps: RotationDeps): SigningKeys {
  let known: readonly KnownKey[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const privateKeys = new Map<string, KeyObject>();

  return {
    async current() {
      await refresh(REREAD_AFTER_MS);
      if (!active()) {
        await ensureSigningKey(deps);
        await refresh(0);
      }
      const key = active();
      if (!key) throw new Error('There is no signing key although one was made.');
      return { kid: key.kid, privateKey: privateKeyOf(key) };
    },
    async publicKey(kid) {
      await refresh(REREAD_AFTER_MS);
      if (!find(kid)) await refresh(REREAD_AT_MOST_EVERY_MS);
      return find(kid)?.publicKey ?? null;
    },
    async publicJwks() {
      await refresh(REREAD_AT_MOST_EVERY_MS);
      return known.map(({ kid, jwk }) => ({ ...jwk, kid, use: 'sig', alg: 'ES256' }));
    },
  };

  function active(): KnownKey | undefined {
    return known.find((key) => key.retiredAt === null);
  }

  function find(kid: string): KnownKey | undefined {
    return known.find((key) => key.kid === kid && !isGone(key));
  }

  /** A retired key is of no use once the last token it may have signed is over. */
  function isGone(key: KnownKey): boolean {
    return key.retiredAt !== null && key.retiredAt <= oldestUseful();
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
    const rows = await findSigningKeys(deps.db, oldestUseful());
    known = rows.map((row) => ({
      kid: row.kid,
      jwk: row.publicJwk,
      publicKey: createPublicKey({ key: row.publicJwk, format: 'jwk' }),
      privateKeyBox: row.privateKeyBox,
      retiredAt: row.retiredAt,
    }));
    readAt = startedAt;
  }

  function privateKeyOf(key: KnownKey): KeyObject {
    let opened = privateKeys.get(key.kid);
    if (!opened) {
      opened = createPrivateKey(deps.box.open(key.privateKeyBox, signingKeyContext(key.kid)));
      privateKeys.set(key.kid, opened);
    }
    return opened;
  }
}
