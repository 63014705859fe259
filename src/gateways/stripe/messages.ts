/** Pure: what we ask of Stripe Checkout, Stripe's events, and our answers to them. Calls nobody. */
import type Stripe from 'stripe';
import { addMinutes } from '../../domain/kernel/time.ts';
import { isJsonObject, readGatewayObject, textOf, type JsonObject } from '../../platform/gateway-json.ts';
import { datedReference } from '../dated-reference.ts';
import { printable } from '../fields.ts';
import type {
  CallbackItem,
  CallbackReading,
  CallbackResult,
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RawReply,
  RefundRequest,
  StartPayment,
} from '../gateway-adapter.ts';
import {
  ASYNC_PAYMENT_FAILED,
  instant,
  metadataOf,
  ownerOf,
  readIntent,
  readRefund,
  readSession,
  referenceOfSession,
  wholeNumber,
  type Meaning,
} from './objects.ts';
import { verifySigned } from './signing.ts';

/**
 * A session lives at least 30 minutes from its creation (docs.stripe.com/api/checkout/sessions/create, expires_at, read
 * 2026-11-25), and a repeat must name the same end: the rest is the time within which a lost start may be repeated.
 */
export const PAYMENT_LIFETIME_MINUTES = 40;

/** What becomes a new session; the same for a repeat, for the idempotency layer compares it (…/api/idempotent_requests). */
export function sessionRequest(request: StartPayment): Stripe.Checkout.SessionCreateParams {
  const metadata = { merchant_id: request.account.merchantId, reference: request.merchantReference };
  return {
    mode: 'payment',
    client_reference_id: request.merchantReference,
    // Both carry it: events about the intent do not name its session.
    metadata,
    payment_intent_data: { metadata, description: request.description },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: request.amount.currency.toLowerCase(),
          // At most eight digits (profile.amountMax): exact as a number.
          unit_amount: Number(request.amount.amountMinor),
          product_data: { name: request.description },
        },
      },
    ],
    // The payer is charged what is due in the currency it is due in.
    adaptive_pricing: { enabled: false },
    locale: request.locale,
    success_url: request.returnUrl,
    cancel_url: request.returnUrl,
    expires_at: Math.floor(expiryOf(request).getTime() / 1000),
  };
}

function expiryOf({ startedAt }: StartPayment): Date {
  const end = addMinutes(startedAt, PAYMENT_LIFETIME_MINUTES);
  return new Date(Math.floor(end.getTime() / 1000) * 1000);
}

/** The page to send the citizen to, or null when the session is not the one asked for. */
export function readOpenSession(
  session: JsonObject,
  request: StartPayment,
  payOrigin: string,
): { readonly url: string; readonly expiresAt: Date } | null {
  const { account, amount, merchantReference } = request;
  const isOurs =
    ownerOf(session, account) === 'ours' &&
    referenceOfSession(session) === merchantReference &&
    wholeNumber(session, 'amount_total') === amount.amountMinor &&
    textOf(session, 'currency') === amount.currency.toLowerCase() &&
    textOf(session, 'status') === 'open';
  const url = textOf(session, 'url') ?? '';
  const expiresAt = instant(session, 'expires_at');
  const isThere = URL.canParse(url) && new URL(url).origin === payOrigin;
  if (!isOurs || !isThere || expiresAt?.getTime() !== expiryOf(request).getTime()) return null;
  return { url, expiresAt };
}

/** When the session of a payment can have been made: nearly always at once, else until its lifetime is over. */
export function creationWindows(startedAt: Date): readonly { readonly gte: number; readonly lte: number }[] {
  const start = Math.floor(startedAt.getTime() / 1000);
  const margin = 300;
  const end = start + PAYMENT_LIFETIME_MINUTES * 60 + margin;
  return [
    { gte: start - margin, lte: start + margin },
    { gte: start + margin + 1, lte: end },
  ];
}

export function refundRequest(request: RefundRequest): Stripe.RefundCreateParams {
  return {
    payment_intent: request.gatewayTransactionId,
    amount: Number(request.amount.amountMinor),
    metadata: {
      merchant_id: request.account.merchantId,
      reference: request.merchantReference,
      refund_reference: request.refundReference,
    },
  };
}

export function refundReferenceOf(refund: JsonObject): string | null {
  return metadataOf(refund, 'refund_reference');
}

/** Whether a refund of Stripe's is the one asked about. */
export function isRefundOf(refund: JsonObject, request: RefundRequest): boolean {
  return (
    ownerOf(refund, request.account) === 'ours' &&
    metadataOf(refund, 'refund_reference') === request.refundReference &&
    textOf(refund, 'payment_intent') === request.gatewayTransactionId &&
    wholeNumber(refund, 'amount') === request.amount.amountMinor &&
    textOf(refund, 'currency') === request.amount.currency.toLowerCase()
  );
}

type Subject = 'session' | 'intent' | 'refund';

/**
 * The events that tell us something, and the most that each may mean; all others are irrelevant.
 *
 * A success is told by two events; both name the payment intent, so it counts once. A failed attempt is not the end:
 * the payer may try again in the session. Disputes are worked on at Stripe and show in its reports.
 * Source: docs.stripe.com/api/events/types, read 2026-11-25.
 */
export const EVENTS: Readonly<Record<string, { readonly subject: Subject; readonly tells: Meaning }>> = {
  'checkout.session.completed': { subject: 'session', tells: 'approved' },
  'checkout.session.async_payment_succeeded': { subject: 'session', tells: 'approved' },
  'checkout.session.async_payment_failed': { subject: 'session', tells: 'declined' },
  'checkout.session.expired': { subject: 'session', tells: 'declined' },
  'payment_intent.succeeded': { subject: 'intent', tells: 'approved' },
  'payment_intent.processing': { subject: 'intent', tells: 'undecided' },
  'payment_intent.requires_action': { subject: 'intent', tells: 'undecided' },
  'payment_intent.payment_failed': { subject: 'intent', tells: 'undecided' },
  'payment_intent.canceled': { subject: 'intent', tells: 'undecided' },
  'refund.created': { subject: 'refund', tells: 'approved' },
  'refund.updated': { subject: 'refund', tells: 'approved' },
  'refund.failed': { subject: 'refund', tells: 'declined' },
};

/** Verifies and reads one event. One for another merchant, or of the other mode, is as good as forged. */
export function readCallback(
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): CallbackReading {
  if (message.method !== 'POST') return { kind: 'rejected', why: 'malformed' };
  const verdict = verifySigned(message, account, receivedAt);
  if (verdict !== 'genuine') return { kind: 'rejected', why: verdict };
  const event = readGatewayObject(message.body);
  if (!event || textOf(event, 'object') !== 'event') return { kind: 'rejected', why: 'malformed' };
  if (!isForAccount(event, account)) return { kind: 'rejected', why: 'bad_signature' };
  const object = objectOf(event);
  if (!object) return { kind: 'rejected', why: 'malformed' };
  const owner = ownerOf(object, account);
  if (owner === 'not_ours') return { kind: 'rejected', why: 'bad_signature' };
  const item = readEvent(event, object, owner === 'ours');
  return item ? { kind: 'read', items: [item] } : { kind: 'rejected', why: 'malformed' };
}

/** Events of a connected account name it; test keys go with test events. */
function isForAccount(event: JsonObject, { merchantId, secrets }: MerchantAccount): boolean {
  const told = event.get('account');
  if (told !== undefined && told !== null && told !== merchantId) return false;
  const mode = event.get('livemode') === true ? 'live' : event.get('livemode') === false ? 'test' : null;
  return (
    mode !== null &&
    secrets.some(({ apiKey = '' }) => apiKey.startsWith(`sk_${mode}_`) || apiKey.startsWith(`rk_${mode}_`))
  );
}

function objectOf(event: JsonObject): JsonObject | null {
  const envelope = event.get('data');
  const object = isJsonObject(envelope) ? envelope.get('object') : undefined;
  return isJsonObject(object) ? object : null;
}

function readEvent(event: JsonObject, object: JsonObject, isOurs: boolean): CallbackItem | null {
  const type = textOf(event, 'type');
  const createdAt = instant(event, 'created');
  if (type === null || !createdAt) return null;
  const row = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
  // The account may serve others than us, and people make refunds by hand.
  if (!row || !isOurs) return { kind: 'irrelevant', what: printable(type) };
  if (row.subject === 'refund') return refundItem(object, row.tells);
  const merchantReference = row.subject === 'session' ? referenceOfSession(object) : ourReference(object);
  const told = row.subject === 'session' ? readSession(object, createdAt) : readIntent(object, createdAt);
  if (!merchantReference || !told) return null;
  return { kind: 'payment', merchantReference, outcome: asTold(type, row.tells, told) };
}

function ourReference(object: JsonObject): string | null {
  const told = metadataOf(object, 'reference');
  return told !== null && /^[A-Za-z0-9_-]{1,40}$/.test(told) ? told : null;
}

/** Event and object must say the same; what they say differently is pending. */
function asTold(type: string, tells: Meaning, told: GatewayOutcome): GatewayOutcome {
  const isRefused = type === 'checkout.session.async_payment_failed';
  if (isRefused && told.kind === 'pending' && told.gatewayCode === 'complete/unpaid')
    return { kind: 'failed', gatewayCode: ASYNC_PAYMENT_FAILED };
  const allowed = told.kind === 'succeeded' ? 'approved' : told.kind === 'failed' ? 'declined' : tells;
  const isAgreed = allowed === tells && !(isRefused && told.kind === 'failed');
  return isAgreed ? told : { kind: 'pending', gatewayCode: printable(`${type}/${told.kind}`) };
}

function refundItem(refund: JsonObject, tells: Meaning): CallbackItem | null {
  const refundReference = metadataOf(refund, 'refund_reference');
  if (refundReference === null) return { kind: 'irrelevant', what: 'refund' };
  const outcome = readRefund(refund);
  if (!outcome || !/^[A-Za-z0-9_-]{1,40}$/.test(refundReference)) return null;
  const isContradiction = tells === 'declined' && outcome.kind === 'succeeded';
  return {
    kind: 'refund',
    refundReference,
    outcome: isContradiction ? { kind: 'pending', gatewayCode: 'refund.failed/succeeded' } : outcome,
  };
}

/** Stripe repeats an event for three days until it reads a 2xx (docs.stripe.com/webhooks#retries, read 2026-11-25). */
export function acknowledgement(result: CallbackResult): RawReply {
  return {
    status: ACKNOWLEDGEMENT_STATUS[result],
    contentType: 'application/json',
    body: JSON.stringify({ result }),
  };
}

const ACKNOWLEDGEMENT_STATUS: Readonly<Record<CallbackResult, number>> = {
  recorded: 200,
  already_recorded: 200,
  amount_differs: 200, // Kept and being looked into; sending it again would tell us nothing new.
  rejected: 400, // As Stripe's own examples answer a signature that does not verify.
  unknown_payment: 404, // It may come before our own commit: Stripe is to send it again.
  try_again: 503,
};

/** `ST`, the day in Viet Nam, the number in base 36 and twelve digits nobody can guess: at most 33 characters. */
export function merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string {
  return datedReference('ST', { number: paymentNumber, startedAt, nonce }, 12);
}
