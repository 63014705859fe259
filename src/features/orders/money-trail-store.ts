/** SQL of the money trail: one reading over everything that mentions an order. */
import { publicId, type AgencyId, type IdPrefix, type OrderId } from '../../domain/kernel/ids.ts';
import { query, type Reader } from '../../platform/database.ts';
import type { TrailEntry, TrailKind } from './money-trail.ts';

const TRAIL = `
with o as (select * from payment_orders where agency_id = :agencyId and id = :id),
  paid as (select p.*, a.claim, a.amount as allocated from allocations a join payments p on p.id = a.payment_id
    where a.agency_id = :agencyId and a.order_id = :id),
  taken_back as (select * from refunds where agency_id = :agencyId and order_id = :id)
select 1 as place, created_at as at, 'order_opened' as kind, 'po' as prefix, id::text as source,
  jsonb_build_object('amount', principal_amount) as facts from o
union all select 2, started_at, 'payment_started', 'pay', id::text, jsonb_build_object('gateway', gateway, 'amount', amount) from paid
union all select 3, handed_off_at, 'payment_handed_off', 'pay', id::text, jsonb_build_object('gateway', gateway) from paid where handed_off_at is not null
union all select 4, c.received_at, 'callback_received', 'callback', c.id::text, jsonb_build_object('gateway', c.gateway, 'result', c.result)
  from gateway_callbacks c where c.payment_id in (select id from paid)
union all select 5, coalesce(settled_at, started_at), case state when 'succeeded' then 'payment_succeeded' else 'payment_mismatched' end, 'pay', id::text,
  jsonb_build_object('gateway', gateway, 'amount', amount_received, 'currency', currency_received, 'paid_at', paid_at, 'gateway_transaction_id', gateway_transaction_id, 'claim', claim)
  from paid where state in ('succeeded', 'mismatched', 'resolved', 'disputed')
union all select 5, e.occurred_at, case e.type when 'payment.failed' then 'payment_failed' else 'payment_unknown' end, 'ev', e.id::text, '{}'
  from events e where e.agency_id = :agencyId and e.order_id = :id and e.type in ('payment.failed', 'payment.unknown')
union all select 6, t.booked_at, 'ledger_posted', 'txn', t.id::text,
  jsonb_build_object('event_kind', t.event_kind, 'amount', (select sum(f.amount) from ledger_transfers f where f.agency_id = t.agency_id and f.transaction_id = t.id))
  from (
    select 'payment' as event_kind, id::text as event_ref from paid
    union all select k.event_kind, r.id::text from taken_back r,
      (values ('refund_hold'), ('refund_confirmed'), ('refund_given_back'), ('refund_reversed')) as k(event_kind)
  ) b cross join lateral (
    select * from ledger_transactions t where t.agency_id = :agencyId and t.event_kind = b.event_kind and t.event_ref = b.event_ref limit 1
  ) t
union all select 7, issued_at, 'receipt_issued', 'rc', id::text, jsonb_build_object('form', form, 'symbol', symbol, 'number', lpad(number::text, 7, '0'), 'amount', amount)
  from receipts where agency_id = :agencyId and order_id = :id
union all select 8, v.voided_at, 'receipt_voided', 'rc', v.receipt_id::text, '{}'
  from receipt_voidings v join receipts r on r.agency_id = v.agency_id and r.id = v.receipt_id where r.agency_id = :agencyId and r.order_id = :id
union all select 9, requested_at, 'refund_requested', 'rf', id::text, jsonb_build_object('amount', amount, 'reason', reason) from taken_back
union all select 10, decided_at, 'refund_decided', 'rf', id::text, jsonb_build_object('state', state) from taken_back where decided_at is not null
union all select 11, submitted_at, 'refund_submitted', 'rf', id::text, '{}' from taken_back where submitted_at is not null
union all select 12, resolved_at, 'refund_resolved', 'rf', id::text, jsonb_build_object('state', state, 'amount', amount) from taken_back where resolved_at is not null
union all select 13, s.posted_at, 'settled', 'stl', s.id::text, jsonb_build_object('settled_on', s.settled_on, 'fee', s.fee)
  from settlement_lines s where s.payment_id in (select id from paid) and s.posted_at is not null
union all select 14, d.finished_at, 'agency_told', 'whd', d.id::text, jsonb_build_object('type', e.type, 'state', d.state, 'attempts', d.attempts)
  from webhook_deliveries d join events e on e.agency_id = d.agency_id and e.id = d.event_id where e.agency_id = :agencyId and e.order_id = :id
union all select 15, acknowledged_at, 'agency_acknowledged', 'po', id::text, '{}' from o where acknowledged_at is not null
union all select 16, closed_at, 'order_closed', 'po', id::text, jsonb_build_object('status', status) from o where closed_at is not null
order by 2, 1 limit 1000`;

interface TrailRow {
  at: Date;
  kind: TrailKind;
  prefix: string;
  source: string;
  facts: Record<string, unknown>;
}

export async function readMoneyTrail(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly id: OrderId },
): Promise<TrailEntry[]> {
  const rows = await query<TrailRow>(reader, TRAIL, { ...order });
  return rows.map(({ at, kind, prefix, source, facts }) => ({
    at,
    kind,
    source: publicId(prefix as IdPrefix, source as never),
    facts,
  }));
}
