/**
 * The gateways' door: raw bytes in, the gateway's own acknowledgement out.
 *
 * It stands on Node's http server before Express, because at the peak of callbacks most of a process's time
 * would be spent in Express and none of its help is needed here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawMessage, RawReply } from '../gateways/gateway-adapter.ts';
import { readBodyBytes, BODY_TIMEOUT_MS } from './json-body.ts';
import { asRefusal, statusOf } from './problem.ts';
import type { ApiLogger } from './agency-api.ts';

export interface CallbackDoorDeps {
  /** Verifies, records and words the answer; null when there is no such gateway or account. */
  readonly receive: (incoming: {
    readonly gateway: string;
    readonly account: string;
    readonly message: RawMessage;
  }) => Promise<RawReply | null>;
  readonly newRequestId: () => string;
  readonly logger: ApiLogger;
}

/** `/gateways/{code}/callback` is the platform's account, `/gateways/{code}/{account}/callback` an agency's. */
const CALLBACK_PATH = /^\/gateways\/([a-z]{1,20})(?:\/([A-Za-z0-9_-]{1,60}))?\/callback$/;
const LIMIT_BYTES = 64 * 1024;

/** @returns true when the request was a callback and is being answered here */
export function createCallbackDoor(
  deps: CallbackDoorDeps,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const match = CALLBACK_PATH.exec(path);
    if (!match) return false;
    const query = mark === -1 ? '' : url.slice(mark + 1);
    void answer(deps, request, response, {
      gateway: match[1] ?? '',
      account: match[2] ?? 'platform',
      query,
      path,
    });
    return true;
  };
}

async function answer(
  deps: CallbackDoorDeps,
  request: IncomingMessage,
  response: ServerResponse,
  at: { readonly gateway: string; readonly account: string; readonly query: string; readonly path: string },
): Promise<void> {
  const startedMs = performance.now();
  const requestId = deps.newRequestId();
  response.setHeader('Request-Id', requestId);
  const reply = await replyTo(deps, request, at, requestId);
  response.statusCode = reply.status;
  response.setHeader('Content-Type', reply.contentType);
  response.setHeader('Cache-Control', 'no-store');
  if (reply.status === 405) response.setHeader('Allow', 'GET, POST');
  // What is left of such a body is not worth reading.
  if (reply.status === 408 || reply.status === 413) response.setHeader('Connection', 'close');
  response.end(reply.body);
  deps.logger.info(
    {
      requestId,
      method: request.method,
      path: at.path,
      status: reply.status,
      durationMs: Math.round(performance.now() - startedMs),
    },
    'request.finished',
  );
}

async function replyTo(
  deps: CallbackDoorDeps,
  request: IncomingMessage,
  at: { readonly gateway: string; readonly account: string; readonly query: string },
  requestId: string,
): Promise<RawReply> {
  if (request.method !== 'GET' && request.method !== 'POST') return text(405, 'method not allowed');
  try {
    const body = await readBodyBytes(request, { maxBytes: LIMIT_BYTES, timeoutMs: BODY_TIMEOUT_MS });
    const message: RawMessage = {
      method: request.method,
      query: at.query,
      headers: headersOf(request),
      body,
    };
    const reply = await deps.receive({ gateway: at.gateway, account: at.account, message });
    return reply ?? text(404, 'not found');
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal !== null) return text(statusOf(refusal.code), refusal.title);
    deps.logger.error({ requestId, error }, 'callback.failed');
    return text(500, 'the callback could not be taken; send it again');
  }
}

/** A header sent twice keeps both values: a doubled signature must be seen, not joined. */
function headersOf(request: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  const raw = request.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const values = headers.get(name);
    if (values) values.push(raw[index + 1] ?? '');
    else headers.set(name, [raw[index + 1] ?? '']);
  }
  return headers;
}

function text(status: number, body: string): RawReply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
