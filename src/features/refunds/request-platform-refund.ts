/** Asking for the return of a wrong amount that was paid for orders of several agencies: it lies in the platform's book. */
import { PLATFORM_AGENCY, type PaymentId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import type { Tx } from '../../platform/database.ts';
import { ordersOfPayment } from './refund-announcement.ts';
import { findRefundedPayment, lockOrders, lockPayment } from './refund-reading-store.ts';
import { hasLivingRefund } from './refund-store.ts';
import { openRefund, type RefundDeps } from './request-refund.ts';

export interface RequestPlatformRefund {
  readonly paymentId: PaymentId;
  readonly reason: string;
  /** Who asks for the platform: `client:…`, `staff:…`. */
  readonly actor: string;
}

/**
 * Opens a refund of the whole sum that waits for another's decision; all orders of the payment hear of it.
 *
 * Refuses: payment.not-found, payment-order.not-paid when the platform holds no money of this payment,
 * refund.amount-exceeds-available when it is on its way back already, refund.gateway-cannot.
 */
export async function requestPlatformRefund(
  tx: Tx,
  deps: RefundDeps,
  command: RequestPlatformRefund,
): Promise<Refund> {
  const { paymentId } = command;
  const unlocked = await findRefundedPayment(tx, paymentId);
  if (!unlocked) throw new Refusal('payment.not-found');
  const orders = await lockOrders(tx, ordersOfPayment(unlocked));
  await lockPayment(tx, paymentId);
  const payment = (await findRefundedPayment(tx, paymentId)) ?? unlocked;
  const agencies = new Set(payment.allocations.map(({ agencyId }) => agencyId));
  const isHeld = payment.state === 'mismatched' || payment.cameBack;
  if (!isHeld || agencies.size < 2) {
    const detail = 'The platform holds no money of this payment: its agencies ask for refunds themselves.';
    throw new Refusal('payment-order.not-paid', {}, { detail });
  }
  const sum = { agencyId: PLATFORM_AGENCY, orderId: null, source: 'suspense' as const };
  if (await hasLivingRefund(tx, { ...sum, paymentId })) {
    const detail = 'All of it is on its way back already.';
    throw new Refusal('refund.amount-exceeds-available', { amount_available: 0 }, { detail });
  }
  const available = payment.amountReceived;
  return await openRefund(
    tx,
    deps,
    { ...sum, payment, orders, lines: [], available },
    {
      amount: available,
      lines: null,
      reason: command.reason,
      requestedBy: command.actor,
      approvedBy: null,
    },
  );
}
