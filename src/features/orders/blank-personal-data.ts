/** Blanks persons' data after its retention (job). Books hold none; receipts and events stay as they were issued and told. */
import type { IdSource } from '../../domain/kernel/ids.ts';
import { dayOf, type Clock } from '../../domain/kernel/time.ts';
import { keptLongEnoughBefore } from '../../domain/orders/retention.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { writeAudit } from '../staff/audit-log.ts';
import {
  blankOrders,
  blankPayouts,
  countDue,
  type DueByAgency,
  type Retention,
} from './personal-data-store.ts';

export interface BlankingDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  readonly retentionYears: number;
  /** Who asked for it, for the audit log. */
  readonly actor: string;
}

export interface Blanked {
  readonly orders: number;
  readonly payouts: number;
  /** What ended before this day was due. */
  readonly endedBefore: string;
}

/** Blanks at most `limit` orders and as many accounts of payouts, with a note of how many in the audit log. */
export function blankPersonalData(deps: BlankingDeps, limit: number): Promise<Blanked> {
  const now = deps.clock.now();
  const retention = retentionOn(deps, now);
  return inTransaction(deps.db, async (tx) => {
    const orders = await blankOrders(tx, { ...retention, now, limit });
    const payouts = await blankPayouts(tx, { ...retention, limit });
    if (orders + payouts > 0) {
      await writeAudit(tx, {
        id: deps.newId(),
        actor: deps.actor,
        action: 'personal_data.blanked',
        agencyId: null,
        subject: retention.endedBefore,
        detail: { orders, payouts, retention_years: deps.retentionYears },
      });
    }
    return { orders, payouts, endedBefore: retention.endedBefore };
  });
}

/** What would be blanked at a moment. */
export function personalDataDue(
  deps: Pick<BlankingDeps, 'db' | 'businessTimeZone' | 'retentionYears'>,
  at: Date,
): Promise<DueByAgency[]> {
  return countDue(deps.db, retentionOn(deps, at));
}

function retentionOn(
  { businessTimeZone, retentionYears }: Pick<BlankingDeps, 'businessTimeZone' | 'retentionYears'>,
  at: Date,
): Retention {
  return {
    endedBefore: keptLongEnoughBefore(dayOf(at, businessTimeZone), retentionYears),
    timeZone: businessTimeZone,
  };
}
