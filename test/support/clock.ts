/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/domain/kernel/time.ts';

export interface FixedClock extends Clock {
  /** Moves the clock by so many milliseconds. */
  advance(ms: number): void;
  /** Sets the clock to an instant, `2026-03-02T08:15:04Z`. */
  set(iso: string): void;
}

export function fixedClock(iso: string): FixedClock {
  let at = instant(iso);
  return {
    now: () => new Date(at),
    advance(ms) {
      at += ms;
    },
    set(next) {
      at = instant(next);
    },
  };
}

/** A clock that runs with the machine's, and that a test moves ahead. */
export function runningClock(): FixedClock {
  let aheadMs = 0;
  return {
    now: () => new Date(Date.now() + aheadMs),
    advance(ms) {
      aheadMs += ms;
    },
    set(iso) {
      aheadMs = instant(iso) - Date.now();
    },
  };
}

function instant(iso: string): number {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) throw new Error(`"${iso}" is not an instant`);
  return at;
}
