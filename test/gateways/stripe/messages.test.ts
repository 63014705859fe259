import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Stripe from 'stripe';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { CallbackItem, MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import {
  acknowledgement,
  EVENTS,
  merchantReference,
  readCallback,
} from '../../../src/gateways/stripe/messages.ts';
import { INTENT_STATES, REFUND_STATES, SESSION_STATES } from '../../../src/gateways/stripe/objects.ts';
import { verifySigned } from '../../../src/gateways/stripe/signing.ts';
import {
  ACCOUNT,
  event,
  intent,
  refund,
  session,
  signatureOf,
  signedMessage,
  WEBHOOK_SECRET,
  type Members,
} from './subject.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const PAYMENT = {
  merchantReference: 'ST261122ABC0123456789AB',
  gatewayTransactionId: 'pi_3PIabc',
  amount: vnd(503_000),
  paidAt: new Date('2026-11-22T02:59:00Z'),
};
const PAID = event('checkout.session.completed', session(PAYMENT), PAYMENT.paidAt);
const GENUINE = signedMessage(PAID, NOW);
const BAD_SIGNATURE = { kind: 'rejected', why: 'bad_signature' };
const MALFORMED = { kind: 'rejected', why: 'malformed' };
const SUCCEEDED = {
  kind: 'succeeded',
  amount: PAYMENT.amount,
  gatewayTransactionId: PAYMENT.gatewayTransactionId,
  paidAt: PAYMENT.paidAt,
};

interface Vector {
  readonly id: string;
  readonly secret: string;
  readonly input: {
    readonly timestamp?: number;
    readonly rawBody?: string;
    readonly header?: string;
    readonly payload?: string;
  };
  readonly signature: string;
}
const VECTORS = (
  JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as { vectors: Vector[] }
).vectors;

const read = (message: RawMessage, account: MerchantAccount = ACCOUNT, at = NOW) =>
  readCallback(message, account, at);
const readText = (body: string | Uint8Array) => read(signedMessage(body, NOW));

function itemOf(type: string, object: Members): CallbackItem | undefined {
  const reading = readText(event(type, object, PAYMENT.paidAt));
  assert.ok(reading.kind === 'read', type);
  return reading.items[0];
}

function outcomeOf(type: string, object: Members) {
  const item = itemOf(type, object);
  assert.ok(item?.kind === 'payment' || item?.kind === 'refund', type);
  return item.outcome;
}

function withSignature(...values: readonly string[]): RawMessage {
  return { ...GENUINE, headers: new Map([...GENUINE.headers, ['stripe-signature', values] as const]) };
}

describe("Stripe's signature", () => {
  for (const { id, secret, input, signature } of VECTORS.filter(({ input: { header } }) => header)) {
    it(`verifies the published vector ${id}`, () => {
      const { header = '', rawBody = '', timestamp = 0 } = input;
      assert.ok(header.includes(signature));
      const message = {
        ...GENUINE,
        headers: new Map([['stripe-signature', [header]]]),
        body: Buffer.from(rawBody),
      };
      const account = { ...ACCOUNT, secrets: [{ webhook: secret }] };
      assert.equal(verifySigned(message, account, new Date(timestamp * 1000)), 'genuine');
      assert.equal(
        verifySigned(message, ACCOUNT, new Date((timestamp + 301) * 1000)),
        secret === WEBHOOK_SECRET ? 'stale' : 'bad_signature',
      );
    });
  }

  it("verifies what Stripe's own package signs, which takes what we hold for signed", () => {
    const { constructEvent, generateTestHeaderString } = Stripe.webhooks;
    const timestamp = NOW.getTime() / 1000;
    const header = generateTestHeaderString({ payload: PAID, secret: WEBHOOK_SECRET, timestamp });
    assert.equal(read(withSignature(header)).kind, 'read');
    const ours = GENUINE.headers.get('stripe-signature')?.[0] ?? '';
    const verify = constructEvent.bind(Stripe.webhooks);
    const body = Buffer.from(GENUINE.body);
    assert.equal(verify(body, ours, WEBHOOK_SECRET, 300, undefined, NOW.getTime()).id, 'evt_1PIabc');
  });

  it('covers the bytes received, a byte order mark included, which the package takes out before it verifies', () => {
    const marked = Buffer.concat([Buffer.from('\ufeff'), GENUINE.body]);
    assert.deepEqual(read({ ...GENUINE, body: marked }), BAD_SIGNATURE);
    assert.deepEqual(readText(marked), MALFORMED);
  });

  it('is one of several, whatever stands beside it', () => {
    const timestamp = String(NOW.getTime() / 1000);
    const good = signatureOf(PAID, timestamp);
    const other = signatureOf(PAID, timestamp, 'whsec_former');
    for (const header of [
      `t=${timestamp},v1=${other},v1=${good}`,
      `t=${timestamp},v1=${good},v1=${other},v0=x`,
      `v1=${good},t=${timestamp}`,
    ])
      assert.equal(read(withSignature(header)).kind, 'read', header);
    const eights = Array<string>(8).fill(`v1=${good}`).join();
    assert.equal(read(withSignature(`t=${timestamp},${eights}`)).kind, 'read');
    const nines = Array<string>(9).fill(`v1=${good}`).join();
    for (const header of [
      `t=${timestamp},v0=${good}`,
      `t=${timestamp},v1=${other}`,
      `t=${timestamp},v1=${good.toUpperCase()}`,
      `t=${timestamp},v1=${good.slice(1)}`,
      `t=${timestamp},v1=${good},v1=`,
      `t=${timestamp},t=${timestamp},v1=${good}`,
      `t=1,v1=${good},t=${timestamp}`,
      `t=${timestamp}x,v1=${good}`,
      `t= ${timestamp},v1=${good}`,
      `t=${timestamp}`,
      `v1=${good}`,
      `t=${timestamp},${nines}`,
      `t=${timestamp},v1=${good}=`,
      '',
    ])
      assert.deepEqual(read(withSignature(header)), BAD_SIGNATURE, header);
  });

  it('is refused when its time is no count of seconds, whoever signed that', () => {
    const timestamp = String(NOW.getTime() / 1000);
    for (const other of [`x${timestamp}`, `${timestamp}x`, `0${timestamp}`, 'NaN', '', '0'])
      assert.deepEqual(
        read(withSignature(`t=${other},v1=${signatureOf(PAID, other)}`)),
        BAD_SIGNATURE,
        other,
      );
  });

  it('is made by no empty secret', () => {
    for (const secrets of [[], [{ apiKey: 'sk_test_1' }], [{ apiKey: 'sk_test_1', webhook: '' }]])
      assert.deepEqual(read(signedMessage(PAID, NOW, ''), { ...ACCOUNT, secrets }), BAD_SIGNATURE);
  });

  it('is refused absent, doubled, or made with another secret', () => {
    const value = GENUINE.headers.get('stripe-signature')?.[0] ?? '';
    for (const values of [[], [value, value], [`${value},${value}`]])
      assert.deepEqual(read(withSignature(...values)), BAD_SIGNATURE);
    assert.deepEqual(read({ ...GENUINE, headers: new Map() }), BAD_SIGNATURE);
    assert.deepEqual(read(signedMessage(PAID, NOW, 'whsec_other')), BAD_SIGNATURE);
  });

  it('is valid under either secret while the endpoint rolls from one to the other', () => {
    const rolling = {
      ...ACCOUNT,
      secrets: [{ apiKey: 'sk_test_2', webhook: 'whsec_new' }, ...ACCOUNT.secrets],
    };
    for (const secret of ['whsec_new', WEBHOOK_SECRET])
      assert.equal(read(signedMessage(PAID, NOW, secret), rolling).kind, 'read');
    assert.equal(read(signedMessage(PAID, NOW, 'whsec_older'), rolling).kind, 'rejected');
    const former = { ...ACCOUNT, secrets: [...ACCOUNT.secrets, { webhook: 'whsec_former' }] };
    assert.equal(read(signedMessage(PAID, NOW, 'whsec_former'), former).kind, 'read');
  });

  it('is stale after 300 seconds, on either side', () => {
    const at = (seconds: number) => read(GENUINE, ACCOUNT, new Date(NOW.getTime() + seconds * 1000));
    assert.deepEqual([at(-300).kind, at(300).kind], ['read', 'read']);
    for (const seconds of [-301, 301, 31_536_000])
      assert.deepEqual(at(seconds), { kind: 'rejected', why: 'stale' });
  });

  it('takes at most 0.2 ms to verify and read', () => {
    const big = event('checkout.session.completed', session(PAYMENT, { filler: 'x'.repeat(4_000) }), NOW);
    const message = signedMessage(big, NOW);
    for (let warming = 0; warming < 500; warming += 1) read(message);
    // Time of the processor, for others may be using the machine.
    const before = process.cpuUsage();
    for (let time = 0; time < 1_000; time += 1) read(message);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system <= 200 * 1_000, `${user + system} microseconds for a thousand`);
  });
});

describe("Stripe's events", () => {
  it('tell one success by two of them, under one transaction', () => {
    assert.deepEqual(outcomeOf('checkout.session.completed', session(PAYMENT)), SUCCEEDED);
    assert.deepEqual(outcomeOf('checkout.session.async_payment_succeeded', session(PAYMENT)), SUCCEEDED);
    assert.deepEqual(outcomeOf('payment_intent.succeeded', intent(PAYMENT)), SUCCEEDED);
  });

  it('read each pair of states of a session as the table says', () => {
    const kinds = { approved: 'succeeded', declined: 'failed', undecided: 'pending' };
    for (const [pair, meaning] of Object.entries(SESSION_STATES)) {
      const [status, payment_status] = pair.split('/');
      const type = meaning === 'declined' ? 'checkout.session.expired' : 'checkout.session.completed';
      const outcome = outcomeOf(type, session(PAYMENT, { status, payment_status }));
      assert.equal(outcome.kind, kinds[meaning], pair);
    }
  });

  it('read each state of an intent as the table says', () => {
    for (const [status, meaning] of Object.entries(INTENT_STATES)) {
      const outcome = outcomeOf('payment_intent.succeeded', intent(PAYMENT, { status }));
      assert.equal(outcome.kind, meaning === 'approved' ? 'succeeded' : 'pending', status);
    }
  });

  it('read each state of a refund as the table says', () => {
    const kinds = { approved: 'succeeded', declined: 'failed', undecided: 'pending' };
    for (const [status, meaning] of Object.entries(REFUND_STATES)) {
      const object = { ...refund({ ...PAYMENT, refundReference: 'RF23456789ABCD' }), status };
      assert.equal(outcomeOf('refund.updated', object).kind, kinds[meaning], status);
    }
  });

  it('leave a payment open after a declined card, for the payer may try another', () => {
    const error = { code: 'card_declined', decline_code: 'insufficient_funds' };
    const declined = intent(PAYMENT, {
      status: 'requires_payment_method',
      last_payment_error: error,
      amount_received: 0,
    });
    assert.deepEqual(outcomeOf('payment_intent.payment_failed', declined), {
      kind: 'pending',
      gatewayCode: 'insufficient_funds',
    });
  });

  it('end a payment when its page expires, and when a delayed method is refused', () => {
    const expired = session(PAYMENT, { status: 'expired', payment_status: 'unpaid', payment_intent: null });
    assert.deepEqual(outcomeOf('checkout.session.expired', expired), {
      kind: 'failed',
      gatewayCode: 'expired',
    });
    const refused = session(PAYMENT, { payment_status: 'unpaid' });
    assert.deepEqual(outcomeOf('checkout.session.async_payment_failed', refused), {
      kind: 'failed',
      gatewayCode: 'async_payment_failed',
    });
    assert.equal(outcomeOf('checkout.session.completed', refused).kind, 'pending');
  });

  it('mean nothing definite when event and object say different things', () => {
    const paid = session(PAYMENT);
    const expired = session(PAYMENT, { status: 'expired', payment_status: 'unpaid' });
    const pairs: [string, Members][] = [
      ['checkout.session.expired', paid],
      ['checkout.session.expired', session(PAYMENT, { status: 'open', payment_status: 'unpaid' })],
      ['checkout.session.async_payment_failed', paid],
      ['checkout.session.async_payment_failed', expired],
      ['checkout.session.completed', expired],
      ['payment_intent.payment_failed', intent(PAYMENT)],
      ['payment_intent.processing', intent(PAYMENT)],
      ['payment_intent.canceled', intent(PAYMENT, { status: 'canceled' })],
    ];
    for (const [type, object] of pairs) assert.equal(outcomeOf(type, object).kind, 'pending', type);
    assert.deepEqual(outcomeOf('checkout.session.expired', paid), {
      kind: 'pending',
      gatewayCode: 'checkout.session.expired/succeeded',
    });
    const open = session(PAYMENT, { status: 'open', payment_status: 'unpaid' });
    assert.deepEqual(outcomeOf('checkout.session.async_payment_failed', open), {
      kind: 'pending',
      gatewayCode: 'open/unpaid',
    });
    const made = refund({ ...PAYMENT, refundReference: 'RF23456789ABCD' });
    assert.deepEqual(outcomeOf('refund.failed', made), {
      kind: 'pending',
      gatewayCode: 'refund.failed/succeeded',
    });
  });

  it('tell why a refund failed, where Stripe does', () => {
    const failed = { ...refund({ ...PAYMENT, refundReference: 'RF23456789ABCD' }), status: 'failed' };
    assert.deepEqual(outcomeOf('refund.failed', failed), { kind: 'failed', gatewayCode: 'failed' });
    const told = { ...failed, failure_reason: 'lost_or_stolen_card' };
    assert.deepEqual(outcomeOf('refund.failed', told), {
      kind: 'failed',
      gatewayCode: 'lost_or_stolen_card',
    });
    const long = { ...failed, failure_reason: `đã ${'x'.repeat(80)}` };
    assert.deepEqual(outcomeOf('refund.failed', long), {
      kind: 'failed',
      gatewayCode: `???${'x'.repeat(61)}`,
    });
  });

  it('are malformed about a refund that cannot be read, or whose reference is none of ours', () => {
    const made = refund({ ...PAYMENT, refundReference: 'RF23456789ABCD' });
    const named = (refund_reference: string) => ({
      ...made,
      metadata: { merchant_id: ACCOUNT.merchantId, refund_reference },
    });
    for (const object of [{ ...made, status: 7 }, ...['', 'a b', '<RF1', 'RF1>', 'R'.repeat(41)].map(named)])
      assert.deepEqual(readText(event('refund.updated', object, NOW)), MALFORMED, JSON.stringify(object));
  });

  it('are pending with words that no document holds, whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (status, payment_status) => {
        fc.pre(!Object.hasOwn(SESSION_STATES, `${status}/${payment_status}`));
        const outcome = outcomeOf('checkout.session.completed', session(PAYMENT, { status, payment_status }));
        assert.ok(outcome.kind === 'pending');
        assert.match(outcome.gatewayCode, /^[A-Za-z0-9_./?-]{1,64}$/);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (status) => {
        fc.pre(status !== 'succeeded');
        assert.equal(outcomeOf('payment_intent.succeeded', intent(PAYMENT, { status })).kind, 'pending');
      }),
    );
  });

  it('tell what was received in whatever currency, in its own smallest unit', () => {
    const told = (amount: number, currency: string) =>
      outcomeOf('payment_intent.succeeded', intent(PAYMENT, { amount_received: amount, currency }));
    const amountOf = (outcome: ReturnType<typeof told>) =>
      outcome.kind === 'succeeded' && 'amount' in outcome ? outcome.amount : null;
    assert.deepEqual(amountOf(told(502_999, 'vnd')), vnd(502_999));
    assert.deepEqual(amountOf(told(1_999, 'usd')), { amountMinor: 1_999n, currency: 'USD' });
    assert.deepEqual(amountOf(told(500, 'jpy')), { amountMinor: 500n, currency: 'JPY' });
    assert.deepEqual(amountOf(told(5_120, 'kwd')), { amountMinor: 5_120n, currency: 'KWD' });
    assert.deepEqual(told(503_000, 'xxx'), { kind: 'pending', gatewayCode: 'currency/xxx' });
    assert.deepEqual(amountOf(told(9_000_000_000_000_000, 'vnd')), vnd(9_000_000_000_000_000n));
    assert.equal(told(9_000_000_000_000_001, 'vnd').kind, 'pending', 'more than the books hold');
  });

  it('are malformed with an amount in anything but plain digits, in either object', () => {
    const amounts = [
      '"503000"',
      '503000.0',
      '5.03e5',
      '1e3',
      '-503000',
      '+1',
      '00503000',
      '9007199254740993000',
      'null',
      '{}',
    ];
    for (const amount of amounts) {
      const texts = [
        PAID.replace('"amount_total":503000', `"amount_total":${amount}`),
        event('payment_intent.succeeded', intent(PAYMENT), NOW).replace(
          '"amount_received":503000',
          `"amount_received":${amount}`,
        ),
      ];
      for (const text of texts) assert.deepEqual(readText(text), MALFORMED, amount);
    }
    for (const currency of ['VND', 'vn', 'vndd', ' vnd', '', null])
      assert.deepEqual(
        readText(event('payment_intent.succeeded', intent(PAYMENT, { currency }), NOW)),
        MALFORMED,
        String(currency),
      );
  });

  it('are malformed without what a success must have', () => {
    const changed = (changes: Members) => event('checkout.session.completed', session(PAYMENT, changes), NOW);
    const bodies = [
      changed({ payment_intent: null }),
      changed({ payment_intent: { id: 'pi_1' } }),
      changed({ payment_intent: "pi'--" }),
      changed({ mode: 'subscription' }),
      changed({ client_reference_id: 'STOTHER' }),
      changed({ client_reference_id: null }),
      changed({ status: 7 }),
      changed({ payment_status: null }),
      event('payment_intent.succeeded', intent(PAYMENT, { id: '' }), NOW),
      event('payment_intent.succeeded', intent(PAYMENT, { status: null }), NOW),
      ...[undefined, '', 'a b', '<ST1', 'ST1>', 'S'.repeat(41)].map((reference) => {
        const metadata = { merchant_id: ACCOUNT.merchantId, reference };
        return event('payment_intent.succeeded', intent(PAYMENT, { metadata }), NOW);
      }),
      PAID.replace(/"created":\d+/, '"created":100000000000'),
      PAID.replace('"object":"event"', '"object":"v2.core.event"'),
      PAID.replace(/"created":\d+/, '"created":"now"'),
      PAID.replace(/"created":\d+/, '"created":0'),
      PAID.replace('"type":"checkout.session.completed"', '"type":7'),
      PAID.replace('"data":{"object"', '"data":{"objects"'),
      PAID.replace('"status":"complete"', '"status":"complete","status":"complete"'),
      PAID.replace('"mode"', '"__proto__":{},"mode"'),
      PAID.slice(0, -1),
      '[]',
      'null',
      '',
    ];
    for (const body of bodies) assert.deepEqual(readText(body), MALFORMED, body.slice(0, 300));
    assert.deepEqual(read({ ...GENUINE, method: 'GET' }), MALFORMED);
    assert.equal(readText(PAID.replace(/"created":\d+/, '"created":99999999999')).kind, 'read');
    const unconnected = event('checkout.session.completed', session(PAYMENT), NOW, { account: null });
    assert.equal(readText(unconnected).kind, 'read');
  });

  it('are refused for another merchant, another account and the other mode', () => {
    const metadata = { merchant_id: 'acct_1POTHER', reference: PAYMENT.merchantReference };
    const bodies = [
      event('checkout.session.completed', session(PAYMENT, { metadata }), NOW),
      event('payment_intent.succeeded', intent(PAYMENT, { metadata }), NOW),
      event('checkout.session.completed', session(PAYMENT), NOW, { account: 'acct_1POTHER' }),
      event('checkout.session.completed', session(PAYMENT), NOW, { livemode: true }),
      event('checkout.session.completed', session(PAYMENT), NOW, { livemode: 'false' }),
    ];
    for (const body of bodies) assert.deepEqual(readText(body), BAD_SIGNATURE, body);
    const live = { ...ACCOUNT, secrets: [{ apiKey: 'rk_live_1', webhook: WEBHOOK_SECRET }] };
    assert.deepEqual(read(GENUINE, live), BAD_SIGNATURE);
    const inLive = event('checkout.session.completed', session(PAYMENT), NOW, {
      livemode: true,
      account: ACCOUNT.merchantId,
    });
    assert.equal(read(signedMessage(inLive, NOW), live).kind, 'read');
  });

  it('are irrelevant when they are about what we did not make, or tell nothing of money to us', () => {
    const bare = { ...session(PAYMENT), metadata: {} };
    assert.deepEqual(itemOf('checkout.session.completed', bare), {
      kind: 'irrelevant',
      what: 'checkout.session.completed',
    });
    const { metadata: _none, ...byHand } = refund({ ...PAYMENT, refundReference: 'x' });
    assert.equal(itemOf('refund.created', byHand)?.kind, 'irrelevant');
    const unnamed = { ...byHand, metadata: { merchant_id: ACCOUNT.merchantId } };
    assert.deepEqual(itemOf('refund.created', unnamed), { kind: 'irrelevant', what: 'refund' });
    for (const type of [
      'charge.refunded',
      'charge.dispute.created',
      'charge.dispute.closed',
      'payout.paid',
      'constructor',
    ])
      assert.equal(itemOf(type, intent(PAYMENT))?.kind, 'irrelevant', type);
  });

  it('never throw, whatever signed bytes they hold', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => readText(body).kind === 'rejected'));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(EVENTS)), fc.jsonValue(), (type, object) => {
        const reading = readText(event(type, object as Members, NOW));
        assert.ok(reading.kind === 'rejected' || reading.items[0]?.kind === 'irrelevant');
      }),
    );
  });
});

describe('our references at Stripe', () => {
  it('have at most 34 upper-case letters and digits, and the day in Viet Nam', () => {
    const evening = new Date('2026-11-21T17:00:00Z');
    assert.equal(merchantReference(36n, evening, 'ffff0123456789ab'), 'ST261122100123456789AB');
    const largest = merchantReference(9_223_372_036_854_775_807n, NOW, 'ffffffffffffffff');
    assert.ok(largest.length <= 34 && /^[A-Z0-9]+$/.test(largest), largest);
  });
});

describe('our answers to Stripe', () => {
  it('make it stop once an event is kept, and come again when it is not', () => {
    const status = (result: Parameters<typeof acknowledgement>[0]) => acknowledgement(result).status;
    assert.deepEqual(
      [status('recorded'), status('already_recorded'), status('amount_differs')],
      [200, 200, 200],
    );
    const { contentType, body } = acknowledgement('already_recorded');
    assert.deepEqual([contentType, body], ['application/json', '{"result":"already_recorded"}']);
    assert.deepEqual([status('rejected'), status('unknown_payment'), status('try_again')], [400, 404, 503]);
  });
});
