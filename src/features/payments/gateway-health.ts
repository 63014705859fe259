/**
 * Watches the calls to gateways: counts in memory, and every few seconds tells the database what it counted.
 *
 * Nothing is written on the way of a payer or a callback. What a process had not told when it died is lost: figures
 * and circuits are about the many, and the next calls tell the same.
 */
import type { Clock } from '../../domain/kernel/time.ts';
import { afterCall, type CallResult, type Circuit } from '../../domain/payments/gateway-circuit.ts';
import { NO_CALLS, withLatency, type GatewayOperation } from '../../domain/payments/gateway-figures.ts';
import type { GatewayAdapter } from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { addMinuteFigures, changeCircuit, noteCallback, type MinuteFigures } from './gateway-health-store.ts';

export interface GatewayHealthDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly onCall: (call: {
    readonly gateway: string;
    readonly operation: GatewayOperation;
    readonly failed: boolean;
    readonly seconds: number;
  }) => void;
  readonly onCircuit: (gateway: string, circuit: Circuit) => void;
  readonly onFault: (error: unknown) => void;
  /** How long counts wait before they are told; null: until `flush` is called. */
  readonly flushAfterMs: number | null;
}

export interface GatewayHealth {
  /** The same adapter, its calls counted. */
  watch(adapter: GatewayAdapter): GatewayAdapter;
  /** A genuine message came. */
  noteCallback(gateway: string): void;
  /** Tells the database what was counted since the last time. */
  flush(): Promise<void>;
  /** Flushes a last time; nothing is told by itself afterwards. */
  stop(): Promise<void>;
}

export function createGatewayHealth(deps: GatewayHealthDeps): GatewayHealth {
  let counted = nothing();
  let timer: NodeJS.Timeout | null = null;
  let flushing = Promise.resolve();
  let isStopped = false;

  function flushSoon(): void {
    if (timer !== null || isStopped || deps.flushAfterMs === null) return;
    timer = setTimeout(() => void flush(), deps.flushAfterMs);
    timer.unref();
  }

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    flushing = flushing.then(async () => {
      const told = counted;
      counted = nothing();
      await tell(deps, told).catch(deps.onFault);
    });
    return flushing;
  }

  function count(call: Counted): void {
    addTo(counted, call);
    deps.onCall({
      gateway: call.gateway,
      operation: call.operation,
      failed: !call.succeeded,
      seconds: call.tookMs / 1000,
    });
    flushSoon();
  }

  async function timed<Result>(
    what: Pick<Counted, 'gateway' | 'operation' | 'subject'>,
    call: () => Promise<Result>,
  ): Promise<Result> {
    const began = performance.now();
    const ended = (succeeded: boolean): void =>
      count({ ...what, succeeded, at: deps.clock.now(), tookMs: performance.now() - began });
    try {
      const result = await call();
      ended(true);
      return result;
    } catch (error) {
      ended(false);
      throw error;
    }
  }

  return {
    watch: (adapter) => watched(adapter, timed),
    noteCallback(gateway) {
      counted.callbacks.set(gateway, deps.clock.now());
      flushSoon();
    },
    flush,
    async stop() {
      isStopped = true;
      await flush();
    },
  };
}

interface Counted {
  readonly gateway: string;
  readonly operation: GatewayOperation;
  readonly subject: string;
  readonly succeeded: boolean;
  readonly at: Date;
  readonly tookMs: number;
}

interface Counts {
  readonly minutes: Map<string, MinuteFigures>;
  readonly results: Map<string, CallResult[]>;
  readonly callbacks: Map<string, Date>;
}

function nothing(): Counts {
  return { minutes: new Map(), results: new Map(), callbacks: new Map() };
}

function addTo(counts: Counts, { gateway, operation, subject, succeeded, at, tookMs }: Counted): void {
  const minute = new Date(Math.floor(at.getTime() / 60_000) * 60_000);
  const key = `${gateway} ${operation} ${minute.toISOString()}`;
  const known = counts.minutes.get(key) ?? { ...NO_CALLS, gateway, operation, minute };
  counts.minutes.set(key, {
    ...known,
    answered: known.answered + (succeeded ? 1 : 0),
    failed: known.failed + (succeeded ? 0 : 1),
    latencies: withLatency(known.latencies, tookMs),
  });
  if (operation === 'refund') return;
  const results = counts.results.get(gateway) ?? [];
  results.push({ operation, succeeded, at, subject });
  counts.results.set(gateway, results);
}

async function tell(deps: GatewayHealthDeps, { minutes, results, callbacks }: Counts): Promise<void> {
  await addMinuteFigures(deps.db, [...minutes.values()]);
  for (const [gateway, calls] of [...results].sort(([a], [b]) => a.localeCompare(b))) {
    const { before, after } = await inTransaction(deps.db, (tx) =>
      changeCircuit(tx, gateway, (circuit) => calls.reduce(afterCall, circuit)),
    );
    if (before.retryAt?.getTime() !== after.retryAt?.getTime()) deps.onCircuit(gateway, after);
  }
  for (const [gateway, at] of callbacks) await noteCallback(deps.db, gateway, at);
}

type Timed = <Result>(
  what: { readonly gateway: string; readonly operation: GatewayOperation; readonly subject: string },
  call: () => Promise<Result>,
) => Promise<Result>;

function watched(adapter: GatewayAdapter, timed: Timed): GatewayAdapter {
  const { code: gateway, queries, refunds } = adapter;
  return {
    ...adapter,
    startPayment: (request, signal) =>
      timed({ gateway, operation: 'start', subject: request.merchantReference }, () =>
        adapter.startPayment(request, signal),
      ),
    ...(queries && {
      queries: {
        queryPayment: (request, signal) =>
          timed({ gateway, operation: 'query', subject: request.merchantReference }, () =>
            queries.queryPayment(request, signal),
          ),
      },
    }),
    ...(refunds && {
      refunds: {
        limits: refunds.limits,
        refundPayment: (request, signal) =>
          timed({ gateway, operation: 'refund', subject: request.refundReference }, () =>
            refunds.refundPayment(request, signal),
          ),
        queryRefund: (request, signal) =>
          timed({ gateway, operation: 'refund', subject: request.refundReference }, () =>
            refunds.queryRefund(request, signal),
          ),
      },
    }),
  };
}
