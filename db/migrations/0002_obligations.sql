-- What can be owed (a type is a row, not code) and what it costs on a day.

create table obligation_types (
  code                       text primary key,
  label_vi                   text not null,
  label_en                   text not null,
  attributes_schema          jsonb not null default '{"type":"object"}',
  priced_by                  text not null check (priced_by in ('fee_schedule', 'agency', 'rule')),
  default_beneficiary_kind   text not null check (default_beneficiary_kind in ('treasury', 'fee_account', 'fund')),
  late_rate_per_day_ppm      integer check (late_rate_per_day_ppm >= 0),
  partial_payment            text not null check (partial_payment in ('none', 'by_instalment_decision', 'by_line')),
  stays_after_payment        boolean not null,
  receipt_form               text not null check (receipt_form ~ '^0[12]BLP\d-\d{3}$'),
  refund_route               text not null check (refund_route in ('gateway', 'agency_decision', 'treasury_order')),
  default_budget_chapter     text,
  default_budget_sub_item    text,
  legal_basis                text,
  demonstration              boolean not null default false
);

-- Tenant. An agency's account for a type, when it is not its only one of the type's kind.
create table beneficiary_rules (
  agency_id         integer not null,
  obligation_type   text not null references obligation_types (code),
  beneficiary_code  text not null,
  primary key (agency_id, obligation_type),
  foreign key (agency_id, beneficiary_code) references beneficiaries (agency_id, code)
);

-- A version of a fee holds from valid_from until the day before valid_to; versions never overlap.
create table fee_items (
  fee_code          text not null,
  version           integer not null check (version > 0),
  obligation_type   text not null references obligation_types (code),
  procedure_code    text not null,
  label_vi          text not null,
  label_en          text not null,
  unit_amount       bigint not null check (unit_amount > 0 and unit_amount <= 9000000000000000),
  currency          char(3) not null default 'VND',
  valid_from        date not null,
  valid_to          date,
  legal_basis       text not null,
  budget_chapter    text,
  budget_sub_item   text,
  demonstration     boolean not null default false,
  primary key (fee_code, version),
  check (valid_to is null or valid_to > valid_from)
);
create index fee_items_by_procedure on fee_items (procedure_code, valid_from);

create function refuse_overlapping_fee_version() returns trigger language plpgsql as $$
begin
  -- Two writers of one fee wait for each other, so that neither misses the other's version.
  perform pg_advisory_xact_lock(hashtext('fee_items'), hashtext(new.fee_code));
  if exists (
    select 1 from fee_items other
    where other.fee_code = new.fee_code and other.version <> new.version
      and daterange(other.valid_from, other.valid_to) && daterange(new.valid_from, new.valid_to)
  ) then
    raise exception 'fee % already has a version valid within these days', new.fee_code using errcode = '23P01';
  end if;
  return new;
end $$;
create trigger fee_versions_do_not_overlap before insert or update on fee_items
  for each row execute function refuse_overlapping_fee_version();
