/** What happens at the pretend bank when a payer, or its own clock, decides: charges, and notices to the merchant. */
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import * as book from './bank-book.ts';
import { queueCallback } from './bank-callback-store.ts';
import { chargeEntry, orderEntry, refundEntry } from './bank-notices.ts';
import {
  FEE_PER_PAYMENT,
  type BankCharge,
  type BankClock,
  type BankDecision,
  type BankOrder,
  type CallbackManner,
} from './bank-types.ts';

export interface DecisionDeps {
  readonly db: Database;
  readonly clock: BankClock;
}

/** A fresh look at the order after the decision, with all its charges. */
export interface Decided {
  readonly order: BankOrder;
  readonly charges: readonly BankCharge[];
}

/** Lets the payer decide, once: a second decision on the same order changes nothing. Null for no such order. */
export function decide(deps: DecisionDeps, orderId: string, decision: BankDecision): Promise<Decided | null> {
  const now = deps.clock.now();
  return inTransaction(deps.db, async (tx) => {
    const order = await book.lockOrder(tx, orderId);
    if (!order) return null;
    const isOpen = order.state === 'open' && order.expiresAt > now;
    if (isOpen || (decision.kind !== 'later' && decision.evenIfClosed === true)) {
      await carryOut(tx, order, decision, now);
    }
    const decided = await book.findOrder(tx, orderId);
    return { order: decided ?? order, charges: await book.chargesOfOrder(tx, orderId) };
  });
}

async function carryOut(tx: Tx, order: BankOrder, decision: BankDecision, now: Date): Promise<void> {
  const manner = decision.manner ?? 'once';
  if (decision.kind === 'later') {
    const approveAt = new Date(now.getTime() + decision.seconds * 1000);
    await book.updateOrder(tx, { ...order, state: 'processing', approveAt, manner });
    return;
  }
  if (decision.kind === 'decline') {
    const declined = { ...order, state: 'declined', code: decision.code } as const;
    await book.updateOrder(tx, declined);
    await queueCallback(tx, order, order.merchantReference, orderEntry(declined, now), { manner, now });
    return;
  }
  for (let charge = 0; charge < (decision.charges ?? 1); charge += 1) {
    await approve(tx, order, decision.amount ?? order.amount, { manner, now, chargedAt: now });
  }
}

async function approve(
  tx: Tx,
  order: BankOrder,
  amount: bigint,
  when: { readonly manner: CallbackManner; readonly now: Date; readonly chargedAt: Date },
): Promise<void> {
  const charge = {
    transactionId: await book.nextNumber(tx, 'BT'),
    orderId: order.id,
    merchantId: order.merchantId,
    merchantReference: order.merchantReference,
    amount,
    fee: FEE_PER_PAYMENT,
    chargedAt: when.chargedAt,
  };
  await book.updateOrder(tx, { ...order, state: 'approved', code: '00', approveAt: null, manner: null });
  await book.insertCharge(tx, charge);
  await queueCallback(tx, order, charge.merchantReference, chargeEntry(charge, order.currency), when);
}

/** Does what has become due: delayed approvals and delayed refunds, with their notices. */
export function carryOutWhatIsDue(deps: DecisionDeps): Promise<void> {
  const now = deps.clock.now();
  return inTransaction(deps.db, async (tx) => {
    for (const order of await book.lockOrdersToApprove(tx, now)) {
      const chargedAt = order.approveAt ?? now;
      await approve(tx, order, order.amount, { manner: order.manner ?? 'once', now, chargedAt });
    }
    for (const refund of await book.approveDueRefunds(tx, now)) {
      const charge = await book.lockCharge(tx, refund.merchantId, refund.transactionId);
      const order = charge && (await book.findOrder(tx, charge.orderId));
      if (order) {
        await queueCallback(tx, order, refund.refundReference, refundEntry(refund), { manner: 'once', now });
      }
    }
  });
}
