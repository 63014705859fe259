/** The money trail of an order: everything that happened to it, each entry with where it is written. */
import type { AgencyId, OrderId } from '../../domain/kernel/ids.ts';
import type { Reader } from '../../platform/database.ts';
import { readMoneyTrail } from './money-trail-store.ts';

export type TrailKind =
  | 'order_opened'
  | 'payment_started'
  | 'payment_handed_off'
  | 'callback_received'
  | 'payment_succeeded'
  | 'payment_failed'
  | 'payment_unknown'
  | 'payment_mismatched'
  | 'ledger_posted'
  | 'receipt_issued'
  | 'receipt_voided'
  | 'refund_requested'
  | 'refund_decided'
  | 'refund_submitted'
  | 'refund_resolved'
  | 'settled'
  | 'agency_told'
  | 'agency_acknowledged'
  | 'order_closed';

export interface TrailEntry {
  readonly at: Date;
  readonly kind: TrailKind;
  /** The record that says so, as a public id or a reference. */
  readonly source: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Oldest first; entries of one instant in the order of the journey. */
export async function moneyTrail(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly id: OrderId },
): Promise<TrailEntry[]> {
  return await readMoneyTrail(reader, order);
}
