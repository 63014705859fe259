-- Payments: attempts at a gateway, what part of each belongs to which order, and who may claim an order.

create sequence payment_numbers;

create table payments (
  id                      uuid primary key,
  number                  bigint not null unique,
  gateway                 text not null,
  merchant_account        text not null,
  merchant_reference      text not null,
  amount                  bigint not null check (amount > 0 and amount <= 9000000000000000),
  currency                char(3) not null,
  state                   text not null check (state in
    ('created', 'handed_off', 'unknown', 'succeeded', 'failed', 'lapsed', 'mismatched', 'resolved', 'disputed')),
  version                 integer not null default 1,
  locale                  text not null check (locale in ('vi', 'en')),
  hand_off                jsonb,
  gateway_code            text,
  gateway_transaction_id  text,
  -- What came, which may differ in amount and in currency from what was due.
  amount_received         bigint,
  currency_received       char(3),
  started_at              timestamptz not null,
  handed_off_at           timestamptz,
  lifetime_ends_at        timestamptz not null,
  paid_at                 timestamptz,
  settled_at              timestamptz,
  -- Set when the gateway charged twice under one reference: this row is the second charge.
  duplicate_of            uuid references payments (id),
  unique (gateway, merchant_reference),
  foreign key (gateway, merchant_account) references merchant_accounts (gateway, code)
) with (fillfactor = 85);

create index payments_duplicates on payments (duplicate_of) where duplicate_of is not null;

-- A gateway's own transaction pays once: a second use of its number fails on this key.
create table gateway_transactions (
  gateway                 text not null,
  merchant_account        text not null,
  gateway_transaction_id  text not null,
  payment_id              uuid not null references payments (id),
  primary key (gateway, merchant_account, gateway_transaction_id)
);

-- The query ladder: one row while we do not know, deleted by the outcome.
create table payment_queries (
  payment_id    uuid primary key references payments (id),
  due_at        timestamptz not null,
  step          integer not null default 0,
  asked_at      timestamptz,
  leased_until  timestamptz
) with (fillfactor = 70);
create index payment_queries_due on payment_queries (due_at);

-- Tenant. A payment's part for one order. `claim` is the readable copy of order_claims.
create table allocations (
  agency_id            integer not null,
  payment_id           uuid not null references payments (id),
  order_id             uuid not null,
  amount               bigint not null check (amount > 0 and amount <= 9000000000000000),
  claim                text not null check (claim in ('reserved', 'applied', 'released', 'surplus')),
  clearing_account_id  uuid not null,
  primary key (agency_id, payment_id, order_id),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id)
) with (fillfactor = 85);
create index allocations_by_order on allocations (agency_id, order_id);
create index allocations_by_payment on allocations (payment_id);

-- Tenant. The sums frozen at hand-off; postings, receipts and refunds read only these.
create table allocation_lines (
  agency_id           integer not null,
  payment_id          uuid not null,
  order_id            uuid not null,
  line_no             smallint not null,
  order_line_no       smallint not null,
  kind                text not null references obligation_types (code),
  description         text not null,
  beneficiary_code    text not null,
  budget_chapter      text,
  budget_sub_item     text,
  receipt_form        text not null,
  payable_account_id  uuid not null,
  amount              bigint not null check (amount > 0 and amount <= 9000000000000000),
  refunded            bigint not null default 0,
  calculation         jsonb,
  primary key (agency_id, payment_id, order_id, line_no),
  foreign key (agency_id, payment_id, order_id) references allocations (agency_id, payment_id, order_id),
  foreign key (agency_id, beneficiary_code) references beneficiaries (agency_id, code),
  check (refunded >= 0 and refunded <= amount)
) with (fillfactor = 90);

-- Tenant. Who may pay an order: one live attempt, one applied success. The primary key is the promise.
create table order_claims (
  agency_id   integer not null,
  order_id    uuid not null,
  payment_id  uuid not null references payments (id),
  primary key (agency_id, order_id),
  foreign key (agency_id, payment_id, order_id) references allocations (agency_id, payment_id, order_id)
);

-- Tenant (agency 0 holds what belongs to no one yet). What a person must look at.
create table cases (
  agency_id    integer not null references agencies (id),
  id           uuid not null,
  kind         text not null check (kind in ('amount_differs', 'conflicting_outcome', 'refund_failed',
    'outcome_overdue', 'unidentified_money', 'surplus_above_limit')),
  subject      text not null,
  payment_id   uuid references payments (id),
  order_id     uuid,
  detail       jsonb not null default '{}',
  opened_at    timestamptz not null,
  resolved_at  timestamptz,
  resolved_by  text,
  note         text,
  primary key (agency_id, id),
  unique (agency_id, kind, subject)
);
