-- The money path: set-based functions that write what TypeScript has decided, each in one round trip.
-- They hold no rules. They lock in one order (orders, payments, counters), check the versions that a decision
-- rests on, leave out the items whose check failed, and fill in the one thing nobody can know before: receipt numbers.

-- Rows as they come in: composite types, because a list of them is read in one pass, where JSON is parsed, sorted
-- and then unfolded again for every statement. item is the place of the row's outcome in its batch. content, body,
-- body_after and snapshot name a place, counted from 1, in the list of texts or of snapshots that comes with the rows.
create type receipt_draft as (item integer, agency_id integer, id uuid, order_id uuid, payment_id uuid, form text, symbol text,
  verification_code text, amount bigint, currency char(3), content integer, business_date date, issued_at timestamptz, replaces_id uuid);
create type event_snapshot as (item integer, body integer, number_of uuid, body_after integer, body_rest jsonb);
create type event_draft as (item integer, agency_id integer, id uuid, order_id uuid, sequence integer, type text, occurred_at timestamptz,
  before text, snapshot integer, after text, shared_sequence integer, shared_from integer);
create type outcome_callback as (item integer, id uuid, gateway text, account text, digest text, method text, query text, headers jsonb,
  body text, result text, payment_id uuid, received_at timestamptz);
create type outcome_order as (item integer, agency_id integer, id uuid, expected_version integer, status text, amount_paid bigint,
  event_sequence integer, paid_at timestamptz, closed_at timestamptz);
create type outcome_payment as (item integer, id uuid, expected_version integer, state text, gateway_code text,
  gateway_transaction_id text, amount_received bigint, currency_received char(3), paid_at timestamptz, settled_at timestamptz);
create type outcome_transaction as (item integer, gateway text, merchant_account text, gateway_transaction_id text, payment_id uuid);
create type outcome_claim as (item integer, agency_id integer, payment_id uuid, order_id uuid, claim text);
create type outcome_end as (item integer, payment_id uuid);
create type outcome_settled as (item integer, agency_id integer, order_id uuid);

-- A text cut where the number of a receipt belongs, put together; rest goes on with [receipt id, text] for every
-- further receipt. numbers maps receipt id to number. The planner writes the first function into its caller, which
-- it can do only without the subquery of the second.
create function further_receipt_numbers(rest jsonb, numbers jsonb) returns text language sql immutable as $$
  select string_agg('"' || lpad(numbers->>(r.piece->>0), 7, '0') || '"' || (r.piece->>1), '' order by r.place)
  from jsonb_array_elements(rest) with ordinality r(piece, place)
$$;
create function with_receipt_numbers(text_before text, number_of uuid, text_after text, rest jsonb, numbers jsonb) returns text
language sql immutable as $$
  select case when number_of is null then text_before
      else text_before || '"' || lpad(numbers->>number_of::text, 7, '0') || '"' || text_after
    end || case when rest is null then '' else further_receipt_numbers(rest, numbers) end
$$;

-- Writes events and queues them for every endpoint that wants them. A body is before, the text of the snapshot with
-- its receipt numbers, and after; events of one order share a snapshot. A draft with a shared_sequence is stored
-- without it: the event of that sequence holds it from character shared_from on. receipt_numbers maps receipt id to number.
create function announce(drafts event_draft[], snapshots event_snapshot[], texts text[], receipt_numbers jsonb) returns void
language plpgsql as $$
begin
  with written as (
    insert into events (agency_id, id, order_id, sequence, type, occurred_at, body, shared_sequence, shared_place, shared_from, shared_length)
    select d.agency_id, d.id, d.order_id, d.sequence, d.type, d.occurred_at,
      case when d.shared_sequence is null then d.before || s.snapshot || d.after else d.before || d.after end,
      d.shared_sequence,
      case when d.shared_sequence is not null then char_length(d.before) end,
      d.shared_from,
      case when d.shared_sequence is not null then char_length(s.snapshot) end
    from unnest(drafts) d
    cross join lateral (
      select with_receipt_numbers(texts[(snapshots[d.snapshot]).body], (snapshots[d.snapshot]).number_of,
        texts[(snapshots[d.snapshot]).body_after], (snapshots[d.snapshot]).body_rest, receipt_numbers) as snapshot
      offset 0
    ) s
    returning agency_id, id, order_id, sequence, type
  )
  insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, enqueued_at, next_attempt_at)
  select w.agency_id, e.id, w.order_id, w.sequence, w.id, clock_timestamp(), clock_timestamp()
  from written w
  join webhook_endpoints e on e.agency_id = w.agency_id and e.deleted_at is null
    and (e.event_types is null or w.type = any (e.event_types));
end $$;

-- The same for drafts in JSON: parts[i] is followed by the number of the receipt numbers[i].
create function announce(announcements jsonb, receipt_numbers jsonb default '{}') returns void language plpgsql as $$
declare
  drafts event_draft[];
  snapshots event_snapshot[];
  texts text[];
begin
  select
    array_agg(row(null, (a.draft->>'agency_id')::integer, (a.draft->>'id')::uuid, (a.draft->>'order_id')::uuid,
      (a.draft->>'sequence')::integer, a.draft->>'type', (a.draft->>'occurred_at')::timestamptz, '', a.place, '', null, null)::event_draft order by a.place),
    array_agg(row(null, 2 * a.place - 1, (a.draft->'numbers'->>0)::uuid, 2 * a.place,
      case when jsonb_array_length(a.draft->'numbers') > 1 then (
        select jsonb_agg(jsonb_build_array(n.id, a.draft->'parts'->(n.place::integer + 1)) order by n.place)
        from jsonb_array_elements((a.draft->'numbers') - 0) with ordinality n(id, place)
      ) end)::event_snapshot order by a.place)
  into drafts, snapshots
  from jsonb_array_elements(announcements) with ordinality a(draft, place);
  texts := array(
    select a.draft->'parts'->>n from jsonb_array_elements(announcements) with ordinality a(draft, place), generate_series(0, 1) n
    order by a.place, n
  );
  perform announce(drafts, snapshots, texts, receipt_numbers);
end $$;

-- Takes the next numbers of each series, once a series, series in sorted order: two callers can never wait
-- for each other in a ring. Returns the numbers by receipt id.
create function issue_receipts(drafts receipt_draft[], texts text[]) returns jsonb language plpgsql as $$
declare
  numbers jsonb;
begin
  with input as materialized (
    select r.*, row_number() over series as place, count(*) over series as wanted
    from unnest(drafts) r
    window series as (partition by r.agency_id, r.form, r.symbol order by r.id rows between unbounded preceding and unbounded following)
  ), taken as (
    insert into receipt_series (agency_id, form, symbol, last_number)
    select agency_id, form, symbol, wanted from input where place = 1 order by agency_id, form, symbol
    on conflict (agency_id, form, symbol) do update set last_number = receipt_series.last_number + excluded.last_number
    returning agency_id, form, symbol, last_number
  ), issued as (
    insert into receipts (agency_id, id, order_id, payment_id, form, symbol, number, verification_code, amount, currency, content,
      business_date, issued_at, replaces_id)
    select i.agency_id, i.id, i.order_id, i.payment_id, i.form, i.symbol, s.last_number - i.wanted + i.place, i.verification_code,
      i.amount, i.currency, texts[i.content]::json, i.business_date, i.issued_at, i.replaces_id
    from input i join taken s on s.agency_id = i.agency_id and s.form = i.form and s.symbol = i.symbol
    returning agency_id, id, number, verification_code
  ), listed as (
    insert into directory (reference, kind, agency_id, subject_id)
    select verification_code, 'receipt', agency_id, id from issued
  )
  select jsonb_object_agg(id, number) into numbers from issued;
  return numbers;
end $$;

create function issue_receipts(drafts jsonb) returns jsonb language plpgsql as $$
begin
  return issue_receipts(
    array(
      select jsonb_populate_record(null::receipt_draft, d.draft || jsonb_build_object('content', d.place))
      from jsonb_array_elements(drafts) with ordinality d(draft, place) order by d.place
    ),
    array(select d.draft->>'content' from jsonb_array_elements(drafts) with ordinality d(draft, place) order by d.place)
  );
end $$;

-- Applies decided outcomes and returns the items that were not applied: an item whose orders or payment have another
-- version than the decision was made on is left out whole. What everyday outcomes write comes as rows; what is rare
-- (second charges, claims that change hands, cases) in JSON, null when there is none.
--
-- Orders and payments come sorted, so that callers never wait for each other in a ring. Unless careful, an item with
-- another version fails the whole call (P0V01) and the caller asks again, carefully: nearly no call has one, and
-- looking first costs every call two more statements.
create function apply_outcomes(careful boolean, callbacks outcome_callback[], orders outcome_order[], payments outcome_payment[],
  transactions outcome_transaction[], claims outcome_claim[], queries_ended outcome_end[], orders_settled outcome_settled[],
  postings ledger_posting[], legs ledger_leg[], receipts receipt_draft[], snapshots event_snapshot[], events event_draft[],
  texts text[], rare jsonb)
returns integer[] language plpgsql as $$
#variable_conflict use_column
declare
  stale integer[];
  stale_payments integer[];
  found_rows integer;
  receipt_numbers jsonb := '{}';
begin
  if careful then
    select array_agg(distinct w.item) into stale
    from (select o.item, o.agency_id, o.id, o.expected_version from unnest(orders) o order by o.agency_id, o.id) w
    left join lateral (
      select p.version from payment_orders p where p.agency_id = w.agency_id and p.id = w.id for no key update
    ) l on true
    where l.version is distinct from w.expected_version;
    select array_agg(distinct w.item) into stale_payments
    from (select u.item, u.id, u.expected_version from unnest(payments) u order by u.id) w
    left join lateral (select p.version from payments p where p.id = w.id for no key update) l on true
    where l.version is distinct from w.expected_version;
    stale := stale || stale_payments;
  end if;
  if stale is not null then
    callbacks := array(select x from unnest(callbacks) x where x.item <> all (stale));
    orders := array(select x from unnest(orders) x where x.item <> all (stale));
    payments := array(select x from unnest(payments) x where x.item <> all (stale));
    transactions := array(select x from unnest(transactions) x where x.item <> all (stale));
    claims := array(select x from unnest(claims) x where x.item <> all (stale));
    queries_ended := array(select x from unnest(queries_ended) x where x.item <> all (stale));
    orders_settled := array(select x from unnest(orders_settled) x where x.item <> all (stale));
    postings := array(select x from unnest(postings) x where x.item <> all (stale));
    legs := array(select x from unnest(legs) x where x.item <> all (stale));
    receipts := array(select x from unnest(receipts) x where x.item <> all (stale));
    events := array(select x from unnest(events) x where x.item <> all (stale));
    select jsonb_object_agg(section.key, (
      select coalesce(jsonb_agg(element), '[]') from jsonb_array_elements(section.value) element
      where (element->>'item')::integer <> all (stale)
    )) into rare from jsonb_each(rare) section;
  end if;

  if cardinality(orders) > 0 then
    update payment_orders o set
      version = o.version + 1, status = u.status, amount_paid = u.amount_paid, event_sequence = u.event_sequence,
      paid_at = u.paid_at, closed_at = u.closed_at
    from unnest(orders) u
    where o.agency_id = u.agency_id and o.id = u.id and o.version = u.expected_version;
    get diagnostics found_rows = row_count;
    if found_rows < cardinality(orders) then
      raise exception 'an order has changed since its outcome was decided' using errcode = 'P0V01';
    end if;
  end if;
  update payments p set
    state = u.state, version = p.version + 1,
    gateway_code = coalesce(u.gateway_code, p.gateway_code),
    gateway_transaction_id = coalesce(u.gateway_transaction_id, p.gateway_transaction_id),
    amount_received = coalesce(u.amount_received, p.amount_received),
    currency_received = coalesce(u.currency_received, p.currency_received),
    paid_at = coalesce(u.paid_at, p.paid_at),
    settled_at = coalesce(u.settled_at, p.settled_at)
  from unnest(payments) u
  where p.id = u.id and p.version = u.expected_version;
  get diagnostics found_rows = row_count;
  if found_rows < cardinality(payments) then
    raise exception 'a payment has changed since its outcome was decided' using errcode = 'P0V01';
  end if;

  if cardinality(callbacks) > 0 then
    insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, payment_id, received_at)
    select c.id, c.gateway, c.account, decode(c.digest, 'hex'), c.method, c.query, c.headers, decode(c.body, 'base64'), true, c.result, c.payment_id, c.received_at
    from unnest(callbacks) c
    on conflict (gateway, account, digest) do update set result = excluded.result, payment_id = excluded.payment_id
      where gateway_callbacks.result in ('try_again', 'unknown_payment');
  end if;

  if rare is not null then
    perform apply_rare_first(rare);
  end if;

  if cardinality(transactions) > 0 then
    insert into gateway_transactions (gateway, merchant_account, gateway_transaction_id, payment_id)
    select t.gateway, t.merchant_account, t.gateway_transaction_id, t.payment_id from unnest(transactions) t;
  end if;

  if rare is not null then
    perform apply_rare_claims(rare);
  end if;

  if cardinality(claims) > 0 then
    update allocations a set claim = u.claim from unnest(claims) u
    where a.agency_id = u.agency_id and a.payment_id = u.payment_id and a.order_id = u.order_id;
    if exists (select from unnest(claims) u where u.claim = 'surplus') then
      insert into surplus_allocations (agency_id, payment_id, order_id)
      select u.agency_id, u.payment_id, u.order_id from unnest(claims) u where u.claim = 'surplus'
      on conflict do nothing;
    end if;
  end if;

  if cardinality(queries_ended) > 0 then
    delete from payment_queries q using unnest(queries_ended) e where q.payment_id = e.payment_id;
  end if;
  if cardinality(orders_settled) > 0 then
    delete from order_expiries x using unnest(orders_settled) e where x.agency_id = e.agency_id and x.order_id = e.order_id;
    delete from open_obligations o using unnest(orders_settled) l
    where o.agency_id = l.agency_id and o.order_id = l.order_id
      and not (select s.stays_after_payment from order_lines s where s.agency_id = o.agency_id and s.order_id = o.order_id and s.line_no = o.line_no);
  end if;

  if cardinality(postings) > 0 then
    perform post_to_ledger(postings, legs);
  end if;

  if rare is not null then
    perform apply_rare_last(rare);
  end if;

  -- The counters come last: they are the hottest rows, held for the shortest time.
  if cardinality(receipts) > 0 then
    receipt_numbers := issue_receipts(receipts, texts);
  end if;
  if cardinality(events) > 0 then
    perform announce(events, snapshots, texts, receipt_numbers);
  end if;
  return stale;
end $$;

-- The second charge of one reference: a payment of its own, with its surplus.
create function apply_rare_first(rare jsonb) returns void language plpgsql as $$
begin
  insert into payments (id, number, gateway, merchant_account, merchant_reference, amount, currency, state, locale, gateway_transaction_id,
    amount_received, currency_received, started_at, handed_off_at, lifetime_ends_at, paid_at, settled_at, duplicate_of)
  select n.id, nextval('payment_numbers'), b.gateway, b.merchant_account, n.merchant_reference, n.amount, n.currency, n.state, b.locale,
    n.gateway_transaction_id, n.amount, n.currency, b.started_at, b.handed_off_at, b.lifetime_ends_at, n.paid_at, n.settled_at, b.id
  from jsonb_to_recordset(rare->'new_payments') as n(id uuid, base_payment_id uuid, merchant_reference text, amount bigint, currency char(3),
    state text, gateway_transaction_id text, paid_at timestamptz, settled_at timestamptz)
  join payments b on b.id = n.base_payment_id;
  insert into allocations (agency_id, payment_id, order_id, amount, claim, clearing_account_id)
  select a.agency_id, a.payment_id, a.order_id, a.amount, a.claim, a.clearing_account_id
  from jsonb_to_recordset(rare->'new_allocations') as a(agency_id integer, payment_id uuid, order_id uuid, amount bigint, claim text, clearing_account_id uuid);
  insert into surplus_allocations (agency_id, payment_id, order_id)
  select a.agency_id, a.payment_id, a.order_id
  from jsonb_to_recordset(rare->'new_allocations') as a(agency_id integer, payment_id uuid, order_id uuid, claim text)
  where a.claim = 'surplus';
end $$;

create function apply_rare_claims(rare jsonb) returns void language plpgsql as $$
begin
  delete from order_claims c
  using jsonb_to_recordset(rare->'claims_released') as r(agency_id integer, order_id uuid, payment_id uuid)
  where c.agency_id = r.agency_id and c.order_id = r.order_id and c.payment_id = r.payment_id;
  insert into order_claims (agency_id, order_id, payment_id)
  select t.agency_id, t.order_id, t.payment_id
  from jsonb_to_recordset(rare->'claims_taken') as t(agency_id integer, order_id uuid, payment_id uuid)
  on conflict (agency_id, order_id) do update set payment_id = excluded.payment_id;
end $$;

create function apply_rare_last(rare jsonb) returns void language plpgsql as $$
begin
  insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
  select s.agency_id, s.obligation_scope, s.obligation_key, s.order_id, s.line_no
  from jsonb_to_recordset(rare->'obligations_retaken') as r(agency_id integer, order_id uuid)
  join order_lines s on s.agency_id = r.agency_id and s.order_id = r.order_id and s.stays_after_payment;
  insert into cases (agency_id, id, kind, subject, payment_id, order_id, detail, opened_at)
  select c.agency_id, c.id, c.kind, c.subject, c.payment_id, c.order_id, c.detail, c.opened_at
  from jsonb_to_recordset(rare->'cases') as c(agency_id integer, id uuid, kind text, subject text, payment_id uuid, order_id uuid, detail jsonb, opened_at timestamptz)
  on conflict (agency_id, kind, subject) do nothing;
  insert into audit_log (id, actor, action, agency_id, subject, detail)
  select a.id, a.actor, a.action, a.agency_id, a.subject, a.detail
  from jsonb_to_recordset(rare->'audit') as a(id uuid, actor text, action text, agency_id integer, subject text, detail jsonb);
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
