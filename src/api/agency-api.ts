/** The JSON API: from route rows to a router that authenticates, limits, decodes, answers and refuses alike. */
import express, { type Request, type Response, type Router } from 'express';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import type { Logger } from '../platform/logger.ts';
import { decode, nothing, readQuery } from './decoding.ts';
import {
  answerInOwnStatement,
  answerInTransaction,
  keyUse,
  readIdempotencyKey,
  type IdempotencyDeps,
  type KeyedAnswer,
} from './idempotency-key.ts';
import {
  BODY_TIMEOUT_MS,
  JSON_LIMIT_BYTES,
  parseJsonBody,
  readBodyBytes,
  requireJson,
  requireUncompressed,
} from './json-body.ts';
import { MULTIPART_LIMIT_BYTES, readMultipart } from './multipart-body.ts';
import { asRefusal, problemAnswer, type ProblemContext } from './problem.ts';
import { rawAnswer, sendRaw } from './raw-answer.ts';
import type { ApiRoute, RouteInput } from './route.ts';

/** Where the API writes what happened; ids as fields, never content. */
export type ApiLogger = Pick<Logger, 'info' | 'error'>;

export interface AgencyApiDeps {
  readonly routes: readonly ApiRoute[];
  /** The client behind an Authorization header. Refuses: access.unauthenticated. */
  readonly authenticate: (authorization: string | undefined) => Promise<ApiClient>;
  readonly idempotency: IdempotencyDeps;
  /** Counts a request of a client; seconds to wait when it has made too many, else null. */
  readonly limiter: (client: ApiClient) => Promise<number | null>;
  readonly logger: ApiLogger;
  readonly newRequestId: () => string;
  readonly bodyTimeoutMs?: number;
  /** Told of every look for a record that is not there for this client: somebody may be trying others' ids. */
  readonly onMissing?: (looked: {
    readonly client: ApiClient;
    readonly operationId: string;
    readonly path: string;
  }) => Promise<void>;
}

type Input = RouteInput<unknown, unknown, unknown>;

/** Serves every row under /v1; anything else there is 404, another method on a known address 405. */
export function createAgencyApi(deps: AgencyApiDeps): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use('/v1', (_request, response, next) => {
    requestIdOf(deps, response);
    next();
  });
  for (const row of deps.routes) {
    router[row.method](expressPath(row.path), (request, response) => answer(deps, row, request, response));
  }
  for (const [path, allow] of methodsByPath(deps.routes)) {
    router.all(expressPath(path), (request, response) => {
      if (request.method === 'OPTIONS') {
        sendRaw(response, { status: 204, contentType: '', headers: { Allow: allow.join(', ') }, text: '' });
        return;
      }
      refuse(
        deps,
        request,
        response,
        new Refusal(
          'request.method-not-allowed',
          { allow },
          {
            detail: `${path} takes ${allow.join(', ')} only.`,
          },
        ),
      );
    });
  }
  router.use('/v1', (request, response) => {
    refuse(deps, request, response, new Refusal('request.not-found'));
  });
  router.use(problemHandler(deps));
  return router;
}

/** The last error handler of a router that answers JSON. */
export function problemHandler(
  deps: Pick<AgencyApiDeps, 'logger' | 'newRequestId'>,
): express.ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) next(error);
    else refuse(deps, request, response, error);
  };
}

async function answer(
  deps: AgencyApiDeps,
  row: ApiRoute,
  request: Request,
  response: Response,
): Promise<void> {
  let client: ApiClient | null = null;
  try {
    client = await deps.authenticate(request.headers.authorization);
    response.locals['clientId'] = client.clientId;
    await countRequest(deps, client);
    requireAccess(row, client);
    const { answer: raw, isReplay } = await serve(deps, row, client, request, response);
    if (isReplay) response.setHeader('Idempotent-Replayed', 'true');
    sendRaw(response, raw);
  } catch (error) {
    if (client && asRefusal(error)?.kind === 'missing') await noteMissing(deps, row, client, request);
    refuse(deps, request, response, error, row);
  }
}

/** The note is for whoever reads the audit log later; the answer does not depend on it. */
async function noteMissing(
  deps: AgencyApiDeps,
  row: ApiRoute,
  client: ApiClient,
  request: Request,
): Promise<void> {
  try {
    await deps.onMissing?.({ client, operationId: row.operationId, path: pathOf(request) });
  } catch (error) {
    deps.logger.error({ operationId: row.operationId, error }, 'audit.failed');
  }
}

async function countRequest(deps: AgencyApiDeps, client: ApiClient): Promise<void> {
  const waitSeconds = await deps.limiter(client);
  if (waitSeconds !== null) {
    throw new Refusal('request.rate-limited', {}, { retryAfterSeconds: waitSeconds });
  }
}

function requireAccess(row: ApiRoute, client: ApiClient): void {
  if (row.kinds && !row.kinds.includes(client.kind)) {
    throw new Refusal('access.kind-not-allowed', { kinds: row.kinds });
  }
  if (!client.scopes.includes(row.scope)) {
    throw new Refusal(
      'access.scope-missing',
      { scope: row.scope },
      {
        detail: `Ask for an access token with the scope ${row.scope}.`,
      },
    );
  }
}

async function serve(
  deps: AgencyApiDeps,
  row: ApiRoute,
  client: ApiClient,
  request: Request,
  response: Response,
): Promise<KeyedAnswer> {
  const key =
    row.idempotency === 'none' ? null : readIdempotencyKey(request.get('Idempotency-Key') ?? undefined);
  const params = decodeParams(row, request.params);
  const query = decode(row.query ?? nothing, readQuery(searchOf(request)));
  const body = await readBody(deps, row, request);
  const context = contextOf(deps, request, response);
  const input: Input = { client, params, query, body: body.value, requestId: context.requestId };
  if (row.idempotency === 'none' || key === null) {
    const given = await (row as Extract<ApiRoute, { idempotency: 'none' }>).handle(input);
    return { answer: rawAnswer(given), isReplay: false };
  }
  const use = keyUse(client, key, pathOf(request), body.hashed);
  return row.idempotency === 'transaction'
    ? answerInTransaction(deps.idempotency, use, context, (tx) => row.handle(tx, input))
    : answerInOwnStatement(deps.idempotency, use, context, (claim) => row.handle(input, claim));
}

/** An id that cannot be one looks like one that is not there. */
function decodeParams(row: ApiRoute, params: unknown): unknown {
  if (!row.params) return {};
  const read = row.params.safeParse({ ...(params as object) });
  if (read.success) return read.data;
  throw new Refusal(row.missing ?? 'request.not-found');
}

interface DecodedBody {
  readonly value: unknown;
  /** What an Idempotency-Key stands for. */
  readonly hashed: readonly Uint8Array[];
}

async function readBody(deps: AgencyApiDeps, row: ApiRoute, request: Request): Promise<DecodedBody> {
  if (row.method === 'get') return { value: {}, hashed: [] };
  const timeoutMs = deps.bodyTimeoutMs ?? BODY_TIMEOUT_MS;
  if (row.bodyFormat === 'multipart') {
    requireUncompressed(request);
    const maxBytes = row.bodyLimitBytes ?? MULTIPART_LIMIT_BYTES;
    const multipart = await readMultipart(request, { maxBytes, timeoutMs: timeoutMs * 6 });
    return { value: decode(row.body ?? nothing, multipart.value), hashed: multipart.hashed };
  }
  const bytes = await readBodyBytes(request, { maxBytes: row.bodyLimitBytes ?? JSON_LIMIT_BYTES, timeoutMs });
  if (bytes.length === 0 && !row.body) return { value: {}, hashed: [] };
  if (bytes.length === 0)
    throw new Refusal('request.malformed', {}, { detail: 'This call needs a JSON body.' });
  requireJson(request);
  return { value: decode(row.body ?? nothing, parseJsonBody(bytes)), hashed: [bytes] };
}

function refuse(
  deps: Pick<AgencyApiDeps, 'logger' | 'newRequestId'>,
  request: Request,
  response: Response,
  error: unknown,
  row?: ApiRoute,
): void {
  const context = contextOf(deps, request, response);
  const refusal = asRefusal(error);
  const fields = {
    requestId: context.requestId,
    operationId: row?.operationId,
    clientId: response.locals['clientId'] as unknown,
  };
  if (!refusal) deps.logger.error({ ...fields, err: error }, 'api.fault');
  else if (refusal.kind === 'unavailable') deps.logger.error({ ...fields, err: error }, 'api.unavailable');
  else deps.logger.info({ ...fields, code: refusal.code }, 'api.refused');
  sendRaw(response, problemAnswer(error, context));
}

function contextOf(
  deps: Pick<AgencyApiDeps, 'newRequestId'>,
  request: Request,
  response: Response,
): ProblemContext {
  return { requestId: requestIdOf(deps, response), instance: pathOf(request) };
}

/** Whoever stands before this router may have given the request its id. */
function requestIdOf(deps: Pick<AgencyApiDeps, 'newRequestId'>, response: Response): string {
  const given = response.getHeader('Request-Id');
  if (typeof given === 'string') return given;
  const requestId = deps.newRequestId();
  response.setHeader('Request-Id', requestId);
  return requestId;
}

function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '/';
}

function searchOf(request: Request): string {
  const at = request.originalUrl.indexOf('?');
  return at < 0 ? '' : request.originalUrl.slice(at + 1);
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function methodsByPath(routes: readonly ApiRoute[]): Map<string, string[]> {
  const byPath = new Map<string, string[]>();
  for (const row of routes) {
    const methods = byPath.get(row.path) ?? [];
    methods.push(...(row.method === 'get' ? ['GET', 'HEAD'] : [row.method.toUpperCase()]));
    byPath.set(row.path, methods);
  }
  return byPath;
}
