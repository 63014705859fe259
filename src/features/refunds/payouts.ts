/** Refunds that no gateway sends: the payer names an account, a person transfers, another confirms, the books follow. */
import { z } from 'zod';
import { publicId, type AgencyId, type OrderId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { accountHint, type PayoutAccount } from '../../domain/refunds/payout-account.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import type { SecretBox } from '../../platform/secret-box.ts';
import type { Gateways } from '../payments/start-payment.ts';
import { writeAudit } from '../staff/audit-log.ts';
import {
  findDuePayouts,
  findRefundsUnderWay,
  insertPayout,
  markPaidOut,
  type WaitingRefund,
} from './payout-store.ts';
import { recordRefundOutcomeIn, type RecordRefundOutcomeDeps } from './record-refund-outcome.ts';
import { findRefundByReference, type RefundKey } from './refund-store.ts';

export type { WaitingRefund } from './payout-store.ts';

const ACCOUNT = z.object({ bank: z.string(), accountNumber: z.string(), holder: z.string() });

interface OrderKey {
  readonly agencyId: AgencyId;
  readonly orderId: OrderId;
}

/** What a sealed account is bound to. */
export function payoutAccountContext(of: {
  readonly agencyId: AgencyId | string;
  readonly refundId: string;
}): string {
  return `payouts:${String(of.agencyId)}:${of.refundId}`;
}

/** Refunds of an order whose money people transfer, and whether its account is known. */
export async function refundsToPayOut(
  deps: { readonly db: Database; readonly gateways: Pick<Gateways, 'get'> },
  order: OrderKey,
): Promise<WaitingRefund[]> {
  const underWay = await findRefundsUnderWay(deps.db, order);
  return underWay.filter(({ gateway }) => deps.gateways.get(gateway)?.profile.payouts === true);
}

export interface GivePayoutAccountDeps extends Pick<RecordRefundOutcomeDeps, 'db' | 'clock' | 'newId'> {
  readonly gateways: Pick<Gateways, 'get'>;
  readonly box: Pick<SecretBox, 'seal'>;
}

/**
 * Keeps the payer's account for every refund of the order that waits for one. The first account named holds: whoever
 * finds the link later cannot lead the money elsewhere.
 *
 * @returns for how many refunds it was kept
 */
export async function givePayoutAccount(
  deps: GivePayoutAccountDeps,
  order: OrderKey,
  account: PayoutAccount,
): Promise<number> {
  const waiting = (await refundsToPayOut(deps, order)).filter((refund) => refund.accountHint === null);
  return await inTransaction(deps.db, async (tx) => {
    let kept = 0;
    for (const { refundId } of waiting) {
      const key = { agencyId: order.agencyId, refundId };
      const accountBox = deps.box.seal(JSON.stringify(account), payoutAccountContext(key));
      const at = deps.clock.now();
      if (!(await insertPayout(tx, { ...key, accountBox, accountHint: accountHint(account), at }))) continue;
      kept += 1;
      await writeAudit(tx, {
        id: deps.newId(),
        actor: 'payer',
        action: 'payout.account_given',
        agencyId: order.agencyId,
        subject: publicId('rf', refundId),
        detail: { account: accountHint(account) },
      });
    }
    return kept;
  });
}

export interface PayoutToMake extends RefundKey {
  readonly refundReference: string;
  readonly amountMinor: bigint;
  /** Compare it with the account's holder before the transfer. */
  readonly payerName: string | null;
  readonly account: PayoutAccount | null;
}

/** What is to be transferred, oldest first, accounts opened: for the eyes of those who transfer. */
export async function payoutsToMake(
  deps: {
    readonly db: Database;
    readonly box: Pick<SecretBox, 'open'>;
    readonly gateways: readonly string[];
  },
  limit: number,
): Promise<PayoutToMake[]> {
  const due = await findDuePayouts(deps.db, deps.gateways, limit);
  return due.map(({ accountBox, amount, ...payout }) => ({
    ...payout,
    amountMinor: amount.amountMinor,
    account:
      accountBox === null
        ? null
        : ACCOUNT.parse(JSON.parse(deps.box.open(accountBox, payoutAccountContext(payout)))),
  }));
}

export interface MadePayout {
  readonly refundReference: string;
  /** The bank's number of the transfer. */
  readonly bankTransaction: string;
  readonly paidAt: Date;
  readonly preparedBy: string;
  readonly confirmedBy: string;
}

/**
 * Records a transfer that was made: the refund has succeeded.
 *
 * Refuses: refund.not-found, refund.same-person, refund.illegal-move when no account is known or it is settled.
 */
export async function recordPayout(deps: RecordRefundOutcomeDeps, made: MadePayout): Promise<void> {
  const found = await findRefundByReference(deps.db, made.refundReference);
  if (!found) throw new Refusal('refund.not-found');
  const { preparedBy, confirmedBy, bankTransaction, paidAt } = made;
  if (preparedBy === confirmedBy) throw new Refusal('refund.same-person');
  const key: RefundKey = { agencyId: found.agencyId, refundId: found.refundId };
  await inTransaction(deps.db, async (tx) => {
    const { decision } = await recordRefundOutcomeIn(
      tx,
      deps,
      key,
      { kind: 'succeeded', gatewayRefundId: bankTransaction, refundedAt: paidAt },
      'payout',
    );
    const isNoted = await markPaidOut(tx, key, { bankTransaction, preparedBy, confirmedBy, paidAt });
    if (decision !== 'succeed' || !isNoted) throw new Refusal('refund.illegal-move');
    await writeAudit(tx, {
      id: deps.newId(),
      actor: confirmedBy,
      action: 'payout.made',
      agencyId: key.agencyId,
      subject: publicId('rf', key.refundId),
      detail: { prepared_by: preparedBy, bank_transaction: bankTransaction },
    });
  });
}
