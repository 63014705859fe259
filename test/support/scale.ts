/** How often a test repeats itself: a small count in `npm test`, more by a factor in `npm run test:long`. */

export const SCALE = Math.max(1, Number(process.env['TEST_SCALE'] ?? '1'));

/** A count of repetitions: `few` times the factor, and never more than `most`. */
export function scaled(few: number, most = Number.POSITIVE_INFINITY): number {
  return Math.min(Math.round(few * SCALE), most);
}

/** More time for a test whose count grows with the factor. */
export function scaledTimeout(ms: number): number {
  return ms * SCALE;
}

/** The count as it stands in a test's name, so that a report shows how often each promise was put to the test. */
export function times(count: number): string {
  return ` (×${String(count)})`;
}
