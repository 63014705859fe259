import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Stripe from 'stripe';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import { createStripeStandIn, STAND_IN_ACCOUNT } from '../../src/stand-ins/stripe/stripe.ts';
import { decodeForm, textAt, textsAt } from '../../src/stand-ins/stripe/stripe-forms.ts';
import { fixedClock, type FixedClock } from '../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('Stripe, played', () => {
  let database: TestDatabase;
  let server: Server;
  let peer: Peer;
  let stripe: Stripe;
  let clock: FixedClock;
  const heard: { readonly signature: string; readonly body: Buffer }[] = [];
  let answers: number[] = [];

  before(async () => {
    database = await createTestDatabase();
    clock = fixedClock('2026-11-22T03:00:00Z');
    const app = express();
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // Mounted at the root, for the package knows host and port but no path.
    ({ peer } = createStripeStandIn({
      db: database.db,
      clock,
      baseUrl: () => `http://127.0.0.1:${String(port)}`,
    }));
    app.post('/gateways/stripe/callback', express.raw({ type: () => true }), (request, response) => {
      heard.push({ signature: request.get('stripe-signature') ?? '', body: request.body as Buffer });
      response.status(answers.shift() ?? 200).end();
    });
    app.use(peer.router);
    stripe = new Stripe(STAND_IN_ACCOUNT.secretKey, {
      host: '127.0.0.1',
      port,
      protocol: 'http',
      maxNetworkRetries: 0,
      telemetry: false,
    });
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await database.drop();
  });
  beforeEach(() => {
    heard.length = 0;
    answers = [];
  });

  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  function asked(
    reference: string,
    changes: Partial<Stripe.Checkout.SessionCreateParams> = {},
  ): Stripe.Checkout.SessionCreateParams {
    return {
      mode: 'payment',
      client_reference_id: reference,
      metadata: { reference },
      payment_intent_data: { metadata: { reference } },
      line_items: [
        {
          quantity: 1,
          price_data: { currency: 'vnd', unit_amount: 503_000, product_data: { name: 'Lệ phí & phí' } },
        },
      ],
      success_url: 'https://merchant.example/done',
      cancel_url: 'https://merchant.example/back',
      expires_at: seconds() + 1_800,
      ...changes,
    };
  }

  const create = (reference: string, changes: Partial<Stripe.Checkout.SessionCreateParams> = {}) =>
    stripe.checkout.sessions.create(asked(reference, changes), { idempotencyKey: reference });

  async function paid(reference: string): Promise<string> {
    await create(reference);
    await peer.decide(reference, { kind: 'approve' });
    const [charge] = await peer.charges();
    return charge?.transactionId ?? '';
  }

  /** The events heard, verified by Stripe's own package. */
  const events = () =>
    heard.map(({ body, signature }) =>
      Stripe.webhooks.constructEvent(
        body,
        signature,
        STAND_IN_ACCOUNT.webhookSecret,
        300,
        undefined,
        clock.now().getTime(),
      ),
    );

  async function refusalOf(attempt: Promise<unknown>): Promise<Stripe.errors.StripeError> {
    const failure: unknown = await attempt.then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof Stripe.errors.StripeError);
    return failure;
  }

  it('opens a session, shows it to whoever asks, and its page to the payer', async () => {
    const session = await create('STOPEN');
    assert.deepEqual(
      [session.status, session.payment_status, session.amount_total, session.currency, session.livemode],
      ['open', 'unpaid', 503_000, 'vnd', false],
    );
    const read = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] });
    assert.equal(read.payment_intent, null);
    assert.deepEqual(read.metadata, { reference: 'STOPEN' });
    assert.equal((await fetch(session.url ?? '')).status, 200);
  });

  it('answers a key again with what it answered first, and refuses it with other parameters', async () => {
    const first = await create('STTWICE');
    await peer.decide('STTWICE', { kind: 'approve' });
    assert.deepEqual(await create('STTWICE'), first);
    const refusal = await refusalOf(create('STTWICE', { locale: 'en' }));
    assert.equal(refusal.type, 'StripeIdempotencyError');
  });

  it('refuses what Stripe refuses', async () => {
    const bad: Partial<Stripe.Checkout.SessionCreateParams>[] = [
      { expires_at: seconds() + 1_799 },
      { expires_at: seconds() + 86_401 },
      { mode: 'setup' },
      {
        line_items: [
          {
            quantity: 1,
            price_data: { currency: 'vnd', unit_amount: 100_000_000, product_data: { name: 'x' } },
          },
        ],
      },
      {
        line_items: [
          { quantity: 1, price_data: { currency: 'usd', unit_amount: 1_000, product_data: { name: 'x' } } },
        ],
      },
    ];
    for (const [index, changes] of bad.entries())
      assert.equal((await refusalOf(create(`STBAD${String(index)}`, changes))).statusCode, 400);
    const stranger = new Stripe('sk_test_stranger', {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      protocol: 'http',
    });
    assert.equal((await refusalOf(stranger.checkout.sessions.list())).statusCode, 401);
    assert.equal(
      (await refusalOf(stripe.checkout.sessions.retrieve('cs_test_none'))).code,
      'resource_missing',
    );
  });

  it('tells of a payment by an event that Stripe’s package verifies, and shows it with intent and charge', async () => {
    const intentId = await paid('STPAID');
    await peer.notices.pump();
    const [event] = events();
    assert.ok(event?.type === 'checkout.session.completed' || event?.type === 'payment_intent.succeeded');
    const { data } = await stripe.checkout.sessions.list({ created: { gte: seconds(), lte: seconds() } });
    const listed = data.find(({ client_reference_id: reference }) => reference === 'STPAID');
    assert.equal(listed?.payment_intent, intentId);
    const session = await stripe.checkout.sessions.retrieve(listed.id, {
      expand: ['payment_intent.latest_charge'],
    });
    assert.ok(typeof session.payment_intent === 'object' && session.payment_intent);
    const { latest_charge: charge, amount_received: received } = session.payment_intent;
    assert.ok(typeof charge === 'object' && charge);
    assert.deepEqual([received, charge.created], [503_000, seconds()]);
  });

  it('tells again until it reads a 2xx, signed anew each time', async () => {
    await paid('STAGAIN');
    answers = [500, 302, 204];
    await peer.notices.pump();
    clock.advance(600_000);
    await peer.notices.pump();
    clock.advance(600_000);
    await peer.notices.pump();
    clock.advance(86_400_000);
    await peer.notices.pump();
    assert.equal(heard.length, 3);
    assert.equal(new Set(heard.map(({ signature }) => signature)).size, 3);
    assert.equal(new Set(heard.map(({ body }) => body.toString())).size, 1);
  });

  it('leaves a session open after a declined card, and closes it by time', async () => {
    await create('STDECLINED');
    await peer.decide('STDECLINED', { kind: 'decline', code: 'insufficient_funds' });
    await peer.notices.pump();
    assert.equal(events()[0]?.type, 'payment_intent.payment_failed');
    const find = async () => {
      const { data } = await stripe.checkout.sessions.list({ limit: 100 });
      return data.find(({ client_reference_id: reference }) => reference === 'STDECLINED');
    };
    assert.equal((await find())?.status, 'open');
    clock.advance(1_801_000);
    assert.equal((await find())?.status, 'expired');
  });

  it('gives back in parts, once for each reference, never more than there was', async () => {
    const payment_intent = await paid('STREFUND');
    const refund = (reference: string, amount: number) =>
      stripe.refunds.create(
        { payment_intent, amount, metadata: { refund_reference: reference } },
        { idempotencyKey: reference },
      );
    const first = await refund('RF1', 3_000);
    assert.deepEqual(
      [first.status, first.amount, first.payment_intent],
      ['succeeded', 3_000, payment_intent],
    );
    assert.equal((await refund('RF1', 3_000)).id, first.id);
    assert.equal((await refusalOf(refund('RF1', 4_000))).type, 'StripeIdempotencyError');
    assert.equal((await refusalOf(refund('RF2', 500_001))).statusCode, 400);
    await refund('RF3', 500_000);
    const all = await stripe.refunds.list({ payment_intent }).autoPagingToArray({ limit: 10 });
    assert.deepEqual(
      all.map(({ metadata }) => metadata?.['refund_reference']),
      ['RF3', 'RF1'],
    );
    assert.equal((await refusalOf(stripe.refunds.list({ payment_intent: 'pi_none' }))).statusCode, 404);
  });

  it('tells of a refund that took its time', async () => {
    const payment_intent = await paid('STSLOW');
    await peer.notices.pump();
    heard.length = 0;
    await peer.setSwitch('refunds_processing', 1);
    const made = await stripe.refunds.create({
      payment_intent,
      amount: 1_000,
      metadata: { refund_reference: 'RFSLOW' },
    });
    assert.equal(made.status, 'pending');
    clock.advance(61_000);
    await peer.notices.pump();
    const [event] = events();
    assert.ok(event?.type === 'refund.updated');
    assert.deepEqual([event.data.object.id, event.data.object.status], [made.id, 'succeeded']);
  });

  it('leafs through its lists as Stripe does', async () => {
    const page = await stripe.checkout.sessions.list({ limit: 2 });
    assert.deepEqual([page.data.length, page.has_more], [2, true]);
    const whole = await stripe.checkout.sessions.list({ limit: 2 }).autoPagingToArray({ limit: 1_000 });
    assert.equal(new Set(whole.map(({ id }) => id)).size, (await peer.payments()).length);
  });
});

describe('the forms that Stripe takes', () => {
  it('are read with their brackets', () => {
    const form = decodeForm('a[0][b][c]=1&a[0][b][d]=%E1%BB%85+x&e[]=y&e[]=z&plain=p&__proto__[x]=1');
    assert.equal(textAt(form, 'a', '0', 'b', 'c'), '1');
    assert.equal(textAt(form, 'a', '0', 'b', 'd'), 'ễ x');
    assert.deepEqual(textsAt(form, 'e'), { 0: 'y', 1: 'z' });
    assert.equal(textAt(form, 'a'), null);
    assert.equal(textAt(form, 'plain', 'x'), null);
    assert.equal(Object.getOwnPropertyDescriptor(Object.prototype, 'x'), undefined);
  });
});
