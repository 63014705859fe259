import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { VNPay } from 'vnpay';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { CallbackReading, RefundRequest, StartPayment } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import {
  ACCOUNT,
  answerBody,
  answering,
  API_URL,
  get,
  ipnFields,
  PAY_URL,
  queryFields,
  refundFields,
  SECRET,
  sha512,
  SIGNED,
  signedQuery,
  vnpaySubject,
  type Fields,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const STARTED_AT = new Date('2026-11-22T02:58:00.750Z');
const never = () => new AbortController().signal;
const SILENT = () => Promise.reject(new Error('no HTTP in this test'));
const adapter = vnpaySubject.create(SILENT, NOW);
const REFERENCE = adapter.profile.merchantReference(4711n, STARTED_AT, '0123456789abcdef');
const PAYMENT = {
  merchantReference: REFERENCE,
  gatewayTransactionId: '14422599',
  amount: vnd(150_000),
  paidAt: new Date('2026-11-22T02:59:30Z'),
};

const read = (query: string): CallbackReading => adapter.readCallback(get(query), ACCOUNT, NOW);
const readChanged = (changes: Fields) => read(signedQuery({ ...ipnFields(PAYMENT), ...changes }));
const outcomeOf = (reading: CallbackReading) => {
  const [item] = reading.kind === 'read' ? reading.items : [];
  return item?.kind === 'payment' ? item.outcome : null;
};

interface Vector {
  readonly id: string;
  readonly op: string;
  readonly secret: string;
  readonly input: Readonly<Record<string, string | number>>;
  readonly canonical?: string;
  readonly signature?: string;
  readonly canonical_urlsearchparams?: string;
  readonly signature_urlsearchparams?: string;
  readonly canonical_php_urlencode?: string;
  readonly signature_php_urlencode?: string;
}
const VECTORS = (
  JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
    vectors: readonly Vector[];
  }
).vectors;
const vector = (id: string): Vector => VECTORS.find((one) => one.id === id)!;
const accountOf = (secret: string, merchantId = ACCOUNT.merchantId) => ({
  ...ACCOUNT,
  merchantId,
  secrets: [{ hash: secret }],
});
const sentBody = (request: GatewayHttpRequest | undefined): Fields =>
  JSON.parse(String(request?.body)) as Fields;

function aStart(changes: Partial<StartPayment> = {}): StartPayment {
  return {
    account: ACCOUNT,
    merchantReference: REFERENCE,
    amount: vnd(150_000),
    description: 'DVC 4711',
    locale: 'vi',
    payerIp: '113.160.92.202',
    startedAt: STARTED_AT,
    returnUrl: 'https://thanhtoan.example.gov.vn/gateways/vnpay/return/abc-_123',
    callbackUrl: 'https://thanhtoan.example.gov.vn/gateways/vnpay/callback',
    ...changes,
  };
}

async function payUrl(changes: Partial<StartPayment> = {}): Promise<URL> {
  const handOff = await adapter.startPayment(aStart(changes), never());
  assert.ok(handOff.kind === 'redirect');
  return new URL(handOff.url);
}

describe('the address VNPAY takes a payment by', () => {
  it('carries what the document asks for, in dong times one hundred and in GMT+7', async () => {
    const url = await payUrl();
    assert.equal(url.origin + url.pathname, PAY_URL);
    const { vnp_SecureHash: hash, ...fields } = Object.fromEntries(url.searchParams);
    assert.match(hash ?? '', /^[0-9a-f]{128}$/);
    assert.deepEqual(fields, {
      vnp_Version: '2.1.0',
      vnp_Command: 'pay',
      vnp_TmnCode: 'DVCQG001',
      vnp_Amount: '15000000',
      vnp_CurrCode: 'VND',
      vnp_TxnRef: REFERENCE,
      vnp_OrderInfo: 'DVC 4711',
      vnp_OrderType: 'other',
      vnp_Locale: 'vn',
      vnp_ReturnUrl: 'https://thanhtoan.example.gov.vn/gateways/vnpay/return/abc-_123',
      vnp_IpAddr: '113.160.92.202',
      vnp_CreateDate: '20261122095800',
      vnp_ExpireDate: '20261122101300',
    });
  });

  it('ends when its own expiry says, not a part of a second later', async () => {
    const { expiresAt } = await adapter.startPayment(aStart(), never());
    assert.equal(expiresAt.toISOString(), '2026-11-22T03:13:00.000Z');
  });

  it('is signed as the published vector signs it', async () => {
    const { secret, input, canonical, signature } = vector('vnpay-pay-5');
    const url = await payUrl({
      account: accountOf(secret, String(input['vnp_TmnCode'])),
      merchantReference: String(input['vnp_TxnRef']),
      amount: vnd(150_000),
      description: String(input['vnp_OrderInfo']),
      startedAt: new Date('2024-05-20T10:15:30+07:00'),
      returnUrl: String(input['vnp_ReturnUrl']),
    });
    assert.equal(url.search, `?${canonical}&vnp_SecureHash=${signature}`);
  });

  it('verifies with an independent library', async () => {
    const library = new VNPay({
      tmnCode: 'DVCQG001',
      secureSecret: SECRET,
      vnpayHost: new URL(PAY_URL).origin,
    });
    const genuine = Object.fromEntries((await payUrl()).searchParams);
    type Query = Parameters<typeof library.verifyReturnUrl>[0];
    assert.equal(library.verifyReturnUrl(genuine as unknown as Query).isVerified, true);
    const edited = { ...genuine, vnp_Amount: '15000100' };
    assert.equal(library.verifyReturnUrl(edited as unknown as Query).isVerified, false);
  });

  it('is encoded as a form is, whatever stands in the address of return', async () => {
    const url = await payUrl({ returnUrl: "https://pay.test/r?a=b c&d='(1)*~!" });
    assert.ok(
      url.search.includes('vnp_ReturnUrl=https%3A%2F%2Fpay.test%2Fr%3Fa%3Db+c%26d%3D%27%281%29%2A%7E%21&'),
    );
  });

  it('leaves out a text of which nothing is left, signed without it', async () => {
    const url = await payUrl({ description: '(*)' });
    assert.equal(url.searchParams.get('vnp_OrderInfo'), null);
    const [text = '', signature] = url.search.slice(1).split('&vnp_SecureHash=');
    assert.equal(signature, sha512(text));
  });

  it('cannot be made without a secret, nor with an empty one', async () => {
    for (const secrets of [[], [{}], [{ hash: '' }]]) {
      await assert.rejects(async () => payUrl({ account: { ...ACCOUNT, secrets } }), /no VNPAY hash secret/);
    }
  });

  it('carries at most 255 characters of text, without a blank at either end', async () => {
    const told = async (description: string) =>
      (await payUrl({ description })).searchParams.get('vnp_OrderInfo');
    assert.equal(await told('x'.repeat(300)), 'x'.repeat(255));
    assert.equal(await told(`${'x'.repeat(254)} yz`), 'x'.repeat(254));
    assert.equal(await told('(Đợt 1)'), 'Dot 1');
  });

  it('says only what every platform encodes alike', async () => {
    const url = await payUrl({ description: "Lệ phí (đợt 1) * G22.99~ 'A'|B!" });
    assert.equal(url.searchParams.get('vnp_OrderInfo'), 'Le phi dot 1 G22.99 A B');
    assert.doesNotMatch(url.search, /[!'()*~]/);
  });

  it('names the payer by an address of 7 to 45 characters', async () => {
    const told = async (payerIp: string) => (await payUrl({ payerIp })).searchParams.get('vnp_IpAddr');
    assert.equal(await told('2001:db8::8a2e:370:7334'), '2001:db8::8a2e:370:7334');
    assert.equal(await told('::ffff:113.160.92.202'), '113.160.92.202');
    assert.equal(await told('1::ffff:1.2.3.4'), '1::ffff:1.2.3.4', 'an address of its own');
    for (const short of ['::1', '', 'unknown', '1.2.3.4, 5.6.7.8']) {
      assert.equal(await told(short), '127.0.0.1', short);
    }
  });

  it('speaks English to those who do, and is signed with the newest secret', async () => {
    const account = { ...ACCOUNT, secrets: [{ hash: 'new' }, { hash: SECRET }] };
    const url = await payUrl({ locale: 'en', account });
    assert.equal(url.searchParams.get('vnp_Locale'), 'en');
    const [text = '', hash] = url.search.slice(1).split('&vnp_SecureHash=');
    assert.equal(hash, sha512(text, 'new'));
  });

  it('is found by a reference of at most 34 letters and digits that nobody guesses', () => {
    assert.equal(REFERENCE, 'VP2611223MV0123456789ABCDEF');
    const longest = adapter.profile.merchantReference(3_656_158_440_062_975n, STARTED_AT, '0123456789abcdef');
    assert.match(longest, /^[A-Z0-9]{34}$/);
    const other = adapter.profile.merchantReference(4711n, STARTED_AT, 'fedcba9876543210');
    assert.notEqual(other, REFERENCE);
    const long = adapter.profile.merchantReference(4711n, STARTED_AT, 'ffff0123456789abcdef');
    assert.equal(long, REFERENCE);
  });

  it('is dated by the day of VNPAY, which begins at 17:00 UTC', () => {
    const at = (time: string) => adapter.profile.merchantReference(1n, new Date(time), '0'.repeat(16));
    assert.match(at('2026-11-22T16:59:59Z'), /^VP261122/);
    assert.match(at('2026-11-22T17:00:00Z'), /^VP261123/);
  });
});

describe('an IPN of VNPAY', () => {
  it('verifies as the published vector does, and not with another amount', () => {
    const { secret, input, canonical, signature } = vector('vnpay-ipn-1');
    const account = accountOf(secret, String(input['vnp_TmnCode']));
    const of = (query: string) => adapter.readCallback(get(query), account, NOW);
    assert.deepEqual(of(`${canonical}&vnp_SecureHash=${signature}`), {
      kind: 'read',
      items: [
        {
          kind: 'payment',
          merchantReference: '1716257871703',
          outcome: {
            kind: 'succeeded',
            amount: vnd(10_000),
            gatewayTransactionId: '14422574',
            paidAt: new Date('2024-05-21T02:18:06Z'),
          },
        },
      ],
    });
    const tampered = canonical!.replace('vnp_Amount=1000000', 'vnp_Amount=100000');
    assert.deepEqual(of(`${tampered}&vnp_SecureHash=${signature}`), {
      kind: 'rejected',
      why: 'bad_signature',
    });
  });

  it('verifies however its sender encodes: over the pieces as they came', () => {
    const trap = vector('vnpay-trap-10-encoding');
    const spellings = [
      [trap.canonical_urlsearchparams, trap.signature_urlsearchparams],
      [trap.canonical_php_urlencode, trap.signature_php_urlencode],
    ] as const;
    for (const [canonical, signature] of spellings) {
      // Signed well, and no IPN: what it lacks is told apart from a signature that does not fit.
      const reading = adapter.readCallback(
        get(`${canonical}&vnp_SecureHash=${signature}`),
        accountOf(trap.secret, ''),
        NOW,
      );
      assert.deepEqual(reading, { kind: 'rejected', why: 'malformed' });
    }
    const words = ['A%21B%27C%28D%29E*F%7EG+H', 'A!B%27C(D)E%2AF~G%20H', 'l%e1%bb%87+ph%C3%AD', '%2a'];
    for (const word of words) {
      const { vnp_OrderInfo: _info, ...fields } = ipnFields(PAYMENT);
      const plain = signedQuery(fields).split('&vnp_SecureHash=')[0] ?? '';
      const text = [...plain.split('&'), `vnp_OrderInfo=${word}`].sort().join('&');
      assert.equal(outcomeOf(read(`${text}&vnp_SecureHash=${sha512(text)}`))?.kind, 'succeeded', word);
    }
  });

  it('may come in any order, with an empty parameter, a hash type and parameters of others', () => {
    const pieces = signedQuery(ipnFields(PAYMENT)).split('&');
    for (const query of [
      [...pieces].reverse().join('&'),
      [...pieces, 'vnp_Bill_Email='].join('&'),
      [...pieces, 'vnp_Bill_Email'].join('&'),
      ['vnp_SecureHashType=SHA512', ...pieces].join('&'),
      [...pieces, 'utm_source=mail', 'fbclid=%zz'].join('&'),
    ]) {
      assert.equal(outcomeOf(read(query))?.kind, 'succeeded', query);
    }
  });

  it('is refused with a name twice, encoded or of another spelling, whoever signed it', () => {
    const query = signedQuery(ipnFields(PAYMENT));
    for (const doubled of [
      `${query}&vnp_Amount=15000000`,
      `vnp_Amount=15000000&${query}`,
      `${query}&a=1&a=1`,
      `${query}&vnp_SecureHash=${'0'.repeat(128)}`,
      query.replace('vnp_Amount', 'vnp%5FAmount'),
      query.replace('vnp_Amount', '%76np_Amount'),
      `${query}&vnp_Amount[]=1`,
      `${query}&`,
    ]) {
      assert.deepEqual(read(doubled), { kind: 'rejected', why: 'malformed' }, doubled);
    }
  });

  it('is refused with a signature that is cut, upper case, absent or of another key', () => {
    const [text = '', hash = ''] = signedQuery(ipnFields(PAYMENT)).split('&vnp_SecureHash=');
    for (const claimed of [
      '',
      hash.slice(1),
      `${hash}0`,
      hash.toUpperCase(),
      sha512(text, 'another'),
      sha512(`${text}&`),
    ]) {
      assert.deepEqual(read(`${text}&vnp_SecureHash=${claimed}`), {
        kind: 'rejected',
        why: 'bad_signature',
      });
    }
    assert.deepEqual(read(text), { kind: 'rejected', why: 'bad_signature' });
  });

  it('is as good as forged when it is for another merchant', () => {
    assert.deepEqual(readChanged({ vnp_TmnCode: 'DVCQG002' }), { kind: 'rejected', why: 'bad_signature' });
  });

  it('is malformed when a signed value cannot be decoded', () => {
    const { vnp_OrderInfo: _info, ...fields } = ipnFields(PAYMENT);
    const plain = signedQuery(fields).split('&vnp_SecureHash=')[0] ?? '';
    const text = [...plain.split('&'), 'vnp_OrderInfo=%zz'].sort().join('&');
    assert.deepEqual(read(`${text}&vnp_SecureHash=${sha512(text)}`), { kind: 'rejected', why: 'malformed' });
  });

  it('takes no amount beyond the largest that the books hold', () => {
    const outcome = outcomeOf(readChanged({ vnp_Amount: '900000000000000000' }));
    assert.deepEqual(outcome?.kind === 'succeeded' && outcome.amount, vnd(9_000_000_000_000_000n));
    assert.equal(readChanged({ vnp_Amount: '900000000000000100' }).kind, 'rejected');
  });

  it('is refused as a POST', () => {
    const message = { ...get(signedQuery(ipnFields(PAYMENT))), method: 'POST' as const };
    assert.deepEqual(adapter.readCallback(message, ACCOUNT, NOW), { kind: 'rejected', why: 'malformed' });
  });

  it('is malformed with an amount that is not exactly one', () => {
    const amounts = ['', '0', '00', '15000050', '015000000', '1.5e7', '-15000000', ' 15000000', '150000.00'];
    amounts.push('+15000000', '0x100', '١٥٠٠٠٠٠٠', '90000000000000010000', '9'.repeat(40));
    for (const vnp_Amount of amounts) {
      assert.deepEqual(readChanged({ vnp_Amount }), { kind: 'rejected', why: 'malformed' }, vnp_Amount);
    }
  });

  it('is malformed without a reference, a code, a state, or with a success of no number', () => {
    for (const changes of [
      { vnp_TxnRef: '' },
      { vnp_TxnRef: 'a b' },
      { vnp_TxnRef: 'x'.repeat(101) },
      { vnp_ResponseCode: '' },
      { vnp_ResponseCode: '0' },
      { vnp_ResponseCode: '000' },
      { vnp_TransactionStatus: '' },
      { vnp_TransactionNo: '' },
      { vnp_TransactionNo: '0' },
      { vnp_TransactionNo: '012' },
      { vnp_TransactionNo: '12a' },
      { vnp_PayDate: '20260230120000' },
      { vnp_PayDate: '20261122250000' },
      { vnp_PayDate: '2026112209593' },
      { vnp_PayDate: 'yesterday' },
    ]) {
      assert.deepEqual(readChanged(changes), { kind: 'rejected', why: 'malformed' }, JSON.stringify(changes));
    }
  });

  it('without a time of payment, which is optional, counts as paid when it was heard', () => {
    const outcome = outcomeOf(readChanged({ vnp_PayDate: '' }));
    assert.deepEqual(outcome?.kind === 'succeeded' && outcome.paidAt, NOW);
  });

  it('succeeds only when both of its words say so', () => {
    for (const [code, state] of [
      ['00', '01'],
      ['00', '02'],
      ['00', '04'],
      ['00', '07'],
      ['24', '00'],
      ['07', '00'],
      ['99', '00'],
      ['77', '00'],
    ] as const) {
      const outcome = outcomeOf(readChanged({ vnp_ResponseCode: code, vnp_TransactionStatus: state }));
      assert.deepEqual(outcome, { kind: 'pending', gatewayCode: `${code}/${state}` });
    }
  });

  it('fails for every code that the document calls a failed payment, with what the payer can do', () => {
    const reasons = {
      '05': 'not_verified',
      '06': 'not_verified',
      '08': 'maintenance',
      '09': 'declined',
      '10': 'not_verified',
      '11': 'page_expired',
      '12': 'declined',
      '13': 'not_verified',
      '24': 'cancelled_at_bank',
      '51': 'insufficient_funds',
      '65': 'over_limit',
      '75': 'maintenance',
      '79': 'not_verified',
    };
    assert.deepEqual(adapter.profile.failureReasons, reasons);
    for (const code of Object.keys(reasons)) {
      const cancelled = { vnp_TransactionNo: '0', vnp_BankTranNo: '', vnp_PayDate: '' };
      const outcome = outcomeOf(
        readChanged({ ...cancelled, vnp_ResponseCode: code, vnp_TransactionStatus: '02' }),
      );
      assert.deepEqual(outcome, { kind: 'failed', gatewayCode: code });
    }
  });

  it('stays pending for held, reversed, unfinished and unlisted payments', () => {
    for (const [code, state] of [
      ['07', '07'],
      ['99', '04'],
      ['24', '04'],
      ['99', '01'],
      ['99', '02'],
      ['51', '01'],
      ['87', '02'],
      ['24', '87'],
    ] as const) {
      const outcome = outcomeOf(readChanged({ vnp_ResponseCode: code, vnp_TransactionStatus: state }));
      assert.equal(outcome?.kind, 'pending', `${code}/${state}`);
    }
  });

  it('never becomes a success or a failure by another combination of codes', () => {
    const code = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, '0'));
    fc.assert(
      fc.property(code, code, (response, state) => {
        const kind = outcomeOf(
          readChanged({ vnp_ResponseCode: response, vnp_TransactionStatus: state }),
        )?.kind;
        if (kind === 'succeeded') assert.equal(response + state, '0000');
        if (kind === 'failed') assert.equal(state, '02');
      }),
    );
  });

  it('is answered in the words of VNPAY, always with status 200', () => {
    const words = {
      recorded: '00',
      already_recorded: '02',
      unknown_payment: '01',
      amount_differs: '04',
      rejected: '97',
      try_again: '99',
    } as const;
    for (const [result, code] of Object.entries(words)) {
      const reply = adapter.acknowledge(result as keyof typeof words);
      const { RspCode, Message } = JSON.parse(reply.body) as Record<string, string>;
      assert.deepEqual([reply.status, reply.contentType, RspCode], [200, 'application/json', code]);
      assert.ok(Message);
    }
  });
});

describe('a query to VNPAY', () => {
  const ask = (body: string, status = 200) =>
    vnpaySubject
      .create(answering(body, status), NOW)
      .queries!.queryPayment(
        { account: ACCOUNT, merchantReference: REFERENCE, startedAt: STARTED_AT },
        never(),
      );
  const asked = (changes: Fields) => ask(answerBody({ ...queryFields(PAYMENT), ...changes }));
  const signedAsQuery = (fields: Fields) => {
    const text = SIGNED.querydr.split(' ').map((name) => fields[`vnp_${name}`] ?? '');
    return JSON.stringify({ ...fields, vnp_SecureHash: sha512(text.join('|')) });
  };

  it('asks by our reference and the time it was made, signed in the order of the document', async () => {
    const sent: GatewayHttpRequest[] = [];
    const listening = vnpaySubject.create((request) => {
      sent.push(request);
      return Promise.resolve({
        status: 200,
        headers: new Map(),
        body: Buffer.from(answerBody(queryFields(PAYMENT))),
      });
    }, NOW);
    const payment = { account: ACCOUNT, merchantReference: REFERENCE, startedAt: STARTED_AT };
    await listening.queries!.queryPayment(payment, never());
    await listening.queries!.queryPayment(payment, never());
    assert.deepEqual([sent[0]?.method, sent[0]?.url], ['POST', API_URL]);
    const [first, second] = sent.map(sentBody);
    assert.match(first?.['vnp_RequestId'] ?? '', /^[A-Za-z0-9]{1,32}$/);
    assert.notEqual(first?.['vnp_RequestId'], second?.['vnp_RequestId']);
    assert.ok(first);
    const { vnp_RequestId: _id, vnp_SecureHash: _hash, ...fields } = first;
    assert.deepEqual(fields, {
      vnp_Version: '2.1.0',
      vnp_Command: 'querydr',
      vnp_TmnCode: 'DVCQG001',
      vnp_TxnRef: REFERENCE,
      vnp_OrderInfo: `Truy van ${REFERENCE}`,
      vnp_TransactionDate: '20261122095800',
      vnp_CreateDate: '20261122100000',
      vnp_IpAddr: '127.0.0.1',
    });
    const signed =
      'RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo'.split(' ');
    assert.equal(first['vnp_SecureHash'], sha512(signed.map((name) => first[`vnp_${name}`]).join('|')));
  });

  it('reads each state of a payment for what it is', async () => {
    const kinds = { '00': 'succeeded', '01': 'pending', '02': 'failed', '04': 'pending', '07': 'pending' };
    for (const [vnp_TransactionStatus, kind] of Object.entries(kinds)) {
      assert.equal((await asked({ vnp_TransactionStatus })).kind, kind, vnp_TransactionStatus);
    }
    assert.equal((await asked({ vnp_TransactionStatus: '' })).kind, 'pending');
  });

  it('fails by the code of the payment, or by its state where the code is only that of the answer', async () => {
    const told = (code: string) => asked({ vnp_ResponseCode: code, vnp_TransactionStatus: '02' });
    assert.deepEqual(await told('00'), { kind: 'failed', gatewayCode: '02' });
    assert.deepEqual(await told('24'), { kind: 'failed', gatewayCode: '24' });
    assert.deepEqual(await told('77'), { kind: 'pending', gatewayCode: '77/02' });
  });

  it('may leave out its merchant, its command and what kind of transaction it is of', async () => {
    const good = queryFields(PAYMENT);
    for (const name of ['vnp_TmnCode', 'vnp_Command', 'vnp_TransactionType']) {
      const { [name]: _dropped, ...fields } = good;
      assert.equal((await ask(answerBody(fields))).kind, 'succeeded', `without ${name}`);
      const empty = { ...good, [name]: null } as unknown as Fields;
      assert.equal((await ask(answerBody(empty))).kind, 'succeeded', `${name} null`);
    }
  });

  it('learns nothing of a payment from the state of its refund', async () => {
    for (const type of ['02', '03', '77']) {
      for (const state of ['00', '02', '05', '09']) {
        const told = await asked({ vnp_TransactionType: type, vnp_TransactionStatus: state });
        assert.deepEqual(told, { kind: 'pending', gatewayCode: `${type}:${state}` });
      }
    }
    const long = await asked({ vnp_TransactionType: `hoàn ${'x'.repeat(80)}` });
    assert.deepEqual(long, { kind: 'pending', gatewayCode: `ho?n?${'x'.repeat(59)}` });
  });

  it('is no answer when the API refused the question', async () => {
    for (const vnp_ResponseCode of ['02', '03', '94', '97', '98', '99']) {
      await assert.rejects(asked({ vnp_ResponseCode, vnp_TransactionStatus: '' }), /says nothing/);
    }
    assert.equal((await asked({ vnp_ResponseCode: '77' })).kind, 'pending');
  });

  it('is no answer with another status, no signature, another order, a cut or a doubled key', async () => {
    const good = answerBody(queryFields(PAYMENT));
    await assert.rejects(ask(good, 500), /answered 500/);
    const { vnp_SecureHash: _hash, ...unsigned } = JSON.parse(good) as Fields;
    for (const bad of [
      '',
      '[]',
      good.slice(0, -1),
      JSON.stringify(unsigned),
      good.replace('"vnp_TransactionStatus":"00"', '"vnp_TransactionStatus":"02"'),
      good.replace(
        '"vnp_TransactionStatus":"00"',
        '"vnp_TransactionStatus":"02","vnp_TransactionStatus":"00"',
      ),
      answerBody({ ...queryFields(PAYMENT), vnp_TxnRef: `${REFERENCE}X` }),
      answerBody({ ...queryFields(PAYMENT), vnp_TmnCode: 'DVCQG002' }),
      answerBody({ ...queryFields(PAYMENT), vnp_Command: 'refund' }),
      answerBody({ ...queryFields(PAYMENT), vnp_ResponseCode: '' }),
      good.replace('{', '{"more":true,'),
      good.replace('{', '{"more":[],'),
      good.replace('{', '{"more":{},'),
      signedAsQuery({ ...queryFields(PAYMENT), vnp_Command: 'refund' }),
    ]) {
      await assert.rejects(ask(bad), /not a genuine one/, bad);
    }
  });

  it('verifies the amount as it was written, before it is divided', async () => {
    const fields = { ...queryFields(PAYMENT), vnp_Amount: '15000050' };
    await assert.rejects(ask(answerBody(fields)));
    // Signed over 15000000, but the text says 150000: the sum divided beforehand must not verify.
    const divided = answerBody(queryFields(PAYMENT)).replace('"15000000"', '"150000"');
    await assert.rejects(ask(divided), /not a genuine one/);
    const asNumber = answerBody(queryFields(PAYMENT)).replace('"15000000"', '15000000');
    assert.equal((await ask(asNumber)).kind, 'succeeded');
    const asExponent = answerBody({ ...queryFields(PAYMENT), vnp_Amount: '15e6' }).replace('"15e6"', '15e6');
    await assert.rejects(ask(asExponent));
  });
});

describe('a refund at VNPAY', () => {
  const REQUEST: RefundRequest = {
    account: ACCOUNT,
    refundReference: 'RF23456789ABCD',
    submittedAt: NOW,
    amount: vnd(40_000),
    reason: 'Nộp thừa | theo QĐ 12/QĐ-HT',
    merchantReference: REFERENCE,
    gatewayTransactionId: '14422599',
    paymentAmount: vnd(150_000),
    paymentStartedAt: STARTED_AT,
    paidAt: PAYMENT.paidAt,
  };
  const FULL = { ...REQUEST, amount: REQUEST.paymentAmount };
  const later = new Date('2026-11-22T03:05:00Z');
  const refunds = (body: string) => vnpaySubject.create(answering(body), later).refunds!;
  const asked = (changes: Fields, request = REQUEST) =>
    refunds(answerBody({ ...refundFields('refund', request, later), ...changes })).refundPayment(
      request,
      never(),
    );
  const queried = (changes: Fields, request = REQUEST) =>
    refunds(answerBody({ ...refundFields('querydr', request, later), ...changes })).queryRefund(
      request,
      never(),
    );

  it('is asked for under our reference, as a part or the whole, signed in the order of the document', async () => {
    const sent: Fields[] = [];
    const listening = vnpaySubject.create((request) => {
      sent.push(sentBody(request));
      return Promise.reject(new Error('lost'));
    }, NOW);
    for (const request of [REQUEST, FULL, REQUEST]) {
      await assert.rejects(listening.refunds!.refundPayment(request, never()), /lost/);
    }
    const [part, whole, again] = sent;
    assert.deepEqual(
      [part?.['vnp_TransactionType'], part?.['vnp_Amount'], part?.['vnp_RequestId']],
      ['03', '4000000', 'RF23456789ABCD'],
    );
    assert.deepEqual([whole?.['vnp_TransactionType'], whole?.['vnp_Amount']], ['02', '15000000']);
    assert.ok(part);
    const { vnp_SecureHash, ...fields } = part;
    assert.deepEqual(fields, {
      vnp_RequestId: 'RF23456789ABCD',
      vnp_Version: '2.1.0',
      vnp_Command: 'refund',
      vnp_TmnCode: 'DVCQG001',
      vnp_TransactionType: '03',
      vnp_TxnRef: REFERENCE,
      vnp_Amount: '4000000',
      vnp_OrderInfo: 'RF23456789ABCD Nop thua theo QD 12/QD-HT',
      vnp_TransactionNo: '14422599',
      vnp_TransactionDate: '20261122095800',
      vnp_CreateBy: 'hoantra',
      vnp_CreateDate: '20261122100000',
      vnp_IpAddr: '127.0.0.1',
    });
    assert.deepEqual(again, part);
    const signed =
      'RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy CreateDate IpAddr OrderInfo';
    const text = signed
      .split(' ')
      .map((name) => part[`vnp_${name}`])
      .join('|');
    assert.equal(vnp_SecureHash, sha512(text));
  });

  it('is made when VNPAY says so of this sum, with its own number and time', async () => {
    const made = { kind: 'succeeded', gatewayRefundId: '14422600', refundedAt: later } as const;
    assert.deepEqual(await asked({}), made);
    assert.deepEqual(await asked({}, FULL), made);
  });

  it('was made when VNPAY says, unless that is before it was asked for: then when it was heard', async () => {
    const submitted = (text: string) => ({ ...REQUEST, submittedAt: new Date(text) });
    const at = async (vnp_PayDate: string, request = REQUEST) => {
      const outcome = await asked({ vnp_PayDate }, request);
      return outcome.kind === 'succeeded' && outcome.refundedAt.toISOString();
    };
    const heard = later.toISOString();
    assert.equal(await at('20261122100200'), '2026-11-22T03:02:00.000Z');
    assert.equal(await at('20261122100000'), '2026-11-22T03:00:00.000Z');
    // VNPAY's times have no parts of a second: the second of the asking is not before it.
    const within = submitted('2026-11-22T03:00:00.750Z');
    assert.equal(await at('20261122100000', within), '2026-11-22T03:00:00.000Z');
    assert.equal(await at('20261122095959'), heard);
    assert.equal(await at(''), heard);
    assert.equal(await at('2026'), heard);
  });

  it('has our reference for its number when VNPAY gives that of the payment', async () => {
    const outcome = await asked({ vnp_TransactionNo: '14422599', vnp_PayDate: '20261122095930' });
    assert.deepEqual(outcome, {
      kind: 'succeeded',
      gatewayRefundId: 'RF23456789ABCD',
      refundedAt: later,
    });
  });

  it('is pending while VNPAY or the bank works on it, when it came before, and for what is not listed', async () => {
    for (const state of ['05', '06', '01', '07', '77']) {
      const told = await asked({ vnp_TransactionStatus: state });
      assert.deepEqual(told, { kind: 'pending', gatewayCode: `00/${state}` });
    }
    const stateless = await asked({ vnp_TransactionStatus: '' });
    assert.deepEqual(stateless, { kind: 'pending', gatewayCode: '00' });
    for (const code of ['94', '97', '98', '99', '77']) {
      const told = await asked({ vnp_ResponseCode: code });
      assert.deepEqual(told, { kind: 'pending', gatewayCode: `${code}/00` });
    }
    assert.equal((await asked({ vnp_Amount: '' })).kind, 'pending');
    assert.equal((await asked({ vnp_Amount: '15000000' })).kind, 'pending');
    assert.equal((await asked({ vnp_TransactionType: '02' })).kind, 'pending');
  });

  it('fails when VNPAY refuses it for good', async () => {
    assert.deepEqual(await asked({ vnp_TransactionStatus: '09' }), { kind: 'failed', gatewayCode: '09' });
    for (const code of ['02', '03', '04', '13', '91', '93', '95']) {
      const outcome = await asked({ vnp_ResponseCode: code, vnp_TransactionStatus: '' });
      assert.deepEqual(outcome, { kind: 'failed', gatewayCode: code });
    }
  });

  it('is known again by our reference in its text', async () => {
    assert.equal((await queried({})).kind, 'succeeded');
    assert.equal((await queried({ vnp_TransactionStatus: '05' })).kind, 'pending');
    assert.equal((await queried({ vnp_TransactionStatus: '09' })).kind, 'failed');
  });

  it('is never told apart by its sum alone: another part of the same payment leaves it pending', async () => {
    for (const vnp_OrderInfo of ['RF23456789ABCE Nop thua', '', 'DVC 4711', 'RF23456789ABCDX']) {
      for (const vnp_TransactionStatus of ['00', '05', '09']) {
        assert.equal((await queried({ vnp_OrderInfo, vnp_TransactionStatus })).kind, 'pending');
      }
    }
  });

  it('of the whole payment is made once the whole is back, and refused only by name', async () => {
    assert.equal((await queried({ vnp_OrderInfo: '' }, FULL)).kind, 'succeeded');
    assert.equal((await queried({ vnp_OrderInfo: '', vnp_TransactionStatus: '09' }, FULL)).kind, 'pending');
  });

  it('is never called unknown, for then it would be sent again and might be made twice', async () => {
    for (const changes of [
      { vnp_TransactionType: '01', vnp_Amount: '15000000', vnp_OrderInfo: 'DVC 4711' },
      { vnp_ResponseCode: '91' },
      { vnp_ResponseCode: '94' },
      { vnp_ResponseCode: '99' },
    ]) {
      assert.equal((await queried(changes)).kind, 'pending', JSON.stringify(changes));
      assert.equal((await queried(changes, FULL)).kind, 'pending', JSON.stringify(changes));
    }
  });
});
