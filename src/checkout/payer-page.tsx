/** C01, the second question: the end of the payer's number, before a page that anybody can come to names the payer. */
import { PROOF_LENGTH, type ProofKind } from '../domain/orders/payer-proof.ts';
import { ErrorSummary, Field, type FormFault } from '../web/components.tsx';
import { CSRF_FIELD, HiddenFields, type FormTarget } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

export interface PayerView {
  /** Null when there is nothing to ask for: then only the payer's own link opens more. */
  readonly asks: ProofKind | null;
  readonly typed: string;
  readonly faults: readonly FormFault[];
  /** Posts `csrf` and `digits`. */
  readonly form: FormTarget;
  readonly backHref: string;
}

export const PROOF_FIELD = 'digits';

export function payerPage(view: PayerView, context: PageContext): string {
  const texts = messagesFor(context.locale).prove;
  return citizenPage(context, {
    title: texts.title,
    hasErrors: view.faults.length > 0,
    backHref: view.backHref,
    children: (
      <>
        <ErrorSummary faults={view.faults} locale={context.locale} />
        <h1>{texts.title}</h1>
        <p class="lead">{texts.why}</p>
        {view.asks === null ? (
          <p>{texts.nothingToAsk(context.site.supportPhone)}</p>
        ) : (
          <form method="post" action={view.form.action} noValidate>
            <HiddenFields fields={{ [CSRF_FIELD]: view.form.csrfToken }} />
            <Field
              name={PROOF_FIELD}
              label={texts.label[view.asks]}
              hint={texts.hint}
              value={view.typed}
              faults={view.faults}
              maxLength={PROOF_LENGTH * 3}
              isNumeric={view.asks !== 'other_paper'}
            />
            <button class="btn" type="submit">
              {texts.button}
            </button>
          </form>
        )}
      </>
    ),
  });
}
