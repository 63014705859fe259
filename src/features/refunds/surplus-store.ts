/** SQL of surplus sums that wait for their refund to be opened. */
import type { AgencyId, OrderId, PaymentId } from '../../domain/kernel/ids.ts';
import { query, type Tx } from '../../platform/database.ts';

export interface SurplusKey {
  readonly agencyId: AgencyId;
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
}

/** The next waiting sum, locked; those that another worker holds are passed over. Null when none waits. */
export async function claimSurplus(tx: Tx, after: SurplusKey | null): Promise<SurplusKey | null> {
  const [row] = await query<{ agency_id: AgencyId; payment_id: PaymentId; order_id: OrderId }>(
    tx,
    `select agency_id, payment_id, order_id from surplus_allocations
     where :agencyId::integer is null
        or (agency_id, payment_id, order_id) > (:agencyId::integer, :paymentId::uuid, :orderId::uuid)
     order by agency_id, payment_id, order_id limit 1 for update skip locked`,
    after ? { ...after } : { agencyId: null, paymentId: null, orderId: null },
  );
  return row ? { agencyId: row.agency_id, paymentId: row.payment_id, orderId: row.order_id } : null;
}

/** Its refund is open, or a person was asked: it waits no longer. */
export async function forgetSurplus(tx: Tx, key: SurplusKey): Promise<void> {
  await query(
    tx,
    `delete from surplus_allocations
     where agency_id = :agencyId and payment_id = :paymentId and order_id = :orderId`,
    { ...key },
  );
}
