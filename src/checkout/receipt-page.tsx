/** C16, verify: says whether this system issued a code, and no more than initials of whom it concerns. */
import type { JSX } from 'preact';
import { formatLookupCode, lookupCodeFrom } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { ErrorSummary, Field, MoneyStateLine, Rich, WarnPanel, type FormFault } from '../web/components.tsx';
import { dayText, maskName, moneyText } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import type { PublicOrder, PublicOrderState } from './public-state.ts';
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
      /** To be compared with what is printed. */
      readonly symbol: string;
      readonly number: string;
      readonly agency: NameInLanguages;
      readonly issuedOn: Day;
      readonly amount: Money;
      /** In full; the page shows initials. */
      readonly payerName: string;
      readonly status: ReceiptView['status'];
    }
  | (PublicOrder & {
      readonly kind: 'request';
      readonly agency: NameInLanguages;
      /** The order's public page. */
      readonly href: string;
    })
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
  const { status, symbol, number } = outcome;
  const agency = nameIn(locale, outcome.agency).text;
  const isValid = status.kind === 'valid';
  // Whoever only reads the first words must not take a receipt that no longer holds.
  return (
    <WarnPanel tone={isValid ? 'ok' : 'bad'}>
      <p class="lead">
        <Rich text={isValid ? verify.genuine : verify.noLongerHolds} />{' '}
        {isValid ? null : receipt[status.kind](dayText(status.on))}
      </p>
      <p>{verify.genuineBody(agency, dayText(outcome.issuedOn), moneyText(outcome.amount, locale))}</p>
      <p>{verify.symbolAndNumber(symbol, number)}</p>
      <p>{verify.payer(maskName(outcome.payerName))}</p>
      {isValid ? <MoneyStateLine state={{ kind: 'paid', amount: outcome.amount }} context={context} /> : null}
    </WarnPanel>
  );
}

const REQUEST_TONES = {
  unpaid: 'ok',
  waiting: 'warn',
  differs: 'warn',
  paid: 'ok',
  refunded: 'warn',
  withdrawn: 'warn',
  expired: 'warn',
} as const satisfies Record<PublicOrderState, 'ok' | 'warn'>;

function RequestOutcome({
  outcome,
  context,
}: {
  outcome: Extract<VerifyOutcome, { kind: 'request' }>;
  context: PageContext;
}): JSX.Element {
  const { locale } = context;
  const texts = messagesFor(locale).verify;
  const agency = nameIn(locale, outcome.agency).text;
  const headline = {
    unpaid: texts.request,
    waiting: texts.requestInProgress,
    differs: texts.requestDiffers,
    paid: texts.requestPaid,
    refunded: texts.requestRefunded,
    withdrawn: texts.requestWithdrawn,
    expired: texts.requestExpired(agency),
  }[outcome.state];
  return (
    <>
      <WarnPanel tone={REQUEST_TONES[outcome.state]}>
        <p class="lead">
          <Rich text={headline} />
        </p>
        <p>{texts.requestBody(agency, moneyText(outcome.amount, locale))}</p>
        <MoneyStateLine state={outcome.money} context={context} />
      </WarnPanel>
      <ul class="links">
        <li>
          <a href={outcome.href}>{outcome.state === 'unpaid' ? texts.seeRequest : texts.seeResult}</a>
        </li>
      </ul>
    </>
  );
}
