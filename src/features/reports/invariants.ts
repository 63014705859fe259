/** What must always be true of the stored rows (I1 to I9 of the promises, and the receipts): each a query for what breaks it. */
import { query, type Reader } from '../../platform/database.ts';

export interface Invariant {
  /** `I1` … `I9`, or `R1` for receipts; several queries may guard one. */
  readonly name: string;
  readonly says: string;
  /** Returns the offending rows, none when all is well. */
  readonly sql: string;
}

export interface Violation {
  readonly name: string;
  readonly says: string;
  /** At most {@link ROWS_SHOWN}. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export const ROWS_SHOWN = 20;

const MONEY_RECEIVED = `('succeeded', 'mismatched', 'resolved', 'disputed')`;

/** Rows that point at nothing, where a trigger looks once a statement instead of a foreign key (ADR 31). */
export const LOOSE_ROWS: readonly Invariant[] = [
  {
    name: 'I1',
    says: 'every transfer is of a transaction, and between accounts of its book',
    sql: `select f.agency_id, f.transaction_id, f.leg from ledger_transfers f
      where not exists (select 1 from ledger_transactions t where t.agency_id = f.agency_id and t.id = f.transaction_id)
        or not exists (select 1 from ledger_accounts a where a.agency_id = f.agency_id and a.currency = f.currency
          and a.id = f.debit_account_id)
        or not exists (select 1 from ledger_accounts a where a.agency_id = f.agency_id and a.currency = f.currency
          and a.id = f.credit_account_id)`,
  },
  {
    name: 'I6',
    says: 'every event is of an order',
    sql: `select e.agency_id, e.id, e.order_id from events e
      where not exists (select 1 from payment_orders o where o.agency_id = e.agency_id and o.id = e.order_id)`,
  },
];

export const INVARIANTS: readonly Invariant[] = [
  ...LOOSE_ROWS,
  {
    name: 'I1',
    says: 'every ledger transaction has transfers, so that each book balances',
    sql: `select t.agency_id, t.id, t.event_kind, t.event_ref from ledger_transactions t
      where not exists (select 1 from ledger_transfers f where f.agency_id = t.agency_id and f.transaction_id = t.id)`,
  },
  {
    name: 'I1',
    says: 'debits equal credits in each book',
    sql: `select b.agency_id, a.currency, sum(b.debits) as debits, sum(b.credits) as credits
      from ledger_balances b join ledger_accounts a on a.agency_id = b.agency_id and a.id = b.account_id
      group by b.agency_id, a.currency having sum(b.debits) <> sum(b.credits)`,
  },
  {
    name: 'I1',
    says: 'every ledger transaction lies on a day of its book',
    sql: `select t.agency_id, t.id, t.business_date from ledger_transactions t
      where not exists (select 1 from business_days d where d.agency_id = t.agency_id and d.day = t.business_date)`,
  },
  {
    name: 'I2',
    says: 'a balance is the sum of the transfers below the seal',
    sql: `select coalesce(b.agency_id, s.agency_id) as agency_id, coalesce(b.account_id, s.account_id) as account_id,
        b.debits, s.debits as debits_summed, b.credits, s.credits as credits_summed
      from ledger_balances b
      full join (
        select e.agency_id, e.account_id, sum(e.debit) as debits, sum(e.credit) as credits
        from ledger_entries e join ledger_transactions t on t.agency_id = e.agency_id and t.id = e.transaction_id
        where t.xid < (select sealed_to_xid from ledger_progress) group by e.agency_id, e.account_id
      ) s on s.agency_id = b.agency_id and s.account_id = b.account_id
      where b.debits is distinct from s.debits or b.credits is distinct from s.credits`,
  },
  {
    name: 'I3',
    says: 'an order is paid exactly when one allocation is applied to it',
    sql: `select o.agency_id, o.id, o.status, count(a.payment_id) as applied
      from payment_orders o
      left join allocations a on a.agency_id = o.agency_id and a.order_id = o.id and a.claim = 'applied'
      group by o.agency_id, o.id
      having count(a.payment_id) <> case when o.status in ('paid', 'partly_refunded', 'refunded') then 1 else 0 end`,
  },
  {
    name: 'I3',
    says: 'what was applied is what was credited to the agency payables, by payment',
    sql: `with applied as (
        select agency_id, payment_id::text as payment_id, sum(amount) as amount from allocations
        where claim = 'applied' group by agency_id, payment_id
      ), credited as (
        select t.agency_id, t.event_ref as payment_id, sum(f.amount) as amount
        from ledger_transactions t
        join ledger_transfers f on f.agency_id = t.agency_id and f.transaction_id = t.id
        join ledger_accounts c on c.agency_id = f.agency_id and c.id = f.credit_account_id and c.code = 2100
        where t.event_kind in ('payment', 'suspense_applied') group by t.agency_id, t.event_ref
      )
      select agency_id, payment_id, a.amount as applied, c.amount as credited
      from applied a full join credited c using (agency_id, payment_id)
      where a.amount is distinct from c.amount`,
  },
  {
    name: 'I3',
    says: 'an order says it was paid what was applied to it',
    sql: `select o.agency_id, o.id, o.status, o.amount_paid, a.amount as applied
      from payment_orders o
      left join allocations a on a.agency_id = o.agency_id and a.order_id = o.id and a.claim = 'applied'
      where o.amount_paid <> coalesce(a.amount, 0)`,
  },
  {
    name: 'I3',
    says: 'the lines of an allocation sum to it',
    sql: `select a.agency_id, a.payment_id, a.order_id, a.amount, sum(l.amount) as lines
      from allocations a
      join allocation_lines l on l.agency_id = a.agency_id and l.payment_id = a.payment_id and l.order_id = a.order_id
      group by a.agency_id, a.payment_id, a.order_id having sum(l.amount) <> a.amount`,
  },
  {
    name: 'I4',
    says: 'refunds, pending ones included, take from a line what it says was refunded, and never more than it has',
    sql: `select l.agency_id, l.payment_id, l.order_id, l.line_no, l.amount, l.refunded, coalesce(sum(r.amount), 0) as asked
      from allocation_lines l
      left join (
        select rl.agency_id, rl.payment_id, rl.order_id, rl.line_no, rl.amount
        from refund_lines rl join refunds f on f.agency_id = rl.agency_id and f.id = rl.refund_id
        where f.state not in ('rejected', 'failed')
      ) r on r.agency_id = l.agency_id and r.payment_id = l.payment_id and r.order_id = l.order_id and r.line_no = l.line_no
      group by l.agency_id, l.payment_id, l.order_id, l.line_no
      having coalesce(sum(r.amount), 0) > l.amount or coalesce(sum(r.amount), 0) <> l.refunded`,
  },
  {
    name: 'I4',
    says: 'an order says it was refunded what its confirmed refunds gave back',
    sql: `select o.agency_id, o.id, o.amount_refunded, coalesce(sum(f.amount), 0) as confirmed
      from payment_orders o
      left join refunds f on f.agency_id = o.agency_id and f.order_id = o.id and f.source = 'payable' and f.state = 'succeeded'
      group by o.agency_id, o.id having o.amount_refunded <> coalesce(sum(f.amount), 0)`,
  },
  {
    name: 'I5',
    says: 'a gateway transaction stands for one payment',
    sql: `select gateway, merchant_account, gateway_transaction_id, count(*) as payments
      from payments where gateway_transaction_id is not null
      group by gateway, merchant_account, gateway_transaction_id having count(*) > 1`,
  },
  {
    name: 'I5',
    says: 'a gateway transaction is of a payment that exists',
    sql: `select t.gateway, t.merchant_account, t.gateway_transaction_id, t.payment_id from gateway_transactions t
      where not exists (select 1 from payments p where p.id = t.payment_id)`,
  },
  {
    name: 'I5',
    says: 'the books hold of a payment what was received, once',
    sql: `with received as (
        select p.id::text as payment_id, coalesce(p.amount_received, p.amount) as amount
        from payments p where p.state in ${MONEY_RECEIVED}
      ), posted as (
        select case t.event_kind when 'credit' then t.correlation_id::text else t.event_ref end as payment_id,
          sum(case when d.code = 1100 then f.amount else -f.amount end) as amount
        from ledger_transactions t
        join ledger_transfers f on f.agency_id = t.agency_id and f.transaction_id = t.id
        join ledger_accounts d on d.agency_id = f.agency_id and d.id = f.debit_account_id
        join ledger_accounts c on c.agency_id = f.agency_id and c.id = f.credit_account_id
        where (t.event_kind in ('payment', 'suspense_applied') or (t.event_kind = 'credit' and t.correlation_id is not null))
          and 1100 in (d.code, c.code)
        group by 1
      )
      select payment_id, r.amount as received, p.amount as posted
      from received r full join posted p using (payment_id)
      where coalesce(r.amount, 0) <> coalesce(p.amount, 0)`,
  },
  {
    name: 'I5',
    says: 'the books know the moment at which the money of a payment came, by which reports find it',
    sql: `select p.id, p.state, p.paid_at from payments p
      where p.state in ${MONEY_RECEIVED} and coalesce(p.amount_received, p.amount) > 0 and not exists (
        select 1 from ledger_transactions t
        where t.correlation_id = p.id and t.effective_at = p.paid_at
          and t.event_kind in ('payment', 'credit', 'suspense_applied'))`,
  },
  {
    name: 'I5',
    says: 'a bank credit stands in the books once: in suspense of the platform, or under the payment it is for',
    sql: `select c.gateway, c.merchant_account, c.number, c.became, c.payment_id
      from bank_credits c
      left join ledger_transactions t on t.agency_id = 0 and t.event_kind = 'credit' and t.correlation_id is null
        and t.event_ref = c.gateway || ':' || c.merchant_account || ':' || c.number
      left join gateway_transactions g on g.gateway = c.gateway and g.merchant_account = c.merchant_account
        and g.gateway_transaction_id = c.number
      left join payments p on p.id = g.payment_id
      where c.settled_at is not null and c.became <> 'conflict'
        and ((c.became = 'parked') <> (t.id is not null)
          or (c.became <> 'parked' and c.payment_id is distinct from coalesce(p.duplicate_of, p.id)))`,
  },
  {
    name: 'I5',
    says: 'credits in suspense that wait for their rest sum to what their payment has received',
    sql: `select p.id, p.amount_received, coalesce(sum(c.amount), 0) as credited
      from payments p
      left join gateway_transactions g on g.payment_id = p.id
      left join bank_credits c on c.gateway = g.gateway and c.merchant_account = g.merchant_account
        and c.number = g.gateway_transaction_id
      where p.state = 'mismatched' and p.gateway_code = 'credits_short'
      group by p.id having p.amount_received <> coalesce(sum(c.amount), 0)`,
  },
  {
    name: 'I6',
    says: 'the events of an order are numbered 1 to n, and the order knows n',
    sql: `select o.agency_id, o.id, o.event_sequence, count(e.id) as events, min(e.sequence) as first, max(e.sequence) as last
      from payment_orders o left join events e on e.agency_id = o.agency_id and e.order_id = o.id
      group by o.agency_id, o.id
      having count(e.id) <> o.event_sequence or coalesce(max(e.sequence), 0) <> o.event_sequence
        or coalesce(min(e.sequence), 1) <> 1`,
  },
  {
    name: 'I7',
    says: 'whoever holds an order is the payment whose allocation says so',
    sql: `select coalesce(c.agency_id, a.agency_id) as agency_id, coalesce(c.order_id, a.order_id) as order_id,
        c.payment_id as claim_of, a.payment_id as allocation_of, a.claim
      from order_claims c
      full join (select agency_id, order_id, payment_id, claim from allocations where claim in ('reserved', 'applied')) a
        on a.agency_id = c.agency_id and a.order_id = c.order_id and a.payment_id = c.payment_id
      where c.payment_id is null or a.payment_id is null`,
  },
  {
    name: 'I7',
    says: 'a payment and its allocations tell the same story',
    sql: `select p.id, p.state, a.agency_id, a.order_id, a.claim
      from payments p join allocations a on a.payment_id = p.id
      where (p.state in ('succeeded', 'disputed') and a.claim not in ('applied', 'surplus'))
        or (p.state in ('failed', 'lapsed') and a.claim <> 'released')
        or (p.state in ('created', 'handed_off', 'unknown', 'mismatched') and a.claim not in ('reserved', 'released'))`,
  },
  {
    name: 'I7',
    says: 'a closed order is held by nobody and holds no obligation',
    sql: `select o.agency_id, o.id, o.status, c.payment_id, b.obligation_key
      from payment_orders o
      left join order_claims c on c.agency_id = o.agency_id and c.order_id = o.id
      left join open_obligations b on b.agency_id = o.agency_id and b.order_id = o.id
      where o.status in ('cancelled', 'expired') and (c.payment_id is not null or b.obligation_key is not null)`,
  },
  {
    name: 'I8',
    says: 'every callback has its result; none is left to be tried again for more than a minute',
    sql: `select id, gateway, account, result, received_at from gateway_callbacks
      where result = 'try_again' and received_at < clock_timestamp() - interval '1 minute'`,
  },
  {
    name: 'I9',
    says: 'what a gateway still holds is what was received less what was settled and refunded',
    sql: `with booked as (
        select a.sub_key, a.currency, sum(e.debit) - sum(e.credit) as amount
        from ledger_entries e join ledger_accounts a on a.agency_id = e.agency_id and a.id = e.account_id
        where a.code = 1100 group by a.sub_key, a.currency
      ), moved as (
        select gateway || ':' || merchant_account as sub_key, coalesce(currency_received, currency) as currency,
          coalesce(amount_received, amount)::numeric as amount
        from payments where state in ${MONEY_RECEIVED}
        union all
        select gateway || ':' || merchant_account, currency, amount from bank_credits where became = 'parked'
        union all
        select b.gateway || ':' || b.account, l.currency, case l.kind when 'payment' then -l.amount else l.amount end
        from settlement_lines l join settlement_batches b on b.id = l.batch_id
        where l.match_class = 'matched' and l.posted_at is not null
        union all
        select p.gateway || ':' || p.merchant_account, f.currency, -f.amount
        from refunds f join payments p on p.id = f.payment_id where f.state = 'succeeded'
      ), expected as (
        select sub_key, currency, sum(amount) as amount from moved group by sub_key, currency
      )
      select sub_key, currency, b.amount as booked, e.amount as expected
      from booked b full join expected e using (sub_key, currency)
      where coalesce(b.amount, 0) <> coalesce(e.amount, 0)`,
  },
  {
    name: 'R1',
    says: 'the receipts of a series are numbered without gaps',
    sql: `select coalesce(s.agency_id, r.agency_id) as agency_id, coalesce(s.form, r.form) as form, coalesce(s.symbol, r.symbol) as symbol,
        s.last_number, r.receipts, r.highest
      from receipt_series s
      full join (
        select agency_id, form, symbol, count(*) as receipts, max(number) as highest, min(number) as lowest
        from receipts group by agency_id, form, symbol
      ) r on r.agency_id = s.agency_id and r.form = s.form and r.symbol = s.symbol
      where coalesce(s.last_number, 0) <> coalesce(r.receipts, 0) or coalesce(s.last_number, 0) <> coalesce(r.highest, 0)
        or coalesce(r.lowest, 1) <> 1`,
  },
  {
    name: 'R2',
    says: 'the receipts of a paid order, voided ones aside, sum to what was paid and not given back',
    sql: `select o.agency_id, o.id, o.status, o.amount_paid, o.amount_refunded, coalesce(sum(r.amount), 0) as receipted
      from payment_orders o
      left join receipts r on r.agency_id = o.agency_id and r.order_id = o.id
        and not exists (select 1 from receipt_voidings v where v.agency_id = r.agency_id and v.receipt_id = r.id)
      group by o.agency_id, o.id
      having coalesce(sum(r.amount), 0) <> o.amount_paid - o.amount_refunded`,
  },
];

/**
 * Every invariant that does not hold, with the rows that break it; an empty list when all do.
 *
 * One snapshot per invariant: run it while nothing moves, or ask again before believing a violation.
 */
export async function checkInvariants(reader: Reader): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { name, says, sql } of INVARIANTS) {
    const rows = await query<Record<string, unknown>>(
      reader,
      `select broken.* from (${sql}) broken limit ${String(ROWS_SHOWN)}`,
    );
    if (rows.length > 0) violations.push({ name, says, rows });
  }
  return violations;
}
