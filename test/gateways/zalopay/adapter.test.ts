import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { RefundRequest } from '../../../src/gateways/gateway-adapter.ts';
import { openRegistry } from '../../../src/gateways/registry.ts';
import {
  FAILURE_REASONS,
  ORDER_CODES,
  REFUND_CODES,
  REFUND_QUERY_CODES,
  type CodeTable,
  type Meaning,
} from '../../../src/gateways/zalopay/return-codes.ts';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import { ACCOUNT, answering, createAdapter, refusing, sentForm, type Members } from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const STARTED_AT = new Date('2026-11-22T02:55:00Z');
const REFERENCE = '261122_4711ABC0123456789';
const never = () => new AbortController().signal;
const PAID = {
  is_processing: false,
  amount: 503_000,
  zp_trans_id: 261_122_000_000_389,
  server_time: 1_795_316_340_498,
  discount_amount: 0,
};

const start = (fetch: GatewayHttp) =>
  createAdapter(fetch, NOW).startPayment(
    {
      account: ACCOUNT,
      merchantReference: REFERENCE,
      amount: vnd(503_000),
      description: 'DVC 1',
      locale: 'vi',
      payerIp: '127.0.0.1',
      startedAt: STARTED_AT,
      returnUrl: 'https://pay.test/return',
      callbackUrl: 'https://pay.test/callback',
    },
    never(),
  );
const ask = (fetch: GatewayHttp, now = NOW) =>
  createAdapter(fetch, now).queries!.queryPayment(
    { account: ACCOUNT, merchantReference: REFERENCE, startedAt: STARTED_AT },
    never(),
  );

const REFUND: RefundRequest = {
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: NOW,
  amount: vnd(150_000),
  reason: 'Hoàn trả',
  merchantReference: REFERENCE,
  gatewayTransactionId: '261122000000389',
  paymentAmount: vnd(503_000),
  paymentStartedAt: STARTED_AT,
  paidAt: NOW,
};
const refund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.refundPayment(REFUND, never());
const askRefund = (fetch: GatewayHttp) => createAdapter(fetch, NOW).refunds!.queryRefund(REFUND, never());

const saying =
  (text: string): GatewayHttp =>
  () =>
    Promise.resolve({ status: 200, headers: new Map(), body: Buffer.from(text) });

/** The codes of a table by what they mean, the smallest number last. */
function codesOf(table: CodeTable, meaning: Meaning): number[] {
  return Object.entries(table)
    .filter(([, code]) => code.meaning === meaning)
    .map(([code]) => Number(code))
    .sort((a, b) => b - a);
}

describe('starting a payment at ZaloPay', () => {
  const created = { order_url: 'https://pay.zalopay.test/openinapp?order=eyJ6cCI6MX0=' };

  it('sends the payer to the page that ZaloPay names, for a quarter of an hour from the start', async () => {
    const sent: GatewayHttpRequest[] = [];
    const handOff = await start((request, signal) => {
      sent.push(request);
      return answering(created)(request, signal);
    });
    assert.deepEqual(handOff, {
      kind: 'redirect',
      url: 'https://pay.zalopay.test/openinapp?order=eyJ6cCI6MX0=',
      expiresAt: new Date('2026-11-22T03:10:00Z'),
    });
    assert.deepEqual([sent[0]?.method, sent[0]?.url], ['POST', 'https://zalopay.test/v2/create']);
    assert.equal(sentForm(sent[0]!)['app_time'], '1795316400000');
  });

  it('knows nothing after any word but success, an order taken before included', async () => {
    for (const code of [-68, -401, -402, -429, -500, -999, 1]) {
      await assert.rejects(start(refusing(code)), /ZaloPay answered .* to the creation of/, String(code));
    }
    for (const words of [
      { return_code: 3 },
      { return_code: -402 },
      { sub_return_code: -68 },
      { return_code: 0 },
    ]) {
      await assert.rejects(start(answering({ ...created, ...words })), /to the creation of/);
    }
  });

  it("believes no success without a page, and no answer that is not ZaloPay's", async () => {
    for (const order_url of [
      undefined,
      '',
      'javascript:alert(1)',
      'javascript:https://pay.zalopay.test',
      'https://',
      7,
      [created.order_url],
    ]) {
      await assert.rejects(start(answering({ order_url })), /cannot be read/, String(order_url));
    }
    for (const status of [201, 302, 400, 500, 503]) {
      await assert.rejects(start(answering(created, status)), new RegExp(`answered ${status} to`));
    }
    for (const text of ['<html>', '[]', '{"return_code":1,"return_code":1}', '{}']) {
      await assert.rejects(start(saying(text)), /cannot be read/, text);
      await assert.rejects(ask(saying(text)), /cannot be read/, text);
      await assert.rejects(refund(saying(text)), /cannot be read/, text);
      await assert.rejects(askRefund(saying(text)), /cannot be read/, text);
    }
    const http = await start(answering({ order_url: 'http://pay.zalopay.test/1' }));
    assert.equal(http.kind === 'redirect' && http.url, 'http://pay.zalopay.test/1');
  });
});

describe('asking ZaloPay about an order', () => {
  it('reads a payment with its amount, transaction and time', async () => {
    assert.deepEqual(await ask(answering(PAID)), {
      kind: 'succeeded',
      amount: vnd(503_000),
      gatewayTransactionId: '261122000000389',
      paidAt: new Date(1_795_316_340_498),
    });
  });

  it('takes the start of the payment where no time is told, and no time that is none', async () => {
    const { server_time: _untold, ...older } = PAID;
    const outcome = await ask(answering(older));
    assert.ok(outcome.kind === 'succeeded');
    assert.deepEqual(outcome.paidAt, STARTED_AT);
    await assert.rejects(ask(answering({ ...PAID, server_time: 0 })), /cannot be read/);
  });

  it('fails only by what ends an order for good, and knows none by -101', async () => {
    const final = [-54, -332, -333, -1330, -1331, -1332, -1333, -1340, -1341, -1342, -1343];
    assert.deepEqual(codesOf(ORDER_CODES, 'declined'), final);
    for (const code of final) {
      assert.deepEqual(await ask(refusing(code)), { kind: 'failed', gatewayCode: String(code) });
      assert.deepEqual(await ask(answering({ return_code: code })), {
        kind: 'failed',
        gatewayCode: String(code),
      });
    }
    assert.deepEqual(await ask(refusing(-101)), { kind: 'not_known' });
  });

  it('does not know an order only while ZaloPay still answers for it: 48 hours', async () => {
    const after = (ms: number) => new Date(STARTED_AT.getTime() + 48 * 3_600_000 + ms);
    assert.deepEqual(await ask(refusing(-101), after(0)), { kind: 'not_known' });
    assert.deepEqual(await ask(refusing(-101), after(1)), { kind: 'pending', gatewayCode: '-101' });
    assert.equal((await ask(answering(PAID), after(1))).kind, 'succeeded');
  });

  it('stays undecided by everything else', async () => {
    const open = [-63, -92, -217, -401, -402, -429, -500, -999, -49, -329, -777, 0];
    for (const code of open) {
      assert.deepEqual(await ask(refusing(code)), { kind: 'pending', gatewayCode: String(code) });
    }
    for (const words of [{ return_code: 3 }, { return_code: 0 }, { return_code: 4 }, { return_code: -500 }]) {
      assert.equal((await ask(answering({ ...PAID, ...words }))).kind, 'pending', JSON.stringify(words));
    }
  });

  it('stays undecided when ZaloPay contradicts itself', async () => {
    for (const words of [
      { sub_return_code: -54 },
      { sub_return_code: undefined },
      { return_code: 2 },
      { return_code: 2, sub_return_code: 3 },
      { return_code: 0, sub_return_code: -54 },
      { return_code: 3, sub_return_code: -54 },
      { is_processing: true },
    ]) {
      assert.equal((await ask(answering({ ...PAID, ...words }))).kind, 'pending', JSON.stringify(words));
    }
  });

  it('keeps both words of what is in no table, as they may stand in a log', async () => {
    for (const [return_code, sub_return_code, gatewayCode] of [
      [1, -54, '1/-54'],
      [1, undefined, '1/'],
      [2, '1-54', '2/1-54'],
      [2, '-54x', '2/-54x'],
      [2, '10', '2/10'],
      [2, '00', '2/00'],
      ['1-5', 1, '1-5/1'],
      ['-5x', 1, '-5x/1'],
      ['đã', 'x'.repeat(80), `??/${'x'.repeat(61)}`],
    ] as const) {
      const told = await ask(answering({ ...PAID, return_code, sub_return_code }));
      assert.deepEqual(told, { kind: 'pending', gatewayCode });
    }
    const processing = await ask(answering({ ...PAID, is_processing: true }));
    assert.deepEqual(processing, { kind: 'pending', gatewayCode: '1/processing' });
  });

  it('believes no success without its amount and transaction', async () => {
    for (const other of [
      { amount: 0 },
      { amount: 1.5 },
      { amount: '1e3' },
      { zp_trans_id: 0 },
      { zp_trans_id: '' },
    ]) {
      await assert.rejects(ask(answering({ ...PAID, ...other })), /cannot be read/, JSON.stringify(other));
    }
  });

  it('tells a payer only what the table of failures says', () => {
    for (const code of Object.keys(FAILURE_REASONS))
      assert.equal(ORDER_CODES[code]?.meaning, 'declined', code);
  });
});

describe('a refund at ZaloPay', () => {
  it('is under way until ZaloPay says what became of it', async () => {
    const taken = { return_code: 3, sub_return_code: 2, refund_id: 261_122_000_000_400 };
    assert.deepEqual(await refund(answering(taken)), { kind: 'pending', gatewayCode: '3' });
    assert.deepEqual(await askRefund(answering({ return_code: 3, sub_return_code: -1 })), {
      kind: 'pending',
      gatewayCode: '3',
    });
    assert.deepEqual(await askRefund(answering({})), {
      kind: 'succeeded',
      gatewayRefundId: '261122_2553_RF23456789ABCD',
      refundedAt: NOW,
    });
  });

  it('is made at once when ZaloPay says so and numbers it', async () => {
    assert.deepEqual(await refund(answering({ refund_id: 261_122_000_000_400 })), {
      kind: 'succeeded',
      gatewayRefundId: '261122000000400',
      refundedAt: NOW,
    });
    assert.deepEqual(await refund(answering({})), { kind: 'pending', gatewayCode: '1' });
    const asked = await askRefund(answering({ refund_id: 261_122_000_000_400 }));
    assert.equal(asked.kind === 'succeeded' && asked.gatewayRefundId, '261122000000400');
  });

  it('fails only by what certainly moved nothing', async () => {
    const refused = [-13, -14, -24, -25, -26, -32];
    assert.deepEqual(codesOf(REFUND_CODES, 'declined'), refused);
    for (const code of refused) {
      assert.deepEqual(await refund(refusing(code)), { kind: 'failed', gatewayCode: String(code) });
    }
    for (const code of [-23, -101, -402, -429, -500, -999, -777, 0]) {
      assert.deepEqual(await refund(refusing(code)), { kind: 'pending', gatewayCode: String(code) });
    }
  });

  it('is known to have failed, or never to have come, when it is asked about', async () => {
    const failed = [0, -13, -14, -32];
    assert.deepEqual(codesOf(REFUND_QUERY_CODES, 'declined'), failed);
    for (const code of failed) {
      assert.deepEqual(await askRefund(refusing(code)), { kind: 'failed', gatewayCode: String(code) });
    }
    assert.deepEqual(await askRefund(refusing(-101)), { kind: 'not_known' });
    for (const words of [{ return_code: 0, sub_return_code: 0 }, { return_code: 2 }, { return_code: 0 }]) {
      assert.equal((await askRefund(answering(words))).kind, 'pending', JSON.stringify(words));
    }
    for (const code of [-401, -402, -429, -500, -999, -777]) {
      assert.equal((await askRefund(refusing(code))).kind, 'pending', String(code));
    }
  });

  it('goes out and is asked about under one m_refund_id', async () => {
    const sent: Members[] = [];
    const recording: GatewayHttp = (request, signal) => {
      sent.push(sentForm(request));
      return answering({})(request, signal);
    };
    await refund(recording);
    await askRefund(recording);
    await refund(recording);
    assert.equal(new Set(sent.map(({ m_refund_id }) => m_refund_id)).size, 1);
  });
});

describe("ZaloPay's variables", () => {
  const VARIABLES = {
    ZALOPAY_APP_ID: '2553',
    ZALOPAY_API_URL: 'https://sb-openapi.zalopay.vn/',
    ZALOPAY_KEY1: 'one',
    ZALOPAY_KEY2: 'two',
  };
  const open = (changes: Readonly<Record<string, string>> = {}) =>
    openRegistry(
      { zalopay: { ...VARIABLES, ...changes } },
      { fetch: () => Promise.reject(new Error('no HTTP in this test')), clock: { now: () => NOW } },
    );
  const origins = (changes: Readonly<Record<string, string>> = {}) =>
    open(changes).get('zalopay')?.profile.formActionOrigins;

  it('make the account, with the former keys beside the new', () => {
    assert.deepEqual(open({ ZALOPAY_KEY2_PREVIOUS: 'old' }).platformAccount('zalopay'), {
      code: 'platform',
      merchantId: '2553',
      secrets: [
        { key1: 'one', key2: 'two' },
        { key1: 'one', key2: 'old' },
      ],
      settings: {},
    });
  });

  it("name the pay pages' origins, or take those of ZaloPay's documents", () => {
    assert.deepEqual(origins(), ['https://qcgateway.zalopay.vn', 'https://sbgateway.zalopay.vn']);
    assert.deepEqual(origins({ ZALOPAY_API_URL: 'https://openapi.zalopay.vn' }), [
      'https://gateway.zalopay.vn',
    ]);
    assert.deepEqual(origins({ ZALOPAY_API_URL: 'http://localhost:3000/sandbox/zalopay' }), [
      'http://localhost:3000',
    ]);
    assert.deepEqual(origins({ ZALOPAY_PAY_ORIGINS: 'https://a.test/x, https://b.test' }), [
      'https://a.test',
      'https://b.test',
    ]);
  });

  it('are refused when they cannot be meant', () => {
    for (const ZALOPAY_APP_ID of ['app', '02553', '2553 ', '-1']) {
      assert.throws(() => open({ ZALOPAY_APP_ID }), /ZALOPAY_APP_ID must be a number/);
    }
    assert.throws(() => open({ ZALOPAY_PAY_ORIGINS: '*' }), /must be addresses/);
    assert.throws(() => open({ ZALOPAY_KEY2: ' ' }), /ZALOPAY_KEY2 is missing/);
  });
});
