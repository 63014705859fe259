/** What the OpenAPI document says of the messages we send, which are no rows of the JSON API. */
import type { z } from 'zod';
import { event } from './event-routes.ts';

/** The one message of OpenAPI 3.1's `webhooks`: an event, as the feed repeats it. */
export function webhooksSection(jsonSchema: (schema: z.ZodType) => object): Record<string, unknown> {
  return {
    event: {
      post: {
        operationId: 'receiveEvent',
        summary: 'An event, sent to your endpoint (Standard Webhooks 1.0); verify it before you read it',
        description:
          'Answer with 2xx within 10 seconds. The same webhook-id may come twice. The test call alone sends the type ' +
          '`webhook.test`, with `sequence` 0 and only the endpoint in `data`.',
        tags: ['Webhooks'],
        security: [],
        parameters: HEADERS.map(([name, description]) => ({
          name,
          in: 'header',
          required: true,
          description,
          schema: { type: 'string' },
        })),
        requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(event) } } },
        responses: {
          '2XX': { description: 'Taken.' },
          '410': { description: 'Do not send here again: the endpoint is disabled.' },
          '429': { description: 'Later: Retry-After is honoured up to a day. 503 likewise.' },
        },
      },
    },
  };
}

const HEADERS = [
  ['webhook-id', 'The id of the event: the same however often it is sent.'],
  ['webhook-timestamp', 'When this attempt was made, in seconds.'],
  [
    'webhook-signature',
    '`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; two while the secret rotates.',
  ],
] as const;
