/** The contract suite: what every gateway adapter must do, run over all of them, and the table of who was held to what. */
import assert from 'node:assert/strict';
import { money, vnd, type Money } from '../../src/domain/kernel/money.ts';
import type {
  CallbackItem,
  CallbackReading,
  GatewayAdapter,
  MerchantAccount,
  RawMessage,
  RefundRequest,
  StartPayment,
} from '../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp } from '../../src/platform/gateway-http.ts';
import { markdownTable } from '../support/documented.ts';
import { wholeFile } from '../support/settlement-files.ts';
import { alterations, flips, withEachPartDoubled, withEachPartDropped } from './message-tampering.ts';

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
  /** As the table of checks shows it. */
  readonly name: string;
  /** An adapter that talks through the given HTTP function. */
  create(fetch: GatewayHttp, now: Date): GatewayAdapter;
  readonly account: MerchantAccount;
  /** The same account to the gateway's eye but for its id, its secret kept. */
  readonly otherMerchant: MerchantAccount;
  /** Where one sender serves several accounts at one address: its notices of others are genuine, and none of ours. */
  readonly othersMessagesAre?: 'irrelevant';
  /** A genuine callback to this account, sent at `sentAt`. */
  callback(payment: ToldPayment, sentAt: Date): RawMessage;
  /** What is read of a genuine callback, where that is not one successful payment at the time it tells. */
  expectedItems?(payment: ToldPayment, receivedAt: Date): readonly CallbackItem[];
  /** A transaction number in the gateway's grammar; TXN000001 unless told. */
  readonly gatewayTransactionId?: string;
  /** Another secret of the same shape, for gateways whose secrets have one; the text with an `x` unless told. */
  otherSecret?(secret: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** False where the gateway calls back for success only: then queries are held to the codes. */
  readonly tellsFailures?: boolean;
  /** True where a callback only says that there is something to ask: queries are held to amounts and codes. */
  readonly callbackAsks?: boolean;
  /** False where answers carry no signature and repeat nothing of the question: then TLS alone vouches for them. */
  readonly bindsAnswers?: boolean;
  /** How old a message may be, for gateways that sign a time of sending. */
  readonly staleAfterSeconds?: number;
  /** A code that the gateway's table does not hold, and one that it marks as a definitive decline; null: it has none. */
  readonly unknownCode: string | null;
  readonly declinedCode: string | null;
  /** HTTP that takes a payment; absent where starting one needs no call. */
  startAnswer?(request: StartPayment, now: Date): GatewayHttp;
  /**
   * HTTP that answers a query for `payment` genuinely, as `not_known`, or with something forged. Null for `not_known`
   * where the gateway has no word for a reference it never heard of.
   */
  queryAnswer?(
    payment: ToldPayment | 'not_known' | 'forged',
    merchantReference: string,
    now: Date,
  ): GatewayHttp | null;
  /** HTTP that answers both the asking for a refund and the question after it, genuinely or with something forged. */
  refundAnswer?(answer: 'succeeded' | 'forged', request: RefundRequest, now: Date): GatewayHttp;
  /** A whole settlement file of one payment line. */
  settlementFile?(payment: ToldPayment): Uint8Array;
}

const NOW = new Date('2026-11-22T03:00:00Z');
const STARTED_AT = new Date('2026-11-22T02:58:00Z');
const NONCE = '0123456789abcdef';
const SILENT: GatewayHttp = () => Promise.reject(new Error('no HTTP in this test'));
const never = () => new AbortController().signal;

/** Check -> the gateways that passed it, in the order they ran. */
const PASSED = new Map<string, Set<string>>();
const SUBJECTS: string[] = [];

/** The table adapter × check of this run: `yes` where the check ran and passed, `–` where it does not apply. */
export function contractTable(): string {
  const rows = [...PASSED].map(([check, names]) => [
    check,
    ...SUBJECTS.map((name) => (names.has(name) ? 'yes' : '–')),
  ]);
  return markdownTable([['check', ...SUBJECTS], ...rows]);
}

export function keepsTheGatewayContract(subject: ContractSubject): void {
  const { account } = subject;
  const adapter = subject.create(SILENT, NOW);
  SUBJECTS.push(subject.name);

  /** One check of the table: its title is the promise. */
  function check(title: string, work: () => void | Promise<void>): void {
    const passed = PASSED.get(title) ?? new Set();
    PASSED.set(title, passed);
    it(title, async () => {
      await work();
      passed.add(subject.name);
    });
  }

  function aPayment(changes: Partial<ToldPayment> = {}): ToldPayment {
    return {
      merchantReference: adapter.profile.merchantReference(4711n, STARTED_AT, NONCE),
      gatewayTransactionId: subject.gatewayTransactionId ?? 'TXN000001',
      amount: vnd(503_000),
      paidAt: new Date('2026-11-22T02:59:30Z'),
      ...changes,
    };
  }

  function aStart(): StartPayment {
    return {
      account,
      merchantReference: adapter.profile.merchantReference(1n, NOW, NONCE),
      amount: money(adapter.profile.amountMin.amountMinor, adapter.profile.amountMin.currency),
      description: 'DVC 1',
      locale: 'vi',
      payerIp: '127.0.0.1',
      startedAt: NOW,
      returnUrl: 'http://localhost/return',
      callbackUrl: 'http://localhost/callback',
    };
  }

  const read = (message: RawMessage, as: MerchantAccount = account, at: Date = NOW): CallbackReading =>
    adapter.readCallback(message, as, at);

  /** Whatever was done to a genuine message: it is refused, or it still says exactly what it said. */
  function changesNothing(message: RawMessage, genuine: CallbackReading, what: string): void {
    const reading = read(message);
    if (reading.kind !== 'rejected') assert.deepEqual(reading, genuine, what);
  }

  describe(`${subject.name} keeps the gateway contract`, () => {
    check('reads a genuine message with its amount, transaction and time', () => {
      const payment = aPayment();
      const { merchantReference, amount, gatewayTransactionId, paidAt } = payment;
      const outcome = { kind: 'succeeded', amount, gatewayTransactionId, paidAt } as const;
      const items = subject.expectedItems?.(payment, NOW) ?? [
        { kind: 'payment', merchantReference, outcome },
      ];
      assert.deepEqual(read(subject.callback(payment, NOW)), { kind: 'read', items });
    });

    check('gives the same reading for a replayed message', () => {
      const message = subject.callback(aPayment(), NOW);
      assert.deepEqual(read(message), read(message));
    });

    check('lets no flipped bit change what it reads', () => {
      const message = subject.callback(aPayment(), NOW);
      const genuine = read(message);
      for (const { message: flipped, what } of flips(message)) changesNothing(flipped, genuine, what);
    });

    check('rejects a message with an edited value or a forged signature', () => {
      const { merchantReference, amount } = aPayment();
      const message = subject.callback(aPayment(), NOW);
      const edited = alterations(message, [
        merchantReference,
        amount.amountMinor.toString(),
        subject.gatewayTransactionId ?? 'TXN000001',
      ]);
      assert.ok(edited.length > 0, 'something of the message was edited');
      for (const { message: altered, what } of edited) assert.equal(read(altered).kind, 'rejected', what);
    });

    check('lets no missing parameter, field or header change what it reads', () => {
      const message = subject.callback(aPayment(), NOW);
      const genuine = read(message);
      const dropped = withEachPartDropped(message);
      for (const { message: without, what } of dropped) changesNothing(without, genuine, what);
      assert.ok(
        dropped.some(({ message: without }) => read(without).kind === 'rejected'),
        'a part that is missed',
      );
    });

    check('rejects a parameter, field or header that comes twice', () => {
      const message = subject.callback(aPayment(), NOW);
      const genuine = read(message);
      for (const { message: doubled, what } of withEachPartDoubled(message)) {
        changesNothing(doubled, genuine, what);
      }
    });

    check('rejects a message signed with another secret', () => {
      const secrets = account.secrets.map(otherSecret(subject));
      assert.equal(read(subject.callback(aPayment(), NOW), { ...account, secrets }).kind, 'rejected');
    });

    check('reads a message signed with either of two secrets', () => {
      const other = otherSecret(subject)(account.secrets[0] ?? {});
      const message = subject.callback(aPayment(), NOW);
      assert.equal(read(message, { ...account, secrets: [other, ...account.secrets] }).kind, 'read');
      assert.equal(read(message, { ...account, secrets: [...account.secrets, other] }).kind, 'read');
    });

    check('rejects every message when the account has no secret', () => {
      for (const secrets of [[], [{}], account.secrets.map(blank)]) {
        const reading = read(subject.callback(aPayment(), NOW), { ...account, secrets });
        assert.deepEqual(reading, { kind: 'rejected', why: 'bad_signature' });
      }
    });

    check("rejects another merchant's message even when the secret is the same", () => {
      const reading = read(subject.callback(aPayment(), NOW), subject.otherMerchant);
      if (reading.kind === 'read' && subject.othersMessagesAre === 'irrelevant') {
        assert.ok(reading.items.every(({ kind }) => kind === 'irrelevant'));
      } else assert.equal(reading.kind, 'rejected');
    });

    const { staleAfterSeconds } = subject;
    if (staleAfterSeconds !== undefined) {
      check('refuses a message that is older than its signature may be, and one from the future', () => {
        const message = subject.callback(aPayment(), NOW);
        const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
        assert.equal(read(message, account, at(staleAfterSeconds)).kind, 'read');
        assert.deepEqual(read(message, account, at(staleAfterSeconds + 1)), {
          kind: 'rejected',
          why: 'stale',
        });
        assert.deepEqual(read(message, account, at(365 * 86_400)), { kind: 'rejected', why: 'stale' });
      });
    }

    if (subject.tellsFailures !== false && subject.callbackAsks !== true) {
      const { unknownCode, declinedCode } = subject;
      if (unknownCode !== null)
        check('reads a code that is not in the table as pending', () => {
          assert.equal(
            outcomeOf(read(subject.callback(aPayment({ code: unknownCode }), NOW)))?.kind,
            'pending',
          );
        });
      if (declinedCode !== null)
        check('reads a definitive decline as failed', () => {
          assert.equal(
            outcomeOf(read(subject.callback(aPayment({ code: declinedCode }), NOW)))?.kind,
            'failed',
          );
        });
    }

    if (subject.callbackAsks !== true)
      check('reports an amount as it was told, whatever was due', () => {
        for (const amount of [vnd(502_999), vnd(503_001), vnd(5_030), vnd(50_300_000)]) {
          assert.deepEqual(amountOf(read(subject.callback(aPayment({ amount }), NOW))), amount);
        }
        for (const amount of [vnd(0), vnd(1_000_000_000_000_000n)]) {
          const told = amountOf(read(subject.callback(aPayment({ amount }), NOW)));
          assert.ok(told === null || told.amountMinor === amount.amountMinor, amount.amountMinor.toString());
        }
      });

    check('rejects or reads nonsense without throwing', () => {
      const nonsense = [
        '',
        '{',
        '[]',
        'null',
        '\ufeff{}',
        '<xml/>',
        'a=b&a=c',
        '%',
        '%zz=%',
        '{"__proto__":{}}',
      ];
      for (const body of nonsense) {
        for (const method of ['GET', 'POST'] as const) {
          const message = { method, query: body, headers: new Map(), body: Buffer.from(body) };
          assert.equal(read(message).kind, 'rejected', `${method} ${body}`);
        }
      }
    });

    check('has a word for every result', () => {
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
        assert.ok(reply.status >= 200 && reply.status <= 599, result);
      }
      const [good, again] = [adapter.acknowledge('recorded'), adapter.acknowledge('try_again')];
      assert.notDeepEqual([again.status, again.body], [good.status, good.body]);
    });

    check('makes references that are unique, keep to the grammar and are the same on a repeat', () => {
      const merchantReference = (number: bigint) => adapter.profile.merchantReference(number, NOW, NONCE);
      const many = [1n, 9n, 10n, 35n, 36n, 999_999_999n];
      const references = many.map(merchantReference);
      assert.equal(new Set(references).size, many.length);
      for (const reference of references) assert.match(reference, /^[A-Za-z0-9_-]{6,40}$/);
      assert.equal(merchantReference(7n), merchantReference(7n));
    });

    check('has limits in a currency it takes', () => {
      const { amountMin, amountMax, currencies, paymentLifetimeMinutes } = adapter.profile;
      assert.ok(currencies.includes(amountMin.currency) && currencies.includes(amountMax.currency));
      assert.ok(amountMin.amountMinor < amountMax.amountMinor && paymentLifetimeMinutes > 0);
    });

    const startAnswer = subject.startAnswer?.bind(subject);
    check('starts a payment that ends within its lifetime, the same way on a repeat', async () => {
      const answering = startAnswer ? subject.create(startAnswer(aStart(), NOW), NOW) : adapter;
      const handOff = await answering.startPayment(aStart(), never());
      const lifetimeMs = adapter.profile.paymentLifetimeMinutes * 60_000;
      assert.ok(handOff.expiresAt > NOW && handOff.expiresAt.getTime() <= NOW.getTime() + lifetimeMs);
      assert.deepEqual(await answering.startPayment(aStart(), never()), handOff);
    });
    if (startAnswer) {
      check('lets an HTTP failure at the start reach the caller', async () => {
        const broken = subject.create(() => Promise.reject(new Error('connection reset')), NOW);
        await assert.rejects(broken.startPayment(aStart(), never()), /connection reset/);
      });
    }

    if (adapter.queries) describeQueries(subject, check, aPayment);
    if (adapter.refunds) describeRefunds(subject, check, aPayment);
    if (adapter.settlementFiles) describeSettlementFiles(subject, check, aPayment);
  });
}

type Check = (title: string, work: () => void | Promise<void>) => void;
type PaymentBuilder = (changes?: Partial<ToldPayment>) => ToldPayment;

function describeQueries(subject: ContractSubject, check: Check, aPayment: PaymentBuilder): void {
  const queryAnswer = subject.queryAnswer?.bind(subject);
  assert.ok(queryAnswer, `${subject.name} has queries, so its test must answer them`);
  const reference = aPayment().merchantReference;
  const ask = (answer: ToldPayment | 'not_known' | 'forged', merchantReference = reference) =>
    subject
      .create(queryAnswer(answer, merchantReference, NOW) ?? SILENT, NOW)
      .queries!.queryPayment({ account: subject.account, merchantReference, startedAt: STARTED_AT }, never());

  check('asks for a payment and gives the same outcome as the callback', async () => {
    const payment = aPayment();
    const outcome = await ask(payment);
    assert.ok(outcome.kind === 'succeeded');
    assert.deepEqual(outcome.amount, payment.amount);
    assert.equal(outcome.gatewayTransactionId, payment.gatewayTransactionId);
  });

  if (queryAnswer('not_known', reference, NOW) !== null)
    check('says not_known when the gateway has never heard of the reference', async () => {
      assert.deepEqual(await ask('not_known'), { kind: 'not_known' });
    });

  const { unknownCode, declinedCode } = subject;
  if (unknownCode !== null)
    check('reads a code of an answer that is not in the table as pending', async () => {
      assert.equal((await ask(aPayment({ code: unknownCode }))).kind, 'pending');
    });
  if (declinedCode !== null)
    check('reads a definitive decline of an answer as failed', async () => {
      assert.equal((await ask(aPayment({ code: declinedCode }))).kind, 'failed');
    });

  if (subject.bindsAnswers === false) return;
  check('believes no forged answer to a query', async () => {
    await assert.rejects(ask('forged'));
  });

  check('believes no answer about another payment', async () => {
    const another = subject.create(SILENT, NOW).profile.merchantReference(4712n, STARTED_AT, NONCE);
    await assert.rejects(ask(aPayment({ merchantReference: another })));
  });
}

function describeRefunds(subject: ContractSubject, check: Check, aPayment: PaymentBuilder): void {
  const refundAnswer = subject.refundAnswer?.bind(subject);
  assert.ok(refundAnswer, `${subject.name} has refunds, so its test must answer them`);
  const { merchantReference, gatewayTransactionId, amount, paidAt } = aPayment();
  const request: RefundRequest = {
    account: subject.account,
    refundReference: 'RF23456789ABCD',
    submittedAt: NOW,
    amount: vnd(10_000),
    reason: 'Hoan tra',
    merchantReference,
    gatewayTransactionId,
    paymentAmount: amount,
    paymentStartedAt: STARTED_AT,
    paidAt,
  };
  const refunds = (answer: 'succeeded' | 'forged') =>
    subject.create(refundAnswer(answer, request, NOW), NOW).refunds!;

  check('asks for a refund and reads that it was taken', async () => {
    const outcome = await refunds('succeeded').refundPayment(request, never());
    assert.ok(outcome.kind === 'succeeded' || outcome.kind === 'pending', outcome.kind);
  });

  check('asks for the outcome of a refund and learns that it was made', async () => {
    assert.equal((await refunds('succeeded').queryRefund(request, never())).kind, 'succeeded');
  });

  if (subject.bindsAnswers === false) return;
  check('believes no forged answer to a refund', async () => {
    await assert.rejects(refunds('forged').refundPayment(request, never()));
  });
}

function describeSettlementFiles(subject: ContractSubject, check: Check, aPayment: PaymentBuilder): void {
  const settlementFile = subject.settlementFile?.bind(subject);
  assert.ok(settlementFile, `${subject.name} has settlement files, so its test must write one`);
  const { settlementFiles } = subject.create(SILENT, NOW);

  check('reads a settlement file and refuses it cut anywhere', () => {
    const payment = aPayment();
    const bytes = settlementFile(payment);
    const read = (part: Uint8Array) =>
      wholeFile(settlementFiles!.readSettlementFile({ name: 'day.csv', bytes: part }));
    const reading = read(bytes);
    const line = reading.kind === 'read' ? reading.lines[0] : undefined;
    assert.equal(line?.reference, payment.merchantReference);
    assert.deepEqual(line.amount, payment.amount);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(read(bytes.slice(0, length)).kind, 'unreadable', `cut after ${length} bytes`);
    }
  });
}

function otherSecret(subject: ContractSubject) {
  const usual = (secret: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, `${value}x`]));
  return subject.otherSecret?.bind(subject) ?? usual;
}

function blank(secret: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(secret).map((name) => [name, '']));
}

function outcomeOf(reading: CallbackReading) {
  const [item] = reading.kind === 'read' ? reading.items : [];
  return item?.kind === 'payment' ? item.outcome : null;
}

/** The amount a success or a credit tells. */
function amountOf(reading: CallbackReading): Money | null {
  const [item] = reading.kind === 'read' ? reading.items : [];
  if (item?.kind === 'credit') return item.amount;
  const outcome = outcomeOf(reading);
  return outcome?.kind === 'succeeded' ? outcome.amount : null;
}
