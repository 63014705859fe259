-- Every message a gateway sent us, as received. Verified ones are kept for ever, of others a sample.

create table gateway_callbacks (
  id           uuid not null,
  gateway      text not null,
  account      text not null,
  digest       bytea not null,
  method       text not null,
  query        text not null,
  headers      jsonb not null,
  body         bytea not null,
  verified     boolean not null,
  result       text not null check (result in
    ('recorded', 'already_recorded', 'unknown_payment', 'amount_differs', 'rejected', 'ignored', 'try_again')),
  reason       text,
  payment_id   uuid,
  received_at  timestamptz not null,
  primary key (gateway, account, digest)
);
create index gateway_callbacks_unverified on gateway_callbacks (received_at) where not verified;
create index gateway_callbacks_by_payment on gateway_callbacks (payment_id) where payment_id is not null;
