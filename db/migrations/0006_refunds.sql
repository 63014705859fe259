-- Refunds: asked by one, decided by another, sent to the gateway under one reference however often retried.

-- Tenant.
create table refunds (
  agency_id          integer not null references agencies (id),
  id                 uuid not null,
  order_id           uuid,
  payment_id         uuid not null references payments (id),
  source             text not null check (source in ('payable', 'surplus', 'suspense')),
  amount             bigint not null check (amount > 0 and amount <= 9000000000000000),
  currency           char(3) not null,
  state              text not null check (state in ('requested', 'approved', 'submitted', 'succeeded', 'failed', 'rejected')),
  version            integer not null default 1,
  reason             text not null,
  refund_reference   text not null unique,
  requested_by       text not null,
  decided_by         text,
  decision_note      text,
  gateway_refund_id  text,
  gateway_code       text,
  attempts           integer not null default 0,
  next_attempt_at    timestamptz,
  leased_until       timestamptz,
  requested_at       timestamptz not null,
  decided_at         timestamptz,
  submitted_at       timestamptz,
  resolved_at        timestamptz,
  primary key (agency_id, id),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id)
);
create index refunds_by_order on refunds (agency_id, order_id);
create index refunds_due on refunds (next_attempt_at) where state in ('approved', 'submitted');
create index refunds_to_decide on refunds (requested_at) where state = 'requested';

-- A surplus or suspense sum is refunded once: at most one living refund per payment, order and source.
-- NULLS NOT DISTINCT: a sum in suspense that is no single order's has no order.
create unique index refunds_one_of_surplus on refunds (agency_id, payment_id, order_id, source) nulls not distinct
  where source <> 'payable' and state <> 'rejected' and state <> 'failed';

-- Tenant. Money paid twice that nobody has asked to return yet: one row until its refund is opened, so that the
-- job that opens them never looks through all allocations.
create table surplus_allocations (
  agency_id   integer not null,
  payment_id  uuid not null,
  order_id    uuid not null,
  primary key (agency_id, payment_id, order_id),
  foreign key (agency_id, payment_id, order_id) references allocations (agency_id, payment_id, order_id)
);

-- Tenant. Which frozen lines a refund takes from.
create table refund_lines (
  agency_id   integer not null,
  refund_id   uuid not null,
  payment_id  uuid not null,
  order_id    uuid not null,
  line_no     smallint not null,
  amount      bigint not null check (amount > 0),
  primary key (agency_id, refund_id, line_no),
  foreign key (agency_id, refund_id) references refunds (agency_id, id),
  foreign key (agency_id, payment_id, order_id, line_no)
    references allocation_lines (agency_id, payment_id, order_id, line_no)
);

-- Rules with an author and an approver who are two people; the newest approved row of a name holds.
create table rules (
  name         text not null,
  version      integer not null,
  value        jsonb not null,
  author       text not null,
  approver     text not null,
  approved_at  timestamptz not null,
  primary key (name, version),
  check (author <> approver)
);
