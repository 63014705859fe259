import assert from 'node:assert/strict';
import { compositeArray, query, textArray } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const TEXTS = [
  'plain',
  '',
  'null',
  'NULL',
  ' spaced ',
  '"quoted"',
  String.raw`back\slash and \n`,
  String.raw`\"`,
  'comma, brace { } paren ( )',
  'line\nbreak\ttab\rreturn',
  'Nguyễn Văn Ân',
  '😀 pair of surrogates',
  '\u007f\u2028',
  JSON.stringify({ a: 'x"y\\z', b: ['\n', null] }),
];

describe('rows as an array of a composite type', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const columns = ['item', 'agency_id', 'payment_id', 'order_id', 'claim'];
  const claims = async (texts: readonly (string | null)[]): Promise<(string | null)[]> => {
    const rows = texts.map((claim, item) => ({ item, agency_id: 1, claim }));
    const read = await query<{ claim: string | null }>(
      database.db,
      'select claim from unnest(:rows::outcome_claim[]) order by item',
      { rows: compositeArray(columns, rows) },
    );
    return read.map(({ claim }) => claim);
  };

  it('gives back every text as it was', async () => {
    const texts = [...TEXTS, null];
    assert.deepEqual(await claims(texts), texts);
  });

  it('gives back no rows as no rows', async () => {
    assert.deepEqual(await claims([]), []);
  });

  it('writes instants, whole numbers and objects as the database reads them', () => {
    const text = compositeArray(
      ['item', 'id', 'headers', 'received_at'],
      [{ item: 9_000_000_000_000_000n, headers: { 'content-type': ['a "b"'] }, received_at: new Date(0) }],
    );
    assert.equal(
      text,
      String.raw`{"(9000000000000000,,\"{\\\"content-type\\\":[\\\"a \\\\\\\"b\\\\\\\"\\\"]}\",1970-01-01T00:00:00.000Z)"}`,
    );
  });

  it('gives back texts that travel in a list of their own, too', async () => {
    for (const texts of [TEXTS, []]) {
      const { rows } = await database.db.raw<{ rows: { texts: string[] }[] }>('select ?::text[] as texts', [
        textArray(texts),
      ]);
      assert.deepEqual(rows, [{ texts }]);
    }
  });
});
