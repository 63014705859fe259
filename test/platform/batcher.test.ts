/** Micro-batching: what waits is done together, a key once a batch, and one bad item fails alone. */
import assert from 'node:assert/strict';
import { createBatcher } from '../../src/platform/batcher.ts';

interface Call {
  readonly items: readonly string[];
  readonly finish: () => void;
}

/** A batcher whose batches the test finishes by hand. */
function heldBatcher(over: { lanes?: number; maxBatch?: number; maxWaiting?: number } = {}) {
  const calls: Call[] = [];
  const batcher = createBatcher<string, string>({
    lanes: over.lanes ?? 1,
    maxBatch: over.maxBatch ?? 10,
    maxWaiting: over.maxWaiting ?? 100,
    keysOf: (item) => [item[0] ?? ''],
    overloaded: () => new Error('later'),
    run: (items) =>
      new Promise((resolve, reject) => {
        const finish = (): void => {
          if (items.includes('bad')) reject(new Error('bad item'));
          else resolve(items.map((item) => `${item}!`));
        };
        calls.push({ items, finish });
      }),
  });
  return { batcher, calls };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a batcher', () => {
  it('does what waited while a lane was busy in one batch, in order', async () => {
    const { batcher, calls } = heldBatcher();
    const results = [batcher.add('a1'), batcher.add('b1'), batcher.add('c1')];
    calls[0]?.finish();
    await turn();
    calls[1]?.finish();
    assert.deepEqual(await Promise.all(results), ['a1!', 'b1!', 'c1!']);
    assert.deepEqual(
      calls.map(({ items }) => items),
      [['a1'], ['b1', 'c1']],
    );
  });

  it('holds a key once a batch and never lets a later item of the key overtake', async () => {
    const { batcher, calls } = heldBatcher();
    const results = ['x', 'a1', 'a2', 'b1', 'a3'].map((item) => batcher.add(item));
    for (let index = 0; index < 4; index += 1) {
      calls[index]?.finish();
      await turn();
    }
    await Promise.all(results);
    assert.deepEqual(
      calls.map(({ items }) => items),
      [['x'], ['a1', 'b1'], ['a2'], ['a3']],
    );
  });

  it('does a failed batch again item by item, so that one bad item fails alone', async () => {
    const { batcher, calls } = heldBatcher();
    const first = batcher.add('x');
    const others = [batcher.add('a1'), batcher.add('bad'), batcher.add('c1')];
    const settled = Promise.allSettled(others);
    for (let index = 0; index < 5; index += 1) {
      calls[index]?.finish();
      await turn();
    }
    await first;
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('refuses at once what is more than may wait', async () => {
    const { batcher, calls } = heldBatcher({ maxWaiting: 1 });
    const running = batcher.add('x');
    const waiting = batcher.add('a');
    await assert.rejects(batcher.add('b'), /later/);
    calls[0]?.finish();
    await turn();
    calls[1]?.finish();
    await Promise.all([running, waiting]);
  });
});
