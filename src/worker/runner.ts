/** Runs the schedule: one lane a job, no overlap with itself, and an end between two turns when told to stop. */
import type { Logger } from '../platform/logger.ts';

/** One row of the schedule. */
export interface Job {
  readonly name: string;
  /** The pause after a turn that found less than it could have taken. */
  readonly everyMs: number;
  /** One bounded turn. @returns whether more is waiting, so that the next turn comes at once */
  readonly turn: () => Promise<boolean>;
}

export interface Runner {
  start(): void;
  /** Resolves when every turn under way has ended. */
  stop(): Promise<void>;
  /** When the slowest job last ended a turn; null before all have. For liveness. */
  lastTurnAt(): number | null;
}

/** After a turn that failed: long enough not to flood the log, short enough to recover within seconds. */
const PAUSE_AFTER_FAULT_MS = 2_000;

export function createRunner(deps: {
  readonly jobs: readonly Job[];
  readonly logger: Pick<Logger, 'error'>;
  readonly onTurn?: (job: string, seconds: number, failed: boolean) => void;
}): Runner {
  const lastTurns = new Map<string, number>();
  let isStopping = false;
  let lanes: Promise<void>[] = [];
  const wakeUps = new Set<() => void>();

  function pause(ms: number): Promise<void> {
    if (isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        wakeUps.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      wakeUps.add(wake);
    });
  }

  async function takeTurn(job: Job): Promise<number> {
    const startedMs = performance.now();
    let failed = false;
    let pauseMs = job.everyMs;
    try {
      if (await job.turn()) pauseMs = 0;
    } catch (error) {
      failed = true;
      pauseMs = Math.max(job.everyMs, PAUSE_AFTER_FAULT_MS);
      deps.logger.error({ job: job.name, error }, 'job.failed');
    }
    lastTurns.set(job.name, Date.now());
    deps.onTurn?.(job.name, (performance.now() - startedMs) / 1000, failed);
    return pauseMs;
  }

  async function lane(job: Job): Promise<void> {
    while (!isStopping) {
      const pauseMs = await takeTurn(job);
      await pause(pauseMs);
    }
  }

  return {
    start() {
      isStopping = false;
      lanes = deps.jobs.map(lane);
    },
    async stop() {
      isStopping = true;
      for (const wake of [...wakeUps]) wake();
      await Promise.all(lanes);
    },
    lastTurnAt() {
      if (lastTurns.size < deps.jobs.length) return null;
      return Math.min(...lastTurns.values());
    },
  };
}
