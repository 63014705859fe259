-- The money path: set-based functions that write what TypeScript has decided, each in one round trip.
-- They hold no rules. They lock in one order (orders, payments, counters), check the versions that a decision
-- rests on, leave out the items whose check failed, and fill in the one thing nobody can know before: receipt numbers.

-- Writes events and queues them for every endpoint that wants them.
-- parts[i] is followed by the number of the receipt numbers[i]; receipt_numbers maps receipt id to number.
create function announce(announcements jsonb, receipt_numbers jsonb default '{}') returns void language sql as $$
  with input as materialized (
    select a.agency_id, a.id, a.order_id, a.sequence, a.type, a.occurred_at,
      case jsonb_array_length(a.parts)
        when 1 then a.parts->>0
        else (
          select string_agg(p.part || coalesce('"' || lpad(receipt_numbers->>(a.numbers->>(p.ordinality::integer - 1)), 7, '0') || '"', ''), '' order by p.ordinality)
          from jsonb_array_elements_text(a.parts) with ordinality p(part, ordinality)
        )
      end as body
    from jsonb_to_recordset(announcements)
      as a(agency_id integer, id uuid, order_id uuid, sequence integer, type text, occurred_at timestamptz, parts jsonb, numbers jsonb)
  ), written as (
    insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
    select agency_id, id, order_id, sequence, type, occurred_at, body from input
    returning agency_id, id, order_id, sequence, type
  )
  insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, enqueued_at, next_attempt_at)
  select w.agency_id, e.id, w.order_id, w.sequence, w.id, clock_timestamp(), clock_timestamp()
  from written w
  join webhook_endpoints e on e.agency_id = w.agency_id and e.deleted_at is null
    and (e.event_types is null or w.type = any (e.event_types))
$$;

-- Takes the next numbers of each series, once a series, series in sorted order: two callers can never wait
-- for each other in a ring. Returns the numbers by receipt id.
create function issue_receipts(drafts jsonb) returns jsonb language plpgsql as $$
declare
  numbers jsonb;
begin
  with input as materialized (
    select r.*, row_number() over (partition by r.agency_id, r.form, r.symbol order by r.id) as place,
      count(*) over (partition by r.agency_id, r.form, r.symbol) as wanted
    from jsonb_to_recordset(drafts) as r(agency_id integer, id uuid, order_id uuid, payment_id uuid, form text, symbol text,
      verification_code text, amount bigint, currency char(3), content json, business_date date, issued_at timestamptz, replaces_id uuid)
  ), series as (
    insert into receipt_series (agency_id, form, symbol, last_number)
    select agency_id, form, symbol, count(*) from input group by agency_id, form, symbol order by agency_id, form, symbol
    on conflict (agency_id, form, symbol) do update set last_number = receipt_series.last_number + excluded.last_number
    returning agency_id, form, symbol, last_number
  ), issued as (
    insert into receipts (agency_id, id, order_id, payment_id, form, symbol, number, verification_code, amount, currency, content,
      business_date, issued_at, replaces_id)
    select i.agency_id, i.id, i.order_id, i.payment_id, i.form, i.symbol, s.last_number - i.wanted + i.place, i.verification_code,
      i.amount, i.currency, i.content, i.business_date, i.issued_at, i.replaces_id
    from input i join series s on s.agency_id = i.agency_id and s.form = i.form and s.symbol = i.symbol
    returning agency_id, id, number, verification_code
  ), listed as (
    insert into directory (reference, kind, agency_id, subject_id)
    select verification_code, 'receipt', agency_id, id from issued
  )
  select jsonb_object_agg(id, number) into numbers from issued;
  return numbers;
end $$;

-- Applies decided outcomes. Every row of every section carries its item; an item whose orders or payment have
-- another version than the decision was made on is left out whole and reported as not applied.
create function apply_outcomes(plan jsonb) returns table (item integer, applied boolean) language plpgsql as $$
#variable_conflict use_column
declare
  stale integer[];
  receipt_numbers jsonb := '{}';
begin
  with wanted as materialized (
    select o.item, o.agency_id, o.id, o.expected_version
    from jsonb_to_recordset(plan->'orders') as o(item integer, agency_id integer, id uuid, expected_version integer)
  ), locked as materialized (
    select p.agency_id, p.id, p.version from payment_orders p
    where (p.agency_id, p.id) in (select w.agency_id, w.id from wanted w)
    order by p.agency_id, p.id for no key update
  )
  select array_agg(distinct w.item) into stale
  from wanted w left join locked l on l.agency_id = w.agency_id and l.id = w.id
  where l.version is distinct from w.expected_version;

  with wanted as materialized (
    select p.item, p.id, p.expected_version
    from jsonb_to_recordset(plan->'payments') as p(item integer, id uuid, expected_version integer)
  ), locked as materialized (
    select p.id, p.version from payments p where p.id in (select w.id from wanted w) order by p.id for no key update
  )
  select array_cat(stale, array_agg(distinct w.item)) into stale
  from wanted w left join locked l on l.id = w.id
  where l.version is distinct from w.expected_version;

  return query
    select p.item, not coalesce(p.item = any (stale), false)
    from jsonb_to_recordset(plan->'payments') as p(item integer);

  if stale is not null then
    select jsonb_object_agg(section.key, (
      select coalesce(jsonb_agg(element), '[]') from jsonb_array_elements(section.value) element
      where not (element->>'item')::integer = any (stale)
    )) into plan from jsonb_each(plan) section;
  end if;

  if jsonb_array_length(plan->'callbacks') > 0 then
    insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, payment_id, received_at)
    select c.id, c.gateway, c.account, decode(c.digest, 'hex'), c.method, c.query, c.headers, decode(c.body, 'base64'), true, c.result, c.payment_id, c.received_at
    from jsonb_to_recordset(plan->'callbacks') as c(id uuid, gateway text, account text, digest text, method text, query text, headers jsonb,
      body text, result text, payment_id uuid, received_at timestamptz)
    on conflict (gateway, account, digest) do update set result = excluded.result, payment_id = excluded.payment_id
      where gateway_callbacks.result in ('try_again', 'unknown_payment');
  end if;

  if jsonb_array_length(plan->'new_payments') > 0 then
    insert into payments (id, number, gateway, merchant_account, merchant_reference, amount, currency, state, locale, gateway_transaction_id,
      amount_received, currency_received, started_at, handed_off_at, lifetime_ends_at, paid_at, settled_at, duplicate_of)
    select n.id, nextval('payment_numbers'), b.gateway, b.merchant_account, n.merchant_reference, n.amount, n.currency, n.state, b.locale,
      n.gateway_transaction_id, n.amount, n.currency, b.started_at, b.handed_off_at, b.lifetime_ends_at, n.paid_at, n.settled_at, b.id
    from jsonb_to_recordset(plan->'new_payments') as n(id uuid, base_payment_id uuid, merchant_reference text, amount bigint, currency char(3),
      state text, gateway_transaction_id text, paid_at timestamptz, settled_at timestamptz)
    join payments b on b.id = n.base_payment_id;
    insert into allocations (agency_id, payment_id, order_id, amount, claim, clearing_account_id)
    select a.agency_id, a.payment_id, a.order_id, a.amount, a.claim, a.clearing_account_id
    from jsonb_to_recordset(plan->'new_allocations') as a(agency_id integer, payment_id uuid, order_id uuid, amount bigint, claim text, clearing_account_id uuid);
    insert into surplus_allocations (agency_id, payment_id, order_id)
    select a.agency_id, a.payment_id, a.order_id
    from jsonb_to_recordset(plan->'new_allocations') as a(agency_id integer, payment_id uuid, order_id uuid, claim text)
    where a.claim = 'surplus';
  end if;

  update payments p set
    state = u.state, version = p.version + 1,
    gateway_code = coalesce(u.gateway_code, p.gateway_code),
    gateway_transaction_id = coalesce(u.gateway_transaction_id, p.gateway_transaction_id),
    amount_received = coalesce(u.amount_received, p.amount_received),
    currency_received = coalesce(u.currency_received, p.currency_received),
    paid_at = coalesce(u.paid_at, p.paid_at),
    settled_at = coalesce(u.settled_at, p.settled_at)
  from jsonb_to_recordset(plan->'payments') as u(id uuid, state text, gateway_code text, gateway_transaction_id text, amount_received bigint,
    currency_received char(3), paid_at timestamptz, settled_at timestamptz)
  where p.id = u.id;

  if jsonb_array_length(plan->'gateway_transactions') > 0 then
    insert into gateway_transactions (gateway, merchant_account, gateway_transaction_id, payment_id)
    select t.gateway, t.merchant_account, t.gateway_transaction_id, t.payment_id
    from jsonb_to_recordset(plan->'gateway_transactions') as t(gateway text, merchant_account text, gateway_transaction_id text, payment_id uuid);
  end if;

  if jsonb_array_length(plan->'claims_released') > 0 then
    delete from order_claims c
    using jsonb_to_recordset(plan->'claims_released') as r(agency_id integer, order_id uuid, payment_id uuid)
    where c.agency_id = r.agency_id and c.order_id = r.order_id and c.payment_id = r.payment_id;
  end if;
  if jsonb_array_length(plan->'claims_taken') > 0 then
    insert into order_claims (agency_id, order_id, payment_id)
    select t.agency_id, t.order_id, t.payment_id
    from jsonb_to_recordset(plan->'claims_taken') as t(agency_id integer, order_id uuid, payment_id uuid)
    on conflict (agency_id, order_id) do update set payment_id = excluded.payment_id;
  end if;

  if jsonb_array_length(plan->'allocations') > 0 then
    update allocations a set claim = u.claim
    from jsonb_to_recordset(plan->'allocations') as u(agency_id integer, payment_id uuid, order_id uuid, claim text)
    where a.agency_id = u.agency_id and a.payment_id = u.payment_id and a.order_id = u.order_id;
    if plan->'allocations' @> '[{"claim": "surplus"}]' then
      insert into surplus_allocations (agency_id, payment_id, order_id)
      select u.agency_id, u.payment_id, u.order_id
      from jsonb_to_recordset(plan->'allocations') as u(agency_id integer, payment_id uuid, order_id uuid, claim text)
      where u.claim = 'surplus'
      on conflict do nothing;
    end if;
  end if;

  if jsonb_array_length(plan->'orders') > 0 then
    update payment_orders o set
      version = o.version + 1, status = u.status, amount_paid = u.amount_paid, event_sequence = u.event_sequence,
      paid_at = u.paid_at, closed_at = u.closed_at
    from jsonb_to_recordset(plan->'orders') as u(agency_id integer, id uuid, status text, amount_paid bigint, event_sequence integer,
      paid_at timestamptz, closed_at timestamptz)
    where o.agency_id = u.agency_id and o.id = u.id;
  end if;

  if jsonb_array_length(plan->'queries_ended') > 0 then
    delete from payment_queries q using jsonb_to_recordset(plan->'queries_ended') as e(payment_id uuid) where q.payment_id = e.payment_id;
  end if;
  if jsonb_array_length(plan->'orders_settled') > 0 then
    delete from order_expiries x using jsonb_to_recordset(plan->'orders_settled') as e(agency_id integer, order_id uuid)
    where x.agency_id = e.agency_id and x.order_id = e.order_id;
  end if;
  if jsonb_array_length(plan->'obligations_left') > 0 then
    delete from open_obligations o using jsonb_to_recordset(plan->'obligations_left') as l(agency_id integer, order_id uuid)
    where o.agency_id = l.agency_id and o.order_id = l.order_id
      and not (select s.stays_after_payment from order_lines s where s.agency_id = o.agency_id and s.order_id = o.order_id and s.line_no = o.line_no);
  end if;
  if jsonb_array_length(plan->'obligations_retaken') > 0 then
    insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
    select s.agency_id, s.obligation_scope, s.obligation_key, s.order_id, s.line_no
    from jsonb_to_recordset(plan->'obligations_retaken') as r(agency_id integer, order_id uuid)
    join order_lines s on s.agency_id = r.agency_id and s.order_id = r.order_id and s.stays_after_payment;
  end if;

  if jsonb_array_length(plan->'postings') > 0 then
    perform ledger_post(plan->'postings');
  end if;

  if jsonb_array_length(plan->'cases') > 0 then
    insert into cases (agency_id, id, kind, subject, payment_id, order_id, detail, opened_at)
    select c.agency_id, c.id, c.kind, c.subject, c.payment_id, c.order_id, c.detail, c.opened_at
    from jsonb_to_recordset(plan->'cases') as c(agency_id integer, id uuid, kind text, subject text, payment_id uuid, order_id uuid, detail jsonb, opened_at timestamptz)
    on conflict (agency_id, kind, subject) do nothing;
  end if;
  if jsonb_array_length(plan->'audit') > 0 then
    insert into audit_log (id, actor, action, agency_id, subject, detail)
    select a.id, a.actor, a.action, a.agency_id, a.subject, a.detail
    from jsonb_to_recordset(plan->'audit') as a(id uuid, actor text, action text, agency_id integer, subject text, detail jsonb);
  end if;

  -- The counters come last: they are the hottest rows, held for the shortest time.
  if jsonb_array_length(plan->'receipts') > 0 then
    receipt_numbers := issue_receipts(plan->'receipts');
  end if;
  if jsonb_array_length(plan->'events') > 0 then
    perform announce(plan->'events', receipt_numbers);
  end if;
end $$;

-- Opens orders that TypeScript has priced and checked. Per item: opened; key_taken (the same Idempotency-Key
-- was used: replay its answer); obligation_taken (another order stands for one of the obligations).
create function open_orders(batch jsonb) returns table (item integer, result text, other_order_id uuid) language plpgsql as $$
#variable_conflict use_column
declare
  taken integer[];
  left_out integer[];
begin
  with wanted as materialized (
    select k.* from jsonb_to_recordset(batch->'keys')
      as k(item integer, agency_id integer, client_id text, key text, request_hash text, status integer, answer_box text, created_at timestamptz)
  ), claimed as (
    insert into idempotency_keys (agency_id, client_id, key, request_hash, status, answer_box, created_at)
    select w.agency_id, w.client_id, w.key, decode(w.request_hash, 'hex'), w.status, w.answer_box, w.created_at
    from wanted w order by w.agency_id, w.client_id, w.key
    on conflict (agency_id, client_id, key) do nothing
    returning agency_id, client_id, key
  )
  select coalesce(array_agg(w.item), '{}') into taken
  from wanted w left join claimed c on c.agency_id = w.agency_id and c.client_id = w.client_id and c.key = w.key
  where c.key is null;

  return query
    select distinct on (w.item) w.item, 'obligation_taken', o.order_id
    from jsonb_to_recordset(batch->'obligations') as w(item integer, agency_id integer, obligation_scope text, obligation_key text)
    join open_obligations o on o.agency_id = w.agency_id and o.obligation_scope = w.obligation_scope and o.obligation_key = w.obligation_key
    where not w.item = any (taken);
  left_out := taken;
  if found then
    select taken || array_agg(distinct w.item) into left_out
    from jsonb_to_recordset(batch->'obligations') as w(item integer, agency_id integer, obligation_scope text, obligation_key text)
    join open_obligations o on o.agency_id = w.agency_id and o.obligation_scope = w.obligation_scope and o.obligation_key = w.obligation_key
    where not w.item = any (taken);
    -- The refusal is this key's answer and is stored by the caller; the key must not stand for an order.
    delete from idempotency_keys i
    using jsonb_to_recordset(batch->'keys') as k(item integer, agency_id integer, client_id text, key text)
    where k.item = any (left_out) and not k.item = any (taken)
      and i.agency_id = k.agency_id and i.client_id = k.client_id and i.key = k.key;
  end if;
  return query select k, 'key_taken', null::uuid from unnest(taken) k;

  if cardinality(left_out) > 0 then
    select jsonb_object_agg(section.key, (
      select coalesce(jsonb_agg(element), '[]') from jsonb_array_elements(section.value) element
      where not (element->>'item')::integer = any (left_out)
    )) into batch from jsonb_each(batch) section;
  end if;

  insert into payment_orders (agency_id, id, lookup_code, dossier_code, procedure_code, status, event_sequence, currency, principal_amount,
    payer_name, payer_identity_number, payer_email, payer_phone, return_url, metadata, created_by, created_at, expires_at)
  select o.agency_id, o.id, o.lookup_code, o.dossier_code, o.procedure_code, 'open', 1, o.currency, o.principal_amount,
    o.payer_name, o.payer_identity_number, o.payer_email, o.payer_phone, o.return_url, o.metadata, o.created_by, o.created_at, o.expires_at
  from jsonb_to_recordset(batch->'orders') as o(agency_id integer, id uuid, lookup_code text, dossier_code text, procedure_code text,
    currency char(3), principal_amount bigint, payer_name text, payer_identity_number text, payer_email text, payer_phone text,
    return_url text, metadata jsonb, created_by text, created_at timestamptz, expires_at timestamptz);

  insert into order_lines (agency_id, order_id, line_no, obligation_type, fee_code, fee_version, description, quantity, unit_amount, amount,
    beneficiary_code, budget_chapter, budget_sub_item, receipt_form, decision_number, decision_issued_on, decision_delivered_on, pay_by,
    late_rate_per_day_ppm, obligation_scope, obligation_key, stays_after_payment, attributes)
  select l.agency_id, l.order_id, l.line_no, l.obligation_type, l.fee_code, l.fee_version, l.description, l.quantity, l.unit_amount, l.amount,
    l.beneficiary_code, l.budget_chapter, l.budget_sub_item, l.receipt_form, l.decision_number, l.decision_issued_on, l.decision_delivered_on,
    l.pay_by, l.late_rate_per_day_ppm, l.obligation_scope, l.obligation_key, l.stays_after_payment, l.attributes
  from jsonb_to_recordset(batch->'lines') as l(agency_id integer, order_id uuid, line_no smallint, obligation_type text, fee_code text,
    fee_version integer, description text, quantity integer, unit_amount bigint, amount bigint, beneficiary_code text, budget_chapter text,
    budget_sub_item text, receipt_form text, decision_number text, decision_issued_on date, decision_delivered_on date, pay_by date,
    late_rate_per_day_ppm integer, obligation_scope text, obligation_key text, stays_after_payment boolean, attributes jsonb);

  insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
  select w.agency_id, w.obligation_scope, w.obligation_key, w.order_id, w.line_no
  from jsonb_to_recordset(batch->'obligations') as w(agency_id integer, obligation_scope text, obligation_key text, order_id uuid, line_no smallint)
  order by 1, 2, 3;

  insert into order_expiries (agency_id, order_id, expires_at)
  select o.agency_id, o.id, o.expires_at
  from jsonb_to_recordset(batch->'orders') as o(agency_id integer, id uuid, expires_at timestamptz);

  insert into directory (reference, kind, agency_id, subject_id)
  select o.lookup_code, 'payment_order', o.agency_id, o.id
  from jsonb_to_recordset(batch->'orders') as o(agency_id integer, id uuid, lookup_code text);

  if jsonb_array_length(batch->'events') > 0 then
    perform announce(batch->'events');
  end if;

  return query select o.item, 'opened', null::uuid from jsonb_to_recordset(batch->'orders') as o(item integer);
end $$;
