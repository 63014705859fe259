/** Outcomes that are written together: a stale one is left out alone, and events that share their text read as wholes. */
import assert from 'node:assert/strict';
import { createAccountBook } from '../../src/features/ledger/account-store.ts';
import {
  recordOutcomes,
  type OutcomeItem,
  type RecordOutcomeDeps,
} from '../../src/features/payments/record-outcome.ts';
import { query, type HotPool, type Statement } from '../../src/platform/database.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { startTestService, type TestAgency, type TestPayment, type TestService } from '../support/service.ts';

describe('outcomes in a batch', () => {
  let world: TestService;
  let agency: TestAgency;
  let hot: HotPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (hot = pool) });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  const depsWith = (pool: HotPool): RecordOutcomeDeps => ({
    db: world.db,
    hot: pool,
    clock: world.service.clock,
    newId: world.service.newId,
    accounts: createAccountBook({ db: world.db, newId: world.service.newId }),
    businessTimeZone: 'Asia/Ho_Chi_Minh',
  });

  async function approvedItem({ id }: TestPayment): Promise<OutcomeItem> {
    const [row] = await query<{ gateway: string; account: string; reference: string; amount: bigint }>(
      world.db,
      `select gateway, merchant_account as account, merchant_reference as reference, amount from payments where id = :id`,
      { id },
    );
    assert.ok(row);
    return {
      gateway: row.gateway,
      account: row.account,
      merchantReference: row.reference,
      outcome: {
        kind: 'succeeded',
        amount: vnd(row.amount),
        gatewayTransactionId: `T-${row.reference}`,
        paidAt: world.service.clock.now(),
      },
      source: 'callback',
    };
  }

  it('decides one again whose rows changed meanwhile, and applies its neighbours at once', async () => {
    const [, changing] = await world.orderWithPayment(agency);
    const [, neighbour] = await world.orderWithPayment(agency);
    const items = [await approvedItem(changing), await approvedItem(neighbour)];
    let isFirst = true;
    const interrupted: HotPool = {
      end: () => hot.end(),
      async run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
        if (statement.name === 'apply-outcomes' && isFirst) {
          isFirst = false;
          await recordOutcomes(depsWith(hot), items.slice(0, 1));
        }
        return await hot.run<Row>(statement, values);
      },
    };
    const results = await recordOutcomes(depsWith(interrupted), items);
    assert.deepEqual(
      results.map(({ result }) => result),
      ['already_recorded', 'recorded'],
    );
    for (const { id } of [changing, neighbour]) {
      assert.equal(await world.count('ledger_transactions', `event_ref = '${id}'`), 1);
    }
  });

  it('tells each event of an order as one whole JSON text, receipts with their numbers', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await recordOutcomes(depsWith(hot), [await approvedItem(payment)]);
    const events = await query<{ id: string; type: string; sequence: number; body: string; kept: number }>(
      world.db,
      `select v.id, v.type, v.sequence, v.body, length(e.body) as kept
       from event_bodies v join events e on e.agency_id = v.agency_id and e.id = v.id
       where v.agency_id = :agencyId and v.order_id = :id order by v.sequence`,
      { agencyId: order.agencyId, id: order.id },
    );
    const receipts = await query<{ number: string }>(
      world.db,
      `select lpad(number::text, 7, '0') as number from receipts where order_id = :id order by number`,
      { id: order.id },
    );
    assert.deepEqual(
      events.map(({ type }) => type),
      ['payment_order.opened', 'payment_order.paid', ...receipts.map(() => 'receipt.issued')],
    );
    for (const { id, type, sequence, body } of events) {
      const told = JSON.parse(body);
      assert.equal(body, JSON.stringify(told), 'nothing is lost or added where the pieces meet');
      assert.deepEqual([told.id, told.type, told.sequence], [`ev_${id.replaceAll('-', '')}`, type, sequence]);
      if (type === 'payment_order.opened') continue;
      assert.deepEqual(
        told.data.receipts.map(({ number }: { number: string }) => number).sort(),
        receipts.map(({ number }) => number).sort(),
      );
    }
    const [, paid, ...issued] = events;
    assert.ok(paid && issued.length > 0);
    for (const { body, kept } of issued) assert.ok(kept < body.length / 2, 'the common text is kept once');
    assert.equal(paid.kept, paid.body.length);
  });
});
