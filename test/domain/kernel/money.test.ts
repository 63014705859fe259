/** Money: exact, of one currency, never guessed. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  add,
  CURRENCY_EXPONENTS,
  formatDecimalAmount,
  money,
  parseDecimalAmount,
  shareByLargestRemainder,
  vnd,
  type Currency,
} from '../../../src/domain/kernel/money.ts';

const currencies = Object.keys(CURRENCY_EXPONENTS) as Currency[];

describe('money', () => {
  it('promise 17: is the same after being written and read, for every minor unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 9n * 10n ** 15n }),
        fc.constantFrom(...currencies),
        (minor, currency) => {
          const amount = money(minor, currency);
          assert.deepEqual(parseDecimalAmount(formatDecimalAmount(amount), currency), amount);
        },
      ),
    );
  });

  for (const text of [
    '1e3',
    ' 100',
    '100 ',
    '100.00',
    '100.005',
    '-1',
    '+1',
    '',
    'NaN',
    '0x10',
    '1,000',
    '１００',
    '1'.repeat(17),
  ]) {
    it(`promise 18: ${JSON.stringify(text)} is no amount of dong`, () => {
      assert.equal(parseDecimalAmount(text, 'VND'), null);
    });
  }

  for (const text of ['100', '100.0', '100.005', '.50', '1e2.00']) {
    it(`promise 17: ${text} is no amount of dollars`, () => {
      assert.equal(parseDecimalAmount(text, 'USD'), null);
    });
  }

  it('of two currencies cannot be added', () => {
    assert.throws(() => add(vnd(1), money(1n, 'USD')));
  });

  it('is shared without losing or making a unit, and never by more than one unit from its part', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 }),
        (total, weights) => {
          const whole = weights.reduce((sum, weight) => sum + weight, 0n);
          fc.pre(whole > 0n);
          const shares = shareByLargestRemainder(total, weights);
          assert.equal(
            shares.reduce((sum, share) => sum + share, 0n),
            total,
          );
          shares.forEach((share, index) => {
            const exactFloor = (total * (weights[index] ?? 0n)) / whole;
            assert.ok(share === exactFloor || share === exactFloor + 1n);
          });
        },
      ),
    );
  });
});
