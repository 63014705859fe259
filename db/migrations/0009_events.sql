-- What agencies are told: the event beside the fact, a queue of what is still to be delivered, the log of what was.

-- Tenant. body is the exact JSON text that is signed and sent; sequence counts per order without gaps.
create table events (
  agency_id    integer not null references agencies (id),
  id           uuid not null,
  order_id     uuid not null,
  sequence     integer not null check (sequence > 0),
  type         text not null,
  occurred_at  timestamptz not null,
  body         text not null,
  xid          xid8 not null default pg_current_xact_id(),
  primary key (agency_id, id),
  unique (agency_id, order_id, sequence),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id)
);
create index events_feed on events (agency_id, xid, id);
call make_append_only('events');

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
  primary key (agency_id, endpoint_id, order_id, sequence, generation),
  foreign key (agency_id, endpoint_id) references webhook_endpoints (agency_id, id),
  foreign key (agency_id, event_id) references events (agency_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
-- By endpoint first: a claim takes a few rows of each endpoint, so one with a million waiting hides no other.
-- No index mentions the lease, so that taking it stays a HOT update.
create index webhook_queue_due on webhook_queue (agency_id, endpoint_id, next_attempt_at);

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
