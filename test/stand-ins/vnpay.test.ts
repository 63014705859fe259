import assert from 'node:assert/strict';
import { VNPay, VnpLocale } from 'vnpay';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';
import { addressOf, openPage, press } from './pay-page.ts';

describe('VNPAY as it is played here, and the service before it', () => {
  let world: TestService;
  let agency: TestAgency;
  let peer: Peer;
  let variables: Readonly<Record<string, string>>;
  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vnpay' } });
    agency = await world.addAgency('H29');
    peer = world.peer('vnpay');
    variables = world.service.standIns!.gatewayVariables['vnpay']!;
  });
  after(() => world.stop());

  const start = (order: TestOrder): Promise<TestPayment> => world.startPaymentAt('vnpay', order);
  const pageOf = async (payment: TestPayment): Promise<string> => openPage(await addressOf(world, payment));

  async function paid(): Promise<TestOrder> {
    const order = await world.openOrder(agency);
    await press(await pageOf(await start(order)), { action: 'approve' });
    await peer.notices.pump();
    assert.equal(await world.orderStatus(order), 'paid');
    return order;
  }

  async function refund(order: TestOrder, amount: number, available: number): Promise<string> {
    const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount, amount_available: available, reason: 'Nộp thừa' },
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const { id } = asked.body as { id: string };
    const decided = await agency.callAsSecond('POST', `/v1/refunds/${id}/decision`, {
      body: { decision: 'approve' },
    });
    assert.equal(decided.status, 200, JSON.stringify(decided.body));
    await world.settleDown();
    return id;
  }

  async function refundStatus(id: string): Promise<string> {
    const answer = await agency.call('GET', `/v1/refunds/${id}`);
    return (answer.body as { state: string }).state;
  }

  it('takes the money, tells the service, and sends the payer back to a page that says so', async () => {
    const order = await world.openOrder(agency);
    const payment = await start(order);
    const page = await pageOf(payment);
    assert.match(await (await fetch(page)).text(), /180\.000/);
    const back = await press(page, { action: 'approve' });
    assert.equal(await peer.notices.pump(), 1);
    assert.equal(await world.orderStatus(order), 'paid');
    const result = await fetch(back);
    assert.equal(result.status, 200);
    const [charge] = await peer.charges();
    assert.equal(charge?.amount, 180_000n);
    assert.equal((await world.payment(payment.id)).gatewayTransactionId, charge.transactionId);
    assert.equal(await peer.notices.pump({ ignoreDueTime: true }), 0, 'accepted, so not sent again');
    await world.assertSound();
  });

  it('says no for the payer, whose order stays open', async () => {
    const order = await world.openOrder(agency);
    const payment = await start(order);
    await press(await pageOf(payment), { action: 'decline', code: '51' });
    await peer.notices.pump();
    assert.equal((await world.payment(payment.id)).state, 'failed');
    assert.equal(await world.orderStatus(order), 'open');
    await world.assertSound();
  });

  it('leaves a payment pending that it holds, has reversed or says an unlisted word of', async () => {
    for (const code of ['07', '04', '87']) {
      const order = await world.openOrder(agency);
      const payment = await start(order);
      await pageOf(payment);
      await peer.decide(payment.reference, { kind: 'decline', code });
      await peer.notices.pump();
      world.pass({ minutes: 20 });
      await world.settleDown();
      assert.equal((await world.payment(payment.id)).state, 'unknown', code);
      await peer.decide(payment.reference, { kind: 'approve', evenIfClosed: true });
      await peer.notices.pump();
      assert.equal(await world.orderStatus(order), 'paid', code);
    }
    await world.assertSound();
  });

  it('lets a payment lapse that was never opened, or ran out on its page', async () => {
    const [never, unused] = [await world.openOrder(agency), await world.openOrder(agency)];
    const [first, second] = [await start(never), await start(unused)];
    await pageOf(second);
    world.pass({ minutes: 16 });
    await world.settleDown();
    assert.equal((await world.payment(first.id)).state, 'lapsed');
    assert.ok(['lapsed', 'failed'].includes((await world.payment(second.id)).state));
    assert.match(await pageOf(first), /Error\.html\?code=15$/);
    await world.assertSound();
  });

  for (const manner of ['twice', 'forged', 'altered', 'reordered', 'lost'] as const) {
    it(`is believed once when it tells ${manner}`, async () => {
      const order = await world.openOrder(agency);
      const payment = await start(order);
      await press(await pageOf(payment), { action: 'approve', manner });
      for (let minutes = 0; minutes < 30; minutes += 5) {
        await peer.notices.pump();
        world.pass({ minutes: 5 });
      }
      assert.equal(await world.orderStatus(order), 'paid');
      assert.equal(await world.count('payments', `id = '${payment.id}' and state = 'succeeded'`), 1);
      await world.assertSound();
    });
  }

  it('keeps money of another sum for a person to look at', async () => {
    const order = await world.openOrder(agency);
    const payment = await start(order);
    await press(await pageOf(payment), { action: 'other_amount', amount: '179999' });
    await peer.notices.pump();
    assert.equal((await world.payment(payment.id)).state, 'mismatched');
    assert.equal(await world.orderStatus(order), 'open');
  });

  it('gives parts back, one after another, and never more than it took', async () => {
    const order = await paid();
    const first = await refund(order, 50_000, 180_000);
    assert.equal(await refundStatus(first), 'succeeded');
    const second = await refund(order, 50_000, 130_000);
    assert.equal(await refundStatus(second), 'succeeded');
    assert.equal(await world.orderStatus(order), 'partly_refunded');
    const made = (await peer.refunds()).filter(({ amount }) => amount === 50_000n);
    assert.equal(new Set(made.map(({ refundId }) => refundId)).size, 2);
    await world.assertSound();
  });

  it('gives the whole back', async () => {
    const order = await paid();
    assert.equal(await refundStatus(await refund(order, 180_000, 180_000)), 'succeeded');
    assert.equal(await world.orderStatus(order), 'refunded');
    await world.assertSound();
  });

  describe('held against an independent library', () => {
    const library = (secret?: string) =>
      new VNPay({
        tmnCode: variables['VNPAY_TMN_CODE'] ?? '',
        secureSecret: secret ?? variables['VNPAY_HASH_SECRET'] ?? '',
        vnpayHost: world.origin,
        queryDrAndRefundHost: world.origin,
        endpoints: {
          paymentEndpoint: 'sandbox/vnpay/paymentv2/vpcpay.html',
          queryDrRefundEndpoint: 'sandbox/vnpay/merchant_webapi/api/transaction',
        },
      });

    function libraryUrl(reference: string, secret?: string, amount = 20_000): string {
      const at = (minutes: number) => {
        const time = new Date(world.clock.now().getTime() + (minutes + 7 * 60) * 60_000);
        return Number(time.toISOString().replaceAll(/\D/g, '').slice(0, 14));
      };
      return library(secret).buildPaymentUrl({
        vnp_Amount: amount,
        vnp_IpAddr: '192.168.0.1',
        vnp_ReturnUrl: `${world.origin}/back`,
        vnp_TxnRef: reference,
        vnp_OrderInfo: `Thanh toan ${reference}`,
        vnp_Locale: VnpLocale.EN,
        vnp_CreateDate: at(0),
        vnp_ExpireDate: at(15),
      });
    }

    it('takes its addresses, and the same one again', async () => {
      const url = libraryUrl('LIB1');
      const page = await openPage(url);
      assert.match(page, /\/sandbox\/vnpay\/pay\/[0-9a-f]{32}$/);
      assert.equal(await openPage(url), page);
    });

    it('calls ten times, five minutes apart, about a payment that the service does not know', async () => {
      // What is still owed of other payments is told until it is given up, so that this one alone is counted.
      while ((await peer.notices.pump({ ignoreDueTime: true })) > 0);
      await press(await openPage(libraryUrl('LIB9')), { action: 'approve' });
      const calls: number[] = [];
      for (let minutes = 0; minutes < 60; minutes += 5) {
        calls.push(await peer.notices.pump());
        world.pass({ minutes: 5 });
      }
      assert.deepEqual(calls, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    });

    it('refuses an edited address, another secret, a sum out of bounds and a reference used before', async () => {
      const codeOf = async (url: string) => /code=(\d+)$/.exec(await openPage(url))?.[1];
      const edited = libraryUrl('LIB2').replace('vnp_Amount=2000000', 'vnp_Amount=200000');
      assert.equal(await codeOf(edited), '70');
      assert.equal(await codeOf(libraryUrl('LIB2', 'another')), '70');
      assert.equal(await codeOf(libraryUrl('LIB2', undefined, 4_999)), '32');
      assert.equal(await codeOf(libraryUrl('LIB2', undefined, 1_000_000_000)), '32');
      await openPage(libraryUrl('LIB2'));
      assert.equal(await codeOf(libraryUrl('LIB2', undefined, 30_000)), '01');
      const shown = await fetch(edited);
      assert.match(await shown.text(), /Sai chữ ký/);
    });

    it('sends it back with words that it verifies, and answers its queries', async () => {
      const page = await openPage(libraryUrl('LIB3'));
      const back = new URL(await press(page, { action: 'approve' }));
      type Query = Parameters<ReturnType<typeof library>['verifyReturnUrl']>[0];
      const told = Object.fromEntries(back.searchParams) as unknown as Query;
      const verified = library().verifyReturnUrl(told);
      assert.deepEqual([verified.isVerified, verified.isSuccess, verified.vnp_Amount], [true, true, 20_000]);
      const payment = (await peer.payments()).find(({ reference }) => reference === 'LIB3');
      const ask = (reference: string, id: string, secret?: string) =>
        library(secret).queryDr({
          vnp_RequestId: id,
          vnp_TxnRef: reference,
          vnp_OrderInfo: 'Truy van',
          vnp_IpAddr: '127.0.0.1',
          vnp_TransactionDate: Number(payment?.details['createDate']),
          vnp_TransactionNo: 0,
          vnp_CreateDate: 20_261_125_100_000,
        });
      const answer = await ask('LIB3', 'Q1');
      assert.equal(answer.isVerified, true);
      assert.equal(answer.vnp_TransactionStatus, '00');
      assert.equal((await ask('LIB3', 'Q1')).vnp_ResponseCode, '94');
      assert.equal((await ask('LIB0', 'Q2')).vnp_ResponseCode, '91');
      assert.equal((await ask('LIB3', 'Q3', 'another')).vnp_ResponseCode, '97');
    });
  });
});
