/** The citizen's way over HTTP, with the sandbox bank as the gateway: order page, bank, return, result. */
import assert from 'node:assert/strict';
import type { PaymentId } from '../../src/domain/kernel/ids.ts';
import type { OrderKey } from '../../src/features/orders/order-store.ts';
import { day } from '../../src/domain/kernel/time.ts';
import { aPenaltyLine, openWorld, type World } from '../support/world.ts';
import { hiddenFields, locationOf, moneyStates, visitor, type Visitor } from './visitor.ts';

describe("the citizen's way", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  /** Opens the order's page and sends its form. */
  async function pay(citizen: Visitor, order: OrderKey, changes: Readonly<Record<string, string>> = {}) {
    const shown = await citizen.get(world.orderPath(order));
    assert.equal(shown.status, 200, shown.text);
    return await citizen.post(world.orderPath(order), {
      ...hiddenFields(shown.text),
      method: 'sandbox',
      ...changes,
    });
  }

  async function handedOff(citizen: Visitor, order: OrderKey): Promise<PaymentId> {
    const answer = await pay(citizen, order);
    assert.equal(answer.status, 303);
    assert.ok(locationOf(answer).startsWith(`${world.origin}/sandbox/bank/`), locationOf(answer));
    const [payment] = await world.paymentsOf(order);
    assert.equal(payment?.state, 'handed_off');
    return payment.id;
  }

  const returnPath = (id: PaymentId) =>
    `/gateways/sandbox/return/${world.links.tokenOf({ kind: 'payment', id })}`;

  it('goes from the order to the bank, back, and to the result with its receipt', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const shown = await citizen.get(world.orderPath(order));
    assert.match(shown.text, /500\.000/);
    assert.deepEqual(moneyStates(shown.text), ['not_paid']);
    const id = await handedOff(citizen, order);
    await world.atBank(id, { kind: 'approve' });
    const back = await citizen.get(returnPath(id));
    assert.equal(locationOf(back), world.paymentPath(id));
    const result = await citizen.follow(back);
    assert.equal(result.status, 200);
    assert.deepEqual(moneyStates(result.text), ['paid']);
    assert.match(result.text, /0000001/);
    assert.match(result.text, /https:\/\/agency\.example\.vn\/dossiers\/42/);
  });

  it('shows the result again under the order link, and the receipt to whoever types its code', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    await world.atBank(id, { kind: 'approve' });
    const again = await citizen.get(world.orderPath(order));
    assert.equal(locationOf(again), world.paymentPath(id));
    const result = await citizen.follow(again);
    const code = /verify\/([0-9A-Z]{12})|(?<code>\w{4}-\w{4}-\w{4})<\/span>/.exec(result.text)?.groups?.[
      'code'
    ];
    assert.ok(code, 'the receipt shows its code');
    const checked = await visitor(world.app).get(`/verify?code=${code}`);
    assert.equal(checked.status, 200);
    assert.match(checked.text, /N•••••/);
    assert.doesNotMatch(checked.text, /MINH|001099012345/);
  });

  it('leaves the state alone whatever parameters a return invents, when no callback came', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    const token = world.links.tokenOf({ kind: 'payment', id });
    for (const invented of [
      'status=success&vnp_ResponseCode=00&vnp_TransactionStatus=00',
      `resultCode=0&orderId=other&payment_id=${order.id}`,
      'state=paid&amount=500000',
    ]) {
      const back = await citizen.get(`/gateways/sandbox/return/${token}?${invented}`);
      assert.equal(locationOf(back), world.paymentPath(id));
    }
    const posted = await citizen.post(`/gateways/sandbox/return/${token}`, { status: 'success', code: '00' });
    const page = await citizen.follow(posted);
    assert.deepEqual(moneyStates(page.text), ['waiting']);
    const [payment] = await world.paymentsOf(order);
    assert.equal(payment?.state, 'handed_off');
    assert.equal((await citizen.get(`/gateways/vnpay/return/${token}`)).status, 404);
  });

  it('finds a payment by its own question when the callback never comes', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    await world.atBank(id, { kind: 'approve', manner: 'never' });
    const result = await citizen.follow(await citizen.get(returnPath(id)));
    assert.deepEqual(moneyStates(result.text), ['paid']);
  });

  it('asks the gateway at most every ten seconds, however often the citizen presses', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    await citizen.get(`${world.paymentPath(id)}/check`);
    await world.atBank(id, { kind: 'approve', manner: 'never' });
    const early = await citizen.follow(await citizen.post(`${world.paymentPath(id)}/check`, {}));
    assert.deepEqual(moneyStates(early.text), ['waiting']);
    assert.deepEqual((await citizen.get(`${world.paymentPath(id)}/state.json`)).body, { state: 'waiting' });
    world.clock.advance(11_000);
    await citizen.get(`${world.paymentPath(id)}/check`);
    assert.deepEqual((await citizen.get(`${world.paymentPath(id)}/state.json`)).body, { state: 'paid' });
  });

  it('waits on return for a callback that is on its way', async () => {
    const late = await openWorld({
      checkout: {
        wait: async () => {
          await late.bank.callbacks.pump();
        },
      },
    });
    try {
      const citizen = visitor(late.app);
      const order = await late.openOrder();
      const shown = await citizen.get(late.orderPath(order));
      await citizen.post(late.orderPath(order), { ...hiddenFields(shown.text), method: 'sandbox' });
      const [payment] = await late.paymentsOf(order);
      await late.bank.setSwitch('drop_query_answer', 1);
      await late.atBank(payment!.id, { kind: 'approve' }, { notify: false });
      const token = late.links.tokenOf({ kind: 'payment', id: payment!.id });
      const back = await citizen.get(`/gateways/sandbox/return/${token}`);
      const result = await citizen.follow(back);
      assert.deepEqual(moneyStates(result.text), ['paid']);
    } finally {
      await late.close();
    }
  });

  it('lands two tabs, a double tap and a reload on one attempt', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const path = world.orderPath(order);
    await citizen.get('/pay');
    const tabs = await Promise.all([citizen.get(path), citizen.get(path)]);
    const send = (tab: number) => citizen.post(path, { ...hiddenFields(tabs[tab]!.text), method: 'sandbox' });
    const answers = await Promise.all([send(0), send(0), send(1)]);
    answers.push(await send(0));
    assert.equal((await world.paymentsOf(order)).length, 1);
    for (const answer of answers) {
      assert.equal(answer.status, 303);
      assert.ok(locationOf(answer).startsWith(`${world.origin}/sandbox/bank/`));
    }
    const living = await citizen.get(path);
    const [payment] = await world.paymentsOf(order);
    assert.equal(locationOf(living), world.paymentPath(payment!.id));
    assert.match((await citizen.follow(living)).text, /\/bank"/, 'the way back to the bank is offered');
  });

  it('lands the same form, sent again after the attempt failed, on that attempt', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const path = world.orderPath(order);
    const fields = { ...hiddenFields((await citizen.get(path)).text), method: 'sandbox' };
    await citizen.post(path, fields);
    const [payment] = await world.paymentsOf(order);
    await world.atBank(payment!.id, { kind: 'decline', code: '51' });
    const again = await citizen.post(path, fields);
    assert.equal(locationOf(again), world.paymentPath(payment!.id));
    const page = await citizen.follow(again);
    assert.deepEqual(moneyStates(page.text), ['failed']);
    const fresh = hiddenFields((await citizen.get(path)).text);
    await citizen.post(path, { ...fresh, method: 'sandbox' });
    assert.equal((await world.paymentsOf(order)).length, 2);
  });

  it('says that money of a wrong amount is safe, under the order link too', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    await world.atBank(id, { kind: 'approve', amount: 499_000n });
    const page = await citizen.follow(await citizen.get(world.orderPath(order)));
    assert.deepEqual(moneyStates(page.text), ['amount_differs']);
    assert.match(page.text, /499\.000/);
  });

  it('tells who was charged twice that the second sum goes back, beside the receipt of the first', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const id = await handedOff(citizen, order);
    await world.atBank(id, { kind: 'approve', charges: 2 });
    const result = await citizen.get(world.paymentPath(id));
    assert.deepEqual(moneyStates(result.text), ['paid']);
    const second = (await world.paymentsOf(order)).find(({ claim }) => claim === 'surplus');
    assert.ok(second);
    assert.ok(
      result.text.includes(world.paymentPath(second.id)),
      'the result leads to the returning payment',
    );
    const tracker = await citizen.get(world.paymentPath(second.id));
    assert.deepEqual(moneyStates(tracker.text), ['refund_under_way']);
  });

  it('does not know after a lost answer, starts nothing a second time, and finds it later', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    await world.bank.setSwitch('drop_order_answer', 1);
    const answer = await pay(citizen, order);
    const [payment] = await world.paymentsOf(order);
    assert.equal(locationOf(answer), world.paymentPath(payment!.id));
    assert.deepEqual(moneyStates((await citizen.follow(answer)).text), ['waiting']);
    await world.atBank(payment!.id, { kind: 'approve', manner: 'never' });
    const found = await citizen.follow(await citizen.get(`${world.paymentPath(payment!.id)}/check`));
    assert.deepEqual(moneyStates(found.text), ['paid']);
    assert.equal((await world.paymentsOf(order)).length, 1);
  });

  it('shows the new amount, and starts nothing, when midnight came between the page and the payment', async () => {
    const other = await openWorld({ clock: '2026-11-22T16:58:00Z' });
    try {
      const citizen = visitor(other.app);
      const order = await other.openOrder({
        lines: [
          aPenaltyLine({
            payBy: day('2026-11-09'),
            decision: { number: '9/QĐ-XPHC', issuedOn: null, deliveredOn: null },
          }),
        ],
      });
      const shown = await citizen.get(other.orderPath(order));
      assert.match(shown.text, /503\.000/);
      const fields = { ...hiddenFields(shown.text), method: 'sandbox' };
      other.clock.set('2026-11-22T17:01:00Z');
      const changed = await citizen.post(other.orderPath(order), fields);
      assert.equal(changed.status, 409);
      assert.match(changed.text, /503\.250/);
      assert.deepEqual(await other.paymentsOf(order), []);
      const agreed = await citizen.post(other.orderPath(order), {
        ...hiddenFields(changed.text),
        method: 'sandbox',
      });
      assert.ok(locationOf(agreed).startsWith(other.origin));
      const [payment] = await other.paymentsOf(order);
      assert.equal(payment?.amount.amountMinor, 503_250n);
    } finally {
      await other.close();
    }
  });

  it('never starts a payment without the token of its own form', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const { csrf: _csrf, ...fields } = hiddenFields((await citizen.get(world.orderPath(order))).text);
    for (const csrf of ['', 'invented', hiddenFields((await visitor(world.app).get('/pay')).text)['csrf']!]) {
      const answer = await citizen.post(world.orderPath(order), { ...fields, csrf, method: 'sandbox' });
      assert.equal(answer.status, 403);
    }
    assert.deepEqual(await world.paymentsOf(order), []);
  });

  it('asks for a method of ours and never follows an amount that nobody was shown', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    assert.equal((await pay(citizen, order, { method: 'nobody' })).status, 422);
    assert.equal((await pay(citizen, order, { method: '' })).status, 422);
    assert.equal((await pay(citizen, order, { amount: '1e3' })).status, 422);
    assert.equal((await pay(citizen, order, { amount: '1' })).status, 409);
    assert.deepEqual(await world.paymentsOf(order), []);
  });

  it('logs no token, name, identity number, mail or phone', () => {
    assert.doesNotMatch(world.logged(), /MINH|001099012345|minh@example|0900000021/);
    assert.doesNotMatch(world.logged(), /\/pay\/[A-Za-z0-9_-]{51}/);
  });
});
