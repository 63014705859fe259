/** Blanks persons' data whose retention is over: `npm run blank-personal-data -- --dry-run` only counts it. */
import { blankPersonalData, personalDataDue } from '../src/features/orders/blank-personal-data.ts';
import { COMMAND_LINE, runTool, usage, type ToolDeps } from './tool.ts';

const USAGE = `npm run blank-personal-data -- --dry-run [--on <instant>]
npm run blank-personal-data

--dry-run counts what is due, now or at another moment. Without it everything that is due is blanked at once; the service does the
same by and by.`;

const OPTIONS = { 'dry-run': { type: 'boolean', default: false }, on: { type: 'string' } } as const;
const AT_ONCE = 500;

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    const moment = values.on === undefined ? null : new Date(values.on);
    const isWrong = (moment !== null && !values['dry-run']) || Number.isNaN(moment?.getTime());
    if (isWrong || positionals.length > 0) usage(USAGE);
    return values['dry-run'] ? (deps) => count(deps, moment ?? deps.clock.now()) : blank;
  },
});

async function count(tool: ToolDeps, at: Date): Promise<void> {
  const deps = retentionDeps(tool);
  const due = await personalDataDue(deps, at);
  for (const { agencyCode, orders, payouts } of due) {
    console.log(`${agencyCode}: ${String(orders)} orders, ${String(payouts)} accounts of payouts`);
  }
  console.log(
    `Due at ${at.toISOString()}, after ${String(deps.retentionYears)} years: ${due.length === 0 ? 'nothing' : 'the above'}.`,
  );
}

async function blank(tool: ToolDeps): Promise<void> {
  const total = { orders: 0, payouts: 0 };
  for (;;) {
    const { orders, payouts } = await blankPersonalData(retentionDeps(tool), AT_ONCE);
    total.orders += orders;
    total.payouts += payouts;
    if (Math.max(orders, payouts) < AT_ONCE) break;
  }
  console.log(`Blanked ${String(total.orders)} orders and ${String(total.payouts)} accounts of payouts.`);
}

function retentionDeps({ db, clock, newId, config }: ToolDeps) {
  const { businessTimeZone, personalDataRetentionYears: retentionYears } = config;
  return { db, clock, newId, businessTimeZone, retentionYears, actor: COMMAND_LINE };
}
