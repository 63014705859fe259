/** Dossier codes: both grammars, shape and date, stored verbatim. */
import assert from 'node:assert/strict';
import { parseDossierCode } from '../../../src/domain/orders/dossier-code.ts';
import { dossierPaymentStatus } from '../../../src/domain/orders/dossier-status.ts';

describe('a dossier code', () => {
  const valid: [string, string][] = [
    ['000.00.00.H29-200402-0001', '000.00.00.H29'],
    ['000.00.00.H41-211123-0012', '000.00.00.H41'],
    ['G22.99.99-240520-000123', 'G22.99.99'],
    ['H55.242-240520-0007', 'H55.242'],
    ['H29-240229-0007', 'H29'],
  ];
  for (const [code, agencyCode] of valid) {
    it(`${code} names agency ${agencyCode}`, () => {
      assert.deepEqual(parseDossierCode(code), { code, agencyCode });
    });
  }
  const invalid = [
    '000.00.00.H29-201302-0001',
    '000.00.00.H29-200402-',
    'H29_200402_0001',
    'H29-230229-0001',
    'H29-240520-123',
    'H29-240520-1234567',
    'h29-240520-0001',
    ' H29-240520-0001',
    'H29-240520-0001\n',
    '',
  ];
  for (const code of invalid) {
    it(`${JSON.stringify(code)} is refused`, () => {
      assert.equal(parseDossierCode(code), null);
    });
  }
});

describe('the state of a dossier', () => {
  it('is one word for all its orders', () => {
    assert.equal(dossierPaymentStatus([]), 'none');
    assert.equal(dossierPaymentStatus(['expired', 'cancelled']), 'none');
    assert.equal(dossierPaymentStatus(['open', 'expired']), 'unpaid');
    assert.equal(dossierPaymentStatus(['open', 'paid']), 'partly_paid');
    assert.equal(dossierPaymentStatus(['paid', 'refunded']), 'paid');
    assert.equal(dossierPaymentStatus(['partly_refunded']), 'paid');
    assert.equal(dossierPaymentStatus(['refunded', 'cancelled']), 'refunded');
  });
});
