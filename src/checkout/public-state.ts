/** What anybody may know of an order: whether it is still to be paid, what it comes to, and where its money is. */
import type { Money } from '../domain/kernel/money.ts';
import { dayOf } from '../domain/kernel/time.ts';
import { amountDueOn } from '../domain/orders/payment-order.ts';
import type { PaymentOfOrder } from '../features/payments/payment-store.ts';
import type { MoneyState } from '../web/money-sentence.ts';
import { situationOf, situationOfOrder, unpaidMoney, type OrderFacts } from './checkout-facts.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import { differenceStep } from './status-reading.ts';

/**
 * `unpaid` can be paid; `waiting` is being paid; `differs` has received another sum. What was `withdrawn` need not be
 * paid, what has `expired` perhaps must: only its agency knows.
 */
export type PublicOrderState =
  'unpaid' | 'waiting' | 'differs' | 'paid' | 'refunded' | 'withdrawn' | 'expired';

export interface PublicOrder {
  readonly state: PublicOrderState;
  readonly amount: Money;
  readonly money: MoneyState;
}

export function publicOrderOf(deps: CheckoutDeps, facts: OrderFacts): PublicOrder {
  const { order, attempts, now } = facts;
  const due = amountDueOn(order, dayOf(now, deps.timeZone));
  const situation = situationOfOrder(facts);
  if (situation.kind === 'payable') return { state: 'unpaid', amount: due, money: unpaidMoney(deps, facts) };
  const holder =
    situation.kind === 'payment' ? attempts.find(({ id }) => id === situation.paymentId) : undefined;
  if (holder) return heldBy(deps, holder, facts);
  const state = situation.kind === 'withdrawn' ? 'withdrawn' : 'expired';
  return { state, amount: due, money: unpaidMoney(deps, facts) };
}

function heldBy(deps: CheckoutDeps, attempt: PaymentOfOrder, facts: OrderFacts): PublicOrder {
  const amount = attempt.allocated;
  const situation = situationOf(deps, attempt, facts);
  const closed = facts.order.status === 'cancelled' ? 'withdrawn' : 'expired';
  switch (situation.kind) {
    case 'paid':
      return { state: 'paid', amount, money: { kind: 'paid', amount } };
    case 'refund_under_way': {
      const { by } = situation;
      const money = { kind: 'refund_under_way', amount: situation.amount, by } as const;
      return { state: attempt.claim === 'applied' ? 'paid' : closed, amount, money };
    }
    case 'refunded': {
      const money = { kind: 'refunded', amount: situation.amount, at: situation.at } as const;
      return { state: attempt.claim === 'applied' ? 'refunded' : closed, amount, money };
    }
    case 'amount_differs': {
      const { received } = situation;
      const money = {
        kind: 'amount_differs',
        received,
        due: amount,
        next: differenceStep(situation),
      } as const;
      return { state: 'differs', amount, money };
    }
    // An attempt that holds the order is not over: whatever else is known of it, the money is not.
    case 'waiting':
    case 'checking':
    case 'expired':
    case 'failed':
    case 'already_paid':
    case 'elsewhere':
      return { state: 'waiting', amount, money: { kind: 'waiting' } };
  }
}
