/** The ordered catch-up feed of what webhooks tell. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Database } from '../../platform/database.ts';
import { isAhead, readFeed, type FeedPosition } from './events-feed-store.ts';

export interface FeedPage {
  /** The bodies as they were signed and sent. */
  readonly bodies: readonly string[];
  readonly hasMore: boolean;
  /** Where the reader now stands: where it stood when nothing has come, null before the first event. */
  readonly position: FeedPosition | null;
}

/**
 * The next events after a position, oldest first; nothing is ever inserted behind a position once given.
 *
 * Refuses: request.malformed for a position of another database, or of a time that was lost in a restore. Behind it
 * a reader would wait in silence while events pass it by.
 */
export async function readEvents(
  deps: { readonly db: Database },
  page: { readonly agencyId: AgencyId; readonly after: FeedPosition | null; readonly limit: number },
): Promise<FeedPage> {
  const rows = await readFeed(deps.db, { ...page, limit: page.limit + 1 });
  if (rows.length === 0 && page.after !== null && (await isAhead(deps.db, page.after))) {
    const errors = [{ pointer: '/after', detail: 'is not a cursor this service gave' }];
    throw new Refusal('request.malformed', {}, { errors });
  }
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    bodies: shown.map(({ body }) => body),
    hasMore: rows.length > page.limit,
    position: last === undefined ? page.after : { xid: last.xid, id: last.id },
  };
}
