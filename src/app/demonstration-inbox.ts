/** Each demonstration agency's webhook endpoint, which leads to its own sandbox inbox. */
import type { AgencyId, EndpointId, IdSource } from '../domain/kernel/ids.ts';
import type { Clock } from '../domain/kernel/time.ts';
import { listEndpoints, lockEndpoint, ENDPOINTS_MOST } from '../features/agencies/endpoint-store.ts';
import { digestOfSecret } from '../features/agencies/issue-client.ts';
import { changeEndpoint, createEndpoint, type EndpointDeps } from '../features/agencies/manage-endpoints.ts';
import { openSecrets } from '../features/agencies/sign-webhook.ts';
import { inTransaction, type Database } from '../platform/database.ts';
import type { SecretBox } from '../platform/secret-box.ts';

export interface InboxDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  /** Tells a sandbox agency's inbox the secret its messages are signed with. */
  readonly registerInbox: (agencyCode: string, secret: string) => Promise<void>;
}

/** How the endpoint is known again. */
const INBOX = 'Sandbox inbox';

/** One endpoint leads to the agency's own inbox, which knows the endpoint's newest secret. */
export async function seedInbox(
  deps: InboxDeps,
  wish: { agencyId: AgencyId; agencyCode: string; clientId: string; url: string },
): Promise<void> {
  const { agencyId, url } = wish;
  const endpoints = endpointDeps(deps);
  const page = await listEndpoints(deps.db, { agencyId, after: null, limit: ENDPOINTS_MOST });
  const known = page.find(({ description }) => description === INBOX);
  if (known && (known.url !== url || !known.enabled)) {
    await changeEndpoint(endpoints, agencyId, known.id, { url, enabled: true });
  }
  const secret = known
    ? await secretOf(deps, agencyId, known.id)
    : (await makeInbox(deps, endpoints, wish)).secret;
  await deps.registerInbox(wish.agencyCode, secret);
}

async function makeInbox(
  deps: InboxDeps,
  endpoints: EndpointDeps,
  wish: { agencyId: AgencyId; clientId: string; url: string },
): Promise<{ readonly secret: string }> {
  const client = { clientId: wish.clientId, agencyId: wish.agencyId, kind: 'agency', scopes: [] } as const;
  const made = await createEndpoint(
    endpoints,
    client,
    { url: wish.url, description: INBOX, eventTypes: null },
    {
      key: `demonstration-${deps.newId()}`,
      requestHash: digestOfSecret(wish.url),
      status: 201,
      sealAnswer: () => deps.box.seal('{}', 'demonstration'),
    },
  );
  if (!made) throw new Error('A fresh idempotency key was used before.');
  return made;
}

async function secretOf(deps: InboxDeps, agencyId: AgencyId, id: EndpointId): Promise<string> {
  const locked = await inTransaction(deps.db, (tx) => lockEndpoint(tx, agencyId, id));
  if (!locked) throw new Error('The endpoint of an inbox went away while it was looked at.');
  const [newest] = openSecrets(locked.secretsBox, id, (sealed, rowId) => deps.box.open(sealed, rowId));
  return newest;
}

function endpointDeps(deps: InboxDeps): EndpointDeps {
  return {
    db: deps.db,
    clock: deps.clock,
    newId: deps.newId,
    sealBox: (text, rowId) => deps.box.seal(text, rowId),
    openBox: (sealed, rowId) => deps.box.open(sealed, rowId),
    // The address is this installation's own.
    assertPublicUrl: () => Promise.resolve(),
  };
}
