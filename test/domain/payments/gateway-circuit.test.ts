/** The circuit of a gateway: when it opens, whom it believes, and how it comes back. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterCall,
  CIRCUIT_RULE,
  CLOSED_CIRCUIT,
  positionOf,
  type Circuit,
  type WatchedOperation,
} from '../../../src/domain/payments/gateway-circuit.ts';

const BEGAN = Date.parse('2026-11-25T02:00:00Z');
const at = (seconds: number): Date => new Date(BEGAN + seconds * 1000);

interface Told {
  readonly second: number;
  readonly failed?: boolean;
  readonly operation?: WatchedOperation;
  readonly subject?: string;
}

/** The circuit after calls, each about a payment of its own unless told. */
function after(calls: readonly Told[], from: Circuit = CLOSED_CIRCUIT): Circuit {
  return calls.reduce(
    (circuit, { second, failed = false, operation = 'start', subject }, index) =>
      afterCall(circuit, {
        operation,
        succeeded: !failed,
        at: at(second),
        subject: subject ?? `${operation} ${String(second)} ${String(index)}`,
      }),
    from,
  );
}

const failures = (count: number, from = 0, each: Partial<Told> = {}): Told[] =>
  Array.from({ length: count }, (_, index) => ({ second: from + index, failed: true, ...each }));

/** Open since second 4, tried again from second 34. */
const OPEN = after(failures(5));

describe('the circuit of a gateway', () => {
  it('stays closed while calls are answered, and after four failures in a row', () => {
    assert.equal(after([...failures(4), { second: 5 }, ...failures(4, 200)]).state, 'closed');
  });

  it('opens at the fifth failure in a row, however long that takes', () => {
    const slow = after(failures(5).map((call, index) => ({ ...call, second: index * 3_600 })));
    assert.equal(slow.state, 'open');
    assert.equal(OPEN.state, 'open');
    assert.equal(OPEN.brokenBy, 'start');
    assert.deepEqual(OPEN.openedAt, at(4));
    assert.deepEqual(OPEN.retryAt, at(4 + CIRCUIT_RULE.firstPauseSeconds));
  });

  it('opens when half of at least five calls within two minutes failed', () => {
    const mixed = [0, 20, 40, 60].flatMap((second, index) => [{ second, failed: index % 2 === 0 }]);
    assert.equal(after(mixed).state, 'closed', 'four calls say too little');
    assert.equal(after([...mixed, { second: 80, failed: true }]).state, 'open');
    assert.equal(
      after([...mixed, { second: 70 }, { second: 80 }, { second: 90, failed: true }]).state,
      'closed',
    );
  });

  it('forgets what is older than two minutes', () => {
    const old = [0, 1, 2].map((second) => ({ second, failed: second < 2 }));
    const later = after([...old, { second: 130 }, { second: 131 }, { second: 132, failed: true }]);
    assert.equal(later.state, 'closed');
    assert.ok(later.streams.start.slots.every(({ fromSeconds }) => fromSeconds >= BEGAN / 1000 + 130));
  });

  it('does not let many answered questions hide that no payment can be started', () => {
    const questions = Array.from({ length: 60 }, (_, second) => ({ second, operation: 'query' as const }));
    assert.equal(after([...questions, ...failures(5, 60)]).brokenBy, 'start');
  });

  it('counts one odd payment that fails again and again as one failure', () => {
    assert.equal(after(failures(40, 0, { operation: 'query', subject: 'SB1' })).state, 'closed');
    const two = failures(40).map((call, index) => ({ ...call, subject: `SB${String(index % 2)}` }));
    assert.equal(after(two).state, 'open');
  });

  it('learns nothing while the pause lasts: neither failures nor answers move it', () => {
    assert.equal(positionOf(OPEN, at(33)), 'open');
    assert.deepEqual(after([{ second: 10 }, { second: 20, failed: true }, { second: 33.9 }], OPEN), OPEN);
  });

  it('is half open when the pause is over, and a call of the kind that failed closes it', () => {
    assert.equal(positionOf(OPEN, at(34)), 'half_open');
    const back = after([{ second: 34 }], OPEN);
    assert.equal(back.state, 'closed');
    assert.equal(back.retryAt, null);
    assert.deepEqual(back.closedAt, at(34));
    assert.equal(after(failures(4, 35), back).state, 'closed', 'it begins with a clean record');
  });

  it('is not moved by another kind of call: a question that is answered starts no payment', () => {
    assert.deepEqual(after([{ second: 40, operation: 'query' }], OPEN), OPEN);
    const silent = after(failures(5, 0, { operation: 'query' }));
    assert.deepEqual(after([{ second: 40, operation: 'start' }], silent), silent);
    assert.equal(after([{ second: 41, operation: 'query' }], silent).state, 'closed');
  });

  it('doubles the pause at each failed trial, up to ten minutes, and keeps since when it is down', () => {
    let circuit = OPEN;
    const pauses: number[] = [];
    for (let trial = 0; trial < 7; trial += 1) {
      const due = circuit.retryAt ?? assert.fail();
      circuit = afterCall(circuit, {
        operation: 'start',
        succeeded: false,
        at: due,
        subject: `T${String(trial)}`,
      });
      pauses.push(circuit.pauseSeconds);
    }
    assert.deepEqual(pauses, [60, 120, 240, 480, 600, 600, 600]);
    assert.deepEqual(circuit.openedAt, at(4));
  });

  it('goes on doubling when it breaks again soon after it came back, and begins anew later', () => {
    const back = after([{ second: 34 }], OPEN);
    assert.equal(after(failures(5, 60), back).pauseSeconds, 60);
    assert.equal(after(failures(5, 34 + CIRCUIT_RULE.relapseSeconds), back).pauseSeconds, 30);
  });

  it('never stays away for good: whatever happened, one answered call after the pause brings it back', () => {
    const anyCall = fc.record({
      gap: fc.integer({ min: 0, max: 300 }),
      failed: fc.boolean(),
      operation: fc.constantFrom<WatchedOperation>('start', 'query'),
    });
    fc.assert(
      fc.property(fc.array(anyCall, { maxLength: 80 }), (calls) => {
        let second = 0;
        const told = calls.map(({ gap, ...call }) => ({ ...call, second: (second += gap) }));
        const circuit = after(told);
        if (circuit.state === 'closed') return;
        const { retryAt, brokenBy } = circuit;
        assert.ok(retryAt && brokenBy);
        assert.ok(circuit.pauseSeconds >= 30 && circuit.pauseSeconds <= 600);
        const proof = { operation: brokenBy, succeeded: true, at: retryAt, subject: 'proof' };
        assert.equal(afterCall(circuit, proof).state, 'closed');
      }),
    );
  });
});
