/** What happens at a played gateway when a payer, a merchant or its own clock decides: charges, refunds, and news of them. */
import { randomBytes } from 'node:crypto';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import * as store from './peer-store.ts';
import type {
  NewPayment,
  NewRefund,
  NoticeManner,
  PeerClock,
  PeerDecision,
  PeerPayment,
  PeerProtocol,
  RefundTaken,
  Truth,
} from './peer-types.ts';

export interface DecisionDeps {
  readonly db: Database;
  readonly clock: PeerClock;
  readonly protocol: PeerProtocol;
}

const ALL_ROWS = 1_000_000;
const DELAY_MS = 30_000;
const REFUND_TAKES_MS = 60_000;
const LOSSES = 3;

export async function takePayment(
  { db, clock, protocol }: DecisionDeps,
  asked: NewPayment,
): Promise<{ payment: PeerPayment; isNew: boolean }> {
  const { gateway } = protocol;
  const id = randomBytes(16).toString('hex');
  const isNew = await store.insertPayment(db, gateway, { ...asked, id, createdAt: clock.now() });
  const payment = await store.findPayment(db, { gateway, ...asked });
  if (!payment) throw new Error(`The payment ${asked.reference} vanished while it was taken.`);
  return { payment, isNew };
}

/** The payment of a reference; one that the payer finds elsewhere is taken now. */
export async function findOrComeAcross(deps: DecisionDeps, reference: string): Promise<PeerPayment | null> {
  const { db, protocol } = deps;
  const payments = await store.listPayments(db, protocol.gateway, ALL_ROWS);
  const known = payments.find((one) => one.reference === reference);
  if (known) return known;
  const found = await protocol.comeAcross?.(reference);
  return found ? (await takePayment(deps, found)).payment : null;
}

/** Lets the payer decide, once: a second decision on the same payment changes nothing. False for no such payment. */
export function decide(deps: DecisionDeps, paymentId: string, decision: PeerDecision): Promise<boolean> {
  const now = deps.clock.now();
  return inTransaction(deps.db, async (tx) => {
    const payment = await store.lockPayment(tx, deps.protocol.gateway, paymentId);
    if (!payment) return false;
    const isOpen = payment.state === 'open' && payment.expiresAt > now;
    if (isOpen || (decision.kind !== 'later' && decision.evenIfClosed === true)) {
      await carryOut(tx, deps, payment, decision);
    }
    return true;
  });
}

async function carryOut(
  tx: Tx,
  deps: DecisionDeps,
  payment: PeerPayment,
  decision: PeerDecision,
): Promise<void> {
  const now = deps.clock.now();
  const manner = decision.manner ?? 'once';
  if (decision.kind === 'later') {
    const approveAt = new Date(now.getTime() + decision.seconds * 1000);
    await store.updatePayment(tx, { ...payment, state: 'processing', approveAt, manner });
    return;
  }
  if (decision.kind === 'decline') {
    await store.updatePayment(tx, { ...payment, state: 'declined', code: decision.code });
    await tell(tx, deps, payment, { transactionId: null, code: decision.code }, manner);
    return;
  }
  for (let charge = 0; charge < (decision.charges ?? 1); charge += 1) {
    await approve(tx, deps, payment, { amount: decision.amount ?? payment.amount, chargedAt: now, manner });
  }
}

async function approve(
  tx: Tx,
  deps: DecisionDeps,
  payment: PeerPayment,
  how: { readonly amount: bigint; readonly chargedAt: Date; readonly manner: NoticeManner },
): Promise<void> {
  const { gateway } = deps.protocol;
  const transactionId = deps.protocol.transactionId(await store.nextNumber(tx));
  await store.updatePayment(tx, { ...payment, state: 'approved', code: null, approveAt: null, manner: null });
  const { amount, chargedAt } = how;
  await store.insertCharge(tx, gateway, { transactionId, paymentId: payment.id, amount, chargedAt });
  await tell(tx, deps, payment, { transactionId, code: null }, how.manner);
}

/** Queues the news in the manner asked for, in the transaction of the fact it tells. */
async function tell(
  tx: Tx,
  { clock, protocol }: DecisionDeps,
  payment: PeerPayment,
  what: { readonly transactionId: string | null; readonly code: string | null },
  manner: NoticeManner,
): Promise<void> {
  if (manner === 'never') return;
  const { gateway } = protocol;
  const now = clock.now();
  const notice = {
    gateway,
    paymentId: payment.id,
    refundReference: null,
    ...what,
    truth: 'genuine' as Truth,
    lossesLeft: manner === 'lost' ? LOSSES : 0,
    dueAt: manner === 'delayed' ? new Date(now.getTime() + DELAY_MS) : now,
  };
  if (manner === 'forged' || manner === 'altered') await store.insertNotice(tx, { ...notice, truth: manner });
  const copies = Math.max(await store.switchValue(tx, gateway, 'repeat_notices'), manner === 'twice' ? 2 : 1);
  for (let copy = 0; copy < copies; copy += 1) await store.insertNotice(tx, notice);
  if (manner !== 'reordered') return;
  await store.insertNotice(tx, { ...notice, transactionId: null, code: protocol.processingCode });
}

/** Gives back of one charge, once for each reference, never more than it took. */
export function takeRefund(deps: DecisionDeps, asked: NewRefund): Promise<RefundTaken> {
  const { gateway } = deps.protocol;
  const now = deps.clock.now();
  return inTransaction(deps.db, async (tx): Promise<RefundTaken> => {
    const charge = await store.findCharge(tx, gateway, asked.transactionId);
    const payment = charge && (await store.lockPayment(tx, gateway, charge.paymentId));
    if (!charge || payment?.merchantId !== asked.merchantId) return { kind: 'no_such_charge' };
    const known = await store.findRefund(tx, { gateway, ...asked });
    if (known) return { kind: 'taken', refund: known, isNew: false };
    const before = (await store.refundsOfPayment(tx, payment.id))
      .filter(({ transactionId, state }) => transactionId === charge.transactionId && state !== 'declined')
      .reduce((sum, { amount }) => sum + amount, 0n);
    if (before + asked.amount > charge.amount) return { kind: 'too_much' };
    const state = (await store.useSwitch(tx, gateway, 'refunds_declined'))
      ? 'declined'
      : (await store.useSwitch(tx, gateway, 'refunds_processing'))
        ? 'processing'
        : 'approved';
    const refund = {
      ...asked,
      refundId: deps.protocol.transactionId(await store.nextNumber(tx)),
      paymentId: payment.id,
      state,
      askedAt: now,
      approveAt: state === 'processing' ? new Date(now.getTime() + REFUND_TAKES_MS) : null,
      refundedAt: state === 'approved' ? now : null,
    } as const;
    await store.insertRefund(tx, gateway, refund);
    return { kind: 'taken', refund, isNew: true };
  });
}

/** Does what has become due: delayed approvals and delayed refunds, with their news. */
export function carryOutWhatIsDue(deps: DecisionDeps): Promise<void> {
  const { gateway } = deps.protocol;
  const now = deps.clock.now();
  return inTransaction(deps.db, async (tx) => {
    for (const payment of await store.lockPaymentsToApprove(tx, gateway, now)) {
      const { amount, approveAt, manner } = payment;
      await approve(tx, deps, payment, { amount, chargedAt: approveAt ?? now, manner: manner ?? 'once' });
    }
    for (const refund of await store.approveDueRefunds(tx, gateway, now)) {
      if (!deps.protocol.refundNotice) continue;
      await store.insertNotice(tx, {
        gateway,
        paymentId: refund.paymentId,
        refundReference: refund.refundReference,
        transactionId: null,
        code: null,
        truth: 'genuine',
        lossesLeft: 0,
        dueAt: now,
      });
    }
  });
}
