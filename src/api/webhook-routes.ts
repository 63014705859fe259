/** Webhook endpoints over JSON: where an agency is told, its secret, and a test message. */
import { z } from 'zod';
import { EVENT_TYPES } from '../domain/agencies/agency-event.ts';
import { parsePublicId, publicId, type EndpointId } from '../domain/kernel/ids.ts';
import type { WebhookEndpoint } from '../features/agencies/endpoint-store.ts';
import { listEndpoints } from '../features/agencies/endpoint-store.ts';
import {
  changeEndpoint,
  createEndpoint,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  type EndpointDeps,
} from '../features/agencies/manage-endpoints.ts';
import { testEndpoint } from '../features/agencies/test-endpoint.ts';
import type { WebhookPost } from '../platform/webhook-http.ts';
import { cursorOf, instantText, limit, publicIdOf } from './decoding.ts';
import { pageOf, pageSchema } from './list-page.ts';
import { defineRoute, type Answer, type ApiRoute } from './route.ts';

export interface WebhookRouteDeps extends EndpointDeps {
  readonly post: WebhookPost;
}

const tag = 'Webhooks';
const scope = 'webhooks:manage';
const kinds = ['agency'] as const;
const params = z.strictObject({ id: publicIdOf('whe') });
const missing = 'webhook.endpoint-not-found';

const url = z
  .string()
  .min(1)
  .max(2048)
  .meta({ examples: ['https://agency.example.vn/webhooks/payments'] });
const description = z.string().max(200);
const eventTypes = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .nullable()
  .meta({ description: 'The types to be told; null for all, those to come included.' });

const newEndpoint = z.strictObject({
  url,
  description: description.optional(),
  event_types: eventTypes.optional(),
});

const endpointChanges = z.strictObject({
  url: url.optional(),
  description: description.optional(),
  event_types: eventTypes.optional(),
  enabled: z.boolean().optional(),
});

const endpoint = z
  .strictObject({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    event_types: z.array(z.string()).nullable(),
    enabled: z.boolean(),
    failing_since: instantText.nullable(),
    disabled_at: instantText.nullable(),
    disabled_reason: z.string().nullable(),
    older_secret_until: instantText.nullable(),
    created_at: instantText,
  })
  .meta({ id: 'WebhookEndpoint' });

const secret = z.string().meta({ description: 'Shown once. Keep it: it verifies what we send.' });
const endpointWithSecret = endpoint.extend({ secret }).meta({ id: 'NewWebhookEndpoint' });
const newSecret = z.strictObject({ secret, older_secret_until: instantText });
const testResult = z.strictObject({
  event_id: z.string(),
  delivered: z.boolean(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  took_ms: z.int(),
});

const afterEndpoint = cursorOf(
  z.tuple([
    z.string().transform((text, context): EndpointId => {
      const id = parsePublicId('whe', text);
      if (id !== null) return id;
      context.addIssue({ code: 'custom', message: 'is no endpoint' });
      return z.NEVER;
    }),
  ]),
);

/** The routes under /v1/webhook-endpoints. */
export function webhookRoutes(deps: WebhookRouteDeps): ApiRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints',
      operationId: 'createWebhookEndpoint',
      summary: 'Name a URL that is to be told of events',
      tag,
      scope,
      kinds,
      body: newEndpoint,
      refuses: ['webhook.url-not-allowed', 'webhook.endpoint-limit'],
      answers: {
        201: { description: 'The endpoint, with its secret for this once.', schema: endpointWithSecret },
      },
      idempotency: 'own_statement',
      async handle({ client, body }, claim) {
        const answerOf = (created: WebhookEndpoint & { secret: string }): Answer => ({
          status: 201,
          body: { ...representEndpoint(created), secret: created.secret },
        });
        const created = await createEndpoint(
          deps,
          client,
          { url: body.url, description: body.description ?? '', eventTypes: body.event_types ?? null },
          {
            key: claim.key,
            requestHash: claim.requestHash,
            status: 201,
            sealAnswer: (endpointMade) => claim.seal(answerOf(endpointMade)),
          },
        );
        return created === null ? null : answerOf(created);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/webhook-endpoints',
      operationId: 'listWebhookEndpoints',
      summary: 'List webhook endpoints, newest first',
      tag,
      scope,
      kinds,
      query: z.strictObject({ limit, after: afterEndpoint.optional() }),
      answers: { 200: { description: 'A page of endpoints.', schema: pageSchema(endpoint) } },
      idempotency: 'none',
      async handle({ client, query }) {
        const rows = await listEndpoints(deps.db, {
          agencyId: client.agencyId,
          after: query.after?.[0] ?? null,
          limit: query.limit + 1,
        });
        const body = pageOf(rows, query.limit, representEndpoint, ({ id }) => [publicId('whe', id)]);
        return { status: 200, body };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'readWebhookEndpoint',
      summary: 'Read a webhook endpoint',
      tag,
      scope,
      kinds,
      params,
      missing,
      answers: { 200: { description: 'The endpoint.', schema: endpoint } },
      idempotency: 'none',
      async handle({ client, params: { id } }) {
        return { status: 200, body: representEndpoint(await readEndpoint(deps, client.agencyId, id)) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'changeWebhookEndpoint',
      summary:
        'Change, disable or enable a webhook endpoint; enabled again, it gets in order what has waited',
      tag,
      scope,
      kinds,
      params,
      missing,
      body: endpointChanges,
      refuses: ['webhook.url-not-allowed'],
      answers: { 200: { description: 'The endpoint as it is now.', schema: endpoint } },
      idempotency: 'none',
      async handle({ client, params: { id }, body }) {
        const { event_types, ...rest } = body;
        const changed = await changeEndpoint(deps, client.agencyId, id, { ...rest, eventTypes: event_types });
        return { status: 200, body: representEndpoint(changed) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'deleteWebhookEndpoint',
      summary: 'Delete a webhook endpoint; what waits for it is given up',
      tag,
      scope,
      kinds,
      params,
      missing,
      answers: { 204: { description: 'It is gone.' } },
      idempotency: 'none',
      async handle({ client, params: { id } }) {
        await removeEndpoint(deps, client.agencyId, id);
        return { status: 204, body: undefined };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints/{id}/rotate-secret',
      operationId: 'rotateWebhookSecret',
      summary: 'Make a new secret; the one before stays valid for 24 hours',
      tag,
      scope,
      kinds,
      params,
      missing,
      answers: { 200: { description: 'The new secret, for this once.', schema: newSecret } },
      idempotency: 'transaction',
      async handle(tx, { client, params: { id } }) {
        const rotated = await rotateSecret(tx, deps, client.agencyId, id);
        return {
          status: 200,
          body: { secret: rotated.secret, older_secret_until: rotated.olderSecretUntil.toISOString() },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints/{id}/test',
      operationId: 'testWebhookEndpoint',
      summary: 'Send a webhook.test message now and tell how it went',
      tag,
      scope,
      kinds,
      params,
      missing,
      answers: { 200: { description: 'What the endpoint answered.', schema: testResult } },
      // It creates nothing, so it needs no key: each call sends.
      idempotency: 'none',
      async handle({ client, params: { id } }) {
        const result = await testEndpoint(deps, client.agencyId, id);
        return {
          status: 200,
          body: {
            event_id: result.eventId,
            delivered: result.delivered,
            status: result.status,
            error: result.error,
            took_ms: result.tookMs,
          },
        };
      },
    }),
  ];
}

function representEndpoint(from: WebhookEndpoint) {
  return {
    id: publicId('whe', from.id),
    url: from.url,
    description: from.description,
    event_types: from.eventTypes,
    enabled: from.enabled,
    failing_since: from.failingSince?.toISOString() ?? null,
    disabled_at: from.disabledAt?.toISOString() ?? null,
    disabled_reason: from.disabledReason,
    older_secret_until: from.olderSecretUntil?.toISOString() ?? null,
    created_at: from.createdAt.toISOString(),
  };
}
