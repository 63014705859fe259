/** From an error to an RFC 9457 problem document; the only place that knows which refusal is which status. */
import { STATUS_CODES } from 'node:http';
import { REFUSALS, Refusal, type RefusalCode, type RefusalKind } from '../domain/kernel/refusals.ts';
import { isDatabaseUnavailable } from '../platform/database.ts';
import { writeJson, type RawAnswer } from './raw-answer.ts';

export const STATUS_BY_KIND: Readonly<Record<RefusalKind, number>> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  invalid: 422,
  limited: 429,
  unavailable: 503,
};

/** Refusals of HTTP itself, which has a status of its own for them. */
const STATUS_BY_CODE: Readonly<Partial<Record<RefusalCode, number>>> = {
  'request.method-not-allowed': 405,
  'request.too-slow': 408,
  'request.too-large': 413,
  'request.media-type': 415,
};

/** Kinds and codes after which the same request may succeed, so that the answer says when. */
const RETRY_AFTER_SECONDS: Readonly<Record<string, number>> = {
  limited: 1,
  unavailable: 2,
  'idempotency.in-progress': 1,
  'ledger.not-yet-sealed': 1,
};

/** What a fault is called: it is no refusal, and no code of the catalogue. */
export const FAULT_TITLE = 'The service made a mistake.';

export interface ProblemContext {
  readonly requestId: string;
  /** Path of the request, without its query. */
  readonly instance: string;
}

/** What went wrong, as the answer of the API. A fault tells nothing but the request id. */
export function problemAnswer(error: unknown, context: ProblemContext): RawAnswer {
  const refusal = asRefusal(error);
  if (refusal === null) return faultAnswer(context);
  const status = statusOf(refusal.code);
  return document(status, headersOf(refusal, status), {
    ...refusal.facts,
    type: `/problems/${refusal.code}`,
    title: refusal.title,
    status,
    code: refusal.code,
    detail: refusal.options.detail ?? refusal.title,
    instance: context.instance,
    request_id: context.requestId,
    ...(refusal.options.errors ? { errors: refusal.options.errors } : {}),
  });
}

/** Whether an error is an expected "no" in the end; anything else is a fault, to be logged whole. */
export function asRefusal(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (isDatabaseUnavailable(error)) return new Refusal('service.unavailable');
  return refusalOfHttpError(error);
}

export function statusOf(code: RefusalCode): number {
  return STATUS_BY_CODE[code] ?? STATUS_BY_KIND[REFUSALS[code].kind];
}

/** Errors of Express and its body parsers carry a status: 400 for a path that cannot be decoded, 413, 415. */
function refusalOfHttpError(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null;
  const status = (error as { status?: unknown }).status;
  if (status === 413) return new Refusal('request.too-large');
  if (status === 415) return new Refusal('request.media-type');
  if (error instanceof URIError) {
    return new Refusal('request.malformed', {}, { detail: 'The path is not percent-encoded UTF-8.' });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) return new Refusal('request.malformed');
  return null;
}

function headersOf(refusal: Refusal, status: number): Record<string, string> {
  const headers: Record<string, string> = {};
  const retryAfter =
    refusal.options.retryAfterSeconds ??
    RETRY_AFTER_SECONDS[refusal.code] ??
    RETRY_AFTER_SECONDS[refusal.kind];
  if (retryAfter !== undefined) headers['Retry-After'] = String(Math.max(1, Math.ceil(retryAfter)));
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="api", error="invalid_token"';
  // What is left of such a body is not worth reading.
  if (status === 408 || status === 413) headers['Connection'] = 'close';
  const allow = refusal.facts['allow'];
  if (status === 405 && Array.isArray(allow)) headers['Allow'] = allow.join(', ');
  return headers;
}

function faultAnswer(context: ProblemContext): RawAnswer {
  return document(
    500,
    {},
    {
      type: '/problems/service.fault',
      title: FAULT_TITLE,
      status: 500,
      code: 'service.fault',
      detail: `The operator finds what happened under the request id ${context.requestId}.`,
      instance: context.instance,
      request_id: context.requestId,
    },
  );
}

function document(status: number, headers: Record<string, string>, body: Record<string, unknown>): RawAnswer {
  if (STATUS_CODES[status] === undefined) throw new Error(`${String(status)} is no HTTP status`);
  return { status, contentType: 'application/problem+json', headers, text: writeJson(body) };
}
