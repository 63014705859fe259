/** A paid order as its result page shows it: amount, receipts, and the steps its money has taken. */
import { addMinutes } from '../domain/kernel/time.ts';
import { moneyTrail, type TrailEntry } from '../features/orders/money-trail.ts';
import { findReceiptsOfOrder } from '../features/receipts/receipt-store.ts';
import type { Locale } from '../web/i18n.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import { paymentPath, situationOf, type PaymentFacts } from './checkout-facts.ts';
import type { MoneyStep } from './money-timeline.tsx';
import { payerPath } from './payer-visit.ts';
import { gatewayName } from './payment-methods.ts';
import { receiptView } from './receipt-reading.ts';
import type { ResultView } from './result-page.tsx';
import { settlementExpectedOn } from './status-reading.ts';

/** Receipts are issued with the payment; one that is not there yet is a fault that people look at within the hour. */
const RECEIPT_WITHIN_MINUTES = 60;

export async function resultViewOf(
  deps: CheckoutDeps,
  facts: PaymentFacts,
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
    agency: facts.agency,
    lookupCode: facts.lookupCode,
    steps: stepsOf(deps, facts, trail, paidAt),
    receipts: shown.map((receipt) => receiptView(deps, receipt)),
    payerHref: facts.isPublic ? payerPath(paymentPath(deps, payment.id, facts)) : null,
    receiptExpectedBy: shown.length > 0 ? null : addMinutes(paidAt, RECEIPT_WITHIN_MINUTES),
    pdfHref: null,
    collect: null,
    returning: returningOf(deps, facts),
    // The agency's address may be meant for the payer alone.
    returnHref: facts.isPublic ? null : safeReturn(order.returnUrl),
  };
}

function stepsOf(
  deps: CheckoutDeps,
  { payment, order }: PaymentFacts,
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
          kind: 'treasury_reconciled',
          state: 'todo',
          at: null,
          expectedOn: settlementExpectedOn(paidAt, deps.timeZone),
        }
      : { kind: 'treasury_reconciled', state: 'done', at: settledAt },
  ];
}

function earliest(instants: readonly (Date | null)[]): Date | null {
  const known = instants.filter((at) => at !== null);
  return known.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
}

/** Another payment of the same order whose money is on its way back. */
function returningOf(deps: CheckoutDeps, facts: PaymentFacts): ResultView['returning'] {
  for (const attempt of facts.attempts) {
    if (attempt.claim !== 'surplus') continue;
    const situation = situationOf(deps, attempt, facts);
    if (situation.kind === 'refund_under_way')
      return { amount: situation.amount, href: paymentPath(deps, attempt.id, facts) };
  }
  return null;
}

/** The address was on the agency's list when the order was opened; whatever else a row may hold is no link. */
function safeReturn(returnUrl: string | null): string | null {
  return returnUrl !== null && /^https?:\/\//i.test(returnUrl) ? returnUrl : null;
}
