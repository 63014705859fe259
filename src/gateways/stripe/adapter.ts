/** Stripe Checkout as a gateway: thin I/O around messages.ts. */
import { vnd } from '../../domain/kernel/money.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../../platform/gateway-json.ts';
import type Stripe from 'stripe';
import type {
  GatewayAdapter,
  GatewayDeps,
  MerchantAccount,
  RefundOutcome,
  RefundRequest,
} from '../gateway-adapter.ts';
import { callStripe, type StripeAnswer, type StripeLine } from './client.ts';
import * as messages from './messages.ts';
import {
  FAILURE_REASONS,
  identifier,
  ownerOf,
  readRefund,
  readWholeSession,
  referenceOfSession,
} from './objects.ts';

/** Where Stripe is. */
export interface StripeEndpoints {
  readonly apiUrl: string;
  /** Where its payment pages are: `https://checkout.stripe.com`, or a domain of one's own that leads there. */
  readonly payOrigin: string;
}

/** How long Stripe may take for each operation. A refund moves money on its side and takes longest. */
const TIMEOUT_MS = { start: 10_000, query: 8_000, refund: 20_000, refundQuery: 8_000 };

/**
 * 2,000 sessions or refunds; whoever has more of them in 45 minutes, or for one payment, needs another way to ask. A
 * session has about 5 kB, and an answer may have a megabyte.
 */
const MAX_PAGES = 40;
const PAGE = 50;

/**
 * Refusals after which nothing of a refund was or will be taken from us; any other word is looked into.
 * Source: docs.stripe.com/error-codes, read 2026-11-25.
 */
const REFUND_REFUSALS: readonly string[] = ['charge_already_refunded', 'charge_disputed'];

/**
 * Stripe. `account.secrets[].apiKey` signs us in, `.webhook` is the endpoint's secret, `merchantId` the account's id.
 *
 * Whatever is not a genuine answer to the question asked is a thrown error: the caller then knows nothing of
 * the payment and has to ask again with the same reference.
 */
export function createStripeAdapter({ fetch }: GatewayDeps, endpoints: StripeEndpoints): GatewayAdapter {
  const line: StripeLine = { fetch, apiUrl: endpoints.apiUrl };
  return {
    code: 'stripe',
    profile: {
      currencies: ['VND'],
      // At least the worth of 0.50 US dollars, about 13,000 dong, with room for the rate; at most eight digits.
      // Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, read 2026-11-25.
      amountMin: vnd(20_000),
      amountMax: vnd(99_999_999),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [endpoints.payOrigin],
      failureReasons: FAILURE_REASONS,
      merchantReference: messages.merchantReference,
    },

    async startPayment(request, signal) {
      const { account, merchantReference, startedAt } = request;
      const within = limited(signal, TIMEOUT_MS.start);
      const answer = await callStripe(line, account, within, (stripe) =>
        stripe.checkout.sessions.create(messages.sessionRequest(request), {
          idempotencyKey: merchantReference,
        }),
      );
      // Asked before with something changed, the language of the page for one: the session made then is the payment.
      const isKnown = answer.kind === 'refused' && answer.type === 'idempotency_error';
      const session = isKnown
        ? await findSession(line, { account, merchantReference, startedAt }, within)
        : objectOf(answer, 'a new session');
      const open = session && messages.readOpenSession(session, request, endpoints.payOrigin);
      if (!open) throw new Error(`Stripe's session for ${merchantReference} is not the one asked for.`);
      return { kind: 'redirect', url: open.url, expiresAt: open.expiresAt };
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment(request, signal) {
        const within = limited(signal, TIMEOUT_MS.query);
        const found = await findSession(line, request, within);
        if (!found) return { kind: 'not_known' };
        const session = await wholeSession(line, request.account, found, within);
        const isOurs =
          ownerOf(session, request.account) === 'ours' &&
          referenceOfSession(session) === request.merchantReference;
        const outcome = isOurs ? readWholeSession(session) : null;
        if (!outcome) throw new Error(`Stripe's session of ${request.merchantReference} cannot be read.`);
        return outcome;
      },
    },

    refunds: {
      // Stripe names no least amount; a refund goes back to the card it came from as long as that is open.
      limits: { partial: true, windowDays: null, amountMin: null, amountMax: null },
      refundPayment: (request, signal) => refundPayment(line, request, limited(signal, TIMEOUT_MS.refund)),
      async queryRefund(request, signal) {
        const refund = await findRefund(line, request, limited(signal, TIMEOUT_MS.refundQuery));
        return refund ? outcomeOfRefund(refund, request) : { kind: 'not_known' };
      },
    },
  };
}

function limited(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

interface Reference {
  readonly account: MerchantAccount;
  readonly merchantReference: string;
  readonly startedAt: Date;
}

/**
 * The session of our reference, sought among those made when it can have been made.
 *
 * Lists show what was just written, so a session that is in none of them was never made. Search would find an intent
 * by its metadata in one call but late, after an hour in bad times; and the key of the creation is forgotten after a
 * day, when sending it again would open a second session.
 */
async function findSession(
  line: StripeLine,
  { account, merchantReference, startedAt }: Reference,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  for (const created of messages.creationWindows(startedAt)) {
    const found = await findInList(
      (after) =>
        callStripe(line, account, signal, (stripe) =>
          stripe.checkout.sessions.list({ created, limit: PAGE, ...after }),
        ),
      (session) => ownerOf(session, account) === 'ours' && referenceOfSession(session) === merchantReference,
    );
    if (found) return found;
  }
  return null;
}

async function wholeSession(
  line: StripeLine,
  account: MerchantAccount,
  found: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const id = identifier(found, 'id');
  if (id === null) throw new Error('Stripe listed a session without an id.');
  const answer = await callStripe(line, account, signal, (stripe) =>
    stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent.latest_charge'] }),
  );
  return objectOf(answer, 'a session');
}

async function refundPayment(
  line: StripeLine,
  request: RefundRequest,
  signal: AbortSignal,
): Promise<RefundOutcome> {
  const answer = await callStripe(line, request.account, signal, (stripe) =>
    stripe.refunds.create(messages.refundRequest(request), { idempotencyKey: request.refundReference }),
  );
  if (answer.kind === 'refused' && REFUND_REFUSALS.includes(answer.code))
    return { kind: 'failed', gatewayCode: answer.code };
  return outcomeOfRefund(objectOf(answer, 'a refund'), request);
}

function findRefund(
  line: StripeLine,
  request: RefundRequest,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const { account, gatewayTransactionId, refundReference } = request;
  return findInList(
    (after) =>
      callStripe(line, account, signal, (stripe) =>
        stripe.refunds.list({ payment_intent: gatewayTransactionId, limit: PAGE, ...after }),
      ),
    (refund) => messages.refundReferenceOf(refund) === refundReference,
  );
}

function outcomeOfRefund(refund: JsonObject, request: RefundRequest): RefundOutcome {
  const outcome = messages.isRefundOf(refund, request) ? readRefund(refund) : null;
  if (!outcome) throw new Error(`Stripe's refund ${request.refundReference} is not the one asked for.`);
  return outcome;
}

type PageAfter = Pick<Stripe.PaginationParams, 'starting_after'>;

/** Leafs through a list until `isIt`; null only when the whole list was seen. */
async function findInList(
  page: (after: PageAfter) => Promise<StripeAnswer>,
  isIt: (entry: JsonObject) => boolean,
): Promise<JsonObject | null> {
  let after: PageAfter = {};
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const list = objectOf(await page(after), 'a list');
    const entries = list.get('data');
    if (!isJsonArray(entries)) throw new Error('Stripe answered with something else than a list.');
    const objects = entries.filter(isJsonObject);
    const found = objects.find(isIt);
    if (found) return found;
    const last = objects.at(-1);
    if (list.get('has_more') === false) return null;
    const lastId = last && identifier(last, 'id');
    if (list.get('has_more') !== true || !lastId) throw new Error('A list of Stripe has no end.');
    after = { starting_after: lastId };
  }
  throw new Error(`A list of Stripe is longer than ${MAX_PAGES} pages.`);
}

function objectOf(answer: StripeAnswer, what: string): JsonObject {
  if (answer.kind === 'object') return answer.object;
  throw new Error(`Stripe refused ${what}: ${answer.status} ${answer.type} ${answer.code}`.trim());
}
