/** SQL of the verification: reads blocks, transactions and totals as plain text, so that nothing is left to the server to hash. */
import { query, type Reader } from '../../platform/database.ts';
import type { SealedBlock, SealedLeg, SealedTotal, SealedTransaction } from './seal-hash.ts';

export interface StoredBlock extends SealedBlock {
  readonly hash: Buffer;
}

const MICROSECONDS = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint::text`;

/** The blocks after a sequence, in order. */
export async function readBlocks(reader: Reader, after: bigint, limit: number): Promise<StoredBlock[]> {
  return query<StoredBlock>(
    reader,
    `select s.sequence::text as sequence, from_xid::text as "fromXid", to_xid::text as "toXid", row_count::text as "rowCount",
            ${MICROSECONDS('sealed_through')} as "sealedThrough", ${MICROSECONDS('sealed_at')} as "sealedAt",
            leaf_hashes as "leafHashes", totals_hash as "totalsHash", previous_hash as "previousHash", hash
     from ledger_seals s where s.sequence > :after order by s.sequence limit :limit`,
    { after, limit },
  );
}

interface TransactionRow extends Omit<SealedTransaction, 'legs'> {
  readonly legs: readonly (readonly [string, string, string, string, string])[] | null;
}

/** The transactions of an xid range in the order of their leaves, each with its transfers in leg order. */
export async function readTransactions(
  reader: Reader,
  range: { readonly fromXid: string; readonly toXid: string },
): Promise<SealedTransaction[]> {
  const rows = await query<TransactionRow>(
    reader,
    `select t.agency_id::text as "agencyId", t.id::text as id, t.event_kind as "eventKind", t.event_ref as "eventRef",
            encode(t.request_hash, 'hex') as "requestHash", t.correlation_id::text as "correlationId",
            ${MICROSECONDS('t.effective_at')} as "effectiveAt", ${MICROSECONDS('t.booked_at')} as "bookedAt",
            to_char(t.business_date, 'YYYY-MM-DD') as "businessDate", t.reverses_id::text as "reversesId", t.actor,
            t.xid::text as xid, l.legs
     from ledger_transactions t
     left join lateral (
       select json_agg(json_build_array(f.leg::text, f.currency::text, f.debit_account_id::text, f.credit_account_id::text,
                                        f.amount::text) order by f.leg) as legs
       from ledger_transfers f where f.agency_id = t.agency_id and f.transaction_id = t.id
     ) l on true
     where t.xid >= :fromXid::text::xid8 and t.xid < :toXid::text::xid8
     order by t.xid, t.agency_id, t.id`,
    range,
  );
  return rows.map((row) => ({ ...row, legs: (row.legs ?? []).map(legOf) }));
}

function legOf([leg, currency, debitAccountId, creditAccountId, amount]: readonly [
  string,
  string,
  string,
  string,
  string,
]): SealedLeg {
  return { leg, currency, debitAccountId, creditAccountId, amount };
}

/** The totals that blocks left behind, with what their accounts are now, in the order they are hashed. */
export async function readTotals(
  reader: Reader,
  range: { readonly first: string; readonly last: string },
): Promise<(SealedTotal & { readonly sequence: string })[]> {
  return query<SealedTotal & { readonly sequence: string }>(
    reader,
    `select t.sequence::text as sequence, t.agency_id::text as "agencyId", t.account_id::text as "accountId",
            a.currency::text as currency, a.code::text as code, a.sub_key as "subKey",
            t.debits::text as debits, t.credits::text as credits
     from ledger_seal_totals t join ledger_accounts a on a.agency_id = t.agency_id and a.id = t.account_id
     where t.sequence between :first::text::bigint and :last::text::bigint
     order by t.sequence, t.agency_id, t.account_id`,
    range,
  );
}

/** Transactions that count as sealed but lie above the last block: nothing has sealed them. */
export async function findUnsealedBelowProgress(reader: Reader, lastToXid: string): Promise<string | null> {
  const [row] = await query<{ id: string }>(
    reader,
    `select t.id::text as id from ledger_transactions t
     where t.xid >= :lastToXid::text::xid8 and t.xid < (select sealed_to_xid from ledger_progress)
     order by t.xid limit 1`,
    { lastToXid },
  );
  return row?.id ?? null;
}

export async function findTransactionWithoutTransfers(reader: Reader): Promise<string | null> {
  const [row] = await query<{ id: string }>(
    reader,
    `select t.id::text as id from ledger_transactions t
     where not exists (select 1 from ledger_transfers f where f.agency_id = t.agency_id and f.transaction_id = t.id)
     order by t.xid limit 1`,
  );
  return row?.id ?? null;
}

export async function findTransferWithoutTransaction(reader: Reader): Promise<string | null> {
  const [row] = await query<{ id: string }>(
    reader,
    `select f.transaction_id::text as id from ledger_transfers f
     where not exists (select 1 from ledger_transactions t where t.agency_id = f.agency_id and t.id = f.transaction_id)
     limit 1`,
  );
  return row?.id ?? null;
}

/** An account whose balance is not what the newest block says, or null. */
export async function findDriftingBalance(reader: Reader): Promise<string | null> {
  const [row] = await query<{ account_id: string }>(
    reader,
    `select coalesce(b.account_id, s.account_id)::text as account_id
     from ledger_balances b
     full join (
       select distinct on (agency_id, account_id) agency_id, account_id, debits, credits
       from ledger_seal_totals order by agency_id, account_id, sequence desc
     ) s on s.agency_id = b.agency_id and s.account_id = b.account_id
     where b.debits is distinct from s.debits or b.credits is distinct from s.credits
     limit 1`,
  );
  return row?.account_id ?? null;
}
