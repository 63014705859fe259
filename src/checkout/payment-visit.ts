/** The visit to a payment's link: where its money is by our own records, and one more question to its gateway. */
import type { PaymentId } from '../domain/kernel/ids.ts';
import { askNow } from '../features/payments/ask-gateway.ts';
import { findLastAskedAt, findPayment } from '../features/payments/payment-store.ts';
import { isUndecided } from '../domain/payments/payment-lifecycle.ts';
import { contextOf } from '../web/request-context.ts';
import {
  NOT_FOUND,
  pageAnswer,
  seeOther,
  type Answer,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import { orderPath, paymentPath, readPaymentFacts, type PaymentFacts } from './checkout-facts.ts';
import type { PaymentTarget } from './checkout-link.ts';
import { isHidden } from './payer-visit.ts';
import { payoutLinkOf } from './payout-visit.ts';
import { resultViewOf } from './result-reading.ts';
import { resultPage } from './result-page.tsx';
import { statusPage } from './status-page.tsx';
import { statusViewOf } from './status-reading.ts';

/** The citizen waits on the return page at most this long before it is shown as it is. */
const RETURN_WAIT_MS = 8_000;
const LOOK_AGAIN_MS = 500;
/** A question that a citizen waits for may take this long; the ladder's own have more patience. */
const ASK_MS = 6_000;

export async function showPayment(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  const { page } = visit;
  const facts = await readPaymentFacts(deps, target);
  if (!facts) return NOT_FOUND;
  if (facts.isPublic && !isHidden(deps, visit, facts)) {
    return seeOther(paymentPath(deps, target.id, { isPublic: false }));
  }
  const { situation } = facts;
  if (situation.kind === 'elsewhere') return seeOther(elsewhere(deps, facts));
  const payout = await payoutLinkOf(deps, facts);
  if (situation.kind === 'paid') {
    return pageAnswer(resultPage(await resultViewOf(deps, { ...facts, payout }, page.locale), page));
  }
  const lastCheckedAt = await findLastAskedAt(deps.db, target.id);
  const view = statusViewOf(deps, { ...facts, situation, lastCheckedAt, payout }, page.locale);
  return pageAnswer(statusPage(view, page));
}

/** The state word alone, for the page's own script; the page is loaded anew when it is no longer the one shown. */
export async function tellState(deps: CheckoutDeps, target: PaymentTarget): Promise<Answer> {
  const facts = await readPaymentFacts(deps, target);
  if (!facts) return NOT_FOUND;
  return { kind: 'state', state: facts.situation.kind };
}

/** Asks the gateway again, unless somebody just did, and comes back to the page. */
export async function checkAgain(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  await ask(deps, visit, target.id);
  return seeOther(samePage(deps, target));
}

/**
 * Back from the gateway. Our token found the payment; whatever parameters came with it look nothing up and change
 * nothing. We ask the gateway ourselves, give its callback some seconds to arrive, and show what we then know.
 */
export async function comeBack(
  deps: CheckoutDeps,
  visit: Visit,
  target: PaymentTarget & { readonly gateway: string },
): Promise<Answer> {
  const { id, gateway } = target;
  const payment = await findPayment(deps.db, id);
  if (payment?.gateway !== gateway) return NOT_FOUND;
  const began = performance.now();
  await ask(deps, visit, id);
  const asked = performance.now() - began;
  for (let waited = asked; waited < RETURN_WAIT_MS && !visit.response.destroyed; waited += LOOK_AGAIN_MS) {
    const seen = await findPayment(deps.db, id);
    if (!seen || !isUndecided(seen.state)) break;
    await deps.wait(LOOK_AGAIN_MS);
  }
  return seeOther(samePage(deps, target));
}

function samePage(deps: CheckoutDeps, { id, isPublic }: PaymentTarget): string {
  return paymentPath(deps, id, { isPublic: isPublic === true });
}

async function ask(deps: CheckoutDeps, { request }: Visit, id: PaymentId): Promise<void> {
  const patience = { ...deps.ask, gatewayTimeoutMs: Math.min(deps.ask.gatewayTimeoutMs, ASK_MS) };
  try {
    await askNow(patience, id);
  } catch (error) {
    // The page still says what we know; the ladder asks again.
    contextOf(request).logger.error({ err: error, paymentId: id }, 'checkout.not-asked');
  }
}

function elsewhere(deps: CheckoutDeps, facts: PaymentFacts): string {
  const { situation } = facts;
  return situation.kind === 'elsewhere' && situation.paymentId !== null
    ? paymentPath(deps, situation.paymentId, facts)
    : orderPath(deps, facts);
}
