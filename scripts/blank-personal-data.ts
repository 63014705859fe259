/** Blanks persons' data whose retention is over: `npm run blank-personal-data -- --dry-run` only counts it. */
import { parseArgs } from 'node:util';
import { blankPersonalData, personalDataDue } from '../src/features/orders/blank-personal-data.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run blank-personal-data -- --dry-run [--on <instant>]
npm run blank-personal-data

--dry-run counts what is due, now or at another moment. Without it everything that is due is blanked at once; the service does the
same by and by.`;

const OPTIONS = { 'dry-run': { type: 'boolean', default: false }, on: { type: 'string' } } as const;
const AT_ONCE = 500;

await withDatabase(async ({ db, clock, newId, config }) => {
  const { values } = parseArgs({ options: OPTIONS });
  const isDry = values['dry-run'];
  const at = values.on === undefined ? clock.now() : new Date(values.on);
  if ((values.on !== undefined && !isDry) || Number.isNaN(at.getTime())) usage(USAGE);
  const { businessTimeZone, personalDataRetentionYears: retentionYears } = config;
  const deps = { db, clock, newId, businessTimeZone, retentionYears, actor: 'staff:command-line' };
  if (isDry) {
    const due = await personalDataDue(deps, at);
    for (const { agencyCode, orders, payouts } of due) {
      console.log(`${agencyCode}: ${String(orders)} orders, ${String(payouts)} accounts of payouts`);
    }
    console.log(
      `Due at ${at.toISOString()}, after ${String(retentionYears)} years: ${due.length === 0 ? 'nothing' : 'the above'}.`,
    );
    return;
  }
  const total = { orders: 0, payouts: 0 };
  for (;;) {
    const { orders, payouts } = await blankPersonalData(deps, AT_ONCE);
    total.orders += orders;
    total.payouts += payouts;
    if (Math.max(orders, payouts) < AT_ONCE) break;
  }
  console.log(`Blanked ${String(total.orders)} orders and ${String(total.payouts)} accounts of payouts.`);
});
