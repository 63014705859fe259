/** Outcomes that are written together: a stale one is left out alone, and events that share their text read as wholes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { keepCallback } from '../../src/features/callbacks/callback-store.ts';
import { createAccountBook } from '../../src/features/ledger/account-store.ts';
import {
  recordOutcomes,
  type CallbackRecord,
  type OutcomeItem,
  type RecordOutcomeDeps,
} from '../../src/features/payments/record-outcome.ts';
import { query, type HotPool, type Statement } from '../../src/platform/database.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

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

  const SHAPES = {
    'one receipt': [{ obligation_type: 'charge', description: 'Lệ phí "A"', amount: 150_000 }],
    'two receipts': undefined,
  } as const;
  for (const [shape, lines] of Object.entries(SHAPES)) {
    it(`writes of one alone what it writes of each in a batch: ${shape}`, async () => {
      const changes = lines ? { lines } : {};
      const paid: [TestOrder, TestPayment][] = [];
      for (let count = 0; count < 3; count += 1) paid.push(await world.orderWithPayment(agency, changes));
      const [alone, ...together] = await Promise.all(paid.map(([, payment]) => approvedItem(payment)));
      assert.ok(alone);
      await recordOutcomes(depsWith(hot), [withCallback(alone)]);
      await recordOutcomes(depsWith(hot), together.map(withCallback));
      const [ofOne, ...ofBatch] = await Promise.all(paid.map(([order, payment]) => rowsOf(order, payment)));
      assert.equal(ofOne?.['receipts']?.length, shape === 'one receipt' ? 1 : 2);
      for (const rows of ofBatch) assert.deepEqual(rows, ofOne);
    });
  }

  it('writes one alone once, whose callback was kept before its payment was known', async () => {
    const [, payment] = await world.orderWithPayment(agency);
    const item = withCallback(await approvedItem(payment));
    const { callback } = item;
    await keepCallback(world.db, callback, {
      gateway: item.gateway,
      account: item.account,
      verified: true,
      result: 'unknown_payment',
      reason: null,
    });
    const [told] = await recordOutcomes(depsWith(hot), [item]);
    assert.equal(told?.result, 'recorded');
    assert.equal(
      await world.count('gateway_callbacks', `digest = '\\x${callback.digest}' and result = 'recorded'`),
      1,
    );
    assert.equal(await world.count('ledger_transactions', `event_ref = '${payment.id}'`), 1);
  });

  function withCallback(item: OutcomeItem): OutcomeItem & { readonly callback: CallbackRecord } {
    const body = Buffer.from(
      JSON.stringify({ reference: item.merchantReference, note: 'Phí "một phần" \\ và\nhai' }),
    );
    return {
      ...item,
      callback: {
        id: world.service.newId(),
        digest: createHash('sha256').update(body).digest('hex'),
        method: 'POST',
        query: 'a=1&b=%20',
        headers: { 'sandbox-signature': ['v1="x, y"', '{}'] },
        body,
        receivedAt: world.service.clock.now(),
      },
    };
  }

  /** All rows that an outcome writes or ends, without what differs from payment to payment. */
  async function rowsOf(order: TestOrder, payment: TestPayment): Promise<Record<string, string[]>> {
    const rows: Record<string, string[]> = {};
    for (const [table, where] of Object.entries(TOUCHED)) {
      const found = await query<{ row: string }>(
        world.db,
        `select row_to_json(t)::text as row from ${table} t where ${where} order by t::text`,
        { agencyId: order.agencyId, orderId: order.id, paymentId: payment.id },
      );
      rows[table] = found.map(({ row }) => withoutNames(row, payment.reference)).sort();
    }
    return rows;
  }
});

const BY_ORDER = 't.agency_id = :agencyId and t.order_id = :orderId';
const TOUCHED = {
  payment_orders: 't.agency_id = :agencyId and t.id = :orderId',
  payments: 't.id = :paymentId',
  gateway_callbacks: 't.payment_id = :paymentId',
  gateway_transactions: 't.payment_id = :paymentId',
  allocations: BY_ORDER,
  order_claims: BY_ORDER,
  payment_queries: 't.payment_id = :paymentId',
  order_expiries: BY_ORDER,
  open_obligations: BY_ORDER,
  ledger_transactions: 't.event_ref = :paymentId::text',
  ledger_transfers:
    't.transaction_id in (select x.id from ledger_transactions x where x.event_ref = :paymentId::text)',
  receipts: BY_ORDER,
  directory: `t.subject_id in (select r.id from receipts r where r.order_id = :orderId)`,
  event_bodies: BY_ORDER,
  webhook_queue: BY_ORDER,
} as const;

/** Ids, references, codes, numbers and instants say which payment it was, not what was written of it. */
function withoutNames(row: string, reference: string): string {
  return row
    .replaceAll(reference, 'REFERENCE')
    .replaceAll(/[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, 'INSTANT')
    .replaceAll(/\\x[0-9a-f]+/g, 'BYTES')
    .replaceAll(/\b[0-9A-Z]{12}\b/g, 'CODE')
    .replaceAll(/"(number|xid|dossier_code)(\\?)":\\?"?[^",}]+"?/g, '"$1"');
}
