/** A ledger transaction as the database function takes it, with the hash that a repetition is compared by. */
import { createHash } from 'node:crypto';
import type { LedgerTransaction } from '../../domain/ledger/ledger-transaction.ts';

/** One element of what `ledger_post(jsonb)` takes. */
export interface PostingJson {
  readonly agency_id: number;
  readonly id: string;
  readonly event_kind: string;
  readonly event_ref: string;
  readonly request_hash: string;
  readonly correlation_id: string | null;
  readonly effective_at: string;
  readonly business_date: string;
  readonly reverses_id: string | null;
  readonly actor: string;
  readonly transfers: readonly {
    readonly leg: number;
    readonly currency: string;
    readonly debit_account_id: string;
    readonly credit_account_id: string;
    readonly amount: number;
  }[];
}

/**
 * What is posted: the hash covers what the transaction says of the world, not its id, so that the same fact
 * posted again is recognised and another fact under the same reference is a fault.
 */
export function postingOf(transaction: LedgerTransaction, reversesId: string | null = null): PostingJson {
  const transfers = transaction.transfers.map((transfer, index) => ({
    leg: index + 1,
    currency: transfer.amount.currency,
    debit_account_id: transfer.debitAccountId,
    credit_account_id: transfer.creditAccountId,
    amount: Number(transfer.amount.amountMinor),
  }));
  const said = [
    transaction.agencyId,
    transaction.eventKind,
    transaction.eventRef,
    transaction.effectiveAt.toISOString(),
    ...transfers.flatMap((leg) => [leg.currency, leg.debit_account_id, leg.credit_account_id, leg.amount]),
  ];
  return {
    agency_id: transaction.agencyId,
    id: transaction.id,
    event_kind: transaction.eventKind,
    event_ref: transaction.eventRef,
    request_hash: createHash('sha256').update(JSON.stringify(said)).digest('hex'),
    correlation_id: transaction.correlationId,
    effective_at: transaction.effectiveAt.toISOString(),
    business_date: transaction.businessDate,
    reverses_id: reversesId,
    actor: transaction.actor,
    transfers,
  };
}
