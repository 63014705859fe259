/** The citizen's way over HTTP, with the sandbox bank as the gateway: order page, bank, return, result. */
import assert from 'node:assert/strict';
import type { PaymentId } from '../../src/domain/kernel/ids.ts';
import type { OrderKey } from '../../src/features/orders/order-store.ts';
import { openWorld, type World } from '../support/world.ts';
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
});
