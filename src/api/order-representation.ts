/** A payment order as the API shows it to its agency. */
import { publicId } from '../domain/kernel/ids.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { linesDueOn, type DueLine, type PaymentOrder } from '../domain/orders/payment-order.ts';
import { jsonAmount } from '../features/orders/order-snapshot.ts';
import { z } from 'zod';

export const orderSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['open', 'paid', 'partly_refunded', 'refunded', 'expired', 'cancelled']),
  dossier_code: z.string().nullable(),
  procedure_code: z.string().nullable(),
  lookup_code: z.string(),
  amount: z.int().meta({ description: 'What is due if paid today, or what was paid.' }),
  currency: z.string(),
  payer: z.strictObject({
    name: z.string().nullable(),
    identity_number: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
  }),
  lines: z.array(
    z.strictObject({
      obligation_type: z.string(),
      description: z.string(),
      fee_code: z.string().nullable(),
      quantity: z.int(),
      unit_amount: z.int(),
      amount: z.int(),
      beneficiary: z.strictObject({ code: z.string() }),
      budget_chapter: z.string().nullable(),
      budget_sub_item: z.string().nullable(),
      decision: z
        .strictObject({
          number: z.string(),
          issued_on: z.string().nullable(),
          delivered_on: z.string().nullable(),
        })
        .nullable(),
      pay_by: z.string().nullable(),
      attributes: z.record(z.string(), z.unknown()),
      calculation: z.strictObject({ base: z.int(), rate_per_day_ppm: z.int(), days: z.int() }).nullable(),
    }),
  ),
  amount_paid: z.int(),
  amount_refunded: z.int(),
  amount_available: z.int().meta({ description: 'What can still be refunded; a refund repeats it.' }),
  checkout_url: z.string(),
  return_url: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  created_at: z.string(),
  expires_at: z.string(),
  paid_at: z.string().nullable(),
  acknowledged_at: z.string().nullable(),
  links: z.strictObject({ self: z.string(), timeline: z.string() }),
});

export interface OrderView {
  readonly order: PaymentOrder;
  readonly checkoutUrl: string;
  /** The day it would be paid: today. An order that took money shows what was due on the day it was paid. */
  readonly payDay: Day;
}

/** @returns what {@link orderSchema} describes */
export function representOrder({ order, checkoutUrl, payDay }: OrderView) {
  const due = linesDueOn(order.lines, payDay);
  const self = `/v1/payment-orders/${publicId('po', order.id)}`;
  return {
    id: publicId('po', order.id),
    status: order.status,
    dossier_code: order.dossierCode,
    procedure_code: order.procedureCode,
    lookup_code: order.lookupCode,
    amount: order.paidAt === null ? total(due) : jsonAmount(order.amountPaid),
    currency: order.currency,
    payer: {
      name: order.payer.name,
      identity_number: order.payer.identityNumber,
      email: order.payer.email,
      phone: order.payer.phone,
    },
    lines: due.map(representLine),
    amount_paid: jsonAmount(order.amountPaid),
    amount_refunded: jsonAmount(order.amountRefunded),
    amount_available: jsonAmount(order.amountRefundable),
    checkout_url: checkoutUrl,
    return_url: order.returnUrl,
    metadata: order.metadata,
    created_at: order.createdAt.toISOString(),
    expires_at: order.expiresAt.toISOString(),
    paid_at: order.paidAt?.toISOString() ?? null,
    acknowledged_at: order.acknowledgedAt?.toISOString() ?? null,
    links: { self, timeline: `${self}/timeline` },
  };
}

function representLine({ kind, line, amount, interest }: DueLine) {
  return {
    obligation_type: kind,
    description: line.description,
    fee_code: interest ? null : line.feeCode,
    quantity: interest ? 1 : line.quantity,
    unit_amount: jsonAmount(interest ? amount : line.unitAmount),
    amount: jsonAmount(amount),
    beneficiary: { code: line.beneficiaryCode },
    budget_chapter: line.budgetChapter,
    budget_sub_item: line.budgetSubItem,
    decision:
      line.decision === null
        ? null
        : {
            number: line.decision.number,
            issued_on: line.decision.issuedOn,
            delivered_on: line.decision.deliveredOn,
          },
    pay_by: line.payBy,
    attributes: interest ? {} : line.attributes,
    calculation: interest
      ? { base: jsonAmount(interest.base), rate_per_day_ppm: interest.ratePerDayPpm, days: interest.days }
      : null,
  };
}

function total(lines: readonly { readonly amount: Money }[]): number {
  return lines.reduce((running, { amount }) => running + jsonAmount(amount), 0);
}
