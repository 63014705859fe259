/** The whole service on a loopback port with the pretend bank and the inbox, under a clock that a test moves. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose, type Service } from '../../src/app/compose.ts';
import { SCOPES } from '../../src/domain/agencies/api-client.ts';
import { parsePublicId, type AgencyId, type OrderId, type PaymentId } from '../../src/domain/kernel/ids.ts';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { issueClient, type IssuedClient } from '../../src/features/agencies/issue-client.ts';
import { seedReference } from '../../src/features/agencies/seed-reference.ts';
import { verifyLedger } from '../../src/features/ledger/verify-ledger.ts';
import { findPayment, type PaymentRecord } from '../../src/features/payments/payment-store.ts';
import { startPayment } from '../../src/features/payments/start-payment.ts';
import { AUTO_REFUND_RULE } from '../../src/features/refunds/refund-surplus.ts';
import { addRule } from '../../src/features/refunds/rule-store.ts';
import { sealLedger } from '../../src/features/ledger/seal-ledger.ts';
import { checkInvariants } from '../../src/features/reports/invariants.ts';
import { readConfig, type Config } from '../../src/platform/config.ts';
import {
  inTransaction,
  openDatabase,
  openHotPool,
  query,
  type Database,
  type HotPool,
} from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Bank, BankDecision } from '../../src/stand-ins/bank/bank.ts';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import type { AgencyInbox } from '../../src/stand-ins/agency-inbox/agency-inbox.ts';
import { fixedClock, type FixedClock } from './clock.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { newTestId } from './ids.ts';

export const SANDBOX_SECRET = 'the-sandbox-secret-of-the-tests';
export const SANDBOX_MERCHANT = 'DVC-SANDBOX';

export interface OrderKey {
  readonly agencyId: AgencyId;
  readonly id: OrderId;
}

export interface TestAgency {
  readonly code: string;
  readonly agencyId: AgencyId;
  /** Calls the API as this agency's program. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, how?: CallOptions): Promise<ApiAnswer>;
  /** Calls it as a second program of the agency, which may approve what the first asked for. */
  callAsSecond(method: 'GET' | 'POST', path: string, how?: CallOptions): Promise<ApiAnswer>;
}

export interface CallOptions {
  readonly body?: object;
  readonly form?: FormData;
  readonly key?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Whatever the API answered: the journeys read it as any client would. */
  readonly body: any;
}

export interface TestOrder extends OrderKey {
  readonly publicId: string;
  readonly agency: TestAgency;
  readonly amount: bigint;
}

export interface TestPayment {
  readonly id: PaymentId;
  readonly reference: string;
  readonly amount: bigint;
}

export interface TestService {
  readonly origin: string;
  /** With these variables another process serves or works on the same database. */
  readonly env: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly clock: FixedClock;
  readonly database: TestDatabase;
  readonly db: Database;
  readonly service: Service;
  readonly bank: Bank;
  readonly inbox: AgencyInbox;
  /** Lines logged at warning or above, as they were written. */
  readonly complaints: string[];
  /** An agency with accounts, two programs and an endpoint that is its inbox. */
  addAgency(code: string): Promise<TestAgency>;
  /** An agency that the database has already, with two new programs. */
  agency(code: string): Promise<TestAgency>;
  /** Approved beforehand by two people: money paid twice goes back by itself up to so much. */
  allowAutomaticRefunds(upTo: bigint): Promise<void>;
  operator(method: 'GET' | 'POST', path: string, how?: CallOptions): Promise<ApiAnswer>;
  /** A second program of the operator, which may approve what the first asked for. */
  operatorAsSecond(method: 'GET' | 'POST', path: string, how?: CallOptions): Promise<ApiAnswer>;
  /** The bank's file of a day (its own: Hanoi's), handed in by the operator. */
  importBankFile(day: string, account?: BankAccount): Promise<ApiAnswer>;
  openOrder(agency: TestAgency, changes?: OrderChanges): Promise<TestOrder>;
  startPayment(...orders: readonly OrderKey[]): Promise<TestPayment>;
  /** The same through another gateway, whose other party is played: see `peer`. */
  startPaymentAt(gateway: string, ...orders: readonly OrderKey[]): Promise<TestPayment>;
  /** The other party of a gateway that `SANDBOX_GATEWAYS` names. */
  peer(gateway: string): Peer;
  /** Opens, starts and returns both: what most journeys begin with. */
  orderWithPayment(agency: TestAgency, changes?: OrderChanges): Promise<[TestOrder, TestPayment]>;
  /** Lets the payer decide at the bank, in whose words we hear of it once its callbacks are sent. */
  decide(payment: Pick<TestPayment, 'reference'>, decision: BankDecision): Promise<void>;
  payment(id: PaymentId): Promise<PaymentRecord>;
  orderStatus(order: OrderKey): Promise<string>;
  /** Event types of an order in their sequence. */
  eventTypes(order: OrderKey): Promise<string[]>;
  /** What each account code of a book comes to: debits less credits; codes that come to nothing are left out. */
  balances(agencyId: number): Promise<Readonly<Record<number, bigint>>>;
  count(table: string, where?: string): Promise<number>;
  /** One turn of a job of the real schedule. */
  turn(job: string): Promise<void>;
  /** Moves the clock. */
  pass(how: { readonly seconds?: number; readonly minutes?: number; readonly days?: number }): void;
  /** Callbacks, queries, expiry, refunds, deliveries and seal, round after round until nothing moves any more. */
  settleDown(): Promise<void>;
  /** Settles down and holds the whole database against the invariants, the seal and the order of events. */
  assertSound(): Promise<void>;
  stop(): Promise<void>;
}

export interface OrderChanges {
  readonly dossier?: string;
  readonly lines?: readonly object[];
  readonly expiresAt?: Date;
  readonly key?: string;
}

const KEY = (filler: number): string => Buffer.alloc(32, filler).toString('base64');
const MINUTE_MS = 60_000;

/** Work of these jobs moves money, states or messages; the others only tidy and measure. */
const MOVING_JOBS = [
  'poll-pending-payments',
  'settle-credits',
  'expire-orders',
  'refund-surplus',
  'refund-short-transfers',
  'submit-refunds',
  'reconcile-batches',
  'seal-ledger',
];
const MAX_ROUNDS = 200;

export interface TestServiceOptions {
  /** A database that is there already, with its agencies; a new one unless given. The service drops it when it stops. */
  readonly database?: TestDatabase;
  /** The port to listen on; a free one unless given. */
  readonly port?: number;
  readonly clock?: FixedClock;
  /** Replaces the address the service reaches its database by: a proxy that a test can cut. */
  readonly databaseUrl?: (url: string) => string;
  /** Puts something between the service and the pool of its money path: a gate. */
  readonly wrapHotPool?: (pool: HotPool) => HotPool;
  readonly env?: Readonly<Record<string, string>>;
  /** Stands before the service: answers a request itself and says so, or leaves it to the service. */
  readonly front?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Make one in `before`, stop it in `after`. The clock begins at the machine's time and stands still. */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? fixedClock(new Date().toISOString());
  const front = createServer();
  const origin = await listen(front, options.port ?? 0);
  const complaints: string[] = [];
  const env = environmentOf(database, origin, options);
  const config = readConfig(env, { dataDir: env['DATA_DIR'] ?? '' });
  const pools = openPools(database, config, options);
  const service = await compose({
    config,
    logger: createLogger(config.log, { write: (line) => void complaints.push(line) }),
    db: pools.db,
    hotPool: options.wrapHotPool?.(pools.hotPool) ?? pools.hotPool,
    clock,
    works: false,
    healthAfterMs: null,
  });
  front.on('request', (request, response) => {
    if (!options.front?.(request, response)) service.server.emit('request', request, response);
  });
  await seedReference({ db: database.db });
  await turnOf(service, 'extend-business-days');
  const { standIns } = service;
  if (!standIns) throw new Error('the tests run with the sandbox on');

  const world: TestService = {
    origin,
    env,
    config,
    clock,
    database,
    db: database.db,
    service,
    bank: standIns.bank,
    inbox: standIns.inbox,
    complaints,
    addAgency: (code) => addTestAgency(world, code),
    agency: (code) => findTestAgency(world, code),
    allowAutomaticRefunds: (upTo) =>
      inTransaction(database.db, (tx) =>
        addRule(tx, {
          name: AUTO_REFUND_RULE,
          value: { amount: Number(upTo) },
          author: 'staff:one',
          approver: 'staff:two',
          approvedAt: clock.now(),
        }),
      ),
    async operator(method, path, how) {
      operatorCall ??= await callerFor(world, null);
      return operatorCall(method, path, how);
    },
    async operatorAsSecond(method, path, how) {
      secondOperatorCall ??= await callerFor(world, null);
      return secondOperatorCall(method, path, how);
    },
    importBankFile: (day, account) => importBankFile(world, day, account),
    openOrder: (agency, changes) => openOrder(agency, changes),
    startPayment: (...orders) => startTestPayment(world, 'sandbox', orders),
    startPaymentAt: (gateway, ...orders) => startTestPayment(world, gateway, orders),
    peer(gateway) {
      const peer = standIns.peers.get(gateway);
      assert.ok(peer, `no other party of ${gateway} is played here`);
      return peer;
    },
    async orderWithPayment(agency, changes) {
      const order = await openOrder(agency, changes);
      return [order, await startTestPayment(world, 'sandbox', [order])];
    },
    async decide({ reference }, decision) {
      assert.ok(await standIns.bank.decide(reference, decision), `the bank knows no order ${reference}`);
    },
    async payment(id) {
      const found = await findPayment(database.db, id);
      assert.ok(found, `there is no payment ${id}`);
      return found;
    },
    async orderStatus({ agencyId, id }) {
      const [row] = await query<{ status: string }>(
        database.db,
        'select status from payment_orders where agency_id = :agencyId and id = :id',
        { agencyId, id },
      );
      return row?.status ?? 'no such order';
    },
    async eventTypes({ agencyId, id }) {
      const rows = await query<{ type: string }>(
        database.db,
        'select type from events where agency_id = :agencyId and order_id = :id order by sequence',
        { agencyId, id },
      );
      return rows.map(({ type }) => type);
    },
    balances: (agencyId) => balances(database.db, agencyId),
    async count(table, where = 'true') {
      const [row] = await query<{ n: bigint }>(
        database.db,
        `select count(*) as n from ${table} where ${where}`,
      );
      return Number(row?.n);
    },
    turn: (job) => turnOf(service, job),
    pass: ({ seconds = 0, minutes = 0, days = 0 }) =>
      clock.advance(seconds * 1000 + (minutes + days * 24 * 60) * MINUTE_MS),
    settleDown: () => settleDown(world),
    async assertSound() {
      await settleDown(world);
      await assertSoundBooks(database.db);
    },
    async stop() {
      await service.stopWork();
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      if (pools.db !== database.db) await Promise.all([pools.db.destroy(), pools.hotPool.end()]);
      await database.drop();
    },
  };
  let operatorCall: Caller | undefined;
  let secondOperatorCall: Caller | undefined;
  return world;
}

/** What a process of this service is started with, the one under test or a child of it. */
function environmentOf(
  database: TestDatabase,
  origin: string,
  { env = {} }: TestServiceOptions,
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: database.appUrl,
    DATABASE_OWNER_URL: database.ownerUrl,
    DATA_DIR: join(tmpdir(), `payments-${database.name}`),
    PUBLIC_URL: origin,
    SECRETS_KEY: KEY(1),
    LINK_KEYS: `t1:${KEY(2)}`,
    SANDBOX_MERCHANT_ID: SANDBOX_MERCHANT,
    SANDBOX_SECRET,
    SANDBOX_GATEWAYS: 'none',
    LOG_LEVEL: 'warn',
    GATEWAY_QUERIES_PER_SECOND: '1000000',
    LIMIT_TOKEN_REQUESTS_PER_MINUTE: '1000000',
    LIMIT_API_REQUESTS_PER_MINUTE: '1000000',
    LIMIT_PUBLIC_LOOKUPS_PER_MINUTE: '1000000',
    ...env,
  };
}

function openPools(
  database: TestDatabase,
  config: Config,
  options: TestServiceOptions,
): { readonly db: Database; readonly hotPool: HotPool } {
  const own = options.databaseUrl;
  if (!own) return { db: database.db, hotPool: database.hotPool };
  return openServicePools(own(database.appUrl), config);
}

/** Pools with the limits that the configuration names, as the service itself opens them. */
export function openServicePools(url: string, config: Config): { db: Database; hotPool: HotPool } {
  const { poolMax, hotPoolMax, statementTimeoutMs } = config.database;
  return {
    db: openDatabase({ url, poolMax, applicationName: 'test-service', statementTimeoutMs }),
    hotPool: openHotPool({ url, max: hotPoolMax, statementTimeoutMs }),
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function turnOf(service: Service, name: string): Promise<void> {
  const job = service.jobs.find((known) => known.name === name);
  assert.ok(job, `the schedule has no job ${name}`);
  await job.turn();
}

async function addTestAgency(world: TestService, code: string): Promise<TestAgency> {
  const { db, service, origin, inbox } = world;
  const account = { bankName: 'Ngân hàng', accountNumber: '3511.0.1234567', treasuryCode: null };
  await addAgency(
    { db, newId: newTestId },
    {
      code,
      nameVi: `Cơ quan ${code}`,
      nameEn: `Agency ${code}`,
      contactPhone: null,
      returnUrlOrigins: ['https://agency.example.vn'],
      beneficiaries: [
        { ...account, code: 'KBNN', kind: 'treasury', name: 'Kho bạc', treasuryCode: '0111' },
        { ...account, code: 'PHI', kind: 'fee_account', name: 'Tài khoản phí' },
      ],
      aliases: [],
      demonstration: true,
    },
  );
  await turnOf(service, 'extend-business-days');
  const agency = await findTestAgency(world, code);
  const endpoint = await agency.call('POST', '/v1/webhook-endpoints', {
    body: { url: `${origin}/sandbox/agency/${code}/inbox` },
  });
  assert.equal(endpoint.status, 201, JSON.stringify(endpoint.body));
  await inbox.registerInbox(code, (endpoint.body as { secret: string }).secret);
  return agency;
}

async function findTestAgency(world: TestService, code: string): Promise<TestAgency> {
  const [row] = await query<{ id: AgencyId }>(world.db, 'select id from agencies where code = :code', {
    code,
  });
  assert.ok(row, `there is no agency ${code}`);
  const [call, callAsSecond] = [await callerFor(world, code), await callerFor(world, code)];
  return { code, agencyId: row.id, call, callAsSecond };
}

export interface BankAccount {
  readonly code: string;
  readonly merchantId: string;
}

async function importBankFile(
  world: TestService,
  day: string,
  { code, merchantId }: BankAccount = { code: 'platform', merchantId: SANDBOX_MERCHANT },
): Promise<ApiAnswer> {
  const file = await fetch(`${world.origin}/sandbox/bank/api/settlement-files/${day}?merchant=${merchantId}`);
  assert.equal(file.status, 200);
  const form = new FormData();
  form.set('gateway', 'sandbox');
  form.set('account', code);
  form.set('file', new Blob([await file.arrayBuffer()], { type: 'text/csv' }), `sandbox-${day}.csv`);
  return world.operator('POST', '/v1/settlement-files', { form });
}

type Caller = TestAgency['call'];

/** Speaks as a program of an agency (null: of the operator), with a token renewed as the clock moves. */
async function callerFor({ origin, db, clock }: TestService, agencyCode: string | null): Promise<Caller> {
  const client = await issueClient({ db }, { agencyCode, name: 'A program', scopes: SCOPES });
  let token: { readonly text: string; readonly until: number } | null = null;
  return async (method, path, how = {}) => {
    if (!token || token.until <= clock.now().getTime()) {
      token = { text: await tokenOf(origin, client), until: clock.now().getTime() + 5 * MINUTE_MS };
    }
    const answer = await fetch(origin + path, {
      method,
      headers: {
        authorization: `Bearer ${token.text}`,
        ...(method === 'GET' ? {} : { 'idempotency-key': how.key ?? newTestId() }),
        ...(how.body ? { 'content-type': 'application/json' } : {}),
      },
      ...(how.form ? { body: how.form } : how.body ? { body: JSON.stringify(how.body) } : {}),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  };
}

/** An access token of a new program of an agency (null: of the operator), with every scope. */
export async function tokenFor({ origin, db }: TestService, agencyCode: string | null): Promise<string> {
  return tokenOf(origin, await issueClient({ db }, { agencyCode, name: 'A program', scopes: SCOPES }));
}

async function tokenOf(origin: string, client: IssuedClient): Promise<string> {
  const answer = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

let dossiers = 0;

/** What an agency asks for by default: a charge of 150,000 ₫ and a payment of 30,000 ₫, under two receipt forms. */
export function orderBody(agencyCode: string, changes: OrderChanges = {}): object {
  dossiers += 1;
  return {
    dossier_code: changes.dossier ?? `${agencyCode}-261120-${String(dossiers).padStart(4, '0')}`,
    payer: { name: 'Nguyễn Văn Minh', identity_number: '001099012345' },
    lines: changes.lines ?? [
      { obligation_type: 'charge', description: 'Lệ phí', amount: 150_000 },
      { obligation_type: 'other', description: 'Thu khác', amount: 30_000 },
    ],
    ...(changes.expiresAt ? { expires_at: changes.expiresAt.toISOString() } : {}),
  };
}

async function openOrder(agency: TestAgency, changes: OrderChanges = {}): Promise<TestOrder> {
  const answer = await agency.call('POST', '/v1/payment-orders', {
    body: orderBody(agency.code, changes),
    ...(changes.key === undefined ? {} : { key: changes.key }),
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  const { id, amount } = answer.body as { id: string; amount: number };
  const orderId = parsePublicId('po', id);
  assert.ok(orderId);
  return { agencyId: agency.agencyId, id: orderId, publicId: id, agency, amount: BigInt(amount) };
}

async function startTestPayment(
  { service, db }: TestService,
  gateway: string,
  orders: readonly OrderKey[],
): Promise<TestPayment> {
  const started = await startPayment(service.payments, {
    orders: orders.map(({ agencyId, id }) => ({ agencyId, id })),
    gateway,
    locale: 'vi',
    payerIp: '127.0.0.1',
    expected: null,
  });
  assert.notEqual(started.kind, 'amount_changed');
  const id = (started as { paymentId: PaymentId }).paymentId;
  const payment = await findPayment(db, id);
  assert.ok(payment);
  return { id, reference: payment.merchantReference, amount: payment.amount.amountMinor };
}

async function balances(db: Database, agencyId: number): Promise<Readonly<Record<number, bigint>>> {
  const rows = await query<{ code: number; sum: string }>(
    db,
    `select a.code, sum(e.debit - e.credit)::text as sum
     from ledger_entries e join ledger_accounts a on a.agency_id = e.agency_id and a.id = e.account_id
     where e.agency_id = :agencyId group by a.code having sum(e.debit - e.credit) <> 0`,
    { agencyId },
  );
  return Object.fromEntries(rows.map(({ code, sum }) => [code, BigInt(sum)]));
}

async function settleDown(world: TestService): Promise<void> {
  let before = '';
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await world.bank.callbacks.pump();
    for (const peer of world.service.standIns?.peers.values() ?? []) await peer.notices.pump();
    for (const job of MOVING_JOBS) await world.turn(job);
    await world.service.dispatcher.deliverDue();
    const after = await fingerprint(world.db);
    if (after === before) return;
    before = after;
  }
  throw new Error('the service does not come to rest');
}

/** Changes whenever anything that matters moved. */
async function fingerprint(db: Database): Promise<string> {
  const [row] = await query<{ print: string }>(
    db,
    `select concat_ws('/',
       (select count(*) || ':' || coalesce(sum(version), 0) from payments),
       (select count(*) || ':' || coalesce(sum(version), 0) from payment_orders),
       (select count(*) || ':' || coalesce(sum(version + attempts), 0) from refunds),
       (select coalesce(sum(step), 0) || ':' || count(*) from payment_queries),
       (select count(*) from events), (select count(*) from ledger_transactions), (select count(*) from cases),
       (select count(*) from gateway_callbacks), (select count(*) || ':' || count(settled_at) from bank_credits), (select count(*) from settlement_lines where posted_at is not null),
       (select count(*) || ':' || coalesce(sum(attempts), 0) from webhook_queue),
       (select count(*) || ':' || coalesce(sum(attempts), 0) from stand_in.bank_callbacks),
       (select count(*) || ':' || coalesce(sum(attempts), 0) from stand_in.peer_notices),
       (select count(*) from ledger_transactions where xid >= (select sealed_to_xid from ledger_progress))) as print`,
  );
  return row?.print ?? '';
}

/** Every invariant holds, the seal verifies, and no ledger transaction is left unsealed. */
export async function assertSoundBooks(db: Database): Promise<void> {
  assert.deepEqual(await checkInvariants(db), []);
  await sealAll(db);
  const verdict = await verifyLedger({ db });
  assert.equal(
    verdict.kind,
    'intact',
    JSON.stringify(verdict, (_, value: unknown) => String(value)),
  );
  const [row] = await query<{ posted: bigint }>(db, 'select count(*) as posted from ledger_transactions');
  assert.equal(verdict.transactions, Number(row?.posted), 'all is sealed');
}

/** The watermark is the server's: a writer in another test's database holds it back, but not for long. */
async function sealAll(db: Database): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    await sealLedger({ db });
    const [left] = await query<{ unsealed: bigint }>(
      db,
      `select count(*) as unsealed from ledger_transactions
       where xid >= (select sealed_to_xid from ledger_progress)`,
    );
    if (left?.unsealed === 0n) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('the ledger was not sealed within 30 s');
}
