import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { RefundRequest, StartPayment } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import {
  ACCOUNT,
  answering,
  createAdapter,
  intent,
  list,
  refund,
  session,
  wholeSession,
  type Members,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = {
  merchantReference: 'ST261122ABC0123456789AB',
  gatewayTransactionId: 'pi_3PIabc',
  amount: vnd(503_000),
  paidAt: new Date('2026-11-22T02:59:00Z'),
};
const START: StartPayment = {
  account: ACCOUNT,
  merchantReference: PAYMENT.merchantReference,
  amount: PAYMENT.amount,
  description: 'DVC 4711',
  locale: 'vi',
  payerIp: '203.0.113.7',
  startedAt: NOW,
  returnUrl: 'https://pay.example.vn/return/1',
  callbackUrl: 'https://pay.example.vn/gateways/stripe/callback',
};
const REFUND: RefundRequest = {
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: NOW,
  amount: vnd(10_000),
  reason: 'Hoan tra',
  merchantReference: PAYMENT.merchantReference,
  gatewayTransactionId: PAYMENT.gatewayTransactionId,
  paymentAmount: PAYMENT.amount,
  paymentStartedAt: NOW,
  paidAt: PAYMENT.paidAt,
};
const QUERY = { account: ACCOUNT, merchantReference: PAYMENT.merchantReference, startedAt: NOW };
const never = () => new AbortController().signal;

const OPEN = session(PAYMENT, {
  status: 'open',
  payment_status: 'unpaid',
  payment_intent: null,
  expires_at: NOW.getTime() / 1000 + 2_400,
  url: 'https://checkout.stripe.com/c/pay/cs_test_a1b2',
});

const start = (fetch: GatewayHttp, changes: Partial<StartPayment> = {}) =>
  createAdapter(fetch, NOW).startPayment({ ...START, ...changes }, never());
const query = (fetch: GatewayHttp) => createAdapter(fetch, NOW).queries!.queryPayment(QUERY, never());
const sendRefund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.refundPayment(REFUND, never());
const queryRefund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.queryRefund(REFUND, never());

/** Answers with an error as Stripe words it. */
function refusing(status: number, error: Members, message = 'sk_test_51PDVC was not liked'): GatewayHttp {
  return answering(() => ({ error: { ...error, message } }), status);
}

const formOf = ({ body }: GatewayHttpRequest): URLSearchParams => new URLSearchParams(String(body));

describe('starting a payment at Stripe', () => {
  it('asks for one session, in dong as they are, with our reference wherever it will be needed', async () => {
    const fetch = answering(() => OPEN);
    const handOff = await start(fetch);
    assert.deepEqual(handOff, {
      kind: 'redirect',
      url: 'https://checkout.stripe.com/c/pay/cs_test_a1b2',
      expiresAt: new Date('2026-11-22T03:40:00Z'),
    });
    const [asked, ...more] = fetch.asked;
    assert.ok(asked && more.length === 0);
    assert.equal(`${asked.method} ${asked.url}`, 'POST https://api.stripe.test/v1/checkout/sessions');
    assert.deepEqual(asked.headers, {
      accept: 'application/json',
      authorization: 'Bearer sk_test_51PDVC',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': PAYMENT.merchantReference,
      'stripe-version': '2026-10-28.endive',
    });
    assert.deepEqual(Object.fromEntries(formOf(asked)), {
      mode: 'payment',
      client_reference_id: PAYMENT.merchantReference,
      'metadata[merchant_id]': 'acct_1PDVC',
      'metadata[reference]': PAYMENT.merchantReference,
      'payment_intent_data[metadata][merchant_id]': 'acct_1PDVC',
      'payment_intent_data[metadata][reference]': PAYMENT.merchantReference,
      'payment_intent_data[description]': 'DVC 4711',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'vnd',
      'line_items[0][price_data][unit_amount]': '503000',
      'line_items[0][price_data][product_data][name]': 'DVC 4711',
      'adaptive_pricing[enabled]': 'false',
      locale: 'vi',
      success_url: START.returnUrl,
      cancel_url: START.returnUrl,
      expires_at: '1795318800',
    });
  });

  it('finds the session made before when a repeat differs from the first request', async () => {
    const finding = answering(({ method }) =>
      method === 'GET' ? list(session({ ...PAYMENT, merchantReference: 'STOTHER' }), OPEN) : {},
    );
    let first = true;
    const fetch: GatewayHttp = (request, signal) => {
      if (!first) return finding(request, signal);
      first = false;
      return refusing(400, { type: 'idempotency_error' })(request, signal);
    };
    assert.equal((await start(fetch, { locale: 'en' })).kind, 'redirect');
    const url = new URL(finding.asked[0]?.url ?? '');
    assert.equal(url.searchParams.get('created[gte]'), String(NOW.getTime() / 1000 - 300));
  });

  it('believes no session that is not the one asked for', async () => {
    const changes: Members[] = [
      { amount_total: 503_001 },
      { currency: 'usd' },
      { client_reference_id: 'STOTHER' },
      { metadata: { merchant_id: 'acct_1POTHER', reference: PAYMENT.merchantReference } },
      { metadata: {} },
      { status: 'complete', payment_status: 'paid' },
      { url: 'https://checkout.stripe.com.evil.example/c/pay/1' },
      { url: 'javascript:alert(1)' },
      { url: null },
      { expires_at: 1_795_318_801 },
      { expires_at: null },
    ];
    for (const change of changes)
      await assert.rejects(
        start(answering(() => ({ ...OPEN, ...change }))),
        /not the one/,
        JSON.stringify(change),
      );
  });

  it('tells no secret when Stripe refuses', async () => {
    for (const status of [400, 401, 402, 429, 500, 503]) {
      const failure = await start(refusing(status, { type: 'api_error', code: 'amount_too_small' })).then(
        () => null,
        (error: unknown) => error,
      );
      assert.ok(failure instanceof Error);
      assert.doesNotMatch(`${failure.message} ${JSON.stringify(failure)}`, /sk_test/);
      assert.match(failure.message, new RegExp(String(status)));
    }
  });

  it('is asked once, whatever happens to the connection', async () => {
    let calls = 0;
    const fetch: GatewayHttp = () => {
      calls += 1;
      return Promise.reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    };
    await assert.rejects(start(fetch), /socket hang up/);
    assert.equal(calls, 1);
  });

  it('cannot be asked for without a key', async () => {
    for (const secrets of [[], [{}], [{ apiKey: '' }]])
      await assert.rejects(
        start(
          answering(() => OPEN),
          { account: { ...ACCOUNT, secrets } },
        ),
        /no Stripe key/,
      );
  });

  it('ends when its caller gives up', async () => {
    const giveUp = new AbortController();
    const fetch: GatewayHttp = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('given up'));
        });
        giveUp.abort();
      });
    const attempt = createAdapter(fetch, NOW).startPayment(START, giveUp.signal);
    await assert.rejects(attempt, /given up/);
  });
});

describe('asking Stripe about a payment', () => {
  const whole = (changes: Members) =>
    answering(({ url }) =>
      url.includes('/cs_test_a1b2') ? { ...wholeSession(PAYMENT), ...changes } : list(session(PAYMENT)),
    );
  const asIntent = (changes: Members) => intent({ ...PAYMENT }, changes);

  it('finds it among the sessions made around its start, and reads it with its charge', async () => {
    const fetch = whole({});
    assert.deepEqual(await query(fetch), {
      kind: 'succeeded',
      amount: PAYMENT.amount,
      gatewayTransactionId: PAYMENT.gatewayTransactionId,
      paidAt: PAYMENT.paidAt,
    });
    const [listed, read] = fetch.asked.map(({ url }) => new URL(url));
    assert.deepEqual(Object.fromEntries(listed?.searchParams ?? []), {
      'created[gte]': '1795316100',
      'created[lte]': '1795316700',
      limit: '50',
    });
    assert.equal(read?.searchParams.get('expand[0]'), 'payment_intent.latest_charge');
  });

  it('leafs through every page of both times before it says that it was never made', async () => {
    const other = (id: string) => ({ ...session({ ...PAYMENT, merchantReference: `ST${id}` }), id });
    const fetch = answering(({ url }) => {
      const after = new URL(url).searchParams.get('starting_after');
      return after === null ? { ...list(other('cs_1'), other('cs_2')), has_more: true } : list(other('cs_3'));
    });
    assert.deepEqual(await query(fetch), { kind: 'not_known' });
    const asked = fetch.asked.map(({ url }) => new URL(url).searchParams);
    assert.deepEqual(
      asked.map((search) => [search.get('created[gte]'), search.get('starting_after')]),
      [
        ['1795316100', null],
        ['1795316100', 'cs_2'],
        ['1795316701', null],
        ['1795316701', 'cs_2'],
      ],
    );
    assert.equal(asked.at(-1)?.get('created[lte]'), String(NOW.getTime() / 1000 + 2_400 + 300));
  });

  it('says nothing when the list does not end, is none, or has no place to go on from', async () => {
    const endless = { ...list(session({ ...PAYMENT, merchantReference: 'STOTHER' })), has_more: true };
    const answers: Members[] = [
      endless,
      { ...list(), has_more: true },
      { ...list(), has_more: 'no' },
      { object: 'list' },
      { object: 'list', data: {} },
    ];
    for (const answer of answers)
      await assert.rejects(query(answering(() => answer)), JSON.stringify(answer));
  });

  it('is pending while the page is open, and failed once it expired unpaid', async () => {
    const open = { status: 'open', payment_status: 'unpaid' };
    assert.equal((await query(whole({ ...open, payment_intent: null }))).kind, 'pending');
    const declined = asIntent({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined', decline_code: 'lost_card' },
    });
    assert.deepEqual(await query(whole({ ...open, payment_intent: declined })), {
      kind: 'pending',
      gatewayCode: 'lost_card',
    });
    const expired = { status: 'expired', payment_status: 'unpaid' };
    const over = { kind: 'failed', gatewayCode: 'expired' };
    assert.deepEqual(await query(whole({ ...expired, payment_intent: null })), over);
    assert.deepEqual(
      await query(whole({ ...expired, payment_intent: asIntent({ status: 'canceled' }) })),
      over,
    );
    assert.deepEqual(await query(whole({ ...expired, payment_intent: declined })), over);
  });

  it('is failed once a delayed method was refused, and pending while it is under way', async () => {
    const waiting = { status: 'complete', payment_status: 'unpaid' };
    assert.equal(
      (await query(whole({ ...waiting, payment_intent: asIntent({ status: 'processing' }) }))).kind,
      'pending',
    );
    const refused = asIntent({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_method_provider_decline' },
    });
    assert.deepEqual(await query(whole({ ...waiting, payment_intent: refused })), {
      kind: 'failed',
      gatewayCode: 'async_payment_failed',
    });
    const again = asIntent({ status: 'processing', last_payment_error: { code: 'card_declined' } });
    assert.equal((await query(whole({ ...waiting, payment_intent: again }))).kind, 'pending');
    const untried = asIntent({ status: 'requires_payment_method' });
    assert.equal((await query(whole({ ...waiting, payment_intent: untried }))).kind, 'pending');
  });

  it('is pending when session and intent contradict each other', async () => {
    const charge = { id: 'ch_1', created: 1_795_316_340 };
    const paid = asIntent({ latest_charge: charge });
    for (const status of ['expired', 'open', 'complete', 'surprising']) {
      const outcome = await query(whole({ status, payment_status: 'unpaid', payment_intent: paid }));
      assert.deepEqual(outcome, { kind: 'pending', gatewayCode: `${status}/unpaid/succeeded` });
    }
    for (const [unread, gatewayCode] of [
      [{ status: null }, '/paid/succeeded'],
      [{ payment_status: null }, 'complete//succeeded'],
    ] as const) {
      const outcome = await query(whole({ ...unread, payment_intent: paid }));
      assert.deepEqual(outcome, { kind: 'pending', gatewayCode });
    }
    const processing = asIntent({ status: 'processing' });
    const outcome = await query(
      whole({ status: 'expired', payment_status: 'unpaid', payment_intent: processing }),
    );
    assert.deepEqual(outcome, { kind: 'pending', gatewayCode: 'expired/unpaid/processing' });
    assert.deepEqual(await query(whole({ payment_intent: processing })), {
      kind: 'pending',
      gatewayCode: 'processing',
    });
    const expired = { status: 'expired', payment_status: 'unpaid' };
    assert.deepEqual(await query(whole({ ...expired, payment_intent: asIntent({ status: null }) })), {
      kind: 'pending',
      gatewayCode: 'expired/unpaid/',
    });
  });

  it('is not believed without the intent, its charge or its owner', async () => {
    const changes: Members[] = [
      { payment_intent: 'pi_3PIabc' },
      { payment_intent: null },
      { payment_intent: asIntent({}) },
      { payment_intent: asIntent({ status: 7 }) },
      { payment_intent: asIntent({ latest_charge: { created: '1' } }) },
      { metadata: {} },
      { client_reference_id: 'STOTHER' },
    ];
    for (const change of changes)
      await assert.rejects(query(whole(change)), /cannot be read/, JSON.stringify(change));
  });
});

describe('refunds at Stripe', () => {
  it('are asked for in part, once for each reference', async () => {
    const fetch = answering(() => refund(REFUND));
    assert.deepEqual(await sendRefund(fetch), {
      kind: 'succeeded',
      gatewayRefundId: 're_3PIabc',
      refundedAt: new Date(1_795_316_400_000),
    });
    const [asked] = fetch.asked;
    assert.equal(asked?.headers['idempotency-key'], REFUND.refundReference);
    assert.deepEqual(Object.fromEntries(formOf(asked)), {
      payment_intent: PAYMENT.gatewayTransactionId,
      amount: '10000',
      'metadata[merchant_id]': 'acct_1PDVC',
      'metadata[reference]': PAYMENT.merchantReference,
      'metadata[refund_reference]': REFUND.refundReference,
    });
  });

  it('fail for good only by the words that say so', async () => {
    for (const code of ['charge_already_refunded', 'charge_disputed'])
      assert.deepEqual(await sendRefund(refusing(400, { type: 'invalid_request_error', code })), {
        kind: 'failed',
        gatewayCode: code,
      });
    for (const code of ['rate_limit', 'lock_timeout', 'resource_missing', ''])
      await assert.rejects(sendRefund(refusing(400, { type: 'invalid_request_error', code })), code);
    await assert.rejects(sendRefund(refusing(500, { type: 'api_error', code: 'charge_already_refunded' })));
    await assert.rejects(sendRefund(refusing(400, { type: 'idempotency_error' })));
  });

  it('are found among those of their payment, or were never made', async () => {
    const other = { ...refund({ ...REFUND, refundReference: 'RFOTHER' }), id: 're_other' };
    assert.equal((await queryRefund(answering(() => list(other, refund(REFUND))))).kind, 'succeeded');
    assert.deepEqual(await queryRefund(answering(() => list(other))), { kind: 'not_known' });
    const search = answering(() => list());
    await queryRefund(search);
    assert.equal(
      new URL(search.asked[0]?.url ?? '').searchParams.get('payment_intent'),
      PAYMENT.gatewayTransactionId,
    );
  });

  it('are not believed made under another reference', async () => {
    await assert.rejects(
      sendRefund(answering(() => refund({ ...REFUND, refundReference: 'RFOTHER' }))),
      /not the one/,
    );
  });

  it('are not believed with another amount, currency, payment or owner', async () => {
    const changes: Members[] = [
      { amount: 10_001 },
      { currency: 'usd' },
      { payment_intent: 'pi_3POTHER' },
      { metadata: { merchant_id: 'acct_1POTHER', refund_reference: REFUND.refundReference } },
      { id: null },
      { status: 7 },
      { created: null },
    ];
    for (const change of changes) {
      const told = { ...refund(REFUND), ...change };
      await assert.rejects(sendRefund(answering(() => told)), /not the one/, JSON.stringify(change));
      await assert.rejects(queryRefund(answering(() => list(told))), /not the one/, JSON.stringify(change));
    }
  });
});
