/** How long persons' data is kept with an order. */
import type { Day } from '../kernel/time.ts';

/**
 * What ended before this day has been kept long enough: whole calendar years after the one in which it ended.
 *
 * Receipts and what they rest on are kept ten years, counted from the end of the accounting year (Luật Kế toán 2015, art. 41;
 * Decree 174/2016/NĐ-CP: both to be verified). So nothing goes too early, and what goes does so with the turn of a year.
 */
export function keptLongEnoughBefore(today: Day, years: number): Day {
  return `${String(Number(today.slice(0, 4)) - years).padStart(4, '0')}-01-01` as Day;
}
