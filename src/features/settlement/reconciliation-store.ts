/** SQL of reconciling: the lines still to match, what they may match, and what became of them. */
import type { AgencyId, BatchId, CaseId, LineId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { LineMatch, SettlementRecord } from '../../domain/settlement/matching.ts';
import type { BookShare } from '../../domain/settlement/settlement-posting.ts';
import type { SettlementLine } from '../../domain/settlement/settlement.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { LeasedBatch } from './settlement-store.ts';

export interface StoredLine extends SettlementLine {
  readonly id: LineId;
  /** The beginning of the settled day in the business time zone. */
  readonly settledAt: Date;
}

/** The next lines of a batch that have no class yet, in line order. */
export async function readLinesToMatch(
  reader: Reader,
  batchId: BatchId,
  page: { readonly limit: number; readonly timeZone: string },
): Promise<StoredLine[]> {
  const rows = await query<{
    id: LineId;
    line_no: number;
    kind: 'payment' | 'refund';
    gateway_transaction_id: string;
    reference: string;
    amount: bigint;
    fee: bigint;
    currency: Currency;
    occurred_at: Date;
    settled_on: Day;
    settled_at: Date;
  }>(
    reader,
    `select id, line_no, kind, gateway_transaction_id, reference, amount, fee, currency, occurred_at, settled_on,
            settled_on::timestamp at time zone :timeZone::text as settled_at
     from settlement_lines where batch_id = :batchId and match_class is null
     order by line_no limit :limit`,
    { batchId, limit: page.limit, timeZone: page.timeZone },
  );
  return rows.map((row) => ({
    id: row.id,
    lineNumber: row.line_no,
    kind: row.kind,
    gatewayTransactionId: row.gateway_transaction_id,
    reference: row.reference,
    amount: money(row.amount, row.currency),
    fee: money(row.fee, row.currency),
    occurredAt: row.occurred_at,
    settledOn: row.settled_on,
    settledAt: row.settled_at,
  }));
}

/** A record with the book a case about it belongs to; agency 0 when it has several. */
export interface KnownRecord extends SettlementRecord {
  readonly agencyId: AgencyId;
}

interface RecordRow {
  readonly kind: 'payment' | 'refund';
  readonly id: string;
  readonly reference: string;
  readonly gateway_transaction_id: string | null;
  readonly amount: bigint;
  readonly currency: Currency;
  readonly is_known_moved: boolean;
  readonly is_claimed: boolean;
  readonly agency_id: AgencyId;
}

/** Whatever of ours the lines may mean: by the gateway's number first, by our reference as well. */
export async function readRecords(
  reader: Reader,
  batch: LeasedBatch,
  lines: readonly StoredLine[],
): Promise<KnownRecord[]> {
  const rows = await query<RecordRow>(
    reader,
    `with found as (
       select g.payment_id as id from gateway_transactions g
       where g.gateway = :gateway and g.merchant_account = :account and g.gateway_transaction_id = any (:transactions::text[])
       union
       select p.id from payments p
       where p.gateway = :gateway and p.merchant_account = :account and p.merchant_reference = any (:references::text[])
     )
     select 'payment' as kind, p.id::text as id, p.merchant_reference as reference, p.gateway_transaction_id,
            coalesce(p.amount_received, p.amount) as amount,
            coalesce(p.currency_received, p.currency) as currency,
            p.state in ('succeeded', 'mismatched', 'resolved', 'disputed') as is_known_moved,
            exists (select 1 from settlement_lines c
                    where c.payment_id = p.id and c.kind = 'payment' and c.match_class = 'matched') as is_claimed,
            coalesce((select min(a.agency_id) from allocations a where a.payment_id = p.id
                      having count(distinct a.agency_id) = 1), 0) as agency_id
     from found f join payments p on p.id = f.id
     union all
     select 'refund', r.id::text, r.refund_reference, null, r.amount, r.currency, r.state = 'succeeded',
            exists (select 1 from settlement_lines c
                    where c.refund_id = r.id and c.kind = 'refund' and c.match_class = 'matched'),
            r.agency_id
     from refunds r join payments p on p.id = r.payment_id
     where p.gateway = :gateway and p.merchant_account = :account and r.refund_reference = any (:references::text[])`,
    {
      gateway: batch.gateway,
      account: batch.account,
      transactions: lines.map(({ gatewayTransactionId }) => gatewayTransactionId),
      references: lines.map(({ reference }) => reference),
    },
  );
  return rows.map((row) => ({
    kind: row.kind,
    id: row.id,
    reference: row.reference,
    gatewayTransactionId: row.gateway_transaction_id,
    amount: money(row.amount, row.currency),
    isKnownMoved: row.is_known_moved,
    isClaimed: row.is_claimed,
    agencyId: row.agency_id,
  }));
}

/** What each book holds of each payment at the gateway: the debits of 1100 that the payment posted. */
export async function readCaptureShares(
  reader: Reader,
  paymentIds: readonly string[],
): Promise<Map<string, BookShare[]>> {
  const rows = await query<{ payment_id: string; agency_id: AgencyId; amount: string; currency: Currency }>(
    reader,
    `with books as (
       select a.payment_id, a.agency_id from allocations a where a.payment_id = any (:paymentIds::uuid[])
       union
       select p.id, 0 from unnest(:paymentIds::uuid[]) as p(id)
     )
     select b.payment_id::text as payment_id, b.agency_id, sum(f.amount)::text as amount, f.currency
     from books b
     join ledger_transactions t on t.agency_id = b.agency_id and t.event_kind = 'payment' and t.event_ref = b.payment_id::text
     join ledger_transfers f on f.agency_id = t.agency_id and f.transaction_id = t.id
     join ledger_accounts c on c.agency_id = f.agency_id and c.id = f.debit_account_id and c.code = 1100
     group by b.payment_id, b.agency_id, f.currency
     order by b.payment_id, b.agency_id`,
    { paymentIds },
  );
  const shares = new Map<string, BookShare[]>();
  for (const row of rows) {
    const share = { agencyId: row.agency_id, amount: money(BigInt(row.amount), row.currency) };
    shares.set(row.payment_id, [...(shares.get(row.payment_id) ?? []), share]);
  }
  return shares;
}

/** The first open day of an agency's books that is not before a day. Faults when it has none. */
export async function findOpenDay(reader: Reader, agencyId: AgencyId, from: Day): Promise<Day> {
  const [row] = await query<{ day: Day | null }>(
    reader,
    'select min(day) as day from business_days where agency_id = :agencyId and day >= :from and closed_at is null',
    { agencyId, from },
  );
  if (!row?.day) throw new Error(`agency ${String(agencyId)} has no open business day from ${from} on`);
  return row.day;
}

export interface LineResult {
  readonly line: StoredLine;
  readonly match: LineMatch;
  readonly enteredByLine: boolean;
  readonly isPosted: boolean;
}

/** Writes what became of lines. A record that another line has claimed meanwhile fails on its unique key. */
export async function saveLineResults(
  tx: Tx,
  batchId: BatchId,
  results: readonly LineResult[],
): Promise<void> {
  await query(
    tx,
    `update settlement_lines l
     set match_class = r.match_class, detail = r.detail, payment_id = r.payment_id, refund_id = r.refund_id,
         entered_by_line = r.entered_by_line, posted_at = case when r.is_posted then clock_timestamp() end
     from jsonb_to_recordset(:results::jsonb) as r(line_no integer, match_class text, detail text, payment_id uuid, refund_id uuid,
       entered_by_line boolean, is_posted boolean)
     where l.batch_id = :batchId and l.line_no = r.line_no and l.match_class is null`,
    {
      batchId,
      results: JSON.stringify(
        results.map(({ line, match, enteredByLine, isPosted }) => ({
          line_no: line.lineNumber,
          match_class: match.matchClass,
          detail: match.detail,
          payment_id: match.record?.kind === 'payment' ? match.record.id : null,
          refund_id: match.record?.kind === 'refund' ? match.record.id : null,
          entered_by_line: enteredByLine,
          is_posted: isPosted,
        })),
      ),
    },
  );
}

export interface NewCase {
  readonly agencyId: AgencyId;
  readonly id: CaseId;
  readonly kind: 'unidentified_money' | 'amount_differs';
  readonly subject: string;
  readonly paymentId: string | null;
  readonly detail: Readonly<Record<string, string | number>>;
  readonly openedAt: Date;
}

/** Opens cases; one that is already open for its subject stays as it is. */
export async function openCases(tx: Tx, cases: readonly NewCase[]): Promise<void> {
  if (cases.length === 0) return;
  await query(
    tx,
    `insert into cases (agency_id, id, kind, subject, payment_id, detail, opened_at)
     select c.agency_id, c.id, c.kind, c.subject, c.payment_id, c.detail, c.opened_at
     from jsonb_to_recordset(:cases::jsonb) as c(agency_id integer, id uuid, kind text, subject text, payment_id uuid, detail jsonb,
       opened_at timestamptz)
     on conflict (agency_id, kind, subject) do nothing`,
    {
      cases: JSON.stringify(
        cases.map((opened) => ({
          agency_id: opened.agencyId,
          id: opened.id,
          kind: opened.kind,
          subject: opened.subject,
          payment_id: opened.paymentId,
          detail: opened.detail,
          opened_at: opened.openedAt.toISOString(),
        })),
      ),
    },
  );
}
