/** Attempts at an order: asked for twice, an answer lost, paid twice, paid through two gateways, withdrawn, shared. */
import assert from 'node:assert/strict';
import { SCOPES } from '../../src/domain/agencies/api-client.ts';
import { publicId } from '../../src/domain/kernel/ids.ts';
import { createOrder } from '../../src/features/orders/create-order.ts';
import { startPayment } from '../../src/features/payments/start-payment.ts';
import type { GatewayAdapter } from '../../src/gateways/gateway-adapter.ts';
import { query } from '../../src/platform/database.ts';
import { gatedPool, type GatedPool } from '../support/gate.ts';
import { approved, declined, tell } from '../support/notices.ts';
import { scaled, scaledTimeout, times } from '../support/scale.ts';
import {
  orderBody,
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

describe('attempts at an order', () => {
  let world: TestService;
  let agency: TestAgency;
  let other: TestAgency;
  let gate: GatedPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (gate = gatedPool(pool)) });
    agency = await world.addAgency('H29');
    other = await world.addAgency('G01');
    await world.allowAutomaticRefunds(5_000_000n);
    await addSecondGateway(world);
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  async function claims(order: TestOrder): Promise<string[]> {
    const rows = await query<{ claim: string }>(
      world.db,
      `select a.claim from allocations a join payments p on p.id = a.payment_id
       where a.agency_id = :agencyId and a.order_id = :id order by p.number`,
      { agencyId: order.agencyId, id: order.id },
    );
    return rows.map(({ claim }) => claim);
  }

  async function surplusRefunds(order: TestOrder): Promise<{ state: string; amount: bigint }[]> {
    return query(
      world.db,
      `select state, amount from refunds where order_id = :id and source = 'surplus' order by requested_at`,
      { id: order.id },
    );
  }

  it('promise 33: an order asked for many times at once under one key is one order with one answer', async () => {
    const body = orderBody('H29');
    const ask = () => agency.call('POST', '/v1/payment-orders', { body, key: 'one-key' });
    const before = await world.count('payment_orders');
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    const opened = answers.filter(({ status }) => status === 201);
    for (const { status, body: told } of answers) {
      assert.ok(status === 201 || told.code === 'idempotency.in-progress', JSON.stringify(told));
    }
    const [first] = opened;
    assert.ok(first);
    for (const { body: told } of opened) assert.deepEqual(told, first.body);
    const again = await ask();
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.deepEqual([again.status, again.body], [201, first.body]);
    assert.equal(await world.count('payment_orders'), before + 1);
  });

  it('promise 34: another order under a used key is refused and not opened', async () => {
    await world.openOrder(agency, { key: 'used-key' });
    const before = await world.count('payment_orders');
    const answer = await agency.call('POST', '/v1/payment-orders', {
      body: orderBody('H29'),
      key: 'used-key',
    });
    assert.deepEqual([answer.status, answer.body.code], [409, 'idempotency.mismatch']);
    assert.equal(await world.count('payment_orders'), before);
  });

  const rushes = scaled(2, 40);
  it(`promise 36: one fee of one dossier asked for at once under many keys is one open order; the rest hear which${times(rushes)}`, async () => {
    for (let round = 0; round < rushes; round += 1) {
      const body = orderBody('H29');
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => agency.call('POST', '/v1/payment-orders', { body })),
      );
      const [opened, ...more] = answers.filter(({ status }) => status === 201);
      assert.ok(opened);
      assert.equal(more.length, 0);
      for (const refused of answers.filter((answer) => answer !== opened)) {
        assert.equal(refused.status, 409);
        assert.equal(refused.body.code, 'payment-order.already-open');
        assert.equal(refused.body.payment_order_id, opened.body.id);
        assert.equal(refused.body.checkout_url, opened.body.checkout_url);
      }
    }
  }).timeout(scaledTimeout(20_000));

  it('promise 36: two that reach the database at the same instant: the key of the obligation lets one in', async () => {
    const body = orderBody('H29');
    const held = gate.hold('open-orders', 2);
    const both = [1, 2].map(() => agency.call('POST', '/v1/payment-orders', { body }));
    await held.reached;
    held.open();
    const statuses = (await Promise.all(both)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 409]);
  });

  it('promise 36: an order withdrawn while another of its obligation comes is not taken for a paid one', async () => {
    const dossier = 'H29-261120-9036';
    const first = await world.openOrder(agency, { dossier });
    const { orders } = world.service;
    const { opener } = orders;
    const withdrawnMeanwhile: typeof opener = {
      ...opener,
      async add(item) {
        const result = await opener.add(item);
        if (typeof result === 'object') {
          await agency.call('POST', `/v1/payment-orders/${first.publicId}/cancel`);
        }
        return result;
      },
    };
    const client = {
      clientId: 'client_of_a_test',
      agencyId: agency.agencyId,
      kind: 'agency' as const,
      scopes: SCOPES,
    };
    const line = {
      obligationType: 'charge',
      feeCode: null,
      quantity: 1,
      description: 'Lệ phí',
      amountMinor: 150_000n,
      beneficiaryCode: null,
      budgetChapter: null,
      budgetSubItem: null,
      decision: null,
      payBy: null,
      reference: null,
      attributes: {},
    };
    const request = {
      dossierCode: dossier,
      procedureCode: null,
      payer: { name: 'Nguyễn Văn Minh', identityNumber: null, email: null, phone: null },
      lines: [line],
      expiresAt: null,
      returnUrl: null,
      metadata: {},
    };
    const opened = await createOrder({ ...orders, opener: withdrawnMeanwhile }, client, request, null);
    assert.equal(opened?.status, 'open');
    assert.equal(await world.orderStatus(first), 'cancelled');
  });

  it('promise 37: an answer lost after the bank took the order leads back to the same reference, never to a second', async () => {
    const order = await world.openOrder(agency);
    await world.bank.setSwitch('drop_order_answer', 1);
    const lost = await world.startPayment(order);
    assert.equal((await world.payment(lost.id)).state, 'created');
    const again = await world.startPayment(order);
    assert.equal(again.reference, lost.reference);
    assert.equal(
      await world.count('stand_in.bank_orders', `merchant_reference = '${lost.reference}'`),
      1,
      'the bank has one order',
    );
    assert.deepEqual(await claims(order), ['reserved']);
    await world.decide(again, { kind: 'approve' });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 37: the page of an attempt whose answer was lost leads on to the bank, under the same reference', async () => {
    const order = await world.openOrder(agency);
    await world.bank.setSwitch('drop_order_answer', 1);
    const lost = await world.startPayment(order);
    const path = `/pay/${world.service.links.tokenOf({ kind: 'payment', id: lost.id })}`;
    assert.match(await (await fetch(world.origin + path)).text(), new RegExp(`href="${path}/bank"`));
    const onward = await fetch(`${world.origin}${path}/bank`, { redirect: 'manual' });
    assert.match(onward.headers.get('location') ?? '', /\/sandbox\/bank\/pay\//);
    assert.deepEqual(await claims(order), ['reserved']);
    assert.equal(
      await world.count('stand_in.bank_orders', `merchant_reference = '${lost.reference}'`),
      1,
      'the bank has one order',
    );
    assert.equal((await world.payment(lost.id)).state, 'handed_off');
  });

  it('promise 37: when nobody comes back the ladder asks by our own reference', async () => {
    const order = await world.openOrder(agency);
    await world.bank.setSwitch('drop_order_answer', 1);
    const lost = await world.startPayment(order);
    await world.decide(lost, { kind: 'approve', manner: 'never' });
    world.pass({ minutes: 2 });
    await world.turn('poll-pending-payments');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('promise 37: a closed bank that never took the order lapses after its life, and the order can be paid anew', async () => {
    const order = await world.openOrder(agency);
    await world.bank.setSwitch('refuse_orders', 1);
    const lost = await world.startPayment(order);
    await world.bank.setSwitch('refuse_orders', 0);
    world.pass({ minutes: 20 });
    await world.turn('poll-pending-payments');
    assert.equal((await world.payment(lost.id)).state, 'lapsed');
    const next = await world.startPayment(order);
    assert.notEqual(next.reference, lost.reference);
    await world.decide(next, { kind: 'approve' });
    await world.settleDown();
    assert.deepEqual(await claims(order), ['released', 'applied']);
  });

  const tabRounds = scaled(3, 100);
  it(`promise 38: two tabs land on one attempt, at once and later${times(tabRounds)}`, async () => {
    for (let round = 0; round < tabRounds; round += 1) {
      const order = await world.openOrder(agency);
      const tabs = await Promise.all(Array.from({ length: 4 }, () => world.startPayment(order)));
      assert.equal(new Set(tabs.map(({ id }) => id)).size, 1);
      assert.deepEqual(await claims(order), ['reserved']);
    }
  }).timeout(scaledTimeout(20_000));

  it('promise 38: a second charge of one attempt is surplus and goes back by itself; the order is paid once', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve', charges: 2 });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await claims(order), ['applied', 'surplus']);
    assert.deepEqual(await surplusRefunds(order), [{ state: 'succeeded', amount: 180_000n }]);
    const types = await world.eventTypes(order);
    assert.equal(types.filter((type) => type === 'payment_order.paid').length, 1);
  });

  const pairs = scaled(4, 200);
  it(`promise 38: two attempts that both succeed at the same instant: one is applied, one is surplus${times(pairs)}`, async () => {
    for (let round = 0; round < pairs; round += 1) {
      const [order, first] = await world.orderWithPayment(agency);
      await tell(world, declined(first));
      const second = await world.startPayment(order);
      await world.decide(first, { kind: 'approve', evenIfClosed: true, manner: 'never' });
      await world.decide(second, { kind: 'approve', manner: 'never' });
      const charges = await world.bank.charges();
      const word = (payment: TestPayment) => {
        const charge = charges.find((one) => one.merchantReference === payment.reference);
        return tell(world, approved(payment, { transactionId: charge?.transactionId ?? '' }));
      };
      const answers = await Promise.all([word(first), word(second)]);
      assert.deepEqual(
        answers.map(({ text }) => text),
        ['{"result":"recorded"}', '{"result":"recorded"}'],
      );
      assert.deepEqual((await claims(order)).sort(), ['applied', 'surplus']);
      await world.settleDown();
      assert.deepEqual(await surplusRefunds(order), [{ state: 'succeeded', amount: 180_000n }]);
    }
  }).timeout(scaledTimeout(20_000));

  for (const winner of ['sandbox', 'other'] as const) {
    it(`promise 39: paid through two gateways, ${winner === 'sandbox' ? 'the first' : 'the second'} heard first: one applied, one surplus`, async () => {
      const [order, first] = await world.orderWithPayment(agency);
      await tell(world, declined(first));
      const second = await startAtSecondGateway(world, order);
      await world.decide(first, { kind: 'approve', evenIfClosed: true, manner: 'never' });
      const charge = (await world.bank.charges()).find((one) => one.merchantReference === first.reference);
      const hear = {
        sandbox: () => tell(world, approved(first, { transactionId: charge?.transactionId ?? '' })),
        other: () => hearFromSecondGateway(world, second),
      };
      await hear[winner]();
      assert.equal(await world.orderStatus(order), 'paid');
      await hear[winner === 'sandbox' ? 'other' : 'sandbox']();
      await world.settleDown();
      const expected = winner === 'sandbox' ? ['applied', 'surplus'] : ['surplus', 'applied'];
      assert.deepEqual(await claims(order), expected);
      // The bank gives its surplus back; the other gateway cannot, so a person is asked.
      if (winner === 'other') assert.equal((await surplusRefunds(order))[0]?.state, 'succeeded');
      else assert.equal(await world.count('cases', `order_id = '${order.id}' and kind = 'refund_failed'`), 1);
    });
  }

  describe('promise 40: a cancellation while a payment is under way', () => {
    const cancel = (order: TestOrder) => agency.call('POST', `/v1/payment-orders/${order.publicId}/cancel`);

    it('asks the bank first: undecided, it is refused', async () => {
      const [order] = await world.orderWithPayment(agency);
      const answer = await cancel(order);
      assert.deepEqual([answer.status, answer.body.code], [409, 'payment-order.payment-in-flight']);
      assert.equal(await world.orderStatus(order), 'open');
    });

    it('asks the bank first: paid, it is refused and the order is paid', async () => {
      const [order, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'approve', manner: 'never' });
      const answer = await cancel(order);
      assert.deepEqual([answer.status, answer.body.code], [409, 'payment-order.not-open']);
      assert.equal(await world.orderStatus(order), 'paid');
    });

    it('asks the bank first: declined, it is done', async () => {
      const [order, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'decline', code: '24', manner: 'never' });
      assert.equal((await cancel(order)).status, 200);
      assert.equal(await world.orderStatus(order), 'cancelled');
    });

    it('money for a cancelled order is surplus and goes back', async () => {
      const [order, payment] = await world.orderWithPayment(agency);
      await tell(world, declined(payment));
      assert.equal((await cancel(order)).status, 200);
      await world.decide(payment, { kind: 'approve', evenIfClosed: true });
      await world.settleDown();
      assert.equal(await world.orderStatus(order), 'cancelled');
      assert.deepEqual(await surplusRefunds(order), [{ state: 'succeeded', amount: 180_000n }]);
    });

    const races = scaled(6, 200);
    it(`at the same instant as the callback: either is refused by the other, whoever is first${times(races)}`, async () => {
      for (let round = 0; round < races; round += 1) {
        const [order, payment] = await world.orderWithPayment(agency);
        await tell(world, declined(payment));
        const charged = world.decide(payment, { kind: 'approve', evenIfClosed: true });
        const [answer] = await Promise.all([cancel(order), charged.then(() => world.bank.callbacks.pump())]);
        await world.settleDown();
        const status = await world.orderStatus(order);
        assert.ok(answer.status === 200 || answer.status === 409, JSON.stringify(answer.body));
        assert.equal(status, answer.status === 200 ? 'cancelled' : 'paid');
        assert.deepEqual(await claims(order), [status === 'paid' ? 'applied' : 'surplus']);
      }
    }).timeout(scaledTimeout(20_000));
  });

  it('promise 41: an order cannot be edited', async () => {
    const order = await world.openOrder(agency);
    const answer = await agency.call('PATCH', `/v1/payment-orders/${order.publicId}`, {
      body: { amount: 1 },
    });
    assert.equal(answer.status, 405);
  });

  describe('one payment of two orders of two agencies', () => {
    async function two(): Promise<[TestOrder, TestOrder, TestPayment]> {
      const [first, second] = [await world.openOrder(agency), await world.openOrder(other)];
      return [first, second, await world.startPayment(first, second)];
    }

    it('pays both, each in its own book', async () => {
      const before = [await world.balances(agency.agencyId), await world.balances(other.agencyId)];
      const [first, second, payment] = await two();
      await world.decide(payment, { kind: 'approve' });
      await world.settleDown();
      for (const order of [first, second]) assert.equal(await world.orderStatus(order), 'paid');
      for (const [index, { agencyId }] of [agency, other].entries()) {
        const now = await world.balances(agencyId);
        assert.equal((now[1100] ?? 0n) - (before[index]?.[1100] ?? 0n), 180_000n);
        assert.equal((now[2100] ?? 0n) - (before[index]?.[2100] ?? 0n), -180_000n);
      }
      assert.equal(await world.count('ledger_transactions', `event_ref = '${payment.id}'`), 2);
    });

    it('applies the part of one and gives back the part of the other that was paid meanwhile', async () => {
      const [first, second, payment] = await two();
      await tell(world, declined(payment));
      const alone = await world.startPayment(first);
      await world.decide(alone, { kind: 'approve' });
      await world.settleDown();
      await world.decide(payment, { kind: 'approve', evenIfClosed: true });
      await world.settleDown();
      assert.deepEqual(await claims(first), ['surplus', 'applied']);
      assert.deepEqual(await claims(second), ['applied']);
      assert.deepEqual(await surplusRefunds(first), [{ state: 'succeeded', amount: 180_000n }]);
      assert.equal(await world.orderStatus(second), 'paid');
    });

    it('puts a wrong amount into the book of the platform, for it is nobody’s yet', async () => {
      const [first, second, payment] = await two();
      const before = (await world.balances(0))[2300] ?? 0n;
      await world.decide(payment, { kind: 'approve', amount: 359_999n });
      await world.settleDown();
      assert.equal(((await world.balances(0))[2300] ?? 0n) - before, -359_999n);
      for (const order of [first, second]) assert.equal(await world.orderStatus(order), 'open');

      const path = `/v1/payments/${publicId('pay', payment.id)}/refund`;
      const asked = await world.operator('POST', path, { body: { reason: 'Nộp sai số tiền' } });
      assert.equal(asked.status, 201, JSON.stringify(asked.body));
      assert.equal(asked.body.amount, 359_999);
      const decision = `/v1/refunds/${asked.body.id as string}/decision`;
      const approval = { body: { decision: 'approve' } };
      assert.equal((await world.operator('POST', decision, approval)).status, 403, 'never by who asked');
      assert.equal((await world.operatorAsSecond('POST', decision, approval)).status, 200);
      await world.settleDown();
      assert.equal(
        (await world.operator('GET', `/v1/refunds/${asked.body.id as string}`)).body.state,
        'succeeded',
      );
      assert.equal((await world.balances(0))[2300] ?? 0n, before, 'the platform holds none of it any more');
      assert.equal((await world.operator('POST', path, { body: { reason: 'Lần nữa' } })).status, 409);
    });
  });
});

/** A gateway that takes payments and nothing else; what it says of them a test says in its place. */
const SECOND: GatewayAdapter = {
  code: 'vnpay',
  profile: {
    currencies: ['VND'],
    amountMin: { amountMinor: 1n, currency: 'VND' },
    amountMax: { amountMinor: 1_000_000_000n, currency: 'VND' },
    paymentLifetimeMinutes: 15,
    formActionOrigins: [],
    merchantReference: (number) => `SECOND${number.toString()}`,
  },
  startPayment: ({ startedAt }) =>
    Promise.resolve({
      kind: 'redirect',
      url: 'https://second.example.vn/pay',
      expiresAt: new Date(startedAt.getTime() + 15 * 60_000),
    }),
  readCallback: () => ({ kind: 'rejected', why: 'malformed' }),
  acknowledge: () => ({ status: 200, contentType: 'text/plain', body: '' }),
};

async function addSecondGateway({ db }: TestService): Promise<void> {
  await query(
    db,
    `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values (:code, 'platform', 'M', '')`,
    { code: SECOND.code },
  );
}

async function startAtSecondGateway(world: TestService, order: TestOrder) {
  const account = { code: 'platform', merchantId: 'M', secrets: [], settings: {} };
  const started = await startPayment(
    {
      ...world.service.payments,
      gateways: { get: () => SECOND, enabled: () => [SECOND] },
      merchantAccounts: () => Promise.resolve(account),
    },
    {
      orders: [{ agencyId: order.agencyId, id: order.id }],
      gateway: SECOND.code,
      locale: 'vi',
      payerIp: '127.0.0.1',
      expected: null,
    },
  );
  if (started.kind !== 'handed_off') assert.fail(started.kind);
  return world.payment(started.paymentId);
}

async function hearFromSecondGateway(
  { service, clock }: TestService,
  payment: Awaited<ReturnType<TestService['payment']>>,
): Promise<void> {
  const { result } = await service.asking.recorder.add({
    gateway: payment.gateway,
    account: payment.merchantAccount,
    merchantReference: payment.merchantReference,
    outcome: {
      kind: 'succeeded',
      amount: payment.amount,
      gatewayTransactionId: publicId('pay', payment.id),
      paidAt: clock.now(),
    },
    source: 'callback',
  });
  assert.equal(result, 'recorded');
}
