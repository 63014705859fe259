/** C16, verify: says whether this system issued a code, and no more than initials of whom it concerns. */
import type { JSX } from 'preact';
import { formatLookupCode, lookupCodeFrom } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { ErrorSummary, Field, MoneyStateLine, Rich, WarnPanel, type FormFault } from '../web/components.tsx';
import { dayText, maskName, moneyText } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import type { MoneyState } from '../web/money-sentence.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import type { ReceiptView } from './receipt-card.tsx';

export interface VerifyView {
  /** What was typed, or the code of the address; empty on the first visit. */
  readonly typed: string;
  readonly faults: readonly FormFault[];
  /** Null while nothing was asked. */
  readonly outcome: VerifyOutcome | null;
}

export type VerifyOutcome =
  | {
      readonly kind: 'receipt';
      readonly agency: NameInLanguages;
      readonly issuedOn: Day;
      readonly amount: Money;
      /** In full; the page shows initials. */
      readonly payerName: string;
      readonly status: ReceiptView['status'];
    }
  | {
      readonly kind: 'request';
      readonly agency: NameInLanguages;
      readonly amount: Money;
      /** `waiting`: somebody is paying it. `closed`: withdrawn, expired or refunded. */
      readonly state: 'unpaid' | 'waiting' | 'paid' | 'closed';
      /** The order's page, when the asker may go on to pay. */
      readonly payHref: string | null;
    }
  | { readonly kind: 'unknown' };

/** The form asks by GET `/verify?code=…`, so that a result can be printed or sent on; it moves nothing. */
export const VERIFY_FIELD = 'code';

// Shows the form of a code; its check character is right, and the chance that it was issued is nil.
const EXAMPLE_CODE = formatLookupCode(lookupCodeFrom(new Uint8Array(16).fill(171)));

export function verifyPage(view: VerifyView, context: PageContext): string {
  const texts = messagesFor(context.locale).verify;
  return citizenPage(context, {
    title: texts.title,
    hasErrors: view.faults.length > 0,
    children: (
      <>
        <ErrorSummary faults={view.faults} locale={context.locale} />
        <h1>{texts.title}</h1>
        {view.outcome === null ? null : (
          <div role="status">
            <Outcome outcome={view.outcome} context={context} />
          </div>
        )}
        <form method="get" action="/verify" noValidate>
          <Field
            name={VERIFY_FIELD}
            label={texts.label}
            hint={texts.hint(EXAMPLE_CODE)}
            value={view.typed}
            faults={view.faults}
          />
          <button class="btn" type="submit">
            {texts.button}
          </button>
        </form>
      </>
    ),
  });
}

function Outcome({ outcome, context }: { outcome: VerifyOutcome; context: PageContext }): JSX.Element {
  switch (outcome.kind) {
    case 'receipt':
      return <ReceiptOutcome outcome={outcome} context={context} />;
    case 'request':
      return <RequestOutcome outcome={outcome} context={context} />;
    case 'unknown':
      return (
        <WarnPanel tone="bad">
          <p class="lead">
            <Rich text={messagesFor(context.locale).verify.unknown(context.site.supportPhone)} />
          </p>
        </WarnPanel>
      );
  }
}

function ReceiptOutcome({
  outcome,
  context,
}: {
  outcome: Extract<VerifyOutcome, { kind: 'receipt' }>;
  context: PageContext;
}): JSX.Element {
  const { locale } = context;
  const { verify, receipt } = messagesFor(locale);
  const agency = nameIn(locale, outcome.agency).text;
  const isValid = outcome.status.kind === 'valid';
  return (
    <WarnPanel tone={isValid ? 'ok' : 'warn'}>
      <p class="lead">
        <Rich text={verify.genuine} />{' '}
        {verify.genuineBody(agency, dayText(outcome.issuedOn), moneyText(outcome.amount, locale))}
      </p>
      {outcome.status.kind === 'valid' ? null : (
        <p>
          <b>{receipt[outcome.status.kind](dayText(outcome.status.on))}</b>
        </p>
      )}
      <p>{verify.payer(maskName(outcome.payerName))}</p>
      {isValid ? <MoneyStateLine state={{ kind: 'paid', amount: outcome.amount }} context={context} /> : null}
    </WarnPanel>
  );
}

function RequestOutcome({
  outcome,
  context,
}: {
  outcome: Extract<VerifyOutcome, { kind: 'request' }>;
  context: PageContext;
}): JSX.Element {
  const { locale } = context;
  const texts = messagesFor(locale).verify;
  const headline = {
    unpaid: texts.request,
    waiting: texts.requestInProgress,
    paid: texts.requestPaid,
    closed: texts.requestClosed,
  }[outcome.state];
  const money = requestMoney(outcome);
  return (
    <>
      <WarnPanel tone={outcome.state === 'closed' ? 'warn' : 'ok'}>
        <p class="lead">
          <Rich text={headline} />
        </p>
        <p>{texts.requestBody(nameIn(locale, outcome.agency).text, moneyText(outcome.amount, locale))}</p>
        {money === null ? null : <MoneyStateLine state={money} context={context} />}
      </WarnPanel>
      {outcome.payHref === null ? null : (
        <ul class="links">
          <li>
            <a href={outcome.payHref}>{texts.seeRequest}</a>
          </li>
        </ul>
      )}
    </>
  );
}

function requestMoney({ state, amount }: Extract<VerifyOutcome, { kind: 'request' }>): MoneyState | null {
  switch (state) {
    case 'unpaid':
      return { kind: 'not_paid' };
    case 'waiting':
      return { kind: 'waiting' };
    case 'paid':
      return { kind: 'paid', amount };
    case 'closed':
      return null;
  }
}
