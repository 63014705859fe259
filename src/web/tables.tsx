/** Tables, key figures and pages of lists, for people who compare numbers. */
import type { ComponentChildren, JSX } from 'preact';
import { messagesFor, type Locale } from './i18n.ts';

export interface Column<Row> {
  readonly heading: ComponentChildren;
  readonly isNumeric?: boolean;
  /** The first column is the heading of its row. */
  readonly cell: (row: Row) => ComponentChildren;
  readonly total?: ComponentChildren;
}

/** A table with caption, scopes and, when a column has one, a row of totals. */
export function Table<Row>({
  caption,
  columns,
  rows,
  headingGroups,
  isCaptionHidden = false,
}: {
  caption: string;
  /** For a table under a heading that says the same; screen readers still hear it. */
  isCaptionHidden?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** A row above the headings; the spans sum to the number of columns. */
  headingGroups?: readonly { readonly text: string; readonly span: number }[];
}): JSX.Element {
  const hasTotals = columns.some(({ total }) => total !== undefined);
  return (
    <div class="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={isCaptionHidden ? 'vh' : undefined}>{caption}</caption>
        <thead>
          {headingGroups ? (
            <tr>
              {headingGroups.map(({ text, span }, index) =>
                text === '' ? (
                  <td key={index} colSpan={span} />
                ) : (
                  <th key={index} class="group num" scope="colgroup" colSpan={span}>
                    {text}
                  </th>
                ),
              )}
            </tr>
          ) : null}
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" class={numeric(column)}>
                {column.heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>{columns.map((column, at) => tableCell(column, at, column.cell(row)))}</tr>
          ))}
        </tbody>
        {hasTotals ? (
          <tfoot>
            <tr>{columns.map((column, at) => tableCell(column, at, column.total))}</tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  );
}

function tableCell<Row>(column: Column<Row>, at: number, content: ComponentChildren): JSX.Element {
  return at === 0 ? (
    <th key={at} scope="row" class={numeric(column)}>
      {content}
    </th>
  ) : (
    <td key={at} class={numeric(column)}>
      {content}
    </td>
  );
}

function numeric<Row>(column: Column<Row>): string | undefined {
  return column.isNumeric === true ? 'num' : undefined;
}

/** Key figures in a row: label, value, note. */
export function Figures({
  figures,
}: {
  figures: readonly {
    readonly label: string;
    readonly value: string;
    readonly note: string;
    readonly isBad?: boolean;
  }[];
}): JSX.Element {
  return (
    <dl class="figures">
      {figures.map(({ label, value, note, isBad }) => (
        <div key={label} class={isBad === true ? 'figure bad' : 'figure'}>
          <dt>{label}</dt>
          <dd class="value">{value}</dd>
          <dd class="note">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Cursor pages: there is a next one and a first one, no numbers. */
export function Pagination({
  firstHref,
  nextHref,
  locale,
}: {
  firstHref: string | null;
  nextHref: string | null;
  locale: Locale;
}): JSX.Element | null {
  const texts = messagesFor(locale).list;
  if (firstHref === null && nextHref === null) return null;
  return (
    <nav class="pages" aria-label={texts.pages}>
      {firstHref === null ? null : <a href={firstHref}>{texts.firstPage}</a>}
      {nextHref === null ? null : (
        <a href={nextHref} rel="next">
          {texts.nextPage}
        </a>
      )}
    </nav>
  );
}
