/** Reads all that a citizen's page of an order or payment rests on, and says what situation it is in. */
import type { Agency } from '../domain/agencies/agency.ts';
import type { PaymentId } from '../domain/kernel/ids.ts';
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
import type { OrderTarget, PaymentTarget } from './checkout-link.ts';

export interface OrderFacts extends SituationFacts {
  /** Come to by a public link: its pages name nobody, and lead to public pages. */
  readonly isPublic: boolean;
  readonly order: PaymentOrder;
  readonly attempts: readonly PaymentOfOrder[];
  readonly agency: Agency;
  readonly lookupCode: LookupCode;
}

export interface PaymentFacts extends OrderFacts {
  readonly payment: PaymentOfOrder;
  readonly situation: PaymentSituation;
}

type OrderKey = Pick<OrderTarget, 'agencyId' | 'id'>;

/** Null when there is no such order. */
export async function readOrderFacts(
  deps: CheckoutDeps,
  key: Omit<OrderTarget, 'kind'>,
): Promise<OrderFacts | null> {
  const order = await findOrder(deps.db, key.agencyId, key.id);
  if (!order) return null;
  const [attempts, refunds, agency] = await Promise.all([
    findPaymentsOfOrder(deps.db, key),
    findRefundsOfOrder(deps.db, { agencyId: key.agencyId, orderId: key.id }),
    findAgency(deps.db, key.agencyId),
  ]);
  if (!agency) throw new Error('the agency of an order is missing');
  return {
    isPublic: key.isPublic === true,
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
export async function readPaymentFacts(
  deps: CheckoutDeps,
  { id, isPublic }: Omit<PaymentTarget, 'kind'>,
): Promise<PaymentFacts | null> {
  const [key] = await findOrdersOfPayment(deps.db, id);
  const facts = key && (await readOrderFacts(deps, isPublic === true ? { ...key, isPublic } : key));
  const payment = facts?.attempts.find((attempt) => attempt.id === id);
  if (!facts || !payment) return null;
  return { ...facts, payment, situation: situationOf(deps, payment, facts) };
}

export function situationOf(
  deps: CheckoutDeps,
  payment: PaymentOfOrder,
  facts: SituationFacts,
): PaymentSituation {
  const gateway = deps.start.gateways.get(payment.gateway);
  const reasonOf = () => gateway?.profile.failureReasons?.[payment.gatewayCode ?? ''] ?? 'declined';
  return paymentSituation(payment, facts, reasonOf, canBeAsked(deps, payment));
}

/** Whether the attempt's gateway answers questions; one that is no longer configured did. */
export function canBeAsked(deps: CheckoutDeps, { gateway }: Pick<PaymentOfOrder, 'gateway'>): boolean {
  const adapter = deps.start.gateways.get(gateway);
  return adapter === null || adapter.queries !== undefined;
}

/** What we know of the money of an order that nothing is paid of: a transfer may be on its way unseen. */
export function unpaidMoney(
  deps: CheckoutDeps,
  { attempts }: Pick<OrderFacts, 'attempts'>,
): { readonly kind: 'not_paid' | 'not_received' } {
  const mayBeUnderWay = attempts.some((attempt) => attempt.state === 'lapsed' && !canBeAsked(deps, attempt));
  return { kind: mayBeUnderWay ? 'not_received' : 'not_paid' };
}

export function situationOfOrder(facts: OrderFacts): OrderSituation {
  return orderSituation(facts);
}

/** The order's page, public where these facts were come to by a public link. */
export function orderPath(
  deps: CheckoutDeps,
  { order, isPublic }: Pick<OrderFacts, 'isPublic'> & { readonly order: OrderKey },
): string {
  const { agencyId, id } = order;
  return `/pay/${deps.links.tokenOf({ kind: 'order', agencyId, id, ...(isPublic ? { isPublic } : {}) })}`;
}

/** The page of an attempt at the order, public where these facts were come to by a public link. */
export function paymentPath(
  deps: CheckoutDeps,
  id: PaymentId,
  { isPublic }: Pick<OrderFacts, 'isPublic'>,
): string {
  return `/pay/${deps.links.tokenOf({ kind: 'payment', id, ...(isPublic ? { isPublic } : {}) })}`;
}
