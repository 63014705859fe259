/** The budget of questions: never more than allowed in any second, and neither asker starves. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { freeOf, withGrant, type Asker, type Grant } from '../../../src/domain/payments/query-budget.ts';

const at = (ms: number): Date => new Date(Date.parse('2026-11-25T02:00:00Z') + ms);

/** Takes as many as are free, up to `wanted`. */
function take(grants: readonly Grant[], ms: number, asker: Asker, wanted: number, perSecond: number) {
  const count = Math.min(wanted, freeOf(grants, at(ms), { perSecond, asker }));
  return { count, grants: count === 0 ? grants : withGrant(grants, at(ms), asker, count) };
}

describe('the budget of questions', () => {
  it('grants no more than its number in any second, however the askings fall', () => {
    const asking = fc.record({
      gap: fc.integer({ min: 0, max: 700 }),
      asker: fc.constantFrom<Asker>('ladder', 'person'),
      wanted: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20 }),
        fc.array(asking, { maxLength: 60 }),
        (perSecond, askings) => {
          let grants: readonly Grant[] = [];
          let ms = 0;
          const given: { ms: number; count: number }[] = [];
          for (const { gap, asker, wanted } of askings) {
            ms += gap;
            const taken = take(grants, ms, asker, wanted, perSecond);
            grants = taken.grants;
            given.push({ ms, count: taken.count });
          }
          for (const { ms: end } of given) {
            const within = given.filter((one) => one.ms <= end && one.ms > end - 1000);
            assert.ok(within.reduce((all, { count }) => all + count, 0) <= perSecond);
          }
        },
      ),
    );
  });

  for (const [asker, other] of [
    ['ladder', 'person'],
    ['person', 'ladder'],
  ] as const) {
    it(`leaves the ${other} a share whatever the ${asker} takes`, () => {
      const first = take([], 0, asker, 100, 5);
      assert.equal(first.count, 4);
      const second = take(first.grants, 10, other, 100, 5);
      assert.equal(second.count, 1);
      assert.equal(take(second.grants, 20, asker, 100, 5).count, 0);
      assert.equal(take([], 0, asker, 100, 2).count, 1, 'also of the smallest budget');
    });
  }

  it('is whole again after a second, and remembers nothing older', () => {
    const { grants } = take([], 0, 'ladder', 4, 5);
    assert.equal(freeOf(grants, at(999), { perSecond: 5, asker: 'ladder' }), 0);
    assert.equal(freeOf(grants, at(1000), { perSecond: 5, asker: 'ladder' }), 4);
    assert.equal(withGrant(grants, at(1000), 'person', 1).length, 1);
  });

  it('heeds what a machine whose clock is ahead was granted, and is not held up by a clock that was set back', () => {
    const { grants } = take([], 2_000, 'ladder', 4, 5);
    assert.equal(freeOf(grants, at(0), { perSecond: 5, asker: 'ladder' }), 0);
    assert.equal(freeOf(grants, at(-3_600_000), { perSecond: 5, asker: 'ladder' }), 4);
  });
});
