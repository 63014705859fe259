-- The other parties of the real gateways, as they are played for trying things out: one set of tables for all of
-- them, told apart by `gateway`. Strangers to the service like the pretend bank of 0090; empty in production.

create sequence stand_in.peer_transaction_numbers;

-- What merchants asked a gateway to take.
create table stand_in.peer_payments (
  id            text primary key,
  gateway       text not null,
  merchant_id   text not null,
  reference     text not null,
  amount        bigint not null check (amount > 0),
  description   text not null,
  locale        text not null,
  return_url    text not null,
  callback_url  text not null,
  -- What the gateway's protocol has to give back.
  details       jsonb not null,
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  state         text not null default 'open' check (state in ('open', 'processing', 'approved', 'declined')),
  code          text,
  approve_at    timestamptz,
  manner        text,
  unique (gateway, merchant_id, reference)
);
create index peer_payments_processing on stand_in.peer_payments (approve_at) where state = 'processing';

create table stand_in.peer_charges (
  gateway         text not null,
  transaction_id  text not null,
  payment_id      text not null references stand_in.peer_payments (id),
  amount          bigint not null check (amount >= 0),
  charged_at      timestamptz not null,
  primary key (gateway, transaction_id)
);
create index peer_charges_by_payment on stand_in.peer_charges (payment_id);

create table stand_in.peer_refunds (
  gateway           text not null,
  merchant_id       text not null,
  refund_reference  text not null,
  refund_id         text not null,
  transaction_id    text not null,
  payment_id        text not null references stand_in.peer_payments (id),
  amount            bigint not null check (amount > 0),
  details           jsonb not null,
  state             text not null check (state in ('processing', 'approved', 'declined')),
  approve_at        timestamptz,
  asked_at          timestamptz not null,
  refunded_at       timestamptz,
  primary key (gateway, merchant_id, refund_reference)
);
create index peer_refunds_by_payment on stand_in.peer_refunds (payment_id);
create index peer_refunds_processing on stand_in.peer_refunds (approve_at) where state = 'processing';

-- What merchants are still to be told; written out and signed at each sending, as it stood when it happened.
create table stand_in.peer_notices (
  id              bigint generated always as identity primary key,
  gateway         text not null,
  payment_id      text not null references stand_in.peer_payments (id),
  -- Of a refund when given, else of the payment.
  refund_reference text,
  transaction_id  text,
  code            text,
  truth           text not null check (truth in ('genuine', 'forged', 'altered')),
  losses_left     integer not null,
  due_at          timestamptz not null,
  leased_until    timestamptz,
  attempts        integer not null default 0,
  last_status     integer,
  last_answer     text,
  done_at         timestamptz
);
create index peer_notices_due on stand_in.peer_notices (due_at) where done_at is null;

-- Faults to play: how often still.
create table stand_in.peer_switches (
  gateway    text not null,
  name       text not null,
  remaining  integer not null check (remaining >= 0),
  primary key (gateway, name)
);

grant select, insert, update, delete on all tables in schema stand_in to public;
grant usage, select on all sequences in schema stand_in to public;
