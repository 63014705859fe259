/** A pretend bank on a loopback port, the sandbox adapter that talks to it, and a merchant that hears its callbacks. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { vnd } from '../../src/domain/kernel/money.ts';
import { createSandboxAdapter } from '../../src/gateways/sandbox/adapter.ts';
import type {
  CallbackReading,
  GatewayAdapter,
  MerchantAccount,
  RefundRequest,
  StartPayment,
} from '../../src/gateways/gateway-adapter.ts';
import { createGatewayHttp } from '../../src/platform/gateway-http.ts';
import { createBank, type Bank } from '../../src/stand-ins/bank/bank.ts';
import { fixedClock, type FixedClock } from '../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export interface BankWorld {
  readonly database: TestDatabase;
  readonly clock: FixedClock;
  readonly bank: Bank;
  readonly app: express.Express;
  readonly adapter: GatewayAdapter;
  readonly account: MerchantAccount;
  /** What the merchant heard, as the adapter reads it. */
  readonly heard: { readonly reading: CallbackReading; readonly body: string }[];
  /** What the merchant answers next, in turn; 200 when there is nothing left. */
  readonly answers: number[];
  startPayment(changes?: Partial<StartPayment>): StartPayment;
  close(): Promise<void>;
}

export const MERCHANT = { merchantId: 'DVC01', name: 'Cổng thanh toán', secret: 'a-shared-secret' };

export async function openBankWorld(): Promise<BankWorld> {
  const database = await createTestDatabase();
  const clock = fixedClock('2026-11-22T03:00:00Z');
  const app = express();
  const server = await listening(createServer(app));
  const origin = originOf(server);
  const bankUrl = `${origin}/sandbox/bank`;
  const bank = createBank({ db: database.db, clock, merchants: [MERCHANT], bankUrl: () => bankUrl });
  app.use('/sandbox/bank', bank.router);

  const fetch = createGatewayHttp({ timeoutMs: 5_000, maxBytes: 65_536 });
  const adapter = createSandboxAdapter({ fetch, clock }, { bankUrl });
  const account: MerchantAccount = {
    code: 'platform',
    merchantId: MERCHANT.merchantId,
    secrets: [{ signing: MERCHANT.secret }],
    settings: {},
  };
  const heard: { reading: CallbackReading; body: string }[] = [];
  const answers: number[] = [];
  app.post('/callback', express.raw({ type: () => true }), (request, response) => {
    const body = request.body as Buffer;
    const headers = new Map(Object.entries(request.headersDistinct).map(([name, v]) => [name, v ?? []]));
    const message = { method: 'POST', query: '', headers, body } as const;
    heard.push({ reading: adapter.readCallback(message, account, clock.now()), body: body.toString() });
    response.status(answers.shift() ?? 200).end();
  });

  let started = 0;
  return {
    database,
    clock,
    bank,
    app,
    adapter,
    account,
    heard,
    answers,
    startPayment(changes = {}) {
      started += 1;
      return {
        account,
        merchantReference: adapter.profile.merchantReference(
          BigInt(started),
          clock.now(),
          '0123456789abcdef',
        ),
        amount: vnd(503_000),
        description: 'Nop phi ho so 000.00.00.H29-261120-0042',
        locale: 'vi',
        payerIp: '127.0.0.1',
        startedAt: clock.now(),
        returnUrl: `${origin}/return/token`,
        callbackUrl: `${origin}/callback`,
        ...changes,
      };
    },
    async close() {
      await bank.callbacks.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.drop();
    },
  };
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A refund at this bank; what a test does not name is as good as any. */
export function refundRequest(world: BankWorld, changes: Partial<RefundRequest>): RefundRequest {
  const now = world.clock.now();
  return {
    account: world.account,
    refundReference: 'RFILE1',
    submittedAt: now,
    amount: vnd(5_000),
    reason: 'Hoan tra',
    merchantReference: 'REF1',
    gatewayTransactionId: 'BT1',
    paymentAmount: vnd(503_000),
    paymentStartedAt: now,
    paidAt: now,
    ...changes,
  };
}
