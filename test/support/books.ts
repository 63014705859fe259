/** Books for tests of the ledger alone: agencies, accounts and days, posted to through ledger_post. */
import { createHash } from 'node:crypto';
import { query, type Database, type Reader, type Tx } from '../../src/platform/database.ts';
import { newTestId } from './ids.ts';

export interface TestBook {
  readonly agencyId: number;
  readonly clearing: string;
  readonly payable: string;
  readonly bank: string;
  readonly suspense: string;
}

export const BOOK_DAY = '2026-03-02';

/** An agency with four accounts in dong and one business day. */
export async function openTestBook(db: Database, agencyId: number): Promise<TestBook> {
  await query(
    db,
    `insert into agencies (id, public_id, code, name_vi, name_en) values (:agencyId, :publicId, :code, :code, :code)`,
    { agencyId, publicId: newTestId(), code: `T${String(agencyId)}` },
  );
  await query(db, `insert into business_days (agency_id, day) values (:agencyId, :day)`, {
    agencyId,
    day: BOOK_DAY,
  });
  return {
    agencyId,
    clearing: await openTestAccount(db, agencyId, 1100, 'sandbox:platform'),
    payable: await openTestAccount(db, agencyId, 2100, 'F1:-:-'),
    bank: await openTestAccount(db, agencyId, 1200, 'sandbox:platform'),
    suspense: await openTestAccount(db, agencyId, 2300, ''),
  };
}

export async function openTestAccount(
  db: Database,
  agencyId: number,
  code: number,
  subKey: string,
  currency = 'VND',
): Promise<string> {
  const id = newTestId();
  await query(
    db,
    `insert into ledger_accounts (agency_id, id, currency, code, sub_key) values (:agencyId, :id, :currency, :code, :subKey)`,
    { agencyId, id, currency, code, subKey },
  );
  return id;
}

export interface TestPosting {
  readonly agencyId: number;
  readonly id?: string;
  readonly kind?: string;
  readonly ref?: string;
  readonly reversesId?: string;
  readonly businessDate?: string;
  readonly transfers: readonly {
    readonly debit: string;
    readonly credit: string;
    readonly amount: bigint | number;
    readonly currency?: string;
  }[];
}

export interface TestPosted {
  readonly agency_id: number;
  readonly id: string;
  readonly is_new: boolean;
}

/** Posts through ledger_post, as the service does. */
export async function post(reader: Reader | Tx, ...postings: readonly TestPosting[]): Promise<TestPosted[]> {
  return query<TestPosted>(reader, 'select agency_id, id, is_new from ledger_post(:postings::jsonb)', {
    postings: JSON.stringify(postings.map(rowOf)),
  });
}

function rowOf(posting: TestPosting) {
  const transfers = posting.transfers.map((transfer, index) => ({
    leg: index + 1,
    currency: transfer.currency ?? 'VND',
    debit_account_id: transfer.debit,
    credit_account_id: transfer.credit,
    amount: String(transfer.amount),
  }));
  return {
    agency_id: posting.agencyId,
    id: posting.id ?? newTestId(),
    event_kind: posting.kind ?? 'payment',
    event_ref: posting.ref ?? newTestId(),
    request_hash: createHash('sha256').update(JSON.stringify(transfers)).digest('hex'),
    correlation_id: null,
    effective_at: '2026-03-02T08:15:04.123456Z',
    business_date: posting.businessDate ?? BOOK_DAY,
    reverses_id: posting.reversesId ?? null,
    actor: 'test',
    transfers,
  };
}

/** One payment: clearing to payable. */
export function paid(book: TestBook, amount: bigint | number, ref?: string): TestPosting {
  return {
    agencyId: book.agencyId,
    ...(ref === undefined ? {} : { ref }),
    transfers: [{ debit: book.clearing, credit: book.payable, amount }],
  };
}

/** Accounts whose balance is not the sum of their transfers below the seal. */
export async function balanceDrift(reader: Reader): Promise<object[]> {
  return query(
    reader,
    `select coalesce(b.account_id, s.account_id) as account_id, b.debits, s.debits as summed
     from ledger_balances b
     full join (
       select e.agency_id, e.account_id, sum(e.debit) as debits, sum(e.credit) as credits
       from ledger_entries e join ledger_transactions t on t.agency_id = e.agency_id and t.id = e.transaction_id
       where t.xid < (select sealed_to_xid from ledger_progress) group by 1, 2
     ) s on s.agency_id = b.agency_id and s.account_id = b.account_id
     where b.debits is distinct from s.debits or b.credits is distinct from s.credits`,
  );
}
