/** SQL of the budgets of questions: one row a gateway, held for the moment in which questions are granted. */
import { freeOf, withGrant, type Asker, type Grant } from '../../domain/payments/query-budget.ts';
import { query, type Tx } from '../../platform/database.ts';

export interface Asking {
  readonly gateway: string;
  /** Null where asking costs the gateway nothing. */
  readonly perSecond: number | null;
  readonly asker: Asker;
  readonly now: Date;
}

/**
 * Lets `claim` take up to so many questions, and notes how many it took; it is not called when none are free.
 *
 * @param claim  takes questions in the same transaction and tells how many
 */
export async function claimWithinBudget<Claimed>(
  tx: Tx,
  { gateway, perSecond, asker, now }: Asking,
  claim: (free: number) => Promise<readonly Claimed[]>,
): Promise<readonly Claimed[]> {
  if (perSecond === null) return await claim(Number.MAX_SAFE_INTEGER);
  const grants = await lockGrants(tx, gateway);
  const free = freeOf(grants, now, { perSecond, asker });
  if (free === 0) return [];
  const claimed = await claim(free);
  if (claimed.length > 0) {
    await query(tx, 'update gateway_query_budgets set grants = :grants::jsonb where gateway = :gateway', {
      gateway,
      grants: JSON.stringify(withGrant(grants, now, asker, claimed.length)),
    });
  }
  return claimed;
}

async function lockGrants(tx: Tx, gateway: string): Promise<readonly Grant[]> {
  const lock = 'select grants from gateway_query_budgets where gateway = :gateway for update';
  const [known] = await query<{ grants: Grant[] }>(tx, lock, { gateway });
  if (known) return known.grants;
  await query(tx, 'insert into gateway_query_budgets (gateway) values (:gateway) on conflict do nothing', {
    gateway,
  });
  const [added] = await query<{ grants: Grant[] }>(tx, lock, { gateway });
  return added?.grants ?? [];
}
