/** Reads all that a citizen's page of an order or payment rests on, and says what situation it is in. */
import type { Agency } from '../domain/agencies/agency.ts';
import type { AgencyId, OrderId, PaymentId } from '../domain/kernel/ids.ts';
import type { LookupCode } from '../domain/kernel/lookup-code.ts';
import type { PaymentOrder } from '../domain/orders/payment-order.ts';
import {
  orderSituation,
  paymentSituation,
  type OrderSituation,
  type PaymentSituation,
  type SituationFacts,
} from '../domain/payments/payment-situation.ts';
import { findAgency } from '../features/agencies/agency-store.ts';
import { findOrder } from '../features/orders/order-store.ts';
import {
  findOrdersOfPayment,
  findPaymentsOfOrder,
  type PaymentOfOrder,
} from '../features/payments/payment-store.ts';
import { findRefundsOfOrder } from '../features/refunds/refund-store.ts';
import type { CheckoutDeps } from './checkout-deps.ts';

export interface OrderFacts extends SituationFacts {
  readonly order: PaymentOrder;
  readonly attempts: readonly PaymentOfOrder[];
  readonly agency: Agency;
  readonly lookupCode: LookupCode;
}

export interface PaymentFacts extends OrderFacts {
  readonly payment: PaymentOfOrder;
  readonly situation: PaymentSituation;
}

type OrderKey = Pick<PaymentOrder, 'agencyId' | 'id'>;

/** Null when there is no such order. */
export async function readOrderFacts(deps: CheckoutDeps, key: OrderKey): Promise<OrderFacts | null> {
  const order = await findOrder(deps.db, key.agencyId, key.id);
  if (!order) return null;
  const [attempts, refunds, agency] = await Promise.all([
    findPaymentsOfOrder(deps.db, key),
    findRefundsOfOrder(deps.db, { agencyId: key.agencyId, orderId: key.id }),
    findAgency(deps.db, key.agencyId),
  ]);
  if (!agency) throw new Error('the agency of an order is missing');
  return {
    order,
    attempts,
    refunds,
    agency,
    lookupCode: order.lookupCode as LookupCode,
    now: deps.clock.now(),
    businessTimeZone: deps.timeZone,
  };
}

/** A payment seen from the first of the orders it covers; null when there is no such payment. */
export async function readPaymentFacts(deps: CheckoutDeps, id: PaymentId): Promise<PaymentFacts | null> {
  const [key] = await findOrdersOfPayment(deps.db, id);
  const facts = key && (await readOrderFacts(deps, key));
  const payment = facts?.attempts.find((attempt) => attempt.id === id);
  if (!facts || !payment) return null;
  return { ...facts, payment, situation: situationOf(deps, payment, facts) };
}

export function situationOf(
  deps: CheckoutDeps,
  payment: PaymentOfOrder,
  facts: SituationFacts,
): PaymentSituation {
  return paymentSituation(payment, facts, () => {
    const reasons = deps.start.gateways.get(payment.gateway)?.profile.failureReasons;
    return reasons?.[payment.gatewayCode ?? ''] ?? 'declined';
  });
}

export function situationOfOrder(facts: OrderFacts): OrderSituation {
  return orderSituation(facts);
}

export function orderPath(deps: CheckoutDeps, key: { agencyId: AgencyId; id: OrderId }): string {
  return `/pay/${deps.links.tokenOf({ kind: 'order', agencyId: key.agencyId, id: key.id })}`;
}

export function paymentPath(deps: CheckoutDeps, id: PaymentId): string {
  return `/pay/${deps.links.tokenOf({ kind: 'payment', id })}`;
}
