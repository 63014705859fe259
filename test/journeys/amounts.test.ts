/** Money of another amount or currency than what is due: to suspense, to a person, and back. */
import assert from 'node:assert/strict';
import { query } from '../../src/platform/database.ts';
import { approved, send, signed, tell } from '../support/notices.ts';
import { startTestService, type TestAgency, type TestService } from '../support/service.ts';

describe('money of a wrong amount', () => {
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService();
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  async function suspense(agencyId: number, currency: string): Promise<bigint> {
    const [row] = await query<{ sum: string }>(
      world.db,
      `select coalesce(sum(e.credit - e.debit), 0)::text as sum from ledger_entries e
       join ledger_accounts a on a.agency_id = e.agency_id and a.id = e.account_id
       where a.agency_id = :agencyId and a.code = 2300 and a.currency = :currency`,
      { agencyId, currency },
    );
    return BigInt(row?.sum ?? '0');
  }

  const DUE = 180_000n;
  for (const [promise, words, amount] of [
    [15, 'one dong less', DUE - 1n],
    [15, 'nothing at all', 0n],
    [16, 'one dong more', DUE + 1n],
    [16, 'a thousand million million', 10n ** 15n],
  ] as const) {
    it(`promise ${String(promise)}: ${words} goes whole to suspense, with a case, and the order is not paid`, async () => {
      const [order, payment] = await world.orderWithPayment(agency);
      const before = await suspense(agency.agencyId, 'VND');
      const answer = await tell(world, approved(payment, { amount: amount.toString() }));
      assert.deepEqual(answer, { status: 200, text: '{"result":"amount_differs"}' });
      assert.equal((await world.payment(payment.id)).state, 'mismatched');
      assert.equal(await world.orderStatus(order), 'open');
      assert.equal((await suspense(agency.agencyId, 'VND')) - before, amount);
      assert.deepEqual(await world.eventTypes(order), ['payment_order.opened']);
      assert.equal(await world.count('receipts', `order_id = '${order.id}'`), 0);
      assert.equal(await world.count('cases', `payment_id = '${payment.id}' and kind = 'amount_differs'`), 1);
      await assert.rejects(world.startPayment(order), 'nobody may pay again until the case is closed');
      // Told again, by callback or query, nothing more happens.
      const again = await tell(world, approved(payment, { amount: amount.toString() }));
      assert.deepEqual(again, { status: 200, text: '{"result":"already_recorded"}' });
      assert.equal((await suspense(agency.agencyId, 'VND')) - before, amount);
    });
  }

  it('promise 15: a negative, broken or spelled-out amount is refused whole, never rounded', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    for (const amount of ['-180000', '1.8e5', '180000.5', ' 180000', '180,000', '0180000', 'NaN', '']) {
      assert.equal((await tell(world, approved(payment, { amount }))).status, 401, amount);
    }
    const body = JSON.stringify({
      merchant_id: 'DVC-SANDBOX',
      items: [{ ...approved(payment, { paidAt: world.clock.now() }), amount: 180_000 }],
    });
    assert.equal((await send(world, { body, headers: signed(body, world.clock.now()) })).status, 401);
    assert.equal(await world.orderStatus(order), 'open');
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
  });

  it('promise 17: the right figure in another currency goes to suspense of that currency', async () => {
    for (const [currency, amount, minor] of [
      ['USD', '1800.00', 180_000n],
      ['JPY', '180000', 180_000n],
    ] as const) {
      const [order, payment] = await world.orderWithPayment(agency);
      const before = await suspense(agency.agencyId, currency);
      const answer = await tell(world, approved(payment, { currency, amount }));
      assert.deepEqual(answer, { status: 200, text: '{"result":"amount_differs"}' });
      assert.equal(await world.orderStatus(order), 'open');
      assert.equal((await suspense(agency.agencyId, currency)) - before, minor);
    }
  });

  it('promise 16: a wrong amount first and the right one after it: the second is a charge of its own, surplus', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await tell(world, approved(payment, { amount: '1', transactionId: `A${payment.reference}` }));
    await tell(world, approved(payment, { transactionId: `B${payment.reference}` }));
    assert.equal(await world.orderStatus(order), 'open');
    assert.equal((await world.payment(payment.id)).state, 'mismatched');
    const [surplus] = await query<{ claim: string; amount: bigint }>(
      world.db,
      `select a.claim, a.amount from allocations a join payments p on p.id = a.payment_id
       where p.duplicate_of = :id`,
      { id: payment.id },
    );
    assert.deepEqual(surplus, { claim: 'surplus', amount: DUE });
  });

  it('a second charge of nothing is kept, and does not make the bank come again for ever', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await tell(world, approved(payment, { transactionId: `A${payment.reference}` }));
    const none = approved(payment, { transactionId: `B${payment.reference}`, amount: '0' });
    assert.equal((await tell(world, none)).status, 200);
    assert.equal(await world.orderStatus(order), 'paid');
  });
});
