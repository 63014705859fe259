-- When the personal data of an order was blanked, after its retention; null while it is kept.
alter table payment_orders add column personal_data_blanked_at timestamptz;

-- What the job looks at. Nothing that an outcome changes is in it, so that updates of orders stay HOT.
create index payment_orders_personal on payment_orders (created_at) where personal_data_blanked_at is null;
create index payouts_with_account on payouts (given_at) where account_box <> '';
create index cases_open_by_order on cases (agency_id, order_id) where resolved_at is null;
