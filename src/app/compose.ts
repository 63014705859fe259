/** Composition root: the only file that constructs things and hands them to the doors. */
import { createHmac } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from 'node:http';
import type { Express } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { actorOf, type ApiClient } from '../domain/agencies/api-client.ts';
import type { AgencyId, IdSource, OrderId, PaymentId } from '../domain/kernel/ids.ts';
import { addDays, addMinutes, dayOf, type Clock } from '../domain/kernel/time.ts';
import { createAgencyApi } from '../api/agency-api.ts';
import { createAuthentication } from '../api/agency-authentication.ts';
import { createCallbackDoor } from '../api/callback-door.ts';
import { deliveryRoutes } from '../api/delivery-routes.ts';
import { createDocsRoutes } from '../api/docs-routes.ts';
import { eventRoutes } from '../api/event-routes.ts';
import { feeRoutes } from '../api/fee-routes.ts';
import { gatewayRoutes } from '../api/gateway-routes.ts';
import { ledgerRoutes } from '../api/ledger-routes.ts';
import { openApiDocument } from '../api/openapi.ts';
import { orderRoutes } from '../api/order-routes.ts';
import { receiptRoutes } from '../api/receipt-routes.ts';
import { refundRoutes } from '../api/refund-routes.ts';
import { reportRoutes } from '../api/report-routes.ts';
import type { ApiRoute } from '../api/route.ts';
import { settlementRoutes } from '../api/settlement-routes.ts';
import { createTokenRoutes } from '../api/token-routes.ts';
import { webhookRoutes } from '../api/webhook-routes.ts';
import { createCheckoutLinks, type CheckoutLinks } from '../checkout/checkout-link.ts';
import { createCheckoutRoutes, type PublicLimiter } from '../checkout/checkout-routes.ts';
import { consoleRoutes } from '../console/console-routes.ts';
import { outboxFigures } from '../features/agencies/delivery-store.ts';
import { purgeIdempotencyKeys } from '../features/agencies/purge-idempotency-keys.ts';
import { verifyClient } from '../features/agencies/issue-token.ts';
import { createSigningKeys } from '../features/agencies/signing-keys.ts';
import { createDispatcher, type Dispatcher } from '../features/agencies/webhook-dispatcher.ts';
import { deleteUnverifiedBefore } from '../features/callbacks/callback-store.ts';
import { receiveCallback } from '../features/callbacks/receive-callback.ts';
import { createAccountBook } from '../features/ledger/account-store.ts';
import { extendBusinessDays } from '../features/ledger/business-day-store.ts';
import { publishLedgerHead, sealLedger } from '../features/ledger/seal-ledger.ts';
import { readSealLagSeconds } from '../features/ledger/seal-store.ts';
import { blankPersonalData } from '../features/orders/blank-personal-data.ts';
import { expireOrders } from '../features/orders/close-orders.ts';
import { createOrderOpener, type CreateOrderDeps } from '../features/orders/create-order.ts';
import { createRegistryReader } from '../features/orders/order-registry.ts';
import { pollPendingPayments, type AskGatewayDeps } from '../features/payments/ask-gateway.ts';
import { deleteFiguresBefore } from '../features/payments/gateway-health-store.ts';
import { readGatewayReports, type GatewayReport } from '../features/payments/gateway-report.ts';
import { createGatewayHealth, type GatewayHealth } from '../features/payments/gateway-health.ts';
import { createGatewayStandings, type GatewayStandings } from '../features/payments/gateway-standings.ts';
import {
  findMerchantAccount,
  findOwnAccountCode,
  saveMerchantAccount,
} from '../features/payments/merchant-account-store.ts';
import {
  createCreditRecorder,
  settleLeftCredits,
  type RecordCreditDeps,
} from '../features/payments/record-credit.ts';
import {
  createOutcomeRecorder,
  recordOutcomes,
  type RecordOutcomeDeps,
} from '../features/payments/record-outcome.ts';
import { settleClaim } from '../features/payments/settle-claim.ts';
import type { Gateways, MerchantAccounts, StartPaymentDeps } from '../features/payments/start-payment.ts';
import { recordRefundMessage } from '../features/refunds/record-refund-outcome.ts';
import { refundShortTransfers } from '../features/refunds/refund-short-transfers.ts';
import { refundSurplus } from '../features/refunds/refund-surplus.ts';
import { submitRefunds } from '../features/refunds/submit-refunds.ts';
import { writeAudit } from '../features/staff/audit-log.ts';
import { reconcileBatches } from '../features/settlement/reconcile-batch.ts';
import type { GatewayAdapter } from '../gateways/gateway-adapter.ts';
import type { GatewayRegistry } from '../gateways/registry.ts';
import type { Config } from '../platform/config.ts';
import type { Database, HotPool } from '../platform/database.ts';
import { assertPublicUrl, createGuardedClient } from '../platform/http-client.ts';
import type { Logger } from '../platform/logger.ts';
import { createRandomBytes } from '../platform/random.ts';
import { createRateGate } from '../platform/rate-gate.ts';
import { createBatchedRateLimiter, createRateLimiter, type RateLimiter } from '../platform/rate-limiter.ts';
import { createSecretBox, type SecretBox } from '../platform/secret-box.ts';
import { createShortCache } from '../platform/short-cache.ts';
import { createWebhookPost } from '../platform/webhook-http.ts';
import { csrfProtection } from '../web/forms.tsx';
import type { SiteFacts } from '../web/page.tsx';
import { createRunner, type Job, type Runner } from '../worker/runner.ts';
import { schedule } from '../worker/schedule.ts';
import { readOperatingFigures } from './figures-store.ts';
import { openGateways } from './gateways.ts';
import { createReadiness } from './health.ts';
import { createHttpServer } from './http-server.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { operationRoutes } from './operation-routes.ts';
import { composeStandIns, type StandIns } from './stand-ins.ts';

export interface ComposeResources {
  readonly config: Config;
  readonly logger: Logger;
  readonly db: Database;
  readonly hotPool: HotPool;
  /** The application's clock and ids; the machine's unless a test brings its own. */
  readonly clock?: Clock;
  readonly newId?: IdSource;
  /** Whether this process takes turns of background work (`work`), besides serving. */
  readonly works?: boolean;
  /** How long counts of gateway calls wait before they are told to all; null: until a test says so. */
  readonly healthAfterMs?: number | null;
}

export interface Service {
  readonly server: Server;
  readonly app: Express;
  readonly routes: readonly ApiRoute[];
  readonly links: CheckoutLinks;
  readonly box: SecretBox;
  readonly standIns: StandIns | null;
  readonly orders: CreateOrderDeps;
  readonly payments: StartPaymentDeps;
  readonly asking: AskGatewayDeps;
  readonly health: GatewayHealth;
  readonly standings: GatewayStandings;
  readonly dispatcher: Dispatcher;
  readonly runner: Runner;
  /** What the runner runs, for those who take single turns. */
  readonly jobs: readonly Job[];
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Begins background work, in processes that have some. */
  startWork(): void;
  /** Ends background work and what it holds open; the pools are the caller's. */
  stopWork(): Promise<void>;
  /** From now on readiness says no. */
  announceStop(): void;
}

const HEALTH_AFTER_MS = 2_000;
const MEMORY_OF_ACCOUNTS = { lifeMs: 3_000, maxEntries: 1_000 };
const MINUTES_A_DAY = 24 * 60;

/** Makes the service. Saves the platform's merchant accounts, which are configuration, to the database. */
export async function compose(resources: ComposeResources): Promise<Service> {
  const { config, logger, db, hotPool } = resources;
  const clock: Clock = resources.clock ?? { now: () => new Date() };
  const newId: IdSource = resources.newId ?? createIds();
  const { publicUrl } = config.http;
  const { businessTimeZone } = config;
  const metrics = createMetrics();
  const box = createSecretBox(config.secrets);
  const links = createCheckoutLinks(
    config.secrets.linkKeys.map(({ id, key }) => ({ id, key: Buffer.from(key.reveal(), 'base64') })),
  );
  const checkoutUrl = (key: { agencyId: AgencyId; id: OrderId }): string =>
    `${publicUrl}/pay/${links.tokenOf({ kind: 'order', ...key })}`;

  const standIns = config.sandbox
    ? composeStandIns({ config, db, clock, logger, sandbox: config.sandbox })
    : null;
  const configured = openGateways(config, clock, standIns);
  await savePlatformAccounts(db, box, configured);
  const standings = createGatewayStandings({ db, clock });
  const health = createGatewayHealth({
    db,
    clock,
    onCall({ gateway, operation, failed, seconds }) {
      metrics.gatewayCalls.observe({ gateway, operation, failed: String(failed) }, seconds);
    },
    onCircuit(gateway, { state, brokenBy, retryAt, pauseSeconds }) {
      standings.forget();
      if (state === 'open') logger.error({ gateway, brokenBy, retryAt, pauseSeconds }, 'gateway.hidden');
      else logger.info({ gateway }, 'gateway.back');
    },
    onFault: (error) => logger.warn({ error }, 'gateway-health.not-kept'),
    flushAfterMs: resources.healthAfterMs === undefined ? HEALTH_AFTER_MS : resources.healthAfterMs,
  });
  const gateways = watchedGateways(configured, health);
  const merchantAccounts = createMerchantAccounts(db, box);
  const ownAccountCode = createOwnAccountCodes(db);
  const onGatewayError = (error: unknown, paymentId: PaymentId): void => {
    metrics.gatewayErrors.inc();
    logger.warn({ error, paymentId }, 'gateway.failed');
  };

  const accounts = createAccountBook({ db, newId });
  const outcomes: RecordOutcomeDeps = {
    db,
    hot: hotPool,
    clock,
    newId,
    accounts,
    businessTimeZone,
    onRecorded: (gateway, decision) => metrics.payments.inc({ gateway, decision }),
  };
  const recorder = createOutcomeRecorder(outcomes);
  const crediting: RecordCreditDeps = {
    ...outcomes,
    onRecorded: (gateway, decision) => metrics.payments.inc({ gateway, decision }),
  };
  const credits = createCreditRecorder(crediting);
  const refunds = { db, clock, newId, businessTimeZone, accounts, gateways };
  const asking: AskGatewayDeps = {
    db,
    clock,
    newId,
    gateways,
    merchantAccounts,
    recorder,
    gatewayTimeoutMs: config.gateways.timeoutMs,
    concurrency: 8,
    queriesPerSecond: config.gateways.queriesPerSecond,
    onGatewayError,
  };
  const orders: CreateOrderDeps = {
    db,
    clock,
    newId,
    registry: createRegistryReader(db),
    opener: createOrderOpener({ hot: hotPool, newId, businessTimeZone }),
    businessTimeZone,
    currency: 'VND',
    checkoutUrl,
  };
  const payments: StartPaymentDeps = {
    db,
    clock,
    newId,
    gateways,
    merchantAccounts,
    accounts,
    businessTimeZone,
    ownAccountCode,
    standings,
    returnUrl: (gateway, id) =>
      // Whoever is at the bank's page comes back by it, and anybody can get to that page.
      `${publicUrl}/gateways/${gateway}/return/${links.tokenOf({ kind: 'payment', id, isPublic: true })}`,
    callbackUrl: (gateway, account) =>
      `${publicUrl}/gateways/${gateway}/${account === 'platform' ? '' : `${account}/`}callback`,
    gatewayTimeoutMs: config.gateways.timeoutMs,
    onGatewayError,
  };
  const settle = (key: { agencyId: AgencyId; id: OrderId }): Promise<void> => settleClaim(asking, key);

  const allowHosts = [...config.webhooks.allowedHosts, ...(config.sandbox ? [new URL(publicUrl).host] : [])];
  const guarded = createGuardedClient({
    allowHosts,
    timeoutMs: config.webhooks.timeoutMs,
    connectionsPerHost: 32,
  });
  const post = createWebhookPost(guarded.send);
  const openBox = (sealed: string, rowId: string): string => box.open(sealed, rowId);
  const sealBox = (text: string, rowId: string): string => box.seal(text, rowId);
  const dispatcher = createDispatcher({
    db,
    clock,
    newId,
    post,
    openBox,
    log: logger,
    hooks: {
      attempted(outcome, sinceEnqueuedSeconds) {
        metrics.webhookAttempts.inc({ outcome });
        if (sinceEnqueuedSeconds !== null) metrics.webhookFirstAttempt.observe(sinceEnqueuedSeconds);
      },
      endpointDisabled() {
        metrics.endpointsDisabled.inc();
      },
    },
  });

  const routes: ApiRoute[] = [
    ...orderRoutes({ ...orders, settleClaim: settle, onOpened: () => metrics.ordersOpened.inc() }),
    ...feeRoutes({ db, clock, businessTimeZone }),
    ...webhookRoutes({
      db,
      clock,
      newId,
      sealBox,
      openBox,
      post,
      assertPublicUrl: (url) => assertPublicUrl(url, { allowHosts }),
    }),
    ...deliveryRoutes({ db, clock, newId }),
    ...eventRoutes({ db }),
    ...refundRoutes(refunds),
    ...receiptRoutes({ db }),
    ...gatewayRoutes({ db, clock, gateways, merchantAccounts, ownAccountCode, standings }),
    ...ledgerRoutes({ db }),
    ...reportRoutes({ db, clock, businessTimeZone }),
    ...settlementRoutes({ db, clock, newId, businessTimeZone, findAdapter: (code) => gateways.get(code) }),
  ];
  let isStopping = false;
  const jobs = schedule({
    pollPendingPayments: (limit) => pollPendingPayments(asking, limit),
    settleCredits: (limit) => settleLeftCredits(crediting, limit),
    expireOrders: (limit) =>
      expireOrders(
        {
          db,
          clock,
          newId,
          businessTimeZone,
          settleClaim: (key) => settleClaim(asking, key, 'ladder'),
        },
        limit,
      ),
    refundSurplus: (limit) => refundSurplus({ ...refunds, logger }, limit),
    refundShortTransfers: (limit) => refundShortTransfers({ ...refunds, logger }, limit),
    submitRefunds: (limit) => submitRefunds({ ...refunds, merchantAccounts, logger }, limit),
    reconcileBatches: async () => {
      const turn = await reconcileBatches({
        db,
        clock,
        newId,
        businessTimeZone,
        accounts,
        recordOutcomes: (items) => recordOutcomes(outcomes, items),
        recordRefundOutcomes: async (items) => {
          for (const { refundReference, outcome, ...from } of items) {
            await recordRefundMessage(refunds, { ...from, item: { refundReference, outcome } });
          }
        },
      });
      return turn.batches > 0;
    },
    sealLedger: async () => (await sealLedger({ db })).blocks > 1,
    publishLedgerHead: () =>
      publishLedgerHead({
        db,
        appendLine: async (line) => {
          await mkdir(config.dataDir, { recursive: true });
          await appendFile(join(config.dataDir, 'ledger-heads.jsonl'), line);
        },
        log: logger,
      }),
    extendBusinessDays: () => {
      const today = dayOf(clock.now(), businessTimeZone);
      return extendBusinessDays(db, addDays(today, -60), addDays(today, 400));
    },
    purgeIdempotencyKeys: (limit) => purgeIdempotencyKeys({ db, clock }, limit),
    purgeUnverifiedCallbacks: () => deleteUnverifiedBefore(db, addMinutes(clock.now(), -30 * MINUTES_A_DAY)),
    purgeGatewayMinutes: (limit) =>
      deleteFiguresBefore(db, addMinutes(clock.now(), -2 * MINUTES_A_DAY), limit),
    blankPersonalData: async (limit) => {
      const retentionYears = config.personalDataRetentionYears;
      const blanked = await blankPersonalData(
        { db, clock, newId, businessTimeZone, retentionYears, actor: 'rule:personal-data-retention' },
        limit,
      );
      const { orders: blankedOrders, payouts } = blanked;
      metrics.personalDataBlanked.inc({ kind: 'order' }, blankedOrders);
      metrics.personalDataBlanked.inc({ kind: 'payout' }, payouts);
      if (blankedOrders + payouts > 0) logger.info(blanked, 'personal-data.blanked');
      return Math.max(blankedOrders, payouts);
    },
    measure: async () => {
      await measure(db, metrics);
      const codes = gateways.enabled().map(({ code }) => code);
      measureGateways(metrics, await readGatewayReports(db, codes, clock.now()), clock.now());
    },
  });
  const runner = createRunner({
    logger,
    onTurn: (job, seconds, failed) => metrics.jobSeconds.observe({ job, failed: String(failed) }, seconds),
    jobs,
  });

  const unverifiedSample = createRateGate({ most: 10, windowMs: 60_000 });
  const requestId = (): string => `req_${newId().replaceAll('-', '')}`;
  const callbackDoor = createCallbackDoor({
    logger,
    newRequestId: requestId,
    receive: (incoming) =>
      receiveCallback(
        {
          db,
          clock,
          newId,
          gateways,
          merchantAccounts,
          recorder,
          credits,
          recordRefund: (told) => recordRefundMessage(refunds, told),
          unverifiedSample,
          onFault: (error) => logger.error({ error, gateway: incoming.gateway }, 'callback.failed'),
          onResult({ gateway, result, lagSeconds }) {
            metrics.callbacks.inc({ gateway, result });
            if (result !== 'rejected') health.noteCallback(gateway);
            if (lagSeconds !== null) metrics.callbackLag.observe({ gateway }, lagSeconds);
          },
        },
        incoming,
      ),
  });

  const keys = createSigningKeys({ db, clock, box });
  const authenticate = createAuthentication({ hotPool, clock, keys, issuer: publicUrl });
  const limits = createLimits(config, { db, logger });
  const site = siteFacts(config);
  const isSecure = publicUrl.startsWith('https:');
  const { server, app } = createHttpServer({
    logger,
    newId,
    site,
    timeZone: businessTimeZone,
    formActionOrigins: gateways.enabled().flatMap(({ profile }) => profile.formActionOrigins),
    isSecure,
    trustedProxies: config.http.trustedProxies,
    callbackDoor,
    operation: operationRoutes({
      metrics,
      readiness: createReadiness({
        db,
        machineNow: () => Date.now(),
        runner: (resources.works ?? true) ? runner : null,
        startedAtMs: Date.now(),
        hasOneRole: config.database.hasOneRole,
        isStopping: () => isStopping,
      }),
    }),
    standIns: standIns?.mounts ?? [],
    api: [
      createTokenRoutes({
        db,
        clock,
        keys,
        issuer: publicUrl,
        limiter: limits.tokens,
        logger,
        newRequestId: requestId,
      }),
      createAgencyApi({
        routes,
        authenticate,
        idempotency: { db, clock, box },
        limiter: limits.clients,
        logger,
        newRequestId: requestId,
        onMissing: ({ client, operationId, path }) =>
          writeAudit(db, {
            id: newId(),
            actor: actorOf(client),
            action: 'record.not_found',
            agencyId: client.agencyId,
            subject: path.slice(0, 200),
            detail: { operation: operationId },
          }),
      }),
      createDocsRoutes(openApiDocument(routes, { version: '1', publicUrl })),
    ],
    pages: [
      createCheckoutRoutes({
        db,
        clock,
        start: payments,
        ask: asking,
        box,
        links,
        csrf: csrfProtection({ key: formKey(config), isSecure }),
        limiter: limits.lookups,
        proofLimiter: limits.proofs,
        site,
        timeZone: businessTimeZone,
        publicUrl,
        securityContact: config.site.securityContact,
        wait: (ms) => delay(ms),
      }),
      consoleRoutes({
        db,
        clock,
        businessTimeZone,
        site,
        verifyClient: (given) => verifyClient(db, given),
        gateways: gateways.enabled().map(({ code }) => code),
      }),
    ],
  });

  return {
    server,
    app,
    routes,
    links,
    box,
    standIns,
    orders,
    payments,
    asking,
    health,
    standings,
    dispatcher,
    runner,
    jobs,
    clock,
    newId,
    startWork() {
      runner.start();
      dispatcher.start();
      standIns?.start();
    },
    async stopWork() {
      await Promise.all([runner.stop(), dispatcher.stop(), standIns?.stop()]);
      await health.stop();
      await guarded.close();
    },
    announceStop() {
      isStopping = true;
    },
  };
}

/** Time-ordered ids, also among those of one millisecond. */
function createIds(): IdSource {
  const randomBytes = createRandomBytes();
  let msecs = 0;
  let seq = 0;
  return () => {
    const random = randomBytes(16);
    const now = Date.now();
    if (now > msecs) {
      msecs = now;
      // Room to count up from: the highest of its 32 bits begins unset.
      seq = new DataView(random.buffer).getUint32(0) >>> 1;
    } else {
      seq += 1;
    }
    return uuidv7({ random, msecs, seq });
  };
}

/** The platform's own accounts are configuration; their rows stand so that payments can refer to them. */
async function savePlatformAccounts(db: Database, box: SecretBox, gateways: GatewayRegistry): Promise<void> {
  for (const { code } of gateways.enabled()) {
    const account = gateways.platformAccount(code);
    if (!account) continue;
    const { merchantId, secrets, settings } = account;
    await saveMerchantAccount(db, box, {
      gateway: code,
      code: 'platform',
      agencyId: null,
      merchantId,
      secrets,
      settings,
    });
  }
}

/** The same gateways, every call to them counted. */
function watchedGateways(gateways: GatewayRegistry, health: GatewayHealth): Gateways {
  const enabled = gateways.enabled().map((adapter) => health.watch(adapter));
  const byCode = new Map<string, GatewayAdapter>(enabled.map((adapter) => [adapter.code, adapter]));
  return { get: (code) => byCode.get(code) ?? null, enabled: () => enabled };
}

function createMerchantAccounts(db: Database, box: SecretBox): MerchantAccounts {
  const read = createShortCache((key) => {
    const [gateway = '', code = ''] = key.split('/');
    return findMerchantAccount(db, box, { gateway, code });
  }, MEMORY_OF_ACCOUNTS);
  return (gateway, code) => read(`${gateway}/${code}`);
}

function createOwnAccountCodes(db: Database): StartPaymentDeps['ownAccountCode'] {
  const read = createShortCache((key) => {
    const [gateway = '', agencyId = ''] = key.split('/');
    return findOwnAccountCode(db, gateway, Number(agencyId) as AgencyId);
  }, MEMORY_OF_ACCOUNTS);
  return (gateway, agencyId) => read(`${gateway}/${String(agencyId)}`);
}

function createLimits(config: Config, deps: { readonly db: Database; readonly logger: Logger }) {
  const { tokenRequestsPerMinute, apiRequestsPerMinute, publicLookupsPerMinute } = config.limits;
  const perMinute = (name: string, requests: number) =>
    createRateLimiter(deps, { name, requests, perSeconds: 60 });
  const tokens = perMinute('token-requests', tokenRequestsPerMinute);
  const clients = createBatchedRateLimiter(deps, {
    name: 'api-requests',
    requests: apiRequestsPerMinute,
    perSeconds: 60,
  });
  const lookups = perMinute('public-lookups', publicLookupsPerMinute);
  // Ten thousand ends of a number at five an hour are eleven weeks of guessing at one order.
  const proofs = createRateLimiter(deps, { name: 'payer-proofs', requests: 5, perSeconds: 3_600 });
  const waitOf = async (taken: ReturnType<typeof clients.take>): Promise<number | null> => {
    const decision = await taken;
    return decision.allowed ? null : decision.retryAfterSeconds;
  };
  return {
    tokens: (who: { clientId: string; address: string }) =>
      waitOf(tokens.take(`${who.address} ${who.clientId}`)),
    clients: (client: ApiClient) => waitOf(clients.take(client.clientId)),
    lookups: publicLimiter(lookups),
    proofs: publicLimiter(proofs),
  };
}

function publicLimiter(limiter: RateLimiter): PublicLimiter {
  return {
    async consume(key) {
      const decision = await limiter.take(key);
      return decision.allowed ? { ok: true } : { ok: false, retryAfterSeconds: decision.retryAfterSeconds };
    },
  };
}

/** The key of form tokens follows from the newest link key; both guard the same pages. */
function formKey(config: Config): Buffer {
  const [newest] = config.secrets.linkKeys;
  if (!newest) throw new Error('There is no link key.');
  return createHmac('sha256', Buffer.from(newest.key.reveal(), 'base64')).update('form tokens').digest();
}

function siteFacts({ http, site, sandbox }: Config): SiteFacts {
  return {
    domain: new URL(http.publicUrl).hostname,
    // A number that breaks at the end of a line is misread.
    supportPhone: site.supportPhone.replaceAll(' ', '\u00a0'),
    supportHours: site.supportHours,
    operator: { nameVi: site.operatorNameVi, nameEn: site.operatorNameEn },
    isSandbox: sandbox !== null,
  };
}

function measureGateways(metrics: Metrics, reports: readonly GatewayReport[], now: Date): void {
  for (const { gateway, position, hour, lastCallbackAt, maintenanceUntil } of reports) {
    metrics.gatewayHidden.set({ gateway, why: 'failing' }, position === 'closed' ? 0 : 1);
    metrics.gatewayHidden.set({ gateway, why: 'maintenance' }, maintenanceUntil === null ? 0 : 1);
    if (hour.successPpm !== null) metrics.gatewaySuccess.set({ gateway }, hour.successPpm / 1_000_000);
    else metrics.gatewaySuccess.remove({ gateway });
    if (lastCallbackAt !== null) {
      const seconds = Math.max(0, (now.getTime() - lastCallbackAt.getTime()) / 1000);
      metrics.gatewayCallbackAge.set({ gateway }, seconds);
    }
  }
}

async function measure(db: Database, metrics: Metrics): Promise<void> {
  const [figures, outbox, sealLag] = await Promise.all([
    readOperatingFigures(db),
    outboxFigures(db),
    readSealLagSeconds(db),
  ]);
  metrics.paymentsUndecided.set(figures.paymentsUndecided);
  metrics.outboxWaiting.set(figures.webhooksWaiting);
  metrics.outboxAge.set(outbox.outboxAgeSeconds);
  metrics.sealLag.set(sealLag);
  metrics.feedDelay.set(figures.feedDelaySeconds);
  metrics.casesOpen.reset();
  for (const { kind, count } of figures.openCases) metrics.casesOpen.set({ kind }, count);
  const pool = (
    db.client as { pool?: { numUsed(): number; numFree(): number; numPendingAcquires(): number } }
  ).pool;
  if (pool) {
    metrics.pool.set({ state: 'used' }, pool.numUsed());
    metrics.pool.set({ state: 'free' }, pool.numFree());
    metrics.pool.set({ state: 'waiting' }, pool.numPendingAcquires());
  }
}
