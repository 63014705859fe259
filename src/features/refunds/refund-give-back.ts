/** Giving back what a refund had held: to the frozen lines and to the account it was taken from. */
import type { IdSource, LedgerTransactionId } from '../../domain/kernel/ids.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { Tx } from '../../platform/database.ts';
import type { LockedRefund } from './refund-lock.ts';
import { postRefund } from './refund-posting.ts';
import { findPosting } from './refund-reading-store.ts';
import { releaseLines } from './refund-store.ts';

/**
 * Undoes the hold of a refund that came to nothing.
 *
 * @param by.reversedId  the confirmation that was posted and is undone first; null when there was none
 */
export async function giveBack(
  tx: Tx,
  deps: { readonly newId: IdSource; readonly businessTimeZone: string },
  { refund, payment, lines }: LockedRefund,
  by: { readonly actor: string; readonly at: Date; readonly reversedId: LedgerTransactionId | null },
): Promise<Day> {
  const posting = { refund, payment, lines, effectiveAt: by.at, actor: by.actor };
  if (by.reversedId !== null) {
    await postRefund(tx, deps, { ...posting, kind: 'refund_reversed', reversesId: by.reversedId });
  }
  const held = await findPosting(tx, {
    agencyId: refund.agencyId,
    eventKind: 'refund_hold',
    refundId: refund.id,
  });
  if (held === null) throw new Error(`refund ${refund.id} holds no money`);
  await releaseLines(tx, refund);
  return await postRefund(tx, deps, { ...posting, kind: 'refund_given_back', reversesId: held });
}
