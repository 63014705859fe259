import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { MerchantAccount, RawMessage, StartPayment } from '../../../src/gateways/gateway-adapter.ts';
import {
  acknowledgement,
  createRequest,
  detailRequest,
  merchantReference,
  paymentCheckSum,
  readCallback,
  readDetailAnswer,
} from '../../../src/gateways/keypay/messages.ts';
import {
  ACCOUNT,
  answering,
  CLIENT,
  create,
  detail,
  KEY_1,
  KEY_2,
  message,
  notice,
  sum,
  type Members,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = { merchantReference: '12345_0a1b2c3d', amount: vnd(150_000) };
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };
const START: StartPayment = {
  account: ACCOUNT,
  merchantReference: PAYMENT.merchantReference,
  amount: PAYMENT.amount,
  description: 'DVC 4711',
  locale: 'vi',
  payerIp: '203.0.113.7',
  startedAt: NOW,
  returnUrl: 'https://pay.example.vn/return/1',
  callbackUrl: 'https://pay.example.vn/gateways/keypay/callback',
};

interface Vector {
  readonly id: string;
  readonly op: 'pay' | 'callback';
  readonly secret: string;
  readonly input: Readonly<Record<string, string>>;
  readonly signature: string;
}
const { vectors: VECTORS } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

const read = (raw: RawMessage, account: MerchantAccount = ACCOUNT) => readCallback(raw, account);
const readMembers = (members: Members, account = ACCOUNT) => read(message(JSON.stringify(members)), account);
const readChanged = (changes: Members) => readMembers(notice(PAYMENT, changes));
/** What an answer to our question says of the payment, with members of its detail changed. */
const outcomeOf = (changes: Members) => {
  const answer = detail(PAYMENT, { data: { ...(detail(PAYMENT)['data'] as Members), ...changes } });
  return readDetailAnswer(Buffer.from(JSON.stringify(answer)), ACCOUNT, PAYMENT.merchantReference, NOW);
};
const never = () => new AbortController().signal;
const query = (told: Members, status = 200) =>
  create(answering(told, status), NOW).queries!.queryPayment(
    { account: ACCOUNT, merchantReference: PAYMENT.merchantReference, startedAt: NOW },
    never(),
  );

describe("KeyPay's check sums", () => {
  for (const { id, op, secret, input, signature } of VECTORS) {
    it(`are those of the vector ${id}`, () => {
      const {
        addition_fee = '',
        client_id = '',
        command = '',
        trans_amount = '',
        transaction_id = '',
        version = '',
      } = input;
      const facts = {
        additionFee: addition_fee,
        clientId: client_id,
        command,
        amount: trans_amount,
        transactionId: transaction_id,
        version,
      };
      assert.equal(paymentCheckSum(facts, secret), signature);
      if (op !== 'callback') return;
      const account = { ...ACCOUNT, merchantId: client_id, secrets: [{ hashKey2: secret }] };
      assert.equal(readMembers({ ...input, status: 0, check_sum: signature }, account).kind, 'read');
    });
  }
});

describe('a callback of KeyPay', () => {
  it('only has us ask about the payment, whatever status it tells: none of them is signed', () => {
    const asks = {
      kind: 'read',
      items: [{ kind: 'ask', merchantReference: PAYMENT.merchantReference }],
    };
    for (const status of [0, '0', 1, -1, 'paid', undefined, null, {}])
      assert.deepEqual(readChanged({ status }), asks, JSON.stringify(status));
  });

  it('is signed with the second key: a check sum of our own request proves nothing', () => {
    assert.deepEqual(readMembers(notice(PAYMENT, {}, KEY_1)), BAD_SIGNATURE);
  });

  it('is refused when any covered member differs from what was signed', () => {
    const { check_sum } = notice(PAYMENT);
    const changes: Members[] = [
      { trans_amount: '150001' },
      { trans_amount: '15000' },
      { transaction_id: '12345_0a1b2c3e' },
      { client_id: 'dvcqg-other' },
      { command: 'REFUND' },
      { version: '2.0' },
      { addition_fee: '1' },
    ];
    for (const change of changes)
      assert.deepEqual(
        readMembers({ ...notice(PAYMENT), ...change, check_sum }),
        BAD_SIGNATURE,
        JSON.stringify(change),
      );
  });

  it('is refused for another client, command or version though well signed', () => {
    for (const change of [{ client_id: 'dvcqg-other' }, { command: 'REFUND' }, { version: '2.0' }])
      assert.deepEqual(readChanged(change), BAD_SIGNATURE, JSON.stringify(change));
  });

  it('is refused with a check sum that is none', () => {
    const good = String(notice(PAYMENT)['check_sum']);
    for (const check_sum of [undefined, null, '', good.toUpperCase(), good.slice(1), ` ${good}`, [good], 7])
      assert.deepEqual(readChanged({ check_sum }), BAD_SIGNATURE, String(check_sum));
  });

  it('believes no number of KeyPay’s, for it is not signed: the same payment stays one', () => {
    for (const transaction_code of ['KP1', 'KP2', '', null, undefined, "'--"])
      assert.deepEqual(readChanged({ transaction_code }), readChanged({}));
  });

  it('is refused when members could be read in two ways', () => {
    const good = JSON.stringify(notice(PAYMENT));
    const bodies = [
      good.replace('"status":0', '"status":1,"status":0'),
      good.replace('"status":0', '"__proto__":{},"status":0'),
      `\ufeff${good}`,
      good.slice(0, -1),
      `${good}x`,
      '[]',
      'null',
      '',
    ];
    for (const body of bodies) assert.deepEqual(read(message(body)), MALFORMED, body.slice(0, 60));
    // The sign that parts the values, inside one of them.
    const shifted = notice({ ...PAYMENT, merchantReference: '1|2' });
    assert.equal(readMembers(shifted).kind, 'rejected');
    assert.deepEqual(read({ ...message(good), method: 'GET' }), MALFORMED);
  });

  it('is as good as forged, whatever its form, while the account has no key', () => {
    for (const body of ['', '{}', JSON.stringify(notice(PAYMENT))])
      assert.deepEqual(
        read(message(body), { ...ACCOUNT, secrets: [{ hashKey1: KEY_1 }] }),
        BAD_SIGNATURE,
        body,
      );
  });

  it('may name a fee on top, in digits', () => {
    for (const addition_fee of ['0', '15000', 15_000, '1'.repeat(16)])
      assert.equal(readChanged({ addition_fee }).kind, 'read', String(addition_fee));
    for (const addition_fee of ['', '-1', 'x1', '1x', '1.5', '1'.repeat(17)])
      assert.deepEqual(readChanged({ addition_fee }), MALFORMED, addition_fee);
  });

  it('is read under either key while they change', () => {
    const account = { ...ACCOUNT, secrets: [{ hashKey1: 'n', hashKey2: 'new' }, ...ACCOUNT.secrets] };
    for (const key of ['new', KEY_2])
      assert.equal(readMembers(notice(PAYMENT, {}, key), account).kind, 'read');
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => read(message(body)).kind === 'rejected'),
    );
    fc.assert(fc.property(fc.json(), (body) => read(message(body)).kind === 'rejected'));
  });
});

describe('what KeyPay answers about a payment', () => {
  it('is pending with any status but 0, written as a number or as text', () => {
    assert.equal(outcomeOf({ status: '0' })?.kind, 'succeeded');
    for (const status of [1, -1, '1', '00', '0.0', 2, 'paid', 'constructor', '__proto__', ''])
      assert.equal(outcomeOf({ status })?.kind, 'pending', String(status));
    fc.assert(
      fc.property(fc.string(), (status) => {
        fc.pre(status !== '0');
        const outcome = outcomeOf({ status });
        assert.ok(outcome?.kind === 'pending');
        assert.match(outcome.gatewayCode, /^[A-Za-z0-9_./?-]{1,64}$/);
      }),
    );
  });

  it('keeps a status that may stand in a log', () => {
    const told = outcomeOf({ status: `đã trả ${'x'.repeat(80)}` });
    assert.deepEqual(told, {
      kind: 'pending',
      gatewayCode: `status/??_tr?_${'x'.repeat(50)}`.replaceAll('_', '?'),
    });
  });

  it('is no answer without a status, or with one that is neither number nor text', () => {
    for (const status of [undefined, null, true, [], {}]) assert.equal(outcomeOf({ status }), null);
  });

  it('is no answer with an amount in anything but plain digits', () => {
    const amounts = [
      '1e3',
      '150000 ',
      ' 150000',
      '150,000',
      '150000.00',
      '-1',
      '+1',
      '',
      'NaN',
      '0150000',
      '９',
    ];
    for (const trans_amount of [...amounts, '9000000000000001', null, true, ['1'], {}])
      assert.equal(outcomeOf({ trans_amount }), null, JSON.stringify(trans_amount));
    assert.deepEqual(outcomeOf({ trans_amount: 150_000 }), outcomeOf({}));
    const largest = outcomeOf({ trans_amount: '9000000000000000' });
    assert.deepEqual(largest?.kind === 'succeeded' && largest.amount, vnd(9_000_000_000_000_000n));
  });
});

describe('our requests to KeyPay', () => {
  it('create a payment as the portal does, signed with the newest first key', () => {
    const account = { ...ACCOUNT, secrets: [{ hashKey1: 'new', hashKey2: 'x' }, ...ACCOUNT.secrets] };
    assert.deepEqual(JSON.parse(createRequest({ ...START, account })), {
      client_id: CLIENT,
      transaction_id: '12345_0a1b2c3d',
      trans_amount: '150000',
      command: 'PAY',
      version: '3.0',
      description: 'DVC 4711',
      locale: 'vn',
      country_code: 'vi',
      currency_code: 'VND',
      environment: '1',
      bill_info: {
        MaDichVu: '2',
        TKThuHuong: '',
        MaNHThuHuong: '',
        TenTKThuHuong: '',
        NoiDungThanhToan: 'DVC 4711',
        DSKhoanNop: [{ NoiDung: 'DVC 4711', SoTien: '150000' }],
      },
      return_url: START.returnUrl,
      addition_fee: '0',
      check_sum: sum(['0', CLIENT, 'PAY', '150000', '12345_0a1b2c3d', '3.0'], 'new'),
    });
  });

  it('say whose account it goes to, where the merchant account knows it', () => {
    const settings = { beneficiaryAccount: '0011', beneficiaryBank: '01203', beneficiaryName: 'KBNN Ha Noi' };
    const told = JSON.parse(createRequest({ ...START, account: { ...ACCOUNT, settings } })) as {
      readonly bill_info: Members;
    };
    const { TKThuHuong, MaNHThuHuong, TenTKThuHuong } = told.bill_info;
    assert.deepEqual([TKThuHuong, MaNHThuHuong, TenTKThuHuong], ['0011', '01203', 'KBNN Ha Noi']);
  });

  it('ask for details by our own number', () => {
    assert.deepEqual(JSON.parse(detailRequest(ACCOUNT, '12345_0a1b2c3d')), {
      client_id: CLIENT,
      transaction_id: '12345_0a1b2c3d',
      command: 'PAY',
      check_sum: sum([CLIENT, 'PAY', '12345_0a1b2c3d'], KEY_1),
    });
  });

  it('cannot be signed without a key', () => {
    for (const secrets of [[], [{}], [{ hashKey1: '' }]])
      assert.throws(
        () => createRequest({ ...START, account: { ...ACCOUNT, secrets } }),
        /no KeyPay hashKey1/,
      );
  });
});

describe('what KeyPay answers', () => {
  const start = (told: Members, status = 200) =>
    create(answering(told, status), NOW).startPayment(START, never());

  it('leads to its page, and nowhere else', async () => {
    const payment_url = 'https://pay.keypay.test/p/1';
    for (const error of ['0', 0]) assert.equal((await start({ error, payment_url })).kind, 'redirect');
    for (const other of [
      'https://pay.keypay.test.evil.example/',
      'http://pay.keypay.test/p/1',
      'javascript:1',
      '',
      null,
      7,
      [payment_url],
    ])
      await assert.rejects(start({ error: '0', payment_url: other }), /did not take/, String(other));
    for (const error of ['1', '00', '', null, undefined, false])
      await assert.rejects(start({ error, payment_url }), /did not take/, String(error));
    await assert.rejects(start({ error: '0', payment_url }, 500), /500/);
  });

  it('is believed about a payment when it is signed for it', async () => {
    const paid = await query(detail(PAYMENT));
    assert.deepEqual(paid, {
      kind: 'succeeded',
      amount: vnd(150_000),
      gatewayTransactionId: PAYMENT.merchantReference,
      paidAt: NOW,
    });
    const flat = { ...detail(PAYMENT), ...(detail(PAYMENT)['data'] as Members), data: undefined };
    assert.deepEqual(await query(flat), paid);
    assert.equal((await query(detail({ ...PAYMENT, code: '1' }))).kind, 'pending');
  });

  it('is not believed with an error, whatever it is, nor unsigned or about another payment', async () => {
    const other = { ...PAYMENT, merchantReference: '12345_0a1b2c3e' };
    const answers: Members[] = [
      { error: '1', msg: 'no such transaction' },
      detail(PAYMENT, { error: '4' }),
      detail(PAYMENT, { check_sum: undefined }),
      detail(PAYMENT, {}, KEY_1),
      detail(other),
      detail(PAYMENT, { data: detail(other)['data'] }),
      detail(PAYMENT, { data: {} }),
      {},
    ];
    for (const answer of answers) await assert.rejects(query(answer), JSON.stringify(answer));
    await assert.rejects(query(detail(PAYMENT), 503), /503/);
  });
});

describe('our numbers at KeyPay', () => {
  it('have at most 20 characters and at least six digits that nobody can guess', () => {
    const reference = (number: bigint) => merchantReference(number, NOW, '0123456789abcdef');
    assert.equal(reference(4_711n), '3mv_456789abcdef');
    const largest = reference(9_223_372_036_854_775_807n);
    assert.ok(largest.length === 20 && /^[a-z0-9]+_[0-9a-f]{6}$/.test(largest), largest);
  });
});

describe('our answers to KeyPay', () => {
  it('say 0 once a callback is kept, and -1 when it is to come again', () => {
    const codeOf = (result: Parameters<typeof acknowledgement>[0]) =>
      (JSON.parse(acknowledgement(result).body) as { return_code: number; return_msg: string }).return_code;
    assert.deepEqual([codeOf('recorded'), codeOf('already_recorded'), codeOf('amount_differs')], [0, 0, 0]);
    assert.equal(acknowledgement('recorded').contentType, 'application/json');
    assert.deepEqual([codeOf('rejected'), codeOf('unknown_payment'), codeOf('try_again')], [-1, -1, -1]);
  });
});
