/** Refund: money on its way back. What may be asked, who may decide, and what a gateway's word on it means. */
import type { AgencyId, OrderId, PaymentId, RefundId } from '../kernel/ids.ts';
import { nextState } from '../kernel/lifecycle.ts';
import { money, shareByLargestRemainder, type Money } from '../kernel/money.ts';
import { Refusal, type InputFault } from '../kernel/refusals.ts';
import type { RefundSource } from '../ledger/posting-rules.ts';
import {
  PAYMENT_ORDER_LIFECYCLE,
  type PaymentOrderMove,
  type PaymentOrderStatus,
} from '../orders/payment-order-lifecycle.ts';
import type { RefundOutcome } from '../payments/gateway-outcome.ts';
import type { AllocationLine } from '../payments/payment.ts';
import { REFUND_LIFECYCLE, type RefundState } from './refund-lifecycle.ts';

export interface Refund {
  readonly agencyId: AgencyId;
  readonly id: RefundId;
  /** Null when the money is no single order's: a wrong amount for several orders. */
  readonly orderId: OrderId | null;
  readonly paymentId: PaymentId;
  readonly source: RefundSource;
  readonly amount: Money;
  readonly state: RefundState;
  readonly reason: string;
  /** Ours, and the same however often the gateway is asked. */
  readonly refundReference: string;
  readonly requestedBy: string;
  readonly decidedBy: string | null;
  readonly decisionNote: string | null;
  readonly gatewayRefundId: string | null;
  readonly gatewayCode: string | null;
  readonly attempts: number;
  readonly requestedAt: Date;
  readonly decidedAt: Date | null;
  readonly submittedAt: Date | null;
  readonly resolvedAt: Date | null;
  /** Which frozen lines it takes from; none unless the money is the agency's. */
  readonly lines: readonly RefundLine[];
}

/** A part of a refund, taken from one frozen line of an allocation. */
export interface RefundLine {
  readonly lineNo: number;
  readonly amount: Money;
}

type FrozenLine = Pick<AllocationLine, 'lineNo' | 'amount' | 'refunded'>;

/** What can still be refunded of frozen lines: paid, less what was refunded and what is asked for already. */
export function availableOn(lines: readonly FrozenLine[]): bigint {
  return lines.reduce((total, line) => total + availableOnLine(line), 0n);
}

function availableOnLine({ amount, refunded }: FrozenLine): bigint {
  return amount.amountMinor - refunded.amountMinor;
}

/**
 * The lines a refund takes from: those given, or all by largest remainder over what each has left.
 *
 * Refuses: refund.amount-exceeds-available, refund.lines-do-not-sum, refund.unknown-line.
 */
export function planRefundLines(
  lines: readonly FrozenLine[],
  amount: Money,
  given: readonly RefundLine[] | null,
): RefundLine[] {
  const available = availableOn(lines);
  if (amount.amountMinor > available) throw exceeds(available);
  return given === null ? spread(lines, amount) : checked(lines, amount, given);
}

/** The refusal that tells what would be possible. */
export function exceeds(available: bigint, faults: readonly InputFault[] = []): Refusal {
  const whole = { pointer: '/amount', detail: `is more than the ${String(available)} left` };
  const errors = faults.length > 0 ? faults : [whole];
  return new Refusal('refund.amount-exceeds-available', { amount_available: Number(available) }, { errors });
}

function spread(lines: readonly FrozenLine[], amount: Money): RefundLine[] {
  const shares = shareByLargestRemainder(amount.amountMinor, lines.map(availableOnLine));
  return lines
    .map(({ lineNo }, index) => ({ lineNo, amount: money(shares[index] ?? 0n, amount.currency) }))
    .filter((line) => line.amount.amountMinor > 0n);
}

function checked(lines: readonly FrozenLine[], amount: Money, given: readonly RefundLine[]): RefundLine[] {
  const total = given.reduce((running, line) => running + line.amount.amountMinor, 0n);
  const isTwice = new Set(given.map(({ lineNo }) => lineNo)).size < given.length;
  if (total !== amount.amountMinor || isTwice) {
    const sums = `sum to ${String(total)}, not to ${String(amount.amountMinor)}`;
    const errors = [{ pointer: '/lines', detail: isTwice ? 'name a line twice' : sums }];
    throw new Refusal('refund.lines-do-not-sum', { lines_total: Number(total) }, { errors });
  }
  const paid = new Map(lines.map((line) => [line.lineNo, line]));
  const unknown: InputFault[] = [];
  const over: InputFault[] = [];
  given.forEach(({ lineNo, amount: asked }, index) => {
    const line = paid.get(lineNo);
    if (!line) {
      unknown.push({
        pointer: `/lines/${String(index)}/line`,
        detail: `is no line of the order: ${String(lineNo)}`,
      });
    } else if (asked.amountMinor > availableOnLine(line)) {
      const left = availableOnLine(line).toString();
      over.push({ pointer: `/lines/${String(index)}/amount`, detail: `is more than the ${left} left` });
    }
  });
  if (unknown.length > 0) throw new Refusal('refund.unknown-line', {}, { errors: unknown });
  if (over.length > 0) throw exceeds(availableOn(lines), over);
  return [...given];
}

export const REFUND_DECISIONS = ['approve', 'reject', 'send_back'] as const;
export type RefundDecision = (typeof REFUND_DECISIONS)[number];

/**
 * The state a decision leads to. The maker is never the checker.
 *
 * Refuses: refund.same-person, refund.illegal-move.
 */
export function decideRefund(
  refund: Pick<Refund, 'state' | 'requestedBy'>,
  decision: RefundDecision,
  actor: string,
): RefundState {
  if (refund.requestedBy === actor) throw new Refusal('refund.same-person');
  return nextState(REFUND_LIFECYCLE, refund.state, decision, 'refund.illegal-move');
}

/** What a gateway's word means for a refund as it stands. */
export type RefundOutcomeDecision =
  /** The gateway says what we already know, or nothing that counts. */
  | { readonly kind: 'nothing_new' }
  /** Not yet: ask again later. */
  | { readonly kind: 'wait'; readonly gatewayCode: string | null }
  | {
      readonly kind: 'succeed';
      readonly outcome: Extract<RefundOutcome, { kind: 'succeeded' }>;
    }
  | { readonly kind: 'fail'; readonly gatewayCode: string }
  /** Confirmed before, taken back now: the books follow, with a link to what they undo. */
  | { readonly kind: 'reverse'; readonly gatewayCode: string }
  /** The money may have left although we hold it, or have left twice: a person looks. */
  | { readonly kind: 'conflict'; readonly said: string };

/** Every pair of a refund's state and a gateway's word. */
export function decideRefundOutcome(
  refund: Pick<Refund, 'state' | 'gatewayRefundId'>,
  outcome: RefundOutcome,
): RefundOutcomeDecision {
  const isUnderWay = refund.state === 'approved' || refund.state === 'submitted';
  switch (outcome.kind) {
    case 'succeeded':
      if (isUnderWay) return { kind: 'succeed', outcome };
      if (refund.state === 'succeeded' && refund.gatewayRefundId === outcome.gatewayRefundId) {
        return { kind: 'nothing_new' };
      }
      return { kind: 'conflict', said: `succeeded:${outcome.gatewayRefundId}` };
    case 'failed':
      if (isUnderWay) return { kind: 'fail', gatewayCode: outcome.gatewayCode };
      if (refund.state === 'succeeded') return { kind: 'reverse', gatewayCode: outcome.gatewayCode };
      return { kind: 'nothing_new' };
    case 'pending':
      return isUnderWay ? { kind: 'wait', gatewayCode: outcome.gatewayCode } : { kind: 'nothing_new' };
    case 'not_known':
      return isUnderWay ? { kind: 'wait', gatewayCode: null } : { kind: 'nothing_new' };
  }
}

/**
 * The status of an order once so much of what it was paid has gone back, or come again after a reversal.
 *
 * Refuses: refund.illegal-move for an order that was never paid.
 */
export function orderStatusAfterRefunds(
  status: PaymentOrderStatus,
  paidMinor: bigint,
  refundedMinor: bigint,
): PaymentOrderStatus {
  const move: PaymentOrderMove =
    refundedMinor === 0n ? 'refund_undone' : refundedMinor < paidMinor ? 'refund_part' : 'refund_all';
  if (move === 'refund_undone' && status === 'paid') return status;
  return nextState(PAYMENT_ORDER_LIFECYCLE, status, move, 'refund.illegal-move');
}

/** Minutes until a refund that is under way is asked about again: refunds take banks from seconds to days. */
const MINUTES_BETWEEN_QUESTIONS: readonly number[] = [1, 2, 5, 15, 30];

/** @param attempts  how often the gateway was spoken to so far, 1 or more */
export function minutesUntilNextQuestion(attempts: number): number {
  return MINUTES_BETWEEN_QUESTIONS[attempts - 1] ?? (attempts <= 24 ? 60 : 360);
}

/** Days after which a person is told that a refund has still no outcome. ZaloPay names 3 to 5 working days. */
export const REFUND_OVERDUE_DAYS = 7;
