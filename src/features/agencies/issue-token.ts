/** Issues an access token to an API client that proves its secret. */
import { timingSafeEqual } from 'node:crypto';
import type { ApiClient, Scope } from '../../domain/agencies/api-client.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import type { Database } from '../../platform/database.ts';
import { signToken } from '../../platform/signatures.ts';
import { findClientForSignIn } from './agency-store.ts';
import { digestOfSecret } from './issue-client.ts';
import { TOKEN_LIFE_SECONDS, type SigningKeys } from './signing-keys.ts';

export interface IssueTokenDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly keys: SigningKeys;
  /** PUBLIC_URL: issuer and audience of every token. */
  readonly issuer: string;
}

export interface TokenRequest {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scopes asked for; null asks for all that the client has. */
  readonly scopes: readonly string[] | null;
}

export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scopes: readonly Scope[];
}

const NO_DIGEST = Buffer.alloc(32);

/** Refuses: access.invalid-client, access.scope-not-granted. */
export async function issueToken(deps: IssueTokenDeps, request: TokenRequest): Promise<IssuedToken> {
  const client = await verifyClient(deps.db, request);
  if (!client) throw new Refusal('access.invalid-client');
  const asked = request.scopes ?? client.scopes;
  const scopes = client.scopes.filter((scope) => asked.includes(scope));
  if (scopes.length === 0 || scopes.length < new Set(asked).size) {
    throw new Refusal(
      'access.scope-not-granted',
      {},
      {
        detail: `This client may ask for: ${client.scopes.join(' ') || 'nothing'}.`,
      },
    );
  }
  const issuedAt = deps.clock.now();
  const claims = {
    iss: deps.issuer,
    aud: deps.issuer,
    sub: client.clientId,
    scope: scopes.join(' '),
    iat: secondsOf(issuedAt),
    exp: secondsOf(issuedAt) + TOKEN_LIFE_SECONDS,
  };
  const accessToken = signToken(claims, await deps.keys.current());
  return { accessToken, expiresInSeconds: TOKEN_LIFE_SECONDS, scopes };
}

/** The living client that an id and its secret belong to, or null. */
export async function verifyClient(
  db: Database,
  given: { readonly clientId: string; readonly clientSecret: string },
): Promise<ApiClient | null> {
  const found = await findClientForSignIn(db, given.clientId);
  // An unknown client is compared all the same, so that the time taken tells nothing.
  const isSecretRight = timingSafeEqual(digestOfSecret(given.clientSecret), found?.secretHash ?? NO_DIGEST);
  return found && isSecretRight ? found.client : null;
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
