/** One page for a payment that is not simply paid: what we know of the money, what we do, what the citizen can do. */
import type { JSX } from 'preact';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import { subtract, type Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { CodePanel, MoneyStateLine, Rich, SummaryList, WaitPanel, WarnPanel } from '../web/components.tsx';
import { instantFormat, maskName, moneyText } from '../web/formats.ts';
import type { FormTarget } from '../web/forms.tsx';
import { messagesFor, type Messages, type NameInLanguages } from '../web/i18n.ts';
import type { DifferenceNextStep, MoneyState } from '../web/money-sentence.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import { MoneyTimeline, type MoneyStep } from './money-timeline.tsx';
import { CheckingBody, WaitingBody } from './waiting-parts.tsx';

/** A payment as its own page shows it. A payment that is paid goes to the result page instead. */
export interface StatusView {
  readonly situation: Situation;
  /** What this payment is for, as frozen at hand-off. */
  readonly amount: Money;
  readonly gatewayName: string;
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  /** In order; empty leaves the timeline out. */
  readonly steps: readonly MoneyStep[];
}

export type Situation =
  | WaitingSituation
  | CheckingSituation
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly payAgainHref: string;
      readonly chooseOtherHref: string;
    }
  | { readonly kind: 'cancelled'; readonly payAgainHref: string }
  | {
      readonly kind: 'expired';
      /** `waiting` while the gateway has not said for sure that nothing was taken; then no new attempt is offered. */
      readonly money: 'not_paid' | 'waiting';
      readonly payAgainHref: string;
      readonly checkHref: string;
    }
  | {
      readonly kind: 'amount_differs';
      readonly received: Money;
      readonly next: DifferenceNextStep;
      /** For `pay_rest`: the hand-off page of the same code. */
      readonly payRestHref: string | null;
    }
  | {
      readonly kind: 'refund_under_way';
      readonly cause: RefundCause;
      readonly refund: Money;
      readonly by: Day;
    }
  | { readonly kind: 'refunded'; readonly cause: RefundCause; readonly refund: Money; readonly at: Date }
  | {
      readonly kind: 'already_paid';
      /** In full; the page shows initials. */
      readonly payerName: string;
      readonly paidAt: Date;
      readonly receiptHref: string | null;
    };

/** C08: no definite answer yet, for at most 15 minutes. */
export interface WaitingSituation {
  readonly kind: 'waiting';
  readonly waitedSeconds: number;
  readonly lastCheckedAt: Date | null;
  /** Measured 95th percentile of this gateway, in seconds; null when nothing was measured: then nothing is promised. */
  readonly usualSeconds: number | null;
  /** When we shall have asked the bank ourselves and answered. */
  readonly answerBy: Date;
  /** Where the result is sent; whole, the page masks it. */
  readonly contact: { readonly kind: 'email' | 'phone'; readonly value: string } | null;
  /** GET: asks the gateway again, then comes back here. */
  readonly checkHref: string;
  /** GET: answers `{ "state": "<kind of the situation>" }`, or `"paid"`; the page loads anew when it is not its own. */
  readonly pollHref: string;
  /** Asks the gateway first; offered while the citizen may not have approved yet. */
  readonly cancel: FormTarget | null;
}

/** C11: still no definite answer after 15 minutes; people may be looking at it. */
export interface CheckingSituation {
  readonly kind: 'checking';
  /** The promise that holds now. */
  readonly answerBy: Date;
  /** Set once an earlier promise was missed: who answers for it. */
  readonly missed: { readonly team: string; readonly phone: string } | null;
  readonly checkHref: string;
  readonly pollHref: string;
}

export type FailureReason =
  'insufficient_funds' | 'over_limit' | 'not_verified' | 'cancelled_at_bank' | 'maintenance' | 'declined';

/** `paid_twice` names the payment that counts and the one that goes back, when both times are known. */
export type RefundCause =
  | { readonly kind: 'paid_twice'; readonly countedAt: Date | null; readonly returnedAt: Date | null }
  | { readonly kind: 'other' };

export function statusPage(view: StatusView, context: PageContext): string {
  const isOpen = view.situation.kind === 'waiting' || view.situation.kind === 'checking';
  return citizenPage(context, {
    title: statusTitle(view, context),
    scripts: isOpen ? ['status-poll.js'] : [],
    children: <Body view={view} context={context} />,
  });
}

/** The state of the money behind a situation; the page carries its sentence exactly once. */
export function moneyStateOf({ situation, amount, gatewayName }: StatusView): MoneyState {
  switch (situation.kind) {
    case 'waiting':
    case 'failed':
    case 'cancelled':
      return { kind: situation.kind };
    case 'checking':
      return { kind: 'checking', bankName: gatewayName, answerBy: situation.answerBy };
    case 'expired':
      return { kind: 'expired', money: situation.money };
    case 'amount_differs':
      return { kind: 'amount_differs', received: situation.received, due: amount, next: situation.next };
    case 'refund_under_way':
      return { kind: 'refund_under_way', amount: situation.refund, by: situation.by };
    case 'refunded':
      return { kind: 'refunded', amount: situation.refund, at: situation.at };
    case 'already_paid':
      return { kind: 'paid', amount };
  }
}

function statusTitle({ situation, amount, gatewayName }: StatusView, { locale }: PageContext): string {
  const texts = messagesFor(locale);
  switch (situation.kind) {
    case 'waiting':
      return texts.waiting.title;
    case 'checking':
      return texts.checking.title(gatewayName);
    case 'failed':
      return texts.failed.title;
    case 'cancelled':
      return texts.cancelled.title;
    case 'expired':
      return texts.expired.title;
    case 'amount_differs':
      return texts.differs.title;
    case 'refund_under_way':
      return situation.cause.kind === 'paid_twice'
        ? texts.refund.twiceTitle(moneyText(situation.refund, locale))
        : texts.refund.underWayTitle(moneyText(situation.refund, locale));
    case 'refunded':
      return texts.refund.doneTitle(moneyText(situation.refund, locale));
    case 'already_paid':
      return texts.alreadyPaid.title;
  }
}

export interface StatusParts {
  readonly view: StatusView;
  readonly context: PageContext;
}

function Body({ view, context }: StatusParts): JSX.Element {
  const { situation } = view;
  if (situation.kind === 'waiting') {
    return <WaitingBody view={view} situation={situation} context={context} />;
  }
  if (situation.kind === 'checking') {
    return <CheckingBody view={view} situation={situation} context={context} />;
  }
  return (
    <>
      <Headline view={view} situation={situation} context={context} />
      <Actions view={view} situation={situation} context={context} />
      <CodePanel label={messagesFor(context.locale).waiting.code} code={formatLookupCode(view.lookupCode)} />
      <TrackSection view={view} context={context} />
    </>
  );
}

type DefiniteSituation = Exclude<Situation, WaitingSituation | CheckingSituation>;
type DefiniteParts = StatusParts & { readonly situation: DefiniteSituation };

const TONES = {
  failed: 'bad',
  cancelled: 'warn',
  expired: 'warn',
  amount_differs: 'warn',
  refund_under_way: 'info',
  refunded: 'ok',
  already_paid: 'ok',
} as const satisfies Record<DefiniteSituation['kind'], string>;

function Headline({ view, situation, context }: DefiniteParts): JSX.Element {
  const tone = TONES[situation.kind];
  const parts = (
    <>
      <h1>{statusTitle(view, context)}</h1>
      <Explanation view={view} situation={situation} context={context} />
      <MoneyStateLine state={moneyStateOf(view)} context={context} />
    </>
  );
  return tone === 'info' ? <WaitPanel>{parts}</WaitPanel> : <WarnPanel tone={tone}>{parts}</WarnPanel>;
}

/** What is to be said before the money sentence, if anything. */
function Explanation({ view, situation, context }: DefiniteParts): JSX.Element | null {
  const text = explanation(view, situation, context);
  return text === null ? null : (
    <p class="lead">
      <Rich text={text} />
    </p>
  );
}

function explanation(view: StatusView, situation: DefiniteSituation, context: PageContext): string | null {
  const texts = messagesFor(context.locale);
  const amount = moneyText(view.amount, context.locale);
  const { moment } = instantFormat(context.timeZone, context.locale);
  switch (situation.kind) {
    case 'failed':
      return failureText(situation.reason, amount, texts.failed);
    case 'cancelled':
      return texts.cancelled.body(amount);
    case 'expired':
      return situation.money === 'waiting' ? texts.expired.justPaid : null;
    case 'amount_differs':
      return null;
    case 'refund_under_way':
    case 'refunded':
      return refundText(situation.cause, texts.refund, moment);
    case 'already_paid': {
      const who = texts.alreadyPaid.body(maskName(situation.payerName), amount, moment(situation.paidAt));
      return `${who} ${texts.alreadyPaid.nothingToDo}`;
    }
  }
}

function failureText(reason: FailureReason, amount: string, texts: Messages['failed']): string {
  return {
    insufficient_funds: texts.insufficientFunds(amount),
    over_limit: texts.overLimit,
    not_verified: texts.notVerified,
    cancelled_at_bank: texts.cancelledAtBank,
    maintenance: texts.maintenance,
    declined: texts.declined,
  }[reason];
}

function refundText(cause: RefundCause, texts: Messages['refund'], moment: (at: Date) => string): string {
  if (cause.kind === 'other') return texts.body;
  if (cause.countedAt === null || cause.returnedAt === null) return texts.twiceBodyUndated;
  return texts.twiceBody(moment(cause.countedAt), moment(cause.returnedAt));
}

/** The one primary action of a situation, and at most one beside it. */
function Actions({ view, situation, context }: DefiniteParts): JSX.Element | null {
  const texts = messagesFor(context.locale);
  const amount = moneyText(view.amount, context.locale);
  switch (situation.kind) {
    case 'failed':
      return (
        <div class="stack">
          <Action href={situation.payAgainHref} text={texts.failed.payAgain(amount)} />
          <Action href={situation.chooseOtherHref} text={texts.failed.chooseOther} isSecond />
        </div>
      );
    case 'cancelled':
      return <Action href={situation.payAgainHref} text={texts.failed.payAgain(amount)} />;
    case 'expired':
      // Money may still be on its way: a new attempt would invite a second payment.
      return situation.money === 'waiting' ? (
        <Action href={situation.checkHref} text={texts.expired.seeResult} />
      ) : (
        <Action href={situation.payAgainHref} text={texts.expired.startAgain(amount)} />
      );
    case 'amount_differs':
      return <Difference view={view} situation={situation} context={context} />;
    case 'already_paid':
      return situation.receiptHref === null ? null : (
        <Action href={situation.receiptHref} text={texts.alreadyPaid.seeReceipt} />
      );
    case 'refund_under_way':
    case 'refunded':
      return null;
  }
}

function Action({
  href,
  text,
  isSecond = false,
}: {
  href: string;
  text: string;
  isSecond?: boolean;
}): JSX.Element {
  return (
    <a class={isSecond ? 'btn second' : 'btn'} href={href}>
      {text}
    </a>
  );
}

function Difference({
  view,
  situation,
  context: { locale },
}: StatusParts & { situation: Extract<Situation, { kind: 'amount_differs' }> }): JSX.Element {
  const texts = messagesFor(locale).differs;
  const rest = subtract(view.amount, situation.received);
  const canPayRest = situation.next.kind === 'pay_rest' && situation.payRestHref !== null;
  return (
    <>
      <SummaryList
        rows={[
          { label: texts.received, value: moneyText(situation.received, locale) },
          { label: texts.due, value: moneyText(view.amount, locale) },
          ...(canPayRest ? [{ label: texts.rest, value: moneyText(rest, locale) }] : []),
        ]}
      />
      {canPayRest ? (
        <Action href={situation.payRestHref ?? ''} text={texts.payRest(moneyText(rest, locale))} />
      ) : null}
    </>
  );
}

/** The timeline of the payment, or of the refund where there is one. */
export function TrackSection({ view, context }: StatusParts): JSX.Element | null {
  if (view.steps.length === 0) return null;
  const texts = messagesFor(context.locale);
  const isRefund = view.situation.kind === 'refund_under_way' || view.situation.kind === 'refunded';
  return (
    <section aria-labelledby="track">
      <h2 id="track">{isRefund ? texts.refund.track : texts.timeline.title}</h2>
      <MoneyTimeline
        steps={view.steps}
        gatewayName={view.gatewayName}
        agency={view.agency}
        context={context}
      />
    </section>
  );
}
