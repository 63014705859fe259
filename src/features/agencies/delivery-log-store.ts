/** SQL of deliveries as agencies see them: what waits and how the rest ended, and their replays. */
import type { AgencyId, DeliveryId, EndpointId, EventId, OrderId } from '../../domain/kernel/ids.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

export interface DeliveryView {
  readonly id: DeliveryId;
  readonly endpointId: EndpointId;
  readonly eventId: EventId;
  readonly eventType: string;
  readonly orderId: OrderId;
  readonly sequence: number;
  readonly generation: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly enqueuedAt: Date;
  readonly firstTriedAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly finishedAt: Date | null;
  /** The sort key to the microsecond, for the cursor. */
  readonly enqueuedAtText: string;
}

export interface DeliveryPage {
  readonly agencyId: AgencyId;
  readonly status: DeliveryStatus | null;
  /** Sort key of the last row of the page before, null for the first page. */
  readonly after: { readonly enqueuedAt: string; readonly id: DeliveryId } | null;
  readonly limit: number;
}

const BEFORE = (id: string) =>
  `(:afterAt::timestamptz is null or (d.enqueued_at, d.${id}) < (:afterAt::timestamptz, :afterId::uuid))`;

/** Newest first. A delivery keeps its place when it moves from the queue to the log. */
export function listDeliveries(reader: Reader, page: DeliveryPage): Promise<DeliveryView[]> {
  return query<DeliveryView>(
    reader,
    `with waiting as (
       select d.delivery_id as id, d.endpoint_id, d.event_id, d.generation, 'pending' as status, d.attempts,
              d.last_status, d.last_error, d.enqueued_at, d.first_tried_at, d.next_attempt_at,
              null::timestamptz as finished_at
         from webhook_queue d
        where d.agency_id = :agencyId and coalesce(:status::text, 'pending') = 'pending' and ${BEFORE('delivery_id')}
        order by d.enqueued_at desc, d.delivery_id desc limit :limit
     ), ended as (
       select d.id, d.endpoint_id, d.event_id, d.generation, d.state as status, d.attempts,
              d.last_status, d.last_error, d.enqueued_at, d.first_tried_at, null::timestamptz as next_attempt_at,
              d.finished_at
         from webhook_deliveries d
        where d.agency_id = :agencyId and (:status::text is null or d.state = :status::text) and ${BEFORE('id')}
        order by d.enqueued_at desc, d.id desc limit :limit
     ), page as (
       select * from waiting union all select * from ended
       order by enqueued_at desc, id desc limit :limit
     )
     select p.id, p.endpoint_id as "endpointId", p.event_id as "eventId", v.type as "eventType",
            v.order_id as "orderId", v.sequence, p.generation, p.status, p.attempts,
            p.last_status as "lastStatus", p.last_error as "lastError", p.enqueued_at as "enqueuedAt",
            p.first_tried_at as "firstTriedAt", p.next_attempt_at as "nextAttemptAt",
            p.finished_at as "finishedAt", p.enqueued_at::text as "enqueuedAtText"
       from page p
       join events v on v.agency_id = :agencyId and v.id = p.event_id
      order by p.enqueued_at desc, p.id desc`,
    {
      agencyId: page.agencyId,
      status: page.status,
      afterAt: page.after?.enqueuedAt ?? null,
      afterId: page.after?.id ?? null,
      limit: page.limit,
    },
  );
}

export interface Replayable {
  readonly endpointId: EndpointId;
  readonly eventId: EventId;
}

/** The event and endpoint of a delivery whose endpoint still exists; waiting or ended. */
export async function findReplayable(
  reader: Reader,
  agencyId: AgencyId,
  id: DeliveryId,
): Promise<Replayable | null> {
  const [row] = await query<Replayable>(
    reader,
    `select d.endpoint_id as "endpointId", d.event_id as "eventId"
       from (select endpoint_id, event_id from webhook_deliveries where agency_id = :agencyId and id = :id
             union all
             select endpoint_id, event_id from webhook_queue where agency_id = :agencyId and delivery_id = :id) d
      limit 1`,
    { agencyId, id },
  );
  return row ?? null;
}

/**
 * Queues an event for an endpoint once more, as the next generation. The caller holds the endpoint's lock.
 *
 * @returns null when that was done `most` times since an instant
 */
export async function insertReplay(
  tx: Tx,
  replay: Replayable & {
    readonly agencyId: AgencyId;
    readonly deliveryId: DeliveryId;
    readonly now: Date;
    readonly since: Date;
    readonly most: number;
  },
): Promise<{ readonly generation: number } | null> {
  const [row] = await query<{ generation: number }>(
    tx,
    `with earlier as (
       select d.generation, d.enqueued_at from webhook_deliveries d
        where d.agency_id = :agencyId and d.endpoint_id = :endpointId and d.event_id = :eventId
       union all
       select q.generation, q.enqueued_at from webhook_queue q
         join events v on v.agency_id = q.agency_id and v.id = :eventId
        where q.agency_id = :agencyId and q.endpoint_id = :endpointId and q.order_id = v.order_id
          and q.sequence = v.sequence
     ), counted as (
       select max(e.generation) + 1 as generation,
              count(*) filter (where e.generation > 0 and e.enqueued_at > :since) as recent
         from earlier e
     )
     insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, delivery_id, generation,
                                enqueued_at, next_attempt_at)
     select v.agency_id, :endpointId::uuid, v.order_id, v.sequence, v.id, :deliveryId::uuid, c.generation,
            :now::timestamptz, :now::timestamptz
       from counted c
       join events v on v.agency_id = :agencyId and v.id = :eventId
      where c.recent < :most
     returning generation`,
    { ...replay },
  );
  return row ?? null;
}
