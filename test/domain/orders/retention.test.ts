import assert from 'node:assert/strict';
import { day } from '../../../src/domain/kernel/time.ts';
import { keptLongEnoughBefore } from '../../../src/domain/orders/retention.ts';

describe('the retention of personal data', () => {
  const rows: [today: string, years: number, before: string][] = [
    ['2036-12-31', 10, '2026-01-01'],
    ['2037-01-01', 10, '2027-01-01'],
    ['2028-02-29', 1, '2027-01-01'],
    ['2026-03-02', 100, '1926-01-01'],
  ];
  for (const [today, years, before] of rows) {
    it(`of ${String(years)} years is over on ${today} for what ended before ${before}`, () => {
      assert.equal(keptLongEnoughBefore(day(today), years), before);
    });
  }
});
