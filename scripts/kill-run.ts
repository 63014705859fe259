/** The kill run at length: `node --import tsx scripts/kill-run.ts [--orders 1000] [--seconds 120] [--seed n] [--report file]`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';
import type { KillRunReport } from '../test/support/kill-run.ts';

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    report: { type: 'string' },
  },
});
const options = {
  seed: Number(values.seed),
  orders: Number(values.orders),
  killForMs: Number(values.seconds) * 1000,
  pauseMs: 2_500,
  say: (line: string) => console.log(line),
};
console.log(`seed ${String(options.seed)}`);

// A server of its own that keeps every commit: fsync and full_page_writes are on, as in production.
const dataDir = mkdtempSync(join(tmpdir(), 'payments-kill-run-'));
const server = await startEmbeddedPostgres({ dataDir, settings: { max_connections: '200' } });
try {
  process.env['TEST_DATABASE_URL'] = server.superuserUrl;
  const { killRun } = await import('../test/support/kill-run.ts');
  const report = await killRun(options);
  console.log(JSON.stringify(report, null, 2));
  if (values.report !== undefined) {
    mkdirSync(dirname(values.report), { recursive: true });
    writeFileSync(values.report, reportPage(report));
  }
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

function reportPage(report: KillRunReport): string {
  const rows: readonly (readonly [string, number])[] = [
    ['orders, all paid at the end', report.orders],
    ['kills of the serving process', report.kills.serve],
    ['kills of the working process', report.kills.work],
    ['requests that nobody could answer', report.unanswered],
    ['payments undecided when the killing ended', report.undecidedAfterKills],
    ['charges in the book of the bank', report.charges],
    ['charges applied to an order', report.applied],
    ['charges that were surplus', report.surplus],
    ['ledger transactions of payments', report.ledgerTransactions],
    ['surplus sums given back by the bank', report.refunds],
    ['callbacks sent', report.callbacksSent],
    ['events', report.events],
    ['webhooks received, all verified', report.messages],
    ['webhooks received again under the same id', report.repeatedMessages],
    ['seconds in all', report.seconds],
  ];
  return `# Kill run

\`node --import tsx scripts/kill-run.ts --orders ${String(report.orders)} --seconds ${values.seconds} --seed ${String(report.seed)}\`,
Node ${process.version}, ${String(cpus().length)} cores, PostgreSQL with \`fsync\` and \`full_page_writes\` on.

One process serves and one works, both started as \`npm start -- serve\` and \`npm start -- work\` start them, on one
database. At random moments one of them is ended by \`kill -9\` and started again. Meanwhile agencies open orders and
citizens pay them through the pages, trying again after every fault; the bank tells each charge three times in random
order, tells some never, charges some twice and declines some before it charges them. The balancer, the pretend bank and
the agencies' receiver live in the process that judges and are not killed. The working process sends the bank's notices
too, so that those sendings die with it and are taken up by another.

Afterwards the clock passes the eight days of the query ladder. Then it is held that each charge in the book of the bank
is exactly one applied or surplus allocation and one ledger transaction, that there is nothing beside, that no payment is
\`created\`, \`handed_off\` or \`unknown\`, that the ledger verifies and every invariant holds, that each surplus went back
once, and that the receivers hold every event, those of one order in sequence without a gap.

| what | count |
| --- | ---: |
${rows.map(([what, count]) => `| ${what} | ${String(count)} |`).join('\n')}

Every check passed.
`;
}
