/** Chart of accounts: the codes of ledger.md §2.3, their normal sides, and how an account of a book is named. */
import type { Currency } from '../kernel/money.ts';
import type { AgencyId } from '../kernel/ids.ts';

export type AccountRole =
  | 'gateway_clearing'
  | 'treasury_bank'
  | 'due_from_book'
  | 'refund_receivable'
  | 'agency_payable'
  | 'refund_pending'
  | 'suspense_unidentified'
  | 'suspense_duplicate'
  | 'dispute_hold'
  | 'fee_payable'
  | 'due_to_book'
  | 'gateway_fee'
  | 'gateway_fee_vat'
  | 'rounding_and_loss'
  | 'opening_balance';

export type Side = 'debit' | 'credit';

interface ChartRow {
  readonly code: number;
  readonly normal: Side;
  readonly meaning: string;
}

// prettier-ignore
export const CHART_OF_ACCOUNTS: Readonly<Record<AccountRole, ChartRow>> = {
  gateway_clearing:      { code: 1100, normal: 'debit',  meaning: 'money a gateway holds for us' },
  treasury_bank:         { code: 1200, normal: 'debit',  meaning: 'money in the collecting bank account' },
  due_from_book:         { code: 1600, normal: 'debit',  meaning: 'owed to this book by another' },
  refund_receivable:     { code: 1700, normal: 'debit',  meaning: 'refunded after remittance, owed back by the treasury or agency' },
  agency_payable:        { code: 2100, normal: 'credit', meaning: 'collected and owed to a beneficiary' },
  refund_pending:        { code: 2200, normal: 'credit', meaning: 'set aside for a refund that is under way' },
  suspense_unidentified: { code: 2300, normal: 'credit', meaning: 'money of a wrong amount or without an order' },
  suspense_duplicate:    { code: 2310, normal: 'credit', meaning: 'money paid twice, to be returned' },
  dispute_hold:          { code: 2400, normal: 'credit', meaning: 'held while a payment is disputed' },
  fee_payable:           { code: 2500, normal: 'credit', meaning: 'gateway fees billed later' },
  due_to_book:           { code: 2600, normal: 'credit', meaning: 'owed by this book to another' },
  gateway_fee:           { code: 5100, normal: 'debit',  meaning: 'what gateways charge' },
  gateway_fee_vat:       { code: 5110, normal: 'debit',  meaning: 'value added tax on gateway fees' },
  rounding_and_loss:     { code: 5200, normal: 'debit',  meaning: 'differences written off by two persons' },
  opening_balance:       { code: 9000, normal: 'credit', meaning: 'balances brought in' },
};

/** An account of a book by its meaning; `subKey` tells apart accounts of one code. */
export interface AccountName {
  readonly agencyId: AgencyId;
  readonly currency: Currency;
  readonly role: AccountRole;
  readonly subKey: string;
}

export function clearingAccount(
  agencyId: AgencyId,
  currency: Currency,
  gateway: string,
  merchantAccount: string,
): AccountName {
  return { agencyId, currency, role: 'gateway_clearing', subKey: `${gateway}:${merchantAccount}` };
}

/** One payable per beneficiary and budget entry, so that the treasury report needs no join. */
export function payableAccount(
  agencyId: AgencyId,
  currency: Currency,
  entry: { beneficiaryCode: string; budgetChapter: string | null; budgetSubItem: string | null },
): AccountName {
  const subKey = `${entry.beneficiaryCode}:${entry.budgetChapter ?? '-'}:${entry.budgetSubItem ?? '-'}`;
  return { agencyId, currency, role: 'agency_payable', subKey };
}

/** An account of which a book has one. */
export function singleAccount(
  agencyId: AgencyId,
  currency: Currency,
  role: 'refund_pending' | 'suspense_unidentified' | 'suspense_duplicate' | 'gateway_fee',
): AccountName {
  return { agencyId, currency, role, subKey: '' };
}

export function treasuryBankAccount(
  agencyId: AgencyId,
  currency: Currency,
  gateway: string,
  merchantAccount: string,
): AccountName {
  return { agencyId, currency, role: 'treasury_bank', subKey: `${gateway}:${merchantAccount}` };
}

const ROLE_BY_CODE = new Map(
  (Object.keys(CHART_OF_ACCOUNTS) as AccountRole[]).map((role) => [CHART_OF_ACCOUNTS[role].code, role]),
);

/** The role of a stored code; an unknown code is a fault of the books. */
export function roleOfCode(code: number): AccountRole {
  const role = ROLE_BY_CODE.get(code);
  if (role === undefined) throw new Error(`no account has the code ${String(code)}`);
  return role;
}
