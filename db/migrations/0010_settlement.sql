-- Settlement: what gateways say they paid us, by file, once by content, and what became of every line.

create table settlement_batches (
  id             uuid primary key,
  gateway        text not null,
  account        text not null,
  file_name      text not null,
  digest         bytea not null unique,
  -- The day the file is about; the lines say when each was settled.
  day            date not null,
  state          text not null check (state in ('loading', 'imported', 'reconciled')),
  line_count     integer not null,
  total_gross    bigint not null,
  total_fee      bigint not null,
  total_net      bigint not null,
  currency       char(3) not null,
  imported_by    text not null,
  imported_at    timestamptz not null,
  reconciled_at  timestamptz,
  leased_until   timestamptz,
  foreign key (gateway, account) references merchant_accounts (gateway, code)
);
create index settlement_batches_to_reconcile on settlement_batches (imported_at) where state <> 'reconciled';
create index settlement_batches_by_day on settlement_batches (gateway, account, day);

create table settlement_lines (
  batch_id                uuid not null references settlement_batches (id),
  line_no                 integer not null,
  id                      uuid not null unique,
  kind                    text not null check (kind in ('payment', 'refund')),
  gateway_transaction_id  text not null,
  reference               text not null,
  amount                  bigint not null check (amount > 0),
  fee                     bigint not null check (fee >= 0),
  currency                char(3) not null,
  occurred_at             timestamptz not null,
  settled_on              date not null,
  match_class             text check (match_class in ('matched', 'missing_at_us', 'amount_differs')),
  -- Set when the line entered by record-outcome: it was missing at us and no longer is.
  entered_by_line         boolean not null default false,
  payment_id              uuid references payments (id),
  refund_id               uuid,
  detail                  text,
  posted_at               timestamptz,
  primary key (batch_id, line_no)
);
create index settlement_lines_by_reference on settlement_lines (reference);
create index settlement_lines_by_payment on settlement_lines (payment_id) where payment_id is not null;
create index settlement_lines_to_match on settlement_lines (batch_id, line_no) where match_class is null;
-- A payment or refund is claimed by one line: two lines for one payment are seen, not both believed.
create unique index settlement_lines_claim_payment on settlement_lines (payment_id, kind)
  where kind = 'payment' and match_class = 'matched';
create unique index settlement_lines_claim_refund on settlement_lines (refund_id)
  where kind = 'refund' and match_class = 'matched';
