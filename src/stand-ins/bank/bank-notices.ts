/** The texts the pretend bank writes about a payment or a refund: in callbacks and in answers alike. */
import type { BankCharge, BankOrder, BankRefund } from './bank-types.ts';

/** What the bank says of one charge. */
export function chargeEntry(charge: BankCharge, currency: string) {
  return {
    type: 'payment',
    merchant_reference: charge.merchantReference,
    transaction_id: charge.transactionId,
    status: 'approved',
    code: '00',
    amount: charge.amount.toString(),
    currency,
    paid_at: hanoiTime(charge.chargedAt),
  };
}

/** What the bank says of an order that it has taken nothing for. */
export function orderEntry(order: BankOrder, now: Date) {
  const entry = { type: 'payment', merchant_reference: order.merchantReference };
  if (order.state === 'declined') return { ...entry, status: 'declined', code: order.code ?? '99' };
  if (order.state === 'processing') return { ...entry, status: 'pending', code: '09' };
  if (order.expiresAt <= now) return { ...entry, status: 'declined', code: '12' };
  return { ...entry, status: 'pending', code: '01' };
}

export function refundEntry(refund: BankRefund) {
  const status = { processing: 'pending', approved: 'approved', declined: 'declined' }[refund.state];
  return {
    type: 'refund',
    refund_reference: refund.refundReference,
    refund_id: refund.refundId,
    transaction_id: refund.transactionId,
    status,
    code: refund.code,
    amount: refund.amount.toString(),
    currency: 'VND',
    ...(refund.refundedAt ? { refunded_at: hanoiTime(refund.refundedAt) } : {}),
  };
}

/** RFC 3339 in Viet Nam's offset, to the millisecond. Viet Nam keeps +07:00 all year. */
export function hanoiTime(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().replace('Z', '+07:00');
}

/** The day in Viet Nam, YYYY-MM-DD. */
export function hanoiDay(at: Date): string {
  return hanoiTime(at).slice(0, 10);
}
