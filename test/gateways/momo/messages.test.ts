import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type {
  GatewayOutcome,
  MerchantAccount,
  RawMessage,
  RefundRequest,
  StartPayment,
} from '../../../src/gateways/gateway-adapter.ts';
import {
  acknowledgement,
  captureRequest,
  createRequest,
  merchantReference,
  queryRequest,
  readCallback,
  refundRequest,
} from '../../../src/gateways/momo/messages.ts';
import { FAILURE_REASONS, RESULT_CODES } from '../../../src/gateways/momo/result-codes.ts';
import { isSignedByMomo, sign, signedText, type SignedKind } from '../../../src/gateways/momo/signing.ts';
import {
  ACCOUNT,
  ipn,
  ipnMembers,
  ipnSpelled,
  momoSign,
  posted,
  TWO_STEPS,
  type Members,
} from './subject.ts';

interface Vector {
  readonly id: string;
  readonly op: SignedKind;
  readonly secret: string;
  readonly input: Readonly<Record<string, string | number>>;
  readonly canonical: string;
  readonly signature: string;
}
const { vectors } = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[];
};

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = {
  merchantReference: 'MM261122ABC0123456789AB',
  gatewayTransactionId: '4043210987',
  amount: vnd(503_000),
  paidAt: new Date('2026-11-22T02:59:00.123Z'),
};
const GENUINE = ipn(ipnMembers(PAYMENT));
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };
const SUCCEEDED = {
  kind: 'succeeded',
  amount: vnd(503_000),
  gatewayTransactionId: '4043210987',
  paidAt: PAYMENT.paidAt,
};

const read = (message: RawMessage, account = ACCOUNT) => readCallback(message, account);
const readChanged = (changes: Members, account = ACCOUNT) =>
  read(ipn({ ...ipnMembers(PAYMENT), ...changes }), account);

function outcomeOf(changes: Members, account = ACCOUNT): GatewayOutcome | null {
  const reading = readChanged(changes, account);
  const [item] = reading.kind === 'read' ? reading.items : [];
  return item?.kind === 'payment' ? item.outcome : null;
}

function accountOf({ secret, input }: Vector): MerchantAccount {
  return {
    code: 'platform',
    merchantId: String(input['partnerCode']),
    secrets: [{ accessKey: String(input['accessKey']), secretKey: secret }],
    settings: {},
  };
}

const aStart = (changes: Partial<StartPayment> = {}): StartPayment => ({
  account: ACCOUNT,
  merchantReference: 'MM261122ABC0123456789AB',
  amount: vnd(50_000_000),
  description: 'DVC 4711',
  locale: 'vi',
  payerIp: '127.0.0.1',
  startedAt: NOW,
  returnUrl: 'https://pay.example.vn/gateways/momo/return/abc?x=1&y=2',
  callbackUrl: 'https://pay.example.vn/gateways/momo/callback',
  ...changes,
});

const aRefund = (changes: Partial<RefundRequest> = {}): RefundRequest => ({
  account: ACCOUNT,
  refundReference: 'RF23456789ABCD',
  submittedAt: NOW,
  amount: vnd(150_000),
  reason: 'Hoàn trả theo QĐ 12/QĐ-HT & phụ lục',
  merchantReference: PAYMENT.merchantReference,
  gatewayTransactionId: '4043210987',
  paymentAmount: vnd(503_000),
  paymentStartedAt: NOW,
  paidAt: NOW,
  ...changes,
});

describe("MoMo's signature", () => {
  for (const vector of vectors) {
    it(`is the published one: ${vector.id}`, () => {
      const texts = Object.fromEntries(
        Object.entries(vector.input).map(([name, value]) => [name, String(value)]),
      );
      assert.equal(signedText(vector.op, texts), vector.canonical);
      assert.equal(sign(vector.op, texts, accountOf(vector)), vector.signature);
    });
  }

  it('is accepted on the IPN of the vectors, whose accessKey never travels', () => {
    const vector = vectors.find(({ op }) => op === 'ipn')!;
    const { accessKey, ...members } = vector.input;
    assert.ok(accessKey);
    const message = posted(JSON.stringify({ ...members, signature: vector.signature }));
    assert.deepEqual(read(message, accountOf(vector)), {
      kind: 'read',
      items: [
        {
          kind: 'payment',
          merchantReference: 'G22.99.99-240520-000123.01',
          outcome: {
            kind: 'succeeded',
            amount: vnd(150_000),
            gatewayTransactionId: '4043210987',
            paidAt: new Date(1_716_175_015_123),
          },
        },
      ],
    });
  });

  it('is made with the newest keys', () => {
    const account = { ...ACCOUNT, secrets: [{ accessKey: 'a2', secretKey: 's2' }, ...ACCOUNT.secrets] };
    const values = { orderId: 'O1', partnerCode: 'MOMO', requestId: 'R1' };
    assert.equal(signedText('query', { ...values, accessKey: 'a2' }).startsWith('accessKey=a2&'), true);
    assert.notEqual(sign('query', values, account), sign('query', values, ACCOUNT));
  });

  it('cannot be made, nor accepted, with half a set of keys', () => {
    for (const secrets of [
      [],
      [{}],
      [{ accessKey: 'a' }],
      [{ secretKey: 's' }],
      [{ accessKey: 'a', secretKey: '' }],
    ]) {
      const account = { ...ACCOUNT, secrets };
      assert.throws(() => sign('query', {}, account), /has no MoMo keys/);
      assert.equal(isSignedByMomo({}, 'a'.repeat(64), account), false);
    }
  });
});

describe('an IPN of MoMo', () => {
  it('is read with amount, transaction and time', () => {
    assert.deepEqual(outcomeOf({}), SUCCEEDED);
  });

  it('is refused when any bit of it is flipped, unless it still says the same', () => {
    const genuine = read(GENUINE);
    for (let index = 0; index < GENUINE.body.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const body = Uint8Array.from(GENUINE.body);
        body[index] = (body[index] ?? 0) ^ (1 << bit);
        const reading = read({ ...GENUINE, body });
        if (reading.kind === 'read') assert.deepEqual(reading, genuine, `byte ${index}, bit ${bit}`);
      }
    }
  });

  it('is verified over the values, whatever the spelling of the JSON', () => {
    const members = { ...ipnMembers(PAYMENT), message: 'Thành công/đã trừ "tiền"\n' };
    const spellings: ((text: string) => string)[] = [
      (text) => JSON.stringify(JSON.parse(text), null, 2),
      (text) => text.replaceAll('/', '\\/'),
      (text) =>
        text.replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (text) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())),
    ];
    for (const spell of spellings) {
      const reading = read(ipnSpelled(members, spell));
      assert.equal(reading.kind, 'read', spell('{"a":"ễ/"}'));
    }
  });

  it('is verified over the digits of its numbers as they were sent', () => {
    const long = '9007199254740993';
    const members = { ...ipnMembers(PAYMENT), transId: long };
    // Sent as a JSON number that no floating point number holds.
    const reading = read(ipnSpelled(members, (text) => text.replace(`"${long}"`, long)));
    const [item] = reading.kind === 'read' ? reading.items : [];
    assert.ok(item?.kind === 'payment' && item.outcome.kind === 'succeeded');
    assert.equal(item.outcome.gatewayTransactionId, long);
  });

  it('is refused when a number is sent in other digits than were signed', () => {
    for (const other of ['503000.0', '5.03e5', '50300e1', '0503000']) {
      const message = ipnSpelled(ipnMembers(PAYMENT), (text) => text.replace('503000', other));
      assert.equal(read(message).kind, 'rejected', other);
    }
  });

  it('is malformed when its amount is anything but whole dong, though it is signed', () => {
    for (const amount of [
      '1e3',
      ' 503000',
      '503000 ',
      '503000.00',
      '0503000',
      '-1',
      '+1',
      '',
      '0',
      '９',
      0,
      100.5,
    ]) {
      assert.deepEqual(readChanged({ amount }), MALFORMED, JSON.stringify(amount));
    }
    const largest = outcomeOf({ amount: '9000000000000000' });
    assert.deepEqual(largest?.kind === 'succeeded' && largest.amount, vnd(9_000_000_000_000_000n));
    for (const amount of ['9000000000000001', '90071992547409930000']) {
      assert.deepEqual(readChanged({ amount }), MALFORMED, amount);
    }
    for (const amount of [true, ['503000'], {}, null]) {
      assert.equal(readChanged({ amount }).kind, 'rejected', JSON.stringify(amount));
    }
  });

  it('is malformed when a success lacks its transaction or its time', () => {
    for (const transId of [0, -1, '', 'abc', 1.5, '00012', '12345678901234567890']) {
      assert.deepEqual(readChanged({ transId }), MALFORMED, String(transId));
    }
    for (const responseTime of [0, 145_245_576, '', '2026-11-22', 17_161_750_151_234, 1_716_175_015_123.5]) {
      assert.deepEqual(readChanged({ responseTime }), MALFORMED, String(responseTime));
    }
  });

  it("is malformed when its orderId or requestId is not in MoMo's grammar", () => {
    for (const orderId of [
      '',
      '-A',
      'A-',
      'A B',
      'A/B',
      "A'--",
      'Ạ',
      'A'.repeat(51),
      'A_'.repeat(24) + '!',
    ]) {
      assert.deepEqual(readChanged({ orderId }), MALFORMED, orderId);
    }
    for (const requestId of ['', 'R'.repeat(51)]) assert.deepEqual(readChanged({ requestId }), MALFORMED);
    for (const name of ['requestId', 'orderId']) {
      assert.equal(readChanged({ [name]: 'R'.repeat(50) }).kind, 'read', `${name} of fifty characters`);
    }
  });

  it('is refused when what is signed is absent, doubled or no text and no number', () => {
    const whole = Buffer.from(GENUINE.body).toString();
    const why = (name: string) => (name === 'signature' ? BAD_SIGNATURE : MALFORMED);
    for (const name of [...Object.keys(ipnMembers(PAYMENT)), 'signature']) {
      const { [name]: told, ...rest } = JSON.parse(whole) as Record<string, unknown>;
      assert.deepEqual(read(posted(JSON.stringify(rest))), why(name), `without ${name}`);
      for (const value of [null, true, [], [told], {}]) {
        const changed = JSON.stringify({ ...rest, [name]: value });
        assert.deepEqual(read(posted(changed)), why(name), `${name} ${JSON.stringify(value)}`);
      }
      assert.deepEqual(read(posted(`{"${name}":"x",${whole.slice(1)}`)), MALFORMED, `${name} twice`);
    }
  });

  it('is refused when its signature is cut, upper case or empty', () => {
    const { signature } = JSON.parse(Buffer.from(GENUINE.body).toString()) as { signature: string };
    for (const other of [
      signature.slice(0, -1),
      `${signature}0`,
      signature.toUpperCase(),
      '',
      `${signature}\n`,
    ]) {
      const text = Buffer.from(GENUINE.body)
        .toString()
        .replace(signature, JSON.stringify(other).slice(1, -1));
      assert.deepEqual(read(posted(text)), BAD_SIGNATURE, other);
    }
  });

  it('is refused when values are cut from each other at another place under the same signature', () => {
    const members = { ...ipnMembers(PAYMENT), extraData: 'x', message: 'm&orderId=MMOTHER' };
    assert.equal(read(ipn(members)).kind, 'rejected');
    const moved = { ...members, message: 'm', orderId: `MMOTHER&orderId=${PAYMENT.merchantReference}` };
    const signature = momoSign(Object.keys(members), members);
    assert.equal(signature, momoSign(Object.keys(moved), moved), 'the same text is signed');
    assert.equal(read(posted(JSON.stringify({ ...moved, signature }))).kind, 'rejected');
  });

  it('is refused for another partner, as a GET, and when its bytes are no JSON', () => {
    assert.deepEqual(readChanged({ partnerCode: 'MOMO2' }), BAD_SIGNATURE);
    assert.equal(read({ ...GENUINE, method: 'GET' }).kind, 'rejected');
    const good = Buffer.from(GENUINE.body).toString();
    for (const text of [`\ufeff${good}`, `${good}x`, good.slice(0, -1), `[${good}]`, '', 'null']) {
      assert.deepEqual(read(posted(text)), MALFORMED, text.slice(0, 20));
    }
    assert.deepEqual(read(posted(Buffer.from([0x7b, 0xff, 0x7d]))), MALFORMED);
  });

  it('heeds nothing that is not signed', () => {
    assert.deepEqual(outcomeOf({ status: 'failed', lastUpdated: 1, accessKey: 'another' }), SUCCEEDED);
  });

  it('never throws, whatever it holds', () => {
    fc.assert(fc.property(fc.uint8Array(), (body) => read(posted(body)).kind === 'rejected'));
    fc.assert(fc.property(fc.json(), (body) => read(posted(body)).kind === 'rejected'));
  });
});

describe("MoMo's result codes", () => {
  it('fail a payment where the document calls them final, and are pending where it does not', () => {
    const final = [98, 99, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1017, 1026, 2019, 4001, 4002, 4100];
    for (const code of final) {
      assert.deepEqual(outcomeOf({ resultCode: code }), { kind: 'failed', gatewayCode: String(code) });
    }
    const open = [10, 11, 12, 13, 20, 21, 22, 40, 41, 42, 43, 45, 47, 1000, 7000, 7002, 8000];
    for (const code of open) {
      assert.deepEqual(outcomeOf({ resultCode: code }), { kind: 'pending', gatewayCode: String(code) });
    }
    const ofRefunds = [1080, 1081, 1088];
    for (const code of ofRefunds) assert.equal(outcomeOf({ resultCode: code })?.kind, 'pending');
    const all = [...final, ...open, ...ofRefunds, 0, 9000].map(String).sort();
    assert.deepEqual(Object.keys(RESULT_CODES).sort(), all);
  });

  it('are a success by 0, and by 9000 only where payments are captured by themselves', () => {
    assert.deepEqual(outcomeOf({ resultCode: 9000 }), SUCCEEDED);
    assert.deepEqual(outcomeOf({ resultCode: 9000 }, { ...ACCOUNT, settings: {} }), SUCCEEDED);
    assert.deepEqual(outcomeOf({ resultCode: 0 }, TWO_STEPS), SUCCEEDED);
    assert.deepEqual(outcomeOf({ resultCode: 9000 }, TWO_STEPS), { kind: 'pending', gatewayCode: '9000' });
  });

  it('need no transaction and no time to be pending or failed', () => {
    assert.equal(outcomeOf({ resultCode: 1006, transId: 0, responseTime: 0 })?.kind, 'failed');
    assert.equal(outcomeOf({ resultCode: 1000, transId: '', responseTime: '' })?.kind, 'pending');
  });

  it('are pending when nobody knows them, and printable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer()), (code) => {
        fc.pre(!Object.hasOwn(RESULT_CODES, String(code)) && !String(code).includes('&'));
        const outcome = outcomeOf({ resultCode: code });
        assert.ok(outcome?.kind === 'pending', String(code));
        assert.match(outcome.gatewayCode, /^[A-Za-z0-9_./?-]{0,64}$/);
      }),
    );
    for (const code of ['constructor', '__proto__', '00', '0.0', ' 0', '-0', '+0']) {
      assert.equal(outcomeOf({ resultCode: code })?.kind, 'pending', code);
    }
  });

  it('may stand in a log, however long they are', () => {
    const told = outcomeOf({ resultCode: `đã trả ${'x'.repeat(80)}` });
    assert.deepEqual(told, { kind: 'pending', gatewayCode: `?? tr? ${'x'.repeat(57)}`.replaceAll(' ', '?') });
  });

  it('tell a payer only what the table of failures says', () => {
    for (const code of Object.keys(FAILURE_REASONS))
      assert.equal(RESULT_CODES[code]?.payment, 'declined', code);
  });
});

describe('our requests to MoMo', () => {
  const parsed = (text: string) => JSON.parse(text) as Record<string, unknown>;

  it('create a wallet payment under one reference, the amount a number', () => {
    const { signature, ...body } = parsed(createRequest(aStart()));
    assert.deepEqual(body, {
      partnerCode: 'MOMO',
      requestId: 'MM261122ABC0123456789AB',
      amount: 50_000_000,
      orderId: 'MM261122ABC0123456789AB',
      orderInfo: 'DVC 4711',
      redirectUrl: 'https://pay.example.vn/gateways/momo/return/abc?x=1&y=2',
      ipnUrl: 'https://pay.example.vn/gateways/momo/callback',
      requestType: 'captureWallet',
      extraData: '',
      lang: 'vi',
      autoCapture: true,
    });
    const names = ['amount', 'extraData', 'ipnUrl', 'orderId', 'orderInfo', 'partnerCode', 'redirectUrl'];
    assert.equal(signature, momoSign([...names, 'requestId', 'requestType'], body));
    assert.equal(parsed(createRequest(aStart({ account: TWO_STEPS })))['autoCapture'], false);
  });

  it('never carry a key', () => {
    for (const text of [createRequest(aStart()), refundRequest(aRefund()), queryRequest(ACCOUNT, 'O', 'R')]) {
      assert.ok(!text.includes('K951B6PE1waDMi640xX08PD3vg6EkVlz') && !text.includes('F8BBA842ECF85'), text);
    }
  });

  it('ask under the order and a request of its own', () => {
    const { signature, ...body } = parsed(queryRequest(ACCOUNT, 'O1', 'R1'));
    assert.deepEqual(body, { partnerCode: 'MOMO', requestId: 'R1', orderId: 'O1', lang: 'en' });
    assert.equal(signature, momoSign(['orderId', 'partnerCode', 'requestId'], body));
  });

  it('capture the amount that is held', () => {
    const held = { orderId: 'O1', requestId: 'R2', amount: vnd(503_000) };
    const { signature, ...body } = parsed(captureRequest(TWO_STEPS, held));
    const names = ['amount', 'description', 'orderId', 'partnerCode', 'requestId', 'requestType'];
    assert.equal(signature, momoSign(names, body));
    assert.deepEqual(body, {
      ...{ partnerCode: 'MOMO', orderId: 'O1', requestId: 'R2', requestType: 'capture' },
      ...{ amount: 503_000, lang: 'en', description: '' },
    });
  });

  it("refund under the refund's own reference, the same on a repeat", () => {
    const { signature, ...body } = parsed(refundRequest(aRefund()));
    assert.deepEqual(body, {
      partnerCode: 'MOMO',
      orderId: 'RF23456789ABCD',
      requestId: 'RF23456789ABCD',
      amount: 150_000,
      transId: 4_043_210_987,
      lang: 'en',
      description: 'Hoàn trả theo QĐ 12/QĐ-HT & phụ lục',
    });
    const names = ['amount', 'description', 'orderId', 'partnerCode', 'requestId', 'transId'];
    assert.equal(signature, momoSign(names, body));
    assert.equal(refundRequest(aRefund()), refundRequest(aRefund()));
  });

  it('write every digit of a transaction number, and refuse one that is none', () => {
    const text = refundRequest(aRefund({ gatewayTransactionId: '9007199254740993' }));
    assert.ok(text.includes('"transId":9007199254740993,'), text);
    for (const gatewayTransactionId of ['', '0', '12x', '-1', '1e3']) {
      assert.throws(() => refundRequest(aRefund({ gatewayTransactionId })), /names no MoMo transaction/);
    }
  });

  it('cut a long reason between characters', () => {
    const { description } = parsed(refundRequest(aRefund({ reason: '😀'.repeat(300) })));
    assert.equal(description, '😀'.repeat(200));
  });
});

describe('our references at MoMo', () => {
  it("keep to MoMo's grammar and length, with the day in Viet Nam", () => {
    const evening = new Date('2026-11-21T17:00:00Z');
    assert.equal(merchantReference(36n, evening, 'ffff0123456789ab'), 'MM261122100123456789AB');
    const largest = merchantReference(9_223_372_036_854_775_807n, NOW, 'ffffffffffffffff');
    assert.match(largest, /^[0-9a-zA-Z]([-_.]*[0-9a-zA-Z]+)*$/);
    assert.ok(largest.length <= 50, largest);
  });
});

describe('our answers to an IPN', () => {
  it('are 204 without a body once it is kept, and something else when it is not', () => {
    for (const result of ['recorded', 'already_recorded', 'amount_differs'] as const) {
      assert.deepEqual(acknowledgement(result), { status: 204, contentType: 'application/json', body: '' });
    }
    const statuses = (['rejected', 'unknown_payment', 'try_again'] as const).map(
      (result) => acknowledgement(result).status,
    );
    assert.deepEqual(statuses, [401, 404, 503]);
  });
});
