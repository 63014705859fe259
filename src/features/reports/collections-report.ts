/** What was collected: by agency, obligation type, gateway and day, from the lines that were applied. */
import type { Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import { query, type Reader } from '../../platform/database.ts';
import { PAYMENTS_OF_DAYS, type ReportRange } from './reconciliation-report.ts';

export interface CollectedRow {
  readonly agencyCode: string;
  readonly obligationType: string;
  readonly gateway: string;
  readonly day: Day;
  readonly currency: Currency;
  readonly lines: number;
  readonly collected: bigint;
  readonly refunded: bigint;
}

/** By the day on which the gateway took the money. `refunded` is what has been asked back of it since. */
export async function readCollections(reader: Reader, range: ReportRange): Promise<readonly CollectedRow[]> {
  const rows = await query<{
    agency_code: string;
    obligation_type: string;
    gateway: string;
    day: Day;
    currency: Currency;
    lines: number;
    collected: string;
    refunded: string;
  }>(
    reader,
    `select g.code as agency_code, l.kind as obligation_type, p.gateway, (p.paid_at at time zone :timeZone::text)::date as day,
            p.currency, count(*)::integer as lines, sum(l.amount)::text as collected, sum(l.refunded)::text as refunded
     from payments p
     join allocations a on a.payment_id = p.id and a.claim = 'applied'
     join allocation_lines l on l.agency_id = a.agency_id and l.payment_id = a.payment_id and l.order_id = a.order_id
     join agencies g on g.id = a.agency_id
     where p.id in (${PAYMENTS_OF_DAYS})
       and p.paid_at >= :from::date::timestamp at time zone :timeZone::text
       and p.paid_at < (:to::date + 1)::timestamp at time zone :timeZone::text
       and (:agencyId::integer is null or a.agency_id = :agencyId::integer)
     group by 1, 2, 3, 4, 5 order by 4, 1, 2, 3`,
    {
      agencyId: range.scope === 'all' ? null : range.scope,
      from: range.from,
      to: range.to,
      timeZone: range.businessTimeZone,
    },
  );
  return rows.map((row) => ({
    agencyCode: row.agency_code,
    obligationType: row.obligation_type,
    gateway: row.gateway,
    day: row.day,
    currency: row.currency,
    lines: row.lines,
    collected: BigInt(row.collected),
    refunded: BigInt(row.refunded),
  }));
}
