/** SQL of persons' data and its end: what orders and payouts hold of people, blanked once it was kept long enough. */
import type { Day } from '../../domain/kernel/time.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';

export interface Retention {
  /** What ended before the beginning of this day was kept long enough. */
  readonly endedBefore: Day;
  readonly timeZone: string;
}

const CUTOFF = `(:endedBefore::date::timestamp at time zone :timeZone)`;

/**
 * It has ended (an open order has neither time), its refunds too, and no person still has to look at anything of it.
 */
const ORDER_IS_DUE = `o.personal_data_blanked_at is null and o.created_at < ${CUTOFF}
  and greatest(o.paid_at, o.closed_at) < ${CUTOFF}
  and not exists (select from refunds r where r.agency_id = o.agency_id and r.order_id = o.id and (
    r.state not in ('succeeded', 'failed', 'rejected') or coalesce(r.resolved_at, r.decided_at, r.requested_at) >= ${CUTOFF}))
  and not exists (select from cases c where c.agency_id = o.agency_id and c.order_id = o.id and c.resolved_at is null)`;

const PAYOUT_IS_DUE = `y.account_box <> '' and y.given_at < ${CUTOFF} and exists (
  select from refunds r where r.agency_id = y.agency_id and r.id = y.refund_id
    and r.state in ('succeeded', 'failed', 'rejected') and coalesce(r.resolved_at, r.decided_at, r.requested_at) < ${CUTOFF})`;

/**
 * Blanks who paid, how to reach them, and whatever an agency attached to orders that are due, oldest first.
 *
 * What was owed, paid and receipted stays. Passes over orders that somebody holds; they come next time.
 * @returns how many orders
 */
export async function blankOrders(
  tx: Tx,
  due: Retention & { readonly now: Date; readonly limit: number },
): Promise<number> {
  const rows = await query(
    tx,
    `with due as materialized (
       select o.agency_id, o.id from payment_orders o where ${ORDER_IS_DUE}
       order by o.created_at limit :limit for no key update of o skip locked
     ), lines as (
       update order_lines l set attributes = '{}' from due
       where l.agency_id = due.agency_id and l.order_id = due.id and l.attributes <> '{}'
     )
     update payment_orders o set payer_name = null, payer_identity_number = null, payer_email = null, payer_phone = null,
       return_url = null, metadata = '{}', personal_data_blanked_at = :now, version = o.version + 1
     from due where o.agency_id = due.agency_id and o.id = due.id returning 1 as done`,
    { ...due },
  );
  return rows.length;
}

/** Empties the sealed accounts of refunds that have ended long enough ago. @returns how many */
export async function blankPayouts(tx: Tx, due: Retention & { readonly limit: number }): Promise<number> {
  const rows = await query(
    tx,
    `with due as materialized (
       select y.agency_id, y.refund_id from payouts y where ${PAYOUT_IS_DUE}
       order by y.given_at limit :limit for no key update of y skip locked
     )
     update payouts y set account_box = '' from due
     where y.agency_id = due.agency_id and y.refund_id = due.refund_id returning 1 as done`,
    { ...due },
  );
  return rows.length;
}

export interface DueByAgency {
  readonly agencyCode: string;
  readonly orders: number;
  readonly payouts: number;
}

/** What is due, agency by agency; agencies without any are left out. */
export async function countDue(reader: Reader, retention: Retention): Promise<DueByAgency[]> {
  return query<DueByAgency>(
    reader,
    `with due as (
       select o.agency_id, 1 as orders, 0 as payouts from payment_orders o where ${ORDER_IS_DUE}
       union all
       select y.agency_id, 0, 1 from payouts y where ${PAYOUT_IS_DUE}
     )
     select a.code as "agencyCode", sum(due.orders)::integer as orders, sum(due.payouts)::integer as payouts
     from due join agencies a on a.id = due.agency_id group by a.code order by a.code`,
    { ...retention },
  );
}
