/** SQL of bank credits: each kept once, its payment looked up by its code, and what became of it. */
import type { AgencyId, CaseId, PaymentId } from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type {
  CreditMatch,
  CreditSuggestion,
  CreditTokens,
  KnownReference,
} from '../../domain/payments/credit-matching.ts';
import { CREDITS_SHORT, type WaitingMoney } from '../../domain/payments/credit-decision.ts';
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';

/** A credit as a watcher told it. */
export interface ToldCredit {
  readonly gateway: string;
  readonly merchantAccount: string;
  readonly bankNumber: string;
  readonly noticeId: string;
  readonly accountNumber: string;
  readonly amount: Money;
  readonly content: string;
  readonly creditedAt: Date;
}

export interface BankCredit {
  readonly id: string;
  readonly gateway: string;
  readonly merchantAccount: string;
  /** Unique within the account. */
  readonly number: string;
  readonly amount: Money;
  readonly content: string;
  readonly creditedAt: Date;
  /** Null until its payment was looked for. */
  readonly match: CreditMatch['kind'] | null;
  /** The reference of the payment it was matched to. */
  readonly merchantReference: string | null;
  readonly paymentId: PaymentId | null;
  readonly suggestions: readonly CreditSuggestion[];
  readonly isSettled: boolean;
}

interface CreditRow {
  id: string;
  gateway: string;
  merchant_account: string;
  number: string;
  amount: bigint;
  currency: Currency;
  content: string;
  credited_at: Date;
  match: CreditMatch['kind'] | null;
  merchant_reference: string | null;
  payment_id: PaymentId | null;
  suggestions: CreditSuggestion[];
  settled_at: Date | null;
}

const CREDIT = `c.id, c.gateway, c.merchant_account, c.number, c.amount, c.currency, c.content, c.credited_at, c.match,
  p.merchant_reference, c.payment_id, c.suggestions, c.settled_at`;
const FROM_CREDITS = 'from bank_credits c left join payments p on p.id = c.payment_id';

/** Keeps a credit once, whoever tells it. @returns its id, and whether nobody had told it before */
export async function keepCredit(
  db: Database,
  id: string,
  told: ToldCredit,
  receivedAt: Date,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const [row] = await query<{ credit_id: string; is_new: boolean }>(
    db,
    'select credit_id, is_new from keep_bank_credit(:told::jsonb)',
    {
      told: JSON.stringify({
        id,
        gateway: told.gateway,
        merchant_account: told.merchantAccount,
        bank_number: told.bankNumber,
        notice_id: told.noticeId,
        account_number: told.accountNumber,
        amount: Number(told.amount.amountMinor),
        currency: told.amount.currency,
        content: told.content,
        credited_at: told.creditedAt.toISOString(),
        received_at: receivedAt.toISOString(),
      }),
    },
  );
  if (!row) throw new Error('a kept credit did not come back');
  return { id: row.credit_id, isNew: row.is_new };
}

export async function findCredit(reader: Reader, id: string): Promise<BankCredit> {
  const [row] = await query<CreditRow>(reader, `select ${CREDIT} ${FROM_CREDITS} where c.id = :id`, { id });
  if (!row) throw new Error(`bank credit ${id} is missing`);
  return creditOf(row);
}

/** Credits kept before an instant that nothing has become of yet: whoever kept them was interrupted. */
export async function findUnsettledCredits(
  reader: Reader,
  before: Date,
  limit: number,
): Promise<BankCredit[]> {
  const rows = await query<CreditRow>(
    reader,
    `select ${CREDIT} ${FROM_CREDITS} where c.settled_at is null and c.received_at < :before
     order by c.received_at limit :limit`,
    { before, limit },
  );
  return rows.map(creditOf);
}

/** Payments of an account whose reference is one of the tokens, or begins as a cut one. */
export async function findByTokens(
  reader: Reader,
  account: { readonly gateway: string; readonly merchantAccount: string },
  tokens: CreditTokens,
): Promise<KnownReference[]> {
  const rows = await query<{ merchant_reference: string; id: PaymentId }>(
    reader,
    `select p.merchant_reference, p.id from payments p
     where p.gateway = :gateway and p.merchant_account = :merchantAccount and p.duplicate_of is null
       and p.merchant_reference = any (:whole::text[])
     union
     select p.merchant_reference, p.id from unnest(:cut::text[]) as t(start)
     join payments p on p.merchant_reference ~>=~ t.start and p.merchant_reference ~<~ (t.start || '~')
     where p.gateway = :gateway and p.merchant_account = :merchantAccount and p.duplicate_of is null
     limit 100`,
    {
      ...account,
      whole: [...tokens.exact, ...tokens.near.map(({ reference }) => reference)],
      cut: [...tokens.cut],
    },
  );
  return rows.map((row) => ({ reference: row.merchant_reference, paymentId: row.id }));
}

/** Notes which payment a credit is for; the first to say so is right. */
export async function decideMatch(db: Database, id: string, match: CreditMatch): Promise<void> {
  await query(
    db,
    `update bank_credits set match = :kind, payment_id = :paymentId::uuid, suggestions = :suggestions::jsonb
     where id = :id and match is null`,
    {
      id,
      kind: match.kind,
      paymentId: match.kind === 'none' ? null : match.paymentId,
      suggestions: JSON.stringify(match.kind === 'none' ? match.suggestions : []),
    },
  );
}

/** Whether this bank transaction stands in the books already, and for which payment. */
export async function findPaymentOfTransaction(
  reader: Reader,
  credit: Pick<BankCredit, 'gateway' | 'merchantAccount' | 'number'>,
): Promise<PaymentId | null> {
  const [row] = await query<{ payment_id: PaymentId }>(
    reader,
    `select coalesce(p.duplicate_of, p.id) as payment_id from gateway_transactions t join payments p on p.id = t.payment_id
     where t.gateway = :gateway and t.merchant_account = :merchantAccount and t.gateway_transaction_id = :number`,
    { gateway: credit.gateway, merchantAccount: credit.merchantAccount, number: credit.number },
  );
  return row?.payment_id ?? null;
}

/** The credits of a payment that wait for their rest; null when none do. */
export async function readWaitingMoney(reader: Reader, paymentId: PaymentId): Promise<WaitingMoney | null> {
  const [row] = await query<{ amount: bigint; currency: Currency; since: Date; is_leaving: boolean }>(
    reader,
    `select p.amount_received as amount, p.currency_received as currency, p.settled_at as since,
       exists (select 1 from refunds r where r.payment_id = p.id and r.source = 'suspense' and r.state not in ('rejected', 'failed')) as is_leaving
     from payments p
     where p.id = :paymentId and p.state = 'mismatched' and p.gateway_code = :short and p.amount_received is not null`,
    { paymentId, short: CREDITS_SHORT },
  );
  return row
    ? { amount: money(row.amount, row.currency), since: row.since, isLeaving: row.is_leaving }
    : null;
}

/** Locks a credit; null when something has become of it already. */
export async function lockUnsettled(tx: Tx, id: string): Promise<{ readonly id: string } | null> {
  const [row] = await query<{ id: string }>(
    tx,
    'select id from bank_credits where id = :id and settled_at is null for no key update',
    { id },
  );
  return row ?? null;
}

/** Notes what became of a credit, and its payment among those whose rest is awaited. @returns false when it was noted before */
export async function markSettled(
  reader: Reader,
  id: string,
  fact: { readonly became: string; readonly at: Date },
): Promise<boolean> {
  const rows = await query(
    reader,
    `with settled as (
       update bank_credits set became = :became, settled_at = :at where id = :id and settled_at is null returning payment_id
     ), awaiting as (
       insert into awaited_rests (payment_id, since)
       select p.id, p.settled_at from settled s join payments p on p.id = s.payment_id
       where p.state = 'mismatched' and p.gateway_code = :short
       on conflict (payment_id) do update set since = excluded.since
     )
     select from settled`,
    { id, ...fact, short: CREDITS_SHORT },
  );
  return rows.length > 0;
}

/** Payments whose rest has been awaited since before an instant. */
export async function findAwaitedRests(reader: Reader, before: Date, limit: number): Promise<PaymentId[]> {
  const rows = await query<{ payment_id: PaymentId }>(
    reader,
    'select payment_id from awaited_rests where since <= :before order by since limit :limit',
    { before, limit },
  );
  return rows.map((row) => row.payment_id);
}

/** Nobody waits for the rest of a payment any more. @returns whether it was still missing */
export async function endAwaitedRest(tx: Tx, paymentId: PaymentId): Promise<boolean> {
  const rows = await query<{ is_short: boolean }>(
    tx,
    `delete from awaited_rests a using payments p where a.payment_id = :paymentId and p.id = a.payment_id
     returning p.state = 'mismatched' and p.gateway_code = :short as is_short`,
    { paymentId, short: CREDITS_SHORT },
  );
  return rows[0]?.is_short === true;
}

/** Money that names no payment for sure: a person must find out whose it is. */
export async function openUnidentifiedCase(
  tx: Tx,
  opened: {
    readonly agencyId: AgencyId;
    readonly id: CaseId;
    readonly subject: string;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly openedAt: Date;
  },
): Promise<void> {
  await query(
    tx,
    `insert into cases (agency_id, id, kind, subject, detail, opened_at)
     values (:agencyId, :id, 'unidentified_money', :subject, :detail::jsonb, :openedAt)
     on conflict (agency_id, kind, subject) do nothing`,
    { ...opened, detail: JSON.stringify(opened.detail) },
  );
}

function creditOf(row: CreditRow): BankCredit {
  return {
    id: row.id,
    gateway: row.gateway,
    merchantAccount: row.merchant_account,
    number: row.number,
    amount: money(row.amount, row.currency),
    content: row.content,
    creditedAt: row.credited_at,
    match: row.match,
    merchantReference: row.merchant_reference,
    paymentId: row.payment_id,
    suggestions: row.suggestions,
    isSettled: row.settled_at !== null,
  };
}
