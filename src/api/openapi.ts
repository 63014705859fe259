/** The OpenAPI 3.1 document, made from the very rows and schemas that serve the API. */
import { z } from 'zod';
import { SCOPES } from '../domain/agencies/api-client.ts';
import { REFUSALS } from '../domain/kernel/refusals.ts';
import { FAULT_TITLE, statusOf } from './problem.ts';
import type { ApiRoute } from './route.ts';
import { refusalsOf } from './route-refusals.ts';
import { tokenPaths } from './openapi-token-paths.ts';
import { webhooksSection } from './openapi-webhooks.ts';

export interface OpenApiInfo {
  readonly version: string;
  readonly publicUrl: string;
}

type Json = Record<string, unknown>;

/** The document as plain JSON data. */
export function openApiDocument(routes: readonly ApiRoute[], info: OpenApiInfo): Json {
  const paths: Record<string, Json> = {};
  for (const row of routes) (paths[row.path] ??= {})[row.method] = operationOf(row);
  return withSharedSchemas({
    openapi: '3.1.0',
    info: {
      title: 'Public payment service',
      version: info.version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: info.publicUrl }],
    tags: [...new Set(routes.map((row) => row.tag)), 'Access'].map((name) => ({ name })),
    paths: { ...paths, ...tokenPaths() },
    webhooks: webhooksSection((schema) => jsonSchema(schema, 'output')),
    components: COMPONENTS,
  });
}

/** A schema with a name is told once, among the components: `#/$defs/…` of a part leads nowhere in the whole. */
function withSharedSchemas(document: Json): Json {
  const named = new Map<string, unknown>();
  const text = JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref' && typeof value === 'string')
      return value.replace('#/$defs/', '#/components/schemas/');
    if (typeof value !== 'object' || value === null || !('$defs' in value)) return value;
    const { $defs, ...rest } = value as Json & { readonly $defs: Json };
    for (const [name, schema] of Object.entries($defs)) named.set(name, schema);
    return rest;
  });
  const whole = JSON.parse(text) as Json & { components: Json };
  return named.size === 0 ? whole : withNamed(whole, named);
}

function withNamed(document: Json & { components: Json }, named: ReadonlyMap<string, unknown>): Json {
  const { schemas } = document.components;
  const components = {
    ...document.components,
    schemas: { ...Object.fromEntries(named), ...(schemas as Json) },
  };
  // A named schema may hold others.
  return withSharedSchemas({ ...document, components });
}

const DESCRIPTION = `Amounts are JSON integers of dong. Instants are RFC 3339 in UTC, days are YYYY-MM-DD in Vietnam.
Every POST that creates or moves something takes an Idempotency-Key: the same request again gives the same answer.
Refusals are application/problem+json with a stable code. Unknown fields are refused.`;

function operationOf(row: ApiRoute): Json {
  return {
    operationId: row.operationId,
    summary: row.summary,
    tags: [row.tag],
    security: [{ clientCredentials: [row.scope] }],
    ...(row.kinds ? { description: `For ${row.kinds.join(' and ')} clients.` } : {}),
    parameters: [
      ...pathParametersOf(row),
      ...parametersOf(row.query, 'query'),
      ...(row.idempotency === 'none' ? [] : [{ $ref: '#/components/parameters/IdempotencyKey' }]),
    ],
    ...(row.body ? { requestBody: requestBodyOf(row, row.body) } : {}),
    responses: { ...answersOf(row), ...problemsOf(row) },
  };
}

/** Every name in the path is a parameter, whether or not the row has a schema for it. */
function pathParametersOf(row: ApiRoute): Json[] {
  const described = parametersOf(row.params, 'path');
  const names = [...row.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  return names.map(
    (name) =>
      described.find((parameter) => parameter['name'] === name) ?? {
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      },
  );
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof property['description'] === 'string' ? { description: property['description'] } : {}),
    schema: property,
  }));
}

function requestBodyOf(row: ApiRoute, body: z.ZodType): Json {
  const type = row.bodyFormat === 'multipart' ? 'multipart/form-data' : 'application/json';
  const example = row.examples?.body;
  const media = { schema: jsonSchema(body, 'input'), ...(example === undefined ? {} : { example }) };
  return { required: true, content: { [type]: media } };
}

function answersOf(row: ApiRoute): Json {
  return Object.fromEntries(
    Object.entries(row.answers).map(([status, answer]) => {
      const example = row.examples?.answers?.[Number(status)];
      const content = {
        ...(answer.schema
          ? {
              'application/json': {
                schema: jsonSchema(answer.schema, 'output'),
                ...(example === undefined ? {} : { example }),
              },
            }
          : {}),
        ...Object.fromEntries((answer.textTypes ?? []).map((type) => [type, { schema: { type: 'string' } }])),
      };
      const headers = {
        'Request-Id': { $ref: '#/components/headers/RequestId' },
        ...(row.idempotency === 'none' ? {} : { 'Idempotent-Replayed': IDEMPOTENT_REPLAYED }),
      };
      return [
        status,
        { description: answer.description, headers, ...(Object.keys(content).length > 0 ? { content } : {}) },
      ];
    }),
  );
}

/** Each status a call can be refused with, and the codes that lie behind it. */
function problemsOf(row: ApiRoute): Json {
  const byStatus = new Map<number, string[]>([[500, [`\`service.fault\`: ${FAULT_TITLE}`]]]);
  for (const code of refusalsOf(row)) {
    const status = statusOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${REFUSALS[code].title}`]);
  }
  return Object.fromEntries([...byStatus].map(([status, meanings]) => [status, refusalAnswer(meanings)]));
}

function refusalAnswer(meanings: readonly string[]): Json {
  return {
    description: meanings.length === 1 ? meanings.join() : meanings.map((one) => `- ${one}`).join('\n'),
    headers: {
      'Request-Id': { $ref: '#/components/headers/RequestId' },
      'Retry-After': { $ref: '#/components/headers/RetryAfter' },
    },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** JSON Schema of a zod schema; bigint and Date as what they are in JSON. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: target }) {
      const { type } = zodSchema._zod.def;
      if (type === 'bigint') target.type = 'integer';
      if (type === 'date') Object.assign(target, { type: 'string', format: 'date-time' });
    },
  });
  return made;
}

const IDEMPOTENT_REPLAYED = {
  description: 'true when this is the answer that the first request with this key got.',
  schema: { type: 'string', const: 'true' },
};

/** What every refusal looks like (RFC 9457). */
export const problem = z.looseObject({
  type: z.string().meta({ examples: ['/problems/payment-order.not-open'] }),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.string().meta({ description: 'Stable; never changes its meaning.' }),
  detail: z.string(),
  instance: z.string(),
  request_id: z.string(),
  errors: z
    .array(z.strictObject({ pointer: z.string(), detail: z.string() }))
    .optional()
    .meta({ description: 'Every fault of the input, with its JSON pointer.' }),
});

const COMPONENTS = {
  securitySchemes: {
    clientCredentials: {
      type: 'oauth2',
      flows: {
        clientCredentials: {
          tokenUrl: '/oauth/token',
          scopes: Object.fromEntries(SCOPES.map((scope) => [scope, meaningOfScopes()[scope]])),
        },
      },
    },
    clientSecret: { type: 'http', scheme: 'basic' },
  },
  parameters: {
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      description: 'Yours, one for each thing you want done; kept for 30 days.',
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
      example: 'a3f1c2de-0b52-4f0e-9d6b-1f6e0a7d9c11',
    },
  },
  headers: {
    RequestId: { description: 'Name it when you ask about this request.', schema: { type: 'string' } },
    RetryAfter: {
      description: 'Seconds after which the same request may succeed; only where it may.',
      schema: { type: 'integer', minimum: 1 },
    },
  },
  schemas: { Problem: jsonSchema(problem, 'output') },
};

function meaningOfScopes(): Record<(typeof SCOPES)[number], string> {
  return {
    'orders:read': 'Read payment orders, dossiers, fees and events',
    'orders:write': 'Open and cancel payment orders',
    'refunds:write': 'Ask for refunds',
    'refunds:approve': 'Decide on refunds that another client or person asked for',
    'receipts:read': 'Read receipts',
    'webhooks:manage': 'Manage webhook endpoints and deliveries',
    'reports:read': 'Read reports and the books',
    'settlement:write': 'Import settlement files (operator)',
  };
}
