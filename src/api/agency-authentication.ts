/** From a Bearer token to the client behind it. Verified tokens are remembered; revocation is read each time. */
import { createHash } from 'node:crypto';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import type { Clock } from '../domain/kernel/time.ts';
import { findLiveClient } from '../features/agencies/agency-store.ts';
import type { SigningKeys } from '../features/agencies/signing-keys.ts';
import { readKeyId, verifyToken, type TokenClaims } from '../platform/access-tokens.ts';
import type { HotPool } from '../platform/database.ts';

export interface AuthenticationDeps {
  readonly hotPool: HotPool;
  readonly clock: Clock;
  readonly keys: SigningKeys;
  readonly issuer: string;
  /** How many verified tokens are remembered; 10,000 unless told. */
  readonly cacheSize?: number;
}

export type Authenticate = (authorization: string | undefined) => Promise<ApiClient>;

const MAX_TOKEN_LENGTH = 4_096;

/** Makes the function that knows clients by their tokens. It refuses: access.unauthenticated. */
export function createAuthentication(deps: AuthenticationDeps): Authenticate {
  const cacheSize = deps.cacheSize ?? 10_000;
  // Insertion order is age: the first entry is the oldest.
  const verified = new Map<string, TokenClaims>();

  return async (authorization) => {
    const token = bearerToken(authorization);
    const claims = remembered(token) ?? (await verify(token));
    const client = await findLiveClient(deps.hotPool, claims.subject);
    if (!client) throw unauthenticated('The client of this access token is revoked.');
    const granted = claims.scope.split(' ');
    // What was taken from the client since the token was issued is taken from the token too.
    return { ...client, scopes: client.scopes.filter((scope) => granted.includes(scope)) };
  };

  function remembered(token: string): TokenClaims | null {
    const digest = digestOf(token);
    const claims = verified.get(digest);
    if (!claims) return null;
    if (claims.expiresAt > deps.clock.now()) return claims;
    verified.delete(digest);
    return null;
  }

  async function verify(token: string): Promise<TokenClaims> {
    const kid = readKeyId(token);
    const publicKey = kid === null ? null : await deps.keys.publicKey(kid);
    const now = deps.clock.now();
    const claims = publicKey && verifyToken(token, { publicKey, issuer: deps.issuer, now });
    if (!claims) throw unauthenticated('The access token is not valid or has expired. Ask for another.');
    const oldest = verified.keys().next();
    if (verified.size >= cacheSize && !oldest.done) verified.delete(oldest.value);
    verified.set(digestOf(token), claims);
    return claims;
  }
}

function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) {
    throw unauthenticated('Send the access token as "Authorization: Bearer …".');
  }
  return token;
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function unauthenticated(detail: string): Refusal {
  return new Refusal('access.unauthenticated', {}, { detail });
}
