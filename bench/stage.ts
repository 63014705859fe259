/** A stage: one database with its stock, the process under measure on it, and the runs one can do there. */
import { join } from 'node:path';
import { checkInvariants } from '../src/features/reports/invariants.ts';
import { query } from '../src/platform/database.ts';
import type { IdSource } from '../src/domain/kernel/ids.ts';
import { startTarget, type Load, type LoadAnswer, type LoadJob, type Target } from './children.ts';
import type { ContractSubject } from '../test/gateways/contract.ts';
import { gatewayRequests, knowMerchant, moveToGateway } from './gateway-load.ts';
import { serverCpuMs, walPosition, type BenchDatabase, type BenchServer } from './database.ts';
import {
  addParties,
  addStock,
  FEE_CODE,
  PAYMENT_AMOUNT,
  SHARED_AGENCIES,
  type BenchAgency,
} from './stock.ts';

export const MERCHANT_ID = 'BENCH';
export const MERCHANT_SECRET = 'bench-secret-bench-secret';
const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64');

/** Numbers from here on are payments of the one agency that has its traffic to itself. */
const SINGLE_FROM = 1_000_000_000;

export interface RunOptions {
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What a run gave, and the CPU time each good answer took. */
export interface Measured extends LoadAnswer {
  readonly nodeUs: number;
  readonly postgresUs: number;
}

export type Whose = 'shared' | 'single';
export type Floor = 'express' | 'plain';

export interface Stage {
  readonly database: BenchDatabase;
  readonly target: Target;
  /** Payments written and not yet used, of each kind. */
  left(whose: Whose): number;
  addStock(whose: Whose, count: number): Promise<void>;
  /** Leaves so many of the oldest shared payments unpaid. */
  skip(count: number): void;
  floor(floor: Floor, options: RunOptions): Promise<Measured>;
  callbacks(whose: Whose, options: RunOptions): Promise<Measured & { readonly walBytes: number }>;
  /** Callbacks of a gateway, as its own test makes them, on shared payments that are handed over to it before. */
  gatewayCallbacks(subject: ContractSubject, options: RunOptions): Promise<Measured>;
  orders(options: RunOptions): Promise<Measured>;
  /** The rows of so many payments by pg alone, in batches on two connections or one by one on a single one. */
  ceiling(count: number, how: 'batches' | 'one by one'): Promise<number>;
  withoutHttp(count: number): Promise<number>;
  /** Ends the process under measure and starts another, with or without background work. */
  restart(options: { readonly works: boolean }): Promise<void>;
  /** Everything that must be true of the rows, in one sentence each where it is not. */
  judge(): Promise<Judgement>;
  stop(): Promise<void>;
}

export interface Judgement {
  readonly settled: number;
  readonly faults: readonly string[];
}

export interface StageOptions {
  readonly server: BenchServer;
  readonly load: Load;
  readonly name: string;
  readonly newId: IdSource;
  readonly receiverHost: string;
  readonly seal: (text: string, rowId: string) => string;
  readonly hotConnections: number;
  readonly nodeArguments: readonly string[];
}

/** What the process under measure is told; also the configuration that seals the rows prepared for it. */
export function environmentOf(urls: {
  appUrl: string;
  ownerUrl: string;
  receiverHost: string;
  folder: string;
  hotConnections: number;
}): Record<string, string> {
  return {
    DATABASE_URL: urls.appUrl,
    DATABASE_OWNER_URL: urls.ownerUrl,
    DATABASE_HOT_POOL_MAX: String(urls.hotConnections),
    DATA_DIR: urls.folder,
    SECRETS_KEY,
    LINK_KEYS: `bench:${SECRETS_KEY}`,
    SANDBOX_MERCHANT_ID: MERCHANT_ID,
    SANDBOX_SECRET: MERCHANT_SECRET,
    WEBHOOK_ALLOWED_HOSTS: urls.receiverHost,
    LIMIT_API_REQUESTS_PER_MINUTE: '10000000',
    LIMIT_TOKEN_REQUESTS_PER_MINUTE: '1000000',
    LOG_LEVEL: 'info',
  };
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const { server, load, name, newId, receiverHost } = options;
  const database = await server.createDatabase(name);
  const env = environmentOf({
    ...database,
    receiverHost,
    folder: server.folder,
    hotConnections: options.hotConnections,
  });
  const start = (): Promise<Target> =>
    startTarget(env, { log: join(server.folder, `${name}.log`), nodeArguments: options.nodeArguments });
  let target = await start();
  const agencies = await addParties({
    db: database.db,
    newId,
    seal: options.seal,
    webhookUrl: `http://${receiverHost}/hook`,
  });
  const stock = { shared: emptyStock(1), single: emptyStock(SINGLE_FROM) };
  const [first, last] = [agencies[0], agencies.at(-1)];
  if (!first || !last || last.id - first.id !== SHARED_AGENCIES)
    throw new Error('agency numbers are not in a row');
  const ranges = { shared: [first.id, SHARED_AGENCIES], single: [last.id, 1] } as const;
  let orders = 0;
  let clients: readonly Client[] | null = null;
  let settled = 0;
  let opened = 0;

  const take = (whose: Whose, count: number): number[] => {
    const own = stock[whose];
    const taken = own.numbers.slice(own.used, own.used + count);
    own.used += taken.length;
    return taken;
  };
  const giveBack = (whose: Whose, count: number): void => {
    stock[whose].used -= count;
  };

  const measured = async (job: LoadJob, what: string): Promise<Measured> => {
    const [nodeBefore, postgresBefore] = [await target.tell('cpu'), serverCpuMs(server.postgres)];
    const answer = await load.run(job);
    const [nodeAfter, postgresAfter] = [await target.tell('cpu'), serverCpuMs(server.postgres)];
    clean(answer, what);
    return {
      ...answer,
      nodeUs: ((nodeAfter - nodeBefore) * 1_000) / answer.good,
      postgresUs: ((postgresAfter - postgresBefore) * 1_000) / answer.good,
    };
  };

  return {
    database,
    get target() {
      return target;
    },
    left: (whose) => stock[whose].numbers.length - stock[whose].used,
    async addStock(whose, count) {
      const own = stock[whose];
      await addStock(database.superuserUrl, { from: own.end, count, agencies: ranges[whose] });
      for (const number of nearlyInOrder(own.end, count)) own.numbers.push(number);
      own.end += count;
    },
    skip(count) {
      stock.shared.used += count;
    },
    async floor(floor, run) {
      const requests = {
        ...callbackRequests,
        path: '/insert',
        numbers: nearlyInOrder(1, mostIn(run, 14_000)),
      };
      return await measured({ ...run, port: target.ports[floor], requests }, `the ${floor} floor`);
    },
    async callbacks(whose, run) {
      const numbers = take(whose, mostIn(run, 8_000));
      const before = await walPosition(database.admin);
      const requests = { ...callbackRequests, path: '/gateways/sandbox/callback', numbers };
      const answer = await measured({ ...run, port: target.ports.service, requests }, 'callbacks');
      const walBytes = (await walPosition(database.admin)) - before;
      giveBack(whose, numbers.length - answer.used);
      settled += answer.good;
      return { ...answer, walBytes };
    },
    async gatewayCallbacks(subject, run) {
      const numbers = take('shared', mostIn(run, 3_000));
      await knowMerchant(database.admin, subject, options.seal);
      await moveToGateway(database.admin, subject, numbers);
      const requests = gatewayRequests(subject, numbers);
      const answer = await measured({ ...run, port: target.ports.service, requests }, subject.name);
      settled += answer.good;
      return answer;
    },
    async orders(run) {
      clients ??= await tokensOf(target.ports.service, agencies.slice(0, SHARED_AGENCIES));
      const date = new Date().toISOString().slice(2, 10).replaceAll('-', '');
      const requests = {
        kind: 'order',
        from: orders,
        count: mostIn(run, 6_000),
        clients,
        feeCode: FEE_CODE,
        date,
      };
      const answer = await measured({ ...run, port: target.ports.service, requests }, 'orders');
      orders += answer.used;
      opened += answer.good;
      return answer;
    },
    async ceiling(count, how) {
      const numbers = take('shared', count);
      settled += numbers.length;
      const shape = how === 'batches' ? { batch: 32, lanes: 2 } : { batch: 1, lanes: 1 };
      return await target.tell('ceiling', { numbers, ...shape });
    },
    async withoutHttp(count) {
      const numbers = take('shared', count);
      settled += numbers.length;
      return await target.tell('withoutHttp', { numbers, inFlight: 64 });
    },
    async restart({ works }) {
      await target.stop();
      target = await start();
      if (works) await target.tell('startWork');
    },
    judge: () => judge(database, { settled, opened }),
    async stop() {
      await target.stop();
      await database.close();
    },
  };
}

interface Stock {
  /** In the order in which they are paid. */
  readonly numbers: number[];
  used: number;
  /** The next number to write. */
  end: number;
}

function emptyStock(from: number): Stock {
  return { numbers: [], used: 0, end: from };
}

/** People pay nearly in the order in which they were asked, not exactly: within so many orders any may be next. */
const WINDOW = 3_000;

function nearlyInOrder(from: number, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  for (let start = 0; start < count; start += WINDOW) {
    for (let at = Math.min(start + WINDOW, count) - 1; at > start; at -= 1) {
      const other = start + Math.floor(Math.random() * (at - start + 1));
      [numbers[at], numbers[other]] = [numbers[other]!, numbers[at]!];
    }
  }
  return numbers;
}

const callbackRequests = {
  kind: 'callback',
  merchantId: MERCHANT_ID,
  secret: MERCHANT_SECRET,
  amount: PAYMENT_AMOUNT,
  goodBody: '"recorded"',
};

function mostIn({ warmUpMs, measureMs, connections }: RunOptions, mostPerSecond: number): number {
  const perSecond = Math.min(mostPerSecond, connections * 8_000);
  return Math.ceil(((warmUpMs + measureMs) / 1000) * perSecond);
}

/** An answer that was not good makes every figure beside it doubtful, so it ends the bench. */
function clean(answer: LoadAnswer, what: string): void {
  const [other] = Object.entries(answer.others);
  if (other) throw new Error(`${what}: ${String(other[1])} answers were ${other[0]}`);
  if (answer.isRunningOut) throw new Error(`${what}: the requests ran out before the time did`);
}

interface Client {
  readonly token: string;
  readonly agencyCode: string;
}

async function tokensOf(port: number, agencies: readonly BenchAgency[]): Promise<Client[]> {
  return await Promise.all(
    agencies.map(async ({ clientId, clientSecret, code }) => {
      const answer = await fetch(`http://127.0.0.1:${String(port)}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: clientId,
          client_secret: clientSecret,
        }),
      });
      if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
      const { access_token: token } = (await answer.json()) as { access_token: string };
      return { token, agencyCode: code };
    }),
  );
}

export async function enableEndpoints({ admin }: BenchDatabase, isEnabled: boolean): Promise<void> {
  // What waited while nobody delivered is not part of what comes next.
  await query(admin, 'truncate webhook_queue');
  await query(admin, 'update webhook_endpoints set enabled = :isEnabled', { isEnabled });
}

export async function deliveriesSoFar({ admin }: BenchDatabase): Promise<number> {
  const [row] = await query<{ count: string }>(
    admin,
    'select count(*)::text as count from webhook_deliveries',
  );
  return Number(row?.count);
}

/** How many of each row the settled payments must have left; one more or less is a double or a lost outcome. */
const ROWS_OF_A_PAYMENT: Readonly<Record<string, string>> = {
  'payments succeeded': `select count(*) from payments where state = 'succeeded'`,
  'callbacks recorded': `select count(*) from gateway_callbacks where result = 'recorded'`,
  'bank transactions': 'select count(*) from gateway_transactions',
  'orders paid': `select count(*) from payment_orders where status = 'paid'`,
  'allocations applied': `select count(*) from allocations where claim = 'applied'`,
  'ledger transactions': 'select count(*) from ledger_transactions',
  'ledger transfers, by two': 'select count(*) / 2 from ledger_transfers',
  receipts: 'select count(*) from receipts',
  'events payment_order.paid': `select count(*) from events where type = 'payment_order.paid'`,
  'events receipt.issued': `select count(*) from events where type = 'receipt.issued'`,
};

async function judge(
  { admin }: BenchDatabase,
  expected: { readonly settled: number; readonly opened: number },
): Promise<Judgement> {
  const faults: string[] = [];
  for (const [what, sql] of Object.entries(ROWS_OF_A_PAYMENT)) {
    const [row] = await query<{ found: string }>(admin, `select (${sql})::text as found`);
    if (Number(row?.found) !== expected.settled) {
      faults.push(`${what}: ${row?.found ?? '?'} instead of ${String(expected.settled)}`);
    }
  }
  const [orders] = await query<{ found: string }>(
    admin,
    `select count(*)::text as found from payment_orders where created_by <> 'client:bench'`,
  );
  if (Number(orders?.found) !== expected.opened) {
    faults.push(`orders opened: ${orders?.found ?? '?'} instead of ${String(expected.opened)}`);
  }
  for (const { name, says } of await checkInvariants(admin)) faults.push(`${name} is broken: ${says}`);
  return { settled: expected.settled, faults };
}
