/** C01, find what you owe: one forgiving field. Tells nothing about anybody until a code is right. */
import { ErrorSummary, Field, WarnPanel, type FormFault } from '../web/components.tsx';
import { CSRF_FIELD, HiddenFields, type FormTarget } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { citizenPage, type PageContext } from '../web/page.tsx';

export interface FindView {
  readonly typed: string;
  readonly faults: readonly FormFault[];
  /** The code that was looked for and not found, as typed; null otherwise. */
  readonly notFound: string | null;
  /** Posts `csrf` and `code`; found codes are answered by a redirect. */
  readonly form: FormTarget;
}

export const FIND_FIELD = 'code';

const EXAMPLE_DOSSIER = 'G01.899.108.000-261120-0042';

export function findPage(view: FindView, context: PageContext): string {
  const texts = messagesFor(context.locale).find;
  return citizenPage(context, {
    title: texts.title,
    hasErrors: view.faults.length > 0,
    children: (
      <>
        <ErrorSummary faults={view.faults} locale={context.locale} />
        <h1>{texts.title}</h1>
        {view.notFound === null ? null : (
          <WarnPanel>
            <p role="status">{texts.notFound(view.notFound, context.site.supportPhone)}</p>
          </WarnPanel>
        )}
        <form method="post" action={view.form.action} noValidate>
          <HiddenFields fields={{ [CSRF_FIELD]: view.form.csrfToken }} />
          <Field
            name={FIND_FIELD}
            label={texts.label}
            hint={texts.hint(EXAMPLE_DOSSIER)}
            value={view.typed}
            faults={view.faults}
          />
          <button class="btn" type="submit">
            {texts.button}
          </button>
        </form>
        <p class="muted small">{texts.privacy}</p>
        <ul class="links">
          <li>
            <a href="/verify">{texts.isItReal}</a>
          </li>
        </ul>
      </>
    ),
  });
}
