/** The states of a payment order and the moves between them, as one table. */
import type { Lifecycle } from '../kernel/lifecycle.ts';

export const ORDER_STATUSES = [
  'open',
  'paid',
  'partly_refunded',
  'refunded',
  'expired',
  'cancelled',
] as const;

export type PaymentOrderStatus = (typeof ORDER_STATUSES)[number];
export type PaymentOrderMove = 'pay' | 'expire' | 'cancel' | 'refund_part' | 'refund_all' | 'refund_undone';

export const PAYMENT_ORDER_LIFECYCLE: Lifecycle<PaymentOrderStatus, PaymentOrderMove> = {
  open: { pay: 'paid', expire: 'expired', cancel: 'cancelled' },
  paid: { refund_part: 'partly_refunded', refund_all: 'refunded' },
  partly_refunded: { refund_part: 'partly_refunded', refund_all: 'refunded', refund_undone: 'paid' },
  // A bank that takes back a refund it had confirmed: the money is the agency's again.
  refunded: { refund_part: 'partly_refunded', refund_undone: 'paid' },
  // An expired order still takes the money: the citizen owed it, and refusing would strand it in suspense.
  expired: { pay: 'paid' },
  // Money that arrives now is surplus: it is returned.
  cancelled: {},
};
