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
  const limiter = new RateLimiterPostgres({
    storeClient: deps.db,
    storeType: 'knex',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: limit.name,
    points: limit.requests,
    duration: limit.perSeconds,
    // Whoever is far above the limit is refused from memory, without asking the database again.
    inMemoryBlockOnConsumed: limit.requests + 1,
    clearExpiredByTimeout: true,
  });
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
