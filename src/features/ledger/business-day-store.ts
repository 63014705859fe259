/** SQL of business days: the days of each agency's books. */
import type { Day } from '../../domain/kernel/time.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';

/** Makes the rows of these agencies from one day to another; existing rows stay as they are. */
export async function ensureBusinessDays(
  reader: Reader,
  agencies: readonly number[],
  from: Day,
  to: Day,
): Promise<void> {
  await query(
    reader,
    `insert into business_days (agency_id, day)
     select a, d::date from unnest(:agencies::integer[]) a, generate_series(:from::date, :to::date, interval '1 day') d
     on conflict (agency_id, day) do nothing`,
    { agencies: [...new Set(agencies)], from, to },
  );
}

/**
 * The day that a posting belongs to: its own, or the first open one after it when that is closed.
 *
 * Makes the row of the day when the books have none yet. Faults when no later day is open either.
 */
export async function openDayFor(tx: Tx, agencyId: number, wanted: Day): Promise<Day> {
  await ensureBusinessDays(tx, [agencyId], wanted, wanted);
  const [row] = await query<{ day: Day | null }>(
    tx,
    `select min(day) as day from business_days
     where agency_id = :agencyId and day >= :wanted::date and closed_at is null`,
    { agencyId, wanted },
  );
  if (!row?.day) throw new Error(`no business day of agency ${String(agencyId)} is open from ${wanted} on`);
  return row.day;
}

/** The job: every agency's days from 60 back to 400 ahead. */
export async function extendBusinessDays(reader: Reader, from: Day, to: Day): Promise<void> {
  await query(
    reader,
    `insert into business_days (agency_id, day)
     select a.id, d::date from agencies a, generate_series(:from::date, :to::date, interval '1 day') d
     on conflict (agency_id, day) do nothing`,
    { from, to },
  );
}
