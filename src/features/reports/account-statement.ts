/** The statement of one account: opening balance, entries, closing balance, only of what is sealed. */
import { CHART_OF_ACCOUNTS, roleOfCode } from '../../domain/ledger/accounts.ts';
import type { LedgerAccountId, LedgerTransactionId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Day } from '../../domain/kernel/time.ts';
import { query, type Reader } from '../../platform/database.ts';
import { findBlockAt, type BlockReference, type BookScope } from './ledger-statement.ts';

/** Where a page ended. */
export interface StatementCursor {
  readonly sequence: string;
  readonly xid: string;
  readonly transactionId: string;
  readonly leg: string;
}

export interface StatementQuery {
  readonly scope: BookScope;
  readonly accountId: LedgerAccountId;
  /** The statement begins behind the last block at or before this moment; null: at the first. */
  readonly from: Date | null;
  /** It ends with the last block at or before this moment; null: with the newest. */
  readonly to: Date | null;
  readonly limit: number;
  readonly after: StatementCursor | null;
}

export interface StatementEntry {
  readonly transactionId: LedgerTransactionId;
  readonly leg: number;
  readonly eventKind: string;
  readonly eventRef: string;
  readonly effectiveAt: Date;
  readonly bookedAt: Date;
  readonly businessDate: Day;
  readonly side: 'debit' | 'credit';
  readonly amount: bigint;
  readonly counterAccountId: LedgerAccountId;
  readonly reversesId: LedgerTransactionId | null;
}

export interface AccountStatement {
  readonly account: {
    readonly id: LedgerAccountId;
    readonly agencyCode: string;
    readonly code: number;
    readonly role: string;
    readonly subKey: string;
    readonly currency: string;
  };
  readonly block: BlockReference | null;
  /** On the account's normal side. */
  readonly opening: bigint;
  readonly closing: bigint;
  /** Newest first. */
  readonly entries: readonly StatementEntry[];
  readonly next: StatementCursor | null;
}

interface AccountRow {
  readonly agency_id: number;
  readonly agency_code: string;
  readonly code: number;
  readonly sub_key: string;
  readonly currency: string;
}

/**
 * A page of a statement. The blocks that touched the account lead to its entries, so no index over transfers
 * is needed and nothing is ever inserted into a page once shown.
 *
 * Refuses: ledger.account-not-found (another agency's account does not exist), ledger.not-yet-sealed.
 */
export async function readAccountStatement(
  reader: Reader,
  wanted: StatementQuery,
): Promise<AccountStatement> {
  const account = await findAccount(reader, wanted);
  const until = await findBlockAt(reader, wanted.to);
  const since = wanted.from === null ? null : await findBlockAt(reader, wanted.from);
  const [first, last] = [since?.sequence ?? 0, until?.sequence ?? 0];
  const normal = CHART_OF_ACCOUNTS[roleOfCode(account.code)].normal;
  const balanceAt = async (sequence: number): Promise<bigint> => {
    const { debits, credits } = await totalsAt(reader, wanted.accountId, account.agency_id, sequence);
    return normal === 'debit' ? debits - credits : credits - debits;
  };
  const rows = await readEntries(reader, wanted, account.agency_id, { first, last });
  const page = rows.slice(0, wanted.limit);
  const end = page.at(-1);
  return {
    account: {
      id: wanted.accountId,
      agencyCode: account.agency_code,
      code: account.code,
      role: roleOfCode(account.code),
      subKey: account.sub_key,
      currency: account.currency.trim(),
    },
    block: until,
    opening: await balanceAt(first),
    closing: await balanceAt(last),
    entries: page.map((row) => entryOf(row, wanted.accountId)),
    next: rows.length > wanted.limit && end ? cursorOf(end) : null,
  };
}

async function findAccount(reader: Reader, wanted: StatementQuery): Promise<AccountRow> {
  const [account] = await query<AccountRow>(
    reader,
    `select a.agency_id, g.code as agency_code, a.code, a.sub_key, a.currency
     from ledger_accounts a join agencies g on g.id = a.agency_id
     where a.id = :accountId and (:agencyId::integer is null or a.agency_id = :agencyId::integer)`,
    { accountId: wanted.accountId, agencyId: wanted.scope === 'all' ? null : wanted.scope },
  );
  if (!account) throw new Refusal('ledger.account-not-found');
  return account;
}

async function totalsAt(
  reader: Reader,
  accountId: LedgerAccountId,
  agencyId: number,
  sequence: number,
): Promise<{ readonly debits: bigint; readonly credits: bigint }> {
  const [row] = await query<{ debits: string; credits: string }>(
    reader,
    `select debits::text as debits, credits::text as credits from ledger_seal_totals
     where agency_id = :agencyId and account_id = :accountId and sequence <= :sequence
     order by sequence desc limit 1`,
    { agencyId, accountId, sequence },
  );
  return { debits: BigInt(row?.debits ?? 0), credits: BigInt(row?.credits ?? 0) };
}

interface EntryRow {
  readonly sequence: bigint;
  readonly xid: string;
  readonly id: LedgerTransactionId;
  readonly leg: number;
  readonly event_kind: string;
  readonly event_ref: string;
  readonly effective_at: Date;
  readonly booked_at: Date;
  readonly business_date: Day;
  readonly debit_account_id: LedgerAccountId;
  readonly credit_account_id: LedgerAccountId;
  readonly amount: bigint;
  readonly reverses_id: LedgerTransactionId | null;
}

async function readEntries(
  reader: Reader,
  wanted: StatementQuery,
  agencyId: number,
  blocks: { readonly first: number; readonly last: number },
): Promise<EntryRow[]> {
  const { after } = wanted;
  return query<EntryRow>(
    reader,
    `select s.sequence, t.xid::text as xid, t.id, f.leg, t.event_kind, t.event_ref, t.effective_at, t.booked_at, t.business_date,
            f.debit_account_id, f.credit_account_id, f.amount, t.reverses_id
     from ledger_seal_totals k
     join ledger_seals s on s.sequence = k.sequence
     join ledger_transactions t on t.agency_id = k.agency_id and t.xid >= s.from_xid and t.xid < s.to_xid
     join ledger_transfers f on f.agency_id = t.agency_id and f.transaction_id = t.id
       and (f.debit_account_id = k.account_id or f.credit_account_id = k.account_id)
     where k.agency_id = :agencyId and k.account_id = :accountId and k.sequence > :first and k.sequence <= :last
       and (:xid::text is null or (k.sequence <= :sequence::text::bigint
            and (t.xid, t.id, f.leg) < (:xid::text::xid8, :transactionId::uuid, :leg::text::smallint)))
     order by s.sequence desc, t.xid desc, t.id desc, f.leg desc
     limit :limit`,
    {
      agencyId,
      accountId: wanted.accountId,
      first: blocks.first,
      last: blocks.last,
      sequence: after?.sequence ?? null,
      xid: after?.xid ?? null,
      transactionId: after?.transactionId ?? null,
      leg: after?.leg ?? null,
      limit: wanted.limit + 1,
    },
  );
}

function entryOf(row: EntryRow, accountId: LedgerAccountId): StatementEntry {
  const isDebit = row.debit_account_id === accountId;
  return {
    transactionId: row.id,
    leg: row.leg,
    eventKind: row.event_kind,
    eventRef: row.event_ref,
    effectiveAt: row.effective_at,
    bookedAt: row.booked_at,
    businessDate: row.business_date,
    side: isDebit ? 'debit' : 'credit',
    amount: row.amount,
    counterAccountId: isDebit ? row.credit_account_id : row.debit_account_id,
    reversesId: row.reverses_id,
  };
}

function cursorOf(row: EntryRow): StatementCursor {
  return {
    sequence: row.sequence.toString(),
    xid: row.xid,
    transactionId: row.id,
    leg: String(row.leg),
  };
}
