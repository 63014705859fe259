/** A gateway in trouble: hidden from those who have not begun, open to those who have, and back by itself. */
import assert from 'node:assert/strict';
import { readCircuits, readFiguresSince } from '../../src/features/payments/gateway-health-store.ts';
import { insertMaintenance } from '../../src/features/payments/gateway-settings-store.ts';
import { startPayment } from '../../src/features/payments/start-payment.ts';
import { Refusal } from '../../src/domain/kernel/refusals.ts';
import { newTestId } from '../support/ids.ts';
import { startTestService, type TestAgency, type TestOrder, type TestService } from '../support/service.ts';
import { hiddenFields } from '../checkout/visitor.ts';

describe('a gateway in trouble', () => {
  let world: TestService;
  let agency: TestAgency;

  beforeEach(async () => {
    world = await startTestService();
    agency = await world.addAgency('H29');
  });
  afterEach(async () => {
    await world.assertSound();
    await world.stop();
  });

  const pathOf = ({ agencyId, id }: TestOrder): string =>
    `/pay/${world.service.links.tokenOf({ kind: 'order', agencyId, id })}`;
  const page = async (path: string, lang: 'vi' | 'en' = 'vi'): Promise<string> =>
    (await fetch(`${world.origin}${path}?lang=${lang}`)).text();

  const begin = (order: TestOrder) =>
    startPayment(world.service.payments, {
      orders: [{ agencyId: order.agencyId, id: order.id }],
      gateway: 'sandbox',
      locale: 'vi',
      payerIp: '127.0.0.1',
      expected: null,
    });

  const isRefused = (reason: string) => (error: unknown) =>
    error instanceof Refusal &&
    error.code === 'payment.gateway-not-available' &&
    error.facts['reason'] === reason;

  async function circuit() {
    return (await readCircuits(world.db)).get('sandbox') ?? assert.fail('no circuit');
  }

  /** Five payers whose payments the bank did not take. */
  async function breakTheBank(): Promise<TestOrder[]> {
    await world.bank.setSwitch('refuse_orders', 1_000);
    const orders: TestOrder[] = [];
    for (let payer = 0; payer < 5; payer += 1) {
      const order = await world.openOrder(agency);
      orders.push(order);
      assert.equal((await begin(order)).kind, 'answer_lost');
    }
    await world.service.health.flush();
    return orders;
  }

  it('is hidden with an honest sentence in both languages, and its start is refused, once five calls failed', async () => {
    const order = await world.openOrder(agency);
    assert.match(await page(pathOf(order)), /value="sandbox"/);
    await breakTheBank();
    assert.equal((await circuit()).circuit.state, 'open');
    assert.match(
      await page(pathOf(order)),
      /Ngân hàng thử nghiệm đang gặp sự cố và thường trở lại sau ít phút\.</,
    );
    const english = await page(pathOf(order), 'en');
    assert.match(english, /is having trouble and is usually back in a few minutes\.</);
    assert.doesNotMatch(english, /<input[^>]*value="sandbox"/);
    await assert.rejects(begin(order), isRefused('failing'));
    assert.equal(await world.count('allocations', `order_id = '${order.id}'`), 0);
    assert.match(world.complaints.join(''), /gateway\.hidden/);
  });

  it('tells whoever sends a form shown before it was hidden, and starts nothing', async () => {
    const order = await world.openOrder(agency);
    const shown = await fetch(world.origin + pathOf(order));
    const cookie = shown.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    const fields = { ...hiddenFields(await shown.text()), method: 'sandbox' };
    await breakTheBank();
    const answer = await fetch(world.origin + pathOf(order), {
      method: 'POST',
      headers: { cookie, origin: world.origin },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
    assert.equal(answer.status, 422);
    assert.match(await answer.text(), /đang gặp sự cố/);
    assert.equal(await world.count('allocations', `order_id = '${order.id}'`), 0);
  });

  it('lets an attempt go on that began before: its hand-off, its question, its callback and its refund', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const [lost] = await breakTheBank();
    assert.ok(lost);
    const again = await begin(order);
    assert.equal(again.kind, 'handed_off');
    assert.equal('paymentId' in again && again.paymentId, payment.id);
    assert.equal((await begin(lost)).kind, 'answer_lost', 'asked for once more under the same reference');
    await world.decide(payment, { kind: 'approve' });
    await world.bank.callbacks.pump();
    assert.equal(await world.orderStatus(order), 'paid');
    const path = `/v1/payment-orders/${order.publicId}`;
    const available = (await agency.call('GET', path)).body.amount_available as number;
    const asked = await agency.call('POST', `${path}/refunds`, {
      body: { amount: available, amount_available: available, reason: 'Nộp thừa' },
    });
    await agency.callAsSecond('POST', `/v1/refunds/${String(asked.body.id)}/decision`, {
      body: { decision: 'approve', note: 'Đúng' },
    });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'refunded');
    assert.equal((await circuit()).circuit.state, 'open', 'refunds that work say nothing about starting');
  });

  it('is tried by one payer when the pause is over; the others wait, and a failure doubles the pause', async () => {
    await breakTheBank();
    world.pass({ seconds: 30 });
    const [first, second] = [await world.openOrder(agency), await world.openOrder(agency)];
    assert.match(await page(pathOf(first)), /value="sandbox"/);
    assert.equal((await begin(first)).kind, 'answer_lost');
    await assert.rejects(begin(second), isRefused('failing'), 'one at a time');
    await world.service.health.flush();
    assert.equal((await circuit()).circuit.pauseSeconds, 60);
    world.pass({ seconds: 59 });
    await assert.rejects(begin(second), isRefused('failing'));
    await world.bank.setSwitch('refuse_orders', 0);
    world.pass({ seconds: 1 });
    assert.equal((await begin(second)).kind, 'handed_off');
    await world.service.health.flush();
    assert.equal((await circuit()).circuit.state, 'closed');
    assert.equal((await begin(await world.openOrder(agency))).kind, 'handed_off');
  });

  it('lets exactly one of many payers through who come at the same moment', async () => {
    await breakTheBank();
    world.pass({ seconds: 30 });
    const orders = await Promise.all(Array.from({ length: 6 }, () => world.openOrder(agency)));
    const began = await Promise.allSettled(orders.map(begin));
    assert.equal(began.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('comes back by the ladder when it was its answers that were missing', async () => {
    const payments = [];
    for (let payer = 0; payer < 5; payer += 1) payments.push(await world.orderWithPayment(agency));
    await world.bank.setSwitch('drop_query_answer', 5);
    world.pass({ minutes: 1 });
    await world.turn('poll-pending-payments');
    await world.service.health.flush();
    assert.equal((await circuit()).circuit.brokenBy, 'query');
    await assert.rejects(begin(await world.openOrder(agency)), isRefused('failing'));
    world.pass({ minutes: 1 });
    await world.turn('poll-pending-payments');
    await world.service.health.flush();
    assert.equal((await circuit()).circuit.state, 'closed');
    assert.equal((await begin(await world.openOrder(agency))).kind, 'handed_off');
  });

  it('is not hidden by declines, however many', async () => {
    for (let payer = 0; payer < 6; payer += 1) {
      const [, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'decline', code: '51' });
    }
    await world.settleDown();
    await world.service.health.flush();
    assert.equal((await circuit()).circuit.state, 'closed');
  });

  it('keeps figures of all calls and when the last genuine callback came', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.bank.callbacks.pump();
    await breakTheBank();
    const before = world.clock.now();
    const forged = await fetch(`${world.origin}/gateways/sandbox/callback`, { method: 'POST', body: '{}' });
    assert.equal(forged.status, 401);
    const { lastCallbackAt } = await circuit();
    assert.deepEqual(lastCallbackAt, before);
    world.pass({ minutes: 1 });
    await fetch(`${world.origin}/gateways/sandbox/callback`, { method: 'POST', body: '{}' });
    await world.service.health.flush();
    assert.deepEqual((await circuit()).lastCallbackAt, before, 'a forged message is no sign of life');
    const figures = await readFiguresSince(world.db, new Date(before.getTime() - 60_000));
    const start = figures.find(({ operation }) => operation === 'start');
    assert.deepEqual([start?.answered, start?.failed], [1, 5]);
    assert.equal(
      start?.latencies.reduce((sum, count) => sum + count, 0),
      6,
    );
  });

  it('is hidden for a planned window, with its end and note, and is back at its end', async () => {
    const order = await world.openOrder(agency);
    const now = world.clock.now().getTime();
    await insertMaintenance(world.db, {
      id: newTestId(),
      gateway: 'sandbox',
      startsAt: new Date(now),
      endsAt: new Date(now + 30 * 60_000),
      note: { vi: 'Ngân hàng nâng cấp hệ thống.', en: 'The bank upgrades its systems.' },
    });
    world.service.standings.forget();
    const vietnamese = await page(pathOf(order));
    assert.match(vietnamese, /Ngân hàng thử nghiệm đang bảo trì đến [^<]+\. Ngân hàng nâng cấp hệ thống\.</);
    assert.match(vietnamese, /Dự kiến lại lúc/, 'no other method is left');
    assert.match(
      await page(pathOf(order), 'en'),
      /is under maintenance until .+\. The bank upgrades its systems\./,
    );
    await assert.rejects(begin(order), isRefused('maintenance'));
    world.pass({ minutes: 30 });
    assert.match(await page(pathOf(order)), /value="sandbox"/);
    assert.equal((await begin(order)).kind, 'handed_off');
  });
});
