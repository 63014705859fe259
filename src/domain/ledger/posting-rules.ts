/** Posting rules: every movement of money as one row, which account is debited and which credited. */
import type { AccountRole } from './accounts.ts';

/** Where a refund's money lies until it goes back. */
export type RefundSource = 'payable' | 'surplus' | 'suspense';

export type Movement =
  | 'payment_applied'
  | 'payment_surplus'
  | 'payment_mismatched'
  | 'refund_held_from_payable'
  | 'refund_held_from_surplus'
  | 'refund_held_from_suspense'
  | 'refund_held_after_remittance'
  | 'refund_confirmed'
  | 'refund_returned_to_payable'
  | 'refund_returned_to_surplus'
  | 'refund_returned_to_suspense'
  | 'refund_reversed'
  | 'settlement_received'
  | 'settlement_fee'
  | 'refund_settled'
  | 'unidentified_settled'
  | 'credit_received'
  | 'suspense_applied'
  | 'suspense_surplus'
  | 'suspense_moved'
  | 'remittance';

export interface PostingRule {
  readonly debit: AccountRole;
  readonly credit: AccountRole;
}

// prettier-ignore
export const POSTING_RULES: Readonly<Record<Movement, PostingRule>> = {
  payment_applied:              { debit: 'gateway_clearing',      credit: 'agency_payable' },
  payment_surplus:              { debit: 'gateway_clearing',      credit: 'suspense_duplicate' },
  payment_mismatched:           { debit: 'gateway_clearing',      credit: 'suspense_unidentified' },
  // Asking for a refund holds the money, so that it can neither be remitted nor refunded again.
  refund_held_from_payable:     { debit: 'agency_payable',        credit: 'refund_pending' },
  refund_held_from_surplus:     { debit: 'suspense_duplicate',    credit: 'refund_pending' },
  refund_held_from_suspense:    { debit: 'suspense_unidentified', credit: 'refund_pending' },
  refund_held_after_remittance: { debit: 'refund_receivable',     credit: 'refund_pending' },
  refund_confirmed:             { debit: 'refund_pending',        credit: 'gateway_clearing' },
  refund_returned_to_payable:   { debit: 'refund_pending',        credit: 'agency_payable' },
  refund_returned_to_surplus:   { debit: 'refund_pending',        credit: 'suspense_duplicate' },
  refund_returned_to_suspense:  { debit: 'refund_pending',        credit: 'suspense_unidentified' },
  // A gateway that first confirmed a refund and then says it failed.
  refund_reversed:              { debit: 'gateway_clearing',      credit: 'refund_pending' },
  settlement_received:          { debit: 'treasury_bank',         credit: 'gateway_clearing' },
  settlement_fee:               { debit: 'gateway_fee',           credit: 'treasury_bank' },
  refund_settled:               { debit: 'gateway_clearing',      credit: 'treasury_bank' },
  unidentified_settled:         { debit: 'treasury_bank',         credit: 'suspense_unidentified' },
  // Credits of a bank account come before it is known whether they are enough, or whose they are.
  credit_received:              { debit: 'gateway_clearing',      credit: 'suspense_unidentified' },
  suspense_applied:             { debit: 'suspense_unidentified', credit: 'agency_payable' },
  suspense_surplus:             { debit: 'suspense_unidentified', credit: 'suspense_duplicate' },
  // Out of the platform's book, to be booked in those of the agencies.
  suspense_moved:               { debit: 'suspense_unidentified', credit: 'gateway_clearing' },
  remittance:                   { debit: 'agency_payable',        credit: 'treasury_bank' },
};

/** The movement that holds a refund's money, and the one that gives it back when the refund comes to nothing. */
export const REFUND_MOVEMENTS: Readonly<
  Record<RefundSource, { readonly hold: Movement; readonly giveBack: Movement }>
> = {
  payable: { hold: 'refund_held_from_payable', giveBack: 'refund_returned_to_payable' },
  surplus: { hold: 'refund_held_from_surplus', giveBack: 'refund_returned_to_surplus' },
  suspense: { hold: 'refund_held_from_suspense', giveBack: 'refund_returned_to_suspense' },
};
