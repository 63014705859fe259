/** Sends what a visit came to, and turns what went wrong into a page that says what to do. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import { Refusal } from '../domain/kernel/refusals.ts';
import { isDatabaseUnavailable } from '../platform/database.ts';
import { errorPage, type PageContext, type PageError } from '../web/page.tsx';
import { contextOf, localeOf, sendPage } from '../web/request-context.ts';
import { NOT_FOUND, type Answer, type CheckoutDeps, type Visit } from './checkout-deps.ts';

const ERROR_STATUS = {
  not_found: 404,
  fault: 500,
  form_stale: 403,
  sign_in: 401,
  limited: 429,
  unavailable: 503,
} as const satisfies Record<PageError['kind'], number>;

const TRY_AGAIN_SECONDS = 60;

export function visitOf(deps: CheckoutDeps, request: Request, response: Response): Visit {
  return { request, response, page: pageContext(deps, request, response, request.originalUrl) };
}

/**
 * Sends an answer.
 *
 * The page of an error never repeats the address that was asked for, so that the answers to a token nobody made and to
 * one whose row is gone are the same to the byte.
 */
export function sendAnswer(deps: CheckoutDeps, request: Request, response: Response, answer: Answer): void {
  switch (answer.kind) {
    case 'page':
      sendPage(response, answer.html, { status: answer.status });
      return;
    case 'see_other':
      response.set('Cache-Control', 'no-store');
      response.redirect(303, answer.address);
      return;
    case 'png':
      response.set('Cache-Control', 'no-store');
      response.attachment(answer.fileName);
      response.type('png').send(answer.bytes);
      return;
    case 'state':
      response.set('Cache-Control', 'no-store');
      response.json({ state: answer.state });
      return;
    case 'error': {
      const { error, retryAfterSeconds } = answer;
      if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
      const page = pageContext(deps, request, response, '/pay');
      sendPage(response, errorPage(page, error), { status: ERROR_STATUS[error.kind] });
    }
  }
}

/** The last handler of the citizens' door: tells nothing of how something went wrong. */
export function faultHandler(deps: CheckoutDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) next(error);
    else sendAnswer(deps, request, response, answerOf(error, request));
  };
}

function answerOf(error: unknown, request: Request): Answer {
  // An address that is no text, such as `%E0`.
  if (error instanceof URIError) return NOT_FOUND;
  if (isUnreadableForm(error)) return { kind: 'error', error: { kind: 'form_stale', reopenHref: '/pay' } };
  const { logger, requestId: incident } = contextOf(request);
  if (isDatabaseUnavailable(error) || (error instanceof Refusal && error.kind === 'unavailable')) {
    logger.error({ err: error }, 'checkout.unavailable');
    const unavailable = { kind: 'unavailable', minutes: TRY_AGAIN_SECONDS / 60, incident } as const;
    return { kind: 'error', error: unavailable, retryAfterSeconds: TRY_AGAIN_SECONDS };
  }
  logger.error({ err: error }, 'checkout.fault');
  return { kind: 'error', error: { kind: 'fault', incident } };
}

/** What `express.urlencoded` refuses: too large, cut off, in a charset it does not read. */
function isUnreadableForm(error: unknown): boolean {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function pageContext(deps: CheckoutDeps, request: Request, response: Response, path: string): PageContext {
  return { site: deps.site, locale: localeOf(request, response), timeZone: deps.timeZone, path };
}
