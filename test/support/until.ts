/** Waits on a condition instead of on time. */
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once `holds` does; after `withinMs` it fails, with what was waited for if that was said. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  what = 'the condition',
  withinMs = 15_000,
): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > withinMs) throw new Error(`${what} did not come true`);
    await delay(10);
  }
}
