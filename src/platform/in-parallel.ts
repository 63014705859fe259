/** Work on many things with a bound on how many at once. */

/** Does `work` for each item, at most `limit` at a time. The first fault is thrown when all have ended. */
export async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const faults: unknown[] = [];
  const rest = items[Symbol.iterator]();
  async function lane(): Promise<void> {
    for (const item of rest) {
      try {
        await work(item);
      } catch (error) {
        faults.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (faults.length > 0) throw faults[0];
}
