/** SQL of the seal: the watermark, the blocks, their running totals, and the balances rolled up with them. */
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';

/** A moment of the server: every transaction below `horizonXid` is over, whoever writes after `at` has at least `nextXid`. */
export interface Watermark {
  readonly at: Date;
  readonly horizonXid: bigint;
  readonly nextXid: bigint;
}

/** How far the chain reaches. xids are 64-bit and never wrap. */
export interface Progress {
  readonly sealedToXid: bigint;
  readonly sealedThrough: Date;
  readonly lastSequence: bigint;
  readonly markXid: bigint;
  readonly markAt: Date;
}

/**
 * Reads the watermark in two transactions of its own, which are over before anything is sealed.
 *
 * The first takes an xid: whoever gets a higher one does so after `at`. (A snapshot's xmax would not do, for it
 * is the end of what has completed, and an open transaction may already hold it.) The second sees the horizon.
 */
export async function readWatermark(db: Database): Promise<Watermark> {
  const [mark] = await query<{ at: Date; xid: string }>(
    db,
    `select date_trunc('milliseconds', now()) as at, current_xid()::text as xid`,
  );
  const [seen] = await query<{ horizon: string }>(db, 'select xid_horizon()::text as horizon');
  if (!mark || !seen) throw new Error('The database did not tell its snapshot.');
  return { at: mark.at, horizonXid: BigInt(seen.horizon), nextXid: BigInt(mark.xid) + 1n };
}

interface ProgressRow {
  readonly sealed_to_xid: string;
  readonly sealed_through: Date;
  readonly last_sequence: bigint;
  readonly mark_xid: string;
  readonly mark_at: Date;
}

const PROGRESS_COLUMNS = 'sealed_to_xid::text, sealed_through, last_sequence, mark_xid::text, mark_at';

function progressOf(row: ProgressRow): Progress {
  return {
    sealedToXid: BigInt(row.sealed_to_xid),
    sealedThrough: row.sealed_through,
    lastSequence: row.last_sequence,
    markXid: BigInt(row.mark_xid),
    markAt: row.mark_at,
  };
}

export async function readProgress(reader: Reader): Promise<Progress> {
  const [row] = await query<ProgressRow>(reader, `select ${PROGRESS_COLUMNS} from ledger_progress`);
  if (!row) throw new Error('ledger_progress has no row: the migrations of the ledger have not run.');
  return progressOf(row);
}

/** Takes the one right to seal, or null when another worker holds it. */
export async function lockProgress(tx: Tx): Promise<Progress | null> {
  const [row] = await query<ProgressRow>(
    tx,
    `select ${PROGRESS_COLUMNS} from ledger_progress for update skip locked`,
  );
  return row ? progressOf(row) : null;
}

export async function saveProgress(tx: Tx, progress: Progress): Promise<void> {
  await query(
    tx,
    `update ledger_progress
     set sealed_to_xid = :sealedToXid::text::xid8, sealed_through = :sealedThrough, last_sequence = :lastSequence,
         mark_xid = :markXid::text::xid8, mark_at = :markAt`,
    {
      sealedToXid: progress.sealedToXid.toString(),
      sealedThrough: progress.sealedThrough,
      lastSequence: progress.lastSequence,
      markXid: progress.markXid.toString(),
      markAt: progress.markAt,
    },
  );
}

/**
 * The upper xid of the next block: the horizon, or less when more than `limit` transactions wait.
 *
 * A database transaction is never split, so a block may hold more than `limit` when one transaction posted more.
 */
export async function chooseBlockEnd(
  tx: Tx,
  range: { readonly fromXid: bigint; readonly horizonXid: bigint; readonly limit: number },
): Promise<bigint> {
  const [row] = await query<{ xid: string }>(
    tx,
    `select t.xid::text as xid from ledger_transactions t
     where t.xid >= :fromXid::text::xid8 and t.xid < :horizonXid::text::xid8
     order by t.xid offset :offset limit 1`,
    {
      fromXid: range.fromXid.toString(),
      horizonXid: range.horizonXid.toString(),
      offset: range.limit - 1,
    },
  );
  return row ? BigInt(row.xid) + 1n : range.horizonXid;
}

/**
 * Seals the transactions of an xid range as one block: leaves, running totals, hash, and the balances of the
 * accounts it touches. Returns how many transactions it holds; 0 means that there was nothing and no block.
 *
 * Running totals continue from the last sealed ones, never from ledger_balances: a damaged balance cannot
 * enter the chain, and is put right as soon as its account is touched. `verify-ledger` computes the same
 * hashes again in its own words (seal-hash.ts).
 */
export async function insertBlock(
  tx: Tx,
  block: { readonly sequence: bigint; readonly toXid: bigint; readonly sealedThrough: Date },
): Promise<number> {
  const [row] = await query<{ row_count: number }>(tx, INSERT_BLOCK, {
    sequence: block.sequence,
    toXid: block.toXid.toString(),
    sealedThrough: block.sealedThrough,
  });
  return row?.row_count ?? 0;
}

const INSERT_BLOCK = `
with previous as materialized (
  select coalesce(max(s.to_xid::text), '0')::xid8 as to_xid, coalesce(max(encode(s.hash, 'hex')), repeat('00', 32)) as hash,
         coalesce(max(s.sealed_at), '1970-01-01T00:00:00Z') as sealed_at
  from ledger_seals s where s.sequence = :sequence - 1
), headers as materialized (
  select t.agency_id, t.id, t.event_kind, t.event_ref, t.request_hash, t.correlation_id, t.effective_at, t.booked_at,
         t.business_date, t.reverses_id, t.actor, t.xid
  from ledger_transactions t
  where t.xid >= (select to_xid from previous) and t.xid < :toXid::text::xid8
), transfers as materialized (
  select f.agency_id, f.transaction_id, f.leg, f.currency, f.debit_account_id, f.credit_account_id, f.amount
  from headers h join ledger_transfers f on f.agency_id = h.agency_id and f.transaction_id = h.id
), legs as (
  select f.agency_id, f.transaction_id, count(*) as leg_count,
         string_agg(seal_field(f.leg::text) || seal_field(f.currency::text) || seal_field(f.debit_account_id::text)
           || seal_field(f.credit_account_id::text) || seal_field(f.amount::text), ''::bytea order by f.leg) as bytes
  from transfers f group by f.agency_id, f.transaction_id
), leaves as (
  select h.xid, h.agency_id, h.id, sha256(
    seal_field(h.agency_id::text) || seal_field(h.id::text) || seal_field(h.event_kind) || seal_field(h.event_ref)
    || seal_field(encode(h.request_hash, 'hex')) || seal_field(h.correlation_id::text)
    || seal_field(seal_instant(h.effective_at)) || seal_field(seal_instant(h.booked_at))
    || seal_field(to_char(h.business_date, 'YYYY-MM-DD')) || seal_field(h.reverses_id::text) || seal_field(h.actor)
    || seal_field(h.xid::text) || seal_field(coalesce(l.leg_count, 0)::text) || coalesce(l.bytes, ''::bytea)) as leaf
  from headers h left join legs l on l.agency_id = h.agency_id and l.transaction_id = h.id
), movements as (
  select e.agency_id, e.account_id, sum(e.debit) as debits, sum(e.credit) as credits
  from (
    select f.agency_id, f.debit_account_id as account_id, f.amount as debit, 0 as credit from transfers f
    union all
    select f.agency_id, f.credit_account_id, 0, f.amount from transfers f
  ) e group by e.agency_id, e.account_id
), totals as materialized (
  select m.agency_id, m.account_id, a.currency, a.code, a.sub_key,
         coalesce(p.debits, 0) + m.debits as debits, coalesce(p.credits, 0) + m.credits as credits
  from movements m
  join ledger_accounts a on a.agency_id = m.agency_id and a.id = m.account_id
  left join lateral (
    select t.debits, t.credits from ledger_seal_totals t
    where t.agency_id = m.agency_id and t.account_id = m.account_id order by t.sequence desc limit 1
  ) p on true
), sums as (
  select coalesce(sha256(string_agg(
    seal_field(t.agency_id::text) || seal_field(t.account_id::text) || seal_field(t.currency::text) || seal_field(t.code::text)
    || seal_field(t.sub_key) || seal_field(t.debits::text) || seal_field(t.credits::text),
    ''::bytea order by t.agency_id, t.account_id)), sha256(''::bytea)) as totals_hash
  from totals t
), contents as (
  select count(*)::integer as row_count, string_agg(l.leaf, ''::bytea order by l.xid, l.agency_id, l.id) as leaf_hashes
  from leaves l
), moment as (
  -- Later than the last block and than everything promised as sealed, so that a moment once answered stays answered.
  select date_trunc('milliseconds', greatest(clock_timestamp(), p.sealed_at, :sealedThrough::timestamptz, g.sealed_through)
           + interval '1 millisecond') as sealed_at,
         p.to_xid as from_xid, decode(p.hash, 'hex') as previous_hash
  from previous p, ledger_progress g
), sealed as (
  insert into ledger_seals (sequence, from_xid, to_xid, row_count, leaf_hashes, totals_hash, previous_hash, hash, sealed_through, sealed_at)
  select :sequence, m.from_xid, :toXid::text::xid8, c.row_count, c.leaf_hashes, s.totals_hash, m.previous_hash,
         sha256(seal_field((:sequence)::text) || seal_field(m.from_xid::text) || seal_field(:toXid::text)
           || seal_field(c.row_count::text) || seal_field(seal_instant(:sealedThrough::timestamptz))
           || seal_field(seal_instant(m.sealed_at)) || c.leaf_hashes || s.totals_hash || m.previous_hash),
         :sealedThrough::timestamptz, m.sealed_at
  from contents c, sums s, moment m
  where c.row_count > 0
  returning row_count
), kept as (
  insert into ledger_seal_totals (agency_id, account_id, sequence, debits, credits)
  select t.agency_id, t.account_id, :sequence, t.debits, t.credits from totals t
), rolled as (
  insert into ledger_balances (agency_id, account_id, debits, credits)
  select t.agency_id, t.account_id, t.debits, t.credits from totals t order by t.agency_id, t.account_id
  on conflict (agency_id, account_id) do update set debits = excluded.debits, credits = excluded.credits
)
select row_count from sealed`;

/** Seconds since the oldest unsealed transaction was booked; 0 when all are sealed. */
export async function readSealLagSeconds(reader: Reader): Promise<number> {
  const [row] = await query<{ lag: number }>(
    reader,
    `select greatest(0, extract(epoch from clock_timestamp() - t.booked_at))::float8 as lag
     from ledger_transactions t
     where t.xid >= (select sealed_to_xid from ledger_progress) order by t.xid limit 1`,
  );
  return row?.lag ?? 0;
}

/** Whether the rows were written in this cluster: after a logical restore their xids may lie in its future. */
export async function storedXidsBelongToCluster(reader: Reader): Promise<boolean> {
  const [row] = await query<{ fits: boolean }>(
    reader,
    `select greatest(
       (select sealed_to_xid::text::numeric from ledger_progress),
       (select t.xid::text::numeric from ledger_transactions t order by t.xid desc limit 1)
     ) <= xid_in_era(pg_snapshot_xmax(pg_current_snapshot()))::text::numeric as fits`,
  );
  return row?.fits ?? false;
}

/** Empties the balances and makes them again from the transfers below the seal. Returns how many there are. */
export async function recomputeBalances(tx: Tx): Promise<number> {
  await query(tx, 'delete from ledger_balances');
  const rows = await query<{ account_id: string }>(
    tx,
    `insert into ledger_balances (agency_id, account_id, debits, credits)
     select e.agency_id, e.account_id, sum(e.debit), sum(e.credit)
     from ledger_entries e
     join ledger_transactions t on t.agency_id = e.agency_id and t.id = e.transaction_id
     where t.xid < (select sealed_to_xid from ledger_progress)
     group by e.agency_id, e.account_id
     returning account_id`,
  );
  return rows.length;
}

/** The newest block, or null while there is none. */
export async function findNewestHead(
  reader: Reader,
): Promise<{ readonly sequence: bigint; readonly hash: string; readonly sealedAt: Date } | null> {
  const [row] = await query<{ sequence: bigint; hash: string; sealed_at: Date }>(
    reader,
    `select sequence, encode(hash, 'hex') as hash, sealed_at from ledger_seals order by sequence desc limit 1`,
  );
  return row ? { sequence: row.sequence, hash: row.hash, sealedAt: row.sealed_at } : null;
}
