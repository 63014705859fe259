/** The pretend bank's own words: what it remembers and how a payer may decide. Shares nothing with the service. */
import type { PayerDecision } from '../payer-decision.ts';

/** The bank's clock; the test clock moves it with the service's. */
export interface BankClock {
  readonly now: () => Date;
}

/** A merchant under contract: the secret signs both ways. */
export interface BankMerchant {
  readonly merchantId: string;
  readonly name: string;
  readonly secret: string;
}

export interface BankOrder {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantReference: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly description: string;
  readonly locale: string;
  readonly returnUrl: string;
  readonly callbackUrl: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly state: 'open' | 'processing' | 'approved' | 'declined';
  readonly code: string | null;
  readonly approveAt: Date | null;
  readonly manner: CallbackManner | null;
}

export interface BankCharge {
  readonly transactionId: string;
  readonly orderId: string;
  readonly merchantId: string;
  readonly merchantReference: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly chargedAt: Date;
}

export interface BankRefund {
  readonly refundId: string;
  readonly merchantId: string;
  readonly refundReference: string;
  readonly transactionId: string;
  readonly amount: bigint;
  readonly state: 'processing' | 'approved' | 'declined';
  readonly code: string;
  readonly approveAt: Date | null;
  readonly refundedAt: Date | null;
}

/** How the merchant is told: as it should be, twice, with a forgery beside it, after three losses, never. */
export const CALLBACK_MANNERS = ['once', 'twice', 'forged', 'lost', 'never'] as const;
export type CallbackManner = (typeof CALLBACK_MANNERS)[number];

export type BankDecision = PayerDecision<CallbackManner>;

/** Codes with which the bank declines, as its protocol page lists them. */
export const DECLINE_CODES = ['51', '61', '55', '24', '91'] as const;

/** Faults to play, each for so many times. */
export const BANK_SWITCHES = [
  'drop_order_answer', // The order is taken, the connection breaks before the answer.
  'drop_query_answer',
  'drop_refund_answer',
  'pay_before_answer', // The payer has paid, and the notice is out, before the order itself is answered.
  'refuse_orders', // 503: the bank is closed.
  'refunds_processing', // The refund is answered as pending and approved a minute later.
  'refunds_declined',
  'hold_callbacks', // Nothing is sent while this is on.
  'shuffle_callbacks', // Due callbacks leave in random order.
  'repeat_callbacks', // Every new callback is queued so many times instead of once.
] as const;
export type BankSwitch = (typeof BANK_SWITCHES)[number];

export interface FileFault {
  readonly merchantId: string;
  /** YYYY-MM-DD in Viet Nam. */
  readonly day: string;
  readonly kind: 'drop_line' | 'alter_amount' | 'add_unknown_line';
  readonly transactionId: string;
  /** The new gross amount, in dong. */
  readonly amount?: bigint;
}

/** What the bank takes from the merchant for each payment, in dong. */
export const FEE_PER_PAYMENT = 1_100n;
