/** Tells whether an id and a secret are those of a living API client. */
import { timingSafeEqual } from 'node:crypto';
import type { ApiClient } from '../../domain/agencies/api-client.ts';
import type { Database } from '../../platform/database.ts';
import { findClientForSignIn } from './agency-store.ts';
import { digestOfSecret } from './issue-client.ts';

const NO_DIGEST = Buffer.alloc(32);

/** The client, or null when it is unknown, revoked or its secret is wrong. */
export async function verifyClient(
  deps: { readonly db: Database },
  given: { readonly clientId: string; readonly clientSecret: string },
): Promise<ApiClient | null> {
  const found = await findClientForSignIn(deps.db, given.clientId);
  // An unknown client is compared all the same, so that the time taken tells nothing.
  const isRight = timingSafeEqual(digestOfSecret(given.clientSecret), found?.secretHash ?? NO_DIGEST);
  return found && isRight ? found.client : null;
}
