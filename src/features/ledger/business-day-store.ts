/** SQL of business days: the days of each agency's books. */
import type { Day } from '../../domain/kernel/time.ts';
import { query, type Reader } from '../../platform/database.ts';

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
