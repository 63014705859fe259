/** Asks the payer for the account that a refund goes to, once; afterwards shows the last digits of it and no more. */
import type { Money } from '../domain/kernel/money.ts';
import type { PayoutField } from '../domain/refunds/payout-account.ts';
import { ErrorSummary, Field, WarnPanel, type FormFault } from '../web/components.tsx';
import { moneyText } from '../web/formats.ts';
import { CSRF_FIELD, HiddenFields, type FormTarget } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

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
              />
              <button class="btn" type="submit">
                {texts.send}
              </button>
            </form>
            <p class="muted small">{texts.privacy}</p>
          </>
        )}
      </>
    ),
  });
}
