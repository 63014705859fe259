/** What anybody may know of an order: whether it is still to be paid. */
import { situationOfOrder, type OrderFacts } from './checkout-facts.ts';

export type PublicOrderState = 'unpaid' | 'waiting' | 'paid' | 'closed';

export function publicStateOf(facts: OrderFacts): PublicOrderState {
  switch (facts.order.status) {
    case 'paid':
    case 'partly_refunded':
      return 'paid';
    case 'refunded':
    case 'cancelled':
      return 'closed';
    case 'open':
    case 'expired': {
      const situation = situationOfOrder(facts);
      if (situation.kind === 'payable') return 'unpaid';
      const isBeingPaid = facts.attempts.some(({ claim }) => claim === 'reserved');
      return isBeingPaid ? 'waiting' : 'closed';
    }
  }
}
