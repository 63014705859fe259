/** Rows -> CSV that spreadsheets open safely: no cell begins a formula, numbers stay numbers. */
import { stringify } from 'csv-stringify/sync';

export type Cell = string | number | bigint | boolean | null;

export const CSV_CONTENT_TYPE = 'text/csv; charset=utf-8';

// Spreadsheets see a formula behind these too; the library's own list ends at ASCII and its full-width twins.
const LEADING_SPACE = /^[\s\u00a0\u3000]+(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/u;

/**
 * A CSV file (RFC 4180, UTF-8 with a byte order mark). Text that a spreadsheet could take for a formula gets an
 * apostrophe before it; text is quoted, numbers are not.
 */
export function csvOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return stringify([columns, ...rows.map((row) => row.map(cellText))], {
    bom: true,
    escape_formulas: true,
    quoted_string: true,
    record_delimiter: '\r\n',
    cast: { bigint: (value) => value.toString(), boolean: (value) => (value ? 'true' : 'false') },
  });
}

function cellText(cell: Cell): Cell {
  return typeof cell === 'string' && LEADING_SPACE.test(cell) ? `'${cell}` : cell;
}
