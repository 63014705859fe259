import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type {
  MerchantAccount,
  RawMessage,
  RefundRequest,
  StartPayment,
} from '../../../src/gateways/gateway-adapter.ts';
import {
  acknowledgement,
  createRequest,
  merchantReference,
  queryRequest,
  readCallback,
  refundId,
  refundQueryRequest,
  refundRequest,
} from '../../../src/gateways/zalopay/messages.ts';
import { isFromZaloPay, macOf, queryMacOf } from '../../../src/gateways/zalopay/signing.ts';
import {
  ACCOUNT,
  callbackOf,
  KEY1,
  KEY2,
  orderMembers,
  posted,
  zaloPayMac,
  type Members,
} from './subject.ts';

interface Vector {
  readonly id: string;
  readonly op: 'callback' | 'create' | 'query' | 'refund';
  readonly secret: string;
  readonly input: Readonly<Record<string, string | number>>;
  readonly canonical: string;
  readonly signature: string;
  readonly expectValid?: boolean;
}
const { vectors } = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[];
};

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = {
  merchantReference: '261122_4711ABC0123456789',
  gatewayTransactionId: '261122000000389',
  amount: vnd(503_000),
  paidAt: new Date('2026-11-22T02:59:00.498Z'),
};
const DATA = JSON.stringify(orderMembers(PAYMENT));
const GENUINE = callbackOf(DATA);
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };
const READ = {
  kind: 'read',
  items: [
    {
      kind: 'payment',
      merchantReference: PAYMENT.merchantReference,
      outcome: {
        kind: 'succeeded',
        amount: vnd(503_000),
        gatewayTransactionId: '261122000000389',
        paidAt: PAYMENT.paidAt,
      },
    },
  ],
};

const read = (message: RawMessage, account = ACCOUNT) => readCallback(message, account);
const readData = (data: string) => read(callbackOf(data));
const readChanged = (changes: Members) => readData(JSON.stringify({ ...orderMembers(PAYMENT), ...changes }));
/** With one member of `data` spelled in these very characters. */
const readSpelled = (name: string, value: string) =>
  readData(DATA.replace(new RegExp(`("${name}"):[^,]+`), `$1:${value}`));

const account = (secret: string): MerchantAccount => ({
  ...ACCOUNT,
  secrets: [{ key1: secret, key2: secret }],
});

const aStart = (changes: Partial<StartPayment> = {}): StartPayment => ({
  account: ACCOUNT,
  merchantReference: PAYMENT.merchantReference,
  amount: vnd(503_000),
  description: 'DVC 4711',
  locale: 'vi',
  payerIp: '127.0.0.1',
  startedAt: NOW,
  returnUrl: 'https://pay.example.vn/gateways/zalopay/return/abc?x=1&y="2"',
  callbackUrl: 'https://pay.example.vn/gateways/zalopay/callback',
  ...changes,
});

const aRefund = (changes: Partial<RefundRequest> = {}): RefundRequest => ({
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: new Date('2026-11-21T17:00:00Z'),
  amount: vnd(150_000),
  reason: 'Hoàn trả | 1',
  merchantReference: PAYMENT.merchantReference,
  gatewayTransactionId: '261122000000389',
  paymentAmount: vnd(503_000),
  paymentStartedAt: NOW,
  paidAt: NOW,
  ...changes,
});

const fieldsOf = (form: string) => Object.fromEntries(new URLSearchParams(form));

describe("ZaloPay's MAC", () => {
  for (const vector of vectors.filter(({ op }) => op === 'callback')) {
    it(`is ${vector.expectValid ? 'genuine' : 'refused'} as published: ${vector.id}`, () => {
      const { data, mac } = vector.input as { data: string; mac: string };
      assert.equal(isFromZaloPay(data, mac, account(vector.secret)), vector.expectValid);
    });
  }

  for (const vector of vectors.filter(({ op }) => op === 'create' || op === 'refund')) {
    it(`is made as computed: ${vector.id}`, () => {
      assert.equal(macOf(account(vector.secret), vector.canonical.split('|')), vector.signature);
    });
  }

  it('of a question has the key among its values', () => {
    const vector = vectors.find(({ op }) => op === 'query')!;
    const { app_id, app_trans_id } = vector.input;
    assert.equal(
      queryMacOf(account(vector.secret), [String(app_id), String(app_trans_id)]),
      vector.signature,
    );
  });

  it('of a callback is read whole from the published sample', () => {
    const vector = vectors.find(({ id }) => id === 'zalopay-callback-1')!;
    assert.deepEqual(read(posted(JSON.stringify(vector.input)), account(vector.secret)), {
      kind: 'read',
      items: [
        {
          kind: 'payment',
          merchantReference: '200904_2553_1598435687208',
          outcome: {
            kind: 'succeeded',
            amount: vnd(10_000),
            gatewayTransactionId: '200904000000389',
            paidAt: new Date(1_599_189_413_498),
          },
        },
      ],
    });
  });

  it('is made with the newest key1, accepted under any key2, and by no empty key', () => {
    const two = { ...ACCOUNT, secrets: [{ key1: 'new1', key2: 'new2' }, ...ACCOUNT.secrets] };
    assert.equal(macOf(two, ['a', 'b']), zaloPayMac('new1', 'a', 'b'));
    assert.ok(isFromZaloPay('x', zaloPayMac('new2', 'x'), two));
    assert.ok(isFromZaloPay('x', zaloPayMac(KEY2, 'x'), two));
    assert.ok(!isFromZaloPay('x', zaloPayMac(KEY1, 'x'), two), 'key1 is for what we send');
    for (const secrets of [[], [{}], [{ key1: '', key2: '' }]]) {
      assert.ok(!isFromZaloPay('x', zaloPayMac('', 'x'), { ...ACCOUNT, secrets }));
      assert.throws(() => macOf({ ...ACCOUNT, secrets }, ['a']), /has no ZaloPay key1/);
    }
  });
});

describe('a callback of ZaloPay', () => {
  it('is read with amount, transaction and time', () => {
    assert.deepEqual(read(GENUINE), READ);
  });

  it('is refused when any bit of it is flipped, unless it still says the same', () => {
    for (let index = 0; index < GENUINE.body.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const body = Uint8Array.from(GENUINE.body);
        body[index] = (body[index] ?? 0) ^ (1 << bit);
        const reading = read({ ...GENUINE, body });
        if (reading.kind === 'read') assert.deepEqual(reading, READ, `byte ${index}, bit ${bit}`);
      }
    }
  });

  it('is verified over the text of its data, however that is written down in JSON', () => {
    const text = Buffer.from(GENUINE.body).toString();
    const spellings = [
      JSON.stringify(JSON.parse(text), null, 2),
      text.replaceAll('/', '\\/'),
      text.replaceAll('-', '\\u002d'),
    ];
    for (const spelling of spellings) assert.deepEqual(read(posted(spelling)), READ);
  });

  it('is refused when its data was written anew, though it means the same', () => {
    const mac = zaloPayMac(KEY2, DATA);
    const anew = [JSON.stringify(JSON.parse(DATA), null, 1), DATA.replace('{', '{ '), `${DATA} `];
    for (const data of anew)
      assert.deepEqual(read(posted(JSON.stringify({ data, mac, type: 1 }))), BAD_SIGNATURE);
  });

  it('signs Vietnamese as UTF-8', () => {
    const data = JSON.stringify({ ...orderMembers(PAYMENT), item: '[{"n":"Lệ phí hồ sơ"}]' });
    assert.deepEqual(readData(data), READ);
  });

  it('is refused for another app, as a GET, and under key1', () => {
    assert.deepEqual(readChanged({ app_id: 2554 }), BAD_SIGNATURE);
    assert.deepEqual(readChanged({ app_id: '2553' }), READ, 'the same digits as text are ours');
    assert.equal(read({ ...GENUINE, method: 'GET' }).kind, 'rejected');
    assert.deepEqual(read(callbackOf(DATA, {}, KEY1)), BAD_SIGNATURE);
  });

  it('is refused without data, without MAC, or with any but one spelling of it', () => {
    const mac = zaloPayMac(KEY2, DATA);
    for (const other of [
      undefined,
      null,
      '',
      mac.slice(1),
      `${mac}0`,
      mac.toUpperCase(),
      ` ${mac}`,
      [mac],
      7,
    ]) {
      assert.deepEqual(read(callbackOf(DATA, { mac: other })), BAD_SIGNATURE, String(other));
    }
    for (const data of [undefined, null, JSON.parse(DATA) as Members, 7]) {
      assert.deepEqual(read(callbackOf(DATA, { data })), MALFORMED);
    }
    const twice = Buffer.from(GENUINE.body).toString().replace('{', `{"mac":"${mac}",`);
    assert.deepEqual(read(posted(twice)), MALFORMED);
  });

  it('is malformed when it is about an agreement, or about nothing that has a number', () => {
    for (const type of [2, 0, 11, undefined, null, true]) {
      assert.deepEqual(read(callbackOf(DATA, { type })), MALFORMED, String(type));
    }
  });

  it('is malformed when its data is no strict JSON, though signed', () => {
    const bad = [
      DATA.replace('"amount":', '"amount":1,"amount":'),
      DATA.replace('"amount":', '"__proto__":{"a":1},"amount":'),
      `\ufeff${DATA}`,
      `${DATA}x`,
      DATA.slice(0, -1),
      `[${DATA}]`,
      'null',
      '',
    ];
    for (const data of bad) assert.deepEqual(readData(data), MALFORMED, data.slice(0, 40));
  });

  it('is malformed when its amount is anything but whole dong', () => {
    const spellings = [
      '1e3',
      '503000.0',
      '0503000',
      '-1',
      '+1',
      '0',
      'null',
      'true',
      '"503000 "',
      '""',
      '[1]',
    ];
    for (const amount of [...spellings, '9000000000000001', '90071992547409930000']) {
      assert.deepEqual(readSpelled('amount', amount), MALFORMED, amount);
    }
  });

  it('takes no amount beyond the largest that the books hold', () => {
    assert.equal(readSpelled('amount', '9000000000000000').kind, 'read');
    assert.deepEqual(readSpelled('amount', '9000000000000001'), MALFORMED);
  });

  it('keeps large numbers exact', () => {
    const reading = readSpelled('amount', '8999999999999999');
    const [item] = reading.kind === 'read' ? reading.items : [];
    assert.ok(item?.kind === 'payment' && item.outcome.kind === 'succeeded');
    assert.equal(item.outcome.amount.amountMinor, 8_999_999_999_999_999n);
    const long = readSpelled('zp_trans_id', '9007199254740993');
    const [other] = long.kind === 'read' ? long.items : [];
    assert.ok(other?.kind === 'payment' && other.outcome.kind === 'succeeded');
    assert.equal(other.outcome.gatewayTransactionId, '9007199254740993');
  });

  it('is malformed without its transaction, its time or its order', () => {
    for (const zp_trans_id of [0, -1, 1.5, 'abc', '', null, undefined]) {
      assert.deepEqual(readChanged({ zp_trans_id }), MALFORMED, String(zp_trans_id));
    }
    for (const server_time of [
      0,
      1_599_189_413,
      15_991_894_134_980,
      'x1599189413498',
      '1599189413498x',
      '',
      '2026-11-22',
      null,
      undefined,
    ]) {
      assert.deepEqual(readChanged({ server_time }), MALFORMED, String(server_time));
    }
    for (const app_trans_id of ['', 7, 'a b', "a'--", 'x'.repeat(41), null, undefined]) {
      assert.deepEqual(readChanged({ app_trans_id }), MALFORMED, String(app_trans_id));
    }
  });

  it('never throws, whatever it holds', () => {
    fc.assert(fc.property(fc.uint8Array(), (body) => read(posted(body)).kind === 'rejected'));
    fc.assert(fc.property(fc.json(), (body) => read(posted(body)).kind === 'rejected'));
    fc.assert(fc.property(fc.string(), (data) => readData(data).kind === 'rejected'));
  });
});

describe('our requests to ZaloPay', () => {
  it('create an order for a quarter of an hour, at the time of sending', () => {
    const later = new Date('2026-11-22T03:05:00Z');
    const { mac, ...fields } = fieldsOf(createRequest(aStart(), later));
    const embedData = '{"redirecturl":"https://pay.example.vn/gateways/zalopay/return/abc?x=1&y=\\"2\\""}';
    assert.deepEqual(fields, {
      app_id: '2553',
      app_user: 'dichvucong',
      app_trans_id: PAYMENT.merchantReference,
      app_time: '1795316700000',
      expire_duration_seconds: '900',
      amount: '503000',
      item: '[]',
      embed_data: embedData,
      description: 'DVC 4711',
      bank_code: '',
      callback_url: 'https://pay.example.vn/gateways/zalopay/callback',
    });
    const signed = [
      '2553',
      PAYMENT.merchantReference,
      'dichvucong',
      '503000',
      '1795316700000',
      embedData,
      '[]',
    ];
    assert.equal(mac, zaloPayMac(KEY1, ...signed));
  });

  it('never carry a key', () => {
    const all = [createRequest(aStart(), NOW), queryRequest(ACCOUNT, 'x'), refundRequest(aRefund(), NOW)];
    for (const text of all) assert.ok(!text.includes(KEY1) && !text.includes(KEY2), text);
  });

  it('ask about an order', () => {
    const { mac, ...fields } = fieldsOf(queryRequest(ACCOUNT, PAYMENT.merchantReference));
    assert.deepEqual(fields, { app_id: '2553', app_trans_id: PAYMENT.merchantReference });
    assert.equal(mac, zaloPayMac(KEY1, '2553', PAYMENT.merchantReference, KEY1));
  });

  it('refund under the day it was asked for in GMT+7, whatever today is, and our reference', () => {
    for (const now of [NOW, new Date('2026-11-30T03:00:00Z')]) {
      const { mac, ...fields } = fieldsOf(refundRequest(aRefund(), now));
      assert.deepEqual(fields, {
        app_id: '2553',
        m_refund_id: '261122_2553_RF23456789ABCD',
        zp_trans_id: '261122000000389',
        amount: '150000',
        timestamp: now.getTime().toString(),
        description: 'Hoàn trả | 1',
      });
      const signed = ['2553', '261122000000389', '150000', 'Hoàn trả | 1', now.getTime().toString()];
      assert.equal(mac, zaloPayMac(KEY1, ...signed));
    }
    const longest = { ...ACCOUNT, merchantId: '4294967295' };
    assert.ok(refundId(aRefund({ account: longest })).length <= 45);
  });

  it('ask about a refund', () => {
    const { mac, ...fields } = fieldsOf(refundQueryRequest(aRefund(), NOW));
    const m_refund_id = '261122_2553_RF23456789ABCD';
    assert.deepEqual(fields, { app_id: '2553', m_refund_id, timestamp: '1795316400000' });
    assert.equal(mac, zaloPayMac(KEY1, '2553', m_refund_id, '1795316400000'));
  });

  it('refuse a refund of no transaction, and cut a long reason between characters', () => {
    for (const gatewayTransactionId of ['', '0', '12x', '-1', '1e3']) {
      assert.throws(
        () => refundRequest(aRefund({ gatewayTransactionId }), NOW),
        /names no ZaloPay transaction/,
      );
    }
    const { description } = fieldsOf(refundRequest(aRefund({ reason: '😀'.repeat(300) }), NOW));
    assert.equal(description, '😀'.repeat(100));
  });
});

describe('our references at ZaloPay', () => {
  it('begin with the day in GMT+7 and have at most 40 characters', () => {
    const evening = new Date('2026-11-21T17:00:00Z');
    assert.equal(merchantReference(36n, evening, 'ffff0123456789ab'), '261122_100123456789AB');
    const largest = merchantReference(9_223_372_036_854_775_807n, NOW, 'ffffffffffffffff');
    assert.ok(largest.length <= 40 && /^\d{6}_[A-Z0-9]+$/.test(largest), largest);
  });
});

describe('our answers to a callback', () => {
  it('are the codes by which ZaloPay ends, or calls again, and never 3, which gives the money back', () => {
    const codes = (
      ['recorded', 'already_recorded', 'amount_differs', 'rejected', 'unknown_payment', 'try_again'] as const
    ).map((result) => {
      const { status, contentType, body } = acknowledgement(result);
      assert.deepEqual([status, contentType], [200, 'application/json']);
      return (JSON.parse(body) as { return_code: number }).return_code;
    });
    assert.deepEqual(codes, [1, 2, 1, -1, 0, 0]);
  });
});
