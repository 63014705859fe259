/** The two situations without a definite answer, C08 and C11: honest about what we do not know, with a clock time. */
import type { JSX } from 'preact';
import { formatLookupCode } from '../domain/kernel/lookup-code.ts';
import {
  Action,
  CodePanel,
  MoneySentence,
  MoneyStateLine,
  Name,
  Rich,
  WaitPanel,
  WarnPanel,
} from '../web/components.tsx';
import { instantFormat, maskEmail, maskPhone, moneyText } from '../web/formats.ts';
import { CSRF_FIELD, HiddenFields } from '../web/forms.tsx';
import { messagesFor, type Messages } from '../web/i18n.ts';
import {
  moneyStateOf,
  TrackSection,
  type CheckingSituation,
  type StatusParts,
  type WaitingSituation,
} from './status-view.tsx';

export function WaitingBody({
  view,
  situation,
  context,
}: StatusParts & { situation: WaitingSituation }): JSX.Element {
  const texts = messagesFor(context.locale).waiting;
  const { time } = instantFormat(context.timeZone, context.locale);
  return (
    <>
      <div role="status" data-poll={situation.pollHref} data-state={situation.kind}>
        <WaitPanel>
          <h1>{texts.title}</h1>
          <p class="lead">
            <Rich text={waitingText({ view, context, situation })} />
          </p>
          <p class="muted">
            {clockText({ view, context, situation })}{' '}
            <span data-needs-script hidden>
              {texts.polls}
            </span>
          </p>
        </WaitPanel>
      </div>
      <WarnPanel>
        <b>
          <MoneySentence state={moneyStateOf(view)} context={context} />
        </b>
        <p>{texts.otherwise}</p>
      </WarnPanel>
      <div class="section stack">
        <p class="lead">
          <Rich text={leaveText(situation, texts)} />
        </p>
        <PaymentCode view={view} context={context} />
        <Action href={situation.checkHref} text={texts.checkAgain} />
        {situation.continueHref === undefined ? null : (
          <Action
            href={situation.continueHref}
            text={view.isTransfer ? texts.notTransferred : texts.notApproved(view.gatewayName)}
            isSecond
          />
        )}
        {situation.freeAt === null ? null : (
          <p class="muted">
            {view.isTransfer
              ? texts.otherWayThanTransfer(time(situation.freeAt))
              : texts.otherWay(time(situation.freeAt))}
          </p>
        )}
      </div>
      <TrackSection view={view} context={context} />
      <section aria-labelledby="later">
        <h2 id="later">{texts.laterTitle}</h2>
        <p>{view.isTransfer ? texts.laterTransfer : texts.later(time(situation.answerBy))}</p>
        {situation.cancel ? (
          <form method="post" action={situation.cancel.action}>
            <HiddenFields fields={{ [CSRF_FIELD]: situation.cancel.csrfToken }} />
            <button class="btn link" type="submit">
              {texts.cancel}
            </button>
          </form>
        ) : null}
      </section>
    </>
  );
}

export function CheckingBody({
  view,
  situation,
  context,
}: StatusParts & { situation: CheckingSituation }): JSX.Element {
  const { checking, waiting } = messagesFor(context.locale);
  const { moment } = instantFormat(context.timeZone, context.locale);
  return (
    <>
      <div role="status" data-poll={situation.pollHref} data-state={situation.kind}>
        <WaitPanel>
          <h1>{checking.title(view.gatewayName)}</h1>
          <p class="lead">
            <Rich text={checking.amount(moneyText(view.amount, context.locale))} />
          </p>
          <MoneyStateLine state={moneyStateOf(view)} context={context} />
        </WaitPanel>
      </div>
      {situation.missed ? (
        <WarnPanel>
          <p>
            <Rich
              text={checking.late(situation.missed.team, situation.missed.phone, moment(situation.answerBy))}
            />
          </p>
        </WarnPanel>
      ) : null}
      <section aria-labelledby="outcomes">
        <h2 id="outcomes">{checking.outcomesTitle}</h2>
        {checking.outcomes.map((outcome) => (
          <p key={outcome}>
            <Rich text={outcome} />
          </p>
        ))}
      </section>
      <div class="section stack">
        <p class="lead">{waiting.leave}</p>
        <PaymentCode view={view} context={context} />
        <Action href={situation.checkHref} text={waiting.checkAgain} />
      </div>
      <TrackSection view={view} context={context} />
    </>
  );
}

/** The code by which the payment is found again, and for whom it is. */
export function PaymentCode({ view, context: { locale } }: StatusParts): JSX.Element {
  return (
    <CodePanel
      label={messagesFor(locale).waiting.code}
      code={formatLookupCode(view.lookupCode)}
      note={<Name name={view.agency} locale={locale} />}
    />
  );
}

type WaitingParts = StatusParts & { readonly situation: WaitingSituation };

function waitingText({ view, situation, context }: WaitingParts): string {
  const texts = messagesFor(context.locale).waiting;
  const amount = moneyText(view.amount, context.locale);
  if (view.isTransfer) return texts.bodyTransfer(amount);
  return situation.usualSeconds === null
    ? texts.bodyUnmeasured(view.gatewayName, amount)
    : texts.body(view.gatewayName, amount, durationText(situation.usualSeconds, texts));
}

function clockText({ situation, context }: WaitingParts): string {
  const texts = messagesFor(context.locale).waiting;
  const waited = durationText(situation.waitedSeconds, texts);
  if (situation.lastCheckedAt === null) return texts.clockNeverAsked(waited);
  const { timeWithSeconds } = instantFormat(context.timeZone, context.locale);
  return texts.clock(waited, timeWithSeconds(situation.lastCheckedAt));
}

/** Whole seconds, minutes or hours, rounded up. */
function durationText(seconds: number, texts: Messages['waiting']): string {
  if (seconds < 60) return texts.seconds(Math.max(0, Math.ceil(seconds)));
  if (seconds < 3600) return texts.minutes(Math.ceil(seconds / 60));
  return texts.hours(Math.ceil(seconds / 3600));
}

function leaveText({ contact }: WaitingSituation, texts: Messages['waiting']): string {
  if (contact === null) return texts.leave;
  const masked = contact.kind === 'email' ? maskEmail(contact.value) : maskPhone(contact.value);
  return texts.leaveWithContact(masked);
}
