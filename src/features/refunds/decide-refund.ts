/** Deciding a refund: a second person or client says yes, no, or not like this. */
import { publicId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { decideRefund as decide, type Refund, type RefundDecision } from '../../domain/refunds/refund.ts';
import type { Tx } from '../../platform/database.ts';
import { writeAudit } from '../staff/audit-log.ts';
import { announceRefund, concernedOrders, unchanged } from './refund-announcement.ts';
import { resolveCases } from './refund-effect-store.ts';
import { giveBack } from './refund-give-back.ts';
import { lockRefundWithMoney } from './refund-lock.ts';
import { updateRefund, type RefundKey } from './refund-store.ts';
import { isPaidOut, type RefundDeps } from './request-refund.ts';

export interface DecideRefund extends RefundKey {
  readonly decision: RefundDecision;
  readonly note: string | null;
  /** Who decides: never the one that asked. */
  readonly actor: string;
}

const AUDIT_ACTIONS: Readonly<Record<RefundDecision, string>> = {
  approve: 'refund.approved',
  reject: 'refund.rejected',
  send_back: 'refund.sent_back',
};

/**
 * Approves a refund, to be sent at once, or gives its held money back.
 *
 * Refuses: refund.not-found, refund.same-person, refund.illegal-move.
 */
export async function decideRefund(tx: Tx, deps: RefundDeps, command: DecideRefund): Promise<Refund> {
  const locked = await lockRefundWithMoney(tx, command);
  if (!locked) throw new Refusal('refund.not-found');
  const { refund } = locked;
  const state = decide(refund, command.decision, command.actor);
  const now = deps.clock.now();
  const isApproved = state === 'approved';
  const isSent = isApproved && !isPaidOut(deps, locked.payment.gateway);
  const decided: Refund = {
    ...refund,
    state,
    decidedBy: command.actor,
    decisionNote: command.note,
    decidedAt: now,
    resolvedAt: isApproved ? null : now,
  };
  await updateRefund(tx, command, { ...decided, nextAttemptAt: isSent ? now : null });
  await writeAudit(tx, {
    id: deps.newId(),
    actor: command.actor,
    action: AUDIT_ACTIONS[command.decision],
    agencyId: refund.agencyId,
    subject: publicId('rf', refund.id),
    detail: { note: command.note },
  });
  await resolveCases(
    tx,
    { agencyId: refund.agencyId, kind: 'surplus_above_limit', subject: refund.id, openedBy: now },
    { actor: command.actor, at: now, note: command.decision },
  );
  if (isApproved) return decided;

  await giveBack(
    tx,
    deps,
    { ...locked, refund: decided },
    { actor: command.actor, at: now, reversedId: null },
  );
  for (const order of concernedOrders(decided, locked.orders)) {
    await announceRefund(tx, deps, {
      refund: decided,
      order,
      after: unchanged(order),
      news: [['refund.failed', {}]],
      receiptNumbers: {},
      now,
    });
  }
  return decided;
}
