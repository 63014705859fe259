/** From a Bearer token to the client behind it. Verified tokens are remembered; revocation is read each time. */
import { createHash } from 'node:crypto';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import type { Clock } from '../domain/kernel/time.ts';
import { findLiveClients } from '../features/agencies/agency-store.ts';
import type { SigningKeys } from '../features/agencies/signing-keys.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { HotPool } from '../platform/database.ts';
import { verifyToken, type PublicJwk, type TokenReading } from '../platform/signatures.ts';

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
  const verified = new Map<string, VerifiedToken>();
  // Read for every request, after it has arrived; requests that arrive together are read together.
  const liveClients = createBatcher<string, ApiClient | null>({
    lanes: 2,
    maxBatch: 200,
    maxWaiting: 10_000,
    keysOf: () => [],
    run: (clientIds) => findLiveClients(deps.hotPool, clientIds),
    overloaded: () => new Refusal('service.unavailable', {}, { retryAfterSeconds: 5 }),
  });

  return async (authorization) => {
    const token = bearerToken(authorization);
    const claims = remembered(token) ?? (await verify(token));
    const client = await liveClients.add(claims.subject);
    if (!client) throw unauthenticated('The client of this access token is revoked.');
    const granted = claims.scope.split(' ');
    // What was taken from the client since the token was issued is taken from the token too.
    return { ...client, scopes: client.scopes.filter((scope) => granted.includes(scope)) };
  };

  function remembered(token: string): VerifiedToken | null {
    const digest = digestOf(token);
    const claims = verified.get(digest);
    if (!claims) return null;
    if (claims.expiresAt > deps.clock.now()) return claims;
    verified.delete(digest);
    return null;
  }

  async function verify(token: string): Promise<VerifiedToken> {
    let reading = readWith(token, await deps.keys.publicKeys());
    if (reading.kind === 'invalid' && reading.why === 'unknown_key') {
      reading = readWith(token, await deps.keys.freshPublicKeys());
    }
    const claims = verifiedToken(reading);
    if (!claims) throw unauthenticated('The access token is not valid or has expired. Ask for another.');
    const oldest = verified.keys().next();
    if (verified.size >= cacheSize && !oldest.done) verified.delete(oldest.value);
    verified.set(digestOf(token), claims);
    return claims;
  }

  function readWith(token: string, keys: readonly PublicJwk[]): TokenReading {
    return verifyToken(token, { keys, issuer: deps.issuer, audience: deps.issuer, now: deps.clock.now() });
  }
}

interface VerifiedToken {
  readonly subject: string;
  readonly scope: string;
  readonly expiresAt: Date;
}

function verifiedToken(reading: TokenReading): VerifiedToken | null {
  if (reading.kind === 'invalid') return null;
  const { sub, scope, exp } = reading.claims;
  if (typeof sub !== 'string' || typeof scope !== 'string' || typeof exp !== 'number') return null;
  return { subject: sub, scope, expiresAt: new Date(exp * 1000) };
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
