/** The ladder within a gateway's budget: what is over it stays due, people get their share, gateways do not wait for each other. */
import assert from 'node:assert/strict';
import type { PaymentId } from '../../../src/domain/kernel/ids.ts';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { createAccountBook } from '../../../src/features/ledger/account-store.ts';
import {
  askNow,
  pollPendingPayments,
  type AskGatewayDeps,
} from '../../../src/features/payments/ask-gateway.ts';
import { createOutcomeRecorder } from '../../../src/features/payments/record-outcome.ts';
import type { GatewayAdapter, GatewayOutcome } from '../../../src/gateways/gateway-adapter.ts';
import { query } from '../../../src/platform/database.ts';
import { fixedClock, type FixedClock } from '../../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { newTestId } from '../../support/ids.ts';
import { aPayment, openTestShop } from '../../support/payments.ts';
import { until } from '../../support/until.ts';

const PENDING: GatewayOutcome = { kind: 'pending', gatewayCode: 'waits' };

/** A gateway that counts its questions and answers them as told. */
function countingGateway(code: 'sandbox' | 'vnpay', answer: () => Promise<GatewayOutcome>) {
  const asked: string[] = [];
  const adapter: GatewayAdapter = {
    code,
    profile: {
      currencies: ['VND'],
      amountMin: vnd(1),
      amountMax: vnd(1_000_000_000),
      paymentLifetimeMinutes: 15,
      formActionOrigins: [],
      merchantReference: String,
    },
    startPayment: () => Promise.reject(new Error('nothing is started here')),
    readCallback: () => ({ kind: 'rejected', why: 'malformed' }),
    acknowledge: () => ({ status: 200, contentType: 'text/plain', body: '' }),
    queries: {
      queryPayment({ merchantReference }) {
        asked.push(merchantReference);
        return answer();
      },
    },
  };
  return { asked, adapter };
}

describe('the ladder within its budget', () => {
  let database: TestDatabase;
  let clock: FixedClock;
  let asking: AskGatewayDeps;
  let bank: ReturnType<typeof countingGateway>;
  let slow: ReturnType<typeof countingGateway>;
  let answerSlowly: () => void;

  beforeEach(async () => {
    database = await createTestDatabase();
    clock = fixedClock('2026-11-25T02:00:00Z');
    const { db, hotPool: hot } = database;
    const accounts = createAccountBook({ db, newId: newTestId });
    await openTestShop({ db, clock, accounts });
    await query(
      db,
      `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('vnpay', 'platform', 'M', '')`,
    );
    bank = countingGateway('sandbox', () => Promise.resolve(PENDING));
    const held = new Promise<GatewayOutcome>((resolve) => (answerSlowly = () => resolve(PENDING)));
    slow = countingGateway('vnpay', () => held);
    const adapters = [bank.adapter, slow.adapter];
    asking = {
      db,
      clock,
      newId: newTestId,
      gateways: { get: (code) => adapters.find((one) => one.code === code) ?? null, enabled: () => adapters },
      merchantAccounts: () =>
        Promise.resolve({ code: 'platform', merchantId: 'M', secrets: [{}], settings: {} }),
      recorder: createOutcomeRecorder({
        db,
        hot,
        clock,
        newId: newTestId,
        accounts,
        businessTimeZone: 'Asia/Ho_Chi_Minh',
      }),
      gatewayTimeoutMs: 60_000,
      concurrency: 8,
      queriesPerSecond: 5,
      onGatewayError: (error) => assert.fail(String(error)),
    };
  });
  afterEach(() => database.drop());

  /** Payments that became silent: their first question is due. */
  async function silentPayments(count: number, gateway = 'sandbox'): Promise<PaymentId[]> {
    const { db } = database;
    const accounts = createAccountBook({ db, newId: newTestId });
    const ids: PaymentId[] = [];
    for (let index = 0; index < count; index += 1) {
      ids.push((await aPayment({ db, clock, accounts }, [{ agencyId: 1, amount: 50_000 }])).id);
    }
    await query(db, 'update payments set gateway = :gateway where id = any(:ids::uuid[])', { gateway, ids });
    await query(
      db,
      'update payment_queries set gateway = :gateway, due_at = :now where payment_id = any(:ids::uuid[])',
      {
        gateway,
        ids,
        now: clock.now(),
      },
    );
    return ids;
  }

  const waiting = async (): Promise<number> => {
    const [row] = await query<{ n: number }>(
      database.db,
      `select count(*)::integer as n from payment_queries
       where due_at <= :now and leased_until is null and step = 0 and asked_at is null`,
      { now: clock.now() },
    );
    return row?.n ?? -1;
  };

  it('asks as many as the budget grants and leaves the others due, unleased and unasked', async () => {
    await silentPayments(12);
    assert.equal(await pollPendingPayments(asking, 100), 4, 'a fifth is left to people');
    assert.equal(await waiting(), 8);
    assert.equal(
      await pollPendingPayments(asking, 100),
      0,
      'a turn without budget finds nothing, so it is not repeated',
    );
    assert.equal(await waiting(), 8);
    clock.advance(1_000);
    assert.equal(await pollPendingPayments(asking, 100), 4);
    clock.advance(1_000);
    assert.equal(await pollPendingPayments(asking, 100), 4);
    assert.equal(new Set(bank.asked).size, 12, 'each was asked about once');
  });

  it('grants no more when several processes take their turn at once', async () => {
    await silentPayments(12);
    const turns = await Promise.all(Array.from({ length: 6 }, () => pollPendingPayments(asking, 100)));
    assert.equal(
      turns.reduce((sum, asked) => sum + asked, 0),
      4,
    );
    assert.equal(bank.asked.length, 4);
  });

  it('lets somebody who waits ask while the ladder has taken its share, and no more than the whole', async () => {
    const [first, second] = (await silentPayments(12)).slice(-2) as [PaymentId, PaymentId];
    await pollPendingPayments(asking, 100);
    await askNow(asking, first);
    assert.equal(bank.asked.length, 5);
    await askNow(asking, second);
    assert.equal(bank.asked.length, 5, 'the second of a gateway has to wait for the next second');
    const [row] = await query<{ asked_at: Date | null; leased_until: Date | null }>(
      database.db,
      'select asked_at, leased_until from payment_queries where payment_id = :second',
      { second },
    );
    assert.deepEqual(row, { asked_at: null, leased_until: null }, 'and is not told that it was asked');
    clock.advance(1_000);
    await askNow(asking, second);
    assert.equal(bank.asked.length, 6);
  });

  it('leaves the ladder its share when people ask for all they can', async () => {
    const silent = await silentPayments(12);
    for (const id of silent) await askNow(asking, id);
    assert.equal(bank.asked.length, 4);
    assert.equal(await pollPendingPayments(asking, 100), 1);
  });

  it('heeds the number that a gateway names itself', async () => {
    await silentPayments(6);
    const adapter = { ...bank.adapter, profile: { ...bank.adapter.profile, queriesPerSecond: 3 } };
    const gateways = { get: () => adapter, enabled: () => [adapter] };
    assert.equal(await pollPendingPayments({ ...asking, gateways }, 100), 2);
  });

  it('goes on asking one gateway while another keeps its questions waiting', async () => {
    await silentPayments(8);
    await silentPayments(8, 'vnpay');
    const turn = pollPendingPayments(asking, 100);
    await until(() => Promise.resolve(bank.asked.length === 4 && slow.asked.length === 4), 'the first round');
    clock.advance(1_000);
    await until(() => Promise.resolve(bank.asked.length === 8), 'the second round of the quick one');
    assert.equal(slow.asked.length, 4);
    answerSlowly();
    assert.equal(await turn, 12);
  });
});
