-- Where the money of a refund goes when its gateway cannot send it back: a transfer that people make.

-- Tenant. One a refund, given by the payer, sealed; written once, and once more when the transfer was made.
create table payouts (
  agency_id         integer not null,
  refund_id         uuid not null,
  account_box       text not null,
  -- The last digits, which pages may show.
  account_hint      text not null,
  given_at          timestamptz not null,
  bank_transaction  text,
  prepared_by       text,
  confirmed_by      text,
  paid_at           timestamptz,
  primary key (agency_id, refund_id),
  foreign key (agency_id, refund_id) references refunds (agency_id, id),
  check (prepared_by is distinct from confirmed_by or prepared_by is null)
);
