/** Holds every JSON answer that passes by against the schema its route row declares. */
import type { RequestHandler } from 'express';
import { problem } from '../../src/api/openapi.ts';
import { refusalsOf } from '../../src/api/route-refusals.ts';
import type { ApiRoute } from '../../src/api/route.ts';

export interface AnswerChecker {
  /** Mount it before the API. */
  readonly middleware: RequestHandler;
  /** What was wrong so far, one sentence each; to be empty in the end. */
  readonly faults: string[];
  /** The operations that were answered so far, with their statuses: `createNote 201`. */
  readonly seen: ReadonlySet<string>;
}

export function answerChecker(routes: readonly ApiRoute[]): AnswerChecker {
  const faults: string[] = [];
  const seen = new Set<string>();
  const patterns = routes.map((row) => ({ row, pattern: patternOf(row.path) }));
  const middleware: RequestHandler = (request, response, next) => {
    const path = request.path;
    const method = request.method.toLowerCase();
    const end = response.end.bind(response);
    response.end = ((...args: Parameters<typeof end>) => {
      const row = patterns.find(({ row, pattern }) => row.method === method && pattern.test(path))?.row;
      const text = typeof args[0] === 'string' ? args[0] : '';
      if (path.startsWith('/v1')) {
        const status = response.statusCode;
        if (row) seen.add(`${row.operationId} ${String(status)}`);
        const type = response.getHeader('Content-Type');
        const fault = faultOf(row, { status, text, type: typeof type === 'string' ? type : '' });
        if (fault !== null) faults.push(`${request.method} ${path} answered ${String(status)}: ${fault}`);
        if (typeof response.getHeader('Request-Id') !== 'string') faults.push(`${path}: no Request-Id`);
      }
      return end(...args);
    }) as typeof response.end;
    next();
  };
  return { middleware, faults, seen };
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

/** What is wrong with an answer of a route, in a sentence; null when it is as declared. */
export function faultOf(row: ApiRoute | undefined, { status, text, type }: Answered): string | null {
  if (status === 204 || text === '') return null;
  if (status >= 400) return problemFault(row, { status, text, type });
  const declared = row?.answers[status];
  if (!declared) return 'a status that the route row does not declare';
  if (!type.startsWith('application/json')) {
    const kind = type.split(';')[0] ?? '';
    return declared.textTypes?.includes(kind) ? null : `${kind}, which the route row does not declare`;
  }
  if (!declared.schema) return 'JSON without a declared schema';
  const read = declared.schema.safeParse(JSON.parse(text));
  return read.success ? null : read.error.message;
}

/** A refusal has the form of all, a code that its route declares, and words that say what to mend. */
function problemFault(row: ApiRoute | undefined, { status, text, type }: Answered): string | null {
  if (!type.startsWith('application/problem+json')) return `a refusal as ${type}`;
  const read = problem.safeParse(JSON.parse(text));
  if (!read.success) return read.error.message;
  const { code, title, detail, errors } = read.data;
  if (read.data.status !== status) return 'a problem with another status inside';
  if (row && status !== 500 && !refusalsOf(row).some((declared) => declared === code)) {
    return `${code}, which the route row does not declare`;
  }
  const isAboutInput = (status === 400 || status === 422) && !code.startsWith('idempotency.');
  const saysWhatToMend = errors === undefined ? detail !== title : errors.length > 0;
  return isAboutInput && !saysWhatToMend ? `${code} without saying what to mend` : null;
}

function patternOf(path: string): RegExp {
  const escaped = path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
