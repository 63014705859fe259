import assert from 'node:assert/strict';
import { query } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('what an outcome updates', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  for (const table of ['payment_orders', 'payments', 'allocations']) {
    // One index over one such column, be it partial and of other rows, and each update writes into all of them.
    it(`is in no index of ${table}, not even in the condition of one`, async () => {
      const changed = await columnsChangedByAnOutcome(table);
      assert.ok(changed.length > 0, 'the columns were found');
      const indexes = await query<{ name: string; definition: string }>(
        database.db,
        `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
         from pg_index where indrelid = :table::regclass`,
        { table },
      );
      const touched = indexes.filter(({ definition }) =>
        changed.some((column) => new RegExp(`\\b${column}\\b`).test(definition.replace(/^.* USING /, ''))),
      );
      assert.deepEqual(touched, []);
    });
  }

  async function columnsChangedByAnOutcome(table: string): Promise<string[]> {
    const [row] = await query<{ body: string }>(
      database.db,
      `select prosrc as body from pg_proc where proname = 'apply_one_outcome'`,
    );
    const assignments =
      new RegExp(`update ${table} \\w+ set(.*?)\\bwhere\\b`, 's').exec(row?.body ?? '')?.[1] ?? '';
    return [...assignments.matchAll(/(\w+) = /g)].map((match) => match[1] ?? '');
  }
});
