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

interface EventHead {
  readonly agencyId: AgencyId;
  readonly id: EventId;
  readonly orderId: OrderId;
  readonly sequence: number;
  readonly type: EventType;
  readonly occurredAt: Date;
}

/** Makes the event with its body `{ id, type, occurred_at, sequence, data }`. */
export function draftEvent(event: EventHead & { readonly data: EventData }): EventDraft {
  const { agencyId, id, orderId, sequence, type, occurredAt } = event;
  const { parts, numbers } = cutData(event.data);
  const { before, after } = frameOf(event, null);
  const bodyParts = [...parts];
  bodyParts[0] = before + (bodyParts[0] ?? '');
  bodyParts.push((bodyParts.pop() ?? '') + after);
  return { agencyId, id, orderId, sequence, type, occurredAt, bodyParts, receiptNumbers: numbers };
}

/** Data as JSON text without its closing brace, cut like a body: `parts[i]` is followed by the number of `numbers[i]`. */
export interface CutData {
  readonly parts: readonly string[];
  readonly numbers: readonly ReceiptId[];
}

/**
 * Writes out the data that several events of one order have in common, which is nearly all of their bodies.
 *
 * @param data  holds at least one field
 */
export function cutData(data: EventData): CutData {
  const pieces = JSON.stringify(data).slice(0, -1).split(MARK_IN_JSON);
  return {
    parts: pieces.filter((_, index) => index % 2 === 0),
    numbers: pieces.filter((_, index) => index % 2 === 1) as ReceiptId[],
  };
}

/** What stands around the common data in the body of one event; `added` joins its fields. */
export function frameOf(
  event: EventHead,
  added: EventData | null,
): { readonly before: string; readonly after: string } {
  const head = JSON.stringify({
    id: publicId('ev', event.id),
    type: event.type,
    occurred_at: event.occurredAt.toISOString(),
    sequence: event.sequence,
  });
  return {
    before: `${head.slice(0, -1)},"data":`,
    after: added === null ? '}}' : `,${JSON.stringify(added).slice(1)}}`,
  };
}
