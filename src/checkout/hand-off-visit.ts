/** From our page to the gateway's: at once where it is a redirect, by a page of ours where it is a form or a QR code. */
import type { PaymentId } from '../domain/kernel/ids.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { HandOff } from '../domain/payments/hand-off.ts';
import { isUndecided } from '../domain/payments/payment-lifecycle.ts';
import { findOrdersOfPayment, type PaymentOfOrder } from '../features/payments/payment-store.ts';
import { handOffForRest } from '../features/payments/rest-hand-off.ts';
import { startPayment } from '../features/payments/start-payment.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { qrPng } from '../web/qr-code.tsx';
import { contextOf } from '../web/request-context.ts';
import {
  addressOf,
  NOT_FOUND,
  pageAnswer,
  seeOther,
  type Answer,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import { orderPath, paymentPath, readPaymentFacts, type PaymentFacts } from './checkout-facts.ts';
import type { PaymentTarget } from './checkout-link.ts';
import { handOffPage } from './handoff-page.tsx';
import { gatewayName } from './payment-methods.ts';

interface HandedOff {
  readonly id: PaymentId;
  /** The payment was begun, or is gone on with, by a public link. */
  readonly isPublic: boolean;
  readonly gateway: string;
  readonly handOff: HandOff;
}

/** Sends the visitor on. A form or QR code has a page with an address of its own, so that a reload starts nothing. */
export function continueAtGateway(deps: CheckoutDeps, { request }: Visit, payment: HandedOff): Answer {
  const { id, handOff } = payment;
  if (handOff.kind !== 'redirect') return seeOther(`${paymentPath(deps, id, payment)}/bank`);
  if (isOfGateway(deps, payment.gateway, handOff.url)) return seeOther(handOff.url);
  contextOf(request).logger.error({ paymentId: id, gateway: payment.gateway }, 'checkout.hand-off-elsewhere');
  return seeOther(paymentPath(deps, id, payment));
}

/** The payment's hand-off once more, while it can still be approved: for whoever lost the gateway's page. */
export async function showHandOff(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  const found = await openHandOff(deps, visit, target);
  if (found.kind === 'none') return found.answer;
  const { facts, handOff, amount, received } = found;
  const { payment, isPublic } = facts;
  if (handOff.kind === 'redirect') {
    return continueAtGateway(deps, visit, { id: payment.id, isPublic, gateway: payment.gateway, handOff });
  }
  const own = paymentPath(deps, payment.id, facts);
  const view = {
    handOff,
    amount,
    ...(received === undefined ? {} : { received }),
    gatewayName: gatewayName(payment.gateway, visit.page.locale),
    lookupCode: facts.lookupCode,
    statusHref: own,
    imageHref: `${own}/qr.png`,
    backHref: orderPath(deps, facts),
    now: facts.now,
  };
  return pageAnswer(handOffPage(view, visit.page));
}

/** The code of a transfer as a picture, to be kept among the photos that banking apps read. */
export async function showQrImage(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  const found = await openHandOff(deps, visit, target);
  if (found.kind === 'none') return found.answer;
  const { handOff } = found;
  if (handOff.kind !== 'qr_transfer') return NOT_FOUND;
  const bytes = await qrPng(handOff.qrPayload);
  return { kind: 'png', bytes, fileName: `VietQR-${handOff.transferText}.png` };
}

type OpenHandOff =
  | {
      readonly kind: 'open';
      readonly facts: PaymentFacts;
      readonly handOff: HandOff;
      readonly amount: Money;
      /** What came before, when the hand-off asks for the rest of a short transfer. */
      readonly received?: Money;
    }
  | { readonly kind: 'none'; readonly answer: Answer };

/** The hand-off that can still be approved: the payment's own, or that for what is missing of a short transfer. */
async function openHandOff(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<OpenHandOff> {
  const facts = await readPaymentFacts(deps, target);
  if (!facts) return { kind: 'none', answer: NOT_FOUND };
  const { payment, situation } = facts;
  const none = { kind: 'none', answer: seeOther(paymentPath(deps, payment.id, facts)) } as const;
  if (situation.kind === 'amount_differs' && situation.restBy !== undefined) {
    const asked = { until: situation.restBy, locale: visit.page.locale, payerIp: addressOf(visit.request) };
    const again = await handOffForRest(deps.start, payment, asked);
    if (again === null) return none;
    return { kind: 'open', facts, handOff: again.handOff, amount: again.rest, received: again.received };
  }
  if (!canContinue(deps, payment)) return none;
  const handOff = payment.handOff ?? (await handOffAgain(deps, visit, payment));
  return handOff === null ? none : { kind: 'open', facts, handOff, amount: payment.amount };
}

/**
 * The gateway's answer was lost on the way to us: it is asked for once more, under the same reference, so that the
 * payer need not wait until the attempt lapses. Null when it is lost again, or something else came between.
 */
async function handOffAgain(
  deps: CheckoutDeps,
  { request, page }: Visit,
  payment: PaymentOfOrder,
): Promise<HandOff | null> {
  try {
    const started = await startPayment(deps.start, {
      orders: await findOrdersOfPayment(deps.db, payment.id),
      gateway: payment.gateway,
      locale: page.locale,
      payerIp: addressOf(request),
      expected: null,
    });
    return started.kind === 'handed_off' && started.paymentId === payment.id ? started.handOff : null;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** Whether the attempt can still be approved at its gateway. */
export function canContinue(
  deps: CheckoutDeps,
  { state, claim, gateway, handOff, lifetimeEndsAt }: PaymentOfOrder,
): boolean {
  if (!isUndecided(state) || claim !== 'reserved') return false;
  if (handOff === null) return state !== 'unknown' && lifetimeEndsAt > deps.clock.now();
  if (handOff.expiresAt <= deps.clock.now()) return false;
  return handOff.kind === 'qr_transfer' || isOfGateway(deps, gateway, handOff.url);
}

/** A gateway's answer decides where we send people, but only among the hosts that its profile names, and our own. */
function isOfGateway(deps: CheckoutDeps, gateway: string, url: string): boolean {
  const origins = deps.start.gateways.get(gateway)?.profile.formActionOrigins ?? [];
  const given = originOf(url);
  return given !== null && [deps.publicUrl, ...origins].some((origin) => originOf(origin) === given);
}

function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? origin : null;
}
