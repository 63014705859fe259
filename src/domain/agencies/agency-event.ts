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
  return draftWith(event, piecesOf(event.data), null);
}

/**
 * Makes several events of one order whose data is the same but for what each adds to it.
 *
 * The common part is written out once: it is nearly all of a body.
 *
 * @param common  holds at least one field
 */
export function draftEvents(
  common: EventData,
  events: readonly (EventHead & { readonly added: EventData | null })[],
): EventDraft[] {
  const pieces = piecesOf(common);
  return events.map((event) => draftWith(event, pieces, event.added));
}

/** JSON text cut at receipts' numbers: every second piece is the id of a receipt. */
function piecesOf(data: EventData): string[] {
  return JSON.stringify(data).split(MARK_IN_JSON);
}

function draftWith(event: EventHead, pieces: readonly string[], added: EventData | null): EventDraft {
  const { agencyId, id, orderId, sequence, type, occurredAt } = event;
  const head = JSON.stringify({
    id: publicId('ev', id),
    type,
    occurred_at: occurredAt.toISOString(),
    sequence,
  });
  const bodyParts = pieces.filter((_, index) => index % 2 === 0);
  const last = bodyParts.length - 1;
  // `{…}` and `{…}` become `{…,"data":{…}}`; what is added goes on before the inner object closes.
  bodyParts[0] = `${head.slice(0, -1)},"data":${bodyParts[0] ?? ''}`;
  if (added !== null) {
    bodyParts[last] = `${(bodyParts[last] ?? '').slice(0, -1)},${JSON.stringify(added).slice(1)}`;
  }
  bodyParts[last] = `${bodyParts[last] ?? ''}}`;
  return {
    agencyId,
    id,
    orderId,
    sequence,
    type,
    occurredAt,
    bodyParts,
    receiptNumbers: pieces.filter((_, index) => index % 2 === 1) as ReceiptId[],
  };
}
