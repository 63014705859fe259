/** Forgets idempotency keys after 30 days (job). */
import type { Clock } from '../../domain/kernel/time.ts';
import type { Database } from '../../platform/database.ts';
import { deleteKeysBefore } from './idempotency-store.ts';

const KEPT_FOR_DAYS = 30;
const DAY_MS = 86_400_000;

/** Deletes at most `limit` keys. @returns how many; fewer than `limit` means that none is left */
export function purgeIdempotencyKeys(deps: { db: Database; clock: Clock }, limit = 1_000): Promise<number> {
  return deleteKeysBefore(deps.db, new Date(deps.clock.now().getTime() - KEPT_FOR_DAYS * DAY_MS), limit);
}
