/** Liveness and readiness: what must hold before requests are sent to this process, and what an operator should know. */
import type { Runner } from '../worker/runner.ts';
import { storedXidsBelongToCluster } from '../features/ledger/seal-store.ts';
import type { Database } from '../platform/database.ts';
import { readClockSkewMs } from './figures-store.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

export interface HealthDeps {
  readonly db: Database;
  readonly machineNow: () => number;
  readonly runner: Pick<Runner, 'lastTurnAt'> | null;
  readonly startedAtMs: number;
  readonly hasOneRole: boolean;
  readonly isStopping: () => boolean;
}

const MAX_CLOCK_SKEW_MS = 2_000;
const CLOCK_CHECK_EVERY_MS = 60_000;
/** A worker whose slowest job has not turned for this long is not working. Its longest pause is six hours. */
const WORKER_GRACE_MS = 60_000;

export function createReadiness(deps: HealthDeps): () => Promise<Readiness> {
  let clock = { checkedAtMs: Number.NEGATIVE_INFINITY, skewMs: 0 };
  return async () => {
    const checks: Record<string, { ok: boolean; detail: string }> = {};
    checks['process'] = deps.isStopping()
      ? { ok: false, detail: 'is stopping' }
      : { ok: true, detail: 'is serving' };
    try {
      if (deps.machineNow() - clock.checkedAtMs > CLOCK_CHECK_EVERY_MS) {
        clock = { checkedAtMs: deps.machineNow(), skewMs: await readClockSkewMs(deps.db, deps.machineNow) };
      }
      const isSameCluster = await storedXidsBelongToCluster(deps.db);
      checks['database'] = { ok: true, detail: 'answers' };
      checks['clock'] = {
        ok: clock.skewMs <= MAX_CLOCK_SKEW_MS,
        detail: `${String(Math.round(clock.skewMs))} ms from the database's`,
      };
      checks['ledger'] = isSameCluster
        ? { ok: true, detail: 'belongs to this database cluster' }
        : { ok: false, detail: 'was written by another cluster: restore it with npm run restore' };
    } catch {
      checks['database'] = { ok: false, detail: 'does not answer' };
    }
    checks['append_only'] = {
      ok: true,
      detail: deps.hasOneRole
        ? 'rests on triggers alone: DATABASE_OWNER_URL is not set'
        : 'rests on roles and triggers',
    };
    if (deps.runner) checks['worker'] = workerCheck(deps);
    return { ready: Object.values(checks).every(({ ok }) => ok), checks };
  };
}

function workerCheck(deps: HealthDeps): { ok: boolean; detail: string } {
  const hasTurned = deps.runner?.lastTurnAt() !== null;
  const isYoung = deps.machineNow() - deps.startedAtMs < WORKER_GRACE_MS;
  return hasTurned || isYoung
    ? { ok: true, detail: 'every job has turned' }
    : { ok: false, detail: 'a job has not turned since the start' };
}
