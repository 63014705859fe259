/** The main job, end to end: order, bank, ledger, receipt, agency told, first reconciliation. */
import assert from 'node:assert/strict';
import { query } from '../../src/platform/database.ts';
import { startTestService, type TestAgency, type TestService } from '../support/service.ts';

describe('the main journey', () => {
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService();
    agency = await world.addAgency('H29');
  });
  after(() => world.stop());

  it('an order paid at the bank becomes books, numbered receipts, a signed webhook and a matched bank line', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.assertSound();

    const read = await agency.call('GET', `/v1/payment-orders/${order.publicId}`);
    assert.equal(read.status, 200);
    assert.equal(read.body.status, 'paid');
    assert.equal(read.body.amount_paid, 180_000);
    assert.equal((await world.payment(payment.id)).state, 'succeeded');

    // The books: what the bank holds for us is what we owe to the two beneficiaries.
    assert.deepEqual(await world.balances(agency.agencyId), { 1100: 180_000n, 2100: -180_000n });

    const receipts = await query<{ form: string; number: bigint; amount: bigint }>(
      world.db,
      'select form, number, amount from receipts where order_id = :id order by form',
      { id: order.id },
    );
    assert.deepEqual(
      receipts.map(({ form, number, amount }) => [form, number, amount]),
      [
        ['01BLP0-001', 1n, 150_000n],
        ['01BLP0-006', 1n, 30_000n],
      ],
    );

    const arrived = await world.inbox.messages('H29');
    assert.deepEqual(
      arrived.map(({ eventType, sequence, verified, answerStatus }) => [
        eventType,
        sequence,
        verified,
        answerStatus,
      ]),
      [
        ['payment_order.opened', 1n, true, 204],
        ['payment_order.paid', 2n, true, 204],
        ['receipt.issued', 3n, true, 204],
        ['receipt.issued', 4n, true, 204],
      ],
    );
    const { data } = JSON.parse(arrived[1]?.body ?? '') as {
      data: { payment_order: { status: string; amount_paid: number } };
    };
    assert.deepEqual([data.payment_order.status, data.payment_order.amount_paid], ['paid', 180_000]);

    const feed = await agency.call('GET', '/v1/events');
    assert.equal(feed.body.data.length, 4);

    await reconcile(world, agency);
  });
});

/** The bank's file of the day goes in whole, its one line is matched, and the settlement is posted. */
async function reconcile(world: TestService, agency: TestAgency): Promise<void> {
  const today = new Date(world.clock.now().getTime() + 7 * 3_600_000).toISOString().slice(0, 10);
  const sent = await world.importBankFile(today);
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await world.assertSound();

  const report = await world.operator('GET', `/v1/reports/reconciliation?from=${today}&to=${today}`);
  assert.equal(report.status, 200, JSON.stringify(report.body));
  const [day] = report.body.days;
  assert.deepEqual(day.matched, { count: 1, amount_here: 180_000, amount_at_bank: 180_000 });
  assert.deepEqual(report.body.exceptions, []);
  const book = await world.balances(agency.agencyId);
  assert.equal(book[1100], undefined, 'the gateway holds nothing any more');
}
