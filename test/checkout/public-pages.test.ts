/** Pages that anybody can come to: a number on paper pays, and tells where the money is, but nothing of the payer. */
import assert from 'node:assert/strict';
import { formatLookupCode, type LookupCode } from '../../src/domain/kernel/lookup-code.ts';
import type { PaymentId } from '../../src/domain/kernel/ids.ts';
import type { PaymentOrder } from '../../src/domain/orders/payment-order.ts';
import { aPenaltyLine, openWorld, type World } from '../support/world.ts';
import { hiddenFields, locationOf, moneyStates, visitor, type Visitor } from './visitor.ts';

/** Whatever of the payer an agency told us, and where and when it was. */
const PERSONAL =
  /MINH|NGUYỄN|001099012345|0010••••••45|minh@|0900000021|Giải Phóng|08:42|agency\.example\.vn/;

describe('a page that anybody can come to', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  let opened = 0;
  async function anOrder(changes: Partial<PaymentOrder['payer']> = {}): Promise<PaymentOrder> {
    opened += 1;
    const name = 'NGUYỄN VĂN MINH';
    const payer = { name, identityNumber: '001099012345', email: 'minh@example.vn', phone: '0900000021' };
    return await world.openOrder({
      payer: { ...payer, ...changes },
      lines: [
        aPenaltyLine({
          decision: { number: `${String(opened)}/QĐ-CONGKHAI`, issuedOn: null, deliveredOn: null },
          attributes: {
            violation: {
              what: 'Không đội mũ bảo hiểm',
              at: '2026-10-27T08:42:00+07:00',
              place: 'đường Giải Phóng',
            },
          },
        }),
      ],
    });
  }

  /** Types what stands on the paper, and lands on the page it leads to. */
  async function typed(citizen: Visitor, order: PaymentOrder, code?: string) {
    const { csrf = '' } = hiddenFields((await citizen.get('/pay')).text);
    const found = await citizen.post('/pay', { csrf, code: code ?? order.lines[0]!.decision!.number });
    return await citizen.follow(found);
  }

  async function paidByPaper(citizen: Visitor, order: PaymentOrder): Promise<PaymentId> {
    const page = await typed(citizen, order);
    const answer = await citizen.post(world.orderPath(order, true), {
      ...hiddenFields(page.text),
      method: 'sandbox',
    });
    assert.ok(locationOf(answer).startsWith(`${world.origin}/sandbox/bank/`), locationOf(answer));
    const payment = (await world.paymentsOf(order)).at(-1);
    await world.atBank(payment!.id, { kind: 'approve' });
    return payment!.id;
  }

  it('shows what is owed and why, and of the payer initials only', async () => {
    const order = await anOrder();
    for (const code of [undefined, formatLookupCode(order.lookupCode as LookupCode)]) {
      const { status, text } = await typed(visitor(world.app), order, code);
      assert.equal(status, 200);
      assert.match(text, /500\.000/);
      assert.match(text, /Không đội mũ bảo hiểm/);
      assert.match(text, /N••••• V•• M•••/);
      assert.doesNotMatch(text, PERSONAL);
    }
    const checked = await visitor(world.app).get(`/verify/${order.lookupCode}`);
    assert.ok(checked.text.includes(world.orderPath(order, true)));
    assert.ok(!checked.text.includes(world.orderPath(order)));
  });

  it('pays for somebody else, and holds a receipt with initials and its code', async () => {
    const order = await anOrder();
    const helper = visitor(world.app);
    const id = await paidByPaper(helper, order);
    const back = await helper.get(
      `/gateways/sandbox/return/${world.links.tokenOf({ kind: 'payment', id, isPublic: true })}`,
    );
    const result = await helper.follow(back);
    assert.deepEqual(moneyStates(result.text), ['paid']);
    assert.match(result.text, /Số 0000001/);
    assert.match(result.text, /N••••• V•• M•••/);
    assert.doesNotMatch(result.text, PERSONAL);
    assert.ok(!result.text.includes(world.paymentPath(id)), 'no link leads to the pages of the payer');
  });

  it('keeps a link found while the order was open from showing the receipt afterwards', async () => {
    const order = await anOrder();
    const stranger = visitor(world.app);
    await typed(stranger, order);
    const payer = visitor(world.app);
    const shown = await payer.get(world.orderPath(order));
    await payer.post(world.orderPath(order), { ...hiddenFields(shown.text), method: 'sandbox' });
    const [payment] = await world.paymentsOf(order);
    await world.atBank(payment!.id, { kind: 'approve' });
    for (const path of [world.orderPath(order, true), world.paymentPath(payment!.id, true)]) {
      const { text } = await stranger.follow(await stranger.get(path));
      assert.deepEqual(moneyStates(text), ['paid']);
      assert.doesNotMatch(text, PERSONAL);
    }
  });

  it('leads whoever holds the payer’s link to the payer’s pages, back from the bank too', async () => {
    const order = await anOrder();
    const payer = visitor(world.app);
    await payer.get(world.orderPath(order));
    assert.match((await typed(payer, order)).text, /NGUYỄN VĂN MINH/);
    const id = await paidByPaper(payer, order);
    const back = await payer.get(
      `/gateways/sandbox/return/${world.links.tokenOf({ kind: 'payment', id, isPublic: true })}`,
    );
    const result = await payer.follow(back);
    assert.match(result.text, /NGUYỄN VĂN MINH/);
    assert.match(result.text, /https:\/\/agency\.example\.vn\/dossiers\/42/);
  });

  it('is not opened by a cookie that holds a public link or another order', async () => {
    const [order, other] = [await anOrder(), await anOrder()];
    const tokens = [world.orderPath(order, true), world.orderPath(other)].map((path) =>
      path.slice('/pay/'.length),
    );
    for (const token of tokens) {
      const stranger = visitor(world.app, { cookie: `orders=${token}` });
      const { status, text } = await stranger.get(world.orderPath(order, true));
      assert.equal(status, 200, 'it is not led on');
      assert.doesNotMatch(text, PERSONAL);
    }
  });

  it('shows everything to whoever knows the end of the payer’s number', async () => {
    const order = await anOrder();
    const son = visitor(world.app);
    const page = await typed(son, order);
    const path = `${world.orderPath(order, true)}/payer`;
    assert.ok(page.text.includes(`href="${path}"`));
    const asked = await son.get(path);
    assert.match(asked.text, /4 số cuối căn cước/);
    const wrong = await son.post(path, { ...hiddenFields(asked.text), digits: '0021' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /không khớp/);
    assert.doesNotMatch(wrong.text, PERSONAL);
    const right = await son.post(path, { ...hiddenFields(asked.text), digits: '2345' });
    assert.equal(locationOf(right), world.orderPath(order));
    const id = await paidByPaper(son, order);
    const result = await son.follow(await son.get(world.paymentPath(id, true)));
    assert.match(result.text, /NGUYỄN VĂN MINH/);
  });

  it('asks for the phone where there is no other number, and for nothing where there is none', async () => {
    const path = (order: PaymentOrder) => `${world.orderPath(order, true)}/payer`;
    const byPhone = await visitor(world.app).get(path(await anOrder({ identityNumber: null })));
    assert.match(byPhone.text, /4 số cuối điện thoại/);
    const order = await anOrder({ identityNumber: null, phone: null });
    const citizen = visitor(world.app);
    const nothing = await citizen.get(path(order));
    assert.doesNotMatch(nothing.text, /<form/);
    const { csrf = '' } = hiddenFields((await citizen.get('/pay')).text);
    assert.equal((await citizen.post(path(order), { csrf, digits: 'null' })).status, 422);
  });

  it('is asked a few times only, for one order by all visitors together', async () => {
    const tries = new Map<string, number>();
    const strict = await openWorld({
      checkout: {
        proofLimiter: {
          consume: (key) => {
            tries.set(key, (tries.get(key) ?? 0) + 1);
            const isOver = (tries.get(key) ?? 0) > 2;
            return Promise.resolve(isOver ? { ok: false, retryAfterSeconds: 3_600 } : { ok: true });
          },
        },
      },
    });
    try {
      const [order, other] = [await strict.openOrder(), await strict.openOrder()];
      const guess = async (of: PaymentOrder, digits: string) => {
        const stranger = visitor(strict.app);
        const path = `${strict.orderPath(of, true)}/payer`;
        return await stranger.post(path, { ...hiddenFields((await stranger.get(path)).text), digits });
      };
      assert.deepEqual(
        [(await guess(order, '0000')).status, (await guess(order, '0001')).status],
        [422, 422],
      );
      const refused = await guess(order, '2345');
      assert.equal(refused.status, 429);
      assert.equal(refused.headers['retry-after'], '3600');
      assert.equal((await guess(other, '2345')).status, 303);
    } finally {
      await strict.close();
    }
  });
});
