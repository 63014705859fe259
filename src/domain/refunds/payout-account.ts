/** The payer's own bank account, to which a refund is paid out: what may be typed, and how little of it is shown. */

export interface PayoutAccount {
  readonly bank: string;
  readonly accountNumber: string;
  /** In capitals without accents, as banks keep it. */
  readonly holder: string;
}

export type PayoutField = keyof PayoutAccount;

export type PayoutReading =
  | { readonly kind: 'read'; readonly account: PayoutAccount }
  | { readonly kind: 'faulty'; readonly fields: readonly PayoutField[] };

/** NAPAS carries 19 characters of an account number; the shortest in use have six. */
const ACCOUNT_NUMBER = /^[A-Z0-9]{6,19}$/;
const BANK = /^[\p{L}\p{N} .&()-]{2,60}$/u;
/** People's names, and those of companies, which may hold digits and signs. */
const HOLDER = /^[A-Z0-9][A-Z0-9 '.,&()/-]{1,69}$/;

/** Forgives case, accents and spaces; never a wrong character. */
export function readPayoutAccount(typed: Readonly<Partial<Record<PayoutField, string>>>): PayoutReading {
  const account: PayoutAccount = {
    bank: (typed.bank ?? '').trim().replaceAll(/\s+/g, ' '),
    accountNumber: (typed.accountNumber ?? '').replaceAll(/[\s.-]/g, '').toUpperCase(),
    holder: plainCapitals(typed.holder ?? ''),
  };
  const rules: Readonly<Record<PayoutField, RegExp>> = {
    bank: BANK,
    accountNumber: ACCOUNT_NUMBER,
    holder: HOLDER,
  };
  const fields = (['bank', 'accountNumber', 'holder'] as const).filter(
    (field) => !rules[field].test(account[field]),
  );
  return fields.length > 0 ? { kind: 'faulty', fields } : { kind: 'read', account };
}

function plainCapitals(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll('Đ', 'D')
    .trim()
    .replaceAll(/\s+/g, ' ');
}

/** The last three characters: enough for its owner to know it by. */
export function accountHint({ accountNumber }: PayoutAccount): string {
  return `•••${accountNumber.slice(-3)}`;
}
