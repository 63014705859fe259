-- How gateways are doing, as all processes see it together: figures by the minute, circuits, maintenance, budgets.
-- Nothing here is written on the payer's way; each process adds what it counted every few seconds.

-- What calls to a gateway came to in a minute. Latencies are counts by the bounds of domain/payments/gateway-figures.ts.
create table gateway_minutes (
  gateway    text not null,
  operation  text not null check (operation in ('start', 'query', 'refund')),
  minute     timestamptz not null,
  answered   integer not null,
  failed     integer not null,
  latencies  integer[] not null,
  primary key (gateway, operation, minute)
) with (fillfactor = 70);
create index gateway_minutes_by_minute on gateway_minutes (minute);

-- The circuit (domain/payments/gateway-circuit.ts), and when a genuine callback last came.
create table gateway_circuits (
  gateway           text primary key,
  state             text not null default 'closed' check (state in ('closed', 'open')),
  broken_by         text check (broken_by in ('start', 'query')),
  opened_at         timestamptz,
  retry_at          timestamptz,
  closed_at         timestamptz,
  pause_seconds     integer not null default 0,
  streams           jsonb not null default '{}',
  -- One payer is let through while the gateway is tried again; the next when this one is not heard of.
  probe_until       timestamptz,
  last_callback_at  timestamptz,
  check ((state = 'open') = (retry_at is not null))
) with (fillfactor = 50);

create table gateway_maintenance (
  id          uuid primary key,
  gateway     text not null,
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  note_vi     text,
  note_en     text,
  created_at  timestamptz not null default clock_timestamp(),
  check (ends_at > starts_at),
  check ((note_vi is null) = (note_en is null))
);
create index gateway_maintenance_by_end on gateway_maintenance (ends_at);

-- Questions granted in the last second, so that all processes together keep to what the gateway allows.
create table gateway_query_budgets (
  gateway  text primary key,
  grants   jsonb not null default '[]'
) with (fillfactor = 50);

-- Tenant. What an agency changed of how it takes money through a gateway; without a row it takes all that is there.
create table agency_gateways (
  agency_id   integer not null references agencies (id),
  gateway     text not null,
  offered     boolean not null default true,
  -- 'own' is the agency's own account where it has one, else the platform's.
  account     text not null default 'own' check (account in ('own', 'platform')),
  -- Whole dong of one payment's part for this agency; null leaves what the gateway allows.
  amount_min  bigint check (amount_min > 0),
  amount_max  bigint check (amount_max > 0),
  primary key (agency_id, gateway),
  check (amount_min is null or amount_max is null or amount_min <= amount_max)
);

-- The ladder takes what is due gateway by gateway, each within its own budget.
alter table payment_queries add column gateway text;
update payment_queries q set gateway = p.gateway from payments p where p.id = q.payment_id;
alter table payment_queries alter column gateway set not null;
drop index payment_queries_due;
create index payment_queries_due on payment_queries (gateway, due_at);
