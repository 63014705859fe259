/** What the citizens' door is given, and what it makes of each visit. */
import type { Request, Response } from 'express';
import type { Clock } from '../domain/kernel/time.ts';
import type { AskGatewayDeps } from '../features/payments/ask-gateway.ts';
import type { StartPaymentDeps } from '../features/payments/start-payment.ts';
import type { Database } from '../platform/database.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import type { Csrf } from '../web/forms.tsx';
import type { PageContext, PageError, SiteFacts } from '../web/page.tsx';
import type { CheckoutLinks } from './checkout-link.ts';

interface Refused {
  readonly ok: false;
  readonly retryAfterSeconds: number;
}

/** Counts one request of a key, such as `find:` and an address. */
export interface PublicLimiter {
  consume(key: string): Promise<{ readonly ok: true } | Refused>;
}

export interface CheckoutDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly start: StartPaymentDeps;
  readonly ask: AskGatewayDeps;
  /** Seals what people tell us of their bank accounts. */
  readonly box: Pick<SecretBox, 'seal'>;
  readonly links: CheckoutLinks;
  readonly csrf: Csrf;
  readonly limiter: PublicLimiter;
  /** Counts tries at an order's payer: few, because there are only some thousand to try. */
  readonly proofLimiter: PublicLimiter;
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

/** What a visit comes to; the router alone sends it. */
export type Answer =
  | { readonly kind: 'page'; readonly html: string; readonly status: number }
  /** By GET: to another page of ours, or to a gateway. */
  | { readonly kind: 'see_other'; readonly address: string }
  /** A picture to keep, under a name that says what it is. */
  | { readonly kind: 'png'; readonly bytes: Buffer; readonly fileName: string }
  /** The word alone, for the page's own script. */
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'error'; readonly error: PageError; readonly retryAfterSeconds?: number };

export const NOT_FOUND: Answer = { kind: 'error', error: { kind: 'not_found' } };

export function pageAnswer(html: string, status = 200): Answer {
  return { kind: 'page', html, status };
}

export function seeOther(address: string): Answer {
  return { kind: 'see_other', address };
}

/** The refusal of a visitor who has asked too often under this key, or null; counts the question. */
export async function refuseOften(
  deps: CheckoutDeps,
  request: Request,
  what: string,
): Promise<Answer | null> {
  const decision = await deps.limiter.consume(`${what}:${addressOf(request)}`);
  return decision.ok ? null : limitedAnswer(decision);
}

export function limitedAnswer({ retryAfterSeconds }: Refused): Answer {
  const minutes = Math.max(1, Math.ceil(retryAfterSeconds / 60));
  return { kind: 'error', error: { kind: 'limited', minutes }, retryAfterSeconds };
}

/** The visitor's address as gateways want it: plain IPv4 where it is one. */
export function addressOf(request: Request): string {
  return (request.ip ?? '').replace(/^::ffff:/, '');
}
