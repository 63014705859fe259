-- Receipts: numbered without gaps per (agency, form, symbol), frozen at issue, voided and replaced but never changed.

-- Tenant. The counter is the last lock of the transaction that issues.
create table receipt_series (
  agency_id    integer not null references agencies (id),
  form         text not null,
  symbol       text not null,
  last_number  bigint not null check (last_number >= 0),
  primary key (agency_id, form, symbol)
) with (fillfactor = 20);

-- Tenant.
create table receipts (
  agency_id          integer not null,
  id                 uuid not null,
  order_id           uuid not null,
  payment_id         uuid not null references payments (id),
  form               text not null,
  symbol             text not null,
  number             bigint not null check (number > 0),
  verification_code  text not null,
  amount             bigint not null check (amount > 0),
  currency           char(3) not null,
  content            json not null,
  business_date      date not null,
  issued_at          timestamptz not null,
  replaces_id        uuid,
  primary key (agency_id, id),
  unique (agency_id, form, symbol, number),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id),
  foreign key (agency_id, form, symbol) references receipt_series (agency_id, form, symbol),
  foreign key (agency_id, replaces_id) references receipts (agency_id, id)
);
create index receipts_by_order on receipts (agency_id, order_id);
call make_append_only('receipts');

-- Tenant. A voided receipt keeps its row and its number; this says when, why, and what took its place.
create table receipt_voidings (
  agency_id       integer not null,
  receipt_id      uuid not null,
  refund_id       uuid,
  replaced_by_id  uuid,
  voided_at       timestamptz not null,
  primary key (agency_id, receipt_id),
  foreign key (agency_id, receipt_id) references receipts (agency_id, id),
  foreign key (agency_id, replaced_by_id) references receipts (agency_id, id),
  foreign key (agency_id, refund_id) references refunds (agency_id, id)
);
call make_append_only('receipt_voidings');
