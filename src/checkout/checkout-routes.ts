/** The citizens' door: find, check, pay, come back, read where the money is, verify. Works with plain HTML forms. */
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express';
import { Refusal } from '../domain/kernel/refusals.ts';
import { isDatabaseUnavailable } from '../platform/database.ts';
import { contextOf } from '../web/request-context.ts';
import {
  incidentOf,
  mayAsk,
  sendError,
  sendNotFound,
  visitOf,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import type { PayTarget } from './checkout-link.ts';
import { find, showFind } from './find-visit.ts';
import { showHandOff } from './hand-off-visit.ts';
import { payOrder, showOrder } from './order-visit.ts';
import { checkAgain, comeBack, showPayment, tellState } from './payment-visit.ts';
import { verifyAddress, verifyTyped } from './verify-visit.ts';

const FORM_LIMIT = '16kb';
const SECURITY_TXT_DAYS = 180;

type Handler = (visit: Visit) => Promise<void> | void;
type TargetHandler = (visit: Visit, target: PayTarget) => Promise<void> | void;

/**
 * The routes of the citizens' pages, mounted at the root. `requestContext` must have run before, and whoever mounts
 * them answers what is left over.
 */
export function createCheckoutRoutes(deps: CheckoutDeps): Router {
  const router = express.Router({ caseSensitive: true });
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT });
  const genuine = deps.csrf.guard((request, response) =>
    sendError(deps, request, response, { kind: 'form_stale', reopenHref: request.originalUrl }),
  );
  const page = (handle: Handler) => (request: Request, response: Response) =>
    handle(visitOf(deps, request, response));
  /** The page of what a token names; a token nobody made has no page, and asking for many of them is limited. */
  const named = (handle: TargetHandler) => async (request: Request, response: Response) => {
    const target = deps.links.targetOf(String(request.params['token']));
    if (target) return await handle(visitOf(deps, request, response), target);
    if (await mayAsk(deps, request, response, 'token')) sendNotFound(deps, request, response);
  };
  const ofPayment = (handle: (visit: Visit, id: PaymentTarget['id']) => Promise<void>) =>
    named((visit, target) =>
      target.kind === 'payment'
        ? handle(visit, target.id)
        : sendNotFound(deps, visit.request, visit.response),
    );

  router.get('/.well-known/security.txt', (_request, response) => {
    response.type('text/plain').send(securityText(deps));
  });

  router.get(
    '/pay',
    page((visit) => showFind(deps, visit)),
  );
  router.post(
    '/pay',
    form,
    genuine,
    page((visit) => find(deps, visit)),
  );
  router.get(
    '/pay/:token',
    named((visit, target) =>
      target.kind === 'order' ? showOrder(deps, visit, target) : showPayment(deps, visit, target.id),
    ),
  );
  router.post(
    '/pay/:token',
    form,
    genuine,
    named((visit, target) =>
      target.kind === 'order'
        ? payOrder(deps, visit, target)
        : sendNotFound(deps, visit.request, visit.response),
    ),
  );
  router.get(
    '/pay/:token/bank',
    ofPayment((visit, id) => showHandOff(deps, visit, id)),
  );
  // Asking is harmless and limited per payment, so a link may do it as well as a form.
  const check = ofPayment((visit, id) => checkAgain(deps, visit, id));
  router.get('/pay/:token/check', check);
  router.post('/pay/:token/check', check);
  router.get(
    '/pay/:token/state.json',
    ofPayment((visit, id) => tellState(deps, visit, id)),
  );

  const back = ofPayment((visit, id) =>
    comeBack(deps, visit, { id, gateway: String(visit.request.params['code']) }),
  );
  router.get('/gateways/:code/return/:token', back);
  router.post('/gateways/:code/return/:token', back);

  router.get(
    '/verify',
    page((visit) => verifyTyped(deps, visit, visit.request.query['code'])),
  );
  router.post(
    '/verify',
    form,
    page((visit) => verifyTyped(deps, visit, (visit.request.body as { code?: unknown }).code ?? '')),
  );
  router.get(
    '/verify/:code',
    page((visit) => verifyAddress(deps, visit, String(visit.request.params['code']))),
  );

  router.use(faultHandler(deps));
  return router;
}

type PaymentTarget = Extract<PayTarget, { kind: 'payment' }>;

/** Whatever went wrong, the citizen is told what to do, and nothing of how it went wrong. */
function faultHandler(deps: CheckoutDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    // An address that is no text, such as `%E0`.
    if (error instanceof URIError) return sendNotFound(deps, request, response);
    if (isUnreadableForm(error)) {
      return sendError(deps, request, response, { kind: 'form_stale', reopenHref: '/pay' });
    }
    const { logger } = contextOf(request);
    const incident = incidentOf(request);
    if (isDatabaseUnavailable(error) || (error instanceof Refusal && error.kind === 'unavailable')) {
      logger.error({ err: error }, 'checkout.unavailable');
      response.set('Retry-After', '60');
      return sendError(deps, request, response, { kind: 'unavailable', minutes: 1, incident });
    }
    logger.error({ err: error }, 'checkout.fault');
    sendError(deps, request, response, { kind: 'fault', incident });
  };
}

/** What `express.urlencoded` refuses: too large, cut off, in a charset it does not read. */
function isUnreadableForm(error: unknown): boolean {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function securityText({ clock, securityContact, publicUrl }: CheckoutDeps): string {
  const expires = new Date(clock.now().getTime() + SECURITY_TXT_DAYS * 86_400_000).toISOString();
  const lines = [
    `Contact: ${securityContact}`,
    `Expires: ${expires}`,
    'Preferred-Languages: vi, en',
    `Canonical: ${publicUrl}/.well-known/security.txt`,
  ];
  return `${lines.join('\n')}\n`;
}
