/** Stripe's objects as its documents show them, drawn from the kit's book. Source: docs.stripe.com/api, read 2026-11-25. */
import { createHash } from 'node:crypto';
import type { PaymentNews, PeerCharge, PeerPayment, PeerRefund, RefundNews } from '../peer/peer-types.ts';

/** The account of whoever calls here, its key, and the secret of its webhook endpoint. */
export interface StripeAccount {
  readonly id: string;
  readonly secretKey: string;
  readonly webhookSecret: string;
}

export const API_VERSION = '2026-10-28.endive';
/** What a payer's choice may be here. The first two end a payment; after the others the payer may try again. */
export const EXPIRED = 'expired';
export const ASYNC_FAILED = 'async_payment_failed';
export const UNKNOWN = 'surprising';
export const PROCESSING = 'processing';

export type StripeObject = Readonly<Record<string, unknown>>;

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);
const metadataOf = (details: Readonly<Record<string, string>>): StripeObject =>
  JSON.parse(details['metadata'] ?? '{}') as StripeObject;

export const sessionId = ({ id }: PeerPayment): string => `cs_test_${id}`;
export const paymentIdOf = (session: string): string => session.replace(/^cs_test_/, '');

interface States {
  readonly status: 'open' | 'complete' | 'expired';
  readonly paymentStatus: string;
  /** Of the payment intent; null while nobody tried to pay. */
  readonly intent: string | null;
}

function statesOf(payment: PeerPayment, charge: PeerCharge | null, code: string | null, now: Date): States {
  if (charge) return { status: 'complete', paymentStatus: 'paid', intent: 'succeeded' };
  if (code === PROCESSING) return { status: 'complete', paymentStatus: 'unpaid', intent: 'processing' };
  if (code === UNKNOWN) return { status: 'complete', paymentStatus: UNKNOWN, intent: 'processing' };
  if (code === ASYNC_FAILED)
    return { status: 'complete', paymentStatus: 'unpaid', intent: 'requires_payment_method' };
  const intent = code === null || code === EXPIRED ? null : 'requires_payment_method';
  const isOver = code === EXPIRED || now >= payment.expiresAt;
  return { status: isOver ? 'expired' : 'open', paymentStatus: 'unpaid', intent };
}

export interface Drawing {
  readonly payment: PeerPayment;
  readonly charge: PeerCharge | null;
  /** Why it was declined, or that it is being processed. */
  readonly code: string | null;
  readonly now: Date;
  readonly payUrl: string | null;
  /** Paths that the caller wants as objects: `payment_intent`, `payment_intent.latest_charge`. */
  readonly expand?: readonly string[];
  /** Another amount than is true, for messages that somebody altered. */
  readonly amount?: bigint;
}

export function sessionObject(drawing: Drawing): StripeObject {
  const { payment, charge, code, now, payUrl, expand = [] } = drawing;
  const states = statesOf(payment, charge, code, now);
  const wantsIntent = expand.some((path) => path.startsWith('payment_intent'));
  const intent = states.intent === null ? null : intentObject(drawing);
  return {
    id: sessionId(payment),
    object: 'checkout.session',
    amount_subtotal: payment.amount,
    amount_total: drawing.amount ?? charge?.amount ?? payment.amount,
    cancel_url: payment.details['cancel_url'] ?? null,
    client_reference_id: payment.reference,
    created: seconds(payment.createdAt),
    currency: 'vnd',
    expires_at: seconds(payment.expiresAt),
    livemode: false,
    locale: payment.locale,
    metadata: metadataOf(payment.details),
    mode: 'payment',
    payment_intent: wantsIntent ? intent : (intent?.['id'] ?? null),
    payment_status: states.paymentStatus,
    status: states.status,
    success_url: payment.returnUrl,
    url: states.status === 'open' ? payUrl : null,
  };
}

export function intentObject(drawing: Drawing): StripeObject {
  const { payment, charge, code, now, expand = [] } = drawing;
  const { intent } = statesOf(payment, charge, code, now);
  const isRefused = intent === 'requires_payment_method' && code !== null;
  const chargeObject = charge && {
    id: chargeId(charge),
    object: 'charge',
    amount: charge.amount,
    created: seconds(charge.chargedAt),
    paid: true,
    status: 'succeeded',
  };
  return {
    id: charge?.transactionId ?? `pi_none${payment.id}`,
    object: 'payment_intent',
    amount: charge?.amount ?? payment.amount,
    amount_received: charge ? (drawing.amount ?? charge.amount) : 0,
    created: seconds(payment.createdAt),
    currency: 'vnd',
    last_payment_error: isRefused ? { code: 'card_declined', decline_code: code, type: 'card_error' } : null,
    latest_charge: expand.includes('payment_intent.latest_charge')
      ? chargeObject
      : (chargeObject?.id ?? null),
    livemode: false,
    metadata: metadataOf({ metadata: payment.details['intent_metadata'] ?? '{}' }),
    status: intent ?? 'requires_payment_method',
  };
}

const chargeId = ({ transactionId }: PeerCharge): string => transactionId.replace(/^pi_/, 'ch_');

const REFUND_STATUS: Readonly<Record<PeerRefund['state'], string>> = {
  processing: 'pending',
  approved: 'succeeded',
  declined: 'failed',
};

export function refundObject(refund: PeerRefund, amount = refund.amount): StripeObject {
  return {
    id: refund.refundId.replace(/^pi_/, 're_'),
    object: 'refund',
    amount,
    charge: refund.transactionId.replace(/^pi_/, 'ch_'),
    created: seconds(refund.askedAt),
    currency: 'vnd',
    ...(refund.state === 'declined' ? { failure_reason: 'declined' } : {}),
    metadata: metadataOf(refund.details),
    payment_intent: refund.transactionId,
    reason: null,
    status: REFUND_STATUS[refund.state],
  };
}

/** Which event tells what. A success is told by either of two, as their order is nobody's promise. */
export function paymentEvent(news: PaymentNews, now: Date, amount?: bigint): StripeObject {
  const { payment, charge, code } = news;
  const drawing = { payment, charge, code, now, payUrl: null, ...(amount === undefined ? {} : { amount }) };
  const type = eventType(news);
  const object = type.startsWith('checkout.') ? sessionObject(drawing) : intentObject(drawing);
  return eventOf(type, object, charge?.chargedAt ?? now);
}

function eventType({ charge, code }: PaymentNews): string {
  if (charge) {
    const isEven = Number(charge.transactionId.at(-1)) % 2 === 0;
    return isEven ? 'checkout.session.completed' : 'payment_intent.succeeded';
  }
  const types: Readonly<Record<string, string>> = {
    [EXPIRED]: 'checkout.session.expired',
    [ASYNC_FAILED]: 'checkout.session.async_payment_failed',
    [UNKNOWN]: 'checkout.session.completed',
    [PROCESSING]: 'payment_intent.processing',
  };
  return types[code ?? ''] ?? 'payment_intent.payment_failed';
}

export function refundEvent({ refund }: RefundNews, now: Date, amount?: bigint): StripeObject {
  const type = refund.state === 'declined' ? 'refund.failed' : 'refund.updated';
  return eventOf(type, refundObject(refund, amount), refund.refundedAt ?? now);
}

/** The same news keeps its id and time however often it is sent. */
function eventOf(type: string, object: StripeObject, createdAt: Date): StripeObject {
  const name = createHash('sha256')
    .update(`${type} ${String(object['id'])} ${String(object['status'])}`)
    .digest('hex');
  return {
    id: `evt_${name.slice(0, 24)}`,
    object: 'event',
    api_version: API_VERSION,
    created: seconds(createdAt),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

/** JSON with amounts as the numbers they are. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? Number(member) : member,
  );
}
