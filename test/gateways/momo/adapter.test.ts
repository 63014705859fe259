import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { MerchantAccount, RefundRequest } from '../../../src/gateways/gateway-adapter.ts';
import { openRegistry } from '../../../src/gateways/registry.ts';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import { ACCOUNT, answering, createAdapter, momoSign, sentBody, TWO_STEPS, type Members } from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const REFERENCE = 'MM261122ABC0123456789AB';
const never = () => new AbortController().signal;
const PAID = { resultCode: 0, amount: 503_000, transId: 4_043_210_987, responseTime: NOW.getTime() };

const start = (fetch: GatewayHttp) =>
  createAdapter(fetch, NOW).startPayment(
    {
      account: ACCOUNT,
      merchantReference: REFERENCE,
      amount: vnd(503_000),
      description: 'DVC 1',
      locale: 'vi',
      payerIp: '127.0.0.1',
      startedAt: NOW,
      returnUrl: 'https://pay.test/return',
      callbackUrl: 'https://pay.test/callback',
    },
    never(),
  );

const ask = (fetch: GatewayHttp, account: MerchantAccount = ACCOUNT) =>
  createAdapter(fetch, NOW).queries!.queryPayment(
    { account, merchantReference: REFERENCE, startedAt: NOW },
    never(),
  );

const REFUND: RefundRequest = {
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: NOW,
  amount: vnd(150_000),
  reason: 'Hoàn trả',
  merchantReference: REFERENCE,
  gatewayTransactionId: '4043210987',
  paymentAmount: vnd(503_000),
  paymentStartedAt: NOW,
  paidAt: NOW,
};
const GIVEN_BACK = { resultCode: 0, amount: 150_000, transId: 4_043_299_999, responseTime: NOW.getTime() };
const refund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.refundPayment(REFUND, never());
const askRefund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.queryRefund(REFUND, never());

const row = (changes: Members = {}) => ({
  ...{ orderId: 'RF23456789ABCD', amount: 150_000, resultCode: 0, transId: 4_043_299_999 },
  ...{ createdTime: NOW.getTime().toString(), ...changes },
});
const MADE = { kind: 'succeeded', gatewayRefundId: '4043299999', refundedAt: NOW };

describe('starting a payment at MoMo', () => {
  const created = { resultCode: 0, amount: 503_000, payUrl: 'https://momo.test/pay?t=1&s=2' };

  it('sends the payer to the page that MoMo names, for a quarter of an hour', async () => {
    assert.deepEqual(await start(answering(created)), {
      kind: 'redirect',
      url: 'https://momo.test/pay?t=1&s=2',
      expiresAt: new Date('2026-11-22T03:15:00Z'),
    });
  });

  it('sends the payer to a page of a test installation, which has no certificate', async () => {
    const handOff = await start(answering({ ...created, payUrl: 'http://momo.test/pay' }));
    assert.equal(handOff.kind === 'redirect' && handOff.url, 'http://momo.test/pay');
  });

  it('repeats the very same request, so that MoMo gives the answer it gave', async () => {
    const sent: GatewayHttpRequest[] = [];
    const recording: GatewayHttp = (request, signal) => {
      sent.push(request);
      return answering(created)(request, signal);
    };
    await start(recording);
    await start(recording);
    assert.deepEqual(sent[0], sent[1]);
    assert.equal(sent[0]?.url, 'https://momo.test/v2/gateway/api/create');
    assert.equal(sent[0].method, 'POST');
  });

  it('knows nothing after a result code that is no success, whatever it is', async () => {
    for (const [resultCode, status] of [
      [41, 400],
      [40, 400],
      [7000, 422],
      [1006, 200],
      [99, 200],
      [9000, 200],
      [1234, 200],
    ] as const) {
      const refused = answering({ ...created, resultCode }, status);
      await assert.rejects(start(refused), new RegExp(`MoMo answered ${resultCode} to the creation`));
    }
  });

  it('believes no answer about another partner, order, request or amount, and none without a page', async () => {
    const others = [
      { partnerCode: 'MOMO2' },
      { orderId: 'MM2' },
      { requestId: 'R2' },
      { amount: 503_001 },
      { amount: undefined },
      { payUrl: undefined },
      { payUrl: 'javascript:alert(1)' },
      { payUrl: 'javascript:https://momo.test' },
      { payUrl: 'https://' },
      { payUrl: [created.payUrl] },
      { resultCode: undefined },
    ];
    for (const other of others) {
      await assert.rejects(
        start(answering({ ...created, ...other })),
        /cannot be read/,
        JSON.stringify(other),
      );
    }
  });

  it('believes no answer of a proxy, a redirect or a broken server', async () => {
    for (const status of [201, 302, 500, 503]) {
      await assert.rejects(start(answering(created, status)), new RegExp(`MoMo answered ${status} to`));
    }
    const html: GatewayHttp = () =>
      Promise.resolve({ status: 404, headers: new Map(), body: Buffer.from('<html>') });
    await assert.rejects(start(html), /cannot be read/);
  });
});

describe('asking MoMo about a payment', () => {
  it('asks each time under another requestId, signed', async () => {
    const sent: Members[] = [];
    const recording: GatewayHttp = (request, signal) => {
      sent.push(sentBody(request));
      return answering(PAID)(request, signal);
    };
    await ask(recording);
    await ask(recording);
    assert.equal(new Set(sent.map(({ requestId }) => requestId)).size, 2);
    for (const { signature, ...body } of sent) {
      assert.equal(signature, momoSign(['orderId', 'partnerCode', 'requestId'], body));
      assert.ok(String(body['requestId']).length <= 50);
    }
  });

  it('takes the time of the payment where MoMo tells it, else that of the answer', async () => {
    const paidAt = async (changes: Members) => {
      const outcome = await ask(answering({ ...PAID, ...changes }));
      return outcome.kind === 'succeeded' ? outcome.paidAt.toISOString() : null;
    };
    assert.equal(await paidAt({}), '2026-11-22T03:00:00.000Z');
    assert.equal(await paidAt({ lastUpdated: NOW.getTime() - 60_000 }), '2026-11-22T02:59:00.000Z');
    assert.equal(await paidAt({ lastUpdated: NOW.getTime() + 60_000 }), '2026-11-22T03:00:00.000Z');
    assert.equal(await paidAt({ lastUpdated: 0 }), '2026-11-22T03:00:00.000Z');
  });

  it('believes no success without its amount, transaction and time', async () => {
    for (const other of [
      { amount: '1e3' },
      { amount: 0 },
      { transId: 0 },
      { transId: undefined },
      { responseTime: 1 },
      { resultCode: undefined },
    ]) {
      await assert.rejects(ask(answering({ ...PAID, ...other })), /cannot be read/, JSON.stringify(other));
    }
  });

  it('believes no answer about another partner, order or request', async () => {
    for (const account of [ACCOUNT, TWO_STEPS]) {
      for (const other of [{ partnerCode: 'MOMO2' }, { orderId: 'MM2' }, { requestId: 'R2' }]) {
        await assert.rejects(ask(answering({ ...PAID, ...other }), account), /cannot be read/);
      }
    }
  });

  it('is not told a definite word by a code of the request itself', async () => {
    for (const resultCode of [10, 11, 13, 20, 40, 7000]) {
      assert.equal((await ask(answering({ resultCode }, 400))).kind, 'pending', String(resultCode));
    }
  });
});

describe('a payment that MoMo only holds', () => {
  const held = { ...PAID, resultCode: 9000 };

  it('is captured when it is asked about, and the answer to that decides', async () => {
    const paths: string[] = [];
    const momo = answering((sent, path) => {
      paths.push(path);
      if (path.endsWith('/query')) return held;
      assert.deepEqual(
        [sent['requestType'], sent['amount'], sent['orderId']],
        ['capture', 503_000, REFERENCE],
      );
      return PAID;
    });
    const outcome = await ask(momo, TWO_STEPS);
    assert.deepEqual(paths, ['/v2/gateway/api/query', '/v2/gateway/api/confirm']);
    assert.deepEqual(outcome, {
      kind: 'succeeded',
      amount: vnd(503_000),
      gatewayTransactionId: '4043210987',
      paidAt: NOW,
    });
  });

  it('stays undecided whatever else the capture is answered, for the money may be there', async () => {
    for (const resultCode of [9000, 1003, 1005, 42, 43, 47, 10, 7000, 99, 1234]) {
      const momo = answering((_sent, path) => (path.endsWith('/query') ? held : { ...PAID, resultCode }));
      assert.deepEqual(await ask(momo, TWO_STEPS), { kind: 'pending', gatewayCode: String(resultCode) });
    }
  });

  it('is captured only while it is held: what is paid or open is as it is', async () => {
    const told = (changes: Members) =>
      answering((_sent, path) => {
        assert.ok(path.endsWith('/query'), 'nothing else is asked for');
        return { ...PAID, ...changes };
      });
    assert.equal((await ask(told({}), TWO_STEPS)).kind, 'succeeded');
    assert.deepEqual(await ask(told({ resultCode: 1000 }), TWO_STEPS), {
      kind: 'pending',
      gatewayCode: '1000',
    });
  });

  it('stays unknown when what the capture is answered cannot be read', async () => {
    for (const other of [{ orderId: 'MM2' }, { resultCode: undefined }, { transId: 0 }]) {
      const momo = answering((_sent, path) => (path.endsWith('/query') ? held : { ...PAID, ...other }));
      await assert.rejects(ask(momo, TWO_STEPS), /confirm .* cannot be read/, JSON.stringify(other));
    }
  });

  it('is not believed captured under another amount', async () => {
    const momo = answering((_sent, path) => (path.endsWith('/query') ? held : { ...PAID, amount: 502_999 }));
    await assert.rejects(ask(momo, TWO_STEPS), /confirm .* cannot be read/);
  });

  it('is a success at once where payments are captured by themselves', async () => {
    assert.equal((await ask(answering(held))).kind, 'succeeded');
  });
});

describe('a refund at MoMo', () => {
  it('is made by 0, refused by what certainly moved nothing, and undecided by anything else', async () => {
    assert.deepEqual(await refund(answering(GIVEN_BACK)), MADE);
    for (const resultCode of [1081, 1088, 1001, 1002, 1007]) {
      assert.deepEqual(await refund(answering({ resultCode })), {
        kind: 'failed',
        gatewayCode: String(resultCode),
      });
    }
    for (const [resultCode, status] of [
      [1080, 200],
      [41, 400],
      [40, 400],
      [42, 400],
      [7000, 422],
      [7002, 200],
      [98, 200],
      [99, 200],
      [9000, 200],
      [4321, 200],
    ] as const) {
      const outcome = await refund(answering({ resultCode }, status));
      assert.deepEqual(outcome, { kind: 'pending', gatewayCode: String(resultCode) });
    }
  });

  it('is not believed made of another sum, under another reference, or without number and time', async () => {
    for (const other of [
      { amount: 150_001 },
      { orderId: 'RF2' },
      { requestId: 'RF2' },
      { transId: 0 },
      { responseTime: 0 },
      { resultCode: undefined },
    ]) {
      await assert.rejects(
        refund(answering({ ...GIVEN_BACK, ...other })),
        /cannot be read/,
        JSON.stringify(other),
      );
    }
  });

  it('is found again among those that MoMo lists', async () => {
    const listed = (refundTrans: readonly unknown[], resultCode = 0) =>
      answering({ resultCode, refundTrans });
    assert.deepEqual(await askRefund(listed([row()])), MADE);
    assert.deepEqual(await askRefund(listed([row({ orderId: 'RFOTHER', resultCode: 1081 }), row()])), MADE);
    assert.deepEqual(await askRefund(listed([null, 'RF', row()])), MADE);
    assert.deepEqual(await askRefund(listed([row({ createdTime: NOW.getTime() })])), MADE);
    assert.deepEqual(await askRefund(listed([row({ resultCode: 1088 })])), {
      kind: 'failed',
      gatewayCode: '1088',
    });
    assert.deepEqual(await askRefund(listed([row({ resultCode: 1080 })])), {
      kind: 'pending',
      gatewayCode: '1080',
    });
    assert.deepEqual(await askRefund(listed([row({ resultCode: 7002 })])), {
      kind: 'pending',
      gatewayCode: '7002',
    });
  });

  it('is not known when MoMo lists it nowhere, and undecided when MoMo cannot say', async () => {
    assert.deepEqual(await askRefund(answering({ resultCode: 42 }, 400)), { kind: 'not_known' });
    assert.deepEqual(await askRefund(answering({ resultCode: 0, refundTrans: [] })), { kind: 'not_known' });
    for (const resultCode of [10, 13, 99, 7000, 1234]) {
      assert.equal((await askRefund(answering({ resultCode }))).kind, 'pending');
    }
    await assert.rejects(askRefund(answering({ refundTrans: [row()] })), /cannot be read/);
    for (const refundTrans of [
      [row(), row()],
      [row({ amount: 1 })],
      [row({ transId: 0 })],
      [row({ resultCode: undefined })],
    ]) {
      await assert.rejects(askRefund(answering({ resultCode: 0, refundTrans })), /cannot be read/);
    }
  });
});

describe("MoMo's variables", () => {
  const VARIABLES = {
    MOMO_PARTNER_CODE: 'MOMO',
    MOMO_API_URL: 'https://payment.momo.vn/',
    MOMO_ACCESS_KEY: 'a',
    MOMO_SECRET_KEY: 's',
  };
  const open = (changes: Readonly<Record<string, string>> = {}) =>
    openRegistry(
      { momo: { ...VARIABLES, ...changes } },
      { fetch: () => Promise.reject(new Error('no HTTP in this test')), clock: { now: () => NOW } },
    );

  it('make the account, with the former keys beside the new', () => {
    const registry = open({ MOMO_SECRET_KEY_PREVIOUS: 'old' });
    assert.deepEqual(registry.platformAccount('momo'), {
      code: 'platform',
      merchantId: 'MOMO',
      secrets: [
        { accessKey: 'a', secretKey: 's' },
        { accessKey: 'a', secretKey: 'old' },
      ],
      settings: { autoCapture: 'true' },
    });
    assert.deepEqual(open({ MOMO_AUTO_CAPTURE: 'false' }).platformAccount('momo')?.settings, {
      autoCapture: 'false',
    });
  });

  it("name the pay pages' origins, or take the API's", () => {
    assert.deepEqual(open().get('momo')?.profile.formActionOrigins, ['https://payment.momo.vn']);
    const given = open({ MOMO_PAY_ORIGINS: 'https://payment.momo.vn, https://applinks.momo.vn/x' });
    assert.deepEqual(given.get('momo')?.profile.formActionOrigins, [
      'https://payment.momo.vn',
      'https://applinks.momo.vn',
    ]);
  });

  it('are refused when they cannot be meant', () => {
    assert.throws(() => open({ MOMO_AUTO_CAPTURE: 'yes' }), /MOMO_AUTO_CAPTURE must be true or false/);
    assert.throws(() => open({ MOMO_PAY_ORIGINS: '*' }), /must be addresses/);
    assert.throws(() => open({ MOMO_SECRET_KEY: '' }), /MOMO_SECRET_KEY is missing/);
  });
});
