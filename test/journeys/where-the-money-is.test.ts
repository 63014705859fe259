/** What pages say of the money when it is neither simply paid nor simply not: transfers, refunds in part, money too much. */
import assert from 'node:assert/strict';
import type { PayTarget } from '../../src/checkout/checkout-link.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

describe('where the money is, told to its payer', function () {
  this.timeout(30_000);
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vietqr' } });
    agency = await world.addAgency('H29');
    await world.allowAutomaticRefunds(5_000_000n);
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  const tokenOf = (target: PayTarget) => world.service.links.tokenOf(target);

  async function textOf(path: string): Promise<string> {
    const html = await (await fetch(`${world.origin}${path}`)).text();
    return html
      .slice(html.indexOf('<main'))
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ');
  }
  const pageOf = ({ id }: TestPayment) => textOf(`/pay/${tokenOf({ kind: 'payment', id })}`);
  const pageOfOrder = ({ agencyId, id }: TestOrder) =>
    textOf(`/pay/${tokenOf({ kind: 'order', agencyId, id })}`);

  async function refunded(order: TestOrder, amount: number, available: number): Promise<void> {
    const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount, amount_available: available, reason: 'Thu nhầm' },
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const decided = await agency.callAsSecond('POST', `/v1/refunds/${String(asked.body.id)}/decision`, {
      body: { decision: 'approve' },
    });
    assert.equal(decided.status, 200);
  }

  it('does not say that whoever only looked at a transfer code has transferred', async () => {
    const payment = await world.startPaymentAt('vietqr', await world.openOrder(agency));
    const page = await pageOf(payment);
    assert.match(page, /Bạn đã nhận mã chuyển khoản/);
    assert.match(page, /Chờ tiền chuyển đến/);
    assert.doesNotMatch(page, /Bạn đã (chuyển|sang)|VietQR xác nhận|Tiếp tục tới VietQR/);
    assert.match(page, /Chưa chuyển\? Xem lại mã chuyển khoản/);
    const { lifetimeEndsAt } = await world.payment(payment.id);
    const free = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Asia/Ho_Chi_Minh',
      hour: '2-digit',
      minute: '2-digit',
    }).format(new Date(lifetimeEndsAt.getTime() + 15 * 60_000));
    assert.ok(page.includes(`hết hạn lúc ${free}; sau đó bạn chọn lại được`), page);
  });

  it('does not say that no money was taken when a transfer code ran out: the money may be on its way', async () => {
    const order = await world.openOrder(agency);
    const payment = await world.startPaymentAt('vietqr', order);
    world.pass({ minutes: 60 });
    await world.settleDown();
    assert.equal((await world.payment(payment.id)).state, 'lapsed');
    const pages = [await pageOf(payment), await pageOfOrder(order)];
    for (const page of pages) {
      assert.match(page, /hưa nhận được tiền/);
      assert.match(page, /Nếu bạn đã chuyển, đừng nộp lại/);
      assert.doesNotMatch(page, /Chưa có khoản tiền nào bị trừ/);
    }
    assert.match(pages[0]!, /Mã chuyển khoản đã hết hạn/);
    assert.match(pages[1]!, /Thanh toán 180\.000 đồng/, 'it can be paid again');

    await world.peer('vietqr').decide(payment.reference, { kind: 'approve', evenIfClosed: true });
    await world.settleDown();
    assert.match(await pageOf(payment), /Đã nộp thành công/);
  });

  it('says that no money was taken when the bank was asked and said so', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    world.pass({ minutes: 60 });
    await world.settleDown();
    assert.match(await pageOf(payment), /Chưa có khoản tiền nào bị trừ/);
    assert.match(await pageOfOrder(order), /Chưa có khoản tiền nào bị trừ/);
  });

  it('keeps the receipt in sight while a part goes back, and shows the one that holds when it has', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    await world.bank.setSwitch('refunds_processing', 1);
    await refunded(order, 50_000, 180_000);
    const underWay = await pageOf(payment);
    assert.match(underWay, /Đã nộp thành công/);
    assert.match(underWay, /50\.000 đồng đang được hoàn lại cho bạn, chậm nhất \d\d\/\d\d\/\d{4}/);
    assert.match(underWay, /Biên lai điện tử/);

    await world.settleDown();
    world.pass({ minutes: 5 });
    await world.settleDown();
    const done = await pageOf(payment);
    assert.match(done, /Đã nộp thành công/);
    assert.match(done, /50\.000 đồng đã được hoàn lại cho bạn lúc/);
    const old = done.indexOf('biên lai cũ, không còn giá trị');
    assert.ok(old > 0, done);
    assert.equal(done.slice(0, old).match(/Biên lai này đã được thay thế/g), null, 'what holds comes first');
    assert.match(done.slice(old), /Biên lai này đã được thay thế/);
  });

  it('leads from the receipt to money paid twice, while it goes back and afterwards', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    await world.bank.setSwitch('refunds_processing', 1);
    await world.decide(payment, { kind: 'approve', charges: 2 });
    await world.bank.callbacks.pump();
    await world.turn('refund-surplus');
    assert.match(await pageOf(payment), /Bạn đã nộp hai lần\. Chúng tôi đang trả lại 180\.000 đồng/);
    await world.settleDown();
    world.pass({ minutes: 5 });
    await world.settleDown();
    assert.match(await pageOf(payment), /Đã hoàn 180\.000 đồng/);
  });
});
