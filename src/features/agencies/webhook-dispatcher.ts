/** The long-lived sender of webhooks in one process: looks for due deliveries until it is stopped. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  createDeliveryEngine,
  deliverWebhooks,
  type DeliveryDeps,
  type DeliverySettings,
} from './deliver-webhooks.ts';
import { parkFollowers } from './delivery-store.ts';

export interface DispatcherSettings extends DeliverySettings {
  /** The longest pause between two looks while nothing is due; 200 ms unless told. */
  readonly pollEveryMs?: number;
  /** How long `stop()` waits for attempts under way; 8 s unless told. */
  readonly stopWithinMs?: number;
}

export interface Dispatcher {
  start(): void;
  /** Claims no more, gives back what has not begun, and waits for what is under way. */
  stop(): Promise<void>;
  /** Looks now: a hint that something was committed. Nothing depends on it. */
  wake(): void;
  /** Delivers everything that is due now and waits for it: for tests and commands. Answers how many attempts it made. */
  deliverDue(): Promise<number>;
}

/** After a look that found little: long enough to gather some more, short enough to be at once. */
const GATHER_MS = 40;
const PARK_EVERY_MS = 1_000;
const PARK_AT_ONCE = 2_000;
const PAUSE_AFTER_FAULT_MS = 1_000;

export function createDispatcher(deps: DeliveryDeps, settings: DispatcherSettings = {}): Dispatcher {
  const pollEveryMs = settings.pollEveryMs ?? 200;
  let running: Promise<void> | null = null;
  let isStopping = false;
  let wakeUp: () => void = () => undefined;
  let engine = createDeliveryEngine(deps, settings);

  /** Resolves after so long, or earlier when woken or stopped. */
  function pause(ms: number): Promise<void> {
    if (isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function look(): Promise<void> {
    const { claimed, wasFull } = await engine.claim();
    if (wasFull) await Promise.race([engine.settled(), pause(pollEveryMs)]);
    else await pause(claimed > 0 || engine.unfinished() > 0 ? GATHER_MS : pollEveryMs);
  }

  async function run(): Promise<void> {
    let parkedAtMs = 0;
    while (!isStopping) {
      try {
        await look();
        if (performance.now() - parkedAtMs < PARK_EVERY_MS) continue;
        parkedAtMs = performance.now();
        await parkFollowers(deps.db, deps.clock.now(), PARK_AT_ONCE);
      } catch (error) {
        deps.log.error({ err: error }, 'webhook.dispatch_failed');
        await pause(PAUSE_AFTER_FAULT_MS);
      }
    }
  }

  return {
    start() {
      if (running) return;
      isStopping = false;
      engine = createDeliveryEngine(deps, settings);
      running = run();
    },
    async stop() {
      if (!running) return;
      isStopping = true;
      wakeUp();
      await running;
      running = null;
      await engine.giveBack().catch((error: unknown) => {
        deps.log.warn({ err: error }, 'webhook.leases_left');
      });
      const timeUp = new AbortController();
      const timeout = delay(settings.stopWithinMs ?? 8_000, undefined, { signal: timeUp.signal });
      await Promise.race([engine.drained(), timeout]);
      timeUp.abort();
      await timeout.catch(() => undefined);
    },
    wake: () => wakeUp(),
    deliverDue: () => deliverWebhooks(deps, { ...settings, limit: Number.POSITIVE_INFINITY }),
  };
}
