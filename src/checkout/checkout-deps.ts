/** What the citizens' door is given, and what it makes of each visit. */
import type { Request, Response } from 'express';
import type { Clock } from '../domain/kernel/time.ts';
import type { AskGatewayDeps } from '../features/payments/ask-gateway.ts';
import type { StartPaymentDeps } from '../features/payments/start-payment.ts';
import type { Database } from '../platform/database.ts';
import type { Csrf } from '../web/forms.tsx';
import { errorPage, type PageContext, type PageError, type SiteFacts } from '../web/page.tsx';
import { contextOf, localeOf, sendPage } from '../web/request-context.ts';
import type { CheckoutLinks } from './checkout-link.ts';

/** Counts one request of a key, such as `find:` and an address. */
export interface PublicLimiter {
  consume(
    key: string,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number }>;
}

export interface CheckoutDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly start: StartPaymentDeps;
  readonly ask: AskGatewayDeps;
  readonly links: CheckoutLinks;
  readonly csrf: Csrf;
  readonly limiter: PublicLimiter;
  readonly site: SiteFacts;
  /** The installation's business time zone. */
  readonly timeZone: string;
  /** Where the service is reached, without a slash at its end; the sandbox bank may live there too. */
  readonly publicUrl: string;
  /** Where faults of security are reported: a `mailto:` or `https:` address. */
  readonly securityContact: string;
  /** Lets so many milliseconds pass. */
  readonly wait: (ms: number) => Promise<void>;
}

/** One request, and the page that will answer it. */
export interface Visit {
  readonly request: Request;
  readonly response: Response;
  readonly page: PageContext;
}

export function visitOf(deps: CheckoutDeps, request: Request, response: Response): Visit {
  return { request, response, page: pageContext(deps, request, response, request.originalUrl) };
}

function pageContext(deps: CheckoutDeps, request: Request, response: Response, path: string): PageContext {
  return { site: deps.site, locale: localeOf(request, response), timeZone: deps.timeZone, path };
}

const ERROR_STATUS = {
  not_found: 404,
  fault: 500,
  form_stale: 403,
  limited: 429,
  unavailable: 503,
} as const satisfies Record<PageError['kind'], number>;

/**
 * Answers with the page of an error. It never repeats the address that was asked for, so that the answers to a token
 * nobody made and to one whose row is gone are the same to the byte.
 */
export function sendError(deps: CheckoutDeps, request: Request, response: Response, error: PageError): void {
  const page = pageContext(deps, request, response, '/pay');
  sendPage(response, errorPage(page, error), { status: ERROR_STATUS[error.kind] });
}

export function sendNotFound(deps: CheckoutDeps, request: Request, response: Response): void {
  sendError(deps, request, response, { kind: 'not_found' });
}

/** Whether the visitor may ask once more under this key; seconds to wait are told to clients and on the page. */
export async function mayAsk(
  deps: CheckoutDeps,
  request: Request,
  response: Response,
  what: string,
): Promise<boolean> {
  const decision = await deps.limiter.consume(`${what}:${addressOf(request)}`);
  if (decision.ok) return true;
  response.set('Retry-After', String(decision.retryAfterSeconds));
  const minutes = Math.max(1, Math.ceil(decision.retryAfterSeconds / 60));
  sendError(deps, request, response, { kind: 'limited', minutes });
  return false;
}

/** The visitor's address as gateways want it: plain IPv4 where it is one. */
export function addressOf(request: Request): string {
  return (request.ip ?? '').replace(/^::ffff:/, '');
}

/** Goes on to another page of ours by GET. */
export function seeOther(response: Response, path: string): void {
  response.set('Cache-Control', 'no-store');
  response.redirect(303, path);
}

export function incidentOf(request: Request): string {
  return contextOf(request).requestId;
}
