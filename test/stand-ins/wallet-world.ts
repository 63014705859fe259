/** A wallet's played side on a loopback port, the adapter that talks to it, and a merchant that hears its notices. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { vnd } from '../../src/domain/kernel/money.ts';
import type {
  CallbackItem,
  GatewayAdapter,
  GatewayCode,
  MerchantAccount,
  RefundRequest,
  StartPayment,
} from '../../src/gateways/gateway-adapter.ts';
import { openRegistry } from '../../src/gateways/registry.ts';
import { createGatewayHttp, type GatewayHttp } from '../../src/platform/gateway-http.ts';
import { GATEWAY_STAND_INS } from '../../src/stand-ins/gateway-stand-ins.ts';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import { fixedClock, type FixedClock } from '../support/clock.ts';
import { createTestDatabase } from '../support/database.ts';

export interface WalletWorld {
  readonly clock: FixedClock;
  readonly peer: Peer;
  readonly adapter: GatewayAdapter;
  readonly account: MerchantAccount;
  /** What the merchant heard, as the adapter reads it; null for what it refused. */
  readonly heard: (CallbackItem | null)[];
  startPayment(): StartPayment;
  refundOf(payment: StartPayment, changes?: Partial<RefundRequest>): Promise<RefundRequest>;
  /** A payment that the payer was sent on with, and one that the payer has paid, of which the merchant was told. */
  handedOff(): Promise<StartPayment>;
  paid(): Promise<StartPayment>;
  query(payment: StartPayment): ReturnType<NonNullable<GatewayAdapter['queries']>['queryPayment']>;
  /** Whatever a program of the merchant's sends, answered in JSON. */
  call(
    path: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly status: number; readonly body: any }>;
  close(): Promise<void>;
}

export const never = () => new AbortController().signal;

/** @param wrap  stands between the adapter and the wire: what it loses, the other party has done all the same */
export async function openWalletWorld(
  code: GatewayCode,
  changes: Readonly<Record<string, string>> = {},
  wrap: (fetch: GatewayHttp) => GatewayHttp = (fetch) => fetch,
): Promise<WalletWorld> {
  const database = await createTestDatabase();
  const clock = fixedClock('2026-11-22T03:00:00Z');
  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const baseUrl = `${origin}/sandbox/${code}`;
  const { peer, variables } = GATEWAY_STAND_INS[code]!({ db: database.db, clock, baseUrl: () => baseUrl });
  app.use(`/sandbox/${code}`, peer.router);

  const fetch = wrap(createGatewayHttp({ timeoutMs: 5_000, maxBytes: 65_536 }));
  const registry = openRegistry({ [code]: { ...variables, ...changes } }, { fetch, clock });
  const adapter = registry.get(code)!;
  const account = registry.platformAccount(code)!;
  const heard: (CallbackItem | null)[] = [];
  app.post('/callback', express.raw({ type: () => true }), (request, response) => {
    const headers = new Map(Object.entries(request.headersDistinct).map(([name, v]) => [name, v ?? []]));
    const message = { method: 'POST', query: '', headers, body: request.body as Buffer } as const;
    const reading = adapter.readCallback(message, account, clock.now());
    heard.push(reading.kind === 'read' ? (reading.items[0] ?? null) : null);
    const reply = adapter.acknowledge(reading.kind === 'read' ? 'recorded' : 'rejected');
    response.status(reply.status).type(reply.contentType).send(reply.body);
  });

  let made = 0;
  const number = () => BigInt((made += 1));
  const startPayment = (): StartPayment => ({
    account,
    merchantReference: adapter.profile.merchantReference(number(), clock.now(), '0123456789abcdef'),
    amount: vnd(503_000),
    description: 'DVC 4711',
    locale: 'vi',
    payerIp: '127.0.0.1',
    startedAt: clock.now(),
    returnUrl: `${origin}/return/abc`,
    callbackUrl: `${origin}/callback`,
  });
  async function handedOff(): Promise<StartPayment> {
    const payment = startPayment();
    await adapter.startPayment(payment, never());
    return payment;
  }
  return {
    clock,
    peer,
    adapter,
    account,
    heard,
    startPayment,
    handedOff,
    async paid() {
      const payment = await handedOff();
      await peer.decide(payment.merchantReference, { kind: 'approve' });
      await peer.notices.pump();
      return payment;
    },
    async refundOf(payment, other = {}) {
      const all = await peer.payments();
      const there = all.find(({ reference }) => reference === payment.merchantReference);
      const charge = (await peer.charges()).find(({ paymentId }) => paymentId === there?.id);
      return {
        account,
        refundReference: `RF${number().toString().padStart(12, '0')}`,
        submittedAt: clock.now(),
        amount: vnd(100_000),
        reason: 'Hoàn trả',
        merchantReference: payment.merchantReference,
        gatewayTransactionId: charge?.transactionId ?? '',
        paymentAmount: payment.amount,
        paymentStartedAt: payment.startedAt,
        paidAt: charge?.chargedAt ?? payment.startedAt,
        ...other,
      };
    },
    query: ({ merchantReference, startedAt }) =>
      adapter.queries!.queryPayment({ account, merchantReference, startedAt }, never()),
    async call(path, body) {
      const answer = await globalThis.fetch(baseUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.drop();
    },
  };
}

/** From the hand-off to the notice and its acknowledgement: what it tells is what it answers when it is asked. */
export async function assertTakesAndTells(world: WalletWorld, waitingCode: string): Promise<void> {
  const payment = world.startPayment();
  const handOff = await world.adapter.startPayment(payment, never());
  assert.deepEqual(await world.query(payment), { kind: 'pending', gatewayCode: waitingCode });
  await world.peer.decide(payment.merchantReference, { kind: 'approve' });
  assert.equal(await world.peer.notices.pump(), 1);
  const item = world.heard.at(-1);
  assert.ok(item?.kind === 'payment' && item.outcome.kind === 'succeeded');
  assert.deepEqual(item.outcome.amount, payment.amount);
  assert.deepEqual(await world.query(payment), item.outcome);
  assert.equal(await world.peer.notices.pump({ ignoreDueTime: true }), 0, 'the notice was accepted');
  assert.ok(handOff.kind === 'redirect');
  assert.equal((await fetch(handOff.url)).status, 200);
}

/** What was never asked for is not known; what is not paid within a quarter of an hour has failed, by the given code. */
export async function assertLetsExpire(world: WalletWorld, gatewayCode: string): Promise<void> {
  const payment = world.startPayment();
  assert.deepEqual(await world.query(payment), { kind: 'not_known' });
  await world.adapter.startPayment(payment, never());
  world.clock.advance(15 * 60_000);
  assert.deepEqual(await world.query(payment), { kind: 'failed', gatewayCode });
}
