/** The visit in which somebody who came by a number on paper shows that they know the payer, and gets the payer's pages. */
import { proofAskedOf, provesPayer } from '../domain/orders/payer-proof.ts';
import { textFields } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import {
  limitedAnswer,
  NOT_FOUND,
  pageAnswer,
  seeOther,
  type Answer,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import {
  orderPath,
  paymentPath,
  readOrderFacts,
  readPaymentFacts,
  type OrderFacts,
} from './checkout-facts.ts';
import type { PayTarget } from './checkout-link.ts';
import { knowsOrder, rememberOrder } from './known-orders.ts';
import { payerPage, PROOF_FIELD } from './payer-page.tsx';

const MAX_TYPED = 20;

export async function showPayer(deps: CheckoutDeps, visit: Visit, target: PayTarget): Promise<Answer> {
  const facts = await factsOf(deps, target);
  if (!facts) return NOT_FOUND;
  if (!isHidden(deps, visit, facts)) return seeOther(pathOf(deps, target, { ...facts, isPublic: false }));
  return payerAnswer(deps, visit, { target, facts }, { typed: '', fault: null });
}

/** Tries are counted for each order: whoever guesses has no use for many addresses. */
export async function provePayer(deps: CheckoutDeps, visit: Visit, target: PayTarget): Promise<Answer> {
  const facts = await factsOf(deps, target);
  if (!facts) return NOT_FOUND;
  const { request, response, page } = visit;
  const { order } = facts;
  const texts = messagesFor(page.locale).prove;
  const typed = (textFields(request.body)[PROOF_FIELD] ?? '').slice(0, MAX_TYPED);
  const again = (fault: string) => payerAnswer(deps, visit, { target, facts }, { typed, fault });
  if (typed === '') return again(texts.errEmpty);
  const decision = await deps.proofLimiter.consume(`${String(order.agencyId)}:${order.id}`);
  if (!decision.ok) return limitedAnswer(decision);
  if (!provesPayer(order.payer, typed)) return again(texts.errWrong);
  rememberOrder(deps, request, response, order);
  return seeOther(pathOf(deps, target, { ...facts, isPublic: false }));
}

/** Whether these facts were come to by a public link, in a browser that never had the payer's. */
export function isHidden(deps: CheckoutDeps, { request }: Visit, { isPublic, order }: OrderFacts): boolean {
  return isPublic && !knowsOrder(deps, request, order);
}

function payerAnswer(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  { target, facts }: { readonly target: PayTarget; readonly facts: OrderFacts },
  { typed, fault }: { readonly typed: string; readonly fault: string | null },
): Answer {
  const own = pathOf(deps, target, facts);
  const view = {
    asks: proofAskedOf(facts.order.payer),
    typed,
    faults: fault === null ? [] : [{ field: PROOF_FIELD, message: fault }],
    form: { action: payerPath(own), csrfToken: deps.csrf.tokenFor(request, response) },
    backHref: own,
  };
  return pageAnswer(payerPage(view, page), fault === null ? 200 : 422);
}

/** Where the end of the payer's number is asked for, beside the page it opens. */
export function payerPath(path: string): string {
  return `${path}/payer`;
}

function factsOf(deps: CheckoutDeps, target: PayTarget): Promise<OrderFacts | null> {
  return target.kind === 'order' ? readOrderFacts(deps, target) : readPaymentFacts(deps, target);
}

function pathOf(deps: CheckoutDeps, target: PayTarget, facts: OrderFacts): string {
  return target.kind === 'order' ? orderPath(deps, facts) : paymentPath(deps, target.id, facts);
}
