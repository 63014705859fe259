-- What agencies are told: the event beside the fact, a queue of what is still to be delivered, the log of what was.

-- Tenant. sequence counts per order without gaps. body is the JSON text that is signed and sent, whole; or, when one
-- outcome tells several events of an order, only the first holds it whole and the others what differs: after the first
-- shared_place characters of their own body come shared_length characters of that event's body from shared_from on.
-- Read bodies from the view. That the agency exists is known from the order.
create table events (
  agency_id        integer not null,
  id               uuid not null,
  order_id         uuid not null,
  sequence         integer not null check (sequence > 0),
  type             text not null,
  occurred_at      timestamptz not null,
  body             text not null,
  xid              xid8 not null default pg_current_xact_id(),
  shared_sequence  integer,
  shared_place     integer,
  shared_from      integer,
  shared_length    integer,
  primary key (agency_id, id),
  unique (agency_id, order_id, sequence),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id),
  check (shared_sequence < sequence),
  check (num_nulls(shared_sequence, shared_place, shared_from, shared_length) in (0, 4))
);
create index events_feed on events (agency_id, xid, id);
call make_append_only('events');

-- Events with the exact text that is signed and sent.
create view event_bodies as
  select e.agency_id, e.id, e.order_id, e.sequence, e.type, e.occurred_at, e.xid,
    case when e.shared_sequence is null then e.body else (
      select left(e.body, e.shared_place) || substr(w.body, e.shared_from, e.shared_length) || substr(e.body, e.shared_place + 1)
      from events w where w.agency_id = e.agency_id and w.order_id = e.order_id and w.sequence = e.shared_sequence
    ) end as body
  from events e;

-- Tenant. secrets_box holds the signing secrets, newest first, encrypted under SECRETS_KEY.
create table webhook_endpoints (
  agency_id        integer not null references agencies (id),
  id               uuid not null,
  url              text not null,
  description      text not null default '',
  event_types      text[],
  secrets_box      text not null,
  older_secret_until timestamptz,
  enabled          boolean not null default true,
  failing_since    timestamptz,
  disabled_at      timestamptz,
  disabled_reason  text,
  created_at       timestamptz not null,
  deleted_at       timestamptz,
  primary key (agency_id, id)
);

-- Tenant. One row while an event waits for an endpoint; deleted when it is delivered or given up.
-- Due times are the application clock's, the lease is the database clock's. A row whose order has an earlier
-- event waiting for the same endpoint (in the same generation) is never claimed, whatever its due time.
create table webhook_queue (
  agency_id        integer not null,
  endpoint_id      uuid not null,
  order_id         uuid not null,
  sequence         integer not null,
  event_id         uuid not null,
  delivery_id      uuid not null default gen_random_uuid(),
  generation       integer not null default 0,
  attempts         integer not null default 0,
  enqueued_at      timestamptz not null,
  next_attempt_at  timestamptz not null,
  first_tried_at   timestamptz,
  leased_until     timestamptz,
  last_status      integer,
  last_error       text,
  primary key (agency_id, order_id, sequence, endpoint_id, generation),
  foreign key (agency_id, endpoint_id) references webhook_endpoints (agency_id, id),
  foreign key (agency_id, event_id) references events (agency_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
-- A claim takes a few rows of each endpoint, so that one with a million waiting hides no other. The index has
-- no column in front that the look-ups by order could use instead of the primary key, however old the
-- planner's statistics of this fast-changing table are. No index mentions the lease: taking it stays HOT.
create index webhook_queue_due on webhook_queue (endpoint_id, next_attempt_at);

-- Tenant. How each delivery ended.
create table webhook_deliveries (
  agency_id      integer not null,
  id             uuid not null,
  endpoint_id    uuid not null,
  event_id       uuid not null,
  generation     integer not null,
  state          text not null check (state in ('delivered', 'failed')),
  attempts       integer not null,
  last_status    integer,
  last_error     text,
  enqueued_at    timestamptz not null,
  first_tried_at timestamptz,
  finished_at    timestamptz not null,
  primary key (agency_id, id),
  foreign key (agency_id, endpoint_id) references webhook_endpoints (agency_id, id),
  foreign key (agency_id, event_id) references events (agency_id, id)
);
create index webhook_deliveries_newest on webhook_deliveries (agency_id, enqueued_at desc, id desc);
create index webhook_deliveries_by_event on webhook_deliveries (agency_id, event_id, endpoint_id, generation);
create index webhook_deliveries_failed on webhook_deliveries (finished_at) where state = 'failed';

-- Takes due deliveries of enabled endpoints under a lease: of each order only the earliest that waits (per
-- endpoint and generation), of each endpoint only as many as it has room for, endpoints in no fixed order.
-- What another process holds is passed over. `at_time` is the application's clock: it may run ahead of the
-- database's, and never holds a delivery back behind it.
--
-- The planner is kept from choosing: statistics of a queue are always of another moment, and one scan of the whole
-- queue in place of the first few rows by due time makes the difference of a hundredfold. For the same reason
-- "is not distinct from" keeps each look-up on the index that is meant for it.
create function claim_webhooks(at_time timestamptz, most integer, lease_seconds integer, per_endpoint integer,
  busy_endpoints uuid[], rooms integer[]) returns setof webhook_queue language plpgsql rows 200
  set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off set enable_hashjoin = off
  set enable_mergejoin = off
as $$
begin
  return query
  with open_endpoints as materialized (
    select e.agency_id, e.id, coalesce(r.room, per_endpoint) as room
    from webhook_endpoints e
    left join unnest(busy_endpoints, rooms) as r(endpoint_id, room) on r.endpoint_id = e.id
    where e.enabled and e.deleted_at is null and coalesce(r.room, 1) > 0
    order by random()
  ), picked as materialized (
    select due.*
    from open_endpoints e
    -- The limit is taken anew for every endpoint, and is reached before any further row is locked.
    cross join lateral (
      select q.agency_id, q.endpoint_id, q.order_id, q.sequence, q.generation
      from webhook_queue q
      where q.agency_id is not distinct from e.agency_id and q.endpoint_id = e.id
        and q.next_attempt_at <= greatest(at_time, now())
        and (q.leased_until is null or q.leased_until < now())
        and q.sequence = (
          select min(h.sequence) from webhook_queue h
          where h.agency_id = q.agency_id and h.order_id = q.order_id
            and h.endpoint_id is not distinct from q.endpoint_id and h.generation = q.generation
        )
      order by q.next_attempt_at
      limit e.room
      for update of q skip locked
    ) due
    limit most
  )
  update webhook_queue q set leased_until = now() + make_interval(secs => lease_seconds)
  from picked p
  where q.agency_id = p.agency_id and q.order_id = p.order_id and q.sequence = p.sequence
    and q.endpoint_id is not distinct from p.endpoint_id and q.generation = p.generation
  returning q.*;
end $$;
