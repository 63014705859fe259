/** The obligation types and fees an installation begins with. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { seedReference, readReference } from '../../../src/features/agencies/seed-reference.ts';
import { query } from '../../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const CODES = [
  'charge',
  'court_advance',
  'electricity',
  'fee',
  'health_insurance',
  'land',
  'late_interest',
  'other',
  'penalty',
  'registration_fee',
  'social_insurance',
  'tax',
];
/** Sub-items read in Official Dispatch 7078/BTC-KBNN. */
const CONFIRMED_SUB_ITEMS = ['2107', '2111', '2251', '2301', '2701', '2752', '2766'];

describe('the reference data', () => {
  const reference = readReference();
  const types = new Map(reference.obligation_types.map((type) => [type.code, type]));

  const accepts = (code: string, attributes: unknown): boolean => {
    const schema = z.fromJSONSchema(types.get(code)?.attributes_schema ?? { not: {} });
    return schema.safeParse(attributes).success;
  };

  it('has exactly the twelve public type codes', () => {
    assert.deepEqual([...types.keys()].sort(), CODES);
    assert.equal(reference.obligation_types.length, CODES.length);
  });

  it('names every type and fee in Vietnamese and in English', () => {
    for (const { label_vi: vi, label_en: en } of [...reference.obligation_types, ...reference.fees]) {
      assert.notEqual(vi, en);
      assert.ok([vi, en].every((label) => label.trim() === label && label !== ''));
    }
  });

  it('describes attributes by JSON Schemas that compile and refuse what they do not know', () => {
    for (const code of CODES) assert.equal(accepts(code, { unheard_of: 1 }), false, code);
    for (const { code, attributes_schema: schema } of reference.obligation_types) {
      if (!('required' in schema)) assert.ok(accepts(code, {}), code);
    }
  });

  it('asks for what tells a bill from another', () => {
    assert.equal(accepts('social_insurance', { social_insurance_number: '0123456789' }), true);
    assert.equal(accepts('social_insurance', { social_insurance_number: '123' }), false);
    assert.equal(accepts('electricity', { customer_code: 'PE0100012345', bill_id: '2026-11' }), true);
    assert.equal(accepts('electricity', { customer_code: 'PE0100012345' }), false);
    assert.equal(accepts('court_advance', { notice_number: '123/TB-TA' }), true);
    assert.equal(accepts('court_advance', {}), false);
    assert.equal(accepts('health_insurance', { members: [{ rank: 1 }, { rank: 2 }] }), true);
    assert.equal(accepts('penalty', { violation: { what: 'Đỗ xe sai quy định', place: 'Quận 1' } }), true);
    assert.equal(accepts('penalty', { violation: { place: 'Quận 1' } }), false);
  });

  it('charges half a thousandth a day on late penalties, and marks the rates that are to be confirmed', () => {
    assert.equal(types.get('penalty')?.late_rate_per_day_ppm, 500);
    assert.equal(types.get('penalty')?.to_confirm.includes('late_rate_per_day_ppm'), false);
    for (const code of ['tax', 'registration_fee', 'land']) {
      assert.equal(types.get(code)?.late_rate_per_day_ppm, 300, code);
      assert.ok(types.get(code)?.to_confirm.includes('late_rate_per_day_ppm'), code);
    }
  });

  it('names only fields of a type as to be confirmed, and says so in its legal basis', () => {
    for (const type of reference.obligation_types) {
      for (const field of type.to_confirm) assert.ok(field in type, `${type.code} has no ${field}`);
      assert.equal(type.legal_basis.includes('to be confirmed'), type.to_confirm.length > 0, type.code);
    }
  });

  it('puts fees on confirmed sub-items of four digits, all of them, or on none', () => {
    const subItems = [
      ...reference.obligation_types.map((type) => type.default_budget_sub_item),
      ...reference.fees.map((fee) => fee.budget_sub_item),
    ].filter((subItem) => subItem !== null);
    assert.deepEqual([...new Set(subItems)].sort(), CONFIRMED_SUB_ITEMS);
    for (const fee of reference.fees) {
      assert.ok(types.has(fee.obligation_type), fee.fee_code);
      for (const { legal_basis: basis } of fee.versions) assert.match(basis, /^Demonstration price/);
    }
  });
});

describe('seeding the reference data', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const all = async (table: 'obligation_types' | 'fee_items') =>
    query<{ row: string }>(database.db, `select t::text || xmin::text as row from ${table} t order by 1`);

  it('writes every row once, and nothing the second time', async () => {
    await seedReference({ db: database.db });
    const first = [await all('obligation_types'), await all('fee_items')];
    await seedReference({ db: database.db });
    assert.deepEqual([await all('obligation_types'), await all('fee_items')], first);
    assert.equal(first[0]?.length, CODES.length);
    const { fees } = readReference();
    assert.equal(first[1]?.length, fees.flatMap(({ versions }) => versions).length);
  });

  it('mends the wording of a type and leaves the versions of a fee to the operator', async () => {
    const { db } = database;
    await seedReference({ db });
    await query(db, `update obligation_types set label_en = 'Levy' where code = 'fee'`);
    await query(
      db,
      `update fee_items set valid_to = '2027-01-01' where fee_code = 'DOCUMENT-VERIFICATION' and version = 2`,
    );
    await query(
      db,
      `insert into fee_items (fee_code, version, obligation_type, procedure_code, label_vi, label_en, unit_amount,
                              valid_from, legal_basis)
       select fee_code, 3, obligation_type, procedure_code, label_vi, label_en, 160000, '2027-01-01', 'A new decree'
         from fee_items where fee_code = 'DOCUMENT-VERIFICATION' and version = 2`,
    );
    const priced = await all('fee_items');
    await seedReference({ db });
    assert.deepEqual(await all('fee_items'), priced);
    const [fee] = await query<{ label: string }>(
      db,
      `select label_en as label from obligation_types where code = 'fee'`,
    );
    assert.equal(fee?.label, 'Fee');
  });
});
