/**
 * The job that sends approved refunds to their gateway and learns what became of them.
 *
 * A refund goes out under one reference however often it is tried: after anything but a clear answer the gateway is
 * asked first, and the refund is sent again only when it says that it never heard of it.
 */
import type { MerchantAccount, RefundOutcome, RefundRequest } from '../../gateways/gateway-adapter.ts';
import { newId, publicId } from '../../domain/kernel/ids.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import { minutesUntilNextQuestion, REFUND_OVERDUE_DAYS, type Refund } from '../../domain/refunds/refund.ts';
import { inTransaction } from '../../platform/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Gateways, MerchantAccounts } from '../payments/start-payment.ts';
import { recordRefundOutcome, type RecordRefundOutcomeDeps } from './record-refund-outcome.ts';
import { openCase } from './refund-effect-store.ts';
import { findRefundedPayment, type RefundedPayment } from './refund-reading-store.ts';
import { claimDueRefunds, postponeRefund } from './refund-store.ts';

export interface SubmitRefundsDeps extends RecordRefundOutcomeDeps {
  readonly gateways: Pick<Gateways, 'get'>;
  readonly merchantAccounts: MerchantAccounts;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** How long a gateway may take to answer; less than the lease. 10 s unless told. */
  readonly gatewayTimeoutMs?: number;
}

const GATEWAY_TIMEOUT_MS = 10_000;

/** Sends or asks about up to `limit` due refunds. @returns how many were due */
export async function submitRefunds(deps: SubmitRefundsDeps, limit: number): Promise<number> {
  let done = 0;
  // One at a time under its own lease: a slow gateway must not let the leases of others run out.
  for (; done < limit; done += 1) {
    const [refund] = await inTransaction(deps.db, (tx) => claimDueRefunds(tx, deps.clock.now(), 1));
    if (!refund) return done;
    try {
      await submit(deps, refund);
    } catch (error) {
      // Its lease runs out by itself; the next one who takes it asks the gateway first.
      deps.logger.error({ err: error, refundId: refund.id }, 'refund.not-submitted');
    }
  }
  return done;
}

async function submit(deps: SubmitRefundsDeps, refund: Refund): Promise<void> {
  const key = { agencyId: refund.agencyId, refundId: refund.id };
  const outcome = await speakTo(deps, refund);
  if (outcome !== 'unclear') {
    const { decision } = await recordRefundOutcome(deps, key, outcome, 'answer');
    if (decision !== 'wait') return;
  }
  const now = deps.clock.now();
  await inTransaction(deps.db, async (tx) => {
    await postponeRefund(tx, key, {
      at: addMinutes(now, minutesUntilNextQuestion(refund.attempts)),
      gatewayCode: outcome !== 'unclear' && outcome.kind === 'pending' ? outcome.gatewayCode : null,
    });
    if (!isOverdue(refund, now)) return;
    await openCase(tx, {
      agencyId: refund.agencyId,
      id: newId('case', deps.newId),
      kind: 'outcome_overdue',
      subject: refund.id,
      paymentId: refund.paymentId,
      orderId: refund.orderId,
      detail: { refund_id: publicId('rf', refund.id) },
      openedAt: now,
    });
  });
}

/** What the gateway said; `unclear` when it did not, so that nobody knows whether the money left. */
async function speakTo(deps: SubmitRefundsDeps, refund: Refund): Promise<RefundOutcome | 'unclear'> {
  const payment = await findRefundedPayment(deps.db, refund.paymentId);
  if (!payment) throw new Error(`payment ${refund.paymentId} of refund ${refund.id} is missing`);
  const adapter = deps.gateways.get(payment.gateway);
  if (adapter?.profile.payouts === true) return { kind: 'pending', gatewayCode: 'awaiting_payout' };
  const refunds = adapter?.refunds;
  const isFirst = refund.attempts === 1;
  if (!refunds) {
    // Nothing was ever sent: the money is certainly still ours. Later it is not certain, and a person must look.
    return isFirst ? { kind: 'failed', gatewayCode: 'gateway_cannot' } : 'unclear';
  }
  try {
    const account = await deps.merchantAccounts(payment.gateway, payment.merchantAccount);
    if (!account) throw new Error(`the merchant account ${payment.merchantAccount} is not enabled`);
    const request = requestOf(refund, payment, account);
    if (!isFirst) {
      const known = await refunds.queryRefund(request, timeoutOf(deps));
      if (known.kind !== 'not_known') return known;
    }
    return await refunds.refundPayment(request, timeoutOf(deps));
  } catch (error) {
    deps.logger.warn({ err: error, refundId: refund.id, gateway: payment.gateway }, 'refund.unclear');
    return 'unclear';
  }
}

function requestOf(refund: Refund, payment: RefundedPayment, account: MerchantAccount): RefundRequest {
  return {
    account,
    refundReference: refund.refundReference,
    submittedAt: refund.submittedAt ?? refund.requestedAt,
    amount: refund.amount,
    reason: refund.reason,
    merchantReference: payment.merchantReference,
    gatewayTransactionId: payment.gatewayTransactionId ?? '',
    paymentAmount: payment.amountReceived,
    paymentStartedAt: payment.startedAt,
    paidAt: payment.paidAt ?? payment.startedAt,
  };
}

function timeoutOf(deps: SubmitRefundsDeps): AbortSignal {
  return AbortSignal.timeout(deps.gatewayTimeoutMs ?? GATEWAY_TIMEOUT_MS);
}

function isOverdue(refund: Refund, now: Date): boolean {
  if (refund.submittedAt === null) return false;
  return addMinutes(refund.submittedAt, REFUND_OVERDUE_DAYS * 24 * 60) <= now;
}
