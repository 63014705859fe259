/** Refunds of bank transfers: the payer names an account on the page, people transfer, the books follow. */
import assert from 'node:assert/strict';
import { query } from '../../../src/platform/database.ts';
import { payoutsToMake, recordPayout } from '../../../src/features/refunds/payouts.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../../support/service.ts';

describe('a refund that no gateway sends', function () {
  this.timeout(30_000);
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vietqr', LOG_LEVEL: 'debug' } });
    agency = await world.addAgency('H29');
    await world.allowAutomaticRefunds(5_000_000n);
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  async function overpaid(): Promise<[TestOrder, TestPayment]> {
    const order = await world.openOrder(agency);
    const payment = await world.startPaymentAt('vietqr', order);
    await world
      .peer('vietqr')
      .decide(payment.reference, { kind: 'approve', amount: payment.amount + 20_000n });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
    return [order, payment];
  }

  const pathOf = ({ id }: TestPayment): string =>
    `${world.origin}/pay/${world.service.links.tokenOf({ kind: 'payment', id })}`;

  /** Types an account, looks at it and sends it; `step` does something else with what was typed. */
  async function fillIn(
    payment: TestPayment,
    fields: Record<string, string>,
    step: 'send' | 'edit' | 'none' = 'send',
  ): Promise<{ status: number; html: string }> {
    const shown = await fetch(`${pathOf(payment)}/payout`);
    const cookie = (shown.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const csrf = /name="csrf" value="([^"]+)"/.exec(await shown.text())?.[1] ?? '';
    const answer = await fetch(`${pathOf(payment)}/payout`, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ csrf, ...fields, ...(step === 'none' ? {} : { step }) }),
    });
    return { status: answer.status, html: await answer.text() };
  }

  const due = () => payoutsToMake({ db: world.db, box: world.service.box, gateways: ['vietqr'] }, 100);
  const deps = () => ({
    db: world.db,
    clock: world.clock,
    newId: world.service.newId,
    businessTimeZone: 'Asia/Ho_Chi_Minh',
  });

  async function refundOf(order: TestOrder) {
    const [row] = await query<{ state: string; refund_reference: string }>(
      world.db,
      'select state, refund_reference from refunds where order_id = :id',
      { id: order.id },
    );
    assert.ok(row);
    return row;
  }

  it('waits until the payer names an account, and is paid out by two people', async () => {
    const [order, payment] = await overpaid();
    const { state, refund_reference: refundReference } = await refundOf(order);
    assert.equal(state, 'approved');
    assert.equal((await due()).find((one) => one.refundReference === refundReference)?.account, null);
    const asking = await (await fetch(pathOf(payment))).text();
    assert.match(asking, /<a class="btn" href="[^"]+\/payout">Cho biết tài khoản nhận tiền hoàn/);
    assert.match(asking, /Bạn đã nộp thừa 20\.000 đồng/);
    assert.doesNotMatch(asking, /nộp hai lần|không cần làm gì thêm/);

    const made = {
      refundReference,
      bankTransaction: 'FT900',
      paidAt: world.clock.now(),
      preparedBy: 'staff:a',
      confirmedBy: 'staff:b',
    };
    await assert.rejects(recordPayout(deps(), made), { code: 'refund.illegal-move' });

    const { status, html } = await fillIn(payment, {
      bank: 'VietinBank',
      accountNumber: '1055 1234 5678',
      holder: 'Nguyễn Văn Minh',
    });
    assert.equal(status, 200);
    assert.match(html, /•••678/);
    assert.doesNotMatch(html, /105512345678/);
    const payout = (await due()).find((one) => one.refundReference === refundReference);
    assert.deepEqual(payout?.account, {
      bank: 'VietinBank',
      accountNumber: '105512345678',
      holder: 'NGUYEN VAN MINH',
    });
    assert.equal(payout.payerName, 'Nguyễn Văn Minh');

    await assert.rejects(recordPayout(deps(), { ...made, confirmedBy: 'staff:a' }), {
      code: 'refund.same-person',
    });
    await recordPayout(deps(), made);
    assert.equal((await refundOf(order)).state, 'succeeded');
    await assert.rejects(recordPayout(deps(), made), { code: 'refund.illegal-move' });
    assert.ok((await world.eventTypes(order)).includes('refund.succeeded'));
  });

  it('is kept only after the payer has seen the account whole, and can be changed until then', async () => {
    const [order, payment] = await overpaid();
    const { refund_reference: reference } = await refundOf(order);
    const kept = async () => (await due()).find((one) => one.refundReference === reference)?.account;
    const typed = { bank: 'VietinBank', accountNumber: '105512345678', holder: 'Nguyễn Văn Minh' };
    const review = await fillIn(payment, typed, 'none');
    assert.equal(review.status, 200);
    assert.match(review.html, /1055 1234 5678/);
    assert.match(review.html, /NGUYEN VAN MINH/);
    assert.match(review.html, /20\.000 đồng/);
    assert.equal(await kept(), null);
    const again = await fillIn(payment, typed, 'edit');
    assert.match(again.html, /name="accountNumber" value="105512345678"/);
    assert.equal(await kept(), null);
    await fillIn(payment, { ...typed, accountNumber: '105512345679' });
    assert.equal((await kept())?.accountNumber, '105512345679');
  });

  it('keeps the account sealed, out of logs and out of the audit', async () => {
    const [, payment] = await overpaid();
    await fillIn(payment, { bank: 'VCB', accountNumber: '99887766554433', holder: 'LE THI HOA' });
    const rows = await query<{ text: string }>(
      world.db,
      `select account_box as text from payouts union all select detail::text from audit_log
       union all select body::text from events union all select detail::text from cases`,
    );
    for (const { text } of rows) assert.ok(!text.includes('99887766554433') && !text.includes('LE THI HOA'));
    assert.ok(!world.complaints.some((line) => line.includes('99887766554433')));
  });

  it('goes to the account named first, whoever finds the link later', async () => {
    const [order, payment] = await overpaid();
    await fillIn(payment, { bank: 'VCB', accountNumber: '1111111111', holder: 'LE THI HOA' });
    await fillIn(payment, { bank: 'VCB', accountNumber: '2222222222', holder: 'KE GIAN' });
    const { refund_reference: reference } = await refundOf(order);
    const payout = (await due()).find((one) => one.refundReference === reference);
    assert.equal(payout?.account?.accountNumber, '1111111111');
  });

  it('says what is wrong with an account, and keeps what was typed', async () => {
    const [, payment] = await overpaid();
    const { status, html } = await fillIn(payment, { bank: '', accountNumber: '12', holder: 'Hoa ♥' });
    assert.equal(status, 422);
    for (const words of [
      'Nhập tên ngân hàng',
      'Nhập số tài khoản',
      'Nhập tên chủ tài khoản',
      'value="Hoa ♥"',
    ]) {
      assert.ok(html.includes(words), words);
    }
    assert.equal(
      (await fillIn(payment, { bank: 'VCB', accountNumber: '1234567', holder: 'Công ty TNHH 888 & Con' }))
        .status,
      200,
    );
    assert.ok((await due()).some(({ account }) => account?.holder === 'CONG TY TNHH 888 & CON'));
  });

  it('of a paid order is asked for by the agency and waits for the account', async () => {
    const order = await world.openOrder(agency);
    const payment = await world.startPaymentAt('vietqr', order);
    await world.peer('vietqr').decide(payment.reference, { kind: 'approve' });
    await world.settleDown();
    const terms = await agency.call('GET', `/v1/payment-orders/${order.publicId}/refund-terms`);
    assert.equal(terms.body.route, 'payout');
    const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount: 30_000, amount_available: 180_000, reason: 'Nộp thừa' },
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const decided = await agency.callAsSecond('POST', `/v1/refunds/${String(asked.body.id)}/decision`, {
      body: { decision: 'approve' },
    });
    assert.equal(decided.status, 200);
    await world.settleDown();
    assert.equal((await refundOf(order)).state, 'approved');
    const page = await (await fetch(pathOf(payment))).text();
    assert.match(page, /<a class="btn" href="[^"]+\/payout">Cho biết tài khoản nhận tiền hoàn/);
    assert.match(page, /Chờ bạn cho biết tài khoản/);
    assert.match(page, /Đã nộp thành công/, 'the order is paid all the same');
    assert.match(page, /Số 0000/, 'and its receipt is there');
    await fillIn(payment, { bank: 'VCB', accountNumber: '5555555555', holder: 'LE THI HOA' });
    const known = await (await fetch(pathOf(payment))).text();
    assert.doesNotMatch(known, /Cho biết tài khoản|cho biết tài khoản/, 'nothing is asked twice');
    assert.match(known, /Xem tài khoản nhận tiền hoàn/);
  });

  it('goes to no account of somebody who came by a number on paper', async () => {
    const [order, payment] = await overpaid();
    const publicPath = `${world.origin}/pay/${world.service.links.tokenOf({ kind: 'payment', id: payment.id, isPublic: true })}`;
    const shown = await fetch(`${publicPath}/payout`, { redirect: 'manual' });
    assert.equal(shown.status, 303);
    assert.match(shown.headers.get('location') ?? '', /\/payer$/);
    const asked = await fetch(`${publicPath}/payer`);
    const cookie = (asked.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const csrf = /name="csrf" value="([^"]+)"/.exec(await asked.text())?.[1] ?? '';
    const send = (path: string, fields: Record<string, string>) =>
      fetch(path, {
        method: 'POST',
        headers: { cookie },
        body: new URLSearchParams({ csrf, ...fields }),
        redirect: 'manual',
      });
    await send(`${publicPath}/payout`, { bank: 'VCB', accountNumber: '3333333333', holder: 'KE GIAN' });
    const { refund_reference: reference } = await refundOf(order);
    assert.equal((await due()).find((one) => one.refundReference === reference)?.account, null);

    for (const digits of ['0000', '0001', '0002', '0003']) {
      assert.equal((await send(`${publicPath}/payer`, { digits })).status, 422);
    }
    const known = await send(`${publicPath}/payer`, { digits: '2345' });
    assert.equal(known.headers.get('location'), pathOf(payment).slice(world.origin.length));
    assert.equal((await send(`${publicPath}/payer`, { digits: '2345' })).status, 429, 'five tries an hour');
  });

  it('is not asked about at a page of a payment without one', async () => {
    const order = await world.openOrder(agency);
    const payment = await world.startPaymentAt('vietqr', order);
    const answer = await fetch(`${pathOf(payment)}/payout`, { redirect: 'manual' });
    assert.equal(answer.status, 303);
    await world.peer('vietqr').decide(payment.reference, { kind: 'approve' });
  });
});

describe('a short transfer on the pages', function () {
  this.timeout(30_000);
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vietqr' } });
    agency = await world.addAgency('H29');
  });
  after(() => world.stop());

  for (const [locale, words] of [
    ['vi', ['179.000', '180.000', 'Tiền được giữ an toàn', 'Nộp thêm 1.000']],
    ['en', ['179,000', '180,000', 'The money is safe']],
  ] as const) {
    it(`is told with what is missing, and the same code asks for the rest (${locale})`, async () => {
      const order = await world.openOrder(agency);
      const payment = await world.startPaymentAt('vietqr', order);
      const path = `${world.origin}/pay/${world.service.links.tokenOf({ kind: 'payment', id: payment.id })}`;
      const before = await (await fetch(`${path}/bank?lang=${locale}`)).text();
      assert.ok(before.includes(payment.reference));
      await world.peer('vietqr').decide(payment.reference, { kind: 'approve', amount: 179_000n });
      await world.settleDown();
      const html = await (await fetch(`${path}?lang=${locale}`)).text();
      for (const word of words)
        assert.ok(html.includes(word), `${word} in ${html.replace(/<[^>]+>/g, ' ').slice(0, 2000)}`);
      assert.match(html, /\/bank"/);
      const rest = await (await fetch(`${path}/bank?lang=${locale}`)).text();
      assert.ok(rest.includes(payment.reference), 'the same code');
      assert.match(rest, /1[.,]000/);

      world.pass({ minutes: 24 * 60 + 1 });
      const later = await (await fetch(`${path}?lang=${locale}`)).text();
      assert.doesNotMatch(later, /\/bank"/, 'a day later nothing more is asked for');
      await world.settleDown();
      const back = await (await fetch(`${path}?lang=${locale}`)).text();
      assert.match(back, /<a class="btn" href="[^"]+\/payout">/, 'it goes back, and the page asks where to');
      world.pass({ minutes: -(24 * 60 + 1) });
    });
  }
});
