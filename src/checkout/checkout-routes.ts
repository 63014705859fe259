/** The citizens' door: find, check, pay, come back, read where the money is, verify. Works with plain HTML forms. */
import express, { type Request, type Response, type Router } from 'express';
import { faultHandler, sendAnswer, visitOf } from './checkout-answer.ts';
import { NOT_FOUND, refuseOften, type Answer, type CheckoutDeps, type Visit } from './checkout-deps.ts';
import type { PaymentTarget, PayTarget } from './checkout-link.ts';
import { find, showFind } from './find-visit.ts';
import { showHandOff, showQrImage } from './hand-off-visit.ts';
import { rememberOrder } from './known-orders.ts';
import { payOrder, showOrder } from './order-visit.ts';
import { provePayer, showPayer } from './payer-visit.ts';
import { checkAgain, comeBack, showPayment, tellState } from './payment-visit.ts';
import { givePayout, showPayout } from './payout-visit.ts';
import { verifyAddress, verifyTyped } from './verify-visit.ts';

export type { CheckoutDeps, PublicLimiter } from './checkout-deps.ts';

const FORM_LIMIT = '16kb';
const SECURITY_TXT_DAYS = 180;

/**
 * The routes of the citizens' pages, mounted at the root. `requestContext` must have run before, and whoever mounts
 * them answers what is left over.
 */
export function createCheckoutRoutes(deps: CheckoutDeps): Router {
  const router = express.Router({ caseSensitive: true });
  const { open, named, payment } = handlers(deps);
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT });
  const genuine = deps.csrf.guard((request, response) => {
    const error = { kind: 'form_stale', reopenHref: request.originalUrl } as const;
    sendAnswer(deps, request, response, { kind: 'error', error });
  });

  router.get('/.well-known/security.txt', (_request, response) => {
    response.type('text/plain').send(securityText(deps));
  });

  const findForm = open((visit) => showFind(deps, visit));
  const found = open((visit) => find(deps, visit));
  router.get('/pay', findForm);
  router.post('/pay', form, genuine, found);

  const show = named((visit, target) =>
    target.kind === 'order' ? showOrder(deps, visit, target) : showPayment(deps, visit, target),
  );
  const pay = named((visit, target) => (target.kind === 'order' ? payOrder(deps, visit, target) : NOT_FOUND));
  router.get('/pay/:token', show);
  router.post('/pay/:token', form, genuine, pay);

  const askPayer = named((visit, target) => showPayer(deps, visit, target));
  const takeProof = named((visit, target) => provePayer(deps, visit, target));
  router.get('/pay/:token/payer', askPayer);
  router.post('/pay/:token/payer', form, genuine, takeProof);

  const handOff = payment((visit, target) => showHandOff(deps, visit, target));
  const qrImage = payment((visit, target) => showQrImage(deps, visit, target));
  // Asking is harmless and limited per payment, so a link may do it as well as a form.
  const check = payment((visit, target) => checkAgain(deps, visit, target));
  const state = payment((_visit, target) => tellState(deps, target));
  router.get('/pay/:token/bank', handOff);
  router.get('/pay/:token/qr.png', qrImage);
  router.get('/pay/:token/check', check);
  router.post('/pay/:token/check', check);
  router.get('/pay/:token/state.json', state);

  const askAccount = payment((visit, target) => showPayout(deps, visit, target));
  const takeAccount = payment((visit, target) => givePayout(deps, visit, target));
  router.get('/pay/:token/payout', askAccount);
  router.post('/pay/:token/payout', form, genuine, takeAccount);

  const back = payment((visit, target) => {
    const gateway = String(visit.request.params['code']);
    return comeBack(deps, visit, { ...target, gateway });
  });
  router.get('/gateways/:code/return/:token', back);
  router.post('/gateways/:code/return/:token', back);

  const verifyQuery = open((visit) => verifyTyped(deps, visit, visit.request.query['code']));
  const verifyBody = open((visit) => {
    const { code } = (visit.request.body ?? {}) as { code?: unknown };
    return verifyTyped(deps, visit, code ?? '');
  });
  const verifyPath = open((visit) => verifyAddress(deps, visit, String(visit.request.params['code'])));
  router.get('/verify', verifyQuery);
  router.post('/verify', form, verifyBody);
  router.get('/verify/:code', verifyPath);

  router.use(faultHandler(deps));
  return router;
}

type Given = Answer | Promise<Answer>;
type Handler = (request: Request, response: Response) => Promise<void>;

/** The three kinds of pages: of anybody, of what a token names, and of a payment that a token names. */
function handlers(deps: CheckoutDeps) {
  const open =
    (answer: (visit: Visit) => Given): Handler =>
    async (request, response) => {
      sendAnswer(deps, request, response, await answer(visitOf(deps, request, response)));
    };
  // A token that no key of ours made has no page, and trying many of them is limited.
  const named = (answer: (visit: Visit, target: PayTarget) => Given): Handler =>
    open(async (visit) => {
      const target = deps.links.targetOf(String(visit.request.params['token']));
      if (!target) return (await refuseOften(deps, visit.request, 'token')) ?? NOT_FOUND;
      if (target.kind === 'order' && target.isPublic !== true) {
        rememberOrder(deps, visit.request, visit.response, target);
      }
      return await answer(visit, target);
    });
  const payment = (answer: (visit: Visit, target: PaymentTarget) => Given): Handler =>
    named((visit, target) => (target.kind === 'payment' ? answer(visit, target) : NOT_FOUND));
  return { open, named, payment };
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
