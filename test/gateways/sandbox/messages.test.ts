import assert from 'node:assert/strict';
import fc from 'fast-check';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import {
  acknowledgement,
  merchantReference,
  readCallback,
  RESPONSE_CODES,
} from '../../../src/gateways/sandbox/messages.ts';
import { signedHeaders, verifySigned } from '../../../src/gateways/sandbox/signing.ts';
import { ACCOUNT, notice, paymentItem, sign, signedMessage } from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = {
  merchantReference: 'SB261122ABC0123456789AB',
  gatewayTransactionId: 'BT1',
  amount: vnd(503_000),
  paidAt: new Date('2026-11-22T02:59:00Z'),
};
const GENUINE = signedMessage(notice(paymentItem(PAYMENT)), NOW);
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };

const read = (message: RawMessage, at = NOW) => readCallback(message, ACCOUNT, at);
const readText = (body: string | Uint8Array) => read(signedMessage(body, NOW));
const readChanged = (changes: Record<string, unknown>) =>
  readText(notice({ ...paymentItem(PAYMENT), ...changes }));

function withHeader(name: string, values: readonly string[] | null): RawMessage {
  const headers = new Map(GENUINE.headers);
  if (values === null) headers.delete(name);
  else headers.set(name, values);
  return { ...GENUINE, headers };
}

describe('a callback of the sandbox bank', () => {
  it('is refused when any bit of its body is flipped', () => {
    for (let index = 0; index < GENUINE.body.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const body = Uint8Array.from(GENUINE.body);
        body[index] = (body[index] ?? 0) ^ (1 << bit);
        assert.deepEqual(read({ ...GENUINE, body }), BAD_SIGNATURE, `byte ${index}, bit ${bit}`);
      }
    }
  });

  for (const name of ['sandbox-signature', 'sandbox-timestamp']) {
    it(`is refused when any bit of ${name} is flipped`, () => {
      const value = GENUINE.headers.get(name)![0]!;
      for (let index = 0; index < value.length; index += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const flipped = String.fromCharCode(value.charCodeAt(index) ^ (1 << bit));
          const changed = value.slice(0, index) + flipped + value.slice(index + 1);
          assert.deepEqual(read(withHeader(name, [changed])), BAD_SIGNATURE, `${index}, bit ${bit}`);
        }
      }
    });

    it(`is refused when ${name} is absent, empty or doubled`, () => {
      const value = GENUINE.headers.get(name)![0]!;
      for (const values of [null, [], [''], [value, value], [`${value},${value}`], [` ${value}`]]) {
        assert.deepEqual(read(withHeader(name, values)), BAD_SIGNATURE, JSON.stringify(values));
      }
    });
  }

  it('is refused when its signature is cut, upper case or of another version', () => {
    const value = GENUINE.headers.get('sandbox-signature')![0]!;
    for (const changed of [value.slice(0, -1), `${value}0`, value.toUpperCase(), value.replace('v1', 'v0')]) {
      assert.deepEqual(read(withHeader('sandbox-signature', [changed])), BAD_SIGNATURE, changed);
    }
  });

  it('is refused as stale more than five minutes from now, on either side', () => {
    const at = (seconds: number) => read(GENUINE, new Date(NOW.getTime() + seconds * 1000)).kind;
    assert.deepEqual([at(-300), at(300)], ['read', 'read']);
    for (const seconds of [-301, 301, 360, 31_536_000]) {
      const late = read(GENUINE, new Date(NOW.getTime() + seconds * 1000));
      assert.deepEqual(late, { kind: 'rejected', why: 'stale' });
    }
  });

  it('is refused when the signature of one order is put on the body of another', () => {
    const other = signedMessage(notice(paymentItem({ ...PAYMENT, merchantReference: 'SBOTHER' })), NOW);
    assert.deepEqual(read({ ...GENUINE, body: other.body }), BAD_SIGNATURE);
  });

  it('is refused when its time is no count of seconds, whoever signed that', () => {
    const body = notice(paymentItem(PAYMENT));
    for (const timestamp of [
      '',
      '0',
      '01795316400',
      'x1795316400',
      '1795316400x',
      '-1795316400',
      '1e9',
      'NaN',
    ]) {
      const headers = new Map([
        ['sandbox-timestamp', [timestamp]],
        ['sandbox-signature', [sign(body, timestamp)]],
      ]);
      assert.deepEqual(read({ ...GENUINE, headers, body: Buffer.from(body) }), BAD_SIGNATURE, timestamp);
    }
  });

  it('is malformed when it names no merchant or lists nothing', () => {
    const item = paymentItem(PAYMENT);
    for (const members of [
      { items: [item] },
      { merchant_id: 1, items: [item] },
      { merchant_id: 'DVC01' },
      { merchant_id: 'DVC01', items: { 0: item } },
      { merchant_id: 'DVC01', items: [null] },
      { merchant_id: 'DVC01', items: ['payment'] },
      { merchant_id: 'DVC01', items: [{ ...item, type: undefined }] },
      { merchant_id: 'DVC01', items: [{ ...item, type: 1 }] },
    ]) {
      assert.deepEqual(readText(JSON.stringify(members)), MALFORMED, JSON.stringify(members));
    }
  });

  it('may list up to a hundred items', () => {
    const reading = readText(notice(...Array.from({ length: 100 }, () => paymentItem(PAYMENT))));
    assert.equal(reading.kind === 'read' && reading.items.length, 100);
  });

  it('is refused when it is for another merchant, though signed with our secret', () => {
    const body = notice(paymentItem(PAYMENT)).replace('"DVC01"', '"DVC02"');
    assert.deepEqual(readText(body), BAD_SIGNATURE);
  });

  it('is refused as a GET', () => {
    assert.deepEqual(read({ ...GENUINE, method: 'GET' }), MALFORMED);
  });

  it('is verified over the bytes received, whatever their spelling', () => {
    const spaced = JSON.stringify(JSON.parse(notice(paymentItem(PAYMENT))), null, 2);
    assert.deepEqual(readText(spaced), read(GENUINE));
    assert.deepEqual(read({ ...GENUINE, body: Buffer.from(spaced) }), BAD_SIGNATURE);
  });

  it('is malformed with a duplicate key, __proto__, a byte order mark, bad UTF-8 or nesting without end', () => {
    const good = notice(paymentItem(PAYMENT));
    const bodies: (string | Uint8Array)[] = [
      good.replace('"code":"00"', '"code":"00","code":"51"'),
      good.replace('"code":"00"', '"code":"00","code":"00"'),
      good.replace('"code":"00"', '"code":"00","co\\u0064e":"00"'),
      good.replace('"items"', '"__proto__":{"merchant_id":"DVC01"},"items"'),
      `\ufeff${good}`,
      `${good}x`,
      good.slice(0, -1),
      // Whole but for one byte, inside a member that nobody reads.
      Buffer.from(good.replace('"notice_id":"', '"notice_id":"\xff'), 'latin1'),
      `{"merchant_id":"DVC01","items":${'['.repeat(10_000)}`,
      '[]',
      'null',
      '""',
      '',
    ];
    for (const body of bodies) assert.deepEqual(readText(body), MALFORMED, String(body).slice(0, 80));
  });

  it('is malformed when an amount is anything but a decimal string in its own scale', () => {
    const amounts = [503000, 1e3, '1e3', '503000 ', ' 503000', '503,000', '503000.00', '100.005', '-1', '+1'];
    const more = [
      '',
      'NaN',
      '0503000',
      '９',
      '90071992547409930000',
      '9000000000000001',
      null,
      true,
      ['1'],
      {},
    ];
    for (const amount of [...amounts, ...more]) {
      assert.deepEqual(readChanged({ amount }), MALFORMED, JSON.stringify(amount));
    }
  });

  it('keeps large amounts exact', () => {
    const reading = readChanged({ amount: '8999999999999999' });
    const [item] = reading.kind === 'read' ? reading.items : [];
    assert.ok(item?.kind === 'payment' && item.outcome.kind === 'succeeded');
    assert.equal(item.outcome.amount.amountMinor, 8_999_999_999_999_999n);
  });

  it('takes no amount beyond the largest that the books hold', () => {
    const told = (amount: string) => readChanged({ amount }).kind;
    assert.deepEqual(['9000000000000000', '9000000000000001'].map(told), ['read', 'rejected']);
  });

  it("reads an amount in another currency in that currency's scale", () => {
    const told = (amount: string, currency: string) => {
      const reading = readChanged({ amount, currency });
      const [item] = reading.kind === 'read' ? reading.items : [];
      return item?.kind === 'payment' && item.outcome.kind === 'succeeded' ? item.outcome.amount : null;
    };
    assert.deepEqual(told('100.00', 'USD'), { amountMinor: 10_000n, currency: 'USD' });
    assert.deepEqual(told('1.234', 'KWD'), { amountMinor: 1_234n, currency: 'KWD' });
    assert.equal(told('100', 'USD'), null);
    assert.equal(told('100', 'XXX'), null);
    assert.equal(told('100', 'vnd'), null);
  });

  it('is malformed when the success lacks its transaction or its time', () => {
    for (const transaction_id of [undefined, '', 7, 'a b', 'x'.repeat(65), "'--"]) {
      assert.deepEqual(readChanged({ transaction_id }), MALFORMED, String(transaction_id));
    }
    const times = [undefined, '', 0, '2026-11-22', '2026-11-22T03:00:00', '2026-02-30T00:00:00Z', 'now'];
    times.push('on 2026-11-22T03:00:00Z', '2026-11-22T03:00:00Z (noon)');
    for (const paid_at of times) assert.deepEqual(readChanged({ paid_at }), MALFORMED, String(paid_at));
  });

  it('reads a time with the offset of Viet Nam', () => {
    const reading = readChanged({ paid_at: '2026-11-22T09:59:00+07:00' });
    const [item] = reading.kind === 'read' ? reading.items : [];
    assert.ok(item?.kind === 'payment' && item.outcome.kind === 'succeeded');
    assert.deepEqual(item.outcome.paidAt, PAYMENT.paidAt);
  });

  it('reads each code as its table says', () => {
    for (const [code, { meaning }] of Object.entries(RESPONSE_CODES)) {
      const reading = readChanged({ code, status: meaning === 'undecided' ? 'pending' : meaning });
      const [item] = reading.kind === 'read' ? reading.items : [];
      const expected = { approved: 'succeeded', declined: 'failed', undecided: 'pending' }[meaning];
      assert.equal(item?.kind === 'payment' && item.outcome.kind, expected, code);
    }
  });

  it('keeps the code of what is open, and both words where they do not fit', () => {
    for (const [status, code, gatewayCode] of [
      ['pending', '01', '01'],
      ['pending', '09', '09'],
      ['declined', '91', '91'],
      ['approved', '91', 'approved/91'],
      ['declined', '00', 'declined/00'],
      ['pending', '51', 'pending/51'],
      ['pending', 'ngân hàng', 'pending/ng?n?h?ng'],
      ['x'.repeat(70), '00', 'x'.repeat(64)],
    ] as const) {
      const reading = readChanged({ status, code });
      const [item] = reading.kind === 'read' ? reading.items : [];
      assert.deepEqual(item?.kind === 'payment' && item.outcome, { kind: 'pending', gatewayCode });
    }
  });

  it('is malformed without a word or a code', () => {
    for (const changes of [{ status: undefined }, { code: undefined }, { status: 1 }, { code: 0 }]) {
      assert.deepEqual(readChanged(changes), MALFORMED, JSON.stringify(changes));
    }
  });

  it('reads every unknown word or code as pending, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (status, code) => {
        fc.pre(
          !(Object.hasOwn(RESPONSE_CODES, code) && ['approved', 'declined', 'pending'].includes(status)),
        );
        const reading = readChanged({ status, code });
        const [item] = reading.kind === 'read' ? reading.items : [];
        assert.ok(item?.kind === 'payment' && item.outcome.kind === 'pending');
        assert.match(item.outcome.gatewayCode, /^[A-Za-z0-9_./?-]{1,64}$/);
      }),
    );
  });

  it('reads as pending when word and code contradict each other', () => {
    for (const [status, code] of [
      ['approved', '51'],
      ['declined', '00'],
      ['pending', '00'],
      ['pending', '51'],
      ['approved', 'constructor'],
    ]) {
      const reading = readChanged({ status, code });
      const [item] = reading.kind === 'read' ? reading.items : [];
      assert.equal(item?.kind === 'payment' && item.outcome.kind, 'pending', `${status} ${code}`);
    }
  });

  const REFUND = {
    ...{ type: 'refund', refund_reference: 'RF1', refund_id: 'BR1', status: 'approved', code: '00' },
    refunded_at: '2026-11-22T02:59:00Z',
  };
  const readRefund = (changes: Record<string, unknown>) => readText(notice({ ...REFUND, ...changes }));

  it('tells of a refund that was refused, and of one that is open', () => {
    const outcomeOf = (status: string, code: string) => {
      const reading = readRefund({ status, code, refund_id: undefined, refunded_at: undefined });
      const [item] = reading.kind === 'read' ? reading.items : [];
      return item?.kind === 'refund' && item.outcome;
    };
    assert.deepEqual(outcomeOf('declined', '13'), { kind: 'failed', gatewayCode: '13' });
    assert.deepEqual(outcomeOf('pending', '09'), { kind: 'pending', gatewayCode: '09' });
  });

  it('is malformed when a refund lacks its reference, its word, its number or its time', () => {
    for (const changes of [
      { refund_reference: undefined },
      { refund_reference: 'a b' },
      { status: undefined },
      { refund_id: undefined },
      { refunded_at: undefined },
      { refunded_at: '2026-02-30T00:00:00Z' },
    ]) {
      assert.deepEqual(readRefund(changes), MALFORMED, JSON.stringify(changes));
    }
  });

  it('carries several items, refunds and what is new to us among them', () => {
    const reading = readText(notice(paymentItem(PAYMENT), REFUND, { type: 'news', text: 'hello' }));
    assert.deepEqual(reading.kind === 'read' ? reading.items.slice(1) : null, [
      {
        kind: 'refund',
        refundReference: 'RF1',
        outcome: { kind: 'succeeded', gatewayRefundId: 'BR1', refundedAt: PAYMENT.paidAt },
      },
      { kind: 'irrelevant', what: 'news' },
    ]);
  });

  it('is refused whole when one of its items is malformed', () => {
    assert.deepEqual(
      readText(notice(paymentItem(PAYMENT), { ...paymentItem(PAYMENT), amount: '1e3' })),
      MALFORMED,
    );
    assert.deepEqual(readText(notice()), MALFORMED);
    assert.deepEqual(
      readText(notice(...(Array<object>(101).fill(paymentItem(PAYMENT)) as never[]))),
      MALFORMED,
    );
  });

  it('never throws, whatever signed bytes it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        assert.equal(readText(body).kind, 'rejected');
      }),
    );
    fc.assert(
      fc.property(fc.json(), (body) => {
        assert.equal(readText(body).kind, 'rejected');
      }),
    );
  });
});

describe('our requests to the sandbox bank', () => {
  it('are signed with the newest secret over timestamp, full stop and body', () => {
    const account = { ...ACCOUNT, secrets: [{ signing: 'new' }, { signing: 'old' }] };
    assert.deepEqual(signedHeaders('{"a":"ễ"}', account, NOW), {
      'sandbox-timestamp': '1795316400',
      'sandbox-signature': sign('{"a":"ễ"}', '1795316400', 'new'),
    });
  });

  it('cannot be signed without a secret, nor with an empty one', () => {
    for (const secrets of [[], [{}], [{ signing: '' }]]) {
      assert.throws(() => signedHeaders('{}', { ...ACCOUNT, secrets }, NOW), /no sandbox signing secret/);
      const forged = signedMessage('{}', NOW, '');
      assert.equal(verifySigned(forged, { ...ACCOUNT, secrets }, NOW), 'bad_signature');
    }
  });
});

describe('our references at the sandbox bank', () => {
  it('have at most 34 upper-case letters and digits, and the day in Viet Nam', () => {
    const evening = new Date('2026-11-21T17:00:00Z');
    assert.equal(merchantReference(36n, evening, 'ffff0123456789ab'), 'SB261122100123456789AB');
    const largest = merchantReference(9_223_372_036_854_775_807n, NOW, 'ffffffffffffffff');
    assert.ok(largest.length <= 34 && /^[A-Z0-9]+$/.test(largest), largest);
  });
});

describe('our answers to the sandbox bank', () => {
  it('make it stop once a notice is kept, and come again when it is not', () => {
    const statuses = (['recorded', 'already_recorded', 'amount_differs'] as const).map(
      (result) => acknowledgement(result).status,
    );
    assert.deepEqual(statuses, [200, 200, 200]);
    assert.equal(acknowledgement('rejected').status, 401);
    assert.equal(acknowledgement('unknown_payment').status, 404);
    assert.equal(acknowledgement('try_again').status, 503);
    assert.equal(acknowledgement('recorded').contentType, 'application/json');
    assert.deepEqual(JSON.parse(acknowledgement('already_recorded').body), { result: 'already_recorded' });
  });
});
