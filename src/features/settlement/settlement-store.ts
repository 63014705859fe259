/** SQL of settlement batches: taken once by content, loaded unseen, published whole, leased while reconciled. */
import type { AgencyId, BatchId, LineId } from '../../domain/kernel/ids.ts';
import type { Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { SettlementLine } from '../../domain/settlement/settlement.ts';
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';

export type BatchState = 'loading' | 'imported' | 'reconciled';

export interface NewBatch {
  readonly id: BatchId;
  readonly gateway: string;
  readonly account: string;
  readonly fileName: string;
  /** SHA-256 of the file's bytes. */
  readonly digest: Buffer;
  readonly day: Day;
  readonly lineCount: number;
  readonly totalGross: bigint;
  readonly totalFee: bigint;
  readonly totalNet: bigint;
  readonly currency: Currency;
  readonly importedBy: string;
  readonly importedAt: Date;
}

export interface StoredBatch extends Omit<NewBatch, 'digest'> {
  readonly state: BatchState;
  readonly reconciledAt: Date | null;
  /** How many lines each class has so far. */
  readonly classes: Readonly<Record<string, number>>;
}

export async function merchantAccountExists(
  reader: Reader,
  gateway: string,
  account: string,
): Promise<boolean> {
  const rows = await query(
    reader,
    'select 1 as found from merchant_accounts where gateway = :gateway and code = :account',
    { gateway, account },
  );
  return rows.length === 1;
}

/**
 * Takes the right to load a file: a new batch, or one whose loading was interrupted. Null when the content is
 * already imported or being loaded by somebody alive.
 */
export async function takeBatch(tx: Tx, batch: NewBatch): Promise<BatchId | null> {
  const [row] = await query<{ id: BatchId }>(
    tx,
    `insert into settlement_batches (id, gateway, account, file_name, digest, day, state, line_count, total_gross, total_fee,
       total_net, currency, imported_by, imported_at, leased_until)
     values (:id, :gateway, :account, :fileName, :digest, :day, 'loading', :lineCount, :totalGross, :totalFee,
       :totalNet, :currency, :importedBy, :importedAt, clock_timestamp() + interval '1 minute')
     on conflict (digest) do update set leased_until = excluded.leased_until
       where settlement_batches.state = 'loading' and settlement_batches.leased_until < clock_timestamp()
     returning id`,
    { ...batch },
  );
  return row?.id ?? null;
}

export async function findBatchByDigest(
  reader: Reader,
  digest: Buffer,
): Promise<{
  readonly id: BatchId;
  readonly fileName: string;
  readonly importedAt: Date;
  readonly state: BatchState;
} | null> {
  const [row] = await query<{ id: BatchId; file_name: string; imported_at: Date; state: BatchState }>(
    reader,
    'select id, file_name, imported_at, state from settlement_batches where digest = :digest',
    { digest },
  );
  return row ? { id: row.id, fileName: row.file_name, importedAt: row.imported_at, state: row.state } : null;
}

export async function countLoadedLines(reader: Reader, id: BatchId): Promise<number> {
  const [row] = await query<{ loaded: number }>(
    reader,
    'select count(*)::integer as loaded from settlement_lines where batch_id = :id',
    { id },
  );
  return row?.loaded ?? 0;
}

/** Inserts lines and renews the lease of the loading. */
export async function insertLines(
  tx: Tx,
  batchId: BatchId,
  lines: readonly (SettlementLine & { readonly id: LineId })[],
): Promise<void> {
  await query(
    tx,
    `with renewed as (
       update settlement_batches set leased_until = clock_timestamp() + interval '1 minute' where id = :batchId
     )
     insert into settlement_lines (batch_id, line_no, id, kind, gateway_transaction_id, reference, amount, fee, currency, occurred_at, settled_on)
     select :batchId, l.line_no, l.id, l.kind, l.gateway_transaction_id, l.reference, l.amount, l.fee, l.currency, l.occurred_at, l.settled_on
     from jsonb_to_recordset(:lines::jsonb) as l(line_no integer, id uuid, kind text, gateway_transaction_id text, reference text,
       amount bigint, fee bigint, currency text, occurred_at timestamptz, settled_on date)`,
    {
      batchId,
      lines: JSON.stringify(
        lines.map((line) => ({
          line_no: line.lineNumber,
          id: line.id,
          kind: line.kind,
          gateway_transaction_id: line.gatewayTransactionId,
          reference: line.reference,
          amount: line.amount.amountMinor.toString(),
          fee: line.fee.amountMinor.toString(),
          currency: line.amount.currency,
          occurred_at: line.occurredAt.toISOString(),
          settled_on: line.settledOn,
        })),
      ),
    },
  );
}

/** Ends the lease of a loading that failed. */
export async function giveUpLoading(db: Database, id: BatchId): Promise<void> {
  await query(
    db,
    `update settlement_batches set leased_until = clock_timestamp() where id = :id and state = 'loading'`,
    { id },
  );
}

export async function publishBatch(tx: Tx, id: BatchId): Promise<void> {
  await query(
    tx,
    `update settlement_batches set state = 'imported', leased_until = null where id = :id and state = 'loading'`,
    { id },
  );
}

/** So many lines go in one statement at most: a file of a million would outlast the statement's time. */
const REMOVED_LINES = 100_000;

/**
 * Removes files whose loading was given up an hour ago, with their lines, so that nothing half is kept; large ones bit
 * by bit, from their end, since an import that is taken up again goes on behind the lines there are.
 */
export async function dropAbandonedImports(tx: Tx, atMost = REMOVED_LINES): Promise<void> {
  await query(
    tx,
    `with abandoned as (
       select id from settlement_batches
       where state = 'loading' and leased_until < clock_timestamp() - interval '1 hour' limit 1 for update skip locked
     )
     delete from settlement_lines l using abandoned a
     where l.batch_id = a.id
       and l.line_no > (select max(line_no) - :atMost::integer from settlement_lines where batch_id = a.id)`,
    { atMost },
  );
  await query(
    tx,
    `delete from settlement_batches b
     where b.state = 'loading' and b.leased_until < clock_timestamp() - interval '1 hour'
       and not exists (select 1 from settlement_lines l where l.batch_id = b.id)`,
  );
}

/** A batch to reconcile, with who owns its account and who bears its fees. */
export interface LeasedBatch {
  readonly id: BatchId;
  readonly gateway: string;
  readonly account: string;
  readonly fileName: string;
  readonly owner: AgencyId;
  readonly feeBearer: 'platform' | 'agency';
}

/** Leases the oldest imported batch that nobody works on, for a minute; null when there is none. */
export async function leaseImportedBatch(db: Database): Promise<LeasedBatch | null> {
  const [row] = await query<{
    id: BatchId;
    gateway: string;
    account: string;
    file_name: string;
    owner: AgencyId;
    fee_bearer: 'platform' | 'agency';
  }>(
    db,
    `update settlement_batches b set leased_until = clock_timestamp() + interval '1 minute'
     from merchant_accounts m
     where m.gateway = b.gateway and m.code = b.account and b.id = (
       select id from settlement_batches
       where state = 'imported' and (leased_until is null or leased_until < clock_timestamp())
       order by imported_at limit 1 for update skip locked
     )
     returning b.id, b.gateway, b.account, b.file_name, coalesce(m.agency_id, 0) as owner, m.fee_bearer`,
  );
  return row
    ? {
        id: row.id,
        gateway: row.gateway,
        account: row.account,
        fileName: row.file_name,
        owner: row.owner,
        feeBearer: row.fee_bearer,
      }
    : null;
}

export async function renewLease(db: Database, id: BatchId): Promise<void> {
  await query(
    db,
    `update settlement_batches set leased_until = clock_timestamp() + interval '1 minute' where id = :id`,
    { id },
  );
}

export async function finishBatch(db: Database, id: BatchId, now: Date): Promise<void> {
  await query(
    db,
    `update settlement_batches set state = 'reconciled', reconciled_at = :now, leased_until = null
     where id = :id and state = 'imported'
       and not exists (select 1 from settlement_lines l where l.batch_id = :id and l.match_class is null)`,
    { id, now },
  );
}

/** Gives a batch back after a fault: it is tried again after half a minute. */
export async function postponeBatch(db: Database, id: BatchId): Promise<void> {
  await query(
    db,
    `update settlement_batches set leased_until = clock_timestamp() + interval '30 seconds' where id = :id`,
    { id },
  );
}

interface BatchRow {
  readonly id: BatchId;
  readonly gateway: string;
  readonly account: string;
  readonly file_name: string;
  readonly day: Day;
  readonly state: BatchState;
  readonly line_count: number;
  readonly total_gross: bigint;
  readonly total_fee: bigint;
  readonly total_net: bigint;
  readonly currency: Currency;
  readonly imported_by: string;
  readonly imported_at: Date;
  readonly reconciled_at: Date | null;
  readonly classes: Record<string, number>;
}

/** A published batch, or null; one that is still loading is not there. */
export async function findBatch(reader: Reader, id: BatchId): Promise<StoredBatch | null> {
  const [row] = await query<BatchRow>(
    reader,
    `select b.id, b.gateway, b.account, b.file_name, b.day, b.state, b.line_count, b.total_gross, b.total_fee, b.total_net,
            b.currency, b.imported_by, b.imported_at, b.reconciled_at, coalesce(c.classes, '{}') as classes
     from settlement_batches b
     left join lateral (
       select jsonb_object_agg(g.match_class, g.lines) as classes
       from (select match_class, count(*) as lines from settlement_lines
             where batch_id = b.id and match_class is not null group by match_class) g
     ) c on true
     where b.id = :id and b.state <> 'loading'`,
    { id },
  );
  if (!row) return null;
  return {
    id: row.id,
    gateway: row.gateway,
    account: row.account,
    fileName: row.file_name,
    day: row.day,
    state: row.state,
    lineCount: row.line_count,
    totalGross: row.total_gross,
    totalFee: row.total_fee,
    totalNet: row.total_net,
    currency: row.currency,
    importedBy: row.imported_by,
    importedAt: row.imported_at,
    reconciledAt: row.reconciled_at,
    classes: row.classes,
  };
}
