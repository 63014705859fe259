/** The part of Stripe's API that a merchant of Checkout uses. Source: docs.stripe.com/api, read 2026-11-25. */
import { createHash, randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import type { AnswerDoor, Operation } from '../peer/peer.ts';
import type { PeerDesk, PeerPayment, PeerRefund } from '../peer/peer-types.ts';
import { decodeForm, textAt, textsAt, type FormMembers } from './stripe-forms.ts';
import {
  json,
  paymentIdOf,
  PROCESSING,
  refundObject,
  sessionObject,
  type StripeAccount,
  type StripeObject,
} from './stripe-objects.ts';

type Answer =
  | { readonly kind: 'object'; readonly object: StripeObject }
  | { readonly kind: 'error'; readonly status: number; readonly error: StripeObject };

const MIN_LIFE_SECONDS = 30 * 60;
const MAX_LIFE_SECONDS = 24 * 60 * 60;
const MAX_AMOUNT = 99_999_999n;

export interface StripeApiDeps {
  readonly desk: PeerDesk;
  readonly account: StripeAccount;
  readonly answer: AnswerDoor;
  /** Where the Dashboard was told to send events. */
  readonly endpointUrl: () => string;
}

export function createStripeApi(deps: StripeApiDeps): Router {
  const router = express.Router();
  router.use(express.text({ type: () => true, limit: '256kb' }));

  function door(
    method: 'get' | 'post',
    path: string,
    operation: Operation,
    work: (form: FormMembers, request: Request) => Promise<Answer>,
  ): void {
    router[method](path, async (request: Request, response: Response) => {
      const text = method === 'get' ? (request.originalUrl.split('?')[1] ?? '') : bodyOf(request);
      const isKnown = request.get('authorization') === `Bearer ${deps.account.secretKey}`;
      const result = isKnown
        ? await work(decodeForm(text), request)
        : refused(401, 'Invalid API Key provided');
      const status = result.kind === 'object' ? 200 : result.status;
      await deps.answer(response, operation, {
        status,
        headers: { 'content-type': 'application/json', 'request-id': `req_${randomUUID()}` },
        body: json(result.kind === 'object' ? result.object : { error: result.error }),
      });
    });
  }

  door('post', '/v1/checkout/sessions', 'create', (form, request) => createSession(deps, form, request));
  door('get', '/v1/checkout/sessions', 'query', (form) => listSessions(deps, form));
  door('get', '/v1/checkout/sessions/:id', 'query', (form, request) => oneSession(deps, form, request));
  door('post', '/v1/refunds', 'refund', (form, request) => createRefund(deps, form, request));
  door('get', '/v1/refunds', 'query', (form) => listRefunds(deps, form));
  return router;
}

async function createSession(deps: StripeApiDeps, form: FormMembers, request: Request): Promise<Answer> {
  const { desk, account } = deps;
  const key = request.get('idempotency-key') ?? randomUUID();
  const print = fingerprintOf(request);
  const reference = textAt(form, 'client_reference_id') ?? key;
  const known = await desk.findPayment(account.id, reference);
  const asked = known ?? readSession(form, Math.floor(desk.clock.now().getTime() / 1000));
  if ('kind' in asked) return asked;
  const { payment } = known
    ? { payment: known }
    : await desk.takePayment({
        ...asked,
        merchantId: account.id,
        reference,
        callbackUrl: deps.endpointUrl(),
        details: { ...asked.details, key, print },
      });
  // The answer to a key is kept as it was given, whatever has become of the session since.
  if (payment.details['key'] !== key) return refused(400, 'This party keeps one session for a reference.');
  if (payment.details['print'] !== print) return otherParameters();
  return object(
    sessionObject({ ...fresh(payment), now: payment.createdAt, payUrl: desk.payPageUrl(payment) }),
  );
}

type AskedSession = Pick<
  PeerPayment,
  'amount' | 'description' | 'locale' | 'returnUrl' | 'expiresAt' | 'details'
>;

function readSession(form: FormMembers, now: number): AskedSession | Answer {
  const item = ['line_items', '0'] as const;
  const amount = textAt(form, ...item, 'price_data', 'unit_amount') ?? '';
  const expiresAt = textAt(form, 'expires_at') ?? String(now + MAX_LIFE_SECONDS);
  const returnUrl = textAt(form, 'success_url') ?? '';
  if (textAt(form, 'mode') !== 'payment') return refused(400, 'You must provide the mode `payment`.', 'mode');
  if (textAt(form, ...item, 'price_data', 'currency') !== 'vnd')
    return refused(400, 'Invalid currency', 'line_items[0][price_data][currency]');
  if (!/^[1-9]\d*$/.test(amount) || textAt(form, ...item, 'quantity') !== '1')
    return refused(400, 'Invalid integer', 'line_items[0][price_data][unit_amount]');
  if (BigInt(amount) > MAX_AMOUNT)
    return refused(400, 'Amount must be no more than 99,999,999', '', 'amount_too_large');
  const life = Number(expiresAt) - now;
  if (!/^\d+$/.test(expiresAt) || life < MIN_LIFE_SECONDS || life > MAX_LIFE_SECONDS)
    return refused(400, 'The `expires_at` timestamp must be 30 minutes to 24 hours ahead.', 'expires_at');
  if (!URL.canParse(returnUrl)) return refused(400, 'Not a valid URL', 'success_url');
  return {
    amount: BigInt(amount),
    description: textAt(form, ...item, 'price_data', 'product_data', 'name') ?? '',
    locale: textAt(form, 'locale') === 'en' ? 'en' : 'vi',
    returnUrl,
    expiresAt: new Date(Number(expiresAt) * 1000),
    details: {
      cancel_url: textAt(form, 'cancel_url') ?? returnUrl,
      metadata: JSON.stringify(textsAt(form, 'metadata')),
      intent_metadata: JSON.stringify(textsAt(form, 'payment_intent_data', 'metadata')),
    },
  };
}

async function listSessions({ desk, account }: StripeApiDeps, form: FormMembers): Promise<Answer> {
  const gte = Number(textAt(form, 'created', 'gte') ?? '0');
  const lte = Number(textAt(form, 'created', 'lte') ?? String(Number.MAX_SAFE_INTEGER));
  const made = (await desk.payments()).filter(({ merchantId, createdAt }) => {
    const seconds = Math.floor(createdAt.getTime() / 1000);
    return merchantId === account.id && seconds >= gte && seconds <= lte;
  });
  const sessions = await Promise.all(made.map((payment) => drawn(desk, payment, [])));
  return listOf('/v1/checkout/sessions', sessions, form);
}

async function oneSession(
  { desk, account }: StripeApiDeps,
  form: FormMembers,
  request: Request,
): Promise<Answer> {
  const { id } = request.params;
  const payment = await desk.findPaymentById(paymentIdOf(typeof id === 'string' ? id : ''));
  if (payment?.merchantId !== account.id) return noSuch('checkout.session', String(id));
  return object(await drawn(desk, payment, Object.values(textsAt(form, 'expand'))));
}

async function drawn(desk: PeerDesk, payment: PeerPayment, expand: readonly string[]): Promise<StripeObject> {
  const [charge] = await desk.chargesOf(payment);
  return sessionObject({
    payment,
    charge: charge ?? null,
    code: payment.state === 'processing' ? PROCESSING : payment.code,
    now: desk.clock.now(),
    payUrl: desk.payPageUrl(payment),
    expand,
  });
}

async function createRefund(
  { desk, account }: StripeApiDeps,
  form: FormMembers,
  request: Request,
): Promise<Answer> {
  const key = request.get('idempotency-key') ?? randomUUID();
  const print = fingerprintOf(request);
  const transactionId = textAt(form, 'payment_intent') ?? '';
  const amount = textAt(form, 'amount') ?? '';
  if (!/^[1-9]\d*$/.test(amount)) return refused(400, 'Invalid integer', 'amount');
  const taken = await desk.takeRefund({
    merchantId: account.id,
    refundReference: textAt(form, 'metadata', 'refund_reference') ?? key,
    transactionId,
    amount: BigInt(amount),
    details: { key, print, metadata: JSON.stringify(textsAt(form, 'metadata')) },
  });
  if (taken.kind === 'no_such_charge') return noSuch('payment_intent', transactionId);
  if (taken.kind === 'too_much')
    return refused(400, 'Refund amount is greater than the unrefunded amount on the charge', 'amount');
  if (taken.refund.details['print'] !== print) return otherParameters();
  return object(refundObject(taken.refund));
}

async function listRefunds({ desk }: StripeApiDeps, form: FormMembers): Promise<Answer> {
  const transactionId = textAt(form, 'payment_intent') ?? '';
  const payment = await desk.findPaymentOfCharge(transactionId);
  if (!payment) return noSuch('payment_intent', transactionId);
  const refunds = (await desk.refundsOf(payment)).filter(
    (one: PeerRefund) => one.transactionId === transactionId,
  );
  return listOf(
    '/v1/refunds',
    refunds.toReversed().map((one) => refundObject(one)),
    form,
  );
}

/** A page of a list, the newest first (docs.stripe.com/api/pagination, read 2026-11-25). */
function listOf(url: string, entries: readonly StripeObject[], form: FormMembers): Answer {
  const limit = Number(textAt(form, 'limit') ?? '10');
  const after = textAt(form, 'starting_after');
  const start = after === null ? 0 : entries.findIndex(({ id }) => id === after) + 1;
  if (after !== null && start === 0) return noSuch('object', after);
  const data = entries.slice(start, start + limit);
  return object({ object: 'list', url, has_more: start + limit < entries.length, data });
}

function fresh(payment: PeerPayment) {
  return { payment, charge: null, code: null };
}

function bodyOf({ body }: Request): string {
  return typeof body === 'string' ? body : '';
}

function fingerprintOf(request: Request): string {
  return createHash('sha256').update(bodyOf(request)).digest('hex');
}

function object(made: StripeObject): Answer {
  return { kind: 'object', object: made };
}

function refused(status: number, message: string, param = '', code = ''): Answer {
  return {
    kind: 'error',
    status,
    error: { type: 'invalid_request_error', message, ...(param && { param }), ...(code && { code }) },
  };
}

function noSuch(what: string, id: string): Answer {
  return refused(404, `No such ${what}: '${id}'`, 'id', 'resource_missing');
}

function otherParameters(): Answer {
  const message =
    'Keys for idempotent requests can only be used with the same parameters they were first used with.';
  return { kind: 'error', status: 400, error: { type: 'idempotency_error', message } };
}
