/** What a gateway can tell us of a payment. Knows nothing of how it was told. */
import type { Money } from '../kernel/money.ts';

/**
 * - `succeeded`: the gateway took `amount` at `paidAt` (its own time) under its own transaction id.
 * - `failed`: definitely no money taken; only for codes that the gateway's table marks as definitive.
 * - `pending`: anything else it said, unknown codes included; `gatewayCode` is kept for the log.
 * - `not_known`: the gateway has never heard of our reference.
 */
export type GatewayOutcome =
  | {
      readonly kind: 'succeeded';
      readonly amount: Money;
      readonly gatewayTransactionId: string;
      readonly paidAt: Date;
    }
  | { readonly kind: 'failed'; readonly gatewayCode: string }
  | { readonly kind: 'pending'; readonly gatewayCode: string }
  | { readonly kind: 'not_known' };

/** What a gateway can tell us of a refund. A refund that it does not know is `not_known`: it may be sent again. */
export type RefundOutcome =
  | { readonly kind: 'succeeded'; readonly gatewayRefundId: string; readonly refundedAt: Date }
  | { readonly kind: 'failed'; readonly gatewayCode: string }
  | { readonly kind: 'pending'; readonly gatewayCode: string }
  | { readonly kind: 'not_known' };
