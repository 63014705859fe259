/** The job that opens refunds of money paid twice: up to a limit approved by a rule, above it for a person to decide. */
import { newId, publicId } from '../../domain/kernel/ids.ts';
import { money, type Money } from '../../domain/kernel/money.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import type { Logger } from '../../platform/logger.ts';
import { moneySubject } from './refund-announcement.ts';
import { openCase, type NewCase } from './refund-effect-store.ts';
import {
  gatewayObstacle,
  lockMoney,
  openRefund,
  type RefundableMoney,
  type RefundDeps,
} from './request-refund.ts';
import { findRule } from './rule-store.ts';
import { claimSurplus, forgetSurplus, type SurplusKey } from './surplus-store.ts';

/** The rule's value: `{ "amount": 5000000 }`, in the minor unit of the refund's currency. */
export const AUTO_REFUND_RULE = 'auto_refund_up_to';
const RULE_ACTOR = `rule:${AUTO_REFUND_RULE}`;
const REASON = 'Paid twice.';

export interface RefundSurplusDeps extends RefundDeps {
  readonly db: Database;
  readonly logger: Pick<Logger, 'error'>;
}

/** Opens up to `limit` refunds. @returns how many surplus sums it looked at */
export async function refundSurplus(deps: RefundSurplusDeps, limit: number): Promise<number> {
  let last: SurplusKey | null = null;
  for (let done = 0; done < limit; done += 1) {
    last = await openNext(deps, last);
    if (last === null) return done;
  }
  return limit;
}

/** One that cannot be opened stays for the next run, and does not keep the others waiting. */
async function openNext(deps: RefundSurplusDeps, after: SurplusKey | null): Promise<SurplusKey | null> {
  const claimed: SurplusKey[] = [];
  try {
    await inTransaction(deps.db, async (tx) => {
      const surplus = await claimSurplus(tx, after);
      claimed.splice(0, 1, ...(surplus ? [surplus] : []));
      if (!surplus) return;
      await openFor(tx, deps, surplus);
      await forgetSurplus(tx, surplus);
    });
  } catch (error) {
    if (!claimed[0]) throw error;
    deps.logger.error({ err: error, paymentId: claimed[0].paymentId }, 'refund.surplus-not-opened');
  }
  return claimed[0] ?? null;
}

async function openFor(tx: Tx, deps: RefundDeps, surplus: SurplusKey): Promise<void> {
  const from = await lockMoney(tx, surplus);
  // Somebody asked for it before we came.
  if (from.source !== 'surplus' || from.available.amountMinor === 0n) return;
  const obstacle = gatewayObstacle(deps, from.payment, from.available, deps.clock.now());
  if (obstacle !== null) {
    const { gateway } = from.payment;
    const subject = moneySubject({ ...from, paymentId: from.payment.id });
    await askAPerson(tx, deps, from, 'refund_failed', subject, { gateway, ...obstacle });
    return;
  }
  const approver = await approverFor(tx, from.available);
  const refund = await openRefund(tx, deps, from, {
    amount: from.available,
    lines: null,
    reason: REASON,
    requestedBy: RULE_ACTOR,
    approvedBy: approver,
  });
  if (approver !== null) return;
  await askAPerson(tx, deps, from, 'surplus_above_limit', refund.id, {
    refund_id: publicId('rf', refund.id),
  });
}

/** Who approved beforehand what lies within the rule's limit; null when nobody did. */
export async function approverFor(tx: Tx, amount: Money): Promise<string | null> {
  const rule = await findRule(tx, AUTO_REFUND_RULE);
  if (!rule) return null;
  const { amount: limit } = rule.value as { amount: number };
  return amount.amountMinor <= money(BigInt(limit), amount.currency).amountMinor ? rule.approver : null;
}

async function askAPerson(
  tx: Tx,
  deps: RefundDeps,
  from: RefundableMoney,
  kind: NewCase['kind'],
  subject: string,
  detail: NewCase['detail'],
): Promise<void> {
  await openCase(tx, {
    agencyId: from.agencyId,
    id: newId('case', deps.newId),
    kind,
    subject,
    paymentId: from.payment.id,
    orderId: from.orderId,
    detail: { ...detail, amount: from.available.amountMinor.toString() },
    openedAt: deps.clock.now(),
  });
}
