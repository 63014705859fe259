/** Revokes an API client: its secret and its tokens stop working with the next request. */
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { markClientRevoked } from './agency-store.ts';

/** Safe to repeat: the first time counts. Refuses: agency.client-not-found. */
export async function revokeClient(deps: { db: Database; clock: Clock }, clientId: string): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    const isKnown = await markClientRevoked(tx, clientId, deps.clock.now());
    if (!isKnown) {
      throw new Refusal('agency.client-not-found', {}, { detail: `There is no API client ${clientId}.` });
    }
  });
}
