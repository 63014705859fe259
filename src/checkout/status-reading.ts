/** What we know of a payment that is not simply paid, as its status page shows it. */
import { addDays, dayOf } from '../domain/kernel/time.ts';
import type { PaymentSituation, RefundFact } from '../domain/payments/payment-situation.ts';
import { nameIn, type Locale } from '../web/i18n.ts';
import type { DifferenceNextStep } from '../web/money-sentence.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import { orderPath, paymentPath, type PaymentFacts } from './checkout-facts.ts';
import { canContinue } from './hand-off-visit.ts';
import type { MoneyStep } from './money-timeline.tsx';
import { gatewayName } from './payment-methods.ts';
import type { PayoutLink, Situation, StatusView } from './status-view.tsx';

type Telling = Exclude<PaymentSituation, { kind: 'paid' | 'elsewhere' }>;

export interface StatusFacts extends PaymentFacts {
  readonly situation: Telling;
  readonly lastCheckedAt: Date | null;
  readonly payout?: PayoutLink | null;
}

export function statusViewOf(deps: CheckoutDeps, facts: StatusFacts, locale: Locale): StatusView {
  return {
    situation: situationView(deps, facts, locale),
    amount: facts.payment.amount,
    gatewayName: gatewayName(facts.payment.gateway, locale),
    agency: facts.agency,
    lookupCode: facts.lookupCode,
    steps: stepsOf(facts),
    payout: facts.payout ?? null,
    isPaidOut: deps.start.gateways.get(facts.payment.gateway)?.profile.payouts === true,
  };
}

function situationView(deps: CheckoutDeps, facts: StatusFacts, locale: Locale): Situation {
  const { situation, payment } = facts;
  const own = paymentPath(deps, payment.id);
  const checkHref = `${own}/check`;
  const pollHref = `${own}/state.json`;
  const payAgainHref = orderPath(deps, facts.order);
  switch (situation.kind) {
    case 'waiting':
      return {
        kind: 'waiting',
        waitedSeconds: Math.floor((facts.now.getTime() - situation.since.getTime()) / 1000),
        lastCheckedAt: facts.lastCheckedAt,
        usualSeconds: null,
        answerBy: situation.answerBy,
        // Nothing is sent by mail or phone yet, so nothing is promised.
        contact: null,
        checkHref,
        pollHref,
        ...(canContinue(deps, payment) ? { continueHref: `${own}/bank` } : {}),
        cancel: null,
      };
    case 'checking': {
      const team = nameIn(locale, deps.site.operator).text;
      return {
        kind: 'checking',
        answerBy: situation.answerBy,
        missed: situation.isLate ? { team, phone: deps.site.supportPhone } : null,
        checkHref,
        pollHref,
      };
    }
    case 'failed':
      return {
        kind: 'failed',
        reason: situation.reason,
        payAgainHref,
        chooseOtherHref: `${payAgainHref}#method`,
      };
    case 'expired':
      return { kind: 'expired', money: situation.money, payAgainHref, checkHref };
    case 'amount_differs':
      return {
        kind: 'amount_differs',
        received: situation.received,
        next: differenceStep(situation),
        payRestHref: situation.next === 'pay_rest' ? `${own}/bank` : null,
      };
    case 'refund_under_way':
      return {
        kind: 'refund_under_way',
        cause: causeView(facts, situation),
        refund: situation.amount,
        by: situation.by,
      };
    case 'refunded':
      return {
        kind: 'refunded',
        cause: causeView(facts, situation),
        refund: situation.amount,
        at: situation.at,
      };
    case 'already_paid':
      return {
        kind: 'already_paid',
        payerName: facts.order.payer.name,
        paidAt: situation.by.paidAt ?? facts.now,
        receiptHref: paymentPath(deps, situation.by.id),
      };
  }
}

function differenceStep({ next, restBy }: Extract<Telling, { kind: 'amount_differs' }>): DifferenceNextStep {
  if (next !== 'pay_rest') return { kind: next };
  return restBy === undefined ? { kind: 'checking' } : { kind: 'pay_rest', by: restBy };
}

type Refunding = Extract<Telling, { kind: 'refund_under_way' | 'refunded' }>;

function causeView({ payment }: StatusFacts, { cause }: Refunding) {
  return cause.kind === 'paid_twice'
    ? ({ kind: 'paid_twice', countedAt: cause.counted.paidAt, returnedAt: payment.paidAt } as const)
    : cause;
}

function stepsOf(facts: StatusFacts): MoneyStep[] {
  const { situation, payment } = facts;
  switch (situation.kind) {
    case 'waiting':
    case 'checking':
      return [
        { kind: 'handed_off', state: 'done', at: payment.handedOffAt ?? payment.startedAt },
        { kind: 'bank_confirmed', state: 'current', at: null },
        { kind: 'recorded', state: 'todo', at: null },
        { kind: 'agency_told', state: 'todo', at: null },
      ];
    case 'refund_under_way':
    case 'refunded':
      return refundSteps(facts, situation);
    case 'amount_differs':
      return situation.refund ? refundProgress(situation.refund) : [];
    case 'failed':
    case 'expired':
    case 'already_paid':
      return [];
  }
}

function refundSteps(facts: StatusFacts, situation: Refunding): MoneyStep[] {
  const found: MoneyStep[] =
    facts.payment.claim === 'surplus'
      ? [{ kind: 'surplus_found', state: 'done', at: facts.payment.settledAt }]
      : [];
  const by = situation.kind === 'refund_under_way' ? situation.by : undefined;
  if (situation.refund) return [...found, ...refundProgress(situation.refund, by)];
  return [
    ...found,
    { kind: 'refund_approved', state: 'current', at: null },
    { kind: 'refund_sent', state: 'todo', at: null },
    { kind: 'refund_arrived', state: 'todo', at: null, ...(by === undefined ? {} : { expectedOn: by }) },
  ];
}

/** Approved, sent, arrived: as far as the refund has come. */
export function refundProgress(refund: RefundFact, by?: MoneyStep['expectedOn']): MoneyStep[] {
  const reached = [
    { kind: 'refund_approved', at: refund.state === 'requested' ? null : refund.decidedAt },
    { kind: 'refund_sent', at: refund.submittedAt },
    { kind: 'refund_arrived', at: refund.state === 'succeeded' ? refund.resolvedAt : null },
  ] as const;
  const current = reached.findIndex(({ at }) => at === null);
  return reached.map(({ kind, at }, index): MoneyStep => ({
    kind,
    state: at !== null ? 'done' : index === current ? 'current' : 'todo',
    at,
    ...(kind === 'refund_arrived' && at === null && by !== undefined ? { expectedOn: by } : {}),
  }));
}

/** The day after the payment's, on which the bank's file says what it has paid out. */
export function settlementExpectedOn(paidAt: Date, timeZone: string) {
  return addDays(dayOf(paidAt, timeZone), 1);
}
