/** What belongs to one request: its id, its logger, its line in the access log. */
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../platform/logger.ts';
import type { IdSource } from '../domain/kernel/ids.ts';
import { readCookie } from './forms.tsx';
import { chooseLocale, LOCALE_COOKIE, parseLocale, type Locale } from './i18n.ts';

export interface RequestContext {
  /** `req_` and 32 hexadecimal digits; ours, whatever the caller sent. */
  readonly requestId: string;
  /** Writes the request id with every line. */
  readonly logger: Logger;
}

const contexts = new WeakMap<Request, RequestContext>();

/** The context of a request that {@link requestContext} has seen; asking for another is a fault. */
export function contextOf(request: Request): RequestContext {
  const context = contexts.get(request);
  if (!context) throw new Error('requestContext must run before every other handler');
  return context;
}

/** First handler of all: gives the request its id and logger, answers `Request-Id`, and logs when it is finished. */
export function requestContext(deps: { logger: Logger; newId: IdSource }): RequestHandler {
  return (request, response, next) => {
    const requestId = `req_${deps.newId().replaceAll('-', '')}`;
    const logger = deps.logger.child({ requestId });
    contexts.set(request, { requestId, logger });
    response.set('Request-Id', requestId);
    const startedMs = performance.now();
    response.once('close', () => {
      const line = {
        method: request.method,
        path: maskPath(request.originalUrl),
        status: response.statusCode,
        durationMs: Math.round(performance.now() - startedMs),
        isComplete: response.writableFinished,
      };
      logger.info(line, 'request.finished');
    });
    next();
  };
}

// What follows these opens a page or names a payment to whoever reads the log.
const BEFORE_SECRETS = new Set(['pay', 'return', 'verify', 'reset', 'invitation']);
const LONG_TOKEN = /^[A-Za-z0-9_.~-]{40,}$/;

/** A path as logs may hold it: no query, and `*` for tokens and codes. */
export function maskPath(url: string): string {
  const [path = ''] = url.split(/[?#]/);
  const segments = path.split('/');
  return segments
    .map((segment, index) => {
      const isSecret = BEFORE_SECRETS.has(segments[index - 1] ?? '') || LONG_TOKEN.test(segment);
      return isSecret && segment !== '' ? '*' : segment;
    })
    .join('/');
}

/** The language of a request; remembers it in a cookie when the address chose one. */
export function localeOf(request: Request, response: Response): Locale {
  const chosen = parseLocale(request.query['lang']);
  if (chosen !== null) {
    response.cookie(LOCALE_COOKIE, chosen, {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      maxAge: 365 * 86_400_000,
    });
  }
  return chooseLocale({
    query: request.query['lang'],
    cookie: readCookie(request, LOCALE_COOKIE),
    acceptLanguage: request.headers['accept-language'],
  });
}

/** Answers with a page. Pages show personal facts and states that change, so nothing between us and the reader keeps them. */
export function sendPage(response: Response, html: string, { status = 200 }: { status?: number } = {}): void {
  response.status(status);
  response.set('Content-Type', 'text/html; charset=utf-8');
  response.set('Cache-Control', 'no-store');
  response.set('Vary', 'Accept-Language, Cookie');
  response.send(html);
}
