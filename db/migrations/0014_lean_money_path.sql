-- The money path made leaner: what a lone callback costs, and keys that say what others say already.

-- A foreign key is checked row by row, each with a statement of its own: a fifth of what a settled callback cost.
-- These said nothing that the rest does not say.
--
-- A receipt is for an allocation: that one key implies the payment and the order, which an allocation has.
alter table receipts
  add foreign key (agency_id, payment_id, order_id) references allocations (agency_id, payment_id, order_id),
  drop constraint receipts_payment_id_fkey,
  drop constraint receipts_agency_id_order_id_fkey;
-- A waiting delivery is written from its event and its endpoint by the statement that reads them. Events are never
-- deleted (append_only_rows), and how a delivery ended (webhook_deliveries) keeps both keys.
alter table webhook_queue
  drop constraint webhook_queue_agency_id_event_id_fkey,
  drop constraint webhook_queue_agency_id_endpoint_id_fkey;
-- The directory repeats a code of an order, receipt or refund, written with it; their keys lead to the agency.
alter table directory drop constraint directory_agency_id_fkey;

-- What these call is not immutable in PostgreSQL's book (it knows of encodings and zones), and a function that promises
-- more than what it calls is never written into its caller. Two dozen calls hash one ledger transaction: written into
-- the seal's statements they take a third of the time, and give the same bytes.
alter function seal_field(text) stable;
alter function seal_instant(timestamptz) stable;

-- Kept from choosing, the planner of PostgreSQL 15 calls every plan it is left with very costly, and what is costly it
-- compiles: a quarter of a second for each claim.
alter function claim_webhooks(timestamptz, integer, integer, integer, uuid[], integer[]) set jit = off;

-- Asked about few payments, and therefore kept out of the reading: whatever a statement could need is prepared every
-- time it starts.

-- The gateway's transactions that are known to belong to a payment: its own, and those of its second charges.
create function known_transactions(of_payment uuid) returns text[] language sql stable as $$
  select array_agg(t.gateway_transaction_id)
  from payments d join gateway_transactions t on t.payment_id = d.id and t.gateway = d.gateway and t.merchant_account = d.merchant_account
    and t.gateway_transaction_id = d.gateway_transaction_id
  where d.id = of_payment or d.duplicate_of = of_payment
$$;

-- Whether another order stands for, or has paid, an obligation of an order that has expired.
create function obligation_taken(of_agency integer, of_order uuid) returns boolean language sql stable as $$
  select exists (
    select 1 from payment_orders o join order_lines s on s.agency_id = o.agency_id and s.order_id = o.id
    where o.agency_id = of_agency and o.id = of_order and (
      exists (select 1 from open_obligations x where x.agency_id = s.agency_id and x.obligation_scope = s.obligation_scope
        and x.obligation_key = s.obligation_key and x.order_id <> o.id)
      or exists (select 1 from payment_orders q join order_lines r on r.agency_id = q.agency_id and r.order_id = q.id
        where q.agency_id = o.agency_id and q.dossier_code = o.dossier_code and q.id <> o.id and q.status in ('paid', 'partly_refunded')
          and r.obligation_scope = s.obligation_scope and r.obligation_key = s.obligation_key)
      or exists (select 1 from order_lines r join payment_orders q on q.agency_id = r.agency_id and q.id = r.order_id
        where r.agency_id = s.agency_id and r.decision_number = s.decision_number and q.id <> o.id and q.status in ('paid', 'partly_refunded')
          and r.obligation_scope = s.obligation_scope and r.obligation_key = s.obligation_key))
  )
$$;

-- Whatever is long or needs quotes travels in one list of texts, and rows name its place there, counted from 1: within
-- a row within a list every quote is quoted twice and read byte by byte twice.
alter type outcome_callback alter attribute headers set data type integer, alter attribute body set data type integer;
alter type event_draft alter attribute before set data type integer, alter attribute after set data type integer;

-- Writes events and queues them for every endpoint that wants them. A body is before, the text of the snapshot with
-- its receipt numbers, and after; events of one order share a snapshot. A draft with a shared_sequence is stored
-- without it: the event of that sequence holds it from character shared_from on. receipt_numbers maps receipt id to number.
create or replace function announce(drafts event_draft[], snapshots event_snapshot[], texts text[], receipt_numbers jsonb) returns void
language plpgsql as $$
begin
  with written as (
    insert into events (agency_id, id, order_id, sequence, type, occurred_at, body, shared_sequence, shared_place, shared_from, shared_length)
    select d.agency_id, d.id, d.order_id, d.sequence, d.type, d.occurred_at,
      case when d.shared_sequence is null then concat(texts[d.before], s.snapshot, texts[d.after]) else texts[d.before] || texts[d.after] end,
      d.shared_sequence,
      case when d.shared_sequence is not null then char_length(texts[d.before]) end,
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
create or replace function announce(announcements jsonb, receipt_numbers jsonb default '{}') returns void language plpgsql as $$
declare
  drafts event_draft[];
  snapshots event_snapshot[];
  texts text[];
begin
  select
    array_agg(row(null, (a.draft->>'agency_id')::integer, (a.draft->>'id')::uuid, (a.draft->>'order_id')::uuid,
      (a.draft->>'sequence')::integer, a.draft->>'type', (a.draft->>'occurred_at')::timestamptz, null, a.place, null, null, null)::event_draft order by a.place),
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

-- A batch of one is what most callbacks are while the service is not busy. It is written without lists: a list of one
-- row costs every statement a function scan and a join, which together took longer than the writing.
--
-- These functions stand beside their twins for lists, which stay the way of everything that is not everyday. They
-- insert plainly: what is there already (a callback kept before, a posting made before) fails the call with a unique
-- violation, and the caller asks again carefully, which goes the way of lists.

-- post_to_ledger for one transaction that was not posted before; returns its id.
create function post_one_to_ledger(posting ledger_posting, legs ledger_leg[]) returns uuid language plpgsql as $$
begin
  if cardinality(legs) = 0 then
    raise exception 'a ledger transaction without transfers is refused' using errcode = '23514';
  end if;
  -- A day row shared by this posting cannot be closed under it.
  perform from business_days d
  where d.agency_id = posting.agency_id and d.day = posting.business_date and d.closed_at is null for key share;
  if not found then
    raise exception 'a business day of this posting is closed or missing' using errcode = 'P0D01';
  end if;
  insert into ledger_transactions (agency_id, id, event_kind, event_ref, request_hash, correlation_id, effective_at, business_date, reverses_id, actor)
  values (posting.agency_id, posting.id, posting.event_kind, posting.event_ref, decode(posting.request_hash, 'hex'), posting.correlation_id,
    posting.effective_at, posting.business_date, posting.reverses_id, posting.actor);
  insert into ledger_transfers (agency_id, transaction_id, leg, currency, debit_account_id, credit_account_id, amount)
  select l.agency_id, l.transaction_id, l.leg, l.currency, l.debit_account_id, l.credit_account_id, l.amount
  from unnest(legs) l;
  return posting.id;
end $$;

-- issue_receipts for one: takes the next number of its series and returns it.
create function issue_one_receipt(receipt receipt_draft, content text) returns bigint language plpgsql as $$
declare
  taken bigint;
begin
  update receipt_series s set last_number = s.last_number + 1
  where s.agency_id = receipt.agency_id and s.form = receipt.form and s.symbol = receipt.symbol
  returning s.last_number into taken;
  if taken is null then
    insert into receipt_series as s (agency_id, form, symbol, last_number) values (receipt.agency_id, receipt.form, receipt.symbol, 1)
    on conflict (agency_id, form, symbol) do update set last_number = s.last_number + 1
    returning s.last_number into taken;
  end if;
  insert into receipts (agency_id, id, order_id, payment_id, form, symbol, number, verification_code, amount, currency, content,
    business_date, issued_at, replaces_id)
  values (receipt.agency_id, receipt.id, receipt.order_id, receipt.payment_id, receipt.form, receipt.symbol, taken,
    receipt.verification_code, receipt.amount, receipt.currency, content::json, receipt.business_date, receipt.issued_at, receipt.replaces_id);
  insert into directory (reference, kind, agency_id, subject_id)
  values (receipt.verification_code, 'receipt', receipt.agency_id, receipt.id);
  return taken;
end $$;

-- announce for the events of one order, which have the text of their snapshot in common; returns how many deliveries wait for it.
create function announce_one(drafts event_draft[], common text, texts text[]) returns integer language plpgsql as $$
declare
  queued integer;
begin
  with written as (
    insert into events (agency_id, id, order_id, sequence, type, occurred_at, body, shared_sequence, shared_place, shared_from, shared_length)
    select d.agency_id, d.id, d.order_id, d.sequence, d.type, d.occurred_at,
      case when d.shared_sequence is null then texts[d.before] || common || texts[d.after] else texts[d.before] || texts[d.after] end,
      d.shared_sequence,
      case when d.shared_sequence is not null then char_length(texts[d.before]) end,
      d.shared_from,
      case when d.shared_sequence is not null then char_length(common) end
    from unnest(drafts) d
    returning agency_id, id, order_id, sequence, type
  )
  insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, enqueued_at, next_attempt_at)
  select w.agency_id, e.id, w.order_id, w.sequence, w.id, clock_timestamp(), clock_timestamp()
  from written w
  join webhook_endpoints e on e.agency_id = w.agency_id and e.deleted_at is null
    and (e.event_types is null or w.type = any (e.event_types));
  get diagnostics queued = row_count;
  return queued;
end $$;

-- apply_outcomes for one payment of one order that ends in receipts; callback is null when another source told.
create function apply_one_outcome(callback outcome_callback, the_order outcome_order, payment outcome_payment, transaction outcome_transaction,
  claim outcome_claim, posting ledger_posting, legs ledger_leg[], receipts receipt_draft[], snapshot event_snapshot,
  drafts event_draft[], texts text[])
returns integer[] language plpgsql as $$
declare
  posted uuid;
  numbers jsonb;
  queued integer;
begin
  update payment_orders o set
    version = o.version + 1, status = the_order.status, amount_paid = the_order.amount_paid,
    event_sequence = the_order.event_sequence, paid_at = the_order.paid_at, closed_at = the_order.closed_at
  where o.agency_id = the_order.agency_id and o.id = the_order.id and o.version = the_order.expected_version;
  if not found then
    raise exception 'an order has changed since its outcome was decided' using errcode = 'P0V01';
  end if;
  update payments p set
    state = payment.state, version = p.version + 1,
    gateway_code = coalesce(payment.gateway_code, p.gateway_code),
    gateway_transaction_id = coalesce(payment.gateway_transaction_id, p.gateway_transaction_id),
    amount_received = coalesce(payment.amount_received, p.amount_received),
    currency_received = coalesce(payment.currency_received, p.currency_received),
    paid_at = coalesce(payment.paid_at, p.paid_at),
    settled_at = coalesce(payment.settled_at, p.settled_at)
  where p.id = payment.id and p.version = payment.expected_version;
  if not found then
    raise exception 'a payment has changed since its outcome was decided' using errcode = 'P0V01';
  end if;
  if callback.id is not null then
    insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, payment_id, received_at)
    values (callback.id, callback.gateway, callback.account, decode(callback.digest, 'hex'), callback.method, callback.query,
      texts[callback.headers]::jsonb, decode(texts[callback.body], 'base64'), true, callback.result, callback.payment_id, callback.received_at);
  end if;
  insert into gateway_transactions (gateway, merchant_account, gateway_transaction_id, payment_id)
  values (transaction.gateway, transaction.merchant_account, transaction.gateway_transaction_id, transaction.payment_id);
  update allocations a set claim = apply_one_outcome.claim.claim
  where a.agency_id = the_order.agency_id and a.payment_id = payment.id and a.order_id = the_order.id;

  delete from payment_queries q where q.payment_id = payment.id;
  delete from order_expiries x where x.agency_id = the_order.agency_id and x.order_id = the_order.id;
  delete from open_obligations b
  where b.agency_id = the_order.agency_id and b.order_id = the_order.id
    and not (select s.stays_after_payment from order_lines s where s.agency_id = b.agency_id and s.order_id = b.order_id and s.line_no = b.line_no);

  -- Assigned rather than performed: an assignment calls a function without starting a statement.
  posted := post_one_to_ledger(posting, legs);
  -- The counter comes last: it is the hottest row, held for the shortest time.
  if cardinality(receipts) = 1 then
    numbers := jsonb_build_object((receipts[1]).id, issue_one_receipt(receipts[1], texts[(receipts[1]).content]));
  else
    numbers := issue_receipts(receipts, texts);
  end if;
  queued := announce_one(drafts,
    with_receipt_numbers(texts[snapshot.body], snapshot.number_of, texts[snapshot.body_after], snapshot.body_rest, numbers), texts);
  return null;
end $$;

-- Applies decided outcomes and returns the items that were not applied: an item whose orders or payment have another
-- version than the decision was made on is left out whole. What everyday outcomes write comes as rows; what is rare
-- (second charges, claims that change hands, cases) in JSON, null when there is none.
--
-- Orders and payments come sorted, so that callers never wait for each other in a ring. Unless careful, an item with
-- another version fails the whole call (P0V01) and the caller asks again, carefully: nearly no call has one, and
-- looking first costs every call two more statements. One everyday outcome alone goes its own way (apply_one_outcome).
create or replace function apply_outcomes(careful boolean, callbacks outcome_callback[], orders outcome_order[], payments outcome_payment[],
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
  if not careful and rare is null and cardinality(callbacks) <= 1 and cardinality(orders) = 1 and cardinality(payments) = 1
    and cardinality(transactions) = 1 and cardinality(claims) = 1 and cardinality(queries_ended) = 1 and cardinality(orders_settled) = 1
    and cardinality(postings) = 1 and cardinality(receipts) > 0 and cardinality(snapshots) = 1 and (claims[1]).claim <> 'surplus'
  then
    return apply_one_outcome(callbacks[1], orders[1], payments[1], transactions[1], claims[1], postings[1], legs, receipts,
      snapshots[1], events, texts);
  end if;
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
    -- Nearly none was kept before. An insert that must expect it writes each row twice over: once in trust, once confirmed.
    if not careful then
      insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, payment_id, received_at)
      select c.id, c.gateway, c.account, decode(c.digest, 'hex'), c.method, c.query, texts[c.headers]::jsonb, decode(texts[c.body], 'base64'), true, c.result, c.payment_id, c.received_at
      from unnest(callbacks) c
      where not exists (select from gateway_callbacks k where k.gateway = c.gateway and k.account = c.account and k.digest = decode(c.digest, 'hex'));
      get diagnostics found_rows = row_count;
    end if;
    if careful or found_rows < cardinality(callbacks) then
      insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, payment_id, received_at)
      select c.id, c.gateway, c.account, decode(c.digest, 'hex'), c.method, c.query, texts[c.headers]::jsonb, decode(texts[c.body], 'base64'), true, c.result, c.payment_id, c.received_at
      from unnest(callbacks) c
      on conflict (gateway, account, digest) do update set result = excluded.result, payment_id = excluded.payment_id
        where gateway_callbacks.result in ('try_again', 'unknown_payment');
    end if;
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
