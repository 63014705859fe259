/** The job that gives up on short transfers: a day after the last credit nobody waits for the rest, and the sum goes back. */
import { newId, PLATFORM_AGENCY, type PaymentId } from '../../domain/kernel/ids.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import { REST_WITHIN_MINUTES } from '../../domain/payments/credit-decision.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import type { Logger } from '../../platform/logger.ts';
import { endAwaitedRest, findAwaitedRests } from '../payments/credit-store.ts';
import { ordersOfPayment } from './refund-announcement.ts';
import { openCase } from './refund-effect-store.ts';
import { findRefundedPayment } from './refund-reading-store.ts';
import { approverFor } from './refund-surplus.ts';
import { lockMoney, openRefund, type RefundDeps } from './request-refund.ts';

export interface RefundShortTransfersDeps extends RefundDeps {
  readonly db: Database;
  readonly logger: Pick<Logger, 'error'>;
}

const ACTOR = 'rule:rest_not_paid';
const REASON = 'Less than was due, and the rest did not come.';

/** Opens cases and refunds for up to `limit` payments. @returns how many were due */
export async function refundShortTransfers(deps: RefundShortTransfersDeps, limit: number): Promise<number> {
  const before = addMinutes(deps.clock.now(), -REST_WITHIN_MINUTES);
  const due = await findAwaitedRests(deps.db, before, limit);
  for (const paymentId of due) {
    try {
      await inTransaction(deps.db, (tx) => giveUp(tx, deps, paymentId));
    } catch (error) {
      deps.logger.error({ err: error, paymentId }, 'refund.short-transfer-not-opened');
    }
  }
  return due.length;
}

async function giveUp(tx: Tx, deps: RefundDeps, paymentId: PaymentId): Promise<void> {
  if (!(await endAwaitedRest(tx, paymentId))) return;
  const payment = await findRefundedPayment(tx, paymentId);
  const [first] = payment ? ordersOfPayment(payment) : [];
  if (!payment || !first) return;
  const agencies = new Set(payment.allocations.map(({ agencyId }) => agencyId));
  const isOfOne = agencies.size === 1;
  // What is of several agencies lies with the platform, where a person asks for its return.
  if (isOfOne) {
    const from = await lockMoney(tx, { ...first, paymentId });
    // A credit may have completed it before the locks were ours.
    if (from.source !== 'suspense' || from.available.amountMinor === 0n) return;
    await openRefund(tx, deps, from, {
      amount: from.available,
      lines: null,
      reason: REASON,
      requestedBy: ACTOR,
      approvedBy: await approverFor(tx, from.available),
    });
  }
  await openCase(tx, {
    agencyId: isOfOne ? first.agencyId : PLATFORM_AGENCY,
    id: newId('case', deps.newId),
    kind: 'amount_differs',
    subject: paymentId,
    paymentId,
    orderId: payment.allocations.length === 1 ? first.orderId : null,
    detail: { received: payment.amountReceived.amountMinor.toString(), rest: 'not paid' },
    openedAt: deps.clock.now(),
  });
}
