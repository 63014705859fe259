/** Post ledger transactions, each once per source event, inside the caller's transaction. */
import type { LedgerTransactionId } from '../../domain/kernel/ids.ts';
import type { LedgerTransaction } from '../../domain/ledger/ledger-transaction.ts';
import { query, type Tx } from '../../platform/database.ts';
import { postingOf } from './posting.ts';

/** Posts; a transaction that was posted before is left as it is. Faults: the same reference with other content. */
export async function postTransactions(tx: Tx, transactions: readonly LedgerTransaction[]): Promise<void> {
  if (transactions.length === 0) return;
  await query(tx, 'select is_new from ledger_post(:postings::jsonb)', {
    postings: JSON.stringify(transactions.map((transaction) => postingOf(transaction))),
  });
}

/** Posts one transaction that undoes an earlier one, with the link to it; a transaction is undone at most once. */
export async function postReversal(
  tx: Tx,
  transaction: LedgerTransaction,
  reversesId: LedgerTransactionId,
): Promise<void> {
  await query(tx, 'select is_new from ledger_post(:postings::jsonb)', {
    postings: JSON.stringify([postingOf(transaction, reversesId)]),
  });
}
