/** The contract suite: what every gateway adapter must do, run over all of them. */
import assert from 'node:assert/strict';
import type { GatewayHttp } from '../../src/platform/gateway-http.ts';
import { money, vnd, type Money } from '../../src/domain/kernel/money.ts';
import type {
  CallbackReading,
  GatewayAdapter,
  MerchantAccount,
  RawMessage,
} from '../../src/gateways/gateway-adapter.ts';

/** A payment as the other party would tell it. `code` is the gateway's own word; absent means approved. */
export interface ToldPayment {
  readonly merchantReference: string;
  readonly gatewayTransactionId: string;
  readonly amount: Money;
  readonly paidAt: Date;
  readonly code?: string;
}

/** What a gateway's test must supply: its own, independent way to make the other party's messages. */
export interface ContractSubject {
  readonly name: string;
  /** An adapter that talks through the given HTTP function. */
  create(fetch: GatewayHttp, now: Date): GatewayAdapter;
  readonly account: MerchantAccount;
  /** The same account to the gateway's eye but for its id, its secret kept. */
  readonly otherMerchant: MerchantAccount;
  /** A genuine callback to this account, sent at `sentAt`. */
  callback(payment: ToldPayment, sentAt: Date): RawMessage;
  /** A code that the gateway's table does not hold, and one that it marks as a definitive decline. */
  readonly unknownCode: string;
  readonly declinedCode: string;
  /** HTTP that answers a query for `payment` genuinely, as `not_known`, or with something forged. */
  queryAnswer(
    payment: ToldPayment | 'not_known' | 'forged',
    merchantReference: string,
    now: Date,
  ): GatewayHttp;
  /** HTTP that answers a refund genuinely, or with something forged. */
  refundAnswer(answer: 'succeeded' | 'forged', refundReference: string, now: Date): GatewayHttp;
  /** A whole settlement file of one payment line. */
  settlementFile?(payment: ToldPayment): Uint8Array;
}

const NOW = new Date('2026-11-22T03:00:00Z');
const SILENT: GatewayHttp = () => Promise.reject(new Error('no HTTP in this test'));
const never = () => new AbortController().signal;

function aPayment(changes: Partial<ToldPayment> = {}): ToldPayment {
  return {
    merchantReference: 'REF261122ABCDEF01',
    gatewayTransactionId: 'TXN000001',
    amount: vnd(503_000),
    paidAt: new Date('2026-11-22T02:59:30Z'),
    ...changes,
  };
}

export function keepsTheGatewayContract(subject: ContractSubject): void {
  const { account } = subject;
  const adapter = subject.create(SILENT, NOW);
  const read = (message: RawMessage, as: MerchantAccount = account, at: Date = NOW): CallbackReading =>
    adapter.readCallback(message, as, at);

  describe(`${subject.name} keeps the gateway contract`, () => {
    it('reads a genuine success with its amount, transaction and time', () => {
      const payment = aPayment();
      assert.deepEqual(read(subject.callback(payment, NOW)), {
        kind: 'read',
        items: [
          {
            kind: 'payment',
            merchantReference: payment.merchantReference,
            outcome: {
              kind: 'succeeded',
              amount: payment.amount,
              gatewayTransactionId: payment.gatewayTransactionId,
              paidAt: payment.paidAt,
            },
          },
        ],
      });
    });

    it('gives the same reading for a replayed message', () => {
      const message = subject.callback(aPayment(), NOW);
      assert.deepEqual(read(message), read(message));
    });

    it('rejects a message whose body has any byte flipped', () => {
      const message = subject.callback(aPayment(), NOW);
      for (let index = 0; index < message.body.length; index += 1) {
        const body = Uint8Array.from(message.body);
        body[index] = (body[index] ?? 0) ^ 1;
        assert.equal(read({ ...message, body }).kind, 'rejected', `byte ${index} of the body`);
      }
    });

    it('rejects a message signed with another secret', () => {
      const secrets = account.secrets.map((secret) =>
        Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, `${value}x`])),
      );
      const message = subject.callback(aPayment(), NOW);
      assert.equal(read(message, { ...account, secrets }).kind, 'rejected');
    });

    it('reads a message signed with either of two secrets', () => {
      const other = Object.fromEntries(
        Object.entries(account.secrets[0] ?? {}).map(([name, value]) => [name, `other-${value}`]),
      );
      const message = subject.callback(aPayment(), NOW);
      assert.equal(read(message, { ...account, secrets: [other, ...account.secrets] }).kind, 'read');
      assert.equal(read(message, { ...account, secrets: [...account.secrets, other] }).kind, 'read');
    });

    it('rejects every message when the account has no secret', () => {
      const message = subject.callback(aPayment(), NOW);
      assert.deepEqual(read(message, { ...account, secrets: [] }), {
        kind: 'rejected',
        why: 'bad_signature',
      });
    });

    it("rejects another merchant's message even when the secret is the same", () => {
      assert.equal(read(subject.callback(aPayment(), NOW), subject.otherMerchant).kind, 'rejected');
    });

    it('reads a code that is not in the table as pending', () => {
      const reading = read(subject.callback(aPayment({ code: subject.unknownCode }), NOW));
      const [item] = reading.kind === 'read' ? reading.items : [];
      assert.equal(item?.kind === 'payment' && item.outcome.kind, 'pending');
    });

    it('reads a definitive decline as failed', () => {
      const reading = read(subject.callback(aPayment({ code: subject.declinedCode }), NOW));
      const [item] = reading.kind === 'read' ? reading.items : [];
      assert.equal(item?.kind === 'payment' && item.outcome.kind, 'failed');
    });

    it('reports an amount as it was told, whatever was due', () => {
      for (const amount of [vnd(502_999), vnd(0), vnd(1_000_000_000_000_000n)]) {
        const reading = read(subject.callback(aPayment({ amount }), NOW));
        const [item] = reading.kind === 'read' ? reading.items : [];
        const outcome = item?.kind === 'payment' ? item.outcome : null;
        assert.deepEqual(outcome?.kind === 'succeeded' ? outcome.amount : null, amount);
      }
    });

    it('rejects or reads nonsense without throwing', () => {
      for (const body of ['', '{', '[]', 'null', '\ufeff{}', '<xml/>', 'a=b&a=c']) {
        for (const method of ['GET', 'POST'] as const) {
          const message = { method, query: body, headers: new Map(), body: Buffer.from(body) };
          assert.equal(read(message).kind, 'rejected', `${method} ${body}`);
        }
      }
    });

    it('has a word for every result', () => {
      const results = [
        'recorded',
        'already_recorded',
        'unknown_payment',
        'amount_differs',
        'rejected',
        'try_again',
      ] as const;
      for (const result of results) {
        const reply = adapter.acknowledge(result);
        assert.ok(reply.status >= 200 && reply.status <= 599 && reply.contentType !== '', result);
      }
      assert.ok(adapter.acknowledge('try_again').body !== adapter.acknowledge('recorded').body);
    });

    it('makes references that are unique, keep to the grammar and cannot be guessed', () => {
      const nonce = '0123456789abcdef';
      const merchantReference = (number: bigint) => adapter.profile.merchantReference(number, NOW, nonce);
      const many = [1n, 9n, 10n, 35n, 36n, 9_223_372_036_854_775_807n];
      const references = many.map(merchantReference);
      assert.equal(new Set(references).size, many.length);
      for (const reference of references) assert.match(reference, /^[A-Za-z0-9_-]{6,40}$/);
      assert.equal(merchantReference(7n), merchantReference(7n));
    });

    it('has limits in a currency it takes', () => {
      const { amountMin, amountMax, currencies, paymentLifetimeMinutes } = adapter.profile;
      assert.ok(currencies.includes(amountMin.currency) && currencies.includes(amountMax.currency));
      assert.ok(amountMin.amountMinor < amountMax.amountMinor && paymentLifetimeMinutes > 0);
    });

    it('lets an HTTP failure at the start reach the caller', async () => {
      const request = {
        account,
        merchantReference: adapter.profile.merchantReference(1n, NOW, '0123456789abcdef'),
        amount: money(adapter.profile.amountMin.amountMinor, adapter.profile.amountMin.currency),
        description: 'Le phi',
        locale: 'vi',
        payerIp: '127.0.0.1',
        startedAt: NOW,
        returnUrl: 'http://localhost/return',
        callbackUrl: 'http://localhost/callback',
      } as const;
      const broken = subject.create(() => Promise.reject(new Error('connection reset')), NOW);
      await assert.rejects(broken.startPayment(request, never()), /connection reset/);
    });

    if (adapter.queries) describeQueries(subject);
    if (adapter.refunds) describeRefunds(subject);
    if (adapter.settlementFiles) describeSettlementFiles(subject);
  });
}

function describeQueries(subject: ContractSubject): void {
  const ask = (answer: ToldPayment | 'not_known' | 'forged', merchantReference: string) =>
    subject
      .create(subject.queryAnswer(answer, merchantReference, NOW), NOW)
      .queries!.queryPayment({ account: subject.account, merchantReference, startedAt: NOW }, never());

  it('asks for a payment and gives the same outcome as the callback', async () => {
    const payment = aPayment();
    assert.deepEqual(await ask(payment, payment.merchantReference), {
      kind: 'succeeded',
      amount: payment.amount,
      gatewayTransactionId: payment.gatewayTransactionId,
      paidAt: payment.paidAt,
    });
  });

  it('says not_known when the gateway has never heard of the reference', async () => {
    assert.deepEqual(await ask('not_known', 'REF1'), { kind: 'not_known' });
  });

  it('believes no forged answer to a query', async () => {
    await assert.rejects(ask('forged', 'REF1'));
  });

  it('believes no answer about another payment', async () => {
    await assert.rejects(ask(aPayment({ merchantReference: 'ANOTHER1' }), 'REF1'));
  });
}

function describeRefunds(subject: ContractSubject): void {
  const refund = (answer: 'succeeded' | 'forged') =>
    subject.create(subject.refundAnswer(answer, 'RF0001', NOW), NOW).refunds!.refundPayment(
      {
        account: subject.account,
        refundReference: 'RF0001',
        merchantReference: 'REF1',
        gatewayTransactionId: 'TXN000001',
        amount: vnd(1_000),
        reason: 'Hoan tra',
      },
      never(),
    );

  it('asks for a refund and reads that it was made', async () => {
    assert.equal((await refund('succeeded')).kind, 'succeeded');
  });

  it('believes no forged answer to a refund', async () => {
    await assert.rejects(refund('forged'));
  });

  it('asks for the outcome of a refund by our reference', async () => {
    const adapter = subject.create(subject.refundAnswer('succeeded', 'RF0001', NOW), NOW);
    const request = { account: subject.account, refundReference: 'RF0001' };
    assert.equal((await adapter.refunds!.queryRefund(request, never())).kind, 'succeeded');
  });
}

function describeSettlementFiles(subject: ContractSubject): void {
  const { settlementFiles } = subject.create(SILENT, NOW);

  it('reads a settlement file and refuses it cut anywhere', () => {
    const payment = aPayment();
    const bytes = subject.settlementFile!(payment);
    const reading = settlementFiles!.readSettlementFile({ name: 'day.csv', bytes });
    const line = reading.kind === 'read' ? reading.lines[0] : undefined;
    assert.equal(line?.reference, payment.merchantReference);
    assert.deepEqual(line.amount, payment.amount);
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = settlementFiles!.readSettlementFile({ name: 'day.csv', bytes: bytes.slice(0, length) });
      assert.equal(cut.kind, 'unreadable', `cut after ${length} bytes`);
    }
  });
}
