/** What an agency does with its webhook endpoints: create, change, delete, rotate the secret. */
import { randomBytes } from 'node:crypto';
import type { ApiClient } from '../../domain/agencies/api-client.ts';
import { newId, publicId, type AgencyId, type EndpointId, type IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { addMinutes, type Clock } from '../../domain/kernel/time.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import {
  deleteEndpoint,
  ENDPOINTS_MOST,
  findEndpoint,
  insertEndpoint,
  lockEndpoint,
  makeAllDue,
  replaceSecrets,
  updateEndpoint,
  type EndpointSettings,
  type WebhookEndpoint,
} from './endpoint-store.ts';
import { makeSecret, openSecrets, sealSecrets, type OpenBox, type SealBox } from './sign-webhook.ts';

/** Throws when a URL may not be called, with a message for whoever gave it. */
export type AssertPublicUrl = (url: string) => Promise<unknown>;

export interface EndpointDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly sealBox: SealBox;
  readonly openBox: OpenBox;
  readonly assertPublicUrl: AssertPublicUrl;
}

/** How long the older secret stays valid after a rotation. */
export const OLDER_SECRET_VALID_MINUTES = 24 * 60;

export interface EndpointWithSecret extends WebhookEndpoint {
  /** Answered here and never again. */
  readonly secret: string;
}

/**
 * Creates an endpoint together with the idempotency key of its request.
 *
 * @param sealAnswer  seals what this request will be answered, for a repetition of it
 * @returns null when the key was used before
 * Refuses: webhook.url-not-allowed, webhook.endpoint-limit.
 */
export async function createEndpoint(
  deps: EndpointDeps,
  client: ApiClient,
  wish: Omit<EndpointSettings, 'enabled'>,
  claim: {
    readonly key: string;
    readonly requestHash: Buffer;
    readonly status: number;
    readonly sealAnswer: (created: EndpointWithSecret) => string;
  },
): Promise<EndpointWithSecret | null> {
  await refuseUnlessPublic(deps, wish.url);
  const id = newId('whe', deps.newId);
  const secret = makeSecret(randomBytes);
  const created: EndpointWithSecret = {
    ...wish,
    id,
    enabled: true,
    failingSince: null,
    disabledAt: null,
    disabledReason: null,
    olderSecretUntil: null,
    createdAt: deps.clock.now(),
    secret,
  };
  const secretsBox = sealSecrets([secret], id, deps.sealBox);
  const outcome = await insertEndpoint(
    deps.db,
    client,
    { ...created, secretsBox },
    {
      key: claim.key,
      requestHash: claim.requestHash,
      status: claim.status,
      answerBox: claim.sealAnswer(created),
    },
  );
  if (outcome === 'too_many') {
    const detail = `The agency has ${String(ENDPOINTS_MOST)} webhook endpoints, as many as it may. Delete one first.`;
    throw new Refusal('webhook.endpoint-limit', { limit: ENDPOINTS_MOST }, { detail });
  }
  return outcome === 'key_taken' ? null : created;
}

/** The agency's endpoint. Refuses: webhook.endpoint-not-found. */
export async function readEndpoint(
  deps: Pick<EndpointDeps, 'db'>,
  agencyId: AgencyId,
  id: EndpointId,
): Promise<WebhookEndpoint> {
  return (await findEndpoint(deps.db, agencyId, id)) ?? notFound(id);
}

/**
 * Changes what is given. Enabling again sends in order what has waited.
 *
 * Refuses: webhook.endpoint-not-found, webhook.url-not-allowed.
 */
export async function changeEndpoint(
  deps: EndpointDeps,
  agencyId: AgencyId,
  id: EndpointId,
  changes: { readonly [Field in keyof EndpointSettings]?: EndpointSettings[Field] | undefined },
): Promise<WebhookEndpoint> {
  const before = await readEndpoint(deps, agencyId, id);
  if (changes.url !== undefined && changes.url !== before.url) await refuseUnlessPublic(deps, changes.url);
  return inTransaction(deps.db, async (tx) => {
    const locked = (await lockEndpoint(tx, agencyId, id)) ?? notFound(id);
    const current = (await findEndpoint(tx, agencyId, id)) ?? notFound(id);
    const now = deps.clock.now();
    const next: EndpointSettings = {
      url: changes.url ?? current.url,
      description: changes.description ?? current.description,
      eventTypes: changes.eventTypes === undefined ? current.eventTypes : changes.eventTypes,
      enabled: changes.enabled ?? current.enabled,
    };
    const isEnabledAgain = next.enabled && !locked.enabled;
    const isFreshStart = isEnabledAgain || next.url !== current.url;
    await updateEndpoint(tx, agencyId, id, { ...next, now, isFreshStart });
    if (isEnabledAgain) await makeAllDue(tx, agencyId, id, now);
    return (await findEndpoint(tx, agencyId, id)) ?? notFound(id);
  });
}

/** Deletes an endpoint for good. Refuses: webhook.endpoint-not-found. */
export async function removeEndpoint(deps: EndpointDeps, agencyId: AgencyId, id: EndpointId): Promise<void> {
  const wasThere = await inTransaction(deps.db, (tx) => deleteEndpoint(tx, agencyId, id, deps.clock.now()));
  if (!wasThere) notFound(id);
}

/**
 * Makes a new secret; the one before stays valid for a day, and messages carry both signatures.
 *
 * Refuses: webhook.endpoint-not-found.
 */
export async function rotateSecret(
  tx: Tx,
  deps: Pick<EndpointDeps, 'clock' | 'sealBox' | 'openBox'>,
  agencyId: AgencyId,
  id: EndpointId,
): Promise<{ readonly secret: string; readonly olderSecretUntil: Date }> {
  const locked = (await lockEndpoint(tx, agencyId, id)) ?? notFound(id);
  const [older] = openSecrets(locked.secretsBox, id, deps.openBox);
  const secret = makeSecret(randomBytes);
  const olderSecretUntil = addMinutes(deps.clock.now(), OLDER_SECRET_VALID_MINUTES);
  const secretsBox = sealSecrets([secret, older], id, deps.sealBox);
  await replaceSecrets(tx, agencyId, id, { secretsBox, olderSecretUntil });
  return { secret, olderSecretUntil };
}

async function refuseUnlessPublic(deps: EndpointDeps, url: string): Promise<void> {
  try {
    await deps.assertPublicUrl(url);
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'The URL cannot be used.';
    throw new Refusal('webhook.url-not-allowed', {}, { errors: [{ pointer: '/url', detail }] });
  }
}

function notFound(id: EndpointId): never {
  throw new Refusal('webhook.endpoint-not-found', { id: publicId('whe', id) });
}
