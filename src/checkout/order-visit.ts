/** The visit to an order's link: show what is due, or start a payment of exactly what was shown. */
import { z } from 'zod';
import { parsePublicId } from '../domain/kernel/ids.ts';
import { compare, money, subtract, type Money } from '../domain/kernel/money.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { dayOf, daysBetween, type Day } from '../domain/kernel/time.ts';
import {
  LATE_INTEREST,
  linesDueOn,
  type DueLine,
  type PaymentOrder,
} from '../domain/orders/payment-order.ts';
import { isUndecided } from '../domain/payments/payment-lifecycle.ts';
import { findBeneficiaries } from '../features/agencies/agency-store.ts';
import { startPayment, type StartedPayment } from '../features/payments/start-payment.ts';
import { decodeForm, type FormFault } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import { sendPage } from '../web/request-context.ts';
import { addressOf, seeOther, sendNotFound, type CheckoutDeps, type Visit } from './checkout-deps.ts';
import {
  orderPath,
  paymentPath,
  readOrderFacts,
  situationOfOrder,
  type OrderFacts,
} from './checkout-facts.ts';
import { continueAtGateway } from './hand-off-visit.ts';
import { orderPage, METHOD_FIELD } from './order-page.tsx';
import { orderStatePage } from './order-states-page.tsx';
import type { ObligationTypeCode, OrderLineView, OrderReason, OrderView } from './order-view.ts';
import { methodsFor } from './payment-methods.ts';

type OrderKey = Pick<PaymentOrder, 'agencyId' | 'id'>;

export async function showOrder(deps: CheckoutDeps, visit: Visit, key: OrderKey): Promise<void> {
  const facts = await readOrderFacts(deps, key);
  if (!facts) return sendNotFound(deps, visit.request, visit.response);
  const situation = situationOfOrder(facts);
  const { agency, lookupCode } = facts;
  switch (situation.kind) {
    case 'payable':
      return await sendOrderPage(deps, visit, facts, {});
    case 'payment':
      return seeOther(visit.response, paymentPath(deps, situation.paymentId));
    case 'withdrawn':
    case 'expired':
      return sendPage(visit.response, orderStatePage({ agency, lookupCode, state: situation }, visit.page));
  }
}

interface Shown {
  readonly faults?: readonly FormFault[];
  readonly selectedMethod?: string | null;
  /** What the visitor saw before, when it is no longer what is due. */
  readonly before?: Money;
}

async function sendOrderPage(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  facts: OrderFacts,
  shown: Shown,
): Promise<void> {
  const { order } = facts;
  const today = dayOf(facts.now, deps.timeZone);
  const due = linesDueOn(order.lines, today);
  const total = totalOf(due, order);
  const { faults = [], selectedMethod = null, before } = shown;
  const view: OrderView = {
    lookupCode: facts.lookupCode,
    agency: facts.agency,
    total,
    lines: due.map(lineView),
    transactionFee: money(0n, order.currency),
    reason: await reasonOf(deps, order, today),
    payer: { name: order.payer.name ?? '', identityNumber: order.payer.identityNumber },
    methods: await methodsFor(deps, order.agencyId, total, page.locale),
    selectedMethod,
    form: {
      action: orderPath(deps, order),
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
  sendPage(response, orderPage(view, page), { status: faults.length > 0 ? 422 : before ? 409 : 200 });
}

function totalOf(due: readonly DueLine[], { currency }: PaymentOrder): Money {
  return money(
    due.reduce((total, { amount }) => total + amount.amountMinor, 0n),
    currency,
  );
}

const TYPES: ReadonlySet<string> = new Set(Object.keys(messagesFor('vi').order.kind));

function lineView({ kind, line, amount, interest }: DueLine): OrderLineView {
  return {
    // A type added as a row after this version was built is shown by the agency's own words.
    type: (TYPES.has(kind) ? kind : 'other') as ObligationTypeCode,
    description: kind === LATE_INTEREST ? null : line.description,
    amount,
    lateInterest: interest && {
      base: interest.base,
      ratePerDayPpm: interest.ratePerDayPpm,
      days: interest.days,
    },
  };
}

async function reasonOf(deps: CheckoutDeps, order: PaymentOrder, today: Day): Promise<OrderReason> {
  const accounts = await findBeneficiaries(deps.db, order.agencyId);
  const used = accounts.filter(({ code }) => order.lines.some((line) => line.beneficiaryCode === code));
  const decision = order.lines.find((line) => line.decision !== null)?.decision ?? null;
  const payBy = order.lines.flatMap((line) => line.payBy ?? []).sort()[0];
  const on = payBy ?? dayOf(order.expiresAt, deps.timeZone);
  return {
    offence: null,
    procedureName: order.procedureCode,
    dossierCode: order.dossierCode,
    decision: decision && { number: decision.number, issuedOn: decision.issuedOn, documentHref: null },
    paidInto: used.map(({ name }) => name).join('; '),
    due: { on, daysLeft: daysBetween(today, on) },
  };
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
export async function payOrder(deps: CheckoutDeps, visit: Visit, key: OrderKey): Promise<void> {
  const facts = await readOrderFacts(deps, key);
  if (!facts) return sendNotFound(deps, visit.request, visit.response);
  const form = decodeForm(payForm, visit.request.body);
  const sent = form.kind === 'decoded' ? form.value : {};
  const texts = messagesFor(visit.page.locale).order;
  const method = sent.method ?? '';
  const earlier = attemptOfSameForm(facts, sent.idempotency_key);
  if (earlier) return seeOther(visit.response, paymentPath(deps, earlier.id));
  if (deps.start.gateways.get(method) === null || sent.amount === undefined) {
    if (situationOfOrder(facts).kind !== 'payable') return seeOther(visit.response, orderPath(deps, key));
    const faults = [{ field: METHOD_FIELD, message: texts.chooseMethod }];
    return await sendOrderPage(deps, visit, facts, { faults });
  }
  const expected = money(sent.amount, facts.order.currency);
  try {
    const started = await startPayment(deps.start, {
      orders: [{ agencyId: key.agencyId, id: key.id }],
      gateway: method,
      locale: visit.page.locale,
      payerIp: addressOf(visit.request),
      expected,
    });
    await goOn(deps, visit, facts, { started, expected, method });
  } catch (error) {
    await answerRefusal(deps, visit, facts, { error, method });
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
): Promise<void> {
  switch (started.kind) {
    case 'amount_changed':
      return await sendOrderPage(
        deps,
        visit,
        { ...facts, now: deps.clock.now() },
        { before: expected, selectedMethod: method },
      );
    case 'answer_lost':
      return seeOther(visit.response, paymentPath(deps, started.paymentId));
    case 'handed_off':
      return continueAtGateway(deps, visit, {
        id: started.paymentId,
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
): Promise<void> {
  if (!(error instanceof Refusal)) throw error;
  switch (error.code) {
    case 'payment-order.payment-in-flight': {
      const living = parsePublicId('pay', String(error.facts['payment_id']));
      return seeOther(visit.response, living ? paymentPath(deps, living) : orderPath(deps, facts.order));
    }
    case 'payment-order.not-open':
      return seeOther(visit.response, orderPath(deps, facts.order));
    case 'payment.gateway-not-available':
    case 'payment.amount-outside-gateway': {
      const { locale } = visit.page;
      const methods = await methodsFor(
        deps,
        facts.order.agencyId,
        totalOf(linesDueOn(facts.order.lines, dayOf(facts.now, deps.timeZone)), facts.order),
        locale,
      );
      const name = methods.find(({ code }) => code === method)?.name ?? method;
      const message = messagesFor(locale).method.unavailable(name);
      return await sendOrderPage(deps, visit, facts, { faults: [{ field: METHOD_FIELD, message }] });
    }
    default:
      throw error;
  }
}
