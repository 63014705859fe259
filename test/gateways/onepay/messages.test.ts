import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { CallbackReading, StartPayment } from '../../../src/gateways/gateway-adapter.ts';
import { openRegistry } from '../../../src/gateways/registry.ts';
import type { GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import {
  accountOf,
  answering,
  canonical,
  get,
  hash,
  ipnFields,
  KEYS,
  PAGES,
  QUERY_URL,
  signedForm,
  subjectOf,
  type Fields,
  type Kind,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const STARTED_AT = new Date('2026-11-22T02:58:00Z');
const KINDS: readonly Kind[] = ['domestic', 'international'];
const MALFORMED = { kind: 'rejected', why: 'malformed' };
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const never = () => new AbortController().signal;
const SILENT = () => Promise.reject(new Error('no HTTP in this test'));
const adapterOf = (kind: Kind) => subjectOf(kind).create(SILENT, NOW);
const REFERENCE = adapterOf('domestic').profile.merchantReference(4711n, STARTED_AT, '0123456789abcdef');
const PAYMENT = {
  merchantReference: REFERENCE,
  gatewayTransactionId: '1617996',
  amount: vnd(150_000),
  paidAt: STARTED_AT,
};

const read = (query: string, kind: Kind = 'domestic'): CallbackReading =>
  adapterOf(kind).readCallback(get(query), accountOf(kind), NOW);
const readChanged = (changes: Fields, kind: Kind = 'domestic') =>
  read(signedForm({ ...ipnFields(kind, PAYMENT), ...changes }, KEYS[kind]), kind);
const outcomeOf = (reading: CallbackReading) => {
  const [item] = reading.kind === 'read' ? reading.items : [];
  return item?.kind === 'payment' ? item.outcome : null;
};

interface Vector {
  readonly id: string;
  readonly op: 'request' | 'return';
  readonly secretHex: string;
  readonly input: Fields;
  readonly canonical: string;
  readonly signature: string;
}
const { vectors } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  vectors: readonly Vector[];
};

function aStart(kind: Kind, changes: Partial<StartPayment> = {}): StartPayment {
  return {
    account: accountOf(kind),
    merchantReference: REFERENCE,
    amount: vnd(150_000),
    description: 'DVC 4711',
    locale: 'vi',
    payerIp: '113.160.92.202',
    startedAt: STARTED_AT,
    returnUrl: 'https://thanhtoan.example.gov.vn/gateways/onepay/return/abc-_123',
    callbackUrl: 'https://thanhtoan.example.gov.vn/gateways/onepay/callback',
    ...changes,
  };
}

async function payUrl(kind: Kind, changes: Partial<StartPayment> = {}): Promise<URL> {
  const handOff = await adapterOf(kind).startPayment(aStart(kind, changes), never());
  assert.ok(handOff.kind === 'redirect');
  assert.equal(handOff.expiresAt.toISOString(), '2026-11-22T03:13:00.000Z');
  return new URL(handOff.url);
}

describe('the address OnePay takes a payment by', () => {
  for (const kind of KINDS) {
    it(`carries what the guide asks for, signed as it is (${kind})`, async () => {
      const url = await payUrl(kind);
      assert.equal(url.origin + url.pathname, PAGES[kind]);
      const { vpc_SecureHash, ...fields } = Object.fromEntries(url.searchParams);
      assert.equal(vpc_SecureHash, hash(canonical(fields), KEYS[kind]));
      assert.deepEqual(fields, {
        vpc_Version: '2',
        vpc_Command: 'pay',
        vpc_Merchant: accountOf(kind).merchantId,
        vpc_AccessCode: accountOf(kind).settings['accessCode'],
        ...(kind === 'domestic' ? { vpc_Currency: 'VND' } : {}),
        vpc_Locale: 'vn',
        vpc_MerchTxnRef: REFERENCE,
        vpc_OrderInfo: 'DVC 4711',
        vpc_Amount: '15000000',
        vpc_ReturnURL: 'https://thanhtoan.example.gov.vn/gateways/onepay/return/abc-_123',
        vpc_TicketNo: '113.160.92.202',
        AgainLink: 'https://thanhtoan.example.gov.vn',
        Title: 'Thanh toan',
      });
    });
  }

  it('names a payer without an IPv4 address as the guide allows: in at most 15 characters', async () => {
    const told = async (payerIp: string) =>
      (await payUrl('domestic', { payerIp })).searchParams.get('vpc_TicketNo');
    assert.equal(await told('::ffff:113.160.92.202'), '113.160.92.202');
    const others = ['2001:db8::8a2e:370:7334', '1::ffff:1.2.3.4', '::1.2.3.4', '1.2.3.4, 5.6.7.8', '::1'];
    for (const other of [...others, '', 'unknown']) {
      assert.equal(await told(other), '127.0.0.1', other);
    }
  });

  it('says nothing that could be read as another field', async () => {
    const url = await payUrl('domestic', { description: 'Lệ phí&vpc_Amount=1|'.repeat(3), locale: 'en' });
    assert.match(url.searchParams.get('vpc_OrderInfo') ?? '', /^[A-Za-z0-9 ._-]{1,34}$/);
    assert.equal(url.searchParams.get('vpc_Locale'), 'en');
    const told = await payUrl('domestic', { description: 'DVC_47.11-a&|=b' });
    assert.equal(told.searchParams.get('vpc_OrderInfo'), 'DVC_47.11-a b');
  });

  it('tells an empty access code where the account has none', async () => {
    const url = await payUrl('domestic', { account: { ...accountOf('domestic'), settings: {} } });
    assert.equal(url.searchParams.get('vpc_AccessCode'), '');
  });

  it('is not made with a key that is not hexadecimal', async () => {
    for (const key of ['', 'xyz', 'A3E', 'A3 EF']) {
      const account = { ...accountOf('domestic'), secrets: [{ hash: key }] };
      await assert.rejects(async () => payUrl('domestic', { account }), /no OnePay key/);
    }
  });

  it('is found by a reference of at most 34 letters and digits', () => {
    assert.equal(REFERENCE, 'OP2611223MV0123456789ABCDEF');
    const { profile } = adapterOf('domestic');
    assert.match(
      profile.merchantReference(3_656_158_440_062_975n, STARTED_AT, '0123456789abcdef'),
      /^[A-Z0-9]{34}$/,
    );
    assert.equal(
      profile.merchantReference(1n, STARTED_AT, 'ffff0123456789abcdef'),
      'OP26112210123456789ABCDEF',
    );
  });
});

describe('an IPN of OnePay', () => {
  it('verifies as the published vectors do, in any order and however encoded', () => {
    const returns = vectors.filter(({ op }) => op === 'return');
    assert.equal(returns.length, 2);
    for (const { input, secretHex, signature, canonical: text } of returns) {
      assert.equal(hash(text, secretHex), signature);
      const kind: Kind = input['vpc_Merchant'] === 'ONEPAY' ? 'domestic' : 'international';
      const outcome = {
        kind: 'succeeded',
        amount: vnd(900_000),
        gatewayTransactionId: input['vpc_TransactionNo'],
        paidAt: NOW,
      };
      const fields = { ...input, vpc_SecureHash: signature };
      for (const query of [
        new URLSearchParams(fields).toString(),
        Object.entries(fields)
          .reverse()
          .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
          .join('&'),
      ]) {
        assert.deepEqual(outcomeOf(read(query, kind)), outcome);
        assert.deepEqual(read(query.replace('90000000', '90000100'), kind), BAD_SIGNATURE);
      }
    }
  });

  it('signs requests as the published vectors do', () => {
    const requests = vectors.filter(({ op }) => op === 'request');
    assert.equal(requests.length, 2);
    for (const { input, secretHex, signature } of requests) {
      const { secrets: _secrets, ...account } = accountOf('domestic');
      const reading = adapterOf('domestic').readCallback(
        get(new URLSearchParams({ ...input, vpc_SecureHash: signature }).toString()),
        { ...account, secrets: [{ hash: secretHex }], merchantId: input['vpc_Merchant'] ?? '' },
        NOW,
      );
      // The signature fits; what is missing is only what an IPN has and a request has not.
      assert.deepEqual(reading, MALFORMED);
    }
  });

  it('is refused with a name twice, encoded or of another spelling', () => {
    const query = signedForm(ipnFields('domestic', PAYMENT), KEYS.domestic);
    for (const doubled of [
      `${query}&vpc_Amount=15000000`,
      `vpc_TxnResponseCode=0&${query}`,
      `${query}&Title=a&Title=a`,
      query.replace('vpc_Amount', 'vpc%5FAmount'),
      `${query}&vpc_Amount[]=1`,
      `${query}&`,
      query.replace('DVC%204711', '%zz'),
    ]) {
      assert.deepEqual(read(doubled), MALFORMED, doubled);
    }
  });

  it('is refused when one field is folded into another, which leaves the signed text as it was', () => {
    const fields: Record<string, string> = { ...ipnFields('domestic', { ...PAYMENT, code: '99' }) };
    const text = canonical(fields);
    const { vpc_TxnResponseCode: code = '', ...rest } = fields;
    rest['vpc_TransactionNo'] = `${rest['vpc_TransactionNo'] ?? ''}&vpc_TxnResponseCode=${code}`;
    assert.equal(canonical(rest), text, 'the same text is signed');
    assert.deepEqual(read(signedForm(rest, KEYS.domestic)), MALFORMED);
  });

  it('may carry an ampersand that begins nothing, and none that begins a field', () => {
    assert.equal(outcomeOf(readChanged({ vpc_OrderInfo: 'A & B&c=d' }))?.kind, 'succeeded');
    for (const vpc_OrderInfo of ['A&vpc_Card=VC', 'A&user_Note=B']) {
      assert.deepEqual(readChanged({ vpc_OrderInfo }), MALFORMED, vpc_OrderInfo);
    }
  });

  it('may name the kind of its signature, carry a field without a value and parameters of others', () => {
    const query = signedForm(ipnFields('domestic', PAYMENT), KEYS.domestic);
    for (const more of ['vpc_SecureHashType=SHA256', 'vpc_Card', 'vpc_Card=', 'fbclid=%zz', 'flag']) {
      assert.equal(outcomeOf(read(`${query}&${more}`))?.kind, 'succeeded', more);
    }
    assert.equal(outcomeOf(readChanged({ user_Note: 'signed too' }))?.kind, 'succeeded');
    assert.deepEqual(read(`${query}&user_Note=unsigned`), BAD_SIGNATURE);
  });

  it('is as good as forged when it is for another merchant', () => {
    assert.deepEqual(readChanged({ vpc_Merchant: 'ANOTHER' }), BAD_SIGNATURE);
  });

  it('is refused with a signature that is lower case, cut, absent or of another key', () => {
    const [text = '', signature = ''] = signedForm(ipnFields('domestic', PAYMENT), KEYS.domestic).split(
      '&vpc_SecureHash=',
    );
    for (const claimed of ['', signature.toLowerCase(), signature.slice(1), `${signature}0`]) {
      assert.deepEqual(read(`${text}&vpc_SecureHash=${claimed}`), BAD_SIGNATURE);
    }
    assert.deepEqual(read(text), BAD_SIGNATURE);
    assert.deepEqual(read(signedForm(ipnFields('domestic', PAYMENT), KEYS.international)), BAD_SIGNATURE);
  });

  it('is refused as a POST, and by an account whose key is not hexadecimal', () => {
    const message = get(signedForm(ipnFields('domestic', PAYMENT), KEYS.domestic));
    const adapter = adapterOf('domestic');
    assert.deepEqual(
      adapter.readCallback({ ...message, method: 'POST' }, accountOf('domestic'), NOW),
      MALFORMED,
    );
    const account = { ...accountOf('domestic'), secrets: [{ hash: `${KEYS.domestic}z` }] };
    assert.deepEqual(adapter.readCallback(message, account, NOW), BAD_SIGNATURE);
  });

  it('is malformed with an amount that is not exactly one, or of another currency', () => {
    const amounts = ['', '0', '00', '15000050', '015000000', '1.5e7', '-15000000', ' 15000000', '1500.00'];
    for (const vpc_Amount of [...amounts, '9'.repeat(30), '90000000000000010000']) {
      assert.deepEqual(readChanged({ vpc_Amount }), MALFORMED, vpc_Amount);
    }
    const largest = outcomeOf(readChanged({ vpc_Amount: '900000000000000000' }));
    assert.deepEqual(largest?.kind === 'succeeded' && largest.amount, vnd(9_000_000_000_000_000n));
    assert.deepEqual(readChanged({ vpc_Amount: '900000000000000100' }), MALFORMED);
    for (const currency of ['USD', 'vnd', '704']) {
      assert.deepEqual(readChanged({ vpc_CurrencyCode: currency }), MALFORMED);
      assert.deepEqual(readChanged({ vpc_Currency: currency }), MALFORMED);
    }
  });

  it('is malformed without a reference, a code, a command, or with a success of no number', () => {
    for (const changes of [
      { vpc_MerchTxnRef: '' },
      { vpc_MerchTxnRef: 'a b' },
      { vpc_TxnResponseCode: '' },
      { vpc_TxnResponseCode: '0 ' },
      { vpc_TxnResponseCode: '00000' },
      { vpc_Command: '' },
      { vpc_Command: '<refund' },
      { vpc_Command: 'refund>' },
      { vpc_Command: 'x'.repeat(41) },
      { vpc_TransactionNo: '' },
      { vpc_TransactionNo: '0' },
      { vpc_TransactionNo: '000' },
      { vpc_TransactionNo: 'a b' },
    ]) {
      assert.deepEqual(readChanged(changes), MALFORMED, JSON.stringify(changes));
    }
  });

  it('may have a number that begins with a nought', () => {
    const outcome = outcomeOf(readChanged({ vpc_TransactionNo: '01617996' }));
    assert.equal(outcome?.kind === 'succeeded' && outcome.gatewayTransactionId, '01617996');
  });

  it('about anything but a payment is read as nothing of ours', () => {
    assert.deepEqual(readChanged({ vpc_Command: 'refund' }), {
      kind: 'read',
      items: [{ kind: 'irrelevant', what: 'refund' }],
    });
  });

  it('succeeds with 0 alone, of either kind', () => {
    for (const kind of KINDS) {
      assert.equal(outcomeOf(readChanged({}, kind))?.kind, 'succeeded');
      for (const code of ['00', '000', 'O', '?', '10']) {
        assert.notEqual(outcomeOf(readChanged({ vpc_TxnResponseCode: code }, kind))?.kind, 'succeeded');
      }
    }
  });

  const FAILURES: Readonly<Record<Kind, Fields>> = {
    domestic: {
      ...Object.fromEntries(
        ['1', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '22', '23', '24'].map((code) => [
          code,
          'declined',
        ]),
      ),
      '13': 'over_limit',
      '21': 'insufficient_funds',
      '25': 'not_verified',
      '99': 'cancelled_at_bank',
      '253': 'page_expired',
    },
    international: {
      ...Object.fromEntries(['1', '2', '4', '8', '9', 'E', 'Z'].map((code) => [code, 'declined'])),
      '5': 'insufficient_funds',
      '99': 'cancelled_at_bank',
      '253': 'page_expired',
      B: 'not_verified',
      F: 'not_verified',
    },
  };
  for (const kind of KINDS) {
    it(`fails for every code that the guide calls a failure, and no other (${kind})`, () => {
      assert.deepEqual({ ...adapterOf(kind).profile.failureReasons }, FAILURES[kind]);
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ?'.split('');
      const codes = [...Array.from({ length: 400 }, (_, number) => String(number)), ...letters];
      for (const code of codes.filter((one) => one !== '0')) {
        const outcome = outcomeOf(readChanged({ vpc_TxnResponseCode: code, vpc_TransactionNo: '' }, kind));
        const expected = Object.hasOwn(FAILURES[kind], code) ? 'failed' : 'pending';
        assert.deepEqual(outcome, { kind: expected, gatewayCode: code });
      }
    });
  }

  it('of an international card stays pending where the same code of a domestic one is a failure', () => {
    for (const code of ['3', '6', '7']) {
      assert.equal(outcomeOf(readChanged({ vpc_TxnResponseCode: code }, 'domestic'))?.kind, 'failed');
      assert.equal(outcomeOf(readChanged({ vpc_TxnResponseCode: code }, 'international'))?.kind, 'pending');
    }
  });

  it('is answered in the words of OnePay, in plain text', () => {
    const adapter = adapterOf('domestic');
    const good = { status: 200, contentType: 'text/plain', body: 'responsecode=1&desc=confirm-success' };
    assert.deepEqual(adapter.acknowledge('recorded'), good);
    assert.deepEqual(adapter.acknowledge('already_recorded'), good);
    for (const result of ['unknown_payment', 'amount_differs', 'rejected', 'try_again'] as const) {
      assert.match(adapter.acknowledge(result).body, /^responsecode=0&desc=[a-z-]+$/);
    }
  });
});

describe('a query to OnePay', () => {
  const payment = { account: accountOf('domestic'), merchantReference: REFERENCE, startedAt: STARTED_AT };
  const ask = (body: string, now = NOW, status = 200) =>
    subjectOf('domestic').create(answering(body, status), now).queries!.queryPayment(payment, never());
  const told = (changes: Fields = {}): string =>
    signedForm({ vpc_DRExists: 'Y', ...ipnFields('domestic', PAYMENT), ...changes }, KEYS.domestic);

  it('asks by our reference with the user and password of queries, signed', async () => {
    const sent: GatewayHttpRequest[] = [];
    const listening = subjectOf('domestic').create((request) => {
      sent.push(request);
      return answering(told())(request, never());
    }, NOW);
    await listening.queries!.queryPayment(payment, never());
    const [request] = sent;
    assert.deepEqual([request?.method, request?.url], ['POST', QUERY_URL]);
    assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
    const { vpc_SecureHash, ...fields } = Object.fromEntries(new URLSearchParams(String(request.body)));
    assert.deepEqual(fields, {
      vpc_Version: '2',
      vpc_Command: 'queryDR',
      vpc_Merchant: 'ONEPAY',
      vpc_AccessCode: 'D67342C2',
      vpc_User: 'op01',
      vpc_Password: 'op123456',
      vpc_MerchTxnRef: REFERENCE,
    });
    assert.equal(vpc_SecureHash, hash(canonical(fields), KEYS.domestic));
  });

  it('asks with empty words where the account has none of its own', async () => {
    const sent: URLSearchParams[] = [];
    const listening = subjectOf('domestic').create(({ body }) => {
      sent.push(new URLSearchParams(String(body)));
      return Promise.reject(new Error('lost'));
    }, NOW);
    const account = { ...payment.account, settings: {}, secrets: [{ hash: KEYS.domestic }] };
    await assert.rejects(listening.queries!.queryPayment({ ...payment, account }, never()), /lost/);
    for (const name of ['vpc_AccessCode', 'vpc_User', 'vpc_Password'])
      assert.equal(sent[0]?.get(name), '', name);
  });

  it('learns of money whose time lies within the life of the payment, however late it asks', async () => {
    const early = await ask(told());
    assert.deepEqual(early.kind === 'succeeded' && early.paidAt, NOW);
    const late = await ask(`${told()}\n`, new Date('2026-11-25T00:00:00Z'));
    assert.deepEqual(late.kind === 'succeeded' && late.paidAt, new Date('2026-11-22T03:13:00Z'));
  });

  it('reads what is still open as pending', async () => {
    for (const code of ['100', '300', '77']) {
      assert.deepEqual(await ask(told({ vpc_TxnResponseCode: code })), {
        kind: 'pending',
        gatewayCode: code,
      });
    }
  });

  it('is no answer with another status, no signature, another payment or merchant, or a doubled name', async () => {
    await assert.rejects(ask(told(), NOW, 500), /answered 500/);
    for (const bad of [
      '',
      'access denied',
      told().split('&vpc_SecureHash')[0] ?? '',
      `${told()}&vpc_DRExists=Y`,
      told().replace('vpc_DRExists=Y', 'vpc_DRExists=N'),
      told({ vpc_MerchTxnRef: `${REFERENCE}X` }),
      told({ vpc_Merchant: 'ANOTHER' }),
      told({ vpc_DRExists: '' }),
      told({ vpc_DRExists: 'M' }),
      told({ vpc_Amount: '15000050' }),
      signedForm({ vpc_DRExists: 'N' }, KEYS.domestic),
    ]) {
      await assert.rejects(ask(bad), /not a genuine one/, bad);
    }
  });
});

describe('OnePay made of its variables', () => {
  const variables = {
    ONEPAY_KIND: 'international',
    ONEPAY_MERCHANT_ID: 'TESTONEPAY',
    ONEPAY_ACCESS_CODE: '6BEB2546',
    ONEPAY_HASH_KEY: KEYS.international,
    ONEPAY_PAY_URL: PAGES.international,
    ONEPAY_QUERY_URL: QUERY_URL,
    ONEPAY_QUERY_USER: 'op01',
    ONEPAY_QUERY_PASSWORD: 'op123456',
  };
  const deps = { fetch: SILENT, clock: { now: () => NOW } };

  it('reads the codes of its kind of cards', () => {
    const registry = openRegistry({ onepay: variables }, deps);
    const reasons = registry.get('onepay')?.profile.failureReasons;
    assert.equal(reasons?.['5'], 'insufficient_funds');
    assert.deepEqual(registry.platformAccount('onepay'), accountOf('international'));
    assert.equal(registry.get('onepay')?.refunds, undefined);
  });

  it('does not start with another kind', () => {
    const build = () => openRegistry({ onepay: { ...variables, ONEPAY_KIND: 'both' } }, deps);
    assert.throws(build, /ONEPAY_KIND must be one of domestic, international/);
  });
});
