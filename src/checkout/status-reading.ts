/** What we know of a payment that is not simply paid, as its status page shows it. */
import { addDays, addMinutes, dayOf, type Day } from '../domain/kernel/time.ts';
import type { PaymentSituation, RefundFact } from '../domain/payments/payment-situation.ts';
import { SILENCE_MEANS_NO_AFTER_MINUTES } from '../features/payments/ask-gateway.ts';
import { nameIn, type Locale } from '../web/i18n.ts';
import type { DifferenceNextStep } from '../web/money-sentence.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import { canBeAsked, orderPath, paymentPath, type PaymentFacts } from './checkout-facts.ts';
import { canContinue } from './hand-off-visit.ts';
import type { MoneyStep } from './money-timeline.tsx';
import { bankInSentence, isTransfer } from './payment-methods.ts';
import type { PayoutLink, Situation, StatusView } from './status-view.tsx';

type Telling = Exclude<PaymentSituation, { kind: 'paid' | 'elsewhere' }>;

export interface StatusFacts extends PaymentFacts {
  readonly situation: Telling;
  readonly lastCheckedAt: Date | null;
  readonly payout?: PayoutLink | null;
}

export function statusViewOf(deps: CheckoutDeps, facts: StatusFacts, locale: Locale): StatusView {
  const { gateway } = facts.payment;
  return {
    situation: situationView(deps, facts, locale),
    amount: facts.payment.amount,
    gatewayName: bankInSentence(gateway, locale),
    isTransfer: isTransfer(gateway),
    agency: facts.agency,
    lookupCode: facts.lookupCode,
    steps: stepsOf(facts),
    payout: facts.payout ?? null,
    isPaidOut: deps.start.gateways.get(facts.payment.gateway)?.profile.payouts === true,
  };
}

function situationView(deps: CheckoutDeps, facts: StatusFacts, locale: Locale): Situation {
  const { situation, payment } = facts;
  const own = paymentPath(deps, payment.id, facts);
  const checkHref = `${own}/check`;
  const pollHref = `${own}/state.json`;
  const payAgainHref = orderPath(deps, facts);
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
        freeAt: freeAt(deps, facts),
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
        paid: situation.by.allocated,
        paidAt: situation.by.paidAt ?? facts.now,
        receiptHref: paymentPath(deps, situation.by.id, facts),
      };
  }
}

/** When the claim of an attempt that nobody approves is given up; a gateway that cannot be asked is waited for longer. */
function freeAt(deps: CheckoutDeps, { payment, now }: StatusFacts): Date | null {
  const at = canBeAsked(deps, payment)
    ? payment.lifetimeEndsAt
    : addMinutes(payment.lifetimeEndsAt, SILENCE_MEANS_NO_AFTER_MINUTES);
  return at > now ? at : null;
}

export function differenceStep({
  next,
  restBy,
}: Extract<Telling, { kind: 'amount_differs' }>): DifferenceNextStep {
  if (next !== 'pay_rest') return { kind: next };
  return restBy === undefined ? { kind: 'checking' } : { kind: 'pay_rest', by: restBy };
}

type Refunding = Extract<Telling, { kind: 'refund_under_way' | 'refunded' }>;

function causeView({ payment }: StatusFacts, { cause }: Refunding) {
  if (cause.kind === 'paid_twice')
    return { kind: 'paid_twice', countedAt: cause.counted.paidAt, returnedAt: payment.paidAt } as const;
  return { kind: cause.kind };
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
      return situation.refund ? refundProgress(situation.refund, facts) : [];
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
  if (situation.refund) return [...found, ...refundProgress(situation.refund, { ...facts, by })];
  return [
    ...found,
    { kind: 'refund_approved', state: 'current', at: null },
    { kind: 'refund_sent', state: 'todo', at: null },
    { kind: 'refund_arrived', state: 'todo', at: null, ...(by === undefined ? {} : { expectedOn: by }) },
  ];
}

/** Approved, an account known where people transfer, sent, arrived: as far as the refund has come. */
export function refundProgress(
  refund: RefundFact,
  { payout = null, by }: { readonly payout?: PayoutLink | null; readonly by?: Day | undefined },
): MoneyStep[] {
  const isOver = refund.state === 'succeeded';
  // A transfer by people is sent and arrives in one, and no promise holds before we know where to.
  const isAwaited = payout !== null && payout.awaited !== null && !isOver;
  const reached: readonly { kind: MoneyStep['kind']; isDone: boolean; at: Date | null }[] = [
    { kind: 'refund_approved', isDone: refund.state !== 'requested', at: refund.decidedAt },
    ...(payout ? [{ kind: 'refund_account', isDone: !isAwaited, at: null } as const] : []),
    { kind: 'refund_sent', isDone: isOver || refund.submittedAt !== null, at: refund.submittedAt },
    { kind: 'refund_arrived', isDone: isOver, at: isOver ? refund.resolvedAt : null },
  ];
  const current = reached.findIndex(({ isDone }) => !isDone);
  return reached.map(({ kind, isDone, at }, index): MoneyStep => ({
    kind,
    state: isDone ? 'done' : index === current ? 'current' : 'todo',
    at: isDone ? at : null,
    ...(kind === 'refund_arrived' && !isOver && !isAwaited && by !== undefined ? { expectedOn: by } : {}),
  }));
}

/** The day after the payment's, on which the bank's file says what it has paid out. */
export function settlementExpectedOn(paidAt: Date, timeZone: string) {
  return addDays(dayOf(paidAt, timeZone), 1);
}
