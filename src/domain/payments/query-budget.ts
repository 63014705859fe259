/**
 * How many questions a gateway may be asked now, of all processes together: never more than its budget in any second.
 *
 * The ladder and the people who press "check again" share it. Each leaves the other a fifth, so neither starves.
 */

/** Who asks: the ladder and other jobs, or somebody who waits for the answer. */
export type Asker = 'ladder' | 'person';

/** Questions granted at one instant. */
export interface Grant {
  readonly atMs: number;
  readonly ladder: number;
  readonly person: number;
}

/** Below this nobody could be left a share. */
export const SMALLEST_BUDGET = 2;

const WINDOW_MS = 1_000;
/** Clocks of two machines may differ by so much; a grant further ahead is of a clock that was set back. */
const SKEW_MS = 5_000;

/** How many more `asker` may ask at `now`. */
export function freeOf(
  grants: readonly Grant[],
  now: Date,
  { perSecond, asker }: { readonly perSecond: number; readonly asker: Asker },
): number {
  const living = livingGrants(grants, now);
  const own = living.reduce((used, grant) => used + grant[asker], 0);
  const all = living.reduce((used, { ladder, person }) => used + ladder + person, 0);
  const leftToOthers = Math.max(1, Math.floor(perSecond / 5));
  return Math.max(0, Math.min(perSecond - all, perSecond - leftToOthers - own));
}

/** The grants once `count` more were given; those that no longer count are dropped. */
export function withGrant(
  grants: readonly Grant[],
  now: Date,
  asker: Asker,
  count: number,
): readonly Grant[] {
  const atMs = now.getTime();
  const living = livingGrants(grants, now);
  const same = living.find((grant) => grant.atMs === atMs) ?? { atMs, ladder: 0, person: 0 };
  return [...living.filter((grant) => grant.atMs !== atMs), { ...same, [asker]: same[asker] + count }];
}

function livingGrants(grants: readonly Grant[], now: Date): readonly Grant[] {
  const nowMs = now.getTime();
  return grants.filter(({ atMs }) => atMs > nowMs - WINDOW_MS && atMs <= nowMs + SKEW_MS);
}
