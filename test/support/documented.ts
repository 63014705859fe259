/** Holds generated parts of docs/gateways.md to the code; with UPDATE_DOCS=yes they are written anew instead. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTables } from '../../scripts/ledger-tables.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'gateways.md');

/** @param tables  the parts by the name they have in the page: `<!-- name -->` … `<!-- /name -->` */
export function documents(tables: Readonly<Record<string, string>>): void {
  const page = readFileSync(PAGE, 'utf8');
  const expected = withTables(page, tables);
  if (process.env['UPDATE_DOCS'] === 'yes') writeFileSync(PAGE, expected);
  else assert.equal(page, expected, 'run the test with UPDATE_DOCS=yes, and read what changed');
}

/** Rows of cells as a Markdown table; its first row is the head. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
