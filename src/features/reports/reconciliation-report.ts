/** Reconciliation of days: what a gateway's files say beside what we hold, every line and payment in one class. */
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { MatchClass } from '../../domain/settlement/settlement.ts';
import { query, type Reader } from '../../platform/database.ts';
import type { BookScope } from './ledger-statement.ts';

/** A day of a gateway without a reconciled file is not compared: its payments wait for their statement. */
export type ReportClass = MatchClass | 'awaiting_statement';

export interface ReportRange {
  readonly scope: BookScope;
  readonly from: Day;
  /** Included. */
  readonly to: Day;
  readonly businessTimeZone: string;
}

export interface ClassFigure {
  readonly count: number;
  /** What we hold; 0 for what is missing at us. */
  readonly ours: Money;
  /** What the gateway says; 0 for what is missing at the bank. */
  readonly theirs: Money;
}

/** One gateway account, day and kind. A pair of payment and line belongs to the file's day. */
export interface ReconciliationDay {
  readonly gateway: string;
  readonly account: string;
  readonly day: Day;
  readonly kind: 'payment' | 'refund';
  /** When the newest reconciled file of the day came; null: nothing of this day is compared yet. */
  readonly statementAt: Date | null;
  readonly classes: Readonly<Record<ReportClass, ClassFigure>>;
  /** Of the matched ones, how many we learned of by the line itself. */
  readonly enteredByLine: number;
  readonly fees: Money;
  /**
   * Why the two sides differ; `ours + steps = theirs` holds by construction.
   */
  readonly bridge: {
    readonly ours: Money;
    readonly missingAtBank: Money;
    readonly amountDiffers: Money;
    readonly missingAtUs: Money;
    readonly theirs: Money;
  };
}

/** One line or payment with its class. */
export interface ReconciliationItem {
  readonly gateway: string;
  readonly account: string;
  readonly day: Day;
  readonly kind: 'payment' | 'refund';
  readonly reportClass: ReportClass;
  readonly detail: string | null;
  readonly merchantReference: string | null;
  readonly gatewayTransactionId: string | null;
  readonly ours: Money | null;
  readonly theirs: Money | null;
  readonly fee: Money | null;
  readonly enteredByLine: boolean;
  readonly fileName: string | null;
  readonly lineNumber: number | null;
  /** A person has closed the case that the line opened. */
  readonly isResolved: boolean;
}

export interface ReconciliationReport {
  readonly days: readonly ReconciliationDay[];
  /** What is neither matched nor waiting, at most as many as asked for. */
  readonly exceptions: readonly ReconciliationItem[];
  readonly exceptionCount: number;
}

/**
 * The payments that money came for on the days from `:from` to `:to`, and perhaps a few more: whoever joins them still
 * compares `paid_at`.
 *
 * Asked of the books, which are summarised by day. Payments have no index by it, because an outcome changes it.
 */
export const PAYMENTS_OF_DAYS = `
  select t.correlation_id from ledger_transactions t
  where t.event_kind in ('payment', 'credit', 'suspense_applied')
    and t.effective_at >= :from::date::timestamp at time zone :timeZone::text
    and t.effective_at < (:to::date + 1)::timestamp at time zone :timeZone::text`;

/**
 * What of a payment or refund belongs to the scope: all of it for the operator, its allocations for an agency.
 * A payment of one agency is its own whole, whatever amount came; of several, each has its share by allocation.
 */
const ITEMS = `
with parts as (
  select p.id as payment_id, coalesce(p.amount_received, p.amount) as received,
         case when :agencyId::integer is null then 1::numeric
              else coalesce((select sum(a.amount) filter (where a.agency_id = :agencyId::integer) / sum(a.amount)
                             from allocations a where a.payment_id = p.id), 0) end as part
  from payments p
  where p.id in (
    select l.payment_id from settlement_lines l join settlement_batches b on b.id = l.batch_id
    where b.day between :from::date and :to::date
    union
    ${PAYMENTS_OF_DAYS}
  )
), reconciled as (
  select gateway, account, day, max(reconciled_at) as statement_at from settlement_batches
  where state = 'reconciled' and day between :from::date and :to::date group by gateway, account, day
), lines as (
  select b.gateway, b.account, b.day, l.kind, l.match_class as class, l.detail,
         l.reference, l.gateway_transaction_id,
         case when l.kind = 'payment' then trunc(s.received * s.part) else r.amount end as ours,
         case when l.kind = 'payment' and s.part is not null then trunc(l.amount * s.part) else l.amount end as theirs,
         l.fee, l.currency, l.entered_by_line, b.file_name, l.line_no, r.id as refund_id, l.id as line_id,
         l.payment_id, coalesce(s.part > 0, r.agency_id = :agencyId::integer, m.agency_id = :agencyId::integer, false) as is_own
  from settlement_batches b
  join merchant_accounts m on m.gateway = b.gateway and m.code = b.account
  join settlement_lines l on l.batch_id = b.id
  left join parts s on s.payment_id = l.payment_id
  left join refunds r on r.id = l.refund_id
  where b.state = 'reconciled' and b.day between :from::date and :to::date
), alone as (
  select p.gateway, p.merchant_account as account, (p.paid_at at time zone :timeZone::text)::date as day, 'payment' as kind,
         p.merchant_reference as reference, p.gateway_transaction_id, trunc(s.received * s.part) as ours,
         coalesce(p.currency_received, p.currency) as currency,
         p.id as payment_id, s.part > 0 as is_own
  from parts s join payments p on p.id = s.payment_id
  where p.state in ('succeeded', 'mismatched', 'resolved', 'disputed')
    and p.paid_at >= :from::date::timestamp at time zone :timeZone::text
    and p.paid_at < (:to::date + 1)::timestamp at time zone :timeZone::text
    and not exists (select 1 from settlement_lines l
                    where l.payment_id = p.id and l.kind = 'payment' and l.match_class in ('matched', 'amount_differs'))
  union all
  select p.gateway, p.merchant_account, (r.resolved_at at time zone :timeZone::text)::date, 'refund',
         r.refund_reference, r.gateway_refund_id, r.amount, r.currency, p.id, r.agency_id = :agencyId::integer
  from refunds r join payments p on p.id = r.payment_id
  where r.state = 'succeeded'
    and r.resolved_at >= :from::date::timestamp at time zone :timeZone::text
    and r.resolved_at < (:to::date + 1)::timestamp at time zone :timeZone::text
    and not exists (select 1 from settlement_lines l
                    where l.refund_id = r.id and l.kind = 'refund' and l.match_class in ('matched', 'amount_differs'))
), items as (
  select l.gateway, l.account, l.day, l.kind, l.class, l.detail, l.reference, l.gateway_transaction_id,
         case when l.class = 'missing_at_us' then null else l.ours end as ours, l.theirs, l.fee, l.currency,
         l.entered_by_line, l.file_name, l.line_no, l.is_own, l.line_id, c.statement_at
  from lines l join reconciled c on c.gateway = l.gateway and c.account = l.account and c.day = l.day
  union all
  select a.gateway, a.account, a.day, a.kind, case when c.day is null then 'awaiting_statement' else 'missing_at_bank' end,
         null, a.reference, a.gateway_transaction_id, a.ours, null, null, a.currency, false, null, null, a.is_own, null, c.statement_at
  from alone a left join reconciled c on c.gateway = a.gateway and c.account = a.account and c.day = a.day
), seen as (
  select * from items where :agencyId::integer is null or is_own
)`;

function bindingsOf(range: ReportRange): Readonly<Record<string, unknown>> {
  return {
    agencyId: range.scope === 'all' ? null : range.scope,
    from: range.from,
    to: range.to,
    timeZone: range.businessTimeZone,
  };
}

interface FigureRow {
  readonly gateway: string;
  readonly account: string;
  readonly day: Day;
  readonly kind: 'payment' | 'refund';
  readonly class: ReportClass;
  readonly currency: Currency;
  readonly statement_at: Date | null;
  readonly count: number;
  readonly ours: string;
  readonly theirs: string;
  readonly fees: string;
  readonly entered: number;
}

/** The report of a range of days. Bounded by its days; the exceptions by `limit`. */
export async function readReconciliation(
  reader: Reader,
  range: ReportRange,
  limit: number,
): Promise<ReconciliationReport> {
  const rows = await query<FigureRow>(
    reader,
    `${ITEMS}
     select gateway, account, day, kind, class, currency, max(statement_at) as statement_at, count(*)::integer as count,
            coalesce(sum(ours), 0)::text as ours, coalesce(sum(theirs), 0)::text as theirs,
            coalesce(sum(fee), 0)::text as fees, count(*) filter (where entered_by_line)::integer as entered
     from seen group by gateway, account, day, kind, class, currency
     order by day, gateway, account, kind, currency`,
    bindingsOf(range),
  );
  const exceptionCount = rows
    .filter((row) => row.class !== 'matched' && row.class !== 'awaiting_statement')
    .reduce((running, row) => running + row.count, 0);
  const exceptions =
    exceptionCount === 0
      ? []
      : await readItems(reader, range, { limit, where: `class not in ('matched', 'awaiting_statement')` });
  return { days: [...groupDays(rows)].map(dayOfRows), exceptions, exceptionCount };
}

/** Every line and payment of the range with its class, oldest day first: what the CSV holds. */
export async function readReconciliationItems(
  reader: Reader,
  range: ReportRange,
  limit: number,
): Promise<readonly ReconciliationItem[]> {
  return readItems(reader, range, { limit, where: 'true' });
}

interface ItemRow {
  readonly gateway: string;
  readonly account: string;
  readonly day: Day;
  readonly kind: 'payment' | 'refund';
  readonly class: ReportClass;
  readonly detail: string | null;
  readonly reference: string | null;
  readonly gateway_transaction_id: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly fee: bigint | null;
  readonly currency: Currency;
  readonly entered_by_line: boolean;
  readonly file_name: string | null;
  readonly line_no: number | null;
  readonly is_resolved: boolean;
}

async function readItems(
  reader: Reader,
  range: ReportRange,
  choice: { readonly limit: number; readonly where: string },
): Promise<ReconciliationItem[]> {
  const rows = await query<ItemRow>(
    reader,
    `${ITEMS}
     select gateway, account, day, kind, class, detail, reference, gateway_transaction_id, ours::text as ours, theirs::text as theirs,
            fee, currency, entered_by_line, file_name, line_no,
            exists (select 1 from cases c where c.subject = 'settlement_line:' || line_id::text and c.resolved_at is not null) as is_resolved
     from seen where ${choice.where}
     order by day, gateway, account, kind, line_no nulls last, reference collate "C"
     limit :limit`,
    { ...bindingsOf(range), limit: choice.limit },
  );
  return rows.map((row) => ({
    gateway: row.gateway,
    account: row.account,
    day: row.day,
    kind: row.kind,
    reportClass: row.class,
    detail: row.detail,
    merchantReference: row.reference,
    gatewayTransactionId: row.gateway_transaction_id,
    ours: row.ours === null ? null : money(BigInt(row.ours), row.currency),
    theirs: row.theirs === null ? null : money(BigInt(row.theirs), row.currency),
    fee: row.fee === null ? null : money(row.fee, row.currency),
    enteredByLine: row.entered_by_line,
    fileName: row.file_name,
    lineNumber: row.line_no,
    isResolved: row.is_resolved,
  }));
}

function groupDays(rows: readonly FigureRow[]): Iterable<readonly FigureRow[]> {
  const groups = new Map<string, FigureRow[]>();
  for (const row of rows) {
    const key = [row.gateway, row.account, row.day, row.kind, row.currency].join('|');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups.values();
}

function dayOfRows(rows: readonly FigureRow[]): ReconciliationDay {
  const [first] = rows;
  if (!first) throw new Error('a day without rows');
  const { currency } = first;
  const amount = (minor: bigint): Money => money(minor, currency);
  const figure = (name: ReportClass): ClassFigure => {
    const row = rows.find((candidate) => candidate.class === name);
    return {
      count: row?.count ?? 0,
      ours: amount(BigInt(row?.ours ?? 0)),
      theirs: amount(BigInt(row?.theirs ?? 0)),
    };
  };
  const classes = {
    matched: figure('matched'),
    missing_at_us: figure('missing_at_us'),
    missing_at_bank: figure('missing_at_bank'),
    amount_differs: figure('amount_differs'),
    awaiting_statement: figure('awaiting_statement'),
  };
  const compared = [classes.matched, classes.missing_at_us, classes.missing_at_bank, classes.amount_differs];
  const ours = compared.reduce((running, each) => running + each.ours.amountMinor, 0n);
  const theirs = compared.reduce((running, each) => running + each.theirs.amountMinor, 0n);
  const { amount_differs: differs } = classes;
  return {
    gateway: first.gateway,
    account: first.account,
    day: first.day,
    kind: first.kind,
    statementAt: rows.find(({ statement_at: at }) => at !== null)?.statement_at ?? null,
    classes,
    enteredByLine: rows.reduce((running, row) => running + row.entered, 0),
    fees: amount(rows.reduce((running, row) => running + BigInt(row.fees), 0n)),
    bridge: {
      ours: amount(ours),
      missingAtBank: amount(-classes.missing_at_bank.ours.amountMinor),
      amountDiffers: amount(differs.theirs.amountMinor - differs.ours.amountMinor),
      missingAtUs: amount(classes.missing_at_us.theirs.amountMinor),
      theirs: amount(theirs),
    },
  };
}
