/** One word on a dossier from the states of its orders. */
import type { PaymentOrderStatus } from './payment-order-lifecycle.ts';

export type DossierPaymentStatus = 'none' | 'unpaid' | 'partly_paid' | 'paid' | 'refunded';

/**
 * Withdrawn and expired orders demand nothing; `refunded` only when nothing that was paid is left; an order
 * refunded in part is still paid.
 */
export function dossierPaymentStatus(statuses: readonly PaymentOrderStatus[]): DossierPaymentStatus {
  const has = (...wanted: PaymentOrderStatus[]) => statuses.some((status) => wanted.includes(status));
  if (has('open')) return has('paid', 'partly_refunded') ? 'partly_paid' : 'unpaid';
  if (has('paid', 'partly_refunded')) return 'paid';
  return has('refunded') ? 'refunded' : 'none';
}
