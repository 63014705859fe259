/** GET /v1/events: the ordered catch-up feed, for agencies that missed webhooks or never had any. */
import { z } from 'zod';
import { EVENT_TYPES } from '../domain/agencies/agency-event.ts';
import { isUuid, type EventId } from '../domain/kernel/ids.ts';
import { ORDER_STATUSES } from '../domain/orders/payment-order-lifecycle.ts';
import { CLAIM_STATES } from '../domain/payments/payment.ts';
import { PAYMENT_STATES } from '../domain/payments/payment-lifecycle.ts';
import { REFUND_STATES } from '../domain/refunds/refund-lifecycle.ts';
import { readEvents } from '../features/agencies/events-feed.ts';
import type { Database } from '../platform/database.ts';
import { cursorOf, instantText, isXid, limit, writeCursor } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

// Objects stay open: what is added later must not break who reads by this schema.
const eventPayer = z.looseObject({
  name: z.string().nullable(),
  identity_number: z.string().nullable().meta({ description: 'Masked: 0010••••••45.' }),
});
const eventOrder = z.looseObject({
  id: z.string(),
  status: z.enum(ORDER_STATUSES),
  dossier_code: z.string().nullable(),
  procedure_code: z.string().nullable(),
  lookup_code: z.string(),
  amount: z.int(),
  amount_paid: z.int(),
  amount_refunded: z.int(),
  currency: z.string(),
  payer: eventPayer,
  lines: z.array(z.looseObject({ obligation_type: z.string(), description: z.string(), amount: z.int() })),
  metadata: z.record(z.string(), z.unknown()),
  created_at: instantText,
  expires_at: instantText,
  paid_at: instantText.nullable(),
});
const eventPayment = z.looseObject({
  id: z.string(),
  gateway: z.string(),
  state: z.enum(PAYMENT_STATES),
  claim: z
    .enum(CLAIM_STATES)
    .meta({ description: 'Whether it pays this order: `applied`, or is too much: `surplus`.' }),
  amount: z.int(),
  currency: z.string(),
  gateway_transaction_id: z.string().nullable(),
  paid_at: instantText.nullable(),
});
const eventReceipt = z.looseObject({
  id: z.string(),
  form: z.string(),
  symbol: z.string(),
  number: z.string(),
  verification_code: z.string(),
  amount: z.int(),
  state: z.enum(['issued', 'voided']),
});
const eventRefund = z.looseObject({
  id: z.string(),
  payment_id: z.string(),
  source: z.enum(['payable', 'surplus', 'suspense']),
  state: z.enum(REFUND_STATES).meta({ description: '`rejected` where the decision was no: refund.failed.' }),
  amount: z.int(),
  currency: z.string(),
  gateway_code: z.string().nullable(),
});

/** What a webhook carries and the feed repeats. */
export const event = z
  .looseObject({
    id: z.string(),
    type: z.enum(EVENT_TYPES),
    occurred_at: instantText,
    sequence: z.int().meta({ description: 'Counts the events of one payment order, without gaps.' }),
    data: z.looseObject({
      payment_order: eventOrder,
      payments: z.array(eventPayment),
      receipts: z.array(eventReceipt),
      refund: eventRefund.optional().meta({ description: 'Of refund.… and of what follows from one.' }),
      late: z
        .boolean()
        .optional()
        .meta({ description: 'Of payment_order.paid: whether it had expired before.' }),
      receipt_id: z.string().optional().meta({ description: 'Of receipt.…: which of the receipts.' }),
      replaces: z.string().optional().meta({ description: 'Of receipt.issued: the receipt before it.' }),
      replaced_by: z.string().nullable().optional().meta({ description: 'Of receipt.voided.' }),
    }),
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
