/** SQL of cases: what a person must look at. */
import type { PaymentId } from '../../domain/kernel/ids.ts';
import { query, type Reader } from '../../platform/database.ts';

/** A payment whose gateway gave no definite answer in seven days; kept in the book of its first order's agency. */
export async function openOverdueCase(
  reader: Reader,
  overdue: { readonly caseId: string; readonly paymentId: PaymentId; readonly openedAt: Date },
): Promise<void> {
  await query(
    reader,
    `insert into cases (agency_id, id, kind, subject, payment_id, opened_at)
     select coalesce(min(agency_id), 0), :caseId::uuid, 'outcome_overdue', :paymentId::text, :paymentId::uuid, :openedAt::timestamptz
     from allocations where payment_id = :paymentId::uuid
     on conflict (agency_id, kind, subject) do nothing`,
    { ...overdue },
  );
}
