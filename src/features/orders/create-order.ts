/**
 * Agency asks for money: price the lines, open the order, announce it.
 *
 * Orders that arrive together are written together: one statement claims their idempotency keys, writes orders,
 * lines and obligations, and puts their events beside them.
 */
import type { ApiClient } from '../../domain/agencies/api-client.ts';
import { actorOf } from '../../domain/agencies/api-client.ts';
import { draftEvent } from '../../domain/agencies/agency-event.ts';
import { newId, publicId, type AgencyId, type IdSource, type OrderId } from '../../domain/kernel/ids.ts';
import { lookupCodeFrom } from '../../domain/kernel/lookup-code.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import { Refusal, type RefusalCode } from '../../domain/kernel/refusals.ts';
import { dayOf, type Clock } from '../../domain/kernel/time.ts';
import { priceOrder, type OrderRequest } from '../../domain/orders/open-order.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import { amountDueOn, linesDueOn, type PaymentOrder } from '../../domain/orders/payment-order.ts';
import { createBatcher, type Batcher } from '../../platform/batcher.ts';
import { createRandomBytes } from '../../platform/random.ts';
import type { Database, HotPool } from '../../platform/database.ts';
import { eventRow } from './order-announcement.ts';
import type { RegistryReader } from './order-registry.ts';
import { jsonAmount, orderSnapshot } from './order-snapshot.ts';
import { findOrder, openOrders, type OpenedRow } from './order-store.ts';

export interface CreateOrderDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly registry: RegistryReader;
  readonly opener: OrderOpener;
  readonly businessTimeZone: string;
  readonly currency: Currency;
  /** Where the citizen pays an order. */
  readonly checkoutUrl: (key: { agencyId: AgencyId; id: OrderId }) => string;
}

/** The idempotency row written with the order; its answer is known before the order is. */
export interface KeptAnswer {
  readonly key: string;
  readonly requestHash: Buffer;
  readonly status: number;
  readonly answerBox: string;
}

export type OrderOpener = Batcher<OpenItem, OpenedRow['result'] | { readonly takenBy: OrderId }>;

interface OpenItem {
  readonly order: PaymentOrder;
  readonly client: ApiClient;
  readonly kept: KeptAnswer | null;
}

const UNIQUE_VIOLATION = '23505';
const MAX_TRIES = 3;
const randomBytes = createRandomBytes();

/** The lanes in which orders are opened. */
export function createOrderOpener(deps: {
  readonly hot: HotPool;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
}): OrderOpener {
  return createBatcher({
    lanes: 2,
    maxBatch: 32,
    maxWaiting: 2_000,
    keysOf: ({ order, client, kept }) => [
      ...(kept ? [`key:${client.clientId}:${kept.key}`] : []),
      ...order.lines.map((line) => `${String(order.agencyId)}:${line.obligationScope}:${line.obligationKey}`),
    ],
    run: (items) => openBatch(deps, items),
    overloaded: () => new Refusal('service.unavailable', {}, { retryAfterSeconds: 5 }),
  });
}

/**
 * Opens an order.
 *
 * @param keep  makes the idempotency row from the opened order; null when the caller keeps its own
 * @returns null when the idempotency key was used before: its answer is to be replayed
 * Refuses: what {@link priceOrder} refuses; payment-order.already-open and payment-order.already-paid with the
 * order that stands for the obligation; service.unavailable when orders of it come and go.
 */
export async function createOrder(
  deps: CreateOrderDeps,
  client: ApiClient,
  request: OrderRequest,
  keep: ((order: PaymentOrder) => KeptAnswer) | null,
): Promise<PaymentOrder | null> {
  const now = deps.clock.now();
  const today = dayOf(now, deps.businessTimeZone);
  const registry = await deps.registry.registryFor(client.agencyId, request, today);
  const priced = priceOrder(request, registry, { now, today, currency: deps.currency });
  const id = newId('po', deps.newId);
  const order: PaymentOrder = {
    agencyId: client.agencyId,
    id,
    lookupCode: lookupCodeFrom(randomBytes(16)),
    dossierCode: priced.dossierCode,
    procedureCode: priced.procedureCode,
    status: 'open',
    version: 1,
    eventSequence: 1,
    currency: deps.currency,
    principal: money(priced.principalMinor, deps.currency),
    amountPaid: money(0n, deps.currency),
    amountRefunded: money(0n, deps.currency),
    payer: request.payer,
    returnUrl: request.returnUrl,
    metadata: request.metadata,
    createdBy: actorOf(client),
    createdAt: now,
    expiresAt: priced.expiresAt,
    paidAt: null,
    closedAt: null,
    acknowledgedAt: null,
    amountRefundable: money(0n, deps.currency),
    lines: priced.lines,
  };
  const kept = keep ? keep(order) : null;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const result = await deps.opener.add({ order, client, kept });
    if (result === 'opened') return order;
    if (typeof result !== 'object') return null;
    await refuseIfTaken(deps, client.agencyId, result.takenBy);
  }
  throw new Refusal('service.unavailable');
}

/** The order in the way may have been closed meanwhile: then nobody is told that its obligation was paid. */
async function refuseIfTaken(deps: CreateOrderDeps, agencyId: AgencyId, takenBy: OrderId): Promise<void> {
  const code = CODE_WHEN_TAKEN[(await findOrder(deps.db, agencyId, takenBy))?.status ?? 'cancelled'];
  if (code === null) return;
  const detail = `Payment order ${publicId('po', takenBy)} stands for one of these obligations.`;
  throw new Refusal(
    code,
    { payment_order_id: publicId('po', takenBy), checkout_url: deps.checkoutUrl({ agencyId, id: takenBy }) },
    { detail },
  );
}

/** What an order in each state means for another of the same obligation; null where it gives the obligation free. */
const CODE_WHEN_TAKEN: Readonly<Record<PaymentOrderStatus, RefusalCode | null>> = {
  open: 'payment-order.already-open',
  paid: 'payment-order.already-paid',
  partly_refunded: 'payment-order.already-paid',
  refunded: null,
  expired: null,
  cancelled: null,
};

type OpenResult = OpenedRow['result'] | { readonly takenBy: OrderId };

async function openBatch(
  deps: { readonly hot: HotPool; readonly newId: IdSource; readonly businessTimeZone: string },
  items: readonly OpenItem[],
): Promise<OpenResult[]> {
  const batch = JSON.stringify(batchOf(deps, items));
  const rows = await openOrders(deps.hot, batch).catch(async (error: unknown) => {
    // Another lane took one of the obligations between the look and the insert: look again and see it.
    if (items.length > 1 || (error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    return await openOrders(deps.hot, batch);
  });
  const results: (OpenResult | undefined)[] = items.map(() => undefined);
  for (const row of rows) {
    results[row.item] = row.other_order_id === null ? row.result : { takenBy: row.other_order_id };
  }
  return results.map((result) => {
    if (result === undefined) throw new Error('an order of a batch was neither opened nor refused');
    return result;
  });
}

function batchOf(
  deps: { readonly newId: IdSource; readonly businessTimeZone: string },
  items: readonly OpenItem[],
): object {
  return {
    keys: items.flatMap(({ kept, client, order }, item) =>
      kept === null
        ? []
        : {
            item,
            agency_id: client.agencyId,
            client_id: client.clientId,
            key: kept.key,
            request_hash: kept.requestHash.toString('hex'),
            status: kept.status,
            answer_box: kept.answerBox,
            created_at: order.createdAt,
          },
    ),
    orders: items.map(({ order }, item) => orderRow(order, item)),
    lines: items.flatMap(({ order }, item) => order.lines.map((line) => lineRow(order, line, item))),
    obligations: items.flatMap(({ order }, item) =>
      order.lines.map((line) => ({
        item,
        agency_id: order.agencyId,
        obligation_scope: line.obligationScope,
        obligation_key: line.obligationKey,
        order_id: order.id,
        line_no: line.lineNo,
      })),
    ),
    events: items.map(({ order }, item) => openedEvent(deps, order, item)),
  };
}

function orderRow(order: PaymentOrder, item: number) {
  return {
    item,
    agency_id: order.agencyId,
    id: order.id,
    lookup_code: order.lookupCode,
    dossier_code: order.dossierCode,
    procedure_code: order.procedureCode,
    currency: order.currency,
    principal_amount: jsonAmount(order.principal),
    payer_name: order.payer.name,
    payer_identity_number: order.payer.identityNumber,
    payer_email: order.payer.email,
    payer_phone: order.payer.phone,
    return_url: order.returnUrl,
    metadata: order.metadata,
    created_by: order.createdBy,
    created_at: order.createdAt,
    expires_at: order.expiresAt,
  };
}

function lineRow(order: PaymentOrder, line: PaymentOrder['lines'][number], item: number) {
  return {
    item,
    agency_id: order.agencyId,
    order_id: order.id,
    line_no: line.lineNo,
    obligation_type: line.obligationType,
    fee_code: line.feeCode,
    fee_version: line.feeVersion,
    description: line.description,
    quantity: line.quantity,
    unit_amount: jsonAmount(line.unitAmount),
    amount: jsonAmount(line.amount),
    beneficiary_code: line.beneficiaryCode,
    budget_chapter: line.budgetChapter,
    budget_sub_item: line.budgetSubItem,
    receipt_form: line.receiptForm,
    decision_number: line.decision?.number ?? null,
    decision_issued_on: line.decision?.issuedOn ?? null,
    decision_delivered_on: line.decision?.deliveredOn ?? null,
    pay_by: line.payBy,
    late_rate_per_day_ppm: line.lateRatePerDayPpm,
    obligation_scope: line.obligationScope,
    obligation_key: line.obligationKey,
    stays_after_payment: line.staysAfterPayment,
    attributes: line.attributes,
  };
}

function openedEvent(
  { newId: ids, businessTimeZone }: { readonly newId: IdSource; readonly businessTimeZone: string },
  order: PaymentOrder,
  item: number,
) {
  const event = draftEvent({
    agencyId: order.agencyId,
    id: newId('ev', ids),
    orderId: order.id,
    sequence: 1,
    type: 'payment_order.opened',
    occurredAt: order.createdAt,
    data: snapshotOf(order, businessTimeZone),
  });
  return { item, ...eventRow(event) };
}

/** An unpaid order as its events show it: what is due on the day it was opened. */
export function snapshotOf(order: PaymentOrder, businessTimeZone: string): Readonly<Record<string, unknown>> {
  const day = dayOf(order.createdAt, businessTimeZone);
  return orderSnapshot(
    {
      id: order.id,
      status: order.status,
      dossierCode: order.dossierCode,
      procedureCode: order.procedureCode,
      lookupCode: order.lookupCode,
      currency: order.currency,
      amount: jsonAmount(amountDueOn(order, day)),
      amountPaid: jsonAmount(order.amountPaid),
      amountRefunded: jsonAmount(order.amountRefunded),
      payerName: order.payer.name,
      payerIdentityNumber: order.payer.identityNumber,
      metadata: order.metadata,
      createdAt: order.createdAt,
      expiresAt: order.expiresAt,
      paidAt: order.paidAt,
      lines: linesDueOn(order.lines, day).map(({ kind, line, amount }) => ({
        kind,
        description: line.description,
        amount: jsonAmount(amount),
      })),
    },
    [],
    [],
  );
}
