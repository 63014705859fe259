/** Locks a refund with all it may change, in the one order of locks: orders, payment, refund. */
import type { AllocationLine } from '../../domain/payments/payment.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import type { Tx } from '../../platform/database.ts';
import { ordersOfPayment } from './refund-announcement.ts';
import {
  findRefundedPayment,
  lockOrders,
  lockPayment,
  readFrozenLines,
  type RefundedOrder,
  type RefundedPayment,
} from './refund-reading-store.ts';
import { findRefund, lockRefund, type RefundKey } from './refund-store.ts';

export interface LockedRefund {
  readonly refund: Refund;
  readonly payment: RefundedPayment;
  /** All orders of the payment. */
  readonly orders: readonly RefundedOrder[];
  /** The frozen lines it takes from, and their neighbours; none unless the money is the agency's. */
  readonly lines: readonly AllocationLine[];
}

/** The refund and what it rests on, locked; null when there is no such refund. */
export async function lockRefundWithMoney(tx: Tx, key: RefundKey): Promise<LockedRefund | null> {
  // Which payment and which orders never changes, so it may be read before the locks.
  const known = await findRefund(tx, key);
  const paid = known && (await findRefundedPayment(tx, known.paymentId));
  if (!known || !paid) return null;
  const orders = await lockOrders(tx, ordersOfPayment(paid));
  await lockPayment(tx, known.paymentId);
  const payment = await findRefundedPayment(tx, known.paymentId);
  const refund = await lockRefund(tx, key);
  if (!payment || !refund) return null;
  const { agencyId, orderId } = refund;
  const lines =
    refund.source === 'payable' && orderId !== null
      ? await readFrozenLines(tx, { agencyId, orderId }, payment.id)
      : [];
  return { refund, payment, orders, lines };
}
