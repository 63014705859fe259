-- Other parties that live in this process for trying things out: the pretend bank and the sandbox agency's
-- inbox. They are strangers to the service: a schema of their own, no key to or from the service's tables.
-- Empty in production, where the stand-ins are not started.

create schema stand_in;

create sequence stand_in.bank_transaction_numbers;

-- What merchants asked the bank to take.
create table stand_in.bank_orders (
  id                 text primary key,
  merchant_id        text not null,
  merchant_reference text not null,
  amount             bigint not null check (amount > 0),
  currency           text not null,
  description        text not null,
  locale             text not null,
  return_url         text not null,
  callback_url       text not null,
  created_at         timestamptz not null,
  expires_at         timestamptz not null,
  state              text not null default 'open' check (state in ('open', 'processing', 'approved', 'declined')),
  -- The bank's code once it declined.
  code               text,
  -- For `processing`: when the bank will approve, and how it will then tell the merchant.
  approve_at         timestamptz,
  manner             text,
  unique (merchant_id, merchant_reference)
);
create index bank_orders_processing on stand_in.bank_orders (approve_at) where state = 'processing';

-- What the bank took from payers. Usually one an order; two when the bank charged twice.
create table stand_in.bank_charges (
  transaction_id     text primary key,
  order_id           text not null references stand_in.bank_orders (id),
  merchant_id        text not null,
  merchant_reference text not null,
  amount             bigint not null check (amount >= 0),
  fee                bigint not null check (fee >= 0),
  charged_at         timestamptz not null
);
create index bank_charges_by_order on stand_in.bank_charges (order_id);
create index bank_charges_by_time on stand_in.bank_charges (merchant_id, charged_at);

create table stand_in.bank_refunds (
  refund_id        text primary key,
  merchant_id      text not null,
  refund_reference text not null,
  transaction_id   text not null,
  amount           bigint not null check (amount > 0),
  state            text not null check (state in ('processing', 'approved', 'declined')),
  code             text not null,
  approve_at       timestamptz,
  refunded_at      timestamptz,
  unique (merchant_id, refund_reference)
);
create index bank_refunds_by_charge on stand_in.bank_refunds (transaction_id);
create index bank_refunds_by_time on stand_in.bank_refunds (merchant_id, refunded_at);
create index bank_refunds_processing on stand_in.bank_refunds (approve_at) where state = 'processing';

-- Notices to merchants: each is repeated until it is answered with 2xx.
create table stand_in.bank_callbacks (
  id           bigint generated always as identity primary key,
  merchant_id  text not null,
  subject      text not null,
  url          text not null,
  body         text not null,
  -- Signed with a wrong secret and sent once: what an attacker would do.
  forged       boolean not null default false,
  -- So many sendings get lost on the way before one arrives.
  losses_left  integer not null default 0,
  due_at       timestamptz not null,
  leased_until timestamptz,
  attempts     integer not null default 0,
  last_status  integer,
  last_error   text,
  done_at      timestamptz
);
create index bank_callbacks_due on stand_in.bank_callbacks (due_at) where done_at is null;

-- Faults to play: how often still.
create table stand_in.bank_switches (
  name      text primary key,
  remaining integer not null check (remaining >= 0)
);

-- Faults in the daily file: a line left out, an amount altered, a line nobody knows.
create table stand_in.bank_file_faults (
  id             bigint generated always as identity primary key,
  merchant_id    text not null,
  day            date not null,
  kind           text not null check (kind in ('drop_line', 'alter_amount', 'add_unknown_line')),
  transaction_id text not null,
  amount         bigint
);

create table stand_in.agency_inboxes (
  agency_code text primary key,
  secrets     text[] not null,
  -- What the inbox answers: 'ok', 'error' (500), 'slow', 'gone' (410).
  manner      text not null default 'ok' check (manner in ('ok', 'error', 'slow', 'gone'))
);

create table stand_in.agency_messages (
  id            bigint generated always as identity primary key,
  agency_code   text not null references stand_in.agency_inboxes (agency_code),
  received_at   timestamptz not null,
  webhook_id    text,
  verified      boolean not null,
  -- Read from the body whether it verified or not; nothing depends on them.
  event_type    text,
  sequence      bigint,
  subject       text,
  body          text not null,
  answer_status integer not null
);
create index agency_messages_by_agency on stand_in.agency_messages (agency_code, id);

-- Whoever runs the service plays these parties too; there is nothing in here but pretence.
grant usage on schema stand_in to public;
grant select, insert, update, delete on all tables in schema stand_in to public;
grant usage, select on all sequences in schema stand_in to public;
