/** Tries our requests on Stripe's own stripe-mock, which checks them against Stripe's published specification. */
import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { createStripeAdapter } from '../../../src/gateways/stripe/adapter.ts';
import { createGatewayHttp, type GatewayHttp } from '../../../src/platform/gateway-http.ts';
import { callStripe } from '../../../src/gateways/stripe/client.ts';
import { stripeMockUrl as url } from '../../support/stripe-mock.ts';
import { ACCOUNT } from './subject.ts';

describe('stripe-mock', () => {
  before(function () {
    if (url !== '') return;
    process.stdout.write(
      '    SKIPPED: STRIPE_MOCK_URL is not set, our requests were not tried on stripe-mock\n',
    );
    this.skip();
  });

  const asked: string[] = [];
  const carried = createGatewayHttp({ timeoutMs: 10_000, maxBytes: 1024 * 1024 });
  const fetch: GatewayHttp = async (request, signal) => {
    const answer = await carried(request, signal);
    const path = new URL(request.url).pathname;
    asked.push(`${request.method} ${path.replace(/cs_\w+/, 'cs')} ${String(answer.status)}`);
    return answer;
  };
  const adapter = createStripeAdapter(
    { fetch, clock: { now: () => new Date() } },
    { apiUrl: url, payOrigin: 'https://checkout.stripe.com' },
  );
  const startedAt = new Date();
  const merchantReference = adapter.profile.merchantReference(1n, startedAt, '0123456789abcdef');
  const signal = new AbortController().signal;
  const refund = {
    account: ACCOUNT,
    refundReference: 'RF23456789ABCD',
    submittedAt: startedAt,
    amount: vnd(10_000),
    reason: 'Hoan tra',
    merchantReference,
    gatewayTransactionId: 'pi_3PIabc',
    paymentAmount: vnd(503_000),
    paymentStartedAt: startedAt,
    paidAt: startedAt,
  };

  // It keeps nothing: every answer is about an object of its own, which must not be believed.
  it('takes our request for a session, whose answer about another is not believed', async () => {
    const start = adapter.startPayment(
      {
        account: ACCOUNT,
        merchantReference,
        amount: vnd(503_000),
        description: 'DVC 4711',
        locale: 'vi',
        payerIp: '127.0.0.1',
        startedAt,
        returnUrl: 'https://pay.example.vn/return/1',
        callbackUrl: 'https://pay.example.vn/callback',
      },
      signal,
    );
    await assert.rejects(start, /not the one asked for/);
    assert.equal(asked.pop(), 'POST /v1/checkout/sessions 200');
  });

  it('takes our question about a payment, and has never heard of it', async () => {
    const request = { account: ACCOUNT, merchantReference, startedAt };
    assert.deepEqual(await adapter.queries?.queryPayment(request, signal), { kind: 'not_known' });
    assert.equal(asked.pop(), 'GET /v1/checkout/sessions 200');
  });

  it('takes our question about a session with what we want to see of it', async () => {
    const expand = ['payment_intent.latest_charge'];
    const answer = await callStripe({ fetch, apiUrl: url }, ACCOUNT, signal, (stripe) =>
      stripe.checkout.sessions.retrieve('cs_test_a1b2', { expand }),
    );
    assert.equal(answer.kind, 'object');
    assert.equal(asked.pop(), 'GET /v1/checkout/sessions/cs 200');
  });

  it('takes our request for a refund, whose answer about another is not believed', async () => {
    await assert.rejects(async () => adapter.refunds?.refundPayment(refund, signal), /not the one asked for/);
    assert.equal(asked.pop(), 'POST /v1/refunds 200');
  });

  it('takes our question about a refund, and has never heard of it', async () => {
    assert.deepEqual(await adapter.refunds?.queryRefund(refund, signal), { kind: 'not_known' });
    assert.equal(asked.pop(), 'GET /v1/refunds 200');
  });
});
