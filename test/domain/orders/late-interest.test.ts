/** Late interest: Circular 18/2023/TT-BTC, and the vectors computed from it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { addDays, day } from '../../../src/domain/kernel/time.ts';
import { daysLate, lateInterest } from '../../../src/domain/orders/late-interest.ts';

// Vectors `identifiers.lateInterest`, and the example of 500,000 due on 9 November paid on the 22nd.
const VECTORS = [
  [800_000, '2024-05-20', '2024-05-20', 0, 0],
  [800_000, '2024-05-20', '2024-05-21', 0, 0],
  [800_000, '2024-05-20', '2024-05-22', 1, 400],
  [800_000, '2024-05-20', '2024-06-20', 30, 12_000],
  [35_000_000, '2024-02-19', '2024-03-20', 29, 507_500],
  [500_000, '2026-11-09', '2026-11-22', 12, 3_000],
] as const;

describe('late interest', () => {
  for (const [amount, payBy, paidOn, days, interest] of VECTORS) {
    it(`on ${String(amount)} due ${payBy} and paid ${paidOn} is ${String(interest)} for ${String(days)} days`, () => {
      const result = lateInterest(vnd(amount), { payBy: day(payBy), ratePerDayPpm: 500 }, day(paidOn));
      assert.equal(result.days, days);
      assert.deepEqual(result.amount, vnd(interest));
    });
  }

  it('is rounded half up to the dong', () => {
    const terms = { payBy: day('2026-01-01'), ratePerDayPpm: 500 };
    assert.deepEqual(lateInterest(vnd(1_000), terms, day('2026-01-03')).amount, vnd(1));
    assert.deepEqual(lateInterest(vnd(999), terms, day('2026-01-03')).amount, vnd(0));
  });

  it('never falls as days pass, over leap days and year ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 800 }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        (late, amount) => {
          const payBy = day('2027-12-20');
          const terms = { payBy, ratePerDayPpm: 500 };
          const today = lateInterest(vnd(amount), terms, addDays(payBy, late));
          const tomorrow = lateInterest(vnd(amount), terms, addDays(payBy, late + 1));
          assert.equal(daysLate(payBy, addDays(payBy, late)), Math.max(0, late - 1));
          assert.ok(tomorrow.amount.amountMinor >= today.amount.amountMinor);
        },
      ),
    );
  });
});
