/** What agencies are told of a refund, and the orders it concerns. */
import type { EventData, EventType } from '../../domain/agencies/agency-event.ts';
import { publicId, type IdSource } from '../../domain/kernel/ids.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import type { Tx } from '../../platform/database.ts';
import { announceToAgency } from '../orders/order-announcement.ts';
import { jsonAmount, orderSnapshot, type ReceiptFigure } from '../orders/order-snapshot.ts';
import { updateOrder } from './refund-effect-store.ts';
import type { OrderKey, RefundedOrder, RefundedPayment } from './refund-reading-store.ts';

/** The orders whose rows a refund of this payment may touch: all of them, for a claim or a sum may be shared. */
export function ordersOfPayment(payment: RefundedPayment): OrderKey[] {
  return payment.allocations.map(({ agencyId, orderId }) => ({ agencyId, orderId }));
}

/** The orders that hear of a refund: its own, or all that its payment was for. */
export function concernedOrders(refund: Refund, orders: readonly RefundedOrder[]): readonly RefundedOrder[] {
  return refund.orderId === null ? orders : orders.filter(({ id }) => id === refund.orderId);
}

/** What a failed refund's case is about: the money, however often its refund is tried anew. */
export function moneySubject(refund: Pick<Refund, 'paymentId' | 'orderId' | 'source'>): string {
  return `${refund.paymentId}:${refund.orderId ?? refund.source}`;
}

/** How an order stands after the refund did what it does. */
export interface OrderAfter {
  readonly status: PaymentOrderStatus;
  readonly amountRefunded: number;
  readonly receipts: readonly ReceiptFigure[];
}

export function unchanged(order: RefundedOrder): OrderAfter {
  return {
    status: order.status,
    amountRefunded: order.figure.amountRefunded,
    receipts: order.receipts.map(receiptFigure),
  };
}

function receiptFigure(receipt: ReceiptFigure): ReceiptFigure {
  const { id, form, symbol, number, verificationCode, amount, state } = receipt;
  return { id, form, symbol, number, verificationCode, amount, state };
}

/** An event's type and what it carries beside the order and the refund. */
export type RefundNews = readonly [EventType, EventData];

/**
 * Writes how the order stands now and tells it, with consecutive numbers, in one transaction with the fact.
 *
 * @param order  locked, as read before the change
 */
export async function announceRefund(
  tx: Tx,
  deps: { readonly newId: IdSource },
  told: {
    readonly refund: Refund;
    readonly order: RefundedOrder;
    readonly after: OrderAfter;
    readonly news: readonly RefundNews[];
    readonly receiptNumbers: Readonly<Record<string, number>>;
    readonly now: Date;
    /** How the payment and its claim stand now, when the refund changed them. */
    readonly payment?: { readonly state: string; readonly claim: string };
  },
): Promise<void> {
  const { refund, order, after } = told;
  const payments = order.payments.map((payment) =>
    told.payment && payment.id === refund.paymentId ? { ...payment, ...told.payment } : payment,
  );
  const figure = { ...order.figure, status: after.status, amountRefunded: after.amountRefunded };
  const data = { ...orderSnapshot(figure, payments, after.receipts), refund: refundSnapshot(refund) };
  const eventSequence = await announceToAgency(
    tx,
    { newId: deps.newId, now: told.now },
    { agencyId: order.agencyId, id: order.id, lastSequence: order.eventSequence },
    told.news.map(([type, more]) => ({ type, data: { ...data, ...more } })),
    told.receiptNumbers,
  );
  await updateOrder(
    tx,
    { agencyId: order.agencyId, orderId: order.id },
    {
      status: after.status,
      amountRefunded: after.amountRefunded,
      eventSequence,
    },
  );
}

/** A refund as events show it: no reason, which is the agency's own words about a person. */
function refundSnapshot(refund: Refund): EventData {
  return {
    id: publicId('rf', refund.id),
    payment_id: publicId('pay', refund.paymentId),
    source: refund.source,
    state: refund.state,
    amount: jsonAmount(refund.amount),
    currency: refund.amount.currency,
    gateway_code: refund.gatewayCode,
  };
}
