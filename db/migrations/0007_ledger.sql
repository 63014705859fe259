-- The double-entry ledger: transfers between accounts of one book, append-only, idempotent, sealed.
-- A book is (agency_id, currency); composite keys make a transfer between two books impossible.

create table ledger_accounts (
  agency_id  integer not null references agencies (id),
  id         uuid not null,
  currency   char(3) not null,
  code       integer not null,
  sub_key    text not null default '',
  opened_at  timestamptz not null default clock_timestamp(),
  primary key (agency_id, id),
  unique (agency_id, currency, code, sub_key),
  unique (agency_id, currency, id)
);

-- Tenant. A day of an agency's books. Posting takes the row for share, closing for update.
create table business_days (
  agency_id  integer not null references agencies (id),
  day        date not null,
  closed_at  timestamptz,
  primary key (agency_id, day)
);

create table ledger_transactions (
  agency_id        integer not null,
  id               uuid not null,
  event_kind       text not null,
  event_ref        text not null,
  request_hash     bytea not null,
  correlation_id   uuid,
  effective_at     timestamptz not null,
  booked_at        timestamptz not null default clock_timestamp(),
  business_date    date not null,
  reverses_id      uuid,
  actor            text not null,
  xid              xid8 not null default pg_current_xact_id(),
  primary key (agency_id, id),
  unique (agency_id, event_kind, event_ref),
  foreign key (agency_id, business_date) references business_days (agency_id, day),
  foreign key (agency_id, reverses_id) references ledger_transactions (agency_id, id)
);
create index ledger_transactions_by_xid on ledger_transactions (xid);
create unique index ledger_transactions_one_reversal on ledger_transactions (agency_id, reverses_id)
  where reverses_id is not null;

create table ledger_transfers (
  agency_id          integer not null,
  transaction_id     uuid not null,
  leg                smallint not null,
  currency           char(3) not null,
  debit_account_id   uuid not null,
  credit_account_id  uuid not null,
  amount             bigint not null check (amount > 0 and amount <= 9000000000000000),
  primary key (agency_id, transaction_id, leg),
  check (debit_account_id <> credit_account_id),
  foreign key (agency_id, transaction_id) references ledger_transactions (agency_id, id),
  foreign key (agency_id, currency, debit_account_id) references ledger_accounts (agency_id, currency, id),
  foreign key (agency_id, currency, credit_account_id) references ledger_accounts (agency_id, currency, id)
);

-- Both sides of every transfer, the way an accountant reads them.
create view ledger_entries as
  select agency_id, transaction_id, leg, currency, debit_account_id as account_id, amount as debit, 0::bigint as credit
  from ledger_transfers
  union all
  select agency_id, transaction_id, leg, currency, credit_account_id, 0::bigint, amount
  from ledger_transfers;

-- Derived: may be dropped and rebuilt from the transfers at any time.
create table ledger_balances (
  agency_id   integer not null,
  account_id  uuid not null,
  debits      numeric(30, 0) not null,
  credits     numeric(30, 0) not null,
  primary key (agency_id, account_id),
  foreign key (agency_id, account_id) references ledger_accounts (agency_id, id)
) with (fillfactor = 70);

-- How far balances are rolled up and the chain is sealed: every transaction below sealed_to_xid is in, and
-- with them everything booked up to sealed_through. The mark is the next moment that sealed_through can
-- reach: whatever is booked after mark_at carries an xid of at least mark_xid.
create table ledger_progress (
  singleton      boolean primary key default true check (singleton),
  sealed_to_xid  xid8 not null,
  sealed_through timestamptz not null,
  last_sequence  bigint not null,
  mark_xid       xid8 not null,
  mark_at        timestamptz not null
);
insert into ledger_progress values (true, '3', '1970-01-01T00:00:00Z', 0, '3', '1970-01-01T00:00:00Z');

-- One chain for the installation. A block is an xid range; its leaves are ordered by (xid, agency_id, id).
create table ledger_seals (
  sequence        bigint primary key,
  from_xid        xid8 not null,
  to_xid          xid8 not null check (to_xid > from_xid),
  row_count       integer not null check (row_count > 0),
  leaf_hashes     bytea not null check (length(leaf_hashes) = 32 * row_count),
  totals_hash     bytea not null,
  previous_hash   bytea not null,
  hash            bytea not null,
  sealed_through  timestamptz not null,
  sealed_at       timestamptz not null unique
);

-- Running totals of the accounts a block touched: what an account held at a block is its latest row at or before it.
create table ledger_seal_totals (
  agency_id   integer not null,
  account_id  uuid not null,
  sequence    bigint not null references ledger_seals (sequence),
  debits      numeric(30, 0) not null,
  credits     numeric(30, 0) not null,
  primary key (agency_id, account_id, sequence),
  foreign key (agency_id, account_id) references ledger_accounts (agency_id, id)
);
create index ledger_seal_totals_by_block on ledger_seal_totals (sequence);

-- A field as the seal hashes it: its length in bytes, then its bytes; null has a length that no text has.
create function seal_field(value text) returns bytea language sql immutable parallel safe
return case when value is null then '\xffffffff'::bytea
  else int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') end;

-- An instant as the seal hashes it: microseconds since 1970 in UTC.
create function seal_instant(value timestamptz) returns text language sql immutable parallel safe
return (extract(epoch from value) * 1000000)::bigint::text;

create function refuse_change_of_books() returns trigger language plpgsql as $$
begin
  raise exception 'the books are append-only: % on % is refused', tg_op, tg_table_name using errcode = '42501';
end $$;

create procedure make_append_only(target regclass) language plpgsql as $$
begin
  execute format('create trigger append_only_rows before update or delete on %s for each row execute function refuse_change_of_books()', target);
  execute format('create trigger append_only_table before truncate on %s for each statement execute function refuse_change_of_books()', target);
  -- ALWAYS: otherwise session_replication_role = replica lets TRUNCATE through.
  execute format('alter table %s enable always trigger append_only_rows', target);
  execute format('alter table %s enable always trigger append_only_table', target);
end $$;

call make_append_only('ledger_accounts');
call make_append_only('ledger_transactions');
call make_append_only('ledger_transfers');
call make_append_only('ledger_seals');
call make_append_only('ledger_seal_totals');

-- A header and a leg as they are posted; request_hash in hexadecimal. item is the caller's own number, not stored.
create type ledger_posting as (item integer, agency_id integer, id uuid, event_kind text, event_ref text, request_hash text,
  correlation_id uuid, effective_at timestamptz, business_date date, reverses_id uuid, actor text);
create type ledger_leg as (item integer, agency_id integer, transaction_id uuid, leg smallint, currency char(3),
  debit_account_id uuid, credit_account_id uuid, amount bigint);

-- The only writer of transactions: posts each at most once and returns the ids of those that are new.
-- The same reference with other content is a fault of ours and raises.
create function post_to_ledger(postings ledger_posting[], legs ledger_leg[]) returns uuid[] language plpgsql as $$
#variable_conflict use_column
declare
  wanted integer;
  posted integer;
  fresh uuid[];
begin
  if exists (select from unnest(postings) p where not exists (
      select from unnest(legs) l where l.agency_id = p.agency_id and l.transaction_id = p.id)) then
    raise exception 'a ledger transaction without transfers is refused' using errcode = '23514';
  end if;
  -- A day row shared by this posting cannot be closed under it.
  select count(*), count(d.day) into wanted, posted
  from (select distinct p.agency_id, p.business_date as day from unnest(postings) p) w
  left join lateral (
    select b.day from business_days b where b.agency_id = w.agency_id and b.day = w.day and b.closed_at is null for key share
  ) d on true;
  if posted < wanted then
    raise exception 'a business day of this posting is closed or missing' using errcode = 'P0D01';
  end if;
  with headers as (
    insert into ledger_transactions (agency_id, id, event_kind, event_ref, request_hash, correlation_id, effective_at, business_date, reverses_id, actor)
    select p.agency_id, p.id, p.event_kind, p.event_ref, decode(p.request_hash, 'hex'), p.correlation_id, p.effective_at, p.business_date, p.reverses_id, p.actor
    from unnest(postings) p
    on conflict (agency_id, event_kind, event_ref) do nothing
    returning id
  )
  select coalesce(array_agg(h.id), '{}') into fresh from headers h;
  if cardinality(fresh) < cardinality(postings) then
    legs := array(select l from unnest(legs) l where l.transaction_id = any (fresh));
    if exists (
      select from unnest(postings) p
      join ledger_transactions t on t.agency_id = p.agency_id and t.event_kind = p.event_kind and t.event_ref = p.event_ref
      where t.request_hash <> decode(p.request_hash, 'hex')
    ) then
      raise exception 'a ledger transaction was repeated with other content' using errcode = 'P0L01';
    end if;
  end if;
  insert into ledger_transfers (agency_id, transaction_id, leg, currency, debit_account_id, credit_account_id, amount)
  select l.agency_id, l.transaction_id, l.leg, l.currency, l.debit_account_id, l.credit_account_id, l.amount from unnest(legs) l;
  return fresh;
end $$;

-- The same for a list in JSON, each with its transfers.
-- Returns the id that stands for each (agency, kind, ref): ours when new, the earlier one when repeated.
create function ledger_post(postings jsonb) returns table (agency_id integer, event_kind text, event_ref text, id uuid, is_new boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  fresh uuid[];
begin
  fresh := post_to_ledger(
    array(select p from jsonb_populate_recordset(null::ledger_posting, postings) p),
    array(
      select row(null, (p->>'agency_id')::integer, (p->>'id')::uuid, t.leg, t.currency, t.debit_account_id, t.credit_account_id, t.amount)::ledger_leg
      from jsonb_array_elements(postings) p,
      lateral jsonb_to_recordset(p->'transfers') as t (leg smallint, currency char(3), debit_account_id uuid, credit_account_id uuid, amount bigint)
    )
  );
  -- A statement of its own sees what a concurrent posting of the same reference has committed meanwhile.
  return query
  select i.agency_id, i.event_kind, i.event_ref, t.id, t.id = any (fresh)
  from jsonb_to_recordset(postings) as i (agency_id integer, event_kind text, event_ref text)
  join ledger_transactions t on t.agency_id = i.agency_id and t.event_kind = i.event_kind and t.event_ref = i.event_ref;
end $$;
