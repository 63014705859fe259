/** How the demo speaks and waits: one line a step, and whatever surprises ends it with what was expected. */
import { setTimeout as delay } from 'node:timers/promises';

/** Something did not happen as the demo says it does. */
export function surprise(expected: string, instead: string): never {
  throw Object.assign(new Error(`Expected ${expected}; instead ${instead}.`), { name: SURPRISE });
}

const SURPRISE = 'Surprise';

export function isSurprise(error: unknown): error is Error {
  return error instanceof Error && error.name === SURPRISE;
}

export function expect(holds: boolean, expected: string, instead: string): asserts holds {
  if (!holds) surprise(expected, instead);
}

let steps = 0;

/** Tells a step in one line. */
export function tell(sentence: string): void {
  steps += 1;
  console.log(`${String(steps).padStart(2)}. ${sentence}`);
}

const LOOK_AGAIN_MS = 200;
const PATIENCE_MS = 60_000;

/** Looks until there is something; a surprise after a minute. */
export async function until<T>(expected: string, look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) surprise(expected, `a minute passed without it`);
    await delay(LOOK_AGAIN_MS);
  }
}

/** 693.000 ₫ */
export function dong(amount: number): string {
  return `${amount.toString().replaceAll(/\B(?=(\d{3})+(?!\d))/g, '.')} ₫`;
}
