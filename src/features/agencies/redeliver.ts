/** Sends an event to an endpoint once more because the agency asked. */
import { newId, publicId, type AgencyId, type DeliveryId, type IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { addMinutes, type Clock } from '../../domain/kernel/time.ts';
import type { Tx } from '../../platform/database.ts';
import { findReplayable, insertReplay } from './delivery-log-store.ts';
import { lockEndpoint } from './endpoint-store.ts';

/** Replays of one event to one endpoint within an hour. */
export const REPLAYS_AN_HOUR = 10;

/**
 * Queues a new generation of a delivery: the same event with the same webhook-id.
 *
 * Refuses: webhook.delivery-not-found, webhook.endpoint-not-found, webhook.replay-limit.
 */
export async function redeliver(
  tx: Tx,
  deps: { readonly clock: Clock; readonly newId: IdSource },
  agencyId: AgencyId,
  id: DeliveryId,
): Promise<{ readonly id: DeliveryId; readonly generation: number }> {
  const replayable = (await findReplayable(tx, agencyId, id)) ?? notFound(id);
  // One replay of an endpoint at a time: each counts those before it and takes the next generation.
  if ((await lockEndpoint(tx, agencyId, replayable.endpointId)) === null) {
    const detail = 'The endpoint of this delivery was deleted: nothing can be sent there again.';
    throw new Refusal(
      'webhook.endpoint-not-found',
      { id: publicId('whe', replayable.endpointId) },
      { detail },
    );
  }
  const now = deps.clock.now();
  const deliveryId = newId('whd', deps.newId);
  const replay = await insertReplay(tx, {
    ...replayable,
    agencyId,
    deliveryId,
    now,
    since: addMinutes(now, -60),
    most: REPLAYS_AN_HOUR,
  });
  if (replay === null) {
    throw new Refusal('webhook.replay-limit', { id: publicId('whd', id) }, { retryAfterSeconds: 3600 });
  }
  return { id: deliveryId, generation: replay.generation };
}

function notFound(id: DeliveryId): never {
  throw new Refusal('webhook.delivery-not-found', { id: publicId('whd', id) });
}
