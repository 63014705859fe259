import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';
import { addressOf, openPage, press } from './pay-page.ts';

describe('OnePay as it is played here, and the service before it', () => {
  let world: TestService;
  let agency: TestAgency;
  let peer: Peer;
  let variables: Readonly<Record<string, string>>;
  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'onepay' } });
    agency = await world.addAgency('H29');
    peer = world.peer('onepay');
    variables = world.service.standIns!.gatewayVariables['onepay']!;
  });
  after(() => world.stop());

  async function started(): Promise<{ readonly order: TestOrder; readonly payment: TestPayment }> {
    const order = await world.openOrder(agency);
    return { order, payment: await world.startPaymentAt('onepay', order) };
  }

  it('takes the money, tells the service, and sends the payer back to a page that says so', async () => {
    const { order, payment } = await started();
    const back = await press(await openPage(await addressOf(world, payment)), { action: 'approve' });
    assert.equal(await peer.notices.pump(), 1);
    assert.equal(await world.orderStatus(order), 'paid');
    assert.equal((await fetch(back)).status, 200);
    const [charge] = await peer.charges();
    assert.equal(charge?.amount, 180_000n);
    assert.equal((await world.payment(payment.id)).gatewayTransactionId, charge.transactionId);
    assert.equal(await peer.notices.pump({ ignoreDueTime: true }), 0, 'accepted, so not sent again');
    await world.assertSound();
  });

  it('says no for the payer, whose order stays open', async () => {
    const { order, payment } = await started();
    await press(await openPage(await addressOf(world, payment)), { action: 'decline', code: '21' });
    await peer.notices.pump();
    assert.equal((await world.payment(payment.id)).state, 'failed');
    assert.equal(await world.orderStatus(order), 'open');
  });

  it('lets a payment lapse that was never opened', async () => {
    const { payment } = await started();
    world.pass({ minutes: 16 });
    await world.settleDown();
    assert.equal((await world.payment(payment.id)).state, 'lapsed');
  });

  describe('asked by a stranger to the service', () => {
    function sign(
      fields: Readonly<Record<string, string>>,
      key = variables['ONEPAY_HASH_KEY'] ?? '',
    ): string {
      const text = Object.keys(fields)
        .filter((name) => name.startsWith('vpc_'))
        .sort()
        .map((name) => `${name}=${fields[name] ?? ''}`)
        .join('&');
      const hash = createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex').toUpperCase();
      return new URLSearchParams({ ...fields, vpc_SecureHash: hash }).toString();
    }

    const asked = (changes: Readonly<Record<string, string>> = {}) => ({
      vpc_Version: '2',
      vpc_Command: 'pay',
      vpc_Merchant: variables['ONEPAY_MERCHANT_ID'] ?? '',
      vpc_AccessCode: variables['ONEPAY_ACCESS_CODE'] ?? '',
      vpc_Currency: 'VND',
      vpc_Locale: 'en',
      vpc_MerchTxnRef: 'STRANGER1',
      vpc_OrderInfo: 'Order 1',
      vpc_Amount: '2000000',
      vpc_ReturnURL: `${world.origin}/back`,
      vpc_TicketNo: '127.0.0.1',
      AgainLink: world.origin,
      Title: 'Shop',
      ...changes,
    });
    const page = (query: string, path = '/onecomm-pay/vpc.op') =>
      fetch(`${world.origin}/sandbox/onepay${path}?${query}`, { redirect: 'manual' });

    it('takes a payment that is signed, at either of its pages', async () => {
      assert.equal((await page(sign(asked()))).status, 302);
      const { vpc_Currency: _currency, ...international } = asked({ vpc_MerchTxnRef: 'STRANGER2' });
      assert.equal((await page(sign(international), '/vpcpay/vpcpay.op')).status, 302);
      assert.equal((await page(sign(asked()), '/vpcpay/vpcpay.op')).status, 400);
    });

    it('refuses what is edited, ill-formed, another merchant or key', async () => {
      const edited = sign(asked()).replace('vpc_Amount=2000000', 'vpc_Amount=200000');
      for (const query of [
        edited,
        sign(asked(), 'AB'.repeat(16)),
        sign(asked({ vpc_Merchant: 'OTHER' })),
        sign(asked({ vpc_AccessCode: 'OTHER' })),
        sign(asked({ vpc_TicketNo: '2001:db8::1' })),
        sign(asked({ vpc_Amount: '100000000000' })),
        sign(asked({ vpc_MerchTxnRef: 'X'.repeat(35) })),
      ]) {
        assert.equal((await page(query)).status, 400, query);
      }
    });

    it('answers a query that is signed, with the right password, about what it knows and does not', async () => {
      const query = async (changes: Readonly<Record<string, string>> = {}) => {
        const fields = {
          vpc_Version: '2',
          vpc_Command: 'queryDR',
          vpc_Merchant: variables['ONEPAY_MERCHANT_ID'] ?? '',
          vpc_AccessCode: variables['ONEPAY_ACCESS_CODE'] ?? '',
          vpc_User: variables['ONEPAY_QUERY_USER'] ?? '',
          vpc_Password: variables['ONEPAY_QUERY_PASSWORD'] ?? '',
          vpc_MerchTxnRef: 'STRANGER1',
          ...changes,
        };
        const answer = await fetch(variables['ONEPAY_QUERY_URL'] ?? '', {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: sign(fields),
        });
        return { status: answer.status, told: new URLSearchParams(await answer.text()) };
      };
      const known = await query();
      assert.deepEqual([known.told.get('vpc_DRExists'), known.told.get('vpc_TxnResponseCode')], ['Y', '100']);
      assert.equal((await query({ vpc_MerchTxnRef: 'NOBODY' })).told.get('vpc_DRExists'), 'N');
      assert.equal((await query({ vpc_Password: 'wrong' })).status, 403);
    });
  });
});
