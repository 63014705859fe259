/** The look that all other parties share here: a shell that says at once that no money is real, a page to pay on, tables of books. */
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { dong, type StandInLocale, type StandInTexts } from './stand-in-texts.ts';

export interface StandInShell {
  readonly locale: StandInLocale;
  /** Path of the party's pages, without a trailing slash. */
  readonly base: string;
  readonly name: string;
  /** The sentence above everything: whose pretence this is. */
  readonly strip: string;
  readonly otherLanguage: string;
}

export function standInPage(shell: StandInShell, title: string, content: ComponentChildren): string {
  const { locale, base, name, strip, otherLanguage } = shell;
  const other = locale === 'vi' ? 'en' : 'vi';
  return standInDocument(
    { locale, title: `${title} · ${name}`, stylePath: `${base}/style.css`, strip },
    content,
    <div class="bar">
      <a class="name" href={base}>
        {name}
      </a>
      <a href={`?lang=${other}`} lang={other} hreflang={other}>
        {otherLanguage}
      </a>
    </div>,
  );
}

/** The outside of every such page. */
export function standInDocument(
  head: {
    readonly locale: StandInLocale;
    readonly title: string;
    readonly stylePath: string;
    readonly strip: string;
  },
  content: ComponentChildren,
  bar: ComponentChildren = null,
): string {
  const html = renderToString(
    <html lang={head.locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{head.title}</title>
        <link rel="stylesheet" href={head.stylePath} />
      </head>
      <body>
        <header>
          <p class="strip">{head.strip}</p>
          {bar}
        </header>
        <main>{content}</main>
      </body>
    </html>,
  );
  return `<!doctype html>${html}`;
}

export interface PayerView {
  /** The party's own words for what the page says of the payment, beside those that all share. */
  readonly texts: StandInTexts & {
    readonly decidedTitle: string;
    readonly expiredTitle: string;
    readonly states: Readonly<Record<'open' | 'processing' | 'approved' | 'declined', string>>;
  };
  readonly payment: {
    readonly state: 'open' | 'processing' | 'approved' | 'declined';
    readonly expiresAt: Date;
    readonly amount: bigint;
    readonly description: string;
  };
  readonly payee: string;
  readonly reference: string;
  readonly wayBack: string;
  readonly now: Date;
  readonly declines: readonly { readonly code: string; readonly meaning: string }[];
  /** Buttons of faults that the party plays, beside those that every party plays. */
  readonly faults: ComponentChildren;
}

/** The page where the payer decides; afterwards it says what became of it, and leads back. */
export function payerPage(shell: StandInShell, view: PayerView): string {
  const { texts, payment, now } = view;
  const isOpen = payment.state === 'open' && payment.expiresAt > now;
  const title = isOpen ? texts.payTitle : payment.state === 'open' ? texts.expiredTitle : texts.decidedTitle;
  return standInPage(
    shell,
    title,
    <>
      <h1>{title}</h1>
      <p class="amount">{dong(payment.amount, shell.locale)}</p>
      <dl>
        <dt>{texts.payee}</dt>
        <dd>{view.payee}</dd>
        <dt>{texts.content}</dt>
        <dd>{payment.description}</dd>
        <dt>{texts.reference}</dt>
        <dd class="code">{view.reference}</dd>
        {isOpen ? null : (
          <>
            <dt>{texts.state}</dt>
            <dd>{texts.states[payment.state]}</dd>
          </>
        )}
      </dl>
      {isOpen ? (
        <Choices view={view} />
      ) : (
        <p>
          <a class="button" href={view.wayBack}>
            {texts.back}
          </a>
        </p>
      )}
    </>,
  );
}

function Choices({ view: { texts, payment, declines, faults } }: { readonly view: PayerView }) {
  return (
    <>
      <Choice fields={{ action: 'approve' }} label={texts.approve} primary />
      <form method="post" class="choice">
        <input type="hidden" name="action" value="decline" />
        <label for="code">{texts.declineWith}</label>
        <select id="code" name="code">
          {declines.map(({ code, meaning }) => (
            <option key={code} value={code}>
              {`${code} – ${meaning}`}
            </option>
          ))}
        </select>
        <button type="submit">{texts.decline}</button>
      </form>
      <section aria-labelledby="faults">
        <h2 id="faults">{texts.faultsTitle}</h2>
        {faults}
        <NumberChoice
          action="other_amount"
          name="amount"
          label={texts.otherAmount}
          value={(payment.amount - 1n).toString()}
        />
        <NumberChoice action="later" name="seconds" label={texts.later} value="30" />
      </section>
    </>
  );
}

export interface BookTableProps {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** Said instead of an empty table. */
  readonly none: string;
}

export function BookTable({ caption, head, rows, none }: BookTableProps) {
  return (
    <section>
      <h2>{caption}</h2>
      {rows.length === 0 ? (
        <p>{none}</p>
      ) : (
        <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {head.map((cell) => (
                  <th key={cell} scope="col">
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, row) => (
                <tr key={row}>
                  {cells.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A button of its own: a form with nothing to fill in. */
export function Choice({
  fields,
  label,
  primary = false,
}: {
  readonly fields: Readonly<Record<string, string>>;
  readonly label: string;
  readonly primary?: boolean;
}) {
  return (
    <form method="post" class="choice">
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={primary ? 'primary' : undefined}>
        {label}
      </button>
    </form>
  );
}

/** The same with one number to fill in. */
function NumberChoice({
  action,
  name,
  label,
  value,
}: {
  readonly action: string;
  readonly name: string;
  readonly label: string;
  readonly value: string;
}) {
  return (
    <form method="post" class="choice">
      <input type="hidden" name="action" value={action} />
      <label for={name}>{label}</label>
      <input id={name} name={name} inputMode="numeric" pattern="[0-9]+" required value={value} />
      <button type="submit">{label}</button>
    </form>
  );
}
