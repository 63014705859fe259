/** Payment: one attempt to pay one or more orders through one gateway. Knows nothing of HTTP, SQL or any gateway. */
import type { AgencyId, LedgerAccountId, OrderId, PaymentId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';
import type { LateTerms } from '../orders/late-interest.ts';
import { lateInterest } from '../orders/late-interest.ts';
import type { PaymentOrderStatus } from '../orders/payment-order-lifecycle.ts';
import type { PaymentState } from './payment-lifecycle.ts';

export const CLAIM_STATES = ['reserved', 'applied', 'released', 'surplus'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** A sum frozen at hand-off; postings, receipts and refunds read only these. */
export interface AllocationLine {
  readonly lineNo: number;
  readonly orderLineNo: number;
  readonly kind: string;
  readonly description: string;
  readonly beneficiaryCode: string;
  readonly beneficiaryName: string;
  readonly budgetChapter: string | null;
  readonly budgetSubItem: string | null;
  readonly receiptForm: string;
  readonly payableAccountId: LedgerAccountId;
  readonly amount: Money;
  readonly refunded: Money;
  /** On a line that bears interest its terms; on an interest line how it was computed. */
  readonly calculation: LineCalculation | null;
}

export type LineCalculation =
  | { readonly kind: 'terms'; readonly terms: LateTerms }
  | {
      readonly kind: 'interest';
      readonly base: Money;
      readonly ratePerDayPpm: number;
      readonly days: number;
    };

/** A payment's part for one order, with what an outcome needs to know of that order. */
export interface Allocation {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
  readonly amount: Money;
  readonly claim: ClaimState;
  readonly clearingAccountId: LedgerAccountId;
  readonly lines: readonly AllocationLine[];
  readonly order: {
    readonly status: PaymentOrderStatus;
    readonly version: number;
    /** Another open or paid order now holds one of this order's obligations. */
    readonly obligationTakenByAnother: boolean;
  };
  /** Who holds the order's claim now: a payment of ours or another's, and in what state. */
  readonly holder: { readonly paymentId: PaymentId; readonly claim: ClaimState } | null;
}

export interface Payment {
  readonly id: PaymentId;
  readonly number: bigint;
  readonly gateway: string;
  readonly merchantAccount: string;
  readonly merchantReference: string;
  readonly amount: Money;
  readonly state: PaymentState;
  readonly version: number;
  readonly gatewayTransactionId: string | null;
  /** The gateway's transactions already kept under this reference, a second charge's included. */
  readonly knownTransactions: readonly string[];
  readonly startedAt: Date;
  readonly handedOffAt: Date | null;
  readonly lifetimeEndsAt: Date;
  readonly paidAt: Date | null;
  readonly allocations: readonly Allocation[];
}

/**
 * What an allocation would come to if it were paid on another day: its principal as frozen, its interest anew.
 */
export function allocationDueOn(allocation: Pick<Allocation, 'lines' | 'amount'>, payDay: Day): Money {
  let amountMinor = 0n;
  for (const line of allocation.lines) {
    if (line.calculation?.kind === 'interest') continue;
    amountMinor += line.amount.amountMinor;
    if (line.calculation?.kind === 'terms') {
      amountMinor += lateInterest(line.amount, line.calculation.terms, payDay).amount.amountMinor;
    }
  }
  return { amountMinor, currency: allocation.amount.currency };
}
