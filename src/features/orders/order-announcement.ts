/** Announces what happened to one locked order: events beside the fact, numbered after the order's last. */
import {
  draftEvent,
  type EventData,
  type EventDraft,
  type EventType,
} from '../../domain/agencies/agency-event.ts';
import { newId, type AgencyId, type IdSource, type OrderId } from '../../domain/kernel/ids.ts';
import { query, type Tx } from '../../platform/database.ts';

/**
 * Writes events in the caller's transaction, in which the order is locked.
 *
 * @param lastSequence  the order's event_sequence before; the caller stores what is returned
 * @returns the order's event_sequence after
 */
export async function announceToAgency(
  tx: Tx,
  deps: { readonly newId: IdSource; readonly now: Date },
  order: { readonly agencyId: AgencyId; readonly id: OrderId; readonly lastSequence: number },
  events: readonly { readonly type: EventType; readonly data: EventData }[],
  receiptNumbers: Readonly<Record<string, number>> = {},
): Promise<number> {
  if (events.length === 0) return order.lastSequence;
  const rows = events.map(({ type, data }, index) => {
    return eventRow(
      draftEvent({
        agencyId: order.agencyId,
        id: newId('ev', deps.newId),
        orderId: order.id,
        sequence: order.lastSequence + 1 + index,
        type,
        occurredAt: deps.now,
        data,
      }),
    );
  });
  await query(tx, 'select announce(:events::jsonb, :numbers::jsonb)', {
    events: JSON.stringify(rows),
    numbers: JSON.stringify(receiptNumbers),
  });
  return order.lastSequence + events.length;
}

/** An event as the database's functions take it; they put receipt numbers between its parts. */
export function eventRow(event: EventDraft) {
  return {
    agency_id: event.agencyId,
    id: event.id,
    order_id: event.orderId,
    sequence: event.sequence,
    type: event.type,
    occurred_at: event.occurredAt,
    parts: event.bodyParts,
    numbers: event.receiptNumbers,
  };
}
