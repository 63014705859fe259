/**
 * Deciding what an outcome means: a payment as it stands and what the gateway says of it in, the decision out.
 *
 * Every branch about a payment's money is here. It decides on a reading that may be stale; whoever applies the
 * decision checks the versions it rests on and asks again when one has changed.
 */
import type { AgencyId, OrderId, PaymentId } from '../kernel/ids.ts';
import { equals, type Money } from '../kernel/money.ts';
import { dayOf } from '../kernel/time.ts';
import type { GatewayOutcome } from './gateway-outcome.ts';
import { allocationDueOn, type Allocation, type Payment } from './payment.ts';
import { moveFrom } from '../kernel/lifecycle.ts';
import { isUndecided, PAYMENT_LIFECYCLE, type PaymentState } from './payment-lifecycle.ts';

type Success = Extract<GatewayOutcome, { kind: 'succeeded' }>;

/** What becomes of one allocation. */
export interface AllocationDecision {
  readonly allocation: Allocation;
  readonly becomes: 'applied' | 'surplus' | 'released' | 'reserved';
  /** The attempt that loses its reservation to this success. */
  readonly displaces: PaymentId | null;
}

export type OutcomeDecision =
  /** The gateway says what we already know. */
  | { readonly kind: 'nothing_new' }
  /** Money of the right amount: each allocation is applied or surplus. */
  | {
      readonly kind: 'money';
      readonly outcome: Success;
      readonly allocations: readonly AllocationDecision[];
      /** The bank had told us the opposite before. */
      readonly corrects: boolean;
    }
  /** A second charge under one reference: all of it surplus, kept as a payment of its own. */
  | { readonly kind: 'second_charge'; readonly outcome: Success }
  /** Money of a wrong amount or currency: all of it to suspense, with a case. */
  | {
      readonly kind: 'mismatch';
      readonly outcome: Success;
      readonly expected: Money;
      readonly book: AgencyId;
    }
  /** Definitely no money. */
  | { readonly kind: 'no_money'; readonly state: 'failed' | 'lapsed'; readonly gatewayCode: string | null }
  /** Still not known; past its lifetime it becomes unknown and is told so. */
  | {
      readonly kind: 'undecided';
      readonly state: 'handed_off' | 'unknown' | 'unchanged';
      readonly gatewayCode: string | null;
    }
  /** The gateway contradicts a payment that is settled: a person decides. */
  | { readonly kind: 'conflict'; readonly said: string };

/**
 * @param now  the application's clock; with the payment's lifetime it tells pending from unknown
 */
export function decideOutcome(
  payment: Payment,
  outcome: GatewayOutcome,
  now: Date,
  businessTimeZone: string,
): OutcomeDecision {
  switch (outcome.kind) {
    case 'succeeded':
      return decideSuccess(payment, outcome, businessTimeZone);
    case 'failed':
      return decideFailure(payment, outcome.gatewayCode);
    case 'pending':
      return decidePending(payment, outcome.gatewayCode, now);
    case 'not_known':
      return decideNotKnown(payment, now);
  }
}

function decideSuccess(payment: Payment, outcome: Success, businessTimeZone: string): OutcomeDecision {
  if (!awaitsMoney(payment.state)) {
    if (payment.knownTransactions.includes(outcome.gatewayTransactionId)) return { kind: 'nothing_new' };
    // There is nothing to give back; why a bank says such a thing is for a person to find out.
    if (outcome.amount.amountMinor === 0n) return { kind: 'conflict', said: 'second_charge_of_nothing' };
    return { kind: 'second_charge', outcome };
  }
  const expected = expectedAmount(payment, outcome, businessTimeZone);
  if (expected === null || !equals(outcome.amount, expected) || !equals(expected, payment.amount)) {
    const agencies = new Set(payment.allocations.map(({ agencyId }) => agencyId));
    const [only] = agencies;
    return {
      kind: 'mismatch',
      outcome,
      expected: expected ?? payment.amount,
      book: agencies.size === 1 && only !== undefined ? only : (0 as AgencyId),
    };
  }
  return {
    kind: 'money',
    outcome,
    allocations: payment.allocations.map((allocation) => claimFor(payment.id, allocation)),
    corrects: payment.state === 'failed',
  };
}

/**
 * Money whose gateway time lies within the attempt's life settles at the frozen amount, whenever we learn of it;
 * later money is compared with what was due on its payment day.
 */
function expectedAmount(payment: Payment, outcome: Success, businessTimeZone: string): Money | null {
  if (outcome.amount.currency !== payment.amount.currency) return null;
  if (outcome.paidAt <= payment.lifetimeEndsAt) return payment.amount;
  const payDay = dayOf(outcome.paidAt, businessTimeZone);
  const amountMinor = payment.allocations.reduce(
    (total, allocation) => total + allocationDueOn(allocation, payDay).amountMinor,
    0n,
  );
  return { amountMinor, currency: payment.amount.currency };
}

/** A success takes the order's claim unless the order is already paid, withdrawn or given back. */
function claimFor(paymentId: PaymentId, allocation: Allocation): AllocationDecision {
  const { order, holder } = allocation;
  const takesMoney =
    order.status === 'open' || (order.status === 'expired' && !order.obligationTakenByAnother);
  if (!takesMoney || holder?.claim === 'applied') return { allocation, becomes: 'surplus', displaces: null };
  const displaces = holder !== null && holder.paymentId !== paymentId ? holder.paymentId : null;
  return { allocation, becomes: 'applied', displaces };
}

function decideFailure(payment: Payment, gatewayCode: string): OutcomeDecision {
  if (payment.state === 'failed' || payment.state === 'lapsed') return { kind: 'nothing_new' };
  if (moveFrom(PAYMENT_LIFECYCLE, payment.state, 'fail') === null)
    return { kind: 'conflict', said: `failed:${gatewayCode}` };
  return { kind: 'no_money', state: 'failed', gatewayCode };
}

function decidePending(payment: Payment, gatewayCode: string, now: Date): OutcomeDecision {
  if (!isUndecided(payment.state)) return { kind: 'nothing_new' };
  const state =
    payment.state === 'unknown'
      ? 'unchanged'
      : now > payment.lifetimeEndsAt
        ? 'unknown'
        : handedOffOrSame(payment);
  return { kind: 'undecided', state, gatewayCode };
}

function handedOffOrSame(payment: Payment): 'handed_off' | 'unchanged' {
  return payment.state === 'created' ? 'handed_off' : 'unchanged';
}

function decideNotKnown(payment: Payment, now: Date): OutcomeDecision {
  if (!isUndecided(payment.state)) return { kind: 'nothing_new' };
  if (now > payment.lifetimeEndsAt) return { kind: 'no_money', state: 'lapsed', gatewayCode: null };
  return { kind: 'undecided', state: 'unchanged', gatewayCode: null };
}

/** Undecided, or told "no money" before: a bank may correct itself, and late money is still money. */
function awaitsMoney(state: PaymentState): boolean {
  return isUndecided(state) || state === 'failed' || state === 'lapsed';
}

/** The orders whose rows a decision rests on. */
export function ordersOf(payment: Payment): { agencyId: AgencyId; orderId: OrderId }[] {
  return payment.allocations.map(({ agencyId, orderId }) => ({ agencyId, orderId }));
}
