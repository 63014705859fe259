import assert from 'node:assert/strict';
import { LIFECYCLES } from '../../scripts/lifecycle-drawing.ts';
import { query } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('the states that the database allows', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  for (const { title, table, column } of LIFECYCLES) {
    it(`are those of the lifecycle: ${title}`, async () => {
      const checks = await query<{ definition: string }>(
        database.db,
        `select pg_get_constraintdef(c.oid) as definition
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
         where c.conrelid = :table::regclass and c.contype = 'c' and a.attname = :name`,
        { table: column.table, name: column.name },
      );
      assert.equal(checks.length, 1, `${column.table}.${column.name} has one check of its own`);
      const states = [...(checks[0]?.definition ?? '').matchAll(/'([a-z_]+)'/g)].map((match) => match[1]);
      assert.deepEqual(states.sort(), Object.keys(table).sort());
    });
  }
});
