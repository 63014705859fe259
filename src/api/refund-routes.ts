/** Refunds over JSON: ask, read, decide. A second client or person decides, never the one that asked. */
import { z } from 'zod';
import { actorOf } from '../domain/agencies/api-client.ts';
import { publicId } from '../domain/kernel/ids.ts';
import { vnd } from '../domain/kernel/money.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { REFUND_DECISIONS, type Refund } from '../domain/refunds/refund.ts';
import { REFUND_STATES } from '../domain/refunds/refund-lifecycle.ts';
import { jsonAmount } from '../features/orders/order-snapshot.ts';
import { findOrder } from '../features/orders/order-store.ts';
import { decideRefund } from '../features/refunds/decide-refund.ts';
import { findRefund } from '../features/refunds/refund-store.ts';
import { requestPlatformRefund } from '../features/refunds/request-platform-refund.ts';
import {
  readRefundTerms,
  requestRefund,
  type RefundDeps,
  type RefundTerms,
} from '../features/refunds/request-refund.ts';
import type { Database } from '../platform/database.ts';
import { amount, lineOfText, publicIdOf } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export interface RefundRoutesDeps extends RefundDeps {
  readonly db: Database;
}

export const refundSchema = z.strictObject({
  id: z.string(),
  payment_order_id: z
    .string()
    .nullable()
    .meta({ description: 'Null for a wrong amount that was paid for several orders.' }),
  payment_id: z.string(),
  source: z.enum(['payable', 'surplus', 'suspense']).meta({
    description: "The agency's money, money paid twice, or money of a wrong amount.",
  }),
  amount: z.int(),
  currency: z.string(),
  lines: z.array(z.strictObject({ line: z.int(), amount: z.int() })),
  state: z.enum(REFUND_STATES),
  reason: z.string(),
  refund_reference: z.string().meta({ description: 'What the gateway knows the refund by.' }),
  gateway_refund_id: z.string().nullable(),
  gateway_code: z.string().nullable(),
  requested_by: z.string(),
  requested_at: z.string(),
  decided_by: z.string().nullable(),
  decided_at: z.string().nullable(),
  decision_note: z.string().nullable(),
  submitted_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
  links: z.strictObject({ self: z.string(), payment_order: z.string().nullable() }),
});

const termsSchema = z.strictObject({
  amount_available: z.int(),
  currency: z.string(),
  route: z.enum(['gateway', 'payout', 'none']).meta({
    description:
      "The gateway that took the money sends it back; or a person transfers it to the payer's own account, which the " +
      'payer is asked for; or neither, and the agency must pay it back itself.',
  }),
  partial: z.boolean().meta({ description: 'Whether less than the whole payment can go back.' }),
  until: z
    .string()
    .nullable()
    .meta({ description: 'Until when the gateway takes a refund; null: no limit.' }),
  amount_min: z.int().nullable(),
  amount_max: z.int().nullable(),
});

const requestBody = z.strictObject({
  amount,
  lines: z
    .array(
      z.strictObject({
        line: z
          .int()
          .min(1)
          .max(1_000)
          .meta({ description: 'The line of the order as it was paid, from 1.' }),
        amount,
      }),
    )
    .min(1)
    .max(100)
    .superRefine((lines, context) => {
      const seen = new Set<number>();
      for (const [index, { line }] of lines.entries()) {
        if (seen.has(line)) {
          context.addIssue({ code: 'custom', path: [index, 'line'], message: 'is named twice' });
        }
        seen.add(line);
      }
    })
    .optional()
    .meta({ description: 'Without them the amount is split over what each line has left.' }),
  payment_id: publicIdOf('pay')
    .optional()
    .meta({ description: 'Without it the payment applied to the order is meant.' }),
  amount_available: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .transform((dong) => BigInt(dong))
    .meta({ description: 'What you believe can be refunded: guards against sending twice.' }),
  reason: lineOfText(500),
});

const decisionBody = z
  .strictObject({ decision: z.enum(REFUND_DECISIONS), note: lineOfText(500).optional() })
  .refine((body) => body.decision === 'approve' || body.note !== undefined, {
    path: ['note'],
    error: 'is required unless the refund is approved',
  });

export function refundRoutes(deps: RefundRoutesDeps): ApiRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/payment-orders/{id}/refunds',
      operationId: 'requestRefund',
      summary: 'Ask for a refund of an order',
      tag: 'Refunds',
      scope: 'refunds:write',
      kinds: ['agency'],
      idempotency: 'transaction',
      params: z.strictObject({ id: publicIdOf('po') }),
      missing: 'payment-order.not-found',
      body: requestBody,
      refuses: [
        'payment-order.not-paid',
        'payment.not-found',
        'refund.amount-available-differs',
        'refund.amount-exceeds-available',
        'refund.lines-do-not-sum',
        'refund.unknown-line',
        'refund.whole-only',
        'refund.held-by-platform',
        'refund.gateway-cannot',
      ],
      answers: { 201: { description: 'The refund, waiting for a decision.', schema: refundSchema } },
      async handle(tx, { client, params, body }) {
        const refund = await requestRefund(tx, deps, {
          agencyId: client.agencyId,
          orderId: params.id,
          paymentId: body.payment_id ?? null,
          amount: vnd(body.amount),
          lines: body.lines?.map((line) => ({ lineNo: line.line, amount: vnd(line.amount) })) ?? null,
          amountAvailable: vnd(body.amount_available),
          reason: body.reason,
          actor: actorOf(client),
        });
        const shown = representRefund(refund);
        return { status: 201, body: shown, headers: { Location: shown.links.self } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/payment-orders/{id}/refund-terms',
      operationId: 'getRefundTerms',
      summary: 'What could be refunded of an order, and by which rules of its gateway',
      tag: 'Refunds',
      scope: 'orders:read',
      kinds: ['agency'],
      idempotency: 'none',
      params: z.strictObject({ id: publicIdOf('po') }),
      missing: 'payment-order.not-found',
      refuses: ['payment-order.not-paid'],
      answers: { 200: { description: 'The terms as they are now.', schema: termsSchema } },
      async handle({ client, params }) {
        const key = { agencyId: client.agencyId, orderId: params.id };
        if (!(await findOrder(deps.db, key.agencyId, key.orderId))) {
          throw new Refusal('payment-order.not-found');
        }
        return { status: 200, body: representTerms(await readRefundTerms(deps.db, deps, key)) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/payments/{id}/refund',
      operationId: 'requestPlatformRefund',
      summary: 'Ask for the return of a wrong amount that was paid for orders of several agencies',
      tag: 'Refunds',
      scope: 'refunds:write',
      kinds: ['operator'],
      idempotency: 'transaction',
      params: z.strictObject({ id: publicIdOf('pay') }),
      missing: 'payment.not-found',
      body: z.strictObject({ reason: lineOfText(500) }),
      refuses: ['payment-order.not-paid', 'refund.amount-exceeds-available', 'refund.gateway-cannot'],
      answers: { 201: { description: 'The refund, waiting for a decision.', schema: refundSchema } },
      async handle(tx, { client, params, body }) {
        const refund = await requestPlatformRefund(tx, deps, {
          paymentId: params.id,
          reason: body.reason,
          actor: actorOf(client),
        });
        const shown = representRefund(refund);
        return { status: 201, body: shown, headers: { Location: shown.links.self } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/refunds/{id}',
      operationId: 'getRefund',
      summary: 'Read a refund',
      tag: 'Refunds',
      scope: 'orders:read',
      idempotency: 'none',
      params: z.strictObject({ id: publicIdOf('rf') }),
      missing: 'refund.not-found',
      answers: { 200: { description: 'The refund.', schema: refundSchema } },
      async handle({ client, params }) {
        const refund = await findRefund(deps.db, { agencyId: client.agencyId, refundId: params.id });
        if (!refund) throw new Refusal('refund.not-found');
        return { status: 200, body: representRefund(refund) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/refunds/{id}/decision',
      operationId: 'decideRefund',
      summary: 'Approve, reject or send back a refund that another asked for',
      tag: 'Refunds',
      scope: 'refunds:approve',
      idempotency: 'transaction',
      params: z.strictObject({ id: publicIdOf('rf') }),
      missing: 'refund.not-found',
      body: decisionBody,
      refuses: ['refund.same-person', 'refund.illegal-move'],
      answers: { 200: { description: 'The refund as decided.', schema: refundSchema } },
      async handle(tx, { client, params, body }) {
        const refund = await decideRefund(tx, deps, {
          agencyId: client.agencyId,
          refundId: params.id,
          decision: body.decision,
          note: body.note ?? null,
          actor: actorOf(client),
        });
        return { status: 200, body: representRefund(refund) };
      },
    }),
  ];
}

function representTerms({ amountAvailable, route, partial, until, amountMin, amountMax }: RefundTerms) {
  return {
    amount_available: jsonAmount(amountAvailable),
    currency: amountAvailable.currency,
    route,
    partial,
    until: until?.toISOString() ?? null,
    amount_min: amountMin === null ? null : jsonAmount(amountMin),
    amount_max: amountMax === null ? null : jsonAmount(amountMax),
  };
}

function representRefund(refund: Refund) {
  const order = refund.orderId === null ? null : publicId('po', refund.orderId);
  return {
    id: publicId('rf', refund.id),
    payment_order_id: order,
    payment_id: publicId('pay', refund.paymentId),
    source: refund.source,
    amount: jsonAmount(refund.amount),
    currency: refund.amount.currency,
    lines: refund.lines.map(({ lineNo, amount: part }) => ({ line: lineNo, amount: jsonAmount(part) })),
    state: refund.state,
    reason: refund.reason,
    refund_reference: refund.refundReference,
    gateway_refund_id: refund.gatewayRefundId,
    gateway_code: refund.gatewayCode,
    requested_by: refund.requestedBy,
    requested_at: refund.requestedAt.toISOString(),
    decided_by: refund.decidedBy,
    decided_at: refund.decidedAt?.toISOString() ?? null,
    decision_note: refund.decisionNote,
    submitted_at: refund.submittedAt?.toISOString() ?? null,
    resolved_at: refund.resolvedAt?.toISOString() ?? null,
    links: {
      self: `/v1/refunds/${publicId('rf', refund.id)}`,
      payment_order: order === null ? null : `/v1/payment-orders/${order}`,
    },
  };
}
