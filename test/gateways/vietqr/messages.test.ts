/** Credit notices: the published vectors of three watchers, each trap of theirs, and what is none of ours. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PayOS } from '@payos/node';
import fc from 'fast-check';
import { isLookupCode } from '../../../src/domain/kernel/lookup-code.ts';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { CallbackReading, MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import { acknowledgement, merchantReference, readCallback } from '../../../src/gateways/vietqr/messages.ts';
import {
  ACCOUNT,
  cassoEntry,
  cassoMessage,
  payosData,
  payosMessage,
  post,
  SECRETS,
  sepayBody,
  sepayKeyMessage,
  sepayMessage,
  type BankCredit,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const CREDIT: BankCredit = {
  reference: 'FT26326000123456',
  content: 'DVC7K2M9QXT4HPD nop phi',
  amount: 503_000n,
  creditedAt: new Date('2026-11-22T02:59:30Z'),
};
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };

interface SepayVector {
  id: string;
  secret: string;
  input: { timestamp: string; rawBody: string; header: string };
}
interface CassoVector {
  id: string;
  secret: string;
  canonical: string;
  input: { header: string; body: { data: Record<string, unknown> } };
}
interface PayosVector {
  id: string;
  op: string;
  secret: string;
  signature: string;
  expectValid: boolean;
  input: { data: Record<string, unknown> };
}
const VECTORS = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as {
  sepay: SepayVector[];
  casso: CassoVector[];
  payos: PayosVector[];
};

const read = (message: RawMessage, account: MerchantAccount = ACCOUNT, at = NOW): CallbackReading =>
  readCallback(message, account, at);
const withSecrets = (secrets: Record<string, string>, merchantId = ACCOUNT.merchantId): MerchantAccount => ({
  ...ACCOUNT,
  merchantId,
  secrets: [secrets],
});
const readSepay = (changes: Record<string, unknown>) => read(sepayMessage(sepayBody(CREDIT, changes), NOW));

function creditsOf(reading: CallbackReading) {
  return reading.kind === 'read'
    ? reading.items.map((item) => (item.kind === 'credit' ? item.amount.amountMinor : item.kind))
    : reading.why;
}

describe('the published vectors of SePay', () => {
  for (const { id, secret, input } of VECTORS.sepay) {
    const message = post(input.rawBody, {
      'x-sepay-timestamp': input.timestamp,
      'x-sepay-signature': input.header,
    });
    const account = withSecrets({ sepay: secret }, '0123499999');
    const sentAt = new Date(Number(input.timestamp) * 1000);

    it(`${id} is read: the bank's own words, not the code that SePay guesses from them`, () => {
      const reading = read(message, account, sentAt);
      const [item] = reading.kind === 'read' ? reading.items : [];
      assert.ok(item?.kind === 'credit');
      assert.equal(item.content, 'DVC2405200123 nop phi');
      assert.equal(item.gatewayTransactionId, 'MBVCB.3278907687');
      assert.deepEqual(item.creditedAt, new Date('2024-05-20T03:16:55Z'));
    });

    it(`${id} is stale after five minutes and a second, and before them`, () => {
      const at = (seconds: number) => new Date(sentAt.getTime() + seconds * 1000);
      assert.equal(read(message, account, at(300)).kind, 'read');
      assert.equal(read(message, account, at(-300)).kind, 'read');
      assert.deepEqual(read(message, account, at(301)), { kind: 'rejected', why: 'stale' });
      assert.deepEqual(read(message, account, at(-301)), { kind: 'rejected', why: 'stale' });
    });
  }

  it('are two movements of one bank reference, told apart by the numbers of SePay', () => {
    const ids = VECTORS.sepay.map(({ secret, input }) => {
      const headers = { 'x-sepay-timestamp': input.timestamp, 'x-sepay-signature': input.header };
      const sentAt = new Date(Number(input.timestamp) * 1000);
      const reading = read(
        post(input.rawBody, headers),
        withSecrets({ sepay: secret }, '0123499999'),
        sentAt,
      );
      return reading.kind === 'read' && reading.items[0]?.kind === 'credit'
        ? reading.items[0].noticeId
        : null;
    });
    assert.deepEqual(ids, ['sepay:92704', 'sepay:92705']);
  });
});

describe('a notice of SePay', () => {
  it('is believed with the API key where there is no secret, and not with another key', () => {
    const account = withSecrets({ sepayApiKey: SECRETS.sepayApiKey });
    assert.deepEqual(creditsOf(read(sepayKeyMessage(sepayBody(CREDIT)), account)), [503_000n]);
    for (const key of ['other', '', `${SECRETS.sepayApiKey} `, SECRETS.sepayApiKey.toUpperCase()]) {
      assert.deepEqual(read(sepayKeyMessage(sepayBody(CREDIT), key), account), BAD_SIGNATURE, key);
    }
    const other = post(sepayBody(CREDIT), { authorization: `Bearer ${SECRETS.sepayApiKey}` });
    assert.deepEqual(read(other, account), BAD_SIGNATURE);
  });

  it('is not believed by its key when it carries a signature that does not hold', () => {
    const forged = sepayMessage(sepayBody(CREDIT), NOW, 'wrong');
    const headers = new Map([
      ...forged.headers,
      ['authorization', [`Apikey ${SECRETS.sepayApiKey}`]] as const,
    ]);
    assert.deepEqual(read({ ...forged, headers }), BAD_SIGNATURE);
  });

  it('of money that leaves the account says nothing of ours', () => {
    assert.deepEqual(readSepay({ transferType: 'out' }), {
      kind: 'read',
      items: [{ kind: 'irrelevant', what: 'transfer_out' }],
    });
  });

  it('of another account says nothing of ours', () => {
    assert.deepEqual(readSepay({ accountNumber: '999' }), {
      kind: 'read',
      items: [{ kind: 'irrelevant', what: 'credit_of_another_account' }],
    });
    assert.deepEqual(readSepay({ accountNumber: '1122 3344 5566' }), readSepay({}), 'spaces are no other');
  });

  it('is refused when its signature or its time is not spelled as they are', () => {
    const body = sepayBody(CREDIT);
    const seconds = String(NOW.getTime() / 1000);
    const signed = (timestamp: string) =>
      `sha256=${createHmac('sha256', SECRETS.sepay).update(`${timestamp}.${body}`).digest('hex')}`;
    const told = (timestamp: string, signature = signed(timestamp)) =>
      read(post(body, { 'x-sepay-timestamp': timestamp, 'x-sepay-signature': signature }));
    assert.equal(told(seconds).kind, 'read');
    for (const timestamp of [`x${seconds}`, `${seconds}x`, `0${seconds}`, 'NaN', '', '0']) {
      assert.deepEqual(told(timestamp), BAD_SIGNATURE, timestamp);
    }
    for (const signature of [`x${signed(seconds)}`, `${signed(seconds)}0`, signed(seconds).slice(7), '']) {
      assert.deepEqual(told(seconds, signature), BAD_SIGNATURE, signature);
    }
  });

  it('is believed by its key when it carries a signature and the account has no secret for it', () => {
    const signed = sepayMessage(sepayBody(CREDIT), NOW);
    const key = ['authorization', [`Apikey ${SECRETS.sepayApiKey}`]] as const;
    const message = { ...signed, headers: new Map([...signed.headers, key]) };
    assert.equal(read(message, withSecrets({ sepayApiKey: SECRETS.sepayApiKey })).kind, 'read');
    assert.equal(read(sepayKeyMessage(sepayBody(CREDIT))).kind, 'read', 'nor where it carries none');
  });

  it('is not believed by its key beside half a signature', () => {
    for (const half of ['x-sepay-timestamp', 'x-sepay-signature']) {
      const { body, headers } = sepayKeyMessage(sepayBody(CREDIT));
      const more = new Map([...headers, [half, ['1795316400']] as const]);
      assert.deepEqual(read({ method: 'POST', query: '', body, headers: more }), BAD_SIGNATURE, half);
    }
    const named = post(sepayBody(CREDIT), { authorization: `Bearer Apikey ${SECRETS.sepayApiKey}` });
    assert.deepEqual(read(named), BAD_SIGNATURE);
  });

  it('may say nothing', () => {
    for (const content of [null, '', undefined]) {
      const reading = readSepay({ content });
      assert.equal(
        reading.kind === 'read' && reading.items[0]?.kind === 'credit' && reading.items[0].content,
        '',
      );
    }
  });

  it('may be as long as five hundred characters', () => {
    assert.equal(readSepay({ content: 'x'.repeat(500) }).kind, 'read');
  });

  it("is named by the bank's number without the blanks around it", () => {
    const reading = readSepay({ referenceCode: ' FT1 ' });
    assert.ok(reading.kind === 'read' && reading.items[0]?.kind === 'credit');
    assert.equal(reading.items[0].gatewayTransactionId, 'FT1');
  });

  it("is named by SePay's number when the bank gives none", () => {
    for (const referenceCode of [null, '', ' ', 'có dấu']) {
      const reading = readSepay({ referenceCode });
      assert.ok(reading.kind === 'read' && reading.items[0]?.kind === 'credit');
      assert.equal(reading.items[0].gatewayTransactionId, 'sepay:92704');
    }
  });

  const nonsense: readonly Record<string, unknown>[] = [
    ...['150000', 150000.5, -1, 0, null, 1e21, undefined, [], true].map((transferAmount) => ({
      transferAmount,
    })),
    ...['92704', null, 1.5, -1].map((id) => ({ id })),
    ...[
      'x2026-11-22 10:00:00',
      '2026-11-22 10:00:00.5',
      '2026-11-31 10:00:00',
      '2026-11-22T10:00:00',
      '2026-11-22 24:00:00',
      '',
      null,
      5,
    ].map((transactionDate) => ({ transactionDate })),
    ...['IN', '', null, 'transfer'].map((transferType) => ({ transferType })),
    { accountNumber: 112233445566 },
    { content: 'x'.repeat(501) },
  ];
  for (const changes of nonsense) {
    it(`with ${JSON.stringify(changes)} is refused whole`, () => {
      assert.deepEqual(readSepay(changes), MALFORMED);
    });
  }

  for (const written of ['1e3', '503000.0', '0503000', '+503000', '-503000', ' 503000x']) {
    it(`with an amount written ${written} is refused`, () => {
      const body = sepayBody(CREDIT).replace('"transferAmount":503000', `"transferAmount":${written}`);
      assert.deepEqual(read(sepayMessage(body, NOW)), MALFORMED);
    });
  }

  it('with a key twice is refused', () => {
    const body = sepayBody(CREDIT).replace('{', '{"transferAmount":1,');
    assert.deepEqual(read(sepayMessage(body, NOW)), MALFORMED);
  });
});

describe('the published vectors of Casso', () => {
  for (const { id, secret, input } of VECTORS.casso) {
    const message = post(JSON.stringify(input.body), { 'x-casso-signature': input.header });
    it(`${id} is read`, () => {
      const reading = read(message, withSecrets({ casso: secret }, '88888888'));
      assert.deepEqual(creditsOf(reading), [BigInt(input.body.data['amount'] as number)]);
    });
    it(`${id} is refused under another secret, another time and another amount`, () => {
      const account = withSecrets({ casso: secret }, '88888888');
      assert.deepEqual(read(message, withSecrets({ casso: 'x' }, '88888888')), BAD_SIGNATURE);
      const later = input.header.replace(/t=\d/, 't=9');
      assert.deepEqual(
        read(post(JSON.stringify(input.body), { 'x-casso-signature': later }), account),
        BAD_SIGNATURE,
      );
      const edited = JSON.stringify({ ...input.body, data: { ...input.body.data, amount: 1 } });
      assert.deepEqual(read(post(edited, { 'x-casso-signature': input.header }), account), BAD_SIGNATURE);
    });
  }
});

describe('a notice of Casso', () => {
  /** As PHP writes JSON: slashes and everything beyond ASCII escaped. */
  const asPhp = (body: unknown): string =>
    JSON.stringify(body)
      .replaceAll('/', '\\/')
      .replaceAll(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

  it('is the same however its body escapes slashes and letters', () => {
    const body = { error: 0, data: cassoEntry({ ...CREDIT, content: 'Nộp phí 1/2 DVC7K2M9QXT4HPD' }) };
    const plain = read(cassoMessage(body, NOW));
    const escaped = read(cassoMessage(body, NOW, SECRETS.casso, asPhp));
    assert.equal(plain.kind, 'read');
    assert.deepEqual(escaped, plain);
  });

  it('signed over the escaped text is not one of Casso', () => {
    const body = { data: cassoEntry({ ...CREDIT, content: 'Nộp 1/2' }), error: 0 };
    const t = String(NOW.getTime());
    const v1 = createHmac('sha512', SECRETS.casso)
      .update(`${t}.${asPhp(body)}`)
      .digest('hex');
    assert.deepEqual(read(post(asPhp(body), { 'x-casso-signature': `t=${t},v1=${v1}` })), BAD_SIGNATURE);
  });

  it('tells several movements at once, each by itself', () => {
    const data = [
      cassoEntry({ ...CREDIT, amount: 1_000n }),
      cassoEntry({ ...CREDIT, amount: 2_000n, reference: 'FT2', noticeNumber: 2 }),
      cassoEntry({ ...CREDIT, noticeNumber: 3 }, { amount: -5_000 }),
      cassoEntry({ ...CREDIT, noticeNumber: 4, accountNumber: '1' }),
    ];
    const reading = read(cassoMessage({ error: 0, data }, NOW));
    assert.deepEqual(creditsOf(reading), [1_000n, 2_000n, 'irrelevant', 'irrelevant']);
  });

  const told = (body: Readonly<Record<string, unknown>>) => read(cassoMessage(body, NOW));
  const irrelevant = (what: string) => ({ kind: 'read', items: [{ kind: 'irrelevant', what }] });

  it('of an error says nothing of money', () => {
    for (const error of [1, -1, '0', undefined]) {
      assert.deepEqual(told({ error, data: cassoEntry(CREDIT) }), irrelevant('casso_error'), String(error));
    }
  });

  it('of money that leaves the account says nothing of ours, and what is no whole sum is refused', () => {
    const data = (amount: number) => ({ error: 0, data: cassoEntry(CREDIT, { amount }) });
    assert.deepEqual(told(data(-5_000)), irrelevant('transfer_out'));
    for (const amount of [-5_000.5, 1e-7, 0]) assert.deepEqual(told(data(amount)), MALFORMED, String(amount));
  });

  it('tells up to a hundred movements', () => {
    const many = (length: number) =>
      told({ error: 0, data: Array.from({ length }, (_, n) => cassoEntry({ ...CREDIT, noticeNumber: n })) });
    assert.deepEqual(
      creditsOf(many(100)),
      Array.from({ length: 100 }, () => 503_000n),
    );
    assert.deepEqual(many(101), MALFORMED);
  });

  it('may hold what is null, and nothing but an object', () => {
    const data = cassoEntry(CREDIT, { counterAccountName: null });
    assert.deepEqual(creditsOf(told({ error: 0, data })), [503_000n]);
    assert.deepEqual(told([] as unknown as Record<string, unknown>), MALFORMED);
    assert.deepEqual(told({ error: 0, data: [null] }), MALFORMED);
  });

  it('is refused when its header is not spelled as it is, whatever its body', () => {
    const { body, headers } = cassoMessage({ error: 0, data: cassoEntry(CREDIT) }, NOW);
    const header = headers.get('x-casso-signature')?.[0] ?? '';
    for (const other of [`x${header}`, `${header}0`, header.toUpperCase(), '']) {
      for (const text of [body, Buffer.from('{')]) {
        const message = post(Buffer.from(text).toString(), { 'x-casso-signature': other });
        assert.deepEqual(read(message), BAD_SIGNATURE, other);
      }
    }
  });

  it('is refused whole when one of its movements cannot be read', () => {
    const data = [cassoEntry(CREDIT), cassoEntry(CREDIT, { amount: '5' })];
    assert.deepEqual(read(cassoMessage({ error: 0, data }, NOW)), MALFORMED);
    assert.deepEqual(read(cassoMessage({ error: 0, data: [] }, NOW)), MALFORMED);
    assert.deepEqual(read(cassoMessage({ error: 0 }, NOW)), MALFORMED);
  });

  it('is recognised whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(cassoEntry(CREDIT)), { minLength: 11 }), (keys) => {
        const entry = cassoEntry(CREDIT) as Record<string, unknown>;
        const rest = Object.keys(entry).filter((key) => !keys.includes(key));
        const data = Object.fromEntries([...keys, ...rest].map((key) => [key, entry[key]]));
        assert.deepEqual(creditsOf(read(cassoMessage({ error: 0, data }, NOW))), [503_000n]);
      }),
    );
  });
});

describe('the published vectors of payOS', () => {
  for (const { id, secret, signature, expectValid, input } of VECTORS.payos.filter(
    ({ op }) => op === 'webhook',
  )) {
    it(`${id} is ${expectValid ? 'read' : 'refused'}`, () => {
      const body = JSON.stringify({
        code: '00',
        desc: 'success',
        success: true,
        data: input.data,
        signature,
      });
      const reading = read(post(body, {}), withSecrets({ payos: secret }, '12345678'));
      assert.deepEqual(expectValid ? creditsOf(reading) : reading, expectValid ? [3_000n] : BAD_SIGNATURE);
    });
  }
});

describe('a notice of payOS', () => {
  const library = new PayOS({ clientId: 'c', apiKey: 'a', checksumKey: SECRETS.payos });

  it("is genuine exactly when payOS's own library says so", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.boolean(),
        async (words, isEdited) => {
          const content = words.replaceAll('&', '');
          const genuine = payosMessage(payosData({ ...CREDIT, content }));
          const text = Buffer.from(genuine.body).toString('utf8');
          const message = isEdited
            ? { ...genuine, body: Buffer.from(text.replace('"amount":503000', '"amount":503001')) }
            : genuine;
          const webhook = JSON.parse(Buffer.from(message.body).toString('utf8')) as Parameters<
            typeof library.webhooks.verify
          >[0];
          const isGenuine = await library.webhooks.verify(webhook).then(
            () => true,
            () => false,
          );
          assert.equal(read(message).kind === 'read', isGenuine);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads null, and the words for it, as nothing, as payOS signs them', () => {
    const data = payosData(CREDIT, {
      ...{ counterAccountName: 'null', counterAccountBankId: null, virtualAccountNumber: 'undefined' },
    });
    const signed = payosMessage({ ...data, counterAccountName: '', virtualAccountNumber: '' });
    const { signature } = JSON.parse(Buffer.from(signed.body).toString('utf8')) as { signature: string };
    assert.deepEqual(creditsOf(read(post(JSON.stringify({ data, signature }), {}))), [503_000n]);
  });

  it('believes nothing beside its signed data', () => {
    const { data, signature } = JSON.parse(
      Buffer.from(payosMessage(payosData(CREDIT)).body).toString('utf8'),
    ) as Record<string, unknown>;
    const body = JSON.stringify({ code: '01', success: false, amount: 9, data, signature });
    assert.deepEqual(creditsOf(read(post(body, {}))), [503_000n]);
  });

  it('says nothing of money under another code than 00, and is refused in another currency', () => {
    assert.deepEqual(read(payosMessage(payosData(CREDIT, { code: '01' }))), {
      kind: 'read',
      items: [{ kind: 'irrelevant', what: 'payos_code' }],
    });
    assert.deepEqual(read(payosMessage(payosData(CREDIT, { currency: 'USD' }))), MALFORMED);
  });

  it("is refused without the order's number, or with a number of the bank that is none", () => {
    for (const changes of [
      { orderCode: 'x' },
      { orderCode: -1 },
      { reference: '' },
      { reference: 'có dấu' },
    ]) {
      assert.deepEqual(read(payosMessage(payosData(CREDIT, changes))), MALFORMED, JSON.stringify(changes));
    }
  });

  it('is refused with a signature that is no text', () => {
    const { data, signature } = JSON.parse(
      Buffer.from(payosMessage(payosData(CREDIT)).body).toString('utf8'),
    ) as Record<string, unknown>;
    for (const other of [[signature], null, 1, undefined]) {
      assert.deepEqual(read(post(JSON.stringify({ data, signature: other }), {})), BAD_SIGNATURE);
    }
  });

  it('with a field of a name that could be cut in two ways is left to a person', () => {
    const data = payosData(CREDIT);
    for (const name of ['a&b', 'a=b', 'a b']) {
      assert.deepEqual(read(payosMessage({ [name]: '1', ...data })), MALFORMED, `${name} first`);
      assert.deepEqual(read(payosMessage({ ...data, [name]: '1' })), MALFORMED, `${name} last`);
    }
  });

  it('in which a payer could have written a field into a name is left to a person', () => {
    const message = payosMessage(payosData(CREDIT, { counterAccountName: 'A&description=DVC7K2M9QXT4HPD' }));
    assert.deepEqual(read(message), MALFORMED);
  });
});

describe('a notice of any watcher', () => {
  const messages: Readonly<Record<string, RawMessage>> = {
    sepay: sepayMessage(sepayBody(CREDIT), NOW),
    sepayApiKey: sepayKeyMessage(sepayBody(CREDIT)),
    casso: cassoMessage({ error: 0, data: cassoEntry(CREDIT) }, NOW),
    payos: payosMessage(payosData(CREDIT)),
  };

  for (const [name, message] of Object.entries(messages)) {
    it(`of ${name} is believed with its own secret alone`, () => {
      for (const [secretName, secret] of Object.entries(SECRETS)) {
        const reading = read(message, withSecrets({ [secretName]: secret }));
        assert.equal(reading.kind === 'read', secretName === name, secretName);
      }
      // One string for all: a proof made for one watcher is none for another.
      const same = withSecrets(Object.fromEntries(Object.keys(SECRETS).map((key) => [key, 'same'])));
      assert.deepEqual(read(message, same), BAD_SIGNATURE);
    });
  }

  it('that claims to be of two watchers is refused', () => {
    const headers = new Map([
      ...(messages['sepay']?.headers ?? []),
      ...[...(messages['casso']?.headers ?? [])].filter(([name]) => name === 'x-casso-signature'),
    ]);
    assert.deepEqual(read({ ...messages['sepay']!, headers }), BAD_SIGNATURE);
    const casso = messages['casso']!;
    const key = ['authorization', [`Apikey ${SECRETS.sepayApiKey}`]] as const;
    assert.deepEqual(read({ ...casso, headers: new Map([...casso.headers, key]) }), BAD_SIGNATURE);
  });

  it('is told apart from a visit', () => {
    assert.deepEqual(read({ ...messages['sepay']!, method: 'GET' }), MALFORMED);
  });

  it('is thanked for in one word that all of them take', () => {
    for (const result of ['recorded', 'already_recorded', 'amount_differs'] as const) {
      const { status, contentType, body } = acknowledgement(result);
      assert.deepEqual([status, contentType], [200, 'application/json']);
      assert.equal((JSON.parse(body) as { success: boolean }).success, true);
    }
    for (const result of ['rejected', 'unknown_payment', 'try_again'] as const) {
      const { status, body } = acknowledgement(result);
      assert.ok(status >= 400);
      assert.equal((JSON.parse(body) as { success: boolean }).success, false);
    }
  });
});

describe('the text of a transfer', () => {
  it('is DVC and a code that checks itself, other for each payment and each nonce', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 12n), fc.stringMatching(/^[0-9a-f]{16}$/), (number, nonce) => {
        const text = merchantReference(number, NOW, nonce);
        assert.match(text, /^DVC.{12}$/);
        assert.ok(isLookupCode(text.slice(3)));
        assert.equal(merchantReference(number, NOW, nonce), text);
        assert.notEqual(merchantReference(number + 1n, NOW, nonce), text);
        assert.notEqual(
          merchantReference(
            number,
            NOW,
            nonce.replace(/^./, (c) => (c === '0' ? '1' : '0')),
          ),
          text,
        );
      }),
    );
  });

  it('is told in dong to the last one', () => {
    assert.deepEqual(creditsOf(readSepay({ transferAmount: 999_999_999_999_999 })), [
      vnd(999_999_999_999_999n).amountMinor,
    ]);
  });
});
