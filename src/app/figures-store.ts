/** SQL of the figures that metrics and readiness read now and then: all by small tables or by index. */
import { query, type Reader } from '../platform/database.ts';

export interface OperatingFigures {
  readonly paymentsUndecided: number;
  readonly webhooksWaiting: number;
  /** How long the oldest transaction that has written is open: rows above it are not yet in the feed. */
  readonly feedDelaySeconds: number;
  readonly openCases: readonly { readonly kind: string; readonly count: number }[];
}

export async function readOperatingFigures(reader: Reader): Promise<OperatingFigures> {
  const [counts] = await query<{ undecided: number; waiting: number; feed_delay: number }>(
    reader,
    `select (select count(*) from (select 1 from payment_queries limit 100000) u)::integer as undecided,
       (select count(*) from (select 1 from webhook_queue limit 100000) q)::integer as waiting,
       (select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
        where backend_xid is not null)::double precision as feed_delay`,
  );
  const openCases = await query<{ kind: string; count: number }>(
    reader,
    `select kind, count(*)::integer as count from (select kind from cases where resolved_at is null limit 100000) c group by kind`,
  );
  return {
    paymentsUndecided: counts?.undecided ?? 0,
    webhooksWaiting: counts?.waiting ?? 0,
    feedDelaySeconds: counts?.feed_delay ?? 0,
    openCases,
  };
}

/** How far the machine's clock stands from the database's, in milliseconds; measured over one short round trip. */
export async function readClockSkewMs(reader: Reader, machineNow: () => number): Promise<number> {
  const before = machineNow();
  const [row] = await query<{ now_ms: number }>(
    reader,
    `select (extract(epoch from clock_timestamp()) * 1000)::double precision as now_ms`,
  );
  const after = machineNow();
  return Math.abs((row?.now_ms ?? before) - (before + after) / 2);
}
