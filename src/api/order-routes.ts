/** Payment orders over JSON: open, read, list, cancel, the money trail, and the state of a dossier. */
import { z } from 'zod';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { publicId, type AgencyId, type IdSource, type OrderId } from '../domain/kernel/ids.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { dayOf, type Clock } from '../domain/kernel/time.ts';
import { DOSSIER_CODE_FORM, parseDossierCode } from '../domain/orders/dossier-code.ts';
import type { LineRequest, OrderRequest } from '../domain/orders/open-order.ts';
import { dossierPaymentStatus } from '../domain/orders/dossier-status.ts';
import { ORDER_STATUSES } from '../domain/orders/payment-order-lifecycle.ts';
import type { PaymentOrder } from '../domain/orders/payment-order.ts';
import { claimKey, storeAnswer } from '../features/agencies/idempotency-store.ts';
import { cancelOrder } from '../features/orders/close-orders.ts';
import { createOrder, type CreateOrderDeps } from '../features/orders/create-order.ts';
import { moneyTrail } from '../features/orders/money-trail.ts';
import {
  findOrder,
  findOrdersOfDossier,
  listOrders,
  markAcknowledged,
} from '../features/orders/order-store.ts';
import { inTransaction, type Database } from '../platform/database.ts';
import { amount, cursorOf, day, instant, limit, lineOfText, nothing, publicIdOf } from './decoding.ts';
import { pageOf, pageSchema } from './list-page.ts';
import { orderSchema, representOrder } from './order-representation.ts';
import { defineRoute, type Answer, type ApiRoute } from './route.ts';

export interface OrderRoutesDeps extends CreateOrderDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  /** Asks the gateway about a payment in flight before a cancellation is decided. */
  readonly settleClaim: (key: { agencyId: AgencyId; id: OrderId }) => Promise<void>;
  readonly onOpened?: () => void;
}

const orNull = <T>(value: T | undefined): T | null => value ?? null;

const decision = z.strictObject({
  number: lineOfText(100),
  issued_on: day.optional(),
  delivered_on: day.optional(),
});

const line = z.strictObject({
  obligation_type: z.string().max(60),
  fee_code: z.string().max(60).optional(),
  quantity: z.int().min(1).max(1_000_000).default(1),
  description: lineOfText(500).optional(),
  amount: amount.optional(),
  beneficiary: z.string().max(60).optional(),
  budget_chapter: z
    .string()
    .regex(/^\d{3}$/)
    .optional(),
  budget_sub_item: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
  decision: decision.optional(),
  pay_by: day.optional(),
  reference: lineOfText(100).optional(),
  attributes: z.record(z.string().max(100), z.unknown()).default({}),
});

const createBody = z.strictObject({
  dossier_code: z.string().max(100).optional(),
  procedure_code: z
    .string()
    .regex(/^\d\.\d{6}(\.[A-Z0-9.]{1,40})?$/, { error: 'is not a procedure code such as 2.000815' })
    .optional(),
  payer: z.strictObject({
    name: lineOfText(200),
    identity_number: z
      .string()
      .regex(/^[0-9A-Z-]{5,20}$/, {
        error: 'is not an identity or tax number: 5 to 20 digits, capital letters or hyphens',
      })
      .optional(),
    email: z.email({ error: 'is not an e-mail address' }).max(200).optional(),
    phone: z
      .string()
      .regex(/^\+?[0-9]{6,15}$/, {
        error: 'is not a phone number: 6 to 15 digits, with or without a + before them',
      })
      .optional(),
  }),
  lines: z.array(line).min(1).max(50),
  expires_at: instant.optional(),
  return_url: z.string().max(2000).optional(),
  metadata: z
    .record(z.string().max(60), z.union([z.string().max(500), z.int(), z.boolean()]))
    .refine((fields) => Object.keys(fields).length <= 20, { error: 'holds more than 20 fields' })
    .default({}),
});

const params = z.strictObject({ id: publicIdOf('po') });
const missing = 'payment-order.not-found';

const afterOrder = cursorOf(z.tuple([instant, z.uuid()]));

const listQuery = z.strictObject({
  dossier_code: z.string().max(100).optional(),
  status: z.enum(ORDER_STATUSES).optional(),
  obligation_type: z.string().max(60).optional(),
  created_from: instant.optional(),
  created_to: instant.optional(),
  limit,
  after: afterOrder.optional(),
});

export function orderRoutes(deps: OrderRoutesDeps): ApiRoute[] {
  const represent = (order: PaymentOrder) =>
    representOrder({
      order,
      checkoutUrl: deps.checkoutUrl(order),
      payDay: dayOf(order.paidAt ?? deps.clock.now(), deps.businessTimeZone),
    });
  const found = async (client: ApiClient, id: OrderId): Promise<PaymentOrder> => {
    const order = await findOrder(deps.db, client.agencyId, id);
    if (!order) throw new Refusal('payment-order.not-found');
    return order;
  };

  return [
    defineRoute({
      method: 'post',
      path: '/v1/payment-orders',
      operationId: 'createPaymentOrder',
      summary: 'Open a payment order for a dossier',
      tag: 'Payment orders',
      scope: 'orders:write',
      kinds: ['agency'],
      idempotency: 'own_statement',
      body: createBody,
      refuses: [
        'obligation.unknown-type',
        'obligation.attributes-invalid',
        'obligation.reference-required',
        'obligation.dates-contradict',
        'fee-schedule.unknown-fee',
        'fee-schedule.amount-differs',
        'beneficiary.unknown',
        'payment-order.dossier-required',
        'payment-order.dossier-code-invalid',
        'payment-order.dossier-not-yours',
        'payment-order.return-url-not-allowed',
        'payment-order.expiry-invalid',
        'payment-order.amount-out-of-range',
        'payment-order.already-open',
        'payment-order.already-paid',
      ],
      answers: { 201: { description: 'The order, with the address where it is paid.', schema: orderSchema } },
      async handle({ client, body }, claim) {
        let opened: Answer | null = null;
        const order = await createOrder(deps, client, orderRequest(body), (order) => {
          opened = {
            status: 201,
            body: represent(order),
            headers: { Location: `/v1/payment-orders/${publicId('po', order.id)}` },
          };
          return {
            key: claim.key,
            requestHash: claim.requestHash,
            status: 201,
            answerBox: claim.seal(opened),
          };
        });
        if (order) deps.onOpened?.();
        return order ? opened : null;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/payment-orders',
      operationId: 'listPaymentOrders',
      summary: 'List payment orders, newest first',
      tag: 'Payment orders',
      scope: 'orders:read',
      kinds: ['agency'],
      idempotency: 'none',
      query: listQuery,
      answers: {
        200: { description: 'A page of orders.', schema: pageSchema(orderSchema) },
      },
      async handle({ client, query }) {
        const orders = await listOrders(deps.db, {
          agencyId: client.agencyId,
          dossierCode: query.dossier_code,
          status: query.status,
          obligationType: query.obligation_type,
          createdFrom: query.created_from,
          createdTo: query.created_to,
          after: query.after && { createdAt: query.after[0], id: query.after[1] as OrderId },
          limit: query.limit + 1,
        });
        const sortKeyOf = (order: PaymentOrder): string[] => [order.createdAt.toISOString(), order.id];
        return { status: 200, body: pageOf(orders, query.limit, represent, sortKeyOf) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/payment-orders/{id}',
      operationId: 'getPaymentOrder',
      summary: 'Read a payment order',
      tag: 'Payment orders',
      scope: 'orders:read',
      kinds: ['agency'],
      idempotency: 'none',
      params,
      missing,
      query: nothing,
      answers: { 200: { description: 'The order.', schema: orderSchema } },
      async handle({ client, params: { id } }) {
        return { status: 200, body: represent(await found(client, id)) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/payment-orders/{id}/timeline',
      operationId: 'getPaymentOrderTimeline',
      summary: 'The money trail: everything that happened to an order, with sources',
      tag: 'Payment orders',
      scope: 'orders:read',
      kinds: ['agency'],
      idempotency: 'none',
      params,
      missing,
      query: nothing,
      answers: {
        200: {
          description: 'Entries, oldest first.',
          schema: z.strictObject({
            data: z.array(
              z.strictObject({
                at: z.string(),
                kind: z.string(),
                source: z.string(),
                facts: z.record(z.string(), z.unknown()),
              }),
            ),
          }),
        },
      },
      async handle({ client, params: { id } }) {
        const order = await found(client, id);
        const trail = await moneyTrail(deps.db, order);
        return {
          status: 200,
          body: { data: trail.map((entry) => ({ ...entry, at: entry.at.toISOString() })) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/payment-orders/{id}/cancel',
      operationId: 'cancelPaymentOrder',
      summary: 'Withdraw a payment order that nobody is paying',
      tag: 'Payment orders',
      scope: 'orders:write',
      kinds: ['agency'],
      idempotency: 'own_statement',
      params,
      missing,
      refuses: ['payment-order.not-open', 'payment-order.payment-in-flight'],
      answers: { 200: { description: 'The order, cancelled.', schema: orderSchema } },
      async handle({ client, params: { id } }, claim) {
        await found(client, id);
        const key = { agencyId: client.agencyId, id };
        // The gateway is asked before anything is locked: a payment in flight may have ended either way.
        await deps.settleClaim(key);
        return await inTransaction(deps.db, async (tx) => {
          const use = { client, key: claim.key, requestHash: claim.requestHash };
          if (!(await claimKey(tx, use, deps.clock.now()))) return null;
          const answer = { status: 200, body: represent(await cancelOrder(tx, deps, key)) };
          await storeAnswer(tx, use, { status: 200, answerBox: claim.seal(answer) });
          return answer;
        });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/payment-orders/{id}/acknowledgement',
      operationId: 'acknowledgePaymentOrder',
      summary: 'Say that the agency has acted on the order',
      tag: 'Payment orders',
      scope: 'orders:write',
      kinds: ['agency'],
      idempotency: 'transaction',
      params,
      missing,
      answers: { 200: { description: 'The order.', schema: orderSchema } },
      async handle(tx, { client, params: { id } }) {
        const key = { agencyId: client.agencyId, id };
        if (!(await markAcknowledged(tx, key, deps.clock.now())))
          throw new Refusal('payment-order.not-found');
        const order = await findOrder(tx, key.agencyId, key.id);
        if (!order) throw new Refusal('payment-order.not-found');
        return { status: 200, body: represent(order) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/dossiers/{dossier_code}/payment-status',
      operationId: 'getDossierPaymentStatus',
      summary: 'One word on a dossier, and the orders behind it',
      tag: 'Dossiers',
      scope: 'orders:read',
      kinds: ['agency'],
      idempotency: 'none',
      params: z.strictObject({ dossier_code: z.string() }),
      query: nothing,
      refuses: ['payment-order.dossier-code-invalid'],
      answers: {
        200: {
          description: 'The state of the dossier.',
          schema: z.strictObject({
            dossier_code: z.string(),
            status: z.enum(['none', 'unpaid', 'partly_paid', 'paid', 'refunded']),
            payment_orders: z.array(orderSchema),
          }),
        },
      },
      async handle({ client, params: { dossier_code: code } }) {
        if (parseDossierCode(code) === null) throw notADossierCode();
        const orders = await findOrdersOfDossier(deps.db, client.agencyId, code);
        return {
          status: 200,
          body: {
            dossier_code: code,
            status: dossierPaymentStatus(orders.map(({ status }) => status)),
            payment_orders: orders.map(represent),
          },
        };
      },
    }),
  ];
}

function notADossierCode(): Refusal {
  const errors = [{ pointer: '/dossier_code', detail: DOSSIER_CODE_FORM }];
  return new Refusal('payment-order.dossier-code-invalid', {}, { errors });
}

function orderRequest(body: z.output<typeof createBody>): OrderRequest {
  return {
    dossierCode: orNull(body.dossier_code),
    procedureCode: orNull(body.procedure_code),
    payer: {
      name: body.payer.name,
      identityNumber: orNull(body.payer.identity_number),
      email: orNull(body.payer.email),
      phone: orNull(body.payer.phone),
    },
    lines: body.lines.map(lineRequest),
    expiresAt: orNull(body.expires_at),
    returnUrl: orNull(body.return_url),
    metadata: body.metadata,
  };
}

function lineRequest(asked: z.output<typeof line>): LineRequest {
  return {
    obligationType: asked.obligation_type,
    feeCode: orNull(asked.fee_code),
    quantity: asked.quantity,
    description: orNull(asked.description),
    amountMinor: orNull(asked.amount),
    beneficiaryCode: orNull(asked.beneficiary),
    budgetChapter: orNull(asked.budget_chapter),
    budgetSubItem: orNull(asked.budget_sub_item),
    decision: asked.decision
      ? {
          number: asked.decision.number,
          issuedOn: orNull(asked.decision.issued_on),
          deliveredOn: orNull(asked.decision.delivered_on),
        }
      : null,
    payBy: orNull(asked.pay_by),
    reference: orNull(asked.reference),
    attributes: asked.attributes,
  };
}
