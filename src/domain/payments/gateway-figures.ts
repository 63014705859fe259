/** Figures of the calls to a gateway: how latencies are counted, and what the counts of a span come to. */

export const GATEWAY_OPERATIONS = ['start', 'query', 'refund'] as const;
export type GatewayOperation = (typeof GATEWAY_OPERATIONS)[number];

/** Upper bounds of the counts in milliseconds; the last count holds what took longer. */
export const LATENCY_BOUNDS_MS = [50, 100, 200, 400, 800, 1_500, 3_000, 6_000, 12_000] as const;

export const NO_LATENCIES: readonly number[] = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);

/** The counts with one more call. */
export function withLatency(counts: readonly number[], tookMs: number): readonly number[] {
  const at = LATENCY_BOUNDS_MS.findIndex((bound) => tookMs <= bound);
  const slot = at === -1 ? LATENCY_BOUNDS_MS.length : at;
  return counts.map((count, index) => (index === slot ? count + 1 : count));
}

export interface CallFigures {
  readonly answered: number;
  readonly failed: number;
  readonly latencies: readonly number[];
}

export const NO_CALLS: CallFigures = { answered: 0, failed: 0, latencies: NO_LATENCIES };

export function addFigures(left: CallFigures, right: CallFigures): CallFigures {
  return {
    answered: left.answered + right.answered,
    failed: left.failed + right.failed,
    latencies: NO_LATENCIES.map((_zero, at) => (left.latencies[at] ?? 0) + (right.latencies[at] ?? 0)),
  };
}

/** The share of calls that were answered, in parts per million; null when there were none. */
export function successPpm({ answered, failed }: CallFigures): number | null {
  const calls = answered + failed;
  return calls === 0 ? null : Math.floor((answered * 1_000_000) / calls);
}

/**
 * The bound below which `share` of the calls stayed; null when there were none.
 *
 * Calls beyond the last bound count as that bound: time limits cut them off soon after.
 */
export function latencyWithinMs({ latencies }: CallFigures, share: number): number | null {
  const calls = latencies.reduce((all, count) => all + count, 0);
  if (calls === 0) return null;
  let seen = 0;
  for (const [at, count] of latencies.entries()) {
    seen += count;
    if (seen >= calls * share) return LATENCY_BOUNDS_MS[at] ?? LATENCY_BOUNDS_MS.at(-1) ?? null;
  }
  return null;
}
