/** Close orders without money: an agency withdraws one, or its date has passed. Never while a payment may live. */
import { publicId, type IdSource } from '../../domain/kernel/ids.ts';
import { nextState } from '../../domain/kernel/lifecycle.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { PAYMENT_ORDER_LIFECYCLE } from '../../domain/orders/payment-order-lifecycle.ts';
import type { PaymentOrder } from '../../domain/orders/payment-order.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import { snapshotOf } from './create-order.ts';
import { announceToAgency } from './order-announcement.ts';
import { claimExpiredOrders, closeOrder, findClaim, lockOrders, type OrderKey } from './order-store.ts';

export interface CloseOrderDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  /** Asks the gateway about the payment that holds an order's claim, so that closing rests on a fresh answer. */
  readonly settleClaim: (key: OrderKey) => Promise<void>;
}

/**
 * Step: withdraws an order of the caller's agency, already asked about at its gateway.
 *
 * Refuses: payment-order.not-found, payment-order.payment-in-flight, payment-order.not-open.
 */
export async function cancelOrder(
  tx: Tx,
  deps: Pick<CloseOrderDeps, 'clock' | 'newId' | 'businessTimeZone'>,
  key: OrderKey,
): Promise<PaymentOrder> {
  const [order] = await lockOrders(tx, [key]);
  if (!order) throw new Refusal('payment-order.not-found');
  if (order.status === 'open' && (await findClaim(tx, key)) !== null) {
    throw new Refusal(
      'payment-order.payment-in-flight',
      {},
      {
        detail: `A payment of ${publicId('po', order.id)} is in progress or not yet known; try again when it is.`,
      },
    );
  }
  nextState(PAYMENT_ORDER_LIFECYCLE, order.status, 'cancel', 'payment-order.not-open');
  return await close(tx, deps, order, 'cancelled');
}

/** Job: closes up to `limit` orders past their date. @returns how many were looked at */
export async function expireOrders(deps: CloseOrderDeps, limit: number): Promise<number> {
  const due = await claimExpiredOrders(deps.db, deps.clock.now(), limit);
  for (const key of due) {
    if ((await findClaim(deps.db, key)) !== null) await deps.settleClaim(key);
    await inTransaction(deps.db, (tx) => expireOne(tx, deps, key));
  }
  return due.length;
}

/** Orders with a claim do not expire: somebody may be paying. */
async function expireOne(tx: Tx, deps: CloseOrderDeps, key: OrderKey): Promise<void> {
  const [order] = await lockOrders(tx, [key]);
  if (order?.status !== 'open' || order.expiresAt > deps.clock.now()) return;
  if ((await findClaim(tx, key)) !== null) return;
  await close(tx, deps, order, 'expired');
}

async function close(
  tx: Tx,
  deps: Pick<CloseOrderDeps, 'clock' | 'newId' | 'businessTimeZone'>,
  order: PaymentOrder,
  status: 'cancelled' | 'expired',
): Promise<PaymentOrder> {
  const at = deps.clock.now();
  const closed: PaymentOrder = { ...order, status, closedAt: at };
  const eventSequence = await announceToAgency(
    tx,
    { newId: deps.newId, now: at },
    { agencyId: order.agencyId, id: order.id, lastSequence: order.eventSequence },
    [{ type: `payment_order.${status}`, data: snapshotOf(closed, deps.businessTimeZone) }],
  );
  await closeOrder(tx, order, { status, at, eventSequence });
  return { ...closed, eventSequence, version: order.version + 1 };
}
