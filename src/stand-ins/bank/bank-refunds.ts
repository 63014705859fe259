/** How the pretend bank gives money back: once for each refund reference, never more than it took. */
import { inTransaction } from '../../platform/database.ts';
import * as book from './bank-book.ts';
import type { DecisionDeps } from './bank-decisions.ts';
import type { BankRefund } from './bank-types.ts';

export interface RefundDemand {
  readonly merchantId: string;
  readonly refundReference: string;
  readonly transactionId: string;
  readonly amount: bigint;
}

const PROCESSING_MS = 60_000;

/** The refund of this reference: a new one, or the one made when it was first asked for. */
export function giveBack({ db, clock }: DecisionDeps, demand: RefundDemand): Promise<BankRefund> {
  const now = clock.now();
  return inTransaction(db, async (tx) => {
    // The charge's row is the queue: two demands on one charge are answered one after the other.
    const charge = await book.lockCharge(tx, demand.merchantId, demand.transactionId);
    const earlier = await book.findRefund(tx, demand.merchantId, demand.refundReference);
    if (earlier) return earlier;
    const refused = await refusalCode();
    const isSlow = !refused && (await book.useSwitch(tx, 'refunds_processing'));
    const state = refused ? 'declined' : isSlow ? 'processing' : 'approved';
    const refund: BankRefund = {
      ...demand,
      refundId: await book.nextNumber(tx, 'BR'),
      state,
      code: refused ?? (isSlow ? '09' : '00'),
      approveAt: isSlow ? new Date(now.getTime() + PROCESSING_MS) : null,
      refundedAt: state === 'approved' ? now : null,
    };
    await book.insertRefund(tx, refund);
    return refund;

    async function refusalCode(): Promise<string | null> {
      if (!charge) return '14';
      if ((await book.refundedOf(tx, charge.transactionId)) + demand.amount > charge.amount) return '13';
      return (await book.useSwitch(tx, 'refunds_declined')) ? '61' : null;
    }
  });
}
