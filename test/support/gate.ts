/** Barriers on the money path: statements that wait for a test, or whose effect or answer is lost. */
import type { HotPool, Statement } from '../../src/platform/database.ts';

export interface GatedPool extends HotPool {
  /** The next `count` runs of the statement wait before they begin, until `open()`. */
  hold(name: string, count: number): Held;
  /** The next run does nothing and fails, as when a process dies before its statement. */
  loseBefore(name: string): void;
  /** The next run takes effect and fails all the same, as when a process dies before it hears the answer. */
  loseAfter(name: string): void;
}

export interface Held {
  /** Resolves once all of them wait. */
  readonly reached: Promise<void>;
  open(): void;
}

interface Hold {
  left: number;
  readonly arrived: () => void;
  readonly opened: Promise<void>;
}

export const APPLY_OUTCOMES = 'apply-outcomes';

export function gatedPool(pool: HotPool): GatedPool {
  const holds = new Map<string, Hold>();
  const lostBefore = new Set<string>();
  const lostAfter = new Set<string>();
  return {
    async run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
      const { name } = statement;
      const hold = holds.get(name);
      if (hold && hold.left > 0) {
        hold.left -= 1;
        if (hold.left === 0) hold.arrived();
        await hold.opened;
      }
      if (lostBefore.delete(name)) throw new Error('the process ended before its statement');
      const rows = await pool.run<Row>(statement, values);
      if (lostAfter.delete(name)) throw new Error('the process ended before it heard the answer');
      return rows;
    },
    end: () => pool.end(),
    hold(name, count) {
      let open: () => void = () => undefined;
      let arrived: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const reached = new Promise<void>((resolve) => (arrived = resolve));
      holds.set(name, { left: count, arrived, opened });
      return { reached, open: () => open() };
    },
    loseBefore: (name) => void lostBefore.add(name),
    loseAfter: (name) => void lostAfter.add(name),
  };
}
