/**
 * `npm run bench -- --gateways`: what verifying and reading a callback costs with each adapter, and whether the ladder
 * keeps to its budget when thousands of payments are silent.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { vnd } from '../src/domain/kernel/money.ts';
import { createAccountBook } from '../src/features/ledger/account-store.ts';
import { pollPendingPayments, type AskGatewayDeps } from '../src/features/payments/ask-gateway.ts';
import { createOutcomeRecorder } from '../src/features/payments/record-outcome.ts';
import type { GatewayAdapter } from '../src/gateways/gateway-adapter.ts';
import { openDatabase, openHotPool, query } from '../src/platform/database.ts';
import type { ContractSubject } from '../test/gateways/contract.ts';
import { startBenchServer, type BenchDatabase } from './database.ts';
import { rounded, spreadOf, table } from './figures.ts';
import { addParties, addStock, SHARED_AGENCIES } from './stock.ts';

const SUBJECTS = join(import.meta.dirname, '..', 'test', 'gateways');
const NOW = new Date('2026-11-22T03:00:00Z');
/** What one callback may cost in all, so that verifying is never what a process spends its time on. */
const MOST_MICROSECONDS = 200;

interface ReadingCost {
  readonly gateway: string;
  readonly medianUs: number;
  readonly minUs: number;
  readonly maxUs: number;
}

interface LadderRun {
  readonly configured: number;
  readonly processes: number;
  readonly silent: number;
  readonly seconds: number;
  readonly asked: number;
  readonly perSecond: number;
  readonly mostInASecond: number;
  readonly stillDueUntouched: number;
  readonly turnP95Ms: number;
}

export async function benchGateways({ quick }: { readonly quick: boolean }): Promise<void> {
  const costs: ReadingCost[] = [];
  for (const subject of await subjects()) costs.push(costOf(subject, quick ? 2_000 : 10_000));
  const runs = await ladderRuns(quick);
  const faults = [
    ...costs
      .filter(({ medianUs }) => medianUs >= MOST_MICROSECONDS)
      .map(({ gateway, medianUs }) => `${gateway} reads a callback in ${String(medianUs)} us.`),
    ...runs
      .filter(({ mostInASecond, configured }) => mostInASecond > configured)
      .map(
        ({ configured, mostInASecond }) => `${String(mostInASecond)} in a second of ${String(configured)}.`,
      ),
    ...runs
      .filter(({ silent, asked, stillDueUntouched }) => stillDueUntouched !== silent - asked)
      .map(({ stillDueUntouched }) => `${String(stillDueUntouched)} rows are left untouched.`),
  ];
  const results = {
    at: new Date().toISOString(),
    kind: quick ? 'quick' : 'full',
    machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version },
    callback_reading_us: costs,
    ladder: runs,
    faults,
  };
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const markdown = markdownOf(results);
  writeFileSync(join(folder, 'gateways.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, 'gateways.md'), markdown);
  console.log(markdown);
  if (faults.length > 0) process.exitCode = 1;
}

/** The contract subjects of the tests: whoever has one is measured. */
async function subjects(): Promise<ContractSubject[]> {
  const found: ContractSubject[] = [];
  for (const name of readdirSync(SUBJECTS).sort()) {
    const file = join(SUBJECTS, name, 'subject.ts');
    if (!existsSync(file)) continue;
    const exported = (await import(file)) as Readonly<Record<string, unknown>>;
    found.push(...Object.values(exported).filter(isSubject));
  }
  return found;
}

function isSubject(value: unknown): value is ContractSubject {
  return typeof value === 'object' && value !== null && 'create' in value && 'callback' in value;
}

/** Rounds of genuine messages, each another, so that nothing is read from a memory of the one before. */
function costOf(subject: ContractSubject, perRound: number): ReadingCost {
  const adapter = subject.create(() => Promise.reject(new Error('no HTTP here')), NOW);
  const messages = Array.from({ length: 200 }, (_, number) =>
    subject.callback(
      {
        merchantReference: adapter.profile.merchantReference(BigInt(number + 1), NOW, '0123456789abcdef'),
        gatewayTransactionId: subject.gatewayTransactionId ?? `TXN${String(number).padStart(6, '0')}`,
        amount: vnd(503_000 + number),
        paidAt: NOW,
      },
      NOW,
    ),
  );
  const read = (count: number): number => {
    const began = performance.now();
    for (let turn = 0; turn < count; turn += 1) {
      const message = messages[turn % messages.length];
      const reading = message && adapter.readCallback(message, subject.account, NOW);
      if (reading?.kind !== 'read') throw new Error(`${subject.name} does not believe its own subject.`);
    }
    return ((performance.now() - began) * 1000) / count;
  };
  read(perRound);
  const spread = spreadOf(Array.from({ length: 7 }, () => read(perRound)));
  return {
    gateway: subject.name,
    medianUs: rounded(spread.median, 1),
    minUs: rounded(spread.min, 1),
    maxUs: rounded(spread.max, 1),
  };
}

async function ladderRuns(quick: boolean): Promise<LadderRun[]> {
  const server = await startBenchServer();
  try {
    const database = await server.createDatabase('bench_gateways');
    const silent = quick ? 1_000 : 10_000;
    await addSilentPayments(database, silent);
    const runs: LadderRun[] = [];
    for (const configured of [5, 50]) {
      await allDueAgain(database);
      runs.push(await ladderRun(database, { configured, silent, seconds: quick ? 4 : 15 }));
    }
    await database.close();
    return runs;
  } finally {
    await server.stop();
  }
}

async function addSilentPayments(database: BenchDatabase, count: number): Promise<void> {
  const { db, superuserUrl } = database;
  const seal = (text: string): string => text;
  const [first] = await addParties({ db, newId: uuidv7, seal, webhookUrl: 'https://agency.example/hooks' });
  if (!first) throw new Error('there is no agency');
  await query(
    db,
    `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('sandbox', 'platform', 'M', '')`,
  );
  await addStock(superuserUrl, { from: 1, count, agencies: [first.id, SHARED_AGENCIES] });
}

async function allDueAgain({ db }: BenchDatabase): Promise<void> {
  await query(
    db,
    `update payment_queries set due_at = now() - interval '1 second', step = 0, asked_at = null, leased_until = null`,
  );
}

/** Two processes' ladders, turn after turn as the schedule takes them, against a gateway that counts. */
async function ladderRun(
  database: BenchDatabase,
  { configured, silent, seconds }: { configured: number; silent: number; seconds: number },
): Promise<LadderRun> {
  const askedAt: number[] = [];
  const turns: number[] = [];
  const endsAt = performance.now() + seconds * 1000;
  const processes = 2;
  await Promise.all(
    Array.from({ length: processes }, async () => {
      const url = database.appUrl;
      const db = openDatabase({ url, poolMax: 4, applicationName: 'bench-ladder' });
      const hot = openHotPool({ url, max: 2 });
      const deps = askingDeps({ db, hot, configured, askedAt });
      while (performance.now() < endsAt) {
        const began = performance.now();
        const asked = await pollPendingPayments(deps, 100);
        turns.push(performance.now() - began);
        if (asked < 100) await delay(1_000);
      }
      await Promise.all([db.destroy(), hot.end()]);
    }),
  );
  const [row] = await query<{ n: number }>(
    database.db,
    `select count(*)::integer as n from payment_queries
     where due_at < now() and step = 0 and asked_at is null and leased_until is null`,
  );
  return {
    configured,
    processes,
    silent,
    seconds,
    asked: askedAt.length,
    perSecond: rounded(askedAt.length / seconds, 2),
    mostInASecond: mostInASecond(askedAt),
    stillDueUntouched: row?.n ?? -1,
    turnP95Ms: rounded([...turns].sort((a, b) => a - b)[Math.floor(turns.length * 0.95)] ?? 0, 1),
  };
}

function askingDeps({
  db,
  hot,
  configured,
  askedAt,
}: {
  db: AskGatewayDeps['db'];
  hot: ReturnType<typeof openHotPool>;
  configured: number;
  askedAt: number[];
}): AskGatewayDeps {
  const clock = { now: () => new Date() };
  const businessTimeZone = 'Asia/Ho_Chi_Minh';
  const accounts = createAccountBook({ db, newId: uuidv7 });
  const adapter: GatewayAdapter = {
    code: 'sandbox',
    profile: {
      currencies: ['VND'],
      amountMin: vnd(1),
      amountMax: vnd(1_000_000_000),
      paymentLifetimeMinutes: 15,
      formActionOrigins: [],
      merchantReference: String,
    },
    startPayment: () => Promise.reject(new Error('nothing is started here')),
    readCallback: () => ({ kind: 'rejected', why: 'malformed' }),
    acknowledge: () => ({ status: 200, contentType: 'text/plain', body: '' }),
    queries: {
      queryPayment() {
        askedAt.push(performance.now());
        return Promise.resolve({ kind: 'pending', gatewayCode: 'waits' });
      },
    },
  };
  return {
    db,
    clock,
    newId: uuidv7,
    gateways: { get: () => adapter, enabled: () => [adapter] },
    merchantAccounts: () =>
      Promise.resolve({ code: 'platform', merchantId: 'M', secrets: [{}], settings: {} }),
    recorder: createOutcomeRecorder({ db, hot, clock, newId: uuidv7, accounts, businessTimeZone }),
    gatewayTimeoutMs: 10_000,
    concurrency: 8,
    queriesPerSecond: configured,
    onGatewayError: (error) => console.error(error),
  };
}

/** The most calls within any span of one second. */
function mostInASecond(askedAt: readonly number[]): number {
  const sorted = [...askedAt].sort((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [to, at] of sorted.entries()) {
    while ((sorted[from] ?? at) <= at - 1_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

function markdownOf(results: {
  readonly at: string;
  readonly kind: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly callback_reading_us: readonly ReadingCost[];
  readonly ladder: readonly LadderRun[];
  readonly faults: readonly string[];
}): string {
  const { cpu, cores, node } = results.machine;
  return [
    '# Gateways',
    '',
    `${results.at}, ${results.kind}, ${cpu}, ${String(cores)} cores, Node ${node}. Made by \`npm run bench -- --gateways\`.`,
    '',
    '## Verifying and reading one callback, in microseconds',
    '',
    `Less than ${String(MOST_MICROSECONDS)} is promised.`,
    '',
    table(
      ['Gateway', 'Median', 'Range'],
      results.callback_reading_us.map(({ gateway, medianUs, minUs, maxUs }) => [
        gateway,
        String(medianUs),
        `${String(minUs)}–${String(maxUs)}`,
      ]),
    ),
    '',
    '## The ladder with many silent payments',
    '',
    'A fifth of the budget is left to people who wait, so the ladder alone reaches four fifths of it.',
    '',
    table(
      [
        'Configured a second',
        'Processes',
        'Silent',
        'Seconds',
        'Asked',
        'A second',
        'Most in any second',
        'Left untouched',
        'Turn p95 (ms)',
      ],
      results.ladder.map((run) =>
        [
          run.configured,
          run.processes,
          run.silent,
          run.seconds,
          run.asked,
          run.perSecond,
          run.mostInASecond,
          run.stillDueUntouched,
          run.turnP95Ms,
        ].map(String),
      ),
    ),
    '',
    results.faults.length === 0 ? 'No faults.' : results.faults.join('\n'),
    '',
  ].join('\n');
}
