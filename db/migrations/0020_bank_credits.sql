-- Credits of collecting bank accounts, told by watchers: each once, whoever tells it and however often.

-- Platform: of whose orders a credit is, if anybody's, is found out afterwards.
create table bank_credits (
  gateway           text not null,
  merchant_account  text not null,
  -- The bank's number; where the same teller gives two credits of one bank number, the second has the teller's added.
  number            text not null,
  bank_number       text not null,
  id                uuid not null unique,
  account_number    text not null,
  amount            bigint not null check (amount > 0 and amount <= 9000000000000000),
  currency          char(3) not null,
  content           text not null,
  credited_at       timestamptz not null,
  received_at       timestamptz not null,
  -- How its payment was found, decided once: by the whole code, by what a bank left of it, or not at all.
  match             text check (match in ('exact', 'cut', 'none')),
  payment_id        uuid references payments (id),
  suggestions       jsonb not null default '[]',
  -- What became of it; null until it is posted.
  became            text,
  settled_at        timestamptz,
  primary key (gateway, merchant_account, number),
  foreign key (gateway, merchant_account) references merchant_accounts (gateway, code),
  check ((settled_at is null) = (became is null)),
  check (match <> 'none' or payment_id is null)
);
create index bank_credits_of_bank_number on bank_credits (gateway, merchant_account, bank_number);
create index bank_credits_by_payment on bank_credits (payment_id) where payment_id is not null;
create index bank_credits_unsettled on bank_credits (received_at) where settled_at is null;

-- Who has told which credit, under which number of their own.
create table bank_credit_notices (
  gateway           text not null,
  merchant_account  text not null,
  notice_id         text not null,
  teller            text not null,
  credit_id         uuid not null references bank_credits (id),
  primary key (gateway, merchant_account, notice_id)
);
create index bank_credit_notices_by_credit on bank_credit_notices (credit_id);

-- Cut codes are looked up by their beginning.
create index payments_by_transfer_code on payments (merchant_reference text_pattern_ops) where gateway = 'vietqr';
-- Short transfers whose rest is awaited.
create index payments_short on payments (settled_at) where state = 'mismatched' and gateway_code = 'credits_short';

-- Keeps a told credit, or finds the one it is: the same number of the same teller, or another teller's word of the same
-- bank number and amount that this teller has not told before. Tellings of one bank number take turns.
create function keep_bank_credit(told jsonb) returns table (credit_id uuid, is_new boolean) language plpgsql as $$
declare
  t record;
  found_id uuid;
  own_number text;
begin
  select x.* into t from jsonb_to_record(told) as x(id uuid, gateway text, merchant_account text, bank_number text, notice_id text,
    account_number text, amount bigint, currency char(3), content text, credited_at timestamptz, received_at timestamptz);
  perform pg_advisory_xact_lock(hashtextextended(t.gateway || '|' || t.merchant_account || '|' || t.bank_number, 20));

  select n.credit_id into found_id from bank_credit_notices n
  where n.gateway = t.gateway and n.merchant_account = t.merchant_account and n.notice_id = t.notice_id;
  if found then
    return query select found_id, false;
    return;
  end if;

  select c.id into found_id from bank_credits c
  where c.gateway = t.gateway and c.merchant_account = t.merchant_account and c.bank_number = t.bank_number
    and c.amount = t.amount and c.currency = t.currency
    and not exists (select from bank_credit_notices n where n.credit_id = c.id and n.teller = split_part(t.notice_id, ':', 1))
  order by c.received_at, c.number limit 1;
  if not found then
    found_id := null;
    own_number := t.bank_number;
    if exists (select from bank_credits c where c.gateway = t.gateway and c.merchant_account = t.merchant_account and c.number = own_number) then
      own_number := t.bank_number || '~' || t.notice_id;
    end if;
    insert into bank_credits (gateway, merchant_account, number, bank_number, id, account_number, amount, currency, content, credited_at, received_at)
    values (t.gateway, t.merchant_account, own_number, t.bank_number, t.id, t.account_number, t.amount, t.currency, t.content, t.credited_at, t.received_at);
  end if;
  insert into bank_credit_notices (gateway, merchant_account, notice_id, teller, credit_id)
  values (t.gateway, t.merchant_account, t.notice_id, split_part(t.notice_id, ':', 1), coalesce(found_id, t.id));
  return query select coalesce(found_id, t.id), found_id is null;
end $$;
