/** Natural micro-batching: what queued while a lane was busy is done together. No timer, no delay when idle. */

export interface BatcherOptions<Item, Result> {
  /** How many batches may run at once. */
  readonly lanes: number;
  readonly maxBatch: number;
  /** More waiting items than this are refused at once, so that a caller hears "later" while it still listens. */
  readonly maxWaiting: number;
  /** Keys of which a batch may hold each only once; the second item waits for the next batch. */
  readonly keysOf: (item: Item) => readonly string[];
  /** Does a batch. Results stand in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** What a refused item's caller is told. */
  readonly overloaded: () => Error;
}

export interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>;
  readonly waiting: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly keys: readonly string[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A queue with lanes. A batch that fails is done again item by item, so that one poisoned item cannot fail
 * its neighbours.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  let queue: Waiting<Item, Result>[] = [];
  let freeLanes = options.lanes;

  function takeBatch(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const held = new Set<string>();
    for (const waiting of queue) {
      const clashes = waiting.keys.some((key) => held.has(key));
      // An item that must wait keeps its keys too: later ones of the same key may not overtake it.
      for (const key of waiting.keys) held.add(key);
      if (clashes || batch.length >= options.maxBatch) left.push(waiting);
      else batch.push(waiting);
    }
    queue = left;
    return batch;
  }

  async function runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.run(batch.map(({ item }) => item));
      batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1 && only) {
        only.reject(error);
        return;
      }
      for (const waiting of batch) await runBatch([waiting]);
    }
  }

  async function occupyLane(): Promise<void> {
    freeLanes -= 1;
    try {
      while (queue.length > 0) await runBatch(takeBatch());
    } finally {
      freeLanes += 1;
    }
  }

  return {
    get waiting() {
      return queue.length;
    },
    add(item) {
      if (queue.length >= options.maxWaiting) return Promise.reject(options.overloaded());
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, keys: options.keysOf(item), resolve, reject });
        if (freeLanes > 0) void occupyLane();
      });
    },
  };
}
