/** Receipts over JSON. Their content is what was frozen at issue. */
import { z } from 'zod';
import { publicId } from '../domain/kernel/ids.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { jsonAmount } from '../features/orders/order-snapshot.ts';
import { findReceipt, type Receipt } from '../features/receipts/receipt-store.ts';
import type { Database } from '../platform/database.ts';
import { dayText, publicIdOf } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export const receiptSchema = z.strictObject({
  id: z.string(),
  payment_order_id: z.string(),
  payment_id: z.string(),
  form: z.string(),
  symbol: z.string(),
  number: z.string().meta({ description: 'Seven digits, without gaps in its form and symbol.' }),
  verification_code: z.string(),
  amount: z.int(),
  currency: z.string(),
  content: z.strictObject({
    issuer: z.strictObject({ code: z.string(), name_vi: z.string(), name_en: z.string() }),
    payer_name: z.string().nullable(),
    dossier_code: z.string().nullable(),
    lines: z.array(
      z.strictObject({
        kind: z.string(),
        description: z.string(),
        amount: z.int(),
        beneficiary: z.string(),
        budget_chapter: z.string().nullable(),
        budget_sub_item: z.string().nullable(),
      }),
    ),
    amount: z.int(),
    currency: z.string(),
    paid_at: z.string(),
    paid_through: z.string(),
    gateway_transaction_id: z.string(),
  }),
  business_date: dayText,
  issued_at: z.string(),
  state: z.enum(['issued', 'voided']),
  voided_at: z.string().nullable(),
  refund_id: z.string().nullable().meta({ description: 'The refund that voided it.' }),
  replaces: z.string().nullable(),
  replaced_by: z.string().nullable(),
});

export function receiptRoutes(deps: { readonly db: Database }): ApiRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/receipts/{id}',
      operationId: 'getReceipt',
      summary: 'Read a receipt',
      tag: 'Receipts',
      scope: 'receipts:read',
      idempotency: 'none',
      params: z.strictObject({ id: publicIdOf('rc') }),
      missing: 'receipt.not-found',
      answers: { 200: { description: 'The receipt.', schema: receiptSchema } },
      async handle({ client, params }) {
        const receipt = await findReceipt(deps.db, { agencyId: client.agencyId, receiptId: params.id });
        if (!receipt) throw new Refusal('receipt.not-found');
        return { status: 200, body: representReceipt(receipt) };
      },
    }),
  ];
}

function representReceipt(receipt: Receipt) {
  const { voiding } = receipt;
  return {
    id: publicId('rc', receipt.id),
    payment_order_id: publicId('po', receipt.orderId),
    payment_id: publicId('pay', receipt.paymentId),
    form: receipt.form,
    symbol: receipt.symbol,
    number: receipt.number,
    verification_code: receipt.verificationCode,
    amount: jsonAmount(receipt.amount),
    currency: receipt.amount.currency,
    content: receipt.content,
    business_date: receipt.businessDate,
    issued_at: receipt.issuedAt.toISOString(),
    state: voiding === null ? 'issued' : 'voided',
    voided_at: voiding?.at.toISOString() ?? null,
    refund_id: voiding?.refundId ? publicId('rf', voiding.refundId) : null,
    replaces: receipt.replacesId === null ? null : publicId('rc', receipt.replacesId),
    replaced_by: voiding?.replacedById ? publicId('rc', voiding.replacedById) : null,
  };
}
