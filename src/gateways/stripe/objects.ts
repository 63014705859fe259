/** Pure: Stripe's sessions, payment intents and refunds → outcomes. Knows neither who told of them nor how. */
import { isCurrency, MAX_AMOUNT_MINOR, type Money } from '../../domain/kernel/money.ts';
import type { FailureReason } from '../../domain/payments/failure-reason.ts';
import { digitsOf, isJsonObject, textOf, type JsonObject } from '../../platform/gateway-json.ts';
import { printable } from '../fields.ts';
import type { GatewayOutcome, MerchantAccount, RefundOutcome } from '../gateway-adapter.ts';

export type Meaning = 'approved' | 'declined' | 'undecided';

/**
 * `status/payment_status` of a Checkout Session; what is not here is pending.
 * Source: docs.stripe.com/api/checkout/sessions/object, API 2026-10-28, read 2026-11-25.
 */
export const SESSION_STATES: Readonly<Record<string, Meaning>> = {
  'open/unpaid': 'undecided',
  // A delayed method: the money is on its way, or the bank refused it later.
  'complete/unpaid': 'undecided',
  'complete/paid': 'approved',
  // An expired session cannot be paid any more, nor opened again.
  'expired/unpaid': 'declined',
};

/**
 * `status` of a PaymentIntent. None is definitive against us: while its session is open the payer may try another
 * card, and a cancelled one is told by its session.
 * Source: docs.stripe.com/payments/paymentintents/lifecycle, read 2026-11-25.
 */
export const INTENT_STATES: Readonly<Record<string, Meaning>> = {
  requires_payment_method: 'undecided',
  requires_confirmation: 'undecided',
  requires_action: 'undecided',
  processing: 'undecided',
  requires_capture: 'undecided',
  canceled: 'undecided',
  succeeded: 'approved',
};

/** `status` of a Refund. Source: docs.stripe.com/api/refunds/object, read 2026-11-25. */
export const REFUND_STATES: Readonly<Record<string, Meaning>> = {
  pending: 'undecided',
  requires_action: 'undecided',
  succeeded: 'approved',
  failed: 'declined',
  canceled: 'declined',
};

/** Our words for what Stripe tells by an event or a pair of states; they are the codes of a failure. */
export const EXPIRED = 'expired';
export const ASYNC_PAYMENT_FAILED = 'async_payment_failed';

export const FAILURE_REASONS = {
  [EXPIRED]: 'page_expired',
  [ASYNC_PAYMENT_FAILED]: 'declined',
} as const satisfies Readonly<Record<string, FailureReason>>;

/** Whose an object is: we write who we are into the metadata of all that we make. */
export function ownerOf(object: JsonObject, account: MerchantAccount): 'ours' | 'not_ours' | 'nobodys' {
  const merchantId = metadataOf(object, 'merchant_id');
  if (merchantId === null) return 'nobodys';
  return merchantId === account.merchantId ? 'ours' : 'not_ours';
}

/** Our reference as a session tells it, the same in both places where we wrote it; null otherwise. */
export function referenceOfSession(session: JsonObject): string | null {
  const told = identifier(session, 'client_reference_id');
  return told !== null && metadataOf(session, 'reference') === told ? told : null;
}

/** What a session tells of a payment; `paidAt` is whatever time its teller names. Null: it cannot be read. */
export function readSession(session: JsonObject, paidAt: Date): GatewayOutcome | null {
  const [status, paid] = [textOf(session, 'status'), textOf(session, 'payment_status')];
  if (status === null || paid === null || textOf(session, 'mode') !== 'payment') return null;
  const state = `${status}/${paid}`;
  const meaning = meaningOf(SESSION_STATES, state);
  if (meaning === 'declined') return { kind: 'failed', gatewayCode: EXPIRED };
  if (meaning !== 'approved') return { kind: 'pending', gatewayCode: printable(state) };
  return succeeded({
    amount: wholeNumber(session, 'amount_total'),
    currency: textOf(session, 'currency'),
    intentId: identifier(session, 'payment_intent'),
    paidAt,
  });
}

/** What a payment intent tells of a payment, in the same words as its session. */
export function readIntent(intent: JsonObject, paidAt: Date): GatewayOutcome | null {
  const status = textOf(intent, 'status');
  if (status === null) return null;
  if (meaningOf(INTENT_STATES, status) !== 'approved') {
    return { kind: 'pending', gatewayCode: printable(refusalOf(intent) ?? status) };
  }
  return succeeded({
    amount: wholeNumber(intent, 'amount_received'),
    currency: textOf(intent, 'currency'),
    intentId: identifier(intent, 'id'),
    paidAt,
  });
}

/**
 * What a session tells with its intent and the intent's newest charge expanded. The charge's time is when the payer
 * paid; what the two say differently is pending.
 */
export function readWholeSession(session: JsonObject): GatewayOutcome | null {
  const intent = session.get('payment_intent');
  if (!isJsonObject(intent)) {
    const alone = readSession(session, new Date(0));
    return alone?.kind === 'succeeded' ? null : alone;
  }
  const charge = intent.get('latest_charge');
  const chargedAt = isJsonObject(charge) ? instant(charge, 'created') : null;
  const state = `${textOf(session, 'status') ?? ''}/${textOf(session, 'payment_status') ?? ''}`;
  const fromIntent = readIntent(intent, chargedAt ?? new Date(0));
  if (fromIntent?.kind === 'succeeded') {
    if (meaningOf(SESSION_STATES, state) !== 'approved')
      return { kind: 'pending', gatewayCode: printable(`${state}/succeeded`) };
    return chargedAt === null ? null : fromIntent;
  }
  const status = textOf(intent, 'status');
  // The session is over and its intent was sent back for another method: the delayed payment was refused.
  if (state === 'complete/unpaid' && status === 'requires_payment_method' && refusalOf(intent) !== null)
    return { kind: 'failed', gatewayCode: ASYNC_PAYMENT_FAILED };
  if (state === 'expired/unpaid' && status !== 'canceled' && status !== 'requires_payment_method')
    return { kind: 'pending', gatewayCode: printable(`${state}/${status ?? ''}`) };
  return state === 'expired/unpaid' ? { kind: 'failed', gatewayCode: EXPIRED } : fromIntent;
}

/** What a refund tells. It has no time of its own but that of its making. */
export function readRefund(refund: JsonObject): RefundOutcome | null {
  const status = textOf(refund, 'status');
  const gatewayRefundId = identifier(refund, 'id');
  const refundedAt = instant(refund, 'created');
  if (status === null || !gatewayRefundId || !refundedAt) return null;
  const meaning = meaningOf(REFUND_STATES, status);
  if (meaning === 'approved') return { kind: 'succeeded', gatewayRefundId, refundedAt };
  const gatewayCode = printable(textOf(refund, 'failure_reason') ?? status);
  return { kind: meaning === 'declined' ? 'failed' : 'pending', gatewayCode };
}

function succeeded(told: {
  readonly amount: bigint | null;
  readonly currency: string | null;
  readonly intentId: string | null;
  readonly paidAt: Date;
}): GatewayOutcome | null {
  const { amount: amountMinor, currency, intentId: gatewayTransactionId, paidAt } = told;
  if (amountMinor === null || !gatewayTransactionId || !/^[a-z]{3}$/.test(currency ?? '')) return null;
  const amount = moneyOf(amountMinor, currency ?? '');
  if (!amount) return { kind: 'pending', gatewayCode: `currency/${currency ?? ''}` };
  return { kind: 'succeeded', amount, gatewayTransactionId, paidAt };
}

/** Stripe counts in the smallest unit, as we do; the dong has none (docs.stripe.com/currencies#zero-decimal). */
export function moneyOf(amountMinor: bigint, currency: string): Money | null {
  const code = currency.toUpperCase();
  return isCurrency(code) && amountMinor <= MAX_AMOUNT_MINOR ? { amountMinor, currency: code } : null;
}

function refusalOf(intent: JsonObject): string | null {
  const error = intent.get('last_payment_error');
  return isJsonObject(error) ? (textOf(error, 'decline_code') ?? textOf(error, 'code')) : null;
}

function meaningOf(states: Readonly<Record<string, Meaning>>, state: string): Meaning | undefined {
  return Object.hasOwn(states, state) ? states[state] : undefined;
}

export function metadataOf(object: JsonObject, key: string): string | null {
  const metadata = object.get('metadata');
  return isJsonObject(metadata) ? textOf(metadata, key) : null;
}

/** An identifier as it may stand in a log, a page and a unique key. */
export function identifier(members: JsonObject, key: string): string | null {
  const value = textOf(members, key);
  return value !== null && /^[A-Za-z0-9._:-]{1,255}$/.test(value) ? value : null;
}

/** A JSON number in plain digits; an exponent, a sign or a fraction is nothing we may guess at. */
export function wholeNumber(members: JsonObject, key: string): bigint | null {
  const digits = digitsOf(members, key) ?? '';
  return /^(0|[1-9]\d{0,15})$/.test(digits) ? BigInt(digits) : null;
}

/** Seconds since 1970. */
export function instant(members: JsonObject, key: string): Date | null {
  const seconds = wholeNumber(members, key);
  return seconds !== null && seconds > 0n && seconds < 100_000_000_000n
    ? new Date(Number(seconds) * 1000)
    : null;
}
