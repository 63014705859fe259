/** GET /v1/events: the ordered catch-up feed, for agencies that missed webhooks or never had any. */
import { z } from 'zod';
import { isUuid, type EventId } from '../domain/kernel/ids.ts';
import { readEvents } from '../features/agencies/events-feed.ts';
import type { Database } from '../platform/database.ts';
import { cursorOf, instantText, isXid, limit, writeCursor } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

const event = z
  .looseObject({
    id: z.string(),
    type: z.string(),
    occurred_at: instantText,
    sequence: z.int().meta({ description: 'Counts the events of one payment order, without gaps.' }),
    data: z.looseObject({}),
  })
  .meta({ id: 'Event' });

const feedPage = z.strictObject({
  data: z.array(event),
  has_more: z.boolean(),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: 'Give it as `after` next time, also when nothing more has come yet.' }),
});

const afterEvent = cursorOf(
  z.tuple([z.string().refine((text) => isXid(text)), z.string().refine((text) => isUuid(text))]),
);

/** The one route of the feed. */
export function eventRoutes(deps: { readonly db: Database }): ApiRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/events',
      operationId: 'readEvents',
      summary: 'Read events in the order in which they became final; none is ever inserted behind a cursor',
      tag: 'Events',
      scope: 'orders:read',
      kinds: ['agency'],
      query: z.strictObject({ limit, after: afterEvent.optional() }),
      answers: { 200: { description: 'The next events, oldest first.', schema: feedPage } },
      idempotency: 'none',
      async handle({ client, query }) {
        const page = await readEvents(deps, {
          agencyId: client.agencyId,
          after: query.after ? { xid: query.after[0], id: query.after[1] as EventId } : null,
          limit: query.limit,
        });
        return {
          status: 200,
          body: {
            data: page.bodies.map((body) => JSON.parse(body) as unknown),
            has_more: page.hasMore,
            next_cursor: page.position === null ? null : writeCursor([page.position.xid, page.position.id]),
          },
        };
      },
    }),
  ];
}
