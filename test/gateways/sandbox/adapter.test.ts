import assert from 'node:assert/strict';
import { money, vnd } from '../../../src/domain/kernel/money.ts';
import type { RefundRequest, StartPayment } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp } from '../../../src/platform/gateway-http.ts';
import { ACCOUNT, answering, sandboxSubject } from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const never = () => new AbortController().signal;
const adapterOver = (fetch: GatewayHttp) => sandboxSubject.create(fetch, NOW);
const REFERENCE = 'SB261122ABC0123456789AB';

const START: StartPayment = {
  account: ACCOUNT,
  merchantReference: REFERENCE,
  amount: vnd(503_000),
  description: 'Lệ phí 4711',
  locale: 'vi',
  payerIp: '113.160.92.202',
  startedAt: new Date('2026-11-22T02:58:00Z'),
  returnUrl: 'https://pay.test/return',
  callbackUrl: 'https://pay.test/callback',
};
const REFUND: RefundRequest = {
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: NOW,
  amount: vnd(150_000),
  reason: 'Nộp thừa',
  merchantReference: REFERENCE,
  gatewayTransactionId: 'BT1',
  paymentAmount: vnd(503_000),
  paymentStartedAt: NOW,
  paidAt: NOW,
};
const ORDER = {
  merchant_id: 'DVC01',
  merchant_reference: REFERENCE,
  amount: '503000',
  currency: 'VND',
  pay_url: 'https://bank.test/pay/1',
  expires_at: '2026-11-22T03:13:00Z',
};
const REFUNDED = {
  merchant_id: 'DVC01',
  refund_reference: 'RF23456789ABCD',
  refund_id: 'BR1',
  status: 'approved',
  code: '00',
  refunded_at: '2026-11-22T03:00:00Z',
};

/** What was sent before the connection was lost. */
async function sentBy(work: (fetch: GatewayHttp) => Promise<unknown>): Promise<readonly [string, unknown]> {
  const sent: (readonly [string, unknown])[] = [];
  const losing: GatewayHttp = ({ url, body }) => {
    sent.push([new URL(url).pathname, JSON.parse(String(body))]);
    return Promise.reject(new Error('lost'));
  };
  await assert.rejects(work(losing), /lost/);
  assert.ok(sent[0]);
  return sent[0];
}

describe('what the sandbox bank is asked', () => {
  it('an order carries the amount, the addresses and the time it ends', async () => {
    const sent = await sentBy((fetch) => adapterOver(fetch).startPayment(START, never()));
    assert.deepEqual(sent, [
      '/sandbox/bank/api/orders',
      {
        merchant_id: 'DVC01',
        merchant_reference: REFERENCE,
        amount: '503000',
        currency: 'VND',
        description: 'Lệ phí 4711',
        locale: 'vi',
        payer_ip: '113.160.92.202',
        return_url: 'https://pay.test/return',
        callback_url: 'https://pay.test/callback',
        expires_at: '2026-11-22T03:13:00.000Z',
      },
    ]);
  });

  it('a query carries our reference', async () => {
    const query = { account: ACCOUNT, merchantReference: REFERENCE, startedAt: NOW };
    const sent = await sentBy((fetch) => adapterOver(fetch).queries!.queryPayment(query, never()));
    assert.deepEqual(sent, [
      '/sandbox/bank/api/query',
      { merchant_id: 'DVC01', merchant_reference: REFERENCE },
    ]);
  });

  it("a refund carries its own reference and sum beside the payment's", async () => {
    const sent = await sentBy((fetch) => adapterOver(fetch).refunds!.refundPayment(REFUND, never()));
    assert.deepEqual(sent, [
      '/sandbox/bank/api/refunds',
      {
        merchant_id: 'DVC01',
        refund_reference: 'RF23456789ABCD',
        merchant_reference: REFERENCE,
        transaction_id: 'BT1',
        amount: '150000',
        currency: 'VND',
        reason: 'Nộp thừa',
      },
    ]);
  });

  it("a refund's query carries the refund's reference", async () => {
    const sent = await sentBy((fetch) => adapterOver(fetch).refunds!.queryRefund(REFUND, never()));
    assert.deepEqual(sent, [
      '/sandbox/bank/api/refund-query',
      { merchant_id: 'DVC01', refund_reference: 'RF23456789ABCD' },
    ]);
  });
});

describe('what the sandbox bank answers', () => {
  const start = (changes: Record<string, unknown>, request = START) =>
    adapterOver(answering({ ...ORDER, ...changes }, NOW)).startPayment(request, never());
  const ask = (answer: Record<string, unknown>) =>
    adapterOver(answering(answer, NOW)).queries!.queryPayment(
      { account: ACCOUNT, merchantReference: REFERENCE, startedAt: NOW },
      never(),
    );
  const askRefund = (changes: Record<string, unknown>) =>
    adapterOver(answering({ ...REFUNDED, ...changes }, NOW)).refunds!.queryRefund(REFUND, never());

  it('to an order is the page to pay at, and until when', async () => {
    assert.deepEqual(await start({}), {
      kind: 'redirect',
      url: 'https://bank.test/pay/1',
      expiresAt: new Date('2026-11-22T03:13:00Z'),
    });
  });

  it('to an order is not believed about another merchant, order, sum or currency, nor without a page or an end', async () => {
    for (const changes of [
      { merchant_id: 'DVC02' },
      { merchant_reference: 'SBOTHER' },
      { amount: '502999' },
      { amount: undefined },
      { amount: '5030.00', currency: 'USD' },
      { pay_url: undefined },
      { pay_url: 'javascript:alert(1)' },
      { pay_url: 'javascript:https://bank.test' },
      { pay_url: 'https://' },
      { expires_at: undefined },
      { expires_at: '2026-11-22' },
    ]) {
      await assert.rejects(start(changes), /cannot be read/, JSON.stringify(changes));
    }
    await assert.rejects(start({}, { ...START, amount: money(503_000n, 'USD') }), /cannot be read/);
  });

  it('to a query is not believed about another merchant or payment, nor when it is no object', async () => {
    for (const changes of [{ merchant_id: 'DVC02' }, { merchant_reference: 'SBOTHER' }]) {
      const answer = { merchant_id: 'DVC01', merchant_reference: REFERENCE, status: 'not_known' };
      await assert.rejects(ask({ ...answer, ...changes }), /cannot be read/, JSON.stringify(changes));
    }
    await assert.rejects(ask([] as unknown as Record<string, unknown>), /cannot be read/);
  });

  it('to the query of a refund is what became of it', async () => {
    assert.deepEqual(await askRefund({ status: 'not_known' }), { kind: 'not_known' });
    assert.deepEqual(await askRefund({ status: 'declined', code: '13' }), {
      kind: 'failed',
      gatewayCode: '13',
    });
    assert.deepEqual(await askRefund({ status: 'pending', code: '09' }), {
      kind: 'pending',
      gatewayCode: '09',
    });
    for (const changes of [{ refund_reference: 'RFOTHER' }, { merchant_id: 'DVC02' }, { refund_id: '' }]) {
      await assert.rejects(askRefund(changes), /cannot be read/, JSON.stringify(changes));
    }
  });
});
