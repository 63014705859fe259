import assert from 'node:assert/strict';
import { compositeArray, query, ROW_TYPES, textArray, type RowType } from '../../src/platform/database.ts';
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

  async function typeOf(name: string): Promise<RowType> {
    const { rows } = await database.db.raw<{ rows: RowType[] }>(ROW_TYPES.text.replace('$1', '?'), [[name]]);
    assert.ok(rows[0]);
    return rows[0];
  }

  const claims = async (texts: readonly (string | null)[]): Promise<(string | null)[]> => {
    const rows = texts.map((claim, item) => ({ item, agency_id: 1, claim }));
    const read = await query<{ claim: string | null }>(
      database.db,
      'select claim from unnest(:rows::outcome_claim[]) order by item',
      { rows: compositeArray(await typeOf('outcome_claim'), rows) },
    );
    return read.map(({ claim }) => claim);
  };

  it('gives back every text as it was', async () => {
    const texts = [...TEXTS, null, 'long '.repeat(5_000)];
    assert.deepEqual(await claims(texts), texts);
  });

  it('gives back no rows as no rows', async () => {
    assert.deepEqual(await claims([]), []);
  });

  it('gives back a value of every type that our rows have, also the first and the last', async () => {
    await database.ownerDb.raw(
      'create type every_type as (item integer, place smallint, amount bigint, code char(3), id uuid, at timestamptz, day date, detail jsonb)',
    );
    const rows = [
      {
        item: 1,
        place: -7,
        amount: 9_000_000_000_000_000n,
        code: 'VND',
        id: '019a0000-1111-7222-8333-444455556666',
        at: new Date('2026-11-25T01:02:03.004Z'),
        day: '2024-02-29',
        detail: { 'content-type': ['a "b" \\'] },
      },
      { item: 2, amount: -1, at: '1999-12-31T23:59:59.999Z', day: '1999-12-31', detail: [] },
    ];
    const { rows: read } = await database.db.raw<{ rows: { row: object }[] }>(
      `select to_jsonb(r) || jsonb_build_object('at', to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as row
       from unnest(?::every_type[]) r order by item`,
      [compositeArray(await typeOf('every_type'), rows)],
    );
    assert.deepEqual(
      read.map(({ row }) => row),
      [
        { ...rows[0], amount: 9_000_000_000_000_000, at: '2026-11-25T01:02:03.004Z' },
        { place: null, code: null, id: null, ...rows[1] },
      ],
    );
  });

  it('faults on a type that none of our rows has', async () => {
    await database.ownerDb.raw('create type strange_type as (item integer, box point)');
    const strange = await typeOf('strange_type');
    assert.throws(
      () => compositeArray(strange, [{ item: 1, box: '(1,2)' }]),
      /cannot hold a value of the type 600/,
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
