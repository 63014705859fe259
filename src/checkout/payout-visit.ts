/** The visit in which a payer names the account that a refund goes to, when no gateway can send it back. */
import { sum, type Currency, type Money } from '../domain/kernel/money.ts';
import { readPayoutAccount, type PayoutAccount, type PayoutField } from '../domain/refunds/payout-account.ts';
import { givePayoutAccount, refundsToPayOut, type WaitingRefund } from '../features/refunds/payouts.ts';
import { textFields } from '../web/forms.tsx';
import { messagesFor } from '../web/i18n.ts';
import {
  NOT_FOUND,
  pageAnswer,
  refuseOften,
  seeOther,
  type Answer,
  type CheckoutDeps,
  type Visit,
} from './checkout-deps.ts';
import { paymentPath, readPaymentFacts, type PaymentFacts } from './checkout-facts.ts';
import type { PaymentTarget } from './checkout-link.ts';
import { payerPath } from './payer-visit.ts';
import { payoutPage, payoutReviewPage, STEP_FIELD, type PayoutStep } from './payout-page.tsx';
import type { PayoutLink } from './status-view.tsx';

type Typed = Readonly<Partial<Record<PayoutField, string>>>;

export async function showPayout(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  const facts = await readPaymentFacts(deps, target);
  if (!facts) return NOT_FOUND;
  return onlyForPayer(deps, facts) ?? (await payoutAnswer(deps, visit, facts, { typed: {}, faulty: [] }));
}

export async function givePayout(deps: CheckoutDeps, visit: Visit, target: PaymentTarget): Promise<Answer> {
  const facts = await readPaymentFacts(deps, target);
  if (!facts) return NOT_FOUND;
  const refusal = onlyForPayer(deps, facts);
  if (refusal) return refusal;
  const limited = await refuseOften(deps, visit.request, 'payout');
  if (limited) return limited;
  const fields = textFields(visit.request.body);
  const typed: Typed = fields;
  const step = fields[STEP_FIELD] as PayoutStep | undefined;
  const reading = readPayoutAccount(typed);
  if (reading.kind === 'faulty') {
    return await payoutAnswer(deps, visit, facts, { typed, faulty: reading.fields });
  }
  if (step === 'edit') return await payoutAnswer(deps, visit, facts, { typed, faulty: [] });
  if (step !== 'send') return await reviewAnswer(deps, visit, facts, reading.account);
  const { gateways, newId } = deps.start;
  const { db, clock, box } = deps;
  const key = { agencyId: facts.order.agencyId, orderId: facts.order.id };
  await givePayoutAccount({ db, clock, box, newId, gateways }, key, reading.account);
  return seeOther(`${paymentPath(deps, target.id, facts)}/payout`);
}

/** Money must not go to the account of whoever typed a number that can be guessed: they are asked for the payer first. */
function onlyForPayer(deps: CheckoutDeps, facts: PaymentFacts): Answer | null {
  return facts.isPublic ? seeOther(payerPath(paymentPath(deps, facts.payment.id, facts))) : null;
}

/** Where the account of this order's refunds is asked for; null unless people transfer one of them. */
export async function payoutLinkOf(deps: CheckoutDeps, facts: PaymentFacts): Promise<PayoutLink | null> {
  const { order, payment } = facts;
  if (deps.start.gateways.get(payment.gateway)?.profile.payouts !== true) return null;
  const refunds = await refundsToPayOut(
    { db: deps.db, gateways: deps.start.gateways },
    { agencyId: order.agencyId, orderId: order.id },
  );
  if (refunds.length === 0) return null;
  return {
    href: `${paymentPath(deps, payment.id, facts)}/payout`,
    awaited: awaitedOf(refunds, payment.amount.currency),
  };
}

async function reviewAnswer(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  facts: PaymentFacts,
  account: PayoutAccount,
): Promise<Answer> {
  const own = paymentPath(deps, facts.payment.id, facts);
  const amount = (await payoutLinkOf(deps, facts))?.awaited ?? null;
  if (amount === null) return seeOther(`${own}/payout`);
  const form = { action: `${own}/payout`, csrfToken: deps.csrf.tokenFor(request, response) };
  return pageAnswer(payoutReviewPage({ amount, account, form }, page));
}

/** What waits for an account; null when nothing does. */
function awaitedOf(refunds: readonly WaitingRefund[], currency: Currency): Money | null {
  const waiting = refunds.filter(({ accountHint }) => accountHint === null);
  return waiting.length === 0
    ? null
    : sum(
        waiting.map(({ amount }) => amount),
        currency,
      );
}

async function payoutAnswer(
  deps: CheckoutDeps,
  { request, response, page }: Visit,
  facts: PaymentFacts,
  { typed, faulty }: { readonly typed: Typed; readonly faulty: readonly PayoutField[] },
): Promise<Answer> {
  const { order, payment } = facts;
  const refunds = await refundsToPayOut(
    { db: deps.db, gateways: deps.start.gateways },
    { agencyId: order.agencyId, orderId: order.id },
  );
  const own = paymentPath(deps, payment.id, facts);
  if (refunds.length === 0) return seeOther(own);
  const texts = messagesFor(page.locale).payout;
  const messages = { bank: texts.errBank, accountNumber: texts.errNumber, holder: texts.errHolder };
  const html = payoutPage(
    {
      amount: awaitedOf(refunds, payment.amount.currency),
      given: refunds.flatMap(({ accountHint }) => (accountHint === null ? [] : [accountHint])),
      typed,
      faults: faulty.map((field) => ({ field, message: messages[field] })),
      form: { action: `${own}/payout`, csrfToken: deps.csrf.tokenFor(request, response) },
      backHref: own,
    },
    page,
  );
  return pageAnswer(html, faulty.length > 0 ? 422 : 200);
}
