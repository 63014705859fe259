/** The look that all other parties share here: a shell that says at once that no money is real, and tables of their books. */
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';

export interface StandInShell {
  readonly locale: 'vi' | 'en';
  /** Path of the party's pages, without a trailing slash. */
  readonly base: string;
  readonly name: string;
  /** The sentence above everything: whose pretence this is. */
  readonly strip: string;
  readonly otherLanguage: string;
}

export function standInPage(
  { locale, base, name, strip, otherLanguage }: StandInShell,
  title: string,
  content: ComponentChildren,
): string {
  const other = locale === 'vi' ? 'en' : 'vi';
  const html = renderToString(
    <html lang={locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · ${name}`}</title>
        <link rel="stylesheet" href={`${base}/style.css`} />
      </head>
      <body>
        <header>
          <p class="strip">{strip}</p>
          <div class="bar">
            <a class="name" href={base}>
              {name}
            </a>
            <a href={`?lang=${other}`} lang={other} hreflang={other}>
              {otherLanguage}
            </a>
          </div>
        </header>
        <main>{content}</main>
      </body>
    </html>,
  );
  return `<!doctype html>${html}`;
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
export function NumberChoice({
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
