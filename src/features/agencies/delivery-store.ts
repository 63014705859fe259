/** SQL of the webhook queue and its log: claim what is due, record how attempts ended. */
import type { AgencyId, DeliveryId, EndpointId, EventId, OrderId } from '../../domain/kernel/ids.ts';
import { query, type Database, type Reader } from '../../platform/database.ts';

/** One delivery that this process may attempt until its lease ends. */
export interface ClaimedDelivery {
  readonly agencyId: AgencyId;
  readonly endpointId: EndpointId;
  readonly orderId: OrderId;
  readonly sequence: number;
  readonly generation: number;
  readonly deliveryId: DeliveryId;
  readonly eventId: EventId;
  /** Attempts made before this one. */
  readonly attempts: number;
  readonly firstTriedAt: Date | null;
  readonly enqueuedAt: Date;
  /** As the database wrote it, to the microsecond: proves on recording that the lease is still ours. */
  readonly lease: string;
  readonly body: string;
  readonly url: string;
  readonly secretsBox: string;
  readonly olderSecretValid: boolean;
  readonly failingSince: Date | null;
  /** The database's time of the claim. */
  readonly claimedAt: Date;
}

export interface ClaimRequest {
  /** The application clock; it may run ahead of the database's, never hold a delivery back behind it. */
  readonly now: Date;
  readonly limit: number;
  readonly leaseSeconds: number;
  /** How many one endpoint may have at once, unless `room` says otherwise. */
  readonly perEndpoint: number;
  /** Endpoints this process is already busy with, and how many more each may be given. */
  readonly room: ReadonlyMap<EndpointId, number>;
}

/**
 * Takes due deliveries of enabled endpoints under a lease: of each order only the earliest that waits, and of
 * each endpoint only a few, in no fixed order of endpoints. What another process holds is passed over.
 */
export function claimDeliveries(db: Database, request: ClaimRequest): Promise<ClaimedDelivery[]> {
  return query<ClaimedDelivery>(
    db,
    `select l.agency_id as "agencyId", l.endpoint_id as "endpointId", l.order_id as "orderId", l.sequence,
            l.generation, l.delivery_id as "deliveryId", l.event_id as "eventId", l.attempts,
            l.first_tried_at as "firstTriedAt", l.enqueued_at as "enqueuedAt", l.leased_until::text as lease,
            v.body, e.url, e.secrets_box as "secretsBox",
            coalesce(e.older_secret_until > greatest(:now::timestamptz, now()), false) as "olderSecretValid",
            e.failing_since as "failingSince", now() as "claimedAt"
       from claim_webhooks(:now::timestamptz, :limit::integer, :leaseSeconds::integer, :perEndpoint::integer,
                           :busy::uuid[], :rooms::integer[]) l
       join event_bodies v on v.agency_id = l.agency_id and v.id = l.event_id
       join webhook_endpoints e on e.agency_id = l.agency_id and e.id = l.endpoint_id
      order by l.enqueued_at, l.sequence`,
    {
      now: request.now,
      limit: request.limit,
      leaseSeconds: request.leaseSeconds,
      perEndpoint: request.perEndpoint,
      busy: [...request.room.keys()],
      rooms: [...request.room.values()],
    },
  );
}

interface RecordedDelivery {
  readonly delivery: ClaimedDelivery;
  readonly triedAt: Date;
  readonly status: number | null;
  readonly error: string | null;
}

export interface FinishedDelivery extends RecordedDelivery {
  readonly state: 'delivered' | 'failed';
}

/** Moves deliveries from the queue to the log. One that is no longer in the queue was finished by another: no-op. */
export async function recordFinished(
  db: Database,
  now: Date,
  finished: readonly FinishedDelivery[],
): Promise<void> {
  if (finished.length === 0) return;
  await query(
    db,
    // A success counts even when the lease has passed to another: the agency has it. A give-up must still hold it.
    `with ended as materialized (
       select * from jsonb_to_recordset(:rows::jsonb) as r(${ROW_COLUMNS}, state text)
     ), gone as (
       delete from webhook_queue q using ended r
        where ${SAME_ROW} and q.delivery_id = r.delivery_id
          and (r.state = 'delivered' or q.leased_until = r.lease)
       returning q.agency_id, q.delivery_id, q.endpoint_id, q.event_id, q.generation, q.attempts, q.enqueued_at,
                 q.first_tried_at, r.state, r.status, r.error, r.tried_at
     ), healthy as (
       update webhook_endpoints e set failing_since = null
        where e.failing_since is not null
          and (e.agency_id, e.id) in (select g.agency_id, g.endpoint_id from gone g where g.state = 'delivered')
     )
     insert into webhook_deliveries (agency_id, id, endpoint_id, event_id, generation, state, attempts, last_status,
                                     last_error, enqueued_at, first_tried_at, finished_at)
     select agency_id, delivery_id, endpoint_id, event_id, generation, state, attempts + 1, status,
            error, enqueued_at, coalesce(first_tried_at, tried_at), greatest(:now::timestamptz, now())
       from gone`,
    { now, rows: JSON.stringify(finished.map((entry) => ({ ...rowOf(entry), state: entry.state }))) },
  );
}

export interface FailedAttempt extends RecordedDelivery {
  readonly waitSeconds: number;
}

/** Sets deliveries back to wait. One whose lease has passed to another is left to that one. */
export async function recordRetries(
  db: Database,
  now: Date,
  failed: readonly FailedAttempt[],
): Promise<void> {
  if (failed.length === 0) return;
  await query(
    db,
    `with failed as materialized (
       select * from jsonb_to_recordset(:rows::jsonb) as r(${ROW_COLUMNS}, wait_seconds double precision)
     )
     update webhook_queue q
        set attempts = q.attempts + 1, leased_until = null, last_status = r.status, last_error = r.error,
            first_tried_at = coalesce(q.first_tried_at, r.tried_at),
            next_attempt_at = greatest(:now::timestamptz, now()) + make_interval(secs => r.wait_seconds)
       from failed r
      where ${SAME_ROW} and q.delivery_id = r.delivery_id and q.leased_until = r.lease`,
    {
      now,
      rows: JSON.stringify(failed.map((entry) => ({ ...rowOf(entry), wait_seconds: entry.waitSeconds }))),
    },
  );
}

/** Gives deliveries back that were claimed and not attempted. */
export async function releaseDeliveries(db: Database, deliveries: readonly ClaimedDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await query(
    db,
    `with held as materialized (select * from jsonb_to_recordset(:rows::jsonb) as r(${ROW_COLUMNS}))
     update webhook_queue q set leased_until = null from held r
      where ${SAME_ROW} and q.leased_until = r.lease`,
    { rows: JSON.stringify(deliveries.map((delivery) => keyOf(delivery))) },
  );
}

const ROW_COLUMNS = `agency_id integer, endpoint_id uuid, order_id uuid, sequence integer, generation integer,
  delivery_id uuid, lease timestamptz, status integer, error text, tried_at timestamptz`;

const SAME_ROW = `q.agency_id = r.agency_id and q.order_id = r.order_id and q.sequence = r.sequence
  and q.endpoint_id is not distinct from r.endpoint_id and q.generation = r.generation`;

function keyOf(delivery: ClaimedDelivery) {
  return {
    agency_id: delivery.agencyId,
    endpoint_id: delivery.endpointId,
    order_id: delivery.orderId,
    sequence: delivery.sequence,
    generation: delivery.generation,
    delivery_id: delivery.deliveryId,
    lease: delivery.lease,
  };
}

function rowOf({ delivery, triedAt, status, error }: RecordedDelivery) {
  return { ...keyOf(delivery), status, error, tried_at: triedAt.toISOString() };
}

export interface FailingEndpoint {
  readonly agencyId: AgencyId;
  readonly endpointId: EndpointId;
}

/** Notes since when endpoints fail; the first failure after a success counts. */
export async function noteFailing(
  db: Database,
  now: Date,
  endpoints: readonly FailingEndpoint[],
): Promise<void> {
  if (endpoints.length === 0) return;
  await query(
    db,
    `update webhook_endpoints e set failing_since = greatest(:now::timestamptz, now())
       from unnest(:agencies::integer[], :ids::uuid[]) as f(agency_id, id)
      where e.agency_id = f.agency_id and e.id = f.id and e.failing_since is null and e.deleted_at is null`,
    { now, agencies: endpoints.map((e) => e.agencyId), ids: endpoints.map((e) => e.endpointId) },
  );
}

/**
 * Disables an endpoint and writes the audit entry beside it. Its deliveries stay in the queue.
 *
 * @param failingSinceBefore  only when it has failed since this instant or earlier, without a success in between
 * @returns whether it was enabled until now
 */
export async function disableEndpoint(
  db: Database,
  endpoint: FailingEndpoint,
  disabling: {
    readonly now: Date;
    readonly reason: string;
    readonly auditId: string;
    readonly failingSinceBefore: Date | null;
  },
): Promise<boolean> {
  const rows = await query(
    db,
    `with disabled as (
       update webhook_endpoints e
          set enabled = false, disabled_at = greatest(:now::timestamptz, now()), disabled_reason = :reason
        where e.agency_id = :agencyId and e.id = :endpointId and e.enabled and e.deleted_at is null
          and (:failingSinceBefore::timestamptz is null or e.failing_since <= :failingSinceBefore::timestamptz)
       returning e.agency_id, e.id, e.failing_since
     )
     insert into audit_log (id, actor, action, agency_id, subject, detail)
     select :auditId::uuid, 'system:webhooks', 'webhook_endpoint.disabled', d.agency_id, d.id::text,
            jsonb_build_object('reason', :reason::text, 'failing_since', d.failing_since)
       from disabled d
     returning id`,
    { ...endpoint, ...disabling },
  );
  return rows.length > 0;
}

/**
 * Moves deliveries that wait behind a retry to that retry's time, so that claims need not pass over them.
 *
 * Only those behind a delivery that is not yet due: it cannot be finished before that time, so none is moved
 * beyond the moment from which it may be sent.
 */
export async function parkFollowers(db: Database, now: Date, perEndpoint: number): Promise<number> {
  const rows = await query(
    db,
    `with due as materialized (
       select d.*
         from webhook_endpoints e
        cross join lateral (
          select q.agency_id, q.endpoint_id, q.order_id, q.sequence, q.generation
            from webhook_queue q
           where q.agency_id is not distinct from e.agency_id and q.endpoint_id = e.id
             and q.next_attempt_at <= greatest(:now::timestamptz, now())
           order by q.next_attempt_at
           limit :perEndpoint
        ) d
        where e.enabled and e.failing_since is not null and e.deleted_at is null
     ), blocked as materialized (
       select d.*, (select max(h.next_attempt_at) from webhook_queue h
                     where h.agency_id = d.agency_id and h.order_id = d.order_id and h.sequence < d.sequence
                       and h.endpoint_id is not distinct from d.endpoint_id
                       and h.generation = d.generation) as until
         from due d
     ), locked as materialized (
       select q.agency_id, q.endpoint_id, q.order_id, q.sequence, q.generation, b.until
         from blocked b
         join webhook_queue q on q.agency_id = b.agency_id and q.order_id = b.order_id and q.sequence = b.sequence
          and q.endpoint_id is not distinct from b.endpoint_id and q.generation = b.generation
        where b.until > greatest(:now::timestamptz, now())
          for update of q skip locked
     )
     update webhook_queue q set next_attempt_at = r.until
       from locked r
      where ${SAME_ROW}
     returning 1 as moved`,
    { now, perEndpoint },
  );
  return rows.length;
}

export interface OutboxFigures {
  /** Seconds since the oldest delivery fell due that is still waiting for an enabled endpoint; 0 when none is. */
  readonly outboxAgeSeconds: number;
  readonly disabledEndpoints: number;
}

/** The figures an operator watches. */
export async function outboxFigures(reader: Reader): Promise<OutboxFigures> {
  const [figures] = await query<OutboxFigures>(
    reader,
    `select coalesce(greatest(0, extract(epoch from clock_timestamp() - (
              select min(d.next_attempt_at)
                from webhook_endpoints e
               cross join lateral (select q.next_attempt_at from webhook_queue q
                                    where q.agency_id is not distinct from e.agency_id and q.endpoint_id = e.id
                                    order by q.next_attempt_at limit 1) d
               where e.enabled and e.deleted_at is null))), 0)::double precision as "outboxAgeSeconds",
            (select count(*)::integer from webhook_endpoints e
              where not e.enabled and e.deleted_at is null and e.disabled_reason is not null) as "disabledEndpoints"`,
  );
  if (figures === undefined) throw new Error('the figures of the outbox came back without a row');
  return figures;
}
