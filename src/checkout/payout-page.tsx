/**
 * Asks the payer for the account that a refund goes to, once, and shows it for review before it is kept; afterwards
 * shows the last digits of it and no more.
 */
import type { Money } from '../domain/kernel/money.ts';
import type { PayoutAccount, PayoutField } from '../domain/refunds/payout-account.ts';
import type { JSX } from 'preact';
import {
  Action,
  ErrorSummary,
  Field,
  Rich,
  SummaryList,
  WarnPanel,
  type FormFault,
} from '../web/components.tsx';
import { moneyText } from '../web/formats.ts';
import { CSRF_FIELD, HiddenFields, type FormTarget } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';
import type { PayoutLink } from './status-view.tsx';

export interface PayoutView {
  /** What waits for an account; null when nothing does. */
  readonly amount: Money | null;
  /** Accounts named before, masked. */
  readonly given: readonly string[];
  readonly typed: Readonly<Partial<Record<PayoutField, string>>>;
  readonly faults: readonly FormFault[];
  readonly form: FormTarget;
  readonly backHref: string;
}

/** The way to this page: what to do next while no account is known, afterwards to look at it. */
export function PayoutAction({
  payout,
  context,
}: {
  payout: PayoutLink | null | undefined;
  context: PageContext;
}): JSX.Element | null {
  if (!payout) return null;
  const texts = messagesFor(context.locale).payout;
  return payout.awaited === null ? (
    <Action href={payout.href} text={texts.see} isSecond />
  ) : (
    <Action href={payout.href} text={texts.ask} />
  );
}

/** `send` and `edit` come from the review; without a step the account that was typed is shown for review. */
export const STEP_FIELD = 'step';
export type PayoutStep = 'send' | 'edit';

export function payoutPage(view: PayoutView, context: PageContext): string {
  const texts = messagesFor(context.locale).payout;
  return citizenPage(context, {
    title: texts.title,
    backHref: view.backHref,
    hasErrors: view.faults.length > 0,
    children: (
      <>
        <ErrorSummary faults={view.faults} locale={context.locale} />
        <h1>{texts.title}</h1>
        {[...new Set(view.given)].map((hint) => (
          <WarnPanel key={hint} tone="ok">
            <p role="status">{texts.given(hint)}</p>
            <p>{texts.change(context.site.supportPhone)}</p>
          </WarnPanel>
        ))}
        {view.amount === null ? null : (
          <>
            <p class="lead">{texts.body(moneyText(view.amount, context.locale))}</p>
            <form method="post" action={view.form.action} noValidate>
              <HiddenFields fields={{ [CSRF_FIELD]: view.form.csrfToken }} />
              <Field name="bank" label={texts.bank} value={view.typed.bank ?? ''} faults={view.faults} />
              <Field
                name="accountNumber"
                label={texts.number}
                value={view.typed.accountNumber ?? ''}
                faults={view.faults}
              />
              <Field
                name="holder"
                label={texts.holder}
                value={view.typed.holder ?? ''}
                faults={view.faults}
                autocomplete="name"
              />
              <button class="btn" type="submit">
                {texts.review}
              </button>
            </form>
            <p class="muted small">{texts.privacy}</p>
          </>
        )}
      </>
    ),
  });
}

export interface PayoutReview {
  readonly amount: Money;
  readonly account: PayoutAccount;
  readonly form: FormTarget;
}

/** What was typed, whole and once more: a transfer to a wrong account cannot be called back. */
export function payoutReviewPage({ amount, account, form }: PayoutReview, context: PageContext): string {
  const texts = messagesFor(context.locale).payout;
  return citizenPage(context, {
    title: texts.reviewTitle,
    children: (
      <>
        <h1>{texts.reviewTitle}</h1>
        <p class="lead">
          <Rich text={texts.reviewBody(moneyText(amount, context.locale))} />
        </p>
        <SummaryList
          rows={[
            { label: texts.bank, value: account.bank },
            { label: texts.number, value: <span class="code">{inFours(account.accountNumber)}</span> },
            { label: texts.holder, value: account.holder },
          ]}
        />
        <form method="post" action={form.action}>
          <HiddenFields fields={{ [CSRF_FIELD]: form.csrfToken, ...account }} />
          <button class="btn" type="submit" name={STEP_FIELD} value="send">
            {texts.send}
          </button>
          <button class="btn second" type="submit" name={STEP_FIELD} value="edit">
            {texts.edit}
          </button>
        </form>
      </>
    ),
  });
}

/** `1055 1234 5678`: easier to compare. */
function inFours(number: string): string {
  return number.replaceAll(/(.{4})(?=.)/g, '$1 ');
}
