/** Before an order is closed, the gateway is asked about the payment that holds it: closing rests on a fresh answer. */
import type { Asker } from '../../domain/payments/query-budget.ts';
import type { Database } from '../../platform/database.ts';
import { findClaim, type OrderKey } from '../orders/order-store.ts';
import { askNow, type AskGatewayDeps } from './ask-gateway.ts';

/** Asks about the payment holding an order's claim, when one does and it was not asked about seconds ago. */
export async function settleClaim(
  deps: AskGatewayDeps & { readonly db: Database },
  key: OrderKey,
  asker: Asker = 'person',
): Promise<void> {
  const claim = await findClaim(deps.db, key);
  if (claim?.claim === 'reserved') await askNow(deps, claim.paymentId, asker);
}
