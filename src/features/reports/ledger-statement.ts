/** The books as they are read: trial balance, accounts and account statements, only of what is sealed. */
import { CHART_OF_ACCOUNTS, roleOfCode, type Side } from '../../domain/ledger/accounts.ts';
import type { AgencyId, LedgerAccountId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { query, type Reader } from '../../platform/database.ts';

/** Whose books are read: one agency's, or all of them (the operator). */
export type BookScope = AgencyId | 'all';

/** The block that an answer stands on. */
export interface BlockReference {
  readonly sequence: number;
  readonly hash: string;
  readonly sealedAt: Date;
  /** Everything booked up to here is in. */
  readonly sealedThrough: Date;
}

export interface AccountBalance {
  readonly agencyId: number;
  readonly agencyCode: string;
  readonly id: LedgerAccountId;
  readonly code: number;
  readonly role: string;
  readonly subKey: string;
  readonly currency: string;
  readonly normalSide: Side;
  readonly debits: bigint;
  readonly credits: bigint;
  /** On the account's normal side; negative when it stands on the other. */
  readonly balance: bigint;
}

export interface BookTotal {
  readonly agencyId: number;
  readonly agencyCode: string;
  readonly currency: string;
  readonly debits: bigint;
  readonly credits: bigint;
}

export interface TrialBalance {
  /** The moment of the block; null when nothing was sealed by then. */
  readonly asOf: Date | null;
  readonly block: BlockReference | null;
  readonly accounts: readonly AccountBalance[];
  readonly books: readonly BookTotal[];
}

/**
 * The trial balance as of the newest block, or as of the last block at or before `at`.
 *
 * Asked twice for one moment it answers the same: no later block can claim to be at or before a moment once answered.
 * Refuses: ledger.not-yet-sealed when `at` is later than what is sealed.
 */
export async function readTrialBalance(
  reader: Reader,
  scope: BookScope,
  at: Date | null,
): Promise<TrialBalance> {
  const block = await findBlockAt(reader, at);
  if (!block) return { asOf: null, block: null, accounts: [], books: [] };
  const accounts = await readBalancesAt(reader, scope, block.sequence);
  return { asOf: block.sealedAt, block, accounts, books: totalBooks(accounts) };
}

interface BlockRow {
  readonly sequence: bigint;
  readonly hash: string;
  readonly sealed_at: Date;
  readonly sealed_through: Date;
}

/**
 * The newest block, or the last one at or before `at`; null when there is none.
 *
 * Refuses: ledger.not-yet-sealed.
 */
export async function findBlockAt(reader: Reader, at: Date | null): Promise<BlockReference | null> {
  // One statement, so that the answer and the refusal rest on the same snapshot.
  const rows = await query<Partial<BlockRow> & { sealed: boolean; through: Date }>(
    reader,
    `select s.sequence, encode(s.hash, 'hex') as hash, s.sealed_at, s.sealed_through,
            coalesce(:at::timestamptz <= greatest(p.sealed_through, n.sealed_at), true) as sealed, p.sealed_through as through
     from ledger_progress p
     left join lateral (select sealed_at from ledger_seals order by sequence desc limit 1) n on true
     left join lateral (
       select sequence, hash, sealed_at, sealed_through from ledger_seals
       where :at::timestamptz is null or sealed_at <= :at::timestamptz order by sealed_at desc limit 1
     ) s on true`,
    { at },
  );
  const row = rows[0];
  if (row && !row.sealed) {
    throw new Refusal(
      'ledger.not-yet-sealed',
      { sealed_through: row.through.toISOString() },
      { retryAfterSeconds: 1 },
    );
  }
  // A left join without a block leaves its columns null.
  if (!row?.hash || row.sequence === undefined || !row.sealed_at || !row.sealed_through) return null;
  return {
    sequence: Number(row.sequence),
    hash: row.hash,
    sealedAt: row.sealed_at,
    sealedThrough: row.sealed_through,
  };
}

interface BalanceRow {
  readonly agency_id: number;
  readonly agency_code: string;
  readonly id: LedgerAccountId;
  readonly code: number;
  readonly sub_key: string;
  readonly currency: string;
  readonly debits: string;
  readonly credits: string;
}

async function readBalancesAt(reader: Reader, scope: BookScope, sequence: number): Promise<AccountBalance[]> {
  const rows = await query<BalanceRow>(
    reader,
    `select a.agency_id, g.code as agency_code, a.id, a.code, a.sub_key, a.currency, t.debits::text as debits, t.credits::text as credits
     from ledger_accounts a
     join agencies g on g.id = a.agency_id
     cross join lateral (
       select debits, credits from ledger_seal_totals t
       where t.agency_id = a.agency_id and t.account_id = a.id and t.sequence <= :sequence
       order by t.sequence desc limit 1
     ) t
     where :agencyId::integer is null or a.agency_id = :agencyId::integer
     order by a.agency_id, a.currency, a.code, a.sub_key collate "C"`,
    { sequence, agencyId: scope === 'all' ? null : scope },
  );
  return rows.map(balanceOf);
}

function balanceOf(row: BalanceRow): AccountBalance {
  const role = roleOfCode(row.code);
  const normalSide = CHART_OF_ACCOUNTS[role].normal;
  const debits = BigInt(row.debits);
  const credits = BigInt(row.credits);
  return {
    agencyId: row.agency_id,
    agencyCode: row.agency_code,
    id: row.id,
    code: row.code,
    role,
    subKey: row.sub_key,
    currency: row.currency.trim(),
    normalSide,
    debits,
    credits,
    balance: normalSide === 'debit' ? debits - credits : credits - debits,
  };
}

function totalBooks(accounts: readonly AccountBalance[]): BookTotal[] {
  const books = new Map<string, BookTotal>();
  for (const { agencyId, agencyCode, currency, debits, credits } of accounts) {
    const key = `${String(agencyId)}/${currency}`;
    const book = books.get(key);
    books.set(key, {
      agencyId,
      agencyCode,
      currency,
      debits: (book?.debits ?? 0n) + debits,
      credits: (book?.credits ?? 0n) + credits,
    });
  }
  return [...books.values()];
}

/** The accounts of a book, with what they hold at the newest block; accounts that nothing has touched hold 0. */
export async function listAccounts(
  reader: Reader,
  scope: BookScope,
  page: { readonly limit: number; readonly after: LedgerAccountId | null },
): Promise<readonly AccountBalance[]> {
  const rows = await query<BalanceRow>(
    reader,
    `select a.agency_id, g.code as agency_code, a.id, a.code, a.sub_key, a.currency,
            coalesce(t.debits, 0)::text as debits, coalesce(t.credits, 0)::text as credits
     from ledger_accounts a
     join agencies g on g.id = a.agency_id
     left join lateral (
       select debits, credits from ledger_seal_totals t
       where t.agency_id = a.agency_id and t.account_id = a.id order by t.sequence desc limit 1
     ) t on true
     where (:agencyId::integer is null or a.agency_id = :agencyId::integer)
       and (:after::uuid is null or a.id < :after::uuid)
     order by a.id desc
     limit :limit`,
    { agencyId: scope === 'all' ? null : scope, after: page.after, limit: page.limit },
  );
  return rows.map(balanceOf);
}
