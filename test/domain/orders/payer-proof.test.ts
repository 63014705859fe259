/** The end of the payer's number: what is asked for, and what passes. */
import assert from 'node:assert/strict';
import { identityKind, proofAskedOf, provesPayer } from '../../../src/domain/orders/payer-proof.ts';

const MINH = { identityNumber: '001099012345', phone: '+84900000021' };

describe('the proof that somebody knows the payer', () => {
  it('asks for the identity number, else the phone, else nothing', () => {
    assert.equal(proofAskedOf(MINH), 'citizen_number');
    assert.equal(proofAskedOf({ ...MINH, identityNumber: '0312345678' }), 'tax_code');
    assert.equal(proofAskedOf({ ...MINH, identityNumber: '0312345678-001' }), 'tax_code');
    assert.equal(proofAskedOf({ ...MINH, identityNumber: 'B1234567' }), 'other_paper');
    assert.equal(proofAskedOf({ ...MINH, identityNumber: null }), 'phone');
    assert.equal(proofAskedOf({ identityNumber: null, phone: null }), null);
  });

  it('does not ask for most of a short number', () => {
    assert.equal(proofAskedOf({ identityNumber: '12345', phone: null }), null);
    assert.equal(provesPayer({ identityNumber: '12345', phone: null }, '2345'), false);
  });

  it('takes the last four however they are typed', () => {
    for (const typed of ['2345', ' 23 45 ', '２３４５', '23-45']) assert.ok(provesPayer(MINH, typed), typed);
    assert.ok(provesPayer({ ...MINH, identityNumber: 'c1234567b' }, '567b'));
    assert.ok(provesPayer({ ...MINH, identityNumber: null }, '0021'));
  });

  it('takes nothing else: fewer, more, other digits, or the number that was not asked for', () => {
    for (const typed of ['', '345', '12345', '001099012345', '2346', '0021', '5432']) {
      assert.equal(provesPayer(MINH, typed), false, typed);
    }
    assert.equal(provesPayer({ identityNumber: null, phone: null }, ''), false);
  });

  it('knows a citizen, a taxpayer and other papers apart', () => {
    assert.equal(identityKind('001099012345'), 'citizen_number');
    assert.equal(identityKind('0312345678'), 'tax_code');
    assert.equal(identityKind('123456789'), 'other_paper');
  });
});
