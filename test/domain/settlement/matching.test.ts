/** Matching is a rule: each line in one class, the same whatever the order, one line believed for one record. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { matchLines, type SettlementRecord } from '../../../src/domain/settlement/matching.ts';

const record = fc.record({
  kind: fc.constantFrom('payment' as const, 'refund' as const),
  id: fc.uuid(),
  reference: fc.constantFrom('R1', 'R2', 'R3', 'R4', 'R5'),
  gatewayTransactionId: fc.constantFrom(null, 'T1', 'T2', 'T3', 'T4', 'T5'),
  amount: fc.constantFrom(vnd(100), vnd(200)),
  isKnownMoved: fc.boolean(),
  isClaimed: fc.boolean(),
});
const records = fc
  .uniqueArray(record, { selector: ({ kind, reference }) => `${kind}${reference}`, maxLength: 6 })
  .map((all): SettlementRecord[] => {
    const seen = new Set<string>();
    return all.map((each) => {
      const key = `${each.kind}${String(each.gatewayTransactionId)}`;
      const isTaken = each.gatewayTransactionId !== null && seen.has(key);
      seen.add(key);
      return isTaken ? { ...each, gatewayTransactionId: null } : each;
    });
  });
const line = fc.record({
  kind: fc.constantFrom('payment' as const, 'refund' as const),
  gatewayTransactionId: fc.constantFrom('T1', 'T2', 'T3', 'T4', 'T5', 'T6'),
  reference: fc.constantFrom('R1', 'R2', 'R3', 'R4', 'R5', 'R6'),
  amount: fc.constantFrom(vnd(100), vnd(200)),
});
const lines = fc
  .array(line, { maxLength: 10 })
  .map((all) => all.map((each, index) => ({ ...each, lineNumber: index + 1 })));

describe('matching settlement lines', () => {
  it('promise 70: another order of lines or records gives the same result', () => {
    const shuffled = fc
      .tuple(lines, records)
      .chain(([of, known]) =>
        fc.tuple(
          fc.constant(of),
          fc.constant(known),
          fc.shuffledSubarray(of, { minLength: of.length }),
          fc.shuffledSubarray(known, { minLength: known.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([of, known, otherLines, otherRecords]) => {
        assert.deepEqual(matchLines(otherLines, otherRecords), matchLines(of, known));
      }),
      { numRuns: 300 },
    );
  });

  it('promise 66: as many matches come out as lines went in, each in one class', () => {
    fc.assert(
      fc.property(lines, records, (of, known) => {
        const matches = matchLines(of, known);
        assert.deepEqual(
          matches.map(({ lineNumber }) => lineNumber),
          of.map(({ lineNumber }) => lineNumber),
        );
      }),
    );
  });

  it('promise 67: no record is matched by two lines, nor by one when it is claimed already', () => {
    fc.assert(
      fc.property(lines, records, (of, known) => {
        const believed = matchLines(of, known)
          .filter(({ matchClass }) => matchClass === 'matched')
          .map(({ record: found }) => found);
        assert.equal(new Set(believed).size, believed.length);
        assert.ok(believed.every((found) => found?.isKnownMoved === true && !found.isClaimed));
      }),
    );
  });

  it('promise 68: a lump that names no payment is left to a person, though one or several would sum to it', () => {
    fc.assert(
      fc.property(records, line, (known, of) => {
        const total = known.reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
        const one = known[0]?.amount.amountMinor ?? 1n;
        const lumps = [total, one].map((amount, index) => ({
          ...of,
          lineNumber: index + 1,
          reference: 'LUMP',
          gatewayTransactionId: `T-LUMP-${String(index)}`,
          amount: vnd(amount),
        }));
        for (const { matchClass, record: found, detail } of matchLines(lumps, known)) {
          assert.deepEqual([matchClass, found, detail], ['missing_at_us', null, 'unknown_reference']);
        }
      }),
    );
  });

  it('promise 70: a file in another row order has the same classes, when its pages are cut elsewhere too', () => {
    fc.assert(
      fc.property(lines, records, fc.integer({ min: 1, max: 9 }), (of, known, cut) => {
        const whole = matchLines(of, known);
        const first = matchLines(of.slice(0, cut), known);
        const claimed = new Set(
          first.flatMap(({ matchClass, record: found }) =>
            matchClass === 'matched' && found ? [found.id] : [],
          ),
        );
        const rest = known.map((each) => ({ ...each, isClaimed: each.isClaimed || claimed.has(each.id) }));
        const paged = [...first, ...matchLines(of.slice(cut), rest)];
        const short = (matches: typeof whole) =>
          matches.map(({ lineNumber, matchClass, detail }) => [lineNumber, matchClass, detail]);
        assert.deepEqual(short(paged), short(whole));
      }),
    );
  });
});
