/** Asking for a refund: what is asked for is held at once, so that it can be neither remitted nor refunded again. */
import { randomBytes } from 'node:crypto';
import { newId, publicId, type AgencyId, type IdSource, type PaymentId } from '../../domain/kernel/ids.ts';
import { lookupCodeFrom } from '../../domain/kernel/lookup-code.ts';
import { compare, equals, money, type Money } from '../../domain/kernel/money.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { addMinutes, type Clock } from '../../domain/kernel/time.ts';
import type { RefundSource } from '../../domain/ledger/posting-rules.ts';
import type { AllocationLine } from '../../domain/payments/payment.ts';
import {
  availableOn,
  exceeds,
  planRefundLines,
  type Refund,
  type RefundLine,
} from '../../domain/refunds/refund.ts';
import type { Reader, Tx } from '../../platform/database.ts';
import type { Gateways } from '../payments/start-payment.ts';
import { writeAudit } from '../staff/audit-log.ts';
import { announceRefund, concernedOrders, ordersOfPayment, unchanged } from './refund-announcement.ts';
import { postRefund } from './refund-posting.ts';
import {
  findAppliedPayment,
  findRefundedPayment,
  lockOrders,
  lockPayment,
  readFrozenLines,
  type OrderKey,
  type RefundedOrder,
  type RefundedPayment,
} from './refund-reading-store.ts';
import { hasLivingRefund, holdLines, insertRefund } from './refund-store.ts';

export interface RefundDeps {
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  readonly gateways: Pick<Gateways, 'get'>;
}

export interface RequestRefund extends OrderKey {
  /** The payment whose money is meant; null means the one applied to the order. */
  readonly paymentId: PaymentId | null;
  readonly amount: Money;
  /** Null leaves the split over the lines to us. */
  readonly lines: readonly RefundLine[] | null;
  /** What the asker believes can be refunded: a second sending finds that it changed. */
  readonly amountAvailable: Money;
  readonly reason: string;
  /** Who asks: `client:…`, `staff:…`. */
  readonly actor: string;
}

/**
 * Opens a refund that waits for another's decision, and holds its money.
 *
 * Refuses: payment-order.not-found, payment-order.not-paid, payment.not-found, refund.amount-available-differs,
 * refund.amount-exceeds-available, refund.lines-do-not-sum, refund.unknown-line, refund.whole-only,
 * refund.held-by-platform, refund.gateway-cannot.
 */
export async function requestRefund(tx: Tx, deps: RefundDeps, command: RequestRefund): Promise<Refund> {
  const money = await lockMoney(tx, command);
  if (!equals(command.amountAvailable, money.available)) {
    const amount = Number(money.available.amountMinor);
    const errors = [{ pointer: '/amount_available', detail: `is ${String(amount)} now` }];
    throw new Refusal('refund.amount-available-differs', { amount_available: amount }, { errors });
  }
  return await openRefund(tx, deps, money, {
    amount: command.amount,
    lines: command.lines,
    reason: command.reason,
    requestedBy: command.actor,
    approvedBy: null,
  });
}

/** Money that may go back, with everything of it locked. */
export interface RefundableMoney {
  readonly source: RefundSource;
  /** In whose book it lies. */
  readonly agencyId: AgencyId;
  readonly orderId: Refund['orderId'];
  readonly payment: RefundedPayment;
  /** All orders of the payment. */
  readonly orders: readonly RefundedOrder[];
  readonly lines: readonly AllocationLine[];
  readonly available: Money;
}

/** What of an order could be refunded now of the money applied to it; nothing when it is not paid. */
export async function amountAvailable(reader: Reader, order: OrderKey): Promise<bigint> {
  const paymentId = await findAppliedPayment(reader, order);
  return paymentId === null ? 0n : availableOn(await readFrozenLines(reader, order, paymentId));
}

/**
 * Finds the money a refund means and locks its orders, then its payment.
 *
 * Refuses: payment-order.not-found, payment-order.not-paid, payment.not-found, refund.held-by-platform.
 */
export async function lockMoney(
  tx: Tx,
  asked: OrderKey & { readonly paymentId: PaymentId | null },
): Promise<RefundableMoney> {
  const key: OrderKey = { agencyId: asked.agencyId, orderId: asked.orderId };
  const meant = asked.paymentId ?? (await findAppliedPayment(tx, key));
  const unlocked = meant === null ? null : await findRefundedPayment(tx, meant);
  const keys = unlocked === null ? [key] : ordersOfPayment(unlocked);
  const isOfOrder = keys.some(
    ({ agencyId, orderId }) => agencyId === key.agencyId && orderId === key.orderId,
  );
  const orders = await lockOrders(tx, isOfOrder ? keys : [key]);
  if (!orders.some(({ id }) => id === key.orderId)) throw new Refusal('payment-order.not-found');
  if (meant === null) throw new Refusal('payment-order.not-paid');
  if (!isOfOrder) throw new Refusal('payment.not-found');
  await lockPayment(tx, meant);
  const payment = await findRefundedPayment(tx, meant);
  if (!payment) throw new Refusal('payment.not-found');
  return await moneyOf(tx, key, payment, orders);
}

async function moneyOf(
  tx: Tx,
  key: OrderKey,
  payment: RefundedPayment,
  orders: readonly RefundedOrder[],
): Promise<RefundableMoney> {
  const allocation = payment.allocations.find(
    ({ agencyId, orderId }) => agencyId === key.agencyId && orderId === key.orderId,
  );
  const found = { agencyId: key.agencyId, orderId: key.orderId, payment, orders, lines: [] };
  if (payment.state === 'mismatched' || payment.cameBack) return await suspenseOf(tx, found);
  if (payment.state === 'succeeded' && allocation?.claim === 'surplus') {
    const isLiving = await hasLivingRefund(tx, { ...key, paymentId: payment.id, source: 'surplus' });
    return { ...found, source: 'surplus', available: isLiving ? none(allocation.amount) : allocation.amount };
  }
  if (payment.state === 'succeeded' && allocation?.claim === 'applied') {
    const lines = await readFrozenLines(tx, key, payment.id);
    const available = money(availableOn(lines), allocation.amount.currency);
    return { ...found, source: 'payable', lines, available };
  }
  throw new Refusal('payment-order.not-paid');
}

/** A sum of a wrong amount lies undivided in one book: the agency's, or the platform's when it is of several. */
async function suspenseOf(
  tx: Tx,
  found: Omit<RefundableMoney, 'source' | 'available'>,
): Promise<RefundableMoney> {
  const { payment } = found;
  const agencies = new Set(payment.allocations.map(({ agencyId }) => agencyId));
  if (agencies.size > 1) throw new Refusal('refund.held-by-platform');
  const orderId = payment.allocations.length === 1 ? found.orderId : null;
  const sum = { agencyId: found.agencyId, paymentId: payment.id, orderId, source: 'suspense' as const };
  const isLiving = await hasLivingRefund(tx, sum);
  const available = isLiving ? none(payment.amountReceived) : payment.amountReceived;
  return { ...found, orderId, source: 'suspense', available };
}

function none(like: Money): Money {
  return money(0n, like.currency);
}

export interface OpenRefund {
  readonly amount: Money;
  readonly lines: readonly RefundLine[] | null;
  readonly reason: string;
  readonly requestedBy: string;
  /** The person whose rule approves it beforehand; null when somebody has yet to decide. */
  readonly approvedBy: string | null;
}

/**
 * Holds locked money for a refund: lines, books, event and audit entry together.
 *
 * Refuses: refund.amount-exceeds-available, refund.lines-do-not-sum, refund.unknown-line, refund.whole-only,
 * refund.gateway-cannot.
 */
export async function openRefund(
  tx: Tx,
  deps: RefundDeps,
  from: RefundableMoney,
  asked: OpenRefund,
): Promise<Refund> {
  const lines = planLines(from, asked);
  const now = deps.clock.now();
  const obstacle = gatewayObstacle(deps, from.payment, asked.amount, now);
  if (obstacle !== null) throw gatewayCannot(from.payment.gateway, obstacle);
  const refund: Refund = {
    agencyId: from.agencyId,
    id: newId('rf', deps.newId),
    orderId: from.orderId,
    paymentId: from.payment.id,
    source: from.source,
    amount: asked.amount,
    state: asked.approvedBy === null ? 'requested' : 'approved',
    reason: asked.reason,
    refundReference: `RF${lookupCodeFrom(randomBytes(16))}`,
    requestedBy: asked.requestedBy,
    decidedBy: asked.approvedBy,
    decisionNote: null,
    gatewayRefundId: null,
    gatewayCode: null,
    attempts: 0,
    requestedAt: now,
    decidedAt: asked.approvedBy === null ? null : now,
    submittedAt: null,
    resolvedAt: null,
    lines,
  };
  const isSent = asked.approvedBy !== null && !isPaidOut(deps, from.payment.gateway);
  await insertRefund(tx, refund, isSent ? now : null);
  await holdLines(tx, refund);
  await postRefund(tx, deps, {
    refund,
    payment: from.payment,
    lines: from.lines,
    kind: 'refund_hold',
    effectiveAt: now,
    actor: asked.requestedBy,
    reversesId: null,
  });
  await writeAudit(tx, {
    id: deps.newId(),
    actor: asked.requestedBy,
    action: 'refund.requested',
    agencyId: refund.agencyId,
    subject: publicId('rf', refund.id),
    detail: {
      amount: refund.amount.amountMinor.toString(),
      source: refund.source,
      approved_by: asked.approvedBy,
    },
  });
  for (const order of concernedOrders(refund, from.orders)) {
    await announceRefund(tx, deps, {
      refund,
      order,
      after: unchanged(order),
      news: [['refund.requested', {}]],
      receiptNumbers: {},
      now,
    });
  }
  return refund;
}

/** Whether refunds of a gateway are transfers that people make: then nothing is ever sent to it. */
export function isPaidOut(deps: Pick<RefundDeps, 'gateways'>, gateway: string): boolean {
  return deps.gateways.get(gateway)?.profile.payouts === true;
}

function planLines(from: RefundableMoney, asked: OpenRefund): RefundLine[] {
  if (from.source === 'payable') return planRefundLines(from.lines, asked.amount, asked.lines);
  if (asked.amount.amountMinor > from.available.amountMinor) throw exceeds(from.available.amountMinor);
  if (asked.lines !== null || !equals(asked.amount, from.available)) {
    const amount = Number(from.available.amountMinor);
    const fault =
      asked.lines === null
        ? { pointer: '/amount', detail: `must be ${String(amount)}, all of it` }
        : { pointer: '/lines', detail: 'cannot be told: this money was not divided over lines' };
    throw new Refusal('refund.whole-only', { amount_available: amount }, { errors: [fault] });
  }
  return [];
}

/** How money of a paid order may go back, before anybody asks for it. */
export interface RefundTerms {
  readonly amountAvailable: Money;
  /** By the gateway that took it; by a transfer that a person makes to the payer's own account; or neither. */
  readonly route: 'gateway' | 'payout' | 'none';
  readonly partial: boolean;
  /** Until when the gateway takes a refund; null when it names no time. */
  readonly until: Date | null;
  readonly amountMin: Money | null;
  readonly amountMax: Money | null;
}

/**
 * Refuses: payment-order.not-paid when no money was applied to the order, which also stands for one that is not there.
 */
export async function readRefundTerms(
  reader: Reader,
  deps: Pick<RefundDeps, 'gateways'>,
  order: OrderKey,
): Promise<RefundTerms> {
  const paymentId = await findAppliedPayment(reader, order);
  const payment = paymentId === null ? null : await findRefundedPayment(reader, paymentId);
  if (!payment) throw new Refusal('payment-order.not-paid');
  const { currency } = payment.amountReceived;
  const amountAvailable = money(availableOn(await readFrozenLines(reader, order, payment.id)), currency);
  const limits = deps.gateways.get(payment.gateway)?.refunds?.limits;
  const unlimited = { until: null, amountMin: null, amountMax: null };
  if (!limits) {
    return isPaidOut(deps, payment.gateway)
      ? { amountAvailable, route: 'payout', partial: true, ...unlimited }
      : { amountAvailable, route: 'none', partial: false, ...unlimited };
  }
  const { partial, windowDays, amountMin, amountMax } = limits;
  const until = windowDays === null ? null : windowEnd(payment, windowDays);
  return { amountAvailable, route: 'gateway', partial, until, amountMin, amountMax };
}

function windowEnd({ paidAt, startedAt }: RefundedPayment, windowDays: number): Date {
  return addMinutes(paidAt ?? startedAt, windowDays * 24 * 60);
}

/** Why the gateway that took the money cannot send so much of it back. */
export type GatewayObstacle =
  | { readonly why: 'no_refunds' | 'whole_only' }
  | { readonly why: 'window_over'; readonly window_days: number }
  | { readonly why: 'below_minimum'; readonly amount_min: number }
  | { readonly why: 'above_maximum'; readonly amount_max: number };

/** Held against the gateway's own limits before anybody waits for a decision; null when it can. */
export function gatewayObstacle(
  deps: Pick<RefundDeps, 'gateways'>,
  payment: RefundedPayment,
  amount: Money,
  now: Date,
): GatewayObstacle | null {
  const adapter = deps.gateways.get(payment.gateway);
  // People transfer what they like, whenever they do.
  if (adapter?.profile.payouts === true) return null;
  const limits = adapter?.refunds?.limits;
  if (!limits) return { why: 'no_refunds' };
  const { partial, windowDays, amountMin, amountMax } = limits;
  if (!partial && !equals(amount, payment.amountReceived)) return { why: 'whole_only' };
  if (windowDays !== null && now > windowEnd(payment, windowDays)) {
    return { why: 'window_over', window_days: windowDays };
  }
  if (amountMin !== null && compare(amount, amountMin) < 0) {
    return { why: 'below_minimum', amount_min: Number(amountMin.amountMinor) };
  }
  if (amountMax !== null && compare(amount, amountMax) > 0) {
    return { why: 'above_maximum', amount_max: Number(amountMax.amountMinor) };
  }
  return null;
}

function gatewayCannot(gateway: string, obstacle: GatewayObstacle): Refusal {
  return new Refusal('refund.gateway-cannot', { gateway, ...obstacle }, { detail: sentenceOf(obstacle) });
}

function sentenceOf(obstacle: GatewayObstacle): string {
  switch (obstacle.why) {
    case 'no_refunds':
      return 'The gateway that took the payment sends no money back.';
    case 'whole_only':
      return 'The gateway that took the payment sends back the whole sum only.';
    case 'window_over':
      return `The gateway takes refunds within ${String(obstacle.window_days)} days of the payment; that time is over.`;
    case 'below_minimum':
      return `The gateway sends back at least ${String(obstacle.amount_min)} at a time.`;
    case 'above_maximum':
      return `The gateway sends back at most ${String(obstacle.amount_max)} at a time: ask for it in parts.`;
  }
}
