/** The kill run at a small count; `scripts/kill-run.ts` runs it for two minutes on a database that keeps every word. */
import assert from 'node:assert/strict';
import { seedOfThisRun } from '../support/random.ts';
import { killRun } from '../support/kill-run.ts';

describe('kill -9 at random', () => {
  it('promises 31, 32, 77: loses no charge, counts none twice, and tells every event, whoever dies when', async () => {
    const seed = seedOfThisRun();
    const report = await killRun({ seed, orders: 60, killForMs: 8_000, pauseMs: 1_500 });
    process.stdout.write(`      ${JSON.stringify(report)}\n`);
    assert.ok(report.kills.serve + report.kills.work >= 3, 'somebody was killed');
    assert.equal(report.surplus, 6, 'some were charged twice');
  }).timeout(120_000);
});
