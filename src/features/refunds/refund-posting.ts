/** What a refund posts: its money held, confirmed, given back, or come back after a confirmation. */
import { newId, type AgencyId, type IdSource, type LedgerTransactionId } from '../../domain/kernel/ids.ts';
import { dayOf, type Day } from '../../domain/kernel/time.ts';
import { clearingAccount, singleAccount, type AccountName } from '../../domain/ledger/accounts.ts';
import {
  transferFor,
  type LedgerEventKind,
  type LedgerTransaction,
  type PostableAccount,
  type Transfer,
} from '../../domain/ledger/ledger-transaction.ts';
import { REFUND_MOVEMENTS, type Movement } from '../../domain/ledger/posting-rules.ts';
import type { AllocationLine } from '../../domain/payments/payment.ts';
import type { Refund } from '../../domain/refunds/refund.ts';
import type { Tx } from '../../platform/database.ts';
import { accountsIn } from '../ledger/account-store.ts';
import { openDayFor } from '../ledger/business-day-store.ts';
import { postReversal, postTransactions } from '../ledger/post-transaction.ts';
import type { RefundedPayment } from './refund-reading-store.ts';

export interface RefundPosting {
  readonly refund: Refund;
  readonly payment: RefundedPayment;
  /** The frozen lines of a refund of the agency's money. */
  readonly lines: readonly AllocationLine[];
  readonly kind: Extract<
    LedgerEventKind,
    'refund_hold' | 'refund_confirmed' | 'refund_given_back' | 'refund_reversed'
  >;
  readonly effectiveAt: Date;
  readonly actor: string;
  /** The transaction this one undoes. */
  readonly reversesId: LedgerTransactionId | null;
}

/** Posts one movement of a refund in the book of its agency. @returns the business day it was booked on */
export async function postRefund(
  tx: Tx,
  deps: { readonly newId: IdSource; readonly businessTimeZone: string },
  posting: RefundPosting,
): Promise<Day> {
  const { refund } = posting;
  const transfers = await transfersOf(tx, deps.newId, posting);
  const businessDate = await openDayFor(
    tx,
    refund.agencyId,
    dayOf(posting.effectiveAt, deps.businessTimeZone),
  );
  const transaction: LedgerTransaction = {
    agencyId: refund.agencyId,
    id: newId('txn', deps.newId),
    eventKind: posting.kind,
    eventRef: refund.id,
    correlationId: refund.paymentId,
    effectiveAt: posting.effectiveAt,
    businessDate,
    actor: posting.actor,
    transfers,
  };
  if (posting.reversesId === null) await postTransactions(tx, [transaction]);
  else await postReversal(tx, transaction, posting.reversesId);
  return businessDate;
}

async function transfersOf(tx: Tx, ids: IdSource, posting: RefundPosting): Promise<Transfer[]> {
  const { refund } = posting;
  const { agencyId } = refund;
  const pendingName = singleAccount(agencyId, refund.amount.currency, 'refund_pending');
  switch (posting.kind) {
    case 'refund_hold':
    case 'refund_given_back': {
      const { hold, giveBack } = REFUND_MOVEMENTS[refund.source];
      const movement = posting.kind === 'refund_hold' ? hold : giveBack;
      if (refund.source === 'payable') {
        const [pending] = await accountsIn(tx, ids, [pendingName]);
        return lineTransfers(posting, movement, pending);
      }
      const role = refund.source === 'surplus' ? 'suspense_duplicate' : 'suspense_unidentified';
      const names = [pendingName, singleAccount(agencyId, refund.amount.currency, role)];
      return [transferFor(movement, await accountsIn(tx, ids, names), refund.amount)];
    }
    case 'refund_confirmed':
    case 'refund_reversed': {
      const accounts = await accountsIn(tx, ids, [pendingName, clearingName(posting, agencyId)]);
      return [transferFor(posting.kind, accounts, refund.amount)];
    }
  }
}

function lineTransfers(
  { refund, lines }: RefundPosting,
  movement: Movement,
  pending: PostableAccount | undefined,
): Transfer[] {
  return refund.lines.map((part) => {
    const line = lines.find(({ lineNo }) => lineNo === part.lineNo);
    if (!line || !pending)
      throw new Error(`frozen line ${String(part.lineNo)} of refund ${refund.id} was not read`);
    return transferFor(
      movement,
      [pending, { id: line.payableAccountId, role: 'agency_payable' }],
      part.amount,
    );
  });
}

/** The money leaves from where it arrived: the same gateway, the same merchant account. */
function clearingName({ refund, payment }: RefundPosting, agencyId: AgencyId): AccountName {
  return clearingAccount(agencyId, refund.amount.currency, payment.gateway, payment.merchantAccount);
}
