/** The visit to an order's link: show what is due, or start a payment of exactly what was shown. */
import { z } from 'zod';
import { parsePublicId } from '../domain/kernel/ids.ts';
import { compare, money, subtract, type Money } from '../domain/kernel/money.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { dayOf } from '../domain/kernel/time.ts';
import { linesDueOn } from '../domain/orders/payment-order.ts';
import { isUndecided } from '../domain/payments/payment-lifecycle.ts';
import { startPayment, type StartedPayment } from '../features/payments/start-payment.ts';
import { decodeForm, type FormFault } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import type { PageContext } from '../web/page.tsx';
import {
  addressOf,
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
  situationOfOrder,
  unpaidMoney,
  type OrderFacts,
} from './checkout-facts.ts';
import type { OrderTarget } from './checkout-link.ts';
import { continueAtGateway } from './hand-off-visit.ts';
import { orderPage, METHOD_FIELD, whyNot } from './order-page.tsx';
import { orderStatePage } from './order-states-page.tsx';
import { lineView, reasonOf, totalOf } from './order-reading.ts';
import type { MethodView, OrderView } from './order-view.ts';
import { isHidden, payerPath } from './payer-visit.ts';
import { gatewayName, methodsFor } from './payment-methods.ts';

export async function showOrder(deps: CheckoutDeps, visit: Visit, target: OrderTarget): Promise<Answer> {
  const facts = await readOrderFacts(deps, target);
  if (!facts) return NOT_FOUND;
  if (facts.isPublic && !isHidden(deps, visit, facts)) {
    return seeOther(orderPath(deps, { ...facts, isPublic: false }));
  }
  const situation = situationOfOrder(facts);
  const { agency, lookupCode } = facts;
  switch (situation.kind) {
    case 'payable':
      return await orderAnswer(deps, visit, facts, {});
    case 'payment':
      return seeOther(paymentPath(deps, situation.paymentId, facts));
    case 'withdrawn':
    case 'expired':
      return pageAnswer(
        orderStatePage({ agency, lookupCode, state: situation, money: unpaidMoney(deps, facts) }, visit.page),
      );
  }
}

interface Shown {
  readonly faults?: readonly FormFault[];
  readonly selectedMethod?: string | null;
  /** The method that was chosen and could not be had. */
  readonly refused?: { readonly method: string; readonly reason: string };
  /** What the visitor saw before, when it is no longer what is due. */
  readonly before?: Money;
}

async function orderAnswer(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  facts: OrderFacts,
  shown: Shown,
): Promise<Answer> {
  const { order } = facts;
  const today = dayOf(facts.now, deps.timeZone);
  const due = linesDueOn(order.lines, today);
  const total = totalOf(due, order);
  const { selectedMethod = null, before, refused } = shown;
  const methods = await methodsFor(deps, order.agencyId, total, page.locale);
  const faults = refused ? [refusalFault(refused, methods, page)] : (shown.faults ?? []);
  const view: OrderView = {
    lookupCode: facts.lookupCode,
    agency: facts.agency,
    total,
    lines: due.map(lineView),
    money: unpaidMoney(deps, facts),
    transactionFee: money(0n, order.currency),
    reason: await reasonOf(deps, facts),
    payer: { name: order.payer.name ?? '', identityNumber: order.payer.identityNumber },
    payerHref: facts.isPublic ? payerPath(orderPath(deps, facts)) : null,
    methods,
    selectedMethod,
    form: {
      action: orderPath(deps, facts),
      csrfToken: deps.csrf.tokenFor(request, response),
      idempotencyKey: String(facts.attempts.length),
    },
    faults,
    amountChange:
      before === undefined || compare(before, total) === 0
        ? null
        : {
            added: subtract(total, before),
            daysLate: Math.max(0, ...due.map(({ interest }) => interest?.days ?? 0)),
          },
    backHref: '/pay',
  };
  return pageAnswer(orderPage(view, page), faults.length > 0 ? 422 : before ? 409 : 200);
}

const payForm = z.object({
  method: z.string().max(40).optional(),
  amount: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(BigInt)
    .optional()
    .catch(undefined),
  idempotency_key: z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .optional()
    .catch(undefined),
});

/** Starts the payment that the form asked for; whoever sends the same form again lands on the same attempt. */
export async function payOrder(deps: CheckoutDeps, visit: Visit, target: OrderTarget): Promise<Answer> {
  const facts = await readOrderFacts(deps, target);
  if (!facts) return NOT_FOUND;
  const form = decodeForm(payForm, visit.request.body);
  const sent = form.kind === 'decoded' ? form.value : {};
  const texts = messagesFor(visit.page.locale).order;
  const method = sent.method ?? '';
  const earlier = attemptOfSameForm(facts, sent.idempotency_key);
  if (earlier) return seeOther(paymentPath(deps, earlier.id, facts));
  if (deps.start.gateways.get(method) === null || sent.amount === undefined) {
    if (situationOfOrder(facts).kind !== 'payable') return seeOther(orderPath(deps, facts));
    const faults = [{ field: METHOD_FIELD, message: texts.chooseMethod }];
    return await orderAnswer(deps, visit, facts, { faults });
  }
  const expected = money(sent.amount, facts.order.currency);
  try {
    const started = await startPayment(deps.start, {
      orders: [{ agencyId: target.agencyId, id: target.id }],
      gateway: method,
      locale: visit.page.locale,
      payerIp: addressOf(visit.request),
      expected,
    });
    return await goOn(deps, visit, facts, { started, expected, method });
  } catch (error) {
    return await answerRefusal(deps, visit, facts, { error, method });
  }
}

/**
 * The decided attempt that this very form began, or another tab's of the same page: the form carries how many attempts
 * there were when it was shown. A living attempt is found by the use case.
 */
function attemptOfSameForm({ attempts }: OrderFacts, shownAttempts: number | undefined) {
  const newest = attempts.at(-1);
  if (!newest || shownAttempts === undefined || attempts.length <= shownAttempts) return null;
  return isUndecided(newest.state) ? null : newest;
}

async function goOn(
  deps: CheckoutDeps,
  visit: Visit,
  facts: OrderFacts,
  { started, expected, method }: { started: StartedPayment; expected: Money; method: string },
): Promise<Answer> {
  switch (started.kind) {
    case 'amount_changed':
      return await orderAnswer(
        deps,
        visit,
        { ...facts, now: deps.clock.now() },
        { before: expected, selectedMethod: method },
      );
    case 'answer_lost':
      return seeOther(paymentPath(deps, started.paymentId, facts));
    case 'handed_off':
      return continueAtGateway(deps, visit, {
        id: started.paymentId,
        isPublic: facts.isPublic,
        gateway: method,
        handOff: started.handOff,
      });
  }
}

async function answerRefusal(
  deps: CheckoutDeps,
  visit: Visit,
  facts: OrderFacts,
  { error, method }: { error: unknown; method: string },
): Promise<Answer> {
  if (!(error instanceof Refusal)) throw error;
  const { code } = error;
  if (code === 'payment-order.payment-in-flight') {
    const living = parsePublicId('pay', String(error.facts['payment_id']));
    return seeOther(living ? paymentPath(deps, living, facts) : orderPath(deps, facts));
  }
  if (code === 'payment-order.not-open') return seeOther(orderPath(deps, facts));
  if (code === 'payment.gateway-not-available' || code === 'payment.amount-outside-gateway') {
    return await orderAnswer(deps, visit, facts, {
      refused: { method, reason: String(error.facts['reason']) },
    });
  }
  throw error;
}

/** Why the method that was chosen is not to be had: what the page itself says of it, or what the start was told. */
function refusalFault(
  { method, reason }: NonNullable<Shown['refused']>,
  methods: readonly MethodView[],
  page: PageContext,
): FormFault {
  const name = gatewayName(method, page.locale);
  const shown = methods.find(({ code }) => code === method);
  const texts = messagesFor(page.locale).method;
  const told = shown && whyNot(shown.availability, name, page);
  const why = told ?? (reason === 'failing' ? texts.failing(name) : texts.unavailable(name));
  return { field: METHOD_FIELD, message: `${why} ${texts.chooseOther}` };
}
