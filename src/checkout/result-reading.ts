/** A paid order as its result page shows it: amount, receipts, and the steps its money has taken. */
import { addMinutes, dayOf, type Day } from '../domain/kernel/time.ts';
import { refundPromisedBy } from '../domain/payments/payment-situation.ts';
import { moneyTrail, type TrailEntry } from '../features/orders/money-trail.ts';
import { findReceiptsOfOrder } from '../features/receipts/receipt-store.ts';
import type { Locale } from '../web/i18n.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import { paymentPath, situationOf, type PaymentFacts } from './checkout-facts.ts';
import type { MoneyStep } from './money-timeline.tsx';
import { payerPath } from './payer-visit.ts';
import { gatewayName, isTransfer } from './payment-methods.ts';
import { receiptView } from './receipt-reading.ts';
import type { ResultView } from './result-page.tsx';
import { refundProgress, settlementExpectedOn } from './status-reading.ts';
import type { PayoutLink } from './status-view.tsx';

/** Receipts are issued with the payment; one that is not there yet is a fault that people look at within the hour. */
const RECEIPT_WITHIN_MINUTES = 60;

interface ResultFacts extends PaymentFacts {
  readonly payout: PayoutLink | null;
}

export async function resultViewOf(
  deps: CheckoutDeps,
  facts: ResultFacts,
  locale: Locale,
): Promise<ResultView> {
  const { payment, order } = facts;
  const paidAt = payment.paidAt ?? order.paidAt ?? facts.now;
  const [receipts, trail] = await Promise.all([
    findReceiptsOfOrder(deps.db, { agencyId: order.agencyId, orderId: order.id }),
    moneyTrail(deps.db, order),
  ]);
  const shown = receipts.filter((receipt) => receipt.paymentId === payment.id);
  return {
    amount: payment.allocated,
    paidAt,
    gatewayName: gatewayName(payment.gateway, locale),
    isTransfer: isTransfer(payment.gateway),
    agency: facts.agency,
    lookupCode: facts.lookupCode,
    steps: stepsOf(deps, facts, trail, paidAt),
    receipts: shown.map((receipt) => receiptView(deps, receipt)),
    payerHref: facts.isPublic ? payerPath(paymentPath(deps, payment.id, facts)) : null,
    receiptExpectedBy: shown.length > 0 ? null : addMinutes(paidAt, RECEIPT_WITHIN_MINUTES),
    pdfHref: null,
    collect: null,
    payout: facts.payout,
    refunds: refundsOf(facts),
    surplus: surplusOf(deps, facts),
    // The agency's address may be meant for the payer alone.
    returnHref: facts.isPublic ? null : safeReturn(order.returnUrl),
  };
}

function stepsOf(
  deps: CheckoutDeps,
  { payment, order, now }: PaymentFacts,
  trail: readonly TrailEntry[],
  paidAt: Date,
): MoneyStep[] {
  const told = trail.find(
    ({ kind, facts }) =>
      kind === 'agency_told' && facts['type'] === 'payment_order.paid' && facts['state'] === 'delivered',
  );
  const toldAt = earliest([told?.at ?? null, order.acknowledgedAt]);
  const settledAt = trail.find(({ kind }) => kind === 'settled')?.at ?? null;
  return [
    { kind: 'handed_off', state: 'done', at: payment.handedOffAt ?? payment.startedAt },
    { kind: 'bank_confirmed', state: 'done', at: paidAt },
    { kind: 'recorded', state: 'done', at: payment.settledAt ?? paidAt },
    { kind: 'agency_told', state: toldAt === null ? 'current' : 'done', at: toldAt },
    settledAt === null
      ? {
          kind: 'reconciled',
          state: 'todo',
          at: null,
          ...stillExpected(settlementExpectedOn(paidAt, deps.timeZone), dayOf(now, deps.timeZone)),
        }
      : { kind: 'reconciled', state: 'done', at: settledAt },
  ];
}

/** A day that has passed is no expectation. */
function stillExpected(expectedOn: Day, today: Day): { expectedOn?: Day } {
  return expectedOn >= today ? { expectedOn } : {};
}

function earliest(instants: readonly (Date | null)[]): Date | null {
  const known = instants.filter((at) => at !== null);
  return known.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
}

/** What of this payment goes back, or has gone, while the order stays paid. */
function refundsOf(facts: ResultFacts): ResultView['refunds'] {
  const { payment, refunds, payout } = facts;
  return refunds
    .filter((refund) => refund.paymentId === payment.id && refund.source === 'payable')
    .filter(({ state }) => state === 'approved' || state === 'submitted' || state === 'succeeded')
    .map((refund) => {
      const by = refund.state === 'succeeded' ? undefined : refundPromisedBy(refund, facts);
      const steps = refundProgress(refund, { payout, by });
      return { amount: refund.amount, steps, ...(by === undefined ? { at: refund.resolvedAt } : { by }) };
    });
}

/** Other money for the same order, which goes back or has gone. */
function surplusOf(deps: CheckoutDeps, facts: PaymentFacts): ResultView['surplus'] {
  return facts.attempts.flatMap((attempt) => {
    if (attempt.claim !== 'surplus') return [];
    const situation = situationOf(deps, attempt, facts);
    if (situation.kind !== 'refund_under_way' && situation.kind !== 'refunded') return [];
    const { amount } = situation;
    const became = situation.kind === 'refunded' ? 'refunded' : situation.cause.kind;
    return [{ amount, became, href: paymentPath(deps, attempt.id, facts) }];
  });
}

/** The address was on the agency's list when the order was opened; whatever else a row may hold is no link. */
function safeReturn(returnUrl: string | null): string | null {
  return returnUrl !== null && /^https?:\/\//i.test(returnUrl) ? returnUrl : null;
}
