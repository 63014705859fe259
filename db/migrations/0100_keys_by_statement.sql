-- The books checked by the statement, and what kept updates of payments from being cheap.

-- Rows that others point at without a foreign key: they may change, but never go away or take another key.
create function refuse_loss_of_row() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % stay: others point at them, so % is refused', tg_table_name, tg_op using errcode = '42501';
end $$;
create procedure keep_rows(target regclass, key text) language plpgsql as $$
begin
  execute format('create trigger kept_rows before delete on %s for each row execute function refuse_loss_of_row()', target);
  execute format('create trigger kept_keys before update of %s on %s for each row execute function refuse_loss_of_row()', key, target);
  execute format('create trigger kept_table before truncate on %s for each statement execute function refuse_loss_of_row()', target);
end $$;
call keep_rows('payment_orders', 'agency_id, id');
call keep_rows('payments', 'id');
call keep_rows('business_days', 'agency_id, day');
call keep_rows('receipt_series', 'agency_id, form, symbol');

-- A foreign key is checked row by row, each with a statement and a lock of its own: a quarter of what settling a batch
-- costs, and a quarter of a kilobyte of WAL a payment. Where the rows that are pointed at can never go away (the books, and
-- those kept above), one look for all rows of a statement proves as much. Each column that
-- points has its own scalar subquery: the planner leaves those as look-ups by key, whatever it believes of the sizes.
create function refuse_loose_transfers() returns trigger language plpgsql as $$
begin
  if exists (
    select from written w
    where (select t.id from ledger_transactions t where t.agency_id = w.agency_id and t.id = w.transaction_id) is null
      or (select a.id from ledger_accounts a where a.agency_id = w.agency_id and a.currency = w.currency and a.id = w.debit_account_id) is null
      or (select a.id from ledger_accounts a where a.agency_id = w.agency_id and a.currency = w.currency and a.id = w.credit_account_id) is null
  ) then
    raise exception 'a transfer without its transaction, or between accounts that are not of its book, is refused' using errcode = '23503';
  end if;
  return null;
end $$;
create trigger keys_of_transfers after insert on ledger_transfers referencing new table as written
  for each statement execute function refuse_loose_transfers();
alter table ledger_transfers enable always trigger keys_of_transfers;
alter table ledger_transfers
  drop constraint ledger_transfers_agency_id_transaction_id_fkey,
  drop constraint ledger_transfers_agency_id_currency_debit_account_id_fkey,
  drop constraint ledger_transfers_agency_id_currency_credit_account_id_fkey;

create function refuse_loose_events() returns trigger language plpgsql as $$
begin
  if exists (
    select from written w
    where (select o.id from payment_orders o where o.agency_id = w.agency_id and o.id = w.order_id) is null
  ) then
    raise exception 'an event without its order is refused' using errcode = '23503';
  end if;
  return null;
end $$;
create trigger keys_of_events after insert on events referencing new table as written
  for each statement execute function refuse_loose_events();
alter table events enable always trigger keys_of_events;
alter table events drop constraint events_agency_id_order_id_fkey;

-- What the writing statement has proved already: post_to_ledger holds the open day of a transaction, issue_receipts takes
-- the number of a receipt from its series, apply_outcomes has found the payment of a gateway's transaction.
alter table ledger_transactions drop constraint ledger_transactions_agency_id_business_date_fkey;
alter table receipts drop constraint receipts_agency_id_form_symbol_fkey;
alter table gateway_transactions drop constraint gateway_transactions_payment_id_fkey;

-- An update that changes a column of any index, even of a partial one that the row is not in, writes an entry into every
-- index of its table. Payments whose rest is awaited therefore have a table of their own, like everything that waits.
create table awaited_rests (
  payment_id  uuid primary key references payments (id),
  since       timestamptz not null
);
create index awaited_rests_due on awaited_rests (since);
insert into awaited_rests (payment_id, since)
  select p.id, p.settled_at from payments p
  where p.state = 'mismatched' and p.gateway_code = 'credits_short'
    and not exists (select from cases c where c.payment_id = p.id and c.kind = 'amount_differs');
drop index payments_short;

-- The same answer as before, found by keys: with "or" between two columns, and the planner kept from bitmaps on the money
-- path, every repeated callback read all payments.
create or replace function known_transactions(of_payment uuid) returns text[] language sql stable as $$
  select array_agg(t.gateway_transaction_id)
  from (
    select p.* from payments p where p.id = of_payment
    union all
    select p.* from payments p where p.duplicate_of = of_payment
  ) d
  join gateway_transactions t on t.payment_id = d.id and t.gateway = d.gateway and t.merchant_account = d.merchant_account
    and t.gateway_transaction_id = d.gateway_transaction_id
$$;
