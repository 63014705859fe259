/**
 * `npm run bench`: what the money path does in a second, beside a bare route that inserts one row.
 *
 * Floor and subject run in turns on the same database, pool and machine, so that ratios hold where the figures
 * themselves depend on the machine. `-- --quick` runs two short rounds.
 */
import { cpus, loadavg } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { readConfig } from '../src/platform/config.ts';
import { codeOf } from './gateway-load.ts';
import { benchGateways } from './gateways.ts';
import { startLoad } from './children.ts';
import { checkpoints, databaseBytes, SERVER_SETTINGS, startBenchServer } from './database.ts';
import { ratioOf, rounded, roundedSpread, spreadOf, spreadText, table } from './figures.ts';
import { markdownOf, type Results, type Series } from './report.ts';
import {
  deliveriesSoFar,
  enableEndpoints,
  environmentOf,
  openStage,
  type Measured,
  type RunOptions,
  type Stage,
} from './stage.ts';
import { benchWebhooks, startReceiverProcess } from './webhooks.ts';
import { SUBJECTS } from '../test/gateways/subjects.ts';

const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    gateways: { type: 'boolean', default: false },
    only: { type: 'string' },
    'hot-connections': { type: 'string', default: '8' },
    profile: { type: 'string' },
  },
});

if (asked.gateways) {
  await benchGateways(asked);
  process.exit();
}

const FULL = {
  rounds: 5,
  warmUpMs: 800,
  measureMs: 2_000,
  few: 10_000,
  many: 1_000_000,
  ceiling: 8_000,
  ceilingOneByOne: 1_500,
};
const QUICK = {
  rounds: 2,
  warmUpMs: 700,
  measureMs: 1_500,
  few: 2_000,
  many: 50_000,
  ceiling: 3_000,
  ceilingOneByOne: 500,
};
const size = asked.quick ? QUICK : FULL;
const phases = new Set((asked.only ?? 'connections,busy,million,webhooks').split(','));
const hotConnections = Number(asked['hot-connections']);

/** Gateways whose callback is the word that money came, each once: others only have us ask. */
const PAID_OVER = SUBJECTS.filter(
  (subject) => subject.name === codeOf(subject) && subject.callbackAsks !== true,
);

const series: Record<string, Series> = {};
const facts: Record<string, number> = {};
const faults: string[] = [];
const say = (sentence: string): void => console.log(sentence);

say(
  `Starting PostgreSQL (${Object.entries(SERVER_SETTINGS)
    .flatMap(([name, value]) => (value ? `${name} ${value}` : []))
    .join(', ')}).`,
);
const server = await startBenchServer();
const load = startLoad();
const receiver = await startReceiverProcess();
try {
  if (phases.has('connections') || phases.has('busy') || phases.has('million')) await measureMoneyPath();
  if (phases.has('gateways')) await measureGateways();
  if (phases.has('webhooks')) await measureWebhooks();
} finally {
  load.stop();
  receiver.stop();
  await server.stop();
}
report();

async function measureMoneyPath(): Promise<void> {
  const small = await stage('bench_small');
  await small.addStock('shared', size.few);
  small.skip(size.few);
  if (phases.has('connections')) {
    await warmUp(small);
    await atConnections(small, 1);
    await atConnections(small, 16);
    await atSixtyFour(small);
    await judge(small);
  }
  if (phases.has('busy')) await withBackgroundWork(small);
  if (phases.has('million')) {
    const large = await stage('bench_large');
    await againstMany(small, large);
    await judge(large);
    await large.stop();
  }
  await judge(small);
  await small.stop();
}

async function stage(name: string): Promise<Stage> {
  const box = createSecretBox({
    current: readConfig(
      environmentOf({
        appUrl: 'postgres://a/b',
        ownerUrl: 'postgres://c/d',
        receiverHost: receiver.host,
        folder: server.folder,
        hotConnections,
      }),
      { dataDir: server.folder },
    ).secrets.current,
    previous: null,
  });
  return await openStage({
    server,
    load,
    name,
    newId: () => uuidv7(),
    receiverHost: receiver.host,
    seal: (text, rowId) => box.seal(text, rowId),
    hotConnections,
    nodeArguments: asked.profile ? ['--cpu-prof', `--cpu-prof-dir=${asked.profile}`] : [],
  });
}

/** A process that runs for days has been compiled by what it did before; the first seconds of one are not its speed. */
async function warmUp(on: Stage): Promise<void> {
  const run = runOf(16);
  await stockFor(on, { shared: 1 }, run);
  for (let round = 0; round < size.rounds; round += 1) {
    await on.floor('express', run);
    await on.callbacks('shared', run);
    await on.floor('plain', run);
  }
}

async function atConnections(on: Stage, connections: number): Promise<void> {
  const run = runOf(connections);
  await stockFor(on, { shared: 1 }, run);
  await inTurns({
    [`express_${String(connections)}`]: () => on.floor('express', run),
    [`callbacks_${String(connections)}`]: () => on.callbacks('shared', run),
    [`plain_${String(connections)}`]: () => on.floor('plain', run),
  });
}

async function atSixtyFour(on: Stage): Promise<void> {
  const run = runOf(64);
  await stockFor(on, { shared: 2, single: 1, ceiling: 3 }, run);
  const bytes: number[] = [];
  let settled = 0;
  const diskBefore = await databaseBytes(on.database.admin);
  const callbacks = async (whose: 'shared' | 'single') => {
    const answer = await on.callbacks(whose, run);
    if (whose === 'shared') bytes.push(answer.walBytes / answer.good);
    settled += answer.good;
    return answer;
  };
  const checkpointsBefore = await checkpoints(on.database.admin);
  await inTurns({
    express_64: () => on.floor('express', run),
    callbacks_64: () => callbacks('shared'),
    one_agency_64: () => callbacks('single'),
    plain_64: () => on.floor('plain', run),
    callbacks_64_again: () => callbacks('shared'),
    orders_64: () => on.orders(run),
  });
  facts['disk_bytes_settled_and_opened'] = rounded((await databaseBytes(on.database.admin)) - diskBefore);
  facts['checkpoints_during_64'] = (await checkpoints(on.database.admin)) - checkpointsBefore;
  facts['wal_bytes_per_callback'] = rounded(spreadOf(bytes).median);
  facts['settled_64'] = settled;
  await inTurns({
    ceiling: async () => ({ perSecond: await on.ceiling(size.ceiling, 'batches') }),
    ceiling_one_by_one: async () => ({ perSecond: await on.ceiling(size.ceilingOneByOne, 'one by one') }),
    without_http_64: async () => ({ perSecond: await on.withoutHttp(size.ceiling) }),
  });
  await diskOfAPayment(on, run);
}

/** Bytes that a settled payment adds to what its order had taken, tables and indexes together. */
async function diskOfAPayment(on: Stage, run: RunOptions): Promise<void> {
  await stockFor(on, { shared: 1 }, run, 1);
  const before = await databaseBytes(on.database.admin);
  const { good } = await on.callbacks('shared', run);
  facts['disk_bytes_per_settled_payment'] = rounded(
    ((await databaseBytes(on.database.admin)) - before) / good,
  );
}

/** Everything a single process does by itself: seal, dispatcher, jobs, with webhooks going to a local receiver. */
async function withBackgroundWork(on: Stage): Promise<void> {
  const run = runOf(64);
  await stockFor(on, { shared: 1 }, run);
  await enableEndpoints(on.database, true);
  await on.restart({ works: true });
  const before = await deliveriesSoFar(on.database);
  const startedMs = performance.now();
  await inTurns({
    express_64_busy: () => on.floor('express', run),
    callbacks_64_busy: () => on.callbacks('shared', run),
  });
  facts['deliveries_per_second_busy'] = rounded(
    ((await deliveriesSoFar(on.database)) - before) / ((performance.now() - startedMs) / 1000),
  );
  await on.target.tell('stopWork');
  await on.restart({ works: false });
  await enableEndpoints(on.database, false);
}

async function againstMany(small: Stage, large: Stage): Promise<void> {
  const run = runOf(64);
  say(`Storing ${size.many.toLocaleString('en')} orders.`);
  const startedMs = performance.now();
  const before = await databaseBytes(large.database.admin);
  await large.addStock('shared', size.many);
  facts['disk_bytes_per_open_order'] = rounded(
    ((await databaseBytes(large.database.admin)) - before) / size.many,
  );
  say(`Stored in ${String(Math.round((performance.now() - startedMs) / 1000))} s.`);
  large.skip(size.many);
  await stockFor(small, { shared: 1 }, run);
  await stockFor(large, { shared: 1 }, run);
  await inTurns({
    callbacks_64_few: () => small.callbacks('shared', run),
    callbacks_64_many: () => large.callbacks('shared', run),
    express_64_many: () => large.floor('express', run),
  });
}

/** The same money over each gateway's own messages, beside the sandbox's, which runs twice to show the noise. */
async function measureGateways(): Promise<void> {
  const on = await stage('bench_gateways');
  const run = runOf(64);
  const [sandbox, ...others] = PAID_OVER;
  if (!sandbox) throw new Error('there is no sandbox');
  await stockFor(on, { shared: PAID_OVER.length + 1 }, run);
  await inTurns({
    gateway_sandbox: () => on.gatewayCallbacks(sandbox, run),
    ...Object.fromEntries(
      others.map((subject) => [`gateway_${subject.name}`, () => on.gatewayCallbacks(subject, run)]),
    ),
    gateway_sandbox_again: () => on.gatewayCallbacks(sandbox, run),
  });
  await judge(on);
  await on.stop();
}

async function measureWebhooks(): Promise<void> {
  const database = await server.createDatabase('bench_webhooks');
  const figures = await benchWebhooks({
    url: database.appUrl,
    newId: () => uuidv7(),
    now: () => new Date(),
    ...(asked.quick ? { backlog: 6_000, seconds: 3 } : {}),
  });
  facts['webhooks_per_second'] = figures.deliveriesPerSecond;
  facts['first_attempt_p50_ms'] = figures.commitToFirstAttemptMs.p50;
  facts['first_attempt_p95_ms'] = figures.commitToFirstAttemptMs.p95;
  facts['first_attempt_p99_ms'] = figures.commitToFirstAttemptMs.p99;
  say(
    `webhooks: ${String(figures.deliveriesPerSecond)}/s, first attempt after ${String(figures.commitToFirstAttemptMs.p95)} ms (p95)`,
  );
  await database.close();
}

function runOf(connections: number): RunOptions {
  return { connections, warmUpMs: size.warmUpMs, measureMs: size.measureMs };
}

/** Enough payments for the rounds to come, by what is known of the speed. */
async function stockFor(
  on: Stage,
  runs: { readonly shared?: number; readonly single?: number; readonly ceiling?: number },
  run: RunOptions,
  rounds = size.rounds,
): Promise<void> {
  const perRun = ((run.warmUpMs + run.measureMs) / 1000) * Math.min(run.connections * 1_500, 6_000);
  for (const whose of ['shared', 'single'] as const) {
    const wanted =
      Math.ceil(perRun * rounds * (runs[whose] ?? 0)) +
      (whose === 'shared' ? (runs.ceiling ?? 0) * size.ceiling * rounds : 0);
    const missing = wanted - on.left(whose);
    if (missing > 0) await on.addStock(whose, missing);
  }
}

/** Runs the subjects one after the other, as many rounds as asked, and keeps what each gave. */
async function inTurns(
  subjects: Readonly<Record<string, () => Promise<Pick<Measured, 'perSecond'> & Partial<Measured>>>>,
): Promise<void> {
  for (let round = 0; round < size.rounds; round += 1) {
    for (const [name, run] of Object.entries(subjects)) {
      const answer = await run();
      const kept = (series[name] ??= {
        perSecond: [],
        p50: [],
        p95: [],
        p99: [],
        nodeUs: [],
        postgresUs: [],
      });
      kept.perSecond.push(answer.perSecond);
      for (const share of ['p50', 'p95', 'p99', 'nodeUs', 'postgresUs'] as const) {
        const value = answer[share];
        if (typeof value === 'number') kept[share].push(value);
      }
    }
  }
  for (const name of Object.keys(subjects)) {
    const spread = roundedSpread(spreadOf(series[name]?.perSecond ?? []));
    const middle = (share: 'p99' | 'nodeUs' | 'postgresUs'): string =>
      String(rounded(spreadOf(series[name]?.[share] ?? []).median));
    say(
      `${name}: ${String(spread.median)}/s (${String(spread.min)}–${String(spread.max)}), p99 ${middle('p99')} ms, ` +
        `CPU ${middle('nodeUs')} + ${middle('postgresUs')} µs`,
    );
  }
}

async function judge(on: Stage): Promise<void> {
  const judgement = await on.judge();
  faults.push(...judgement.faults.map((fault) => `${on.database.name}: ${fault}`));
  say(
    judgement.faults.length === 0
      ? `${on.database.name}: ${String(judgement.settled)} payments settled; no drift, no receipt gap, no double outcome.`
      : `${on.database.name}: ${judgement.faults.join('; ')}`,
  );
}

function ratio(subject: string, floor: string): number | null {
  const [above, below] = [series[subject], series[floor]];
  return above && below ? rounded(ratioOf(above.perSecond, below.perSecond).median, 3) : null;
}

/** What is settled over each gateway's own messages, beside the sandbox's; the second sandbox shows the noise. */
function gatewaysMarkdownOf({ at, machine, settings, other_ratios: ratios }: Results): string {
  const rows = Object.entries(series).map(([name, { perSecond }]) => [
    name.replace('gateway_', '').replaceAll('_', ' '),
    spreadText(spreadOf(perSecond)),
    String(ratios[`${name}_of_sandbox`] ?? 1),
  ]);
  return [
    '# Callbacks settled over each gateway',
    '',
    `${at.slice(0, 16).replace('T', ' ')} UTC: 64 connections, ${settings['rounds'] ?? ''} interleaved rounds of ${settings['seconds'] ?? ''} s each. ` +
      `${String(machine.cores)} cores shared by PostgreSQL, Node ${machine.node} and the load generator; load average at the end ${String(machine.loadAverage)}. ` +
      "VietQR's credits go through a door of their own, and KeyPay's callbacks only have us ask: neither is here.",
    '',
    table(['gateway', 'settled a second', 'of the sandbox'], rows),
    '',
    faults.length === 0 ? 'Afterwards: no drift, no receipt gap, no double outcome.' : faults.join('; '),
    '',
  ].join('\n');
}

function report(): void {
  const results: Results = {
    at: new Date().toISOString(),
    kind: asked.quick ? 'quick' : 'full',
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      node: process.version,
      loadAverage: rounded(loadavg()[0] ?? 0, 1),
    },
    settings: {
      ...SERVER_SETTINGS,
      hot_pool: String(hotConnections),
      rounds: String(size.rounds),
      seconds: String(size.measureMs / 1000),
    },
    ratios: {
      callbacks_1: ratio('callbacks_1', 'express_1'),
      callbacks_16: ratio('callbacks_16', 'express_16'),
      callbacks_64: ratio('callbacks_64', 'express_64'),
      orders_64: ratio('orders_64', 'express_64'),
      one_agency: ratio('one_agency_64', 'callbacks_64'),
      million_stored: ratio('callbacks_64_many', 'callbacks_64_few'),
    },
    other_ratios: {
      callbacks_64_busy: ratio('callbacks_64_busy', 'express_64_busy'),
      callbacks_64_plain_http: ratio('callbacks_64', 'plain_64'),
      callbacks_64_again: ratio('callbacks_64_again', 'callbacks_64'),
      callbacks_64_of_ceiling: ratio('callbacks_64', 'ceiling'),
      callbacks_1_of_ceiling: ratio('callbacks_1', 'ceiling_one_by_one'),
      ceiling_one_by_one_of_express_1: ratio('ceiling_one_by_one', 'express_1'),
      callbacks_64_many_express: ratio('callbacks_64_many', 'express_64_many'),
      ...Object.fromEntries(
        [...PAID_OVER.slice(1).map(({ name }) => name), 'sandbox_again'].map((name) => [
          `gateway_${name}_of_sandbox`,
          ratio(`gateway_${name}`, 'gateway_sandbox'),
        ]),
      ),
    },
    webhooks_per_second: facts['webhooks_per_second'] ?? null,
    wal_bytes_per_callback: facts['wal_bytes_per_callback'] ?? null,
    facts,
    series,
    faults,
  };
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  if (asked.only === 'gateways') {
    writeFileSync(
      join(folder, 'gateway-callbacks.json'),
      `${JSON.stringify({ ...results, ratios: {} }, null, 2)}\n`,
    );
    writeFileSync(join(folder, 'gateway-callbacks.md'), gatewaysMarkdownOf(results));
  }
  if (!asked.only) {
    const json = `${JSON.stringify(results, (_key, value: unknown) => (typeof value === 'number' ? rounded(value, 3) : value), 2)}\n`;
    const name = asked.quick ? 'quick' : 'latest';
    writeFileSync(join(folder, `${name}.json`), json);
    writeFileSync(join(folder, `${name}.md`), markdownOf(results));
    if (!asked.quick) writeFileSync(join(folder, `${results.at.slice(0, 10)}.json`), json);
  }
  console.log(`\n${markdownOf(results)}`);
  if (faults.length > 0) process.exitCode = 1;
}
