/** One page for a payment that is not simply paid: what we know of the money, what we do, what the citizen can do. */
import type { JSX } from 'preact';
import { subtract } from '../domain/kernel/money.ts';
import { Action, MoneyStateLine, Rich, SummaryList, WaitPanel, WarnPanel } from '../web/components.tsx';
import { instantFormat, maskName, moneyText } from '../web/formats.ts';
import { messagesFor, type Messages } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import {
  moneyStateOf,
  TrackSection,
  type CheckingSituation,
  type FailureReason,
  type RefundCause,
  type Situation,
  type StatusParts,
  type StatusView,
  type WaitingSituation,
} from './status-view.tsx';
import { PayoutAction } from './payout-page.tsx';
import { CheckingBody, PaymentCode, WaitingBody } from './waiting-parts.tsx';

export function statusPage(view: StatusView, context: PageContext): string {
  const isOpen = view.situation.kind === 'waiting' || view.situation.kind === 'checking';
  return citizenPage(context, {
    title: statusTitle(view, context),
    scripts: isOpen ? ['status-poll.js'] : [],
    children: <Body view={view} context={context} />,
  });
}

function statusTitle({ situation, gatewayName, payout }: StatusView, { locale }: PageContext): string {
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
      return situation.money === 'not_received' ? texts.expired.titleTransfer : texts.expired.title;
    case 'amount_differs':
      return texts.differs.title;
    case 'refund_under_way': {
      const refund = moneyText(situation.refund, locale);
      // "We are returning it" would be untrue while we do not know where to.
      if (payout && payout.awaited !== null) return texts.refund.accountTitle(refund);
      return {
        paid_twice: texts.refund.twiceTitle(refund),
        paid_over: texts.refund.overTitle(refund),
        other: texts.refund.underWayTitle(refund),
      }[situation.cause.kind];
    }
    case 'refunded':
      return texts.refund.doneTitle(moneyText(situation.refund, locale));
    case 'already_paid':
      return texts.alreadyPaid.title;
  }
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
      <PaymentCode view={view} context={context} />
      {situation.kind === 'amount_differs' ? (
        <p>{messagesFor(context.locale).differs.ask(context.site.supportPhone)}</p>
      ) : null}
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
  const { moment, momentWithSeconds } = instantFormat(context.timeZone, context.locale);
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
      // "You need do nothing" would be untrue while we do not know where to send it.
      if (view.payout && view.payout.awaited !== null)
        return texts.payout.body(moneyText(view.payout.awaited, context.locale));
      return refundText(view, situation.cause, { texts: texts.refund, moment: momentWithSeconds });
    case 'refunded':
      return refundText(view, situation.cause, { texts: texts.refund, moment: momentWithSeconds });
    case 'already_paid': {
      const { body, bodyUnnamed, nothingToDo } = texts.alreadyPaid;
      const { payerName, paidAt } = situation;
      const paid = moneyText(situation.paid, context.locale);
      const who =
        payerName === null
          ? bodyUnnamed(paid, moment(paidAt))
          : body(maskName(payerName), paid, moment(paidAt));
      return `${who} ${nothingToDo}`;
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

function refundText(
  view: StatusView,
  cause: RefundCause,
  { texts, moment }: { readonly texts: Messages['refund']; readonly moment: (at: Date) => string },
): string {
  if (view.isPaidOut === true) return texts.bodyNamed;
  if (cause.kind === 'other') return texts.body;
  if (cause.kind === 'paid_over') return texts.overBody;
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
        <Action
          href={situation.payAgainHref}
          text={
            situation.money === 'not_received'
              ? texts.expired.notTransferred(amount)
              : texts.expired.startAgain(amount)
          }
        />
      );
    case 'amount_differs':
      return <Difference view={view} situation={situation} context={context} />;
    case 'already_paid':
      return situation.receiptHref === null ? null : (
        <Action href={situation.receiptHref} text={texts.alreadyPaid.seeReceipt} />
      );
    case 'refund_under_way':
      return <PayoutAction payout={view.payout} context={context} />;
    case 'refunded':
      return null;
  }
}

function Difference({
  view,
  situation,
  context,
}: StatusParts & { situation: Extract<Situation, { kind: 'amount_differs' }> }): JSX.Element {
  const { locale } = context;
  const texts = messagesFor(locale).differs;
  const rest = subtract(view.amount, situation.received);
  const payRestHref = situation.next.kind === 'pay_rest' ? situation.payRestHref : null;
  return (
    <>
      <SummaryList
        rows={[
          { label: texts.received, value: moneyText(situation.received, locale) },
          { label: texts.due, value: moneyText(view.amount, locale) },
          ...(payRestHref !== null ? [{ label: texts.rest, value: moneyText(rest, locale) }] : []),
        ]}
      />
      {payRestHref === null ? (
        <PayoutAction payout={view.payout} context={context} />
      ) : (
        <Action href={payRestHref} text={texts.payRest(moneyText(rest, locale))} />
      )}
    </>
  );
}
