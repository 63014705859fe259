/** Counts requests per key over all processes, in PostgreSQL. When the database fails, nobody is held up. */
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from './database.ts';
import type { Logger } from './logger.ts';

export interface RateLimit {
  /** Names the limit in the table: `token-requests`. */
  readonly name: string;
  readonly requests: number;
  readonly perSeconds: number;
}

export type RateDecision =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

export interface RateLimiter {
  /** Counts one request of a key, such as an address or a client id. */
  take(key: string): Promise<RateDecision>;
}

/**
 * A limiter on the table `rate_limits`.
 *
 * When counting fails it lets requests through and says so in the log: a limit protects the service, and
 * refusing everybody would do the attacker's work.
 */
export function createRateLimiter(
  deps: { readonly db: Database; readonly logger: Logger },
  limit: RateLimit,
): RateLimiter {
  // Whoever is far above the limit is refused from memory, without asking the database again.
  const limiter = sharedCounter(deps.db, limit, { inMemoryBlockOnConsumed: limit.requests + 1 });
  return {
    async take(key) {
      try {
        await limiter.consume(key);
        return { allowed: true };
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) {
          return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) };
        }
        deps.logger.warn({ limit: limit.name, error: refusal }, 'rate-limit.not-counted');
        return { allowed: true };
      }
    },
  };
}

/** How long a process may count by itself before it tells the others. */
const SYNC_EVERY_MS = 200;
const MAX_KEYS = 10_000;

interface LocalCount {
  /** Counted here and not yet told. */
  pending: number;
  /** What all processes had counted when last asked. */
  known: number;
  windowEndsMs: number;
  nextSyncMs: number;
  isSyncing: boolean;
}

/**
 * A limiter for the busiest door: each process counts by itself and tells the table five times a second, so
 * that no request waits for the count. All processes together may exceed the limit by what they take in that
 * time; a client far above it is still stopped.
 */
export function createBatchedRateLimiter(
  deps: { readonly db: Database; readonly logger: Logger },
  limit: RateLimit,
): RateLimiter {
  const limiter = sharedCounter(deps.db, limit, {});
  const counts = new Map<string, LocalCount>();

  async function sync(key: string, count: LocalCount): Promise<void> {
    const points = count.pending;
    count.pending = 0;
    // Until the table answers, what is being told counts as known.
    count.known += points;
    count.isSyncing = true;
    try {
      const told = await limiter.consume(key, points).catch((refusal: unknown) => {
        if (refusal instanceof RateLimiterRes) return refusal;
        throw refusal;
      });
      count.known = told.consumedPoints;
      count.windowEndsMs = performance.now() + told.msBeforeNext;
    } catch (error) {
      deps.logger.warn({ limit: limit.name, error }, 'rate-limit.not-counted');
    } finally {
      count.isSyncing = false;
      count.nextSyncMs = performance.now() + SYNC_EVERY_MS;
    }
  }

  return {
    take(key) {
      const nowMs = performance.now();
      const count = counts.get(key) ?? newCount(counts, key);
      if (nowMs >= count.windowEndsMs) {
        // A window begins with its first request; the table will say when it really ends.
        count.known = 0;
        count.windowEndsMs = nowMs + limit.perSeconds * 1_000;
      }
      count.pending += 1;
      if (!count.isSyncing && nowMs >= count.nextSyncMs) void sync(key, count);
      if (count.known + count.pending <= limit.requests) return Promise.resolve({ allowed: true });
      const waitMs = Math.max(1_000, count.windowEndsMs - nowMs);
      return Promise.resolve({ allowed: false, retryAfterSeconds: Math.ceil(waitMs / 1_000) });
    },
  };
}

function newCount(counts: Map<string, LocalCount>, key: string): LocalCount {
  const count = { pending: 0, known: 0, windowEndsMs: 0, nextSyncMs: 0, isSyncing: false };
  counts.set(key, count);
  // The key that was first seen longest ago leaves; what it had told the table stays told.
  if (counts.size > MAX_KEYS) counts.delete(counts.keys().next().value ?? key);
  return count;
}

function sharedCounter(
  db: Database,
  limit: RateLimit,
  extra: { readonly inMemoryBlockOnConsumed?: number },
): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: db,
    storeType: 'knex',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: limit.name,
    points: limit.requests,
    duration: limit.perSeconds,
    clearExpiredByTimeout: true,
    ...extra,
  });
}
