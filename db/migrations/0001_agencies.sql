-- Agencies, what names them, where their money goes, and the programs that may speak for them.
-- Platform tables unless marked tenant: a tenant table starts every key with agency_id.

create table agencies (
  id                  integer primary key,
  public_id           uuid not null unique,
  code                text not null unique,
  name_vi             text not null,
  name_en             text not null,
  return_url_origins  text[] not null default '{}',
  contact_phone       text,
  demonstration       boolean not null default false,
  created_at          timestamptz not null default clock_timestamp()
);

-- Agency 0 is the platform itself: operator clients, and money of which not even the agency is known.
insert into agencies (id, public_id, code, name_vi, name_en)
values (0, '00000000-0000-7000-8000-000000000000', 'PLATFORM', 'Nền tảng thanh toán', 'Payment platform');

-- Codes in dossiers change with every merger of agencies; each alias holds for its days.
create table agency_aliases (
  code        text not null,
  agency_id   integer not null references agencies (id),
  valid_from  date not null,
  valid_to    date,
  primary key (code, valid_from),
  check (valid_to is null or valid_to > valid_from)
);

-- Tenant. Accounts that money is owed to: treasury accounts, the agency's own fee accounts, funds.
create table beneficiaries (
  agency_id       integer not null references agencies (id),
  code            text not null,
  kind            text not null check (kind in ('treasury', 'fee_account', 'fund')),
  name            text not null,
  bank_name       text not null,
  account_number  text not null,
  treasury_code   text,
  created_at      timestamptz not null default clock_timestamp(),
  primary key (agency_id, code)
);

create table api_clients (
  client_id    text primary key,
  agency_id    integer not null references agencies (id),
  kind         text not null check (kind in ('agency', 'operator')),
  name         text not null,
  secret_hash  bytea not null check (length(secret_hash) = 32),
  scopes       text[] not null,
  created_at   timestamptz not null default clock_timestamp(),
  revoked_at   timestamptz,
  check ((kind = 'operator') = (agency_id = 0))
);
create index api_clients_by_agency on api_clients (agency_id);

-- Two keys are valid while tokens of the older one still live.
create table signing_keys (
  kid              text primary key,
  public_jwk       jsonb not null,
  private_key_box  text not null,
  created_at       timestamptz not null default clock_timestamp(),
  retired_at       timestamptz
);

-- Who we are at each gateway: the platform's own account, and the accounts of agencies that have one.
create table merchant_accounts (
  gateway      text not null,
  code         text not null,
  agency_id    integer references agencies (id),
  merchant_id  text not null,
  secrets_box  text not null,
  settings     jsonb not null default '{}',
  fee_bearer   text not null default 'platform' check (fee_bearer in ('platform', 'agency')),
  enabled      boolean not null default true,
  created_at   timestamptz not null default clock_timestamp(),
  primary key (gateway, code),
  check ((code = 'platform') = (agency_id is null))
);

-- Resolves what people and banks type (payment codes, receipt codes, refund references) to its agency.
-- No foreign key to tenant rows: the agency may live elsewhere one day.
create table directory (
  reference   text primary key,
  kind        text not null check (kind in ('payment_order', 'receipt', 'refund')),
  agency_id   integer not null references agencies (id),
  subject_id  uuid not null
);
