/** The table of background work: job, how often, how many rows a turn. */
import type { Job } from './runner.ts';

/** The turns of the jobs; each takes how many rows it may handle and tells how many it found. */
export interface BackgroundWork {
  readonly pollPendingPayments: (limit: number) => Promise<number>;
  readonly settleCredits: (limit: number) => Promise<number>;
  readonly expireOrders: (limit: number) => Promise<number>;
  readonly refundSurplus: (limit: number) => Promise<number>;
  readonly refundShortTransfers: (limit: number) => Promise<number>;
  readonly submitRefunds: (limit: number) => Promise<number>;
  readonly reconcileBatches: () => Promise<boolean>;
  readonly sealLedger: () => Promise<boolean>;
  readonly publishLedgerHead: () => Promise<void>;
  readonly extendBusinessDays: () => Promise<void>;
  readonly purgeIdempotencyKeys: (limit: number) => Promise<number>;
  readonly purgeUnverifiedCallbacks: (limit: number) => Promise<number>;
  readonly purgeGatewayMinutes: (limit: number) => Promise<number>;
  readonly blankPersonalData: (limit: number) => Promise<number>;
  readonly measure: () => Promise<void>;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export function schedule(work: BackgroundWork): Job[] {
  // prettier-ignore
  return [
    rows('seal-ledger',                SECOND,      async () => await work.sealLedger()),
    full('poll-pending-payments',      SECOND,      100,   work.pollPendingPayments),
    full('settle-credits',             10 * SECOND, 100,   work.settleCredits),
    full('expire-orders',              5 * SECOND,  100,   work.expireOrders),
    full('refund-surplus',             2 * SECOND,  50,    work.refundSurplus),
    full('refund-short-transfers',     MINUTE,      50,    work.refundShortTransfers),
    full('submit-refunds',             SECOND,      50,    work.submitRefunds),
    rows('reconcile-batches',          2 * SECOND,  async () => await work.reconcileBatches()),
    once('publish-ledger-head',        5 * MINUTE,  work.publishLedgerHead),
    once('extend-business-days',       6 * HOUR,    work.extendBusinessDays),
    full('purge-idempotency-keys',     HOUR,        1_000, work.purgeIdempotencyKeys),
    full('purge-unverified-callbacks', HOUR,        1_000, work.purgeUnverifiedCallbacks),
    full('purge-gateway-minutes',      HOUR,        1_000, work.purgeGatewayMinutes),
    full('blank-personal-data',        HOUR,        500,   work.blankPersonalData),
    once('measure',                    10 * SECOND, work.measure),
  ];
}

/** A job that says itself whether more is waiting. */
function rows(name: string, everyMs: number, turn: () => Promise<boolean>): Job {
  return { name, everyMs, turn };
}

/** A job whose next turn comes at once when it found as many rows as it could take. */
function full(name: string, everyMs: number, limit: number, turn: (limit: number) => Promise<number>): Job {
  return { name, everyMs, turn: async () => (await turn(limit)) >= limit };
}

function once(name: string, everyMs: number, turn: () => Promise<void>): Job {
  return {
    name,
    everyMs,
    turn: async () => {
      await turn();
      return false;
    },
  };
}
