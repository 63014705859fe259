/** What agencies are told: the types of events, and the exact body that is signed and sent. */
import { publicId, type EventId, type OrderId, type ReceiptId, type AgencyId } from '../kernel/ids.ts';

export const EVENT_TYPES = [
  'payment_order.opened',
  'payment_order.paid',
  'payment_order.expired',
  'payment_order.cancelled',
  'payment_order.partly_refunded',
  'payment_order.refunded',
  'payment_order.corrected',
  'payment.unknown',
  'payment.failed',
  'refund.requested',
  'refund.succeeded',
  'refund.failed',
  'receipt.issued',
  'receipt.voided',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/**
 * An event ready to be written beside its fact.
 *
 * Its body is the JSON text cut where a receipt's number belongs: the number is known only inside the
 * transaction that issues the receipt. `bodyParts[i]` is followed by the number of `receiptNumbers[i]`.
 */
export interface EventDraft {
  readonly agencyId: AgencyId;
  readonly id: EventId;
  readonly orderId: OrderId;
  readonly sequence: number;
  readonly type: EventType;
  readonly occurredAt: Date;
  readonly bodyParts: readonly string[];
  readonly receiptNumbers: readonly ReceiptId[];
}

/** Plain JSON; a receipt whose number is still to come carries `receiptNumber(id)` in its place. */
export type EventData = Readonly<Record<string, unknown>>;

const NUMBER_MARK = '\u0000receipt-number:';

/** Stands for a receipt's number until it is taken. No input can hold a NUL, so none can forge it. */
export function receiptNumber(id: ReceiptId): string {
  return `${NUMBER_MARK}${id}\u0000`;
}

const MARK_IN_JSON = /"\\u0000receipt-number:([0-9a-f-]{36})\\u0000"/;

/** Makes the event with its body `{ id, type, occurred_at, sequence, data }`. */
export function draftEvent(event: {
  readonly agencyId: AgencyId;
  readonly id: EventId;
  readonly orderId: OrderId;
  readonly sequence: number;
  readonly type: EventType;
  readonly occurredAt: Date;
  readonly data: EventData;
}): EventDraft {
  const body = JSON.stringify({
    id: publicId('ev', event.id),
    type: event.type,
    occurred_at: event.occurredAt.toISOString(),
    sequence: event.sequence,
    data: event.data,
  });
  const pieces = body.split(MARK_IN_JSON);
  return {
    agencyId: event.agencyId,
    id: event.id,
    orderId: event.orderId,
    sequence: event.sequence,
    type: event.type,
    occurredAt: event.occurredAt,
    bodyParts: pieces.filter((_, index) => index % 2 === 0),
    receiptNumbers: pieces.filter((_, index) => index % 2 === 1) as ReceiptId[],
  };
}
