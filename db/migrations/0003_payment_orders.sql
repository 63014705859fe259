-- Payment orders, their lines, and the two narrow tables that keep the orders themselves free of
-- indexes over anything an outcome changes (so that those updates stay HOT).

-- Tenant.
create table payment_orders (
  agency_id              integer not null references agencies (id),
  id                     uuid not null,
  lookup_code            text not null,
  dossier_code           text,
  procedure_code         text,
  status                 text not null check (status in ('open', 'paid', 'partly_refunded', 'refunded', 'expired', 'cancelled')),
  version                integer not null default 1,
  event_sequence         integer not null default 0,
  currency               char(3) not null,
  principal_amount       bigint not null check (principal_amount > 0 and principal_amount <= 9000000000000000),
  amount_paid            bigint not null default 0 check (amount_paid >= 0),
  amount_refunded        bigint not null default 0 check (amount_refunded >= 0 and amount_refunded <= amount_paid),
  payer_name             text,
  payer_identity_number  text,
  payer_email            text,
  payer_phone            text,
  return_url             text,
  metadata               jsonb not null default '{}',
  created_by             text not null,
  created_at             timestamptz not null,
  expires_at             timestamptz not null,
  paid_at                timestamptz,
  closed_at              timestamptz,
  acknowledged_at        timestamptz,
  primary key (agency_id, id)
) with (fillfactor = 85);
create index payment_orders_newest on payment_orders (agency_id, created_at desc, id desc);
create index payment_orders_by_dossier on payment_orders (agency_id, dossier_code) where dossier_code is not null;

-- Tenant. Written with the order, never changed.
create table order_lines (
  agency_id               integer not null,
  order_id                uuid not null,
  line_no                 smallint not null,
  obligation_type         text not null references obligation_types (code),
  fee_code                text,
  fee_version             integer,
  description             text not null,
  quantity                integer not null default 1 check (quantity > 0),
  unit_amount             bigint not null check (unit_amount > 0),
  amount                  bigint not null check (amount > 0 and amount <= 9000000000000000),
  beneficiary_code        text not null,
  budget_chapter          text,
  budget_sub_item         text,
  receipt_form            text not null,
  decision_number         text,
  decision_issued_on      date,
  decision_delivered_on   date,
  pay_by                  date,
  late_rate_per_day_ppm   integer,
  obligation_scope        text not null,
  obligation_key          text not null,
  stays_after_payment     boolean not null,
  attributes              jsonb not null default '{}',
  primary key (agency_id, order_id, line_no),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id),
  foreign key (agency_id, beneficiary_code) references beneficiaries (agency_id, code),
  foreign key (fee_code, fee_version) references fee_items (fee_code, version)
);

-- People find what they owe by the number of the decision; late money asks whether its obligation was paid since.
create index order_lines_by_decision on order_lines (agency_id, decision_number) where decision_number is not null;

-- Tenant. One open order per obligation: the primary key is the promise.
create table open_obligations (
  agency_id         integer not null,
  obligation_scope  text not null,
  obligation_key    text not null,
  order_id          uuid not null,
  line_no           smallint not null,
  primary key (agency_id, obligation_scope, obligation_key),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id)
);
create index open_obligations_by_order on open_obligations (agency_id, order_id);

-- Tenant. One row while the order is open: what the expiry job looks at.
create table order_expiries (
  agency_id     integer not null,
  order_id      uuid not null,
  expires_at    timestamptz not null,
  leased_until  timestamptz,
  primary key (agency_id, order_id),
  foreign key (agency_id, order_id) references payment_orders (agency_id, id)
);
create index order_expiries_due on order_expiries (expires_at);
