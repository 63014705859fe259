/** An open order as its page shows it: lines as they are due today, and why they are owed. */
import { z } from 'zod';
import { money, type Money } from '../domain/kernel/money.ts';
import { dayOf, daysBetween } from '../domain/kernel/time.ts';
import { LATE_INTEREST, type DueLine, type PaymentOrder } from '../domain/orders/payment-order.ts';
import { findBeneficiaries } from '../features/agencies/agency-store.ts';
import { instantFormat } from '../web/formats.ts';
import { messagesFor } from '../web/i18n.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import type { OrderFacts } from './checkout-facts.ts';
import type { ObligationTypeCode, OrderLineView, OrderReason } from './order-view.ts';

/** What is due on a day in all. */
export function totalOf(due: readonly DueLine[], { currency }: PaymentOrder): Money {
  return money(
    due.reduce((total, { amount }) => total + amount.amountMinor, 0n),
    currency,
  );
}

const TYPES: ReadonlySet<string> = new Set(Object.keys(messagesFor('vi').order.kind));

export function lineView({ kind, line, amount, interest }: DueLine): OrderLineView {
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

/** The facts that only the agency knows. When and where it was, a page that anybody can come to does not tell. */
export async function reasonOf(
  deps: CheckoutDeps,
  { order, now, isPublic }: Pick<OrderFacts, 'order' | 'now' | 'isPublic'>,
): Promise<OrderReason> {
  const today = dayOf(now, deps.timeZone);
  const accounts = await findBeneficiaries(deps.db, order.agencyId);
  const used = accounts.filter(({ code }) => order.lines.some((line) => line.beneficiaryCode === code));
  const decision = order.lines.find((line) => line.decision !== null)?.decision ?? null;
  const payBy = order.lines.flatMap((line) => line.payBy ?? []).sort()[0];
  const on = payBy ?? dayOf(order.expiresAt, deps.timeZone);
  const offence = offenceOf(deps, order);
  return {
    offence: offence && isPublic ? { ...offence, whenAndWhere: null } : offence,
    procedureName: order.procedureCode,
    dossierCode: order.dossierCode,
    decision: decision && { number: decision.number, issuedOn: decision.issuedOn, documentHref: null },
    paidInto: used.map(({ name }) => name).join('; '),
    due: { on, daysLeft: daysBetween(today, on) },
  };
}

/** The attributes of a penalty, as the registry's schema of that type has them. */
const penaltyAttributes = z.object({
  violation: z.object({ what: z.string(), at: z.string().optional(), place: z.string().optional() }),
});

function offenceOf({ timeZone }: CheckoutDeps, { lines }: PaymentOrder): OrderReason['offence'] {
  for (const { attributes } of lines) {
    const read = penaltyAttributes.safeParse(attributes);
    if (!read.success) continue;
    const { what, at, place } = read.data.violation;
    const instant = at === undefined || Number.isNaN(Date.parse(at)) ? null : new Date(at);
    // Texts of the agency are Vietnamese, on English pages too.
    const when = instant && instantFormat(timeZone, 'vi').moment(instant);
    const known = [when, place ?? null].filter((part) => part !== null);
    return { what, whenAndWhere: known.length === 0 ? null : known.join(', ') };
  }
  return null;
}
