/** The ordered catch-up feed of what webhooks tell. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import type { Database } from '../../platform/database.ts';
import { readFeed, type FeedPosition } from './events-feed-store.ts';

export interface FeedPage {
  /** The bodies as they were signed and sent. */
  readonly bodies: readonly string[];
  readonly hasMore: boolean;
  /** Where the reader now stands: where it stood when nothing has come, null before the first event. */
  readonly position: FeedPosition | null;
}

/** The next events after a position, oldest first; nothing is ever inserted behind a position once given. */
export async function readEvents(
  deps: { readonly db: Database },
  page: { readonly agencyId: AgencyId; readonly after: FeedPosition | null; readonly limit: number },
): Promise<FeedPage> {
  const rows = await readFeed(deps.db, { ...page, limit: page.limit + 1 });
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    bodies: shown.map(({ body }) => body),
    hasMore: rows.length > page.limit,
    position: last === undefined ? page.after : { xid: last.xid, id: last.id },
  };
}
