/** The whole way of a payment for tests: agencies, orders, the sandbox bank, our citizens' door on a loopback port. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { pino } from 'pino';
import { createCheckoutLinks, type CheckoutLinks } from '../../src/checkout/checkout-link.ts';
import { createCheckoutRoutes, type CheckoutDeps } from '../../src/checkout/checkout-routes.ts';
import { SCOPES, type ApiClient } from '../../src/domain/agencies/api-client.ts';
import type { AgencyId, PaymentId } from '../../src/domain/kernel/ids.ts';
import { addDays, dayOf, DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import type { LineRequest, OrderRequest } from '../../src/domain/orders/open-order.ts';
import type { PaymentOrder } from '../../src/domain/orders/payment-order.ts';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { seedReference } from '../../src/features/agencies/seed-reference.ts';
import { receiveCallback } from '../../src/features/callbacks/receive-callback.ts';
import { createAccountBook } from '../../src/features/ledger/account-store.ts';
import { ensureBusinessDays } from '../../src/features/ledger/business-day-store.ts';
import {
  createOrder,
  createOrderOpener,
  type CreateOrderDeps,
} from '../../src/features/orders/create-order.ts';
import { createRegistryReader } from '../../src/features/orders/order-registry.ts';
import type { OrderKey } from '../../src/features/orders/order-store.ts';
import type { AskGatewayDeps } from '../../src/features/payments/ask-gateway.ts';
import { createGatewayStandings } from '../../src/features/payments/gateway-standings.ts';
import {
  findPayment,
  findPaymentsOfOrder,
  type PaymentOfOrder,
} from '../../src/features/payments/payment-store.ts';
import { createCreditRecorder } from '../../src/features/payments/record-credit.ts';
import { createOutcomeRecorder } from '../../src/features/payments/record-outcome.ts';
import type { StartPaymentDeps } from '../../src/features/payments/start-payment.ts';
import type { GatewayAdapter, MerchantAccount } from '../../src/gateways/gateway-adapter.ts';
import { createSandboxAdapter } from '../../src/gateways/sandbox/adapter.ts';
import { query } from '../../src/platform/database.ts';
import { createGatewayHttp } from '../../src/platform/gateway-http.ts';
import { createBank, type Bank, type BankDecision } from '../../src/stand-ins/bank/bank.ts';
import { csrfProtection } from '../../src/web/forms.tsx';
import { requestContext } from '../../src/web/request-context.ts';
import { fixedClock, type FixedClock } from './clock.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { newTestId } from './ids.ts';

export interface World {
  readonly database: TestDatabase;
  readonly clock: FixedClock;
  readonly bank: Bank;
  readonly app: Express;
  readonly origin: string;
  readonly links: CheckoutLinks;
  readonly agencyId: AgencyId;
  readonly client: ApiClient;
  readonly deps: CheckoutDeps;
  /** Every line logged so far. */
  logged(): string;
  openOrder(changes?: Partial<OrderRequest>): Promise<PaymentOrder>;
  /** The payer's own links, and with `isPublic` those that anybody can come to. */
  orderPath(order: OrderKey, isPublic?: true): string;
  paymentPath(id: PaymentId, isPublic?: true): string;
  paymentsOf(order: OrderKey): Promise<PaymentOfOrder[]>;
  /** What the payer does at the bank; its notices are sent when told so. */
  atBank(id: PaymentId, decision: BankDecision, how?: { readonly notify: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly clock?: string;
  readonly checkout?: Partial<CheckoutDeps>;
  /** Stands in for the sandbox adapter, or wraps it. */
  readonly adapter?: (sandbox: GatewayAdapter, origin: () => string) => GatewayAdapter;
}

const TIME_ZONE = DEFAULT_BUSINESS_TIME_ZONE;
const MERCHANT = { merchantId: 'DVC01', name: 'Cổng thanh toán', secret: 'a-shared-secret' };

/** Open one in `before`, close it in `after`. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const database = await createTestDatabase();
  const { db, hotPool: hot } = database;
  const clock = fixedClock(options.clock ?? '2026-11-22T03:00:00Z');
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  const app = express();
  app.set('trust proxy', 1);
  const server = await listening(createServer(app));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bankUrl = `${origin}/sandbox/bank`;
  const bank = createBank({ db, clock, merchants: [MERCHANT], bankUrl: () => bankUrl });
  const account: MerchantAccount = {
    code: 'platform',
    merchantId: MERCHANT.merchantId,
    secrets: [{ signing: MERCHANT.secret }],
    settings: {},
  };
  const agencyId = await addDemonstrationAgency(database);
  await seedReference({ db });
  await query(
    db,
    `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('sandbox', 'platform', 'm', '')`,
  );
  const today = dayOf(clock.now(), TIME_ZONE);
  await ensureBusinessDays(db, [0, agencyId], addDays(today, -30), addDays(today, 60));

  const fetch = createGatewayHttp({ timeoutMs: 5_000, maxBytes: 65_536 });
  const sandbox = createSandboxAdapter({ fetch, clock }, { bankUrl });
  const adapter = options.adapter?.(sandbox, () => origin) ?? sandbox;
  const gateways = {
    get: (code: string) => (code === adapter.code ? adapter : null),
    enabled: () => [adapter],
  };
  const merchantAccounts = (gateway: string, code: string) =>
    Promise.resolve(gateway === 'sandbox' && code === 'platform' ? account : null);
  const accounts = createAccountBook({ db, newId: newTestId });
  const outcomes = { db, hot, clock, newId: newTestId, accounts, businessTimeZone: TIME_ZONE };
  const recorder = createOutcomeRecorder(outcomes);
  const links = createCheckoutLinks([{ id: 'test', key: Buffer.alloc(32, 5) }]);
  const onGatewayError = (error: unknown, paymentId: PaymentId) =>
    logger.warn({ err: error, paymentId }, 'gateway.failed');
  const start: StartPaymentDeps = {
    db,
    clock,
    newId: newTestId,
    gateways,
    merchantAccounts,
    accounts,
    businessTimeZone: TIME_ZONE,
    ownAccountCode: () => Promise.resolve(null),
    standings: createGatewayStandings({ db, clock }),
    returnUrl: (gateway, id) =>
      `${origin}/gateways/${gateway}/return/${links.tokenOf({ kind: 'payment', id, isPublic: true })}`,
    callbackUrl: (gateway) => `${origin}/gateways/${gateway}/callback`,
    gatewayTimeoutMs: 5_000,
    onGatewayError,
  };
  const ask: AskGatewayDeps = { ...start, recorder, concurrency: 4, queriesPerSecond: 1_000_000 };
  const deps: CheckoutDeps = {
    db,
    clock,
    start,
    ask,
    box: { seal: (text) => text },
    links,
    csrf: csrfProtection({ key: Buffer.alloc(32, 9), isSecure: false }),
    limiter: { consume: () => Promise.resolve({ ok: true }) },
    proofLimiter: { consume: () => Promise.resolve({ ok: true }) },
    site: {
      domain: 'thanhtoan.test',
      supportPhone: '1800 0000',
      supportHours: '24/7',
      operator: { nameVi: 'Đơn vị vận hành', nameEn: 'Operator' },
      isSandbox: true,
    },
    timeZone: TIME_ZONE,
    publicUrl: origin,
    securityContact: 'mailto:security@thanhtoan.test',
    wait: () => Promise.resolve(),
    ...options.checkout,
  };
  app.use(requestContext({ logger, newId: newTestId }));
  app.use('/sandbox/bank', bank.router);
  app.post('/gateways/sandbox/callback', express.raw({ type: () => true }), async (request, response) => {
    const headers = new Map(
      Object.entries(request.headersDistinct).map(([name, given]) => [name, given ?? []]),
    );
    const reply = await receiveCallback(
      {
        db,
        clock,
        newId: newTestId,
        gateways,
        merchantAccounts,
        recorder,
        credits: createCreditRecorder(outcomes),
        recordRefund: () => Promise.resolve('recorded'),
        unverifiedSample: { pass: () => true },
        onResult: () => undefined,
        onFault: (error) => logger.error({ err: error }, 'callback.fault'),
      },
      {
        gateway: 'sandbox',
        account: 'platform',
        message: { method: 'POST', query: '', headers, body: request.body as Buffer },
      },
    );
    response
      .status(reply?.status ?? 404)
      .type(reply?.contentType ?? 'text')
      .send(reply?.body ?? '');
  });
  app.use(createCheckoutRoutes(deps));

  const client: ApiClient = { clientId: 'cl_test', agencyId, kind: 'agency', scopes: [...SCOPES] };
  const orders: CreateOrderDeps = {
    db,
    clock,
    newId: newTestId,
    registry: createRegistryReader(db),
    opener: createOrderOpener({ hot, newId: newTestId, businessTimeZone: TIME_ZONE }),
    businessTimeZone: TIME_ZONE,
    currency: 'VND',
    checkoutUrl: (key) => `${origin}/pay/${links.tokenOf({ kind: 'order', ...key })}`,
  };
  let opened = 0;
  return {
    database,
    clock,
    bank,
    app,
    origin,
    links,
    agencyId,
    client,
    deps,
    logged: () => lines.join(''),
    async openOrder(changes = {}) {
      opened += 1;
      const order = await createOrder(orders, client, { ...anOrderRequest(opened), ...changes }, null);
      if (!order) throw new Error('an order without a key was not opened');
      return order;
    },
    orderPath: ({ agencyId: agency, id }, isPublic) =>
      `/pay/${links.tokenOf({ kind: 'order', agencyId: agency, id: id, ...(isPublic ? { isPublic } : {}) })}`,
    paymentPath: (id, isPublic) =>
      `/pay/${links.tokenOf({ kind: 'payment', id, ...(isPublic ? { isPublic } : {}) })}`,
    paymentsOf: ({ agencyId: agency, id }) => findPaymentsOfOrder(db, { agencyId: agency, id }),
    async atBank(id, decision, how = { notify: true }) {
      const payment = await findPayment(db, id);
      if (!payment) throw new Error('there is no such payment');
      await bank.decide(payment.merchantReference, decision);
      if (how.notify) await bank.callbacks.pump();
    },
    async close() {
      await bank.callbacks.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.drop();
    },
  };
}

/** A penalty of 500,000 dong that bears interest from the day after its pay-by day when it has one. */
export function aPenaltyLine(changes: Partial<LineRequest> = {}): LineRequest {
  return {
    obligationType: 'penalty',
    feeCode: null,
    quantity: 1,
    description: 'Phạt vi phạm nồng độ cồn',
    amountMinor: 500_000n,
    beneficiaryCode: null,
    budgetChapter: null,
    budgetSubItem: null,
    decision: null,
    payBy: null,
    reference: null,
    attributes: {},
    ...changes,
  };
}

function anOrderRequest(number: number): OrderRequest {
  return {
    dossierCode: null,
    procedureCode: null,
    payer: {
      name: 'NGUYỄN VĂN MINH',
      identityNumber: '001099012345',
      email: 'minh@example.vn',
      phone: '0900000021',
    },
    lines: [
      aPenaltyLine({
        decision: { number: `${String(number).padStart(7, '0')}/QĐ-XPHC`, issuedOn: null, deliveredOn: null },
      }),
    ],
    expiresAt: null,
    returnUrl: 'https://agency.example.vn/dossiers/42',
    metadata: {},
  };
}

function addDemonstrationAgency({ db }: TestDatabase): Promise<AgencyId> {
  return addAgency(
    { db, newId: newTestId },
    {
      code: 'H29',
      nameVi: 'Phòng Cảnh sát giao thông',
      nameEn: 'Traffic Police Division',
      contactPhone: null,
      returnUrlOrigins: ['https://agency.example.vn'],
      beneficiaries: [
        {
          code: 'KBNN',
          kind: 'treasury',
          name: 'Kho bạc Nhà nước Hà Nội',
          bankName: 'Kho bạc Nhà nước',
          accountNumber: '3511.0.1234567',
          treasuryCode: '0111',
        },
      ],
      aliases: [],
      demonstration: true,
    },
  );
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
