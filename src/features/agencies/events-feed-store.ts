/** SQL of the events feed: what is stable, in an order into which nothing is ever inserted. */
import type { AgencyId, EventId } from '../../domain/kernel/ids.ts';
import { query, type Reader } from '../../platform/database.ts';

/** Where a reader stands. The transaction's number is text: it outgrows a JSON number. */
export interface FeedPosition {
  readonly xid: string;
  readonly id: EventId;
}

export interface FeedRow extends FeedPosition {
  readonly body: string;
}

/**
 * The agency's events after a position, of transactions older than every transaction still open.
 *
 * A row of an open transaction can only appear above that watermark, so no reader's position is ever overtaken.
 */
export function readFeed(
  reader: Reader,
  page: { readonly agencyId: AgencyId; readonly after: FeedPosition | null; readonly limit: number },
): Promise<FeedRow[]> {
  const after = page.after === null ? '' : 'and (v.xid, v.id) > (:xid::xid8, :id::uuid)';
  return query<FeedRow>(
    reader,
    `select v.xid::text as xid, v.id, v.body from event_bodies v
      where v.agency_id = :agencyId and v.xid < xid_horizon() ${after}
      order by v.xid, v.id limit :limit`,
    {
      agencyId: page.agencyId,
      limit: page.limit,
      ...(page.after === null ? {} : { xid: page.after.xid, id: page.after.id }),
    },
  );
}

/** Whether a position lies where no row was shown yet: no reader of this database was ever given it. */
export async function isAhead(reader: Reader, { xid }: FeedPosition): Promise<boolean> {
  const [row] = await query<{ ahead: boolean }>(
    reader,
    'select :xid::xid8 >= pg_snapshot_xmin(pg_current_snapshot()) as ahead',
    { xid },
  );
  return row?.ahead === true;
}
