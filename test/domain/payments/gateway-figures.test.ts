/** Figures of calls: shares and latencies made of counts. */
import assert from 'node:assert/strict';
import {
  addFigures,
  latencyWithinMs,
  NO_CALLS,
  NO_LATENCIES,
  successPpm,
  withLatency,
} from '../../../src/domain/payments/gateway-figures.ts';

const counted = (...took: readonly number[]) => took.reduce<readonly number[]>(withLatency, NO_LATENCIES);

describe('the figures of calls to a gateway', () => {
  it('has no share and no latency without calls', () => {
    assert.equal(successPpm(NO_CALLS), null);
    assert.equal(latencyWithinMs(NO_CALLS, 0.95), null);
  });

  it('tells the share of answered calls, rounded down: what failed once is never whole', () => {
    assert.equal(successPpm({ ...NO_CALLS, answered: 9_999_999, failed: 1 }), 999_999);
    assert.equal(successPpm({ ...NO_CALLS, answered: 0, failed: 3 }), 0);
  });

  it('tells the bound below which a share of the calls stayed', () => {
    const latencies = counted(...Array.from({ length: 95 }, () => 80), 2_000, 2_000, 2_000, 2_000, 90_000);
    assert.equal(latencyWithinMs({ ...NO_CALLS, latencies }, 0.95), 100);
    assert.equal(latencyWithinMs({ ...NO_CALLS, latencies }, 0.99), 3_000);
    assert.equal(latencyWithinMs({ ...NO_CALLS, latencies }, 1), 12_000, 'beyond the last bound');
  });

  it('adds what several processes and minutes counted', () => {
    const one = { answered: 2, failed: 1, latencies: counted(10, 300) };
    const both = addFigures(one, { answered: 1, failed: 0, latencies: counted(300) });
    assert.deepEqual(both, { answered: 3, failed: 1, latencies: counted(10, 300, 300) });
  });
});
