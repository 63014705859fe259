/** SQL of webhook endpoints: where an agency is told. Secrets pass through sealed only. */
import type { ApiClient } from '../../domain/agencies/api-client.ts';
import type { AgencyId, EndpointId } from '../../domain/kernel/ids.ts';
import { query, type Reader, type Tx, type Database } from '../../platform/database.ts';

export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly url: string;
  readonly description: string;
  /** Null means every type, those to come included. */
  readonly eventTypes: readonly string[] | null;
  readonly enabled: boolean;
  readonly failingSince: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
  readonly olderSecretUntil: Date | null;
  readonly createdAt: Date;
}

const COLUMNS = `e.id, e.url, e.description, e.event_types as "eventTypes", e.enabled,
  e.failing_since as "failingSince", e.disabled_at as "disabledAt", e.disabled_reason as "disabledReason",
  e.older_secret_until as "olderSecretUntil", e.created_at as "createdAt"`;

export interface NewEndpoint {
  readonly id: EndpointId;
  readonly url: string;
  readonly description: string;
  readonly eventTypes: readonly string[] | null;
  readonly secretsBox: string;
  readonly createdAt: Date;
}

/** How many endpoints an agency may have: every event is queued once for each. */
export const ENDPOINTS_MOST = 20;

/**
 * Writes an endpoint and the idempotency key of the request that asked for it, in one statement.
 *
 * @returns `key_taken` when the key was used before, `too_many` when the agency has as many as it may
 */
export async function insertEndpoint(
  db: Database,
  client: ApiClient,
  endpoint: NewEndpoint,
  claim: {
    readonly key: string;
    readonly requestHash: Buffer;
    readonly status: number;
    readonly answerBox: string;
  },
): Promise<'created' | 'key_taken' | 'too_many'> {
  const [row] = await query<{ outcome: 'created' | 'key_taken' | 'too_many' }>(
    db,
    `with room as materialized (
       select count(*) < :most::integer as yes from webhook_endpoints e
        where e.agency_id = :agencyId and e.deleted_at is null
     ), claimed as (
       insert into idempotency_keys (agency_id, client_id, key, request_hash, status, answer_box, created_at)
       select :agencyId::integer, :clientId::text, :key::text, :requestHash::bytea, :status::integer,
              :answerBox::text, :createdAt::timestamptz
         from room where room.yes
       on conflict (agency_id, client_id, key) do nothing
       returning agency_id
     ), created as (
       insert into webhook_endpoints (agency_id, id, url, description, event_types, secrets_box, created_at)
       select c.agency_id, :id::uuid, :url::text, :description::text, :eventTypes::text[], :secretsBox::text,
              :createdAt::timestamptz
         from claimed c
       returning id
     )
     select case when exists (select 1 from created) then 'created'
                 when exists (select 1 from idempotency_keys k
                               where k.agency_id = :agencyId and k.client_id = :clientId and k.key = :key)
                   or (select yes from room) then 'key_taken'
                 else 'too_many' end as outcome`,
    { ...endpoint, ...claim, agencyId: client.agencyId, clientId: client.clientId, most: ENDPOINTS_MOST },
  );
  if (row === undefined) throw new Error('writing a webhook endpoint came back without an outcome');
  return row.outcome;
}

export async function findEndpoint(
  reader: Reader,
  agencyId: AgencyId,
  id: EndpointId,
): Promise<WebhookEndpoint | null> {
  const [row] = await query<WebhookEndpoint>(
    reader,
    `select ${COLUMNS} from webhook_endpoints e
      where e.agency_id = :agencyId and e.id = :id and e.deleted_at is null`,
    { agencyId, id },
  );
  return row ?? null;
}

/** Newest first. @param after  the last endpoint of the page before, null for the first page */
export function listEndpoints(
  reader: Reader,
  page: { readonly agencyId: AgencyId; readonly after: EndpointId | null; readonly limit: number },
): Promise<WebhookEndpoint[]> {
  return query<WebhookEndpoint>(
    reader,
    `select ${COLUMNS} from webhook_endpoints e
      where e.agency_id = :agencyId and e.deleted_at is null and (:after::uuid is null or e.id < :after::uuid)
      order by e.id desc limit :limit`,
    { ...page },
  );
}

export interface LockedEndpoint {
  readonly secretsBox: string;
  readonly enabled: boolean;
}

/** Locks an endpoint against other changes; events may still be queued for it. */
export async function lockEndpoint(
  tx: Tx,
  agencyId: AgencyId,
  id: EndpointId,
): Promise<LockedEndpoint | null> {
  const [row] = await query<LockedEndpoint>(
    tx,
    `select e.secrets_box as "secretsBox", e.enabled from webhook_endpoints e
      where e.agency_id = :agencyId and e.id = :id and e.deleted_at is null for no key update`,
    { agencyId, id },
  );
  return row ?? null;
}

export interface EndpointSettings {
  readonly url: string;
  readonly description: string;
  readonly eventTypes: readonly string[] | null;
  readonly enabled: boolean;
}

/** Writes what an agency may change. A fresh start (enabled again, or another URL) forgets earlier failures. */
export async function updateEndpoint(
  tx: Tx,
  agencyId: AgencyId,
  id: EndpointId,
  settings: EndpointSettings & { readonly now: Date; readonly isFreshStart: boolean },
): Promise<void> {
  await query(
    tx,
    `update webhook_endpoints
        set url = :url, description = :description, event_types = :eventTypes::text[], enabled = :enabled,
            failing_since = case when :isFreshStart then null else failing_since end,
            disabled_at = case when :enabled then null else coalesce(disabled_at, :now::timestamptz) end,
            disabled_reason = case when :enabled then null else coalesce(disabled_reason, 'disabled by the agency') end
      where agency_id = :agencyId and id = :id`,
    { agencyId, id, ...settings },
  );
}

/** Makes everything that waits for an endpoint due, in order, each with its whole schedule before it. */
export async function makeAllDue(tx: Tx, agencyId: AgencyId, id: EndpointId, now: Date): Promise<void> {
  await query(
    tx,
    `update webhook_queue set attempts = 0,
            next_attempt_at = least(next_attempt_at, greatest(:now::timestamptz, now()))
      where agency_id = :agencyId and endpoint_id = :id
        and (attempts > 0 or next_attempt_at > greatest(:now::timestamptz, now()))`,
    { agencyId, id, now },
  );
}

export async function replaceSecrets(
  tx: Tx,
  agencyId: AgencyId,
  id: EndpointId,
  { secretsBox, olderSecretUntil }: { readonly secretsBox: string; readonly olderSecretUntil: Date },
): Promise<void> {
  await query(
    tx,
    `update webhook_endpoints set secrets_box = :secretsBox, older_secret_until = :olderSecretUntil
      where agency_id = :agencyId and id = :id`,
    { agencyId, id, secretsBox, olderSecretUntil },
  );
}

/** Deletes an endpoint with its secrets; what still waited for it ends in the log as failed. */
export async function deleteEndpoint(
  tx: Tx,
  agencyId: AgencyId,
  id: EndpointId,
  now: Date,
): Promise<boolean> {
  const rows = await query(
    tx,
    `with gone as (
       update webhook_endpoints set deleted_at = :now, enabled = false, secrets_box = ''
        where agency_id = :agencyId and id = :id and deleted_at is null
       returning agency_id, id
     ), dropped as (
       delete from webhook_queue q using gone g
        where q.agency_id = g.agency_id and q.endpoint_id = g.id
       returning q.agency_id, q.delivery_id, q.endpoint_id, q.event_id, q.generation, q.attempts, q.last_status,
                 q.enqueued_at, q.first_tried_at
     ), logged as (
       insert into webhook_deliveries (agency_id, id, endpoint_id, event_id, generation, state, attempts, last_status,
                                       last_error, enqueued_at, first_tried_at, finished_at)
       select agency_id, delivery_id, endpoint_id, event_id, generation, 'failed', attempts, last_status,
              'the endpoint was deleted', enqueued_at, first_tried_at, :now
         from dropped
     )
     select id from gone`,
    { agencyId, id, now },
  );
  return rows.length > 0;
}

export interface SendingDetails {
  readonly url: string;
  readonly secretsBox: string;
  readonly olderSecretValid: boolean;
  /** The database's time: receivers compare a message's time with the world's, not with our test clock. */
  readonly sentAt: Date;
}

/** What is needed to send one message to an endpoint outside the queue. */
export async function findSendingDetails(
  reader: Reader,
  agencyId: AgencyId,
  id: EndpointId,
  now: Date,
): Promise<SendingDetails | null> {
  const [row] = await query<SendingDetails>(
    reader,
    `select e.url, e.secrets_box as "secretsBox", now() as "sentAt",
            coalesce(e.older_secret_until > greatest(:now::timestamptz, now()), false) as "olderSecretValid"
       from webhook_endpoints e
      where e.agency_id = :agencyId and e.id = :id and e.deleted_at is null`,
    { agencyId, id, now },
  );
  return row ?? null;
}
