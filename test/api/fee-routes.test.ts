import assert from 'node:assert/strict';
import request from 'supertest';
import { feeRoutes } from '../../src/api/fee-routes.ts';
import { DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import { query } from '../../src/platform/database.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';

describe('GET /v1/fees', () => {
  let api: TestApi;

  before(async () => {
    api = await createTestApi(({ db }, clock) =>
      feeRoutes({ db, clock, businessTimeZone: DEFAULT_BUSINESS_TIME_ZONE }),
    );
    await query(
      api.database.ownerDb,
      `insert into obligation_types (code, label_vi, label_en, priced_by, default_beneficiary_kind,
         partial_payment, stays_after_payment, receipt_form, refund_route)
       values ('sample', 'Mẫu', 'Sample', 'fee_schedule', 'fee_account', 'none', false, '01BLP0-001', 'gateway')`,
    );
    for (const [version, from, to, dong] of [
      [1, '2025-01-01', '2026-11-23', 100_000],
      [2, '2026-11-23', null, 150_000],
    ]) {
      await query(
        api.database.ownerDb,
        `insert into fee_items (fee_code, version, obligation_type, procedure_code, label_vi, label_en,
           unit_amount, valid_from, valid_to, legal_basis)
         values ('SAMPLE-1', :version, 'sample', '1.000001', 'Lệ phí mẫu', 'Sample fee', :dong, :from, :to, 'none')`,
        { version, from, to, dong },
      );
    }
  });
  after(() => api.drop());

  async function ask(search: string) {
    return request(api.app).get(`/v1/fees?${search}`).set('Authorization', `Bearer ${api.first.token}`);
  }

  it('shows the version that holds today in Vietnam', async () => {
    const { body } = await ask('procedure_code=1.000001');
    assert.equal(body.on, '2026-11-22');
    assert.deepEqual(
      body.data.map((fee: { version: number; unit_amount: number }) => [fee.version, fee.unit_amount]),
      [[1, 100_000]],
    );
  });

  it('changes the version on the very day it says', async () => {
    const last = await ask('procedure_code=1.000001&on=2026-11-22');
    const first = await ask('procedure_code=1.000001&on=2026-11-23');
    assert.equal(last.body.data[0].version, 1);
    assert.equal(first.body.data[0].version, 2);
    assert.deepEqual((await ask('procedure_code=1.000001&on=2024-12-31')).body.data, []);
  });

  it('needs a procedure and a day that exists', async () => {
    assert.equal((await ask('')).body.errors[0].pointer, '/procedure_code');
    for (const on of ['2026-02-30', '2026-2-3', 'today', '2026-11-22T00:00:00Z']) {
      assert.equal((await ask(`procedure_code=1&on=${on}`)).body.errors[0].pointer, '/on', on);
    }
  });
});
