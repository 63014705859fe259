/** Writes what the documentation repeats of the code: docs/lifecycles.md and the tables of docs/ledger.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER_TABLES, withTables } from './ledger-tables.ts';
import { lifecyclesPage } from './lifecycle-drawing.ts';
import { runWithoutWords } from './tool.ts';

const USAGE = `npm run draw-lifecycles

Writes docs/lifecycles.md and the tables of docs/ledger.md anew from the code.`;

await runWithoutWords(USAGE, () => {
  const docs = join(import.meta.dirname, '..', 'docs');
  const ledger = join(docs, 'ledger.md');
  writeFileSync(join(docs, 'lifecycles.md'), lifecyclesPage());
  writeFileSync(ledger, withTables(readFileSync(ledger, 'utf8'), LEDGER_TABLES()));
  console.log('docs/lifecycles.md and the tables of docs/ledger.md are written.');
  return Promise.resolve();
});
