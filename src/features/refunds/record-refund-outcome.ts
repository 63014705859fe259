/**
 * The one door by which money goes back: what a gateway says of a refund becomes books, order, receipts and events
 * in one transaction. The refund's row is locked, so the second telling of anything finds it done.
 */
import type { CallbackResult, RefundOutcome } from '../../gateways/gateway-adapter.ts';
import { newId, publicId, type IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock, Day } from '../../domain/kernel/time.ts';
import {
  decideRefundOutcome,
  orderStatusAfterRefunds,
  type Refund,
  type RefundOutcomeDecision,
} from '../../domain/refunds/refund.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import { jsonAmount } from '../orders/order-snapshot.ts';
import { writeAudit } from '../staff/audit-log.ts';
import {
  announceRefund,
  concernedOrders,
  moneySubject,
  unchanged,
  type RefundNews,
} from './refund-announcement.ts';
import {
  issueReceipts,
  leaveObligations,
  openCase,
  resolveCases,
  resolvePayment,
  retakeObligations,
  voidReceipts,
  type NewCase,
} from './refund-effect-store.ts';
import { giveBack } from './refund-give-back.ts';
import { lockRefundWithMoney, type LockedRefund } from './refund-lock.ts';
import { postRefund } from './refund-posting.ts';
import { findPosting, readRefundedForGood, type RefundedOrder } from './refund-reading-store.ts';
import { planReceipts } from './refund-receipts.ts';
import { findRefundByReference, updateRefund, type RefundKey } from './refund-store.ts';

export interface RecordRefundOutcomeDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
}

export interface RefundOutcomeResult {
  readonly decision: RefundOutcomeDecision['kind'];
  readonly refund: Refund;
}

/**
 * Records what a gateway says of a refund.
 *
 * @param source  how we learned of it: `callback`, `query`, `answer`
 * Refuses: refund.not-found.
 */
export function recordRefundOutcome(
  deps: RecordRefundOutcomeDeps,
  key: RefundKey,
  outcome: RefundOutcome,
  source: string,
): Promise<RefundOutcomeResult> {
  return inTransaction(deps.db, (tx) => recordRefundOutcomeIn(tx, deps, key, outcome, source));
}

/** As {@link recordRefundOutcome}, inside the caller's transaction. */
export async function recordRefundOutcomeIn(
  tx: Tx,
  deps: Omit<RecordRefundOutcomeDeps, 'db'>,
  key: RefundKey,
  outcome: RefundOutcome,
  source: string,
): Promise<RefundOutcomeResult> {
  const locked = await lockRefundWithMoney(tx, key);
  if (!locked) throw new Refusal('refund.not-found');
  const decision = decideRefundOutcome(locked.refund, outcome);
  const context: Context = {
    tx,
    deps,
    locked,
    now: deps.clock.now(),
    actor: `gateway:${locked.payment.gateway}:${source}`,
  };
  return { decision: decision.kind, refund: await carryOut(context, decision) };
}

/**
 * Records what a verified message says of the refund it quotes, in the words of callbacks.
 *
 * @param told.account  the account that the message proved to come from: another's refund is unknown to it
 */
export async function recordRefundMessage(
  deps: RecordRefundOutcomeDeps,
  told: {
    readonly gateway: string;
    readonly account: string;
    readonly item: { readonly refundReference: string; readonly outcome: RefundOutcome };
  },
): Promise<CallbackResult> {
  const found = await findRefundByReference(deps.db, told.item.refundReference);
  if (found?.gateway !== told.gateway || found.merchantAccount !== told.account) return 'unknown_payment';
  const { decision } = await recordRefundOutcome(deps, found, told.item.outcome, 'callback');
  return decision === 'nothing_new' ? 'already_recorded' : 'recorded';
}

interface Context {
  readonly tx: Tx;
  readonly deps: Omit<RecordRefundOutcomeDeps, 'db'>;
  readonly locked: LockedRefund;
  readonly now: Date;
  readonly actor: string;
}

async function carryOut(context: Context, decision: RefundOutcomeDecision): Promise<Refund> {
  const { refund } = context.locked;
  switch (decision.kind) {
    case 'nothing_new':
    case 'wait':
      return refund;
    case 'succeed':
      return await succeed(context, decision.outcome);
    case 'fail':
      return await fail(context, decision.gatewayCode);
    case 'reverse':
      return await reverse(context, decision.gatewayCode);
    case 'conflict':
      await openCaseFor(context, 'conflicting_outcome', `${refund.id}:${decision.said}`, {
        state: refund.state,
        said: decision.said,
      });
      return refund;
  }
}

async function succeed(
  context: Context,
  outcome: Extract<RefundOutcome, { kind: 'succeeded' }>,
): Promise<Refund> {
  const { tx, deps, now, actor } = context;
  const refund = await settle(context, {
    state: 'succeeded',
    gatewayRefundId: outcome.gatewayRefundId,
    gatewayCode: null,
  });
  const locked = { ...context.locked, refund };
  const businessDate = await postRefund(tx, deps, {
    ...locked,
    kind: 'refund_confirmed',
    effectiveAt: outcome.refundedAt,
    actor,
    reversesId: null,
  });
  if (refund.source === 'suspense') {
    await resolvePayment(tx, refund.paymentId, { actor, at: now, note: 'refunded' });
  }
  await resolveCases(
    tx,
    // Another refund of the same money, asked for before that one failed, gives back another part.
    {
      agencyId: refund.agencyId,
      kind: 'refund_failed',
      subject: moneySubject(refund),
      openedBy: refund.requestedAt,
    },
    { actor, at: now, note: 'refunded' },
  );
  await tell({ ...context, locked }, businessDate, [['refund.succeeded', {}]]);
  return refund;
}

async function fail(context: Context, gatewayCode: string): Promise<Refund> {
  const { tx, deps, now, actor } = context;
  const refund = await settle(context, { state: 'failed', gatewayRefundId: null, gatewayCode });
  const locked = { ...context.locked, refund };
  await giveBack(tx, deps, locked, { actor, at: now, reversedId: null });
  await askAPerson({ ...context, locked }, { gateway_code: gatewayCode });
  for (const order of concernedOrders(refund, locked.orders)) {
    await announceRefund(tx, deps, {
      refund,
      order,
      after: unchanged(order),
      news: [['refund.failed', {}]],
      receiptNumbers: {},
      now,
    });
  }
  return refund;
}

/** A gateway takes its word back: the confirmation is undone with a link to it, then the hold. */
async function reverse(context: Context, gatewayCode: string): Promise<Refund> {
  const { tx, deps, now, actor } = context;
  const { refund: before } = context.locked;
  const { agencyId, id: refundId } = before;
  const confirmed = await findPosting(tx, { agencyId, eventKind: 'refund_confirmed', refundId });
  if (confirmed === null) throw new Error(`refund ${refundId} succeeded without a posting`);
  const refund = await settle(context, {
    state: 'failed',
    gatewayRefundId: before.gatewayRefundId,
    gatewayCode,
  });
  const locked = { ...context.locked, refund };
  const businessDate = await giveBack(tx, deps, locked, { actor, at: now, reversedId: confirmed });
  await writeAudit(tx, {
    id: deps.newId(),
    actor,
    action: 'refund.reversed',
    agencyId,
    subject: publicId('rf', refundId),
    detail: { gateway_code: gatewayCode },
  });
  await askAPerson({ ...context, locked }, { gateway_code: gatewayCode, reversed: true });
  await tell({ ...context, locked }, businessDate, [
    ['refund.failed', { reversed: true }],
    ['payment_order.corrected', { was: 'refund_succeeded' }],
  ]);
  return refund;
}

async function settle(
  { tx, locked, now }: Context,
  change: Pick<Refund, 'state' | 'gatewayRefundId' | 'gatewayCode'>,
): Promise<Refund> {
  const { refund } = locked;
  const settled: Refund = { ...refund, ...change, resolvedAt: now };
  const key = { agencyId: refund.agencyId, refundId: refund.id };
  await updateRefund(tx, key, { ...settled, nextAttemptAt: null });
  return settled;
}

/** Tells the orders concerned, after the order of a refund of the agency's money and its receipts have changed. */
async function tell(context: Context, businessDate: Day, news: readonly RefundNews[]): Promise<void> {
  const { tx, deps, locked, now } = context;
  const { refund } = locked;
  for (const order of concernedOrders(refund, locked.orders)) {
    if (refund.source === 'payable') {
      await changeOrder(context, order, businessDate, news);
      continue;
    }
    const isResolved = refund.source === 'suspense' && refund.state === 'succeeded';
    await announceRefund(tx, deps, {
      refund,
      order,
      after: unchanged(order),
      news,
      receiptNumbers: {},
      now,
      ...(isResolved ? { payment: { state: 'resolved', claim: 'released' } } : {}),
    });
  }
}

async function changeOrder(
  { tx, deps, locked, now }: Context,
  order: RefundedOrder,
  businessDate: Day,
  news: readonly RefundNews[],
): Promise<void> {
  const { refund } = locked;
  const key = { agencyId: order.agencyId, orderId: order.id };
  const moved = refund.state === 'succeeded' ? jsonAmount(refund.amount) : -jsonAmount(refund.amount);
  const amountRefunded = order.figure.amountRefunded + moved;
  const status = orderStatusAfterRefunds(
    order.status,
    BigInt(order.figure.amountPaid),
    BigInt(amountRefunded),
  );
  if (status === 'refunded') await leaveObligations(tx, key);
  else if (order.status === 'refunded') await retakeObligations(tx, key);

  const receipts = planReceipts(deps, {
    refund,
    order,
    lines: locked.lines,
    refundedForGood: await readRefundedForGood(tx, key, refund.paymentId),
    businessDate,
    issuedAt: now,
  });
  const receiptNumbers = await issueReceipts(tx, receipts.drafts);
  await voidReceipts(tx, receipts.voidings, now);
  const statusNews: readonly RefundNews[] =
    refund.state !== 'succeeded'
      ? []
      : [[status === 'refunded' ? 'payment_order.refunded' : 'payment_order.partly_refunded', {}]];
  await announceRefund(tx, deps, {
    refund,
    order,
    after: { status, amountRefunded, receipts: receipts.figures },
    news: [...news, ...statusNews, ...receipts.news],
    receiptNumbers,
    now,
  });
}

/** The money is back in its account and the payer still without it: a person must ask again or find another way. */
async function askAPerson(context: Context, detail: NewCase['detail']): Promise<void> {
  const { refund } = context.locked;
  await openCaseFor(context, 'refund_failed', moneySubject(refund), {
    refund_id: publicId('rf', refund.id),
    ...detail,
  });
}

async function openCaseFor(
  { tx, deps, locked, now }: Context,
  kind: NewCase['kind'],
  subject: string,
  detail: NewCase['detail'],
): Promise<void> {
  const { refund } = locked;
  await openCase(tx, {
    agencyId: refund.agencyId,
    id: newId('case', deps.newId),
    kind,
    subject,
    paymentId: refund.paymentId,
    orderId: refund.orderId,
    detail,
    openedAt: now,
  });
}
