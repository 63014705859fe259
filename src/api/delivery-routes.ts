/** Webhook deliveries over JSON: what waits, how the rest ended, and sending again. */
import { z } from 'zod';
import { isUuid, publicId, type DeliveryId, type IdSource } from '../domain/kernel/ids.ts';
import { parseDay, type Clock } from '../domain/kernel/time.ts';
import { listDeliveries, type DeliveryView } from '../features/agencies/delivery-log-store.ts';
import { redeliver } from '../features/agencies/redeliver.ts';
import type { Database } from '../platform/database.ts';
import { cursorOf, instantText, limit, publicIdOf } from './decoding.ts';
import { pageOf, pageSchema } from './list-page.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export interface DeliveryRouteDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
}

const tag = 'Webhooks';
const scope = 'webhooks:manage';
const kinds = ['agency'] as const;

const delivery = z
  .strictObject({
    id: z.string(),
    endpoint_id: z.string(),
    event_id: z.string(),
    event_type: z.string(),
    payment_order_id: z.string(),
    sequence: z.int(),
    generation: z.int().meta({ description: '0 for the first, one more for each redelivery.' }),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    enqueued_at: instantText,
    first_tried_at: instantText.nullable(),
    next_attempt_at: instantText.nullable(),
    finished_at: instantText.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

const queued = z.strictObject({ id: z.string(), generation: z.int(), status: z.literal('pending') });

// The database's own text of an instant, to the microsecond; what it would not read back as one is no cursor.
const DATABASE_TIME = /^ ([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?[+-](0\d|1[0-4])(:[0-5]\d)?$/;
const isDatabaseInstant = (text: string): boolean =>
  parseDay(text.slice(0, 10)) !== null && DATABASE_TIME.test(text.slice(10));

const afterDelivery = cursorOf(
  z.tuple([z.string().refine(isDatabaseInstant), z.string().refine((text) => isUuid(text))]),
);

/** The routes under /v1/webhook-deliveries. */
export function deliveryRoutes(deps: DeliveryRouteDeps): ApiRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/webhook-deliveries',
      operationId: 'listWebhookDeliveries',
      summary: 'List deliveries, newest first: waiting, delivered and given up',
      tag,
      scope,
      kinds,
      query: z.strictObject({
        status: z.enum(['pending', 'delivered', 'failed']).optional(),
        limit,
        after: afterDelivery.optional(),
      }),
      answers: { 200: { description: 'A page of deliveries.', schema: pageSchema(delivery) } },
      idempotency: 'none',
      async handle({ client, query }) {
        const rows = await listDeliveries(deps.db, {
          agencyId: client.agencyId,
          status: query.status ?? null,
          after: query.after ? { enqueuedAt: query.after[0], id: query.after[1] as DeliveryId } : null,
          limit: query.limit + 1,
        });
        const body = pageOf(rows, query.limit, representDelivery, (row) => [row.enqueuedAtText, row.id]);
        return { status: 200, body };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/webhook-deliveries/{id}/redeliver',
      operationId: 'redeliverWebhook',
      summary: 'Send the event of a delivery once more, under the same webhook-id',
      tag,
      scope,
      kinds,
      params: z.strictObject({ id: publicIdOf('whd') }),
      missing: 'webhook.delivery-not-found',
      refuses: ['webhook.endpoint-not-found', 'webhook.replay-limit'],
      answers: { 202: { description: 'The new delivery waits.', schema: queued } },
      idempotency: 'transaction',
      async handle(tx, { client, params: { id } }) {
        const again = await redeliver(tx, deps, client.agencyId, id);
        return {
          status: 202,
          body: { id: publicId('whd', again.id), generation: again.generation, status: 'pending' },
        };
      },
    }),
  ];
}

function representDelivery(from: DeliveryView) {
  return {
    id: publicId('whd', from.id),
    endpoint_id: publicId('whe', from.endpointId),
    event_id: publicId('ev', from.eventId),
    event_type: from.eventType,
    payment_order_id: publicId('po', from.orderId),
    sequence: from.sequence,
    generation: from.generation,
    status: from.status,
    attempts: from.attempts,
    last_status: from.lastStatus,
    last_error: from.lastError,
    enqueued_at: from.enqueuedAt.toISOString(),
    first_tried_at: from.firstTriedAt?.toISOString() ?? null,
    next_attempt_at: from.nextAttemptAt?.toISOString() ?? null,
    finished_at: from.finishedAt?.toISOString() ?? null,
  };
}
