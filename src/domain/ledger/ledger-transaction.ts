/** A ledger transaction: one or more transfers of one book, each one debit, one credit, one positive amount. */
import type { AgencyId, LedgerAccountId, LedgerTransactionId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';
import { CHART_OF_ACCOUNTS, type AccountRole } from './accounts.ts';
import { POSTING_RULES, type Movement } from './posting-rules.ts';

export interface Transfer {
  readonly debitAccountId: LedgerAccountId;
  readonly creditAccountId: LedgerAccountId;
  readonly amount: Money;
}

export interface LedgerTransaction {
  readonly agencyId: AgencyId;
  readonly id: LedgerTransactionId;
  /** What happened; with `eventRef` the idempotency key of money. */
  readonly eventKind: LedgerEventKind;
  /** Our own id of what happened: a payment's, a refund's, a settlement line's. */
  readonly eventRef: string;
  readonly correlationId: string | null;
  readonly effectiveAt: Date;
  readonly businessDate: Day;
  readonly actor: string;
  readonly transfers: readonly Transfer[];
}

export type LedgerEventKind =
  | 'payment'
  | 'credit'
  | 'refund_hold'
  | 'refund_confirmed'
  | 'refund_given_back'
  | 'refund_reversed'
  | 'settlement_line'
  | 'suspense_applied'
  | 'remittance';

/** An account together with the role it was opened for. */
export interface PostableAccount {
  readonly id: LedgerAccountId;
  readonly role: AccountRole;
}

/**
 * One transfer by the rule of its movement.
 *
 * @param accounts  the two accounts; their roles must be those of the rule, whatever their order
 * Faults: an account of another role, an amount of 0 or less.
 */
export function transferFor(movement: Movement, from: readonly PostableAccount[], amount: Money): Transfer {
  const rule = POSTING_RULES[movement];
  const debit = from.find(({ role }) => role === rule.debit);
  const credit = from.find(({ role }) => role === rule.credit);
  if (!debit || !credit) {
    throw new Error(
      `${movement} needs accounts ${String(CHART_OF_ACCOUNTS[rule.debit].code)} and ${String(CHART_OF_ACCOUNTS[rule.credit].code)}`,
    );
  }
  if (amount.amountMinor <= 0n)
    throw new Error(`${movement} of ${amount.amountMinor.toString()} cannot be posted`);
  return { debitAccountId: debit.id, creditAccountId: credit.id, amount };
}
