/** Pay tokens: made, not stored; nothing but our own key makes one. */
import assert from 'node:assert/strict';
import { createCheckoutLinks } from '../../src/checkout/checkout-link.ts';
import type { AgencyId, OrderId, PaymentId } from '../../src/domain/kernel/ids.ts';
import { newTestId } from '../support/ids.ts';

const key = (fill: number, id = `k${String(fill)}`) => ({ id, key: Buffer.alloc(32, fill) });

describe('a pay token', () => {
  const order = { kind: 'order', agencyId: 7 as AgencyId, id: newTestId() as OrderId } as const;
  const payment = { kind: 'payment', id: newTestId() as PaymentId } as const;

  it('names its order or payment again', () => {
    const links = createCheckoutLinks([key(1)]);
    assert.deepEqual(links.targetOf(links.tokenOf(order)), order);
    assert.deepEqual(links.targetOf(links.tokenOf(payment)), payment);
    for (const target of [order, payment]) {
      const anybodys = { ...target, isPublic: true } as const;
      assert.deepEqual(links.targetOf(links.tokenOf(anybodys)), anybodys);
    }
  });

  it("promise 90: is nobody's with any bit of it changed", () => {
    const links = createCheckoutLinks([key(1)]);
    const bytes = Buffer.from(links.tokenOf(order), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const forged = Buffer.from(bytes);
      const at = bit >> 3;
      forged[at] = (forged[at] ?? 0) ^ (1 << (bit & 7));
      assert.equal(links.targetOf(forged.toString('base64url')), null, `bit ${String(bit)}`);
    }
  });

  it('stays valid when the key is rotated, and only while the older key is kept', () => {
    const token = createCheckoutLinks([key(1)]).tokenOf(order);
    assert.deepEqual(createCheckoutLinks([key(2), key(1)]).targetOf(token), order);
    assert.equal(createCheckoutLinks([key(2)]).targetOf(token), null);
    assert.equal(createCheckoutLinks([key(2, 'k1')]).targetOf(token), null);
  });

  it('of another form is not looked at', () => {
    const links = createCheckoutLinks([key(1)]);
    for (const text of ['', 'x', `${links.tokenOf(order)}A`, '=', 'é'.repeat(51), '../../etc/passwd']) {
      assert.equal(links.targetOf(text), null);
    }
  });
});
