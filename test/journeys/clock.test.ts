/** Days, clocks and series: the business day is Vietnam's, the booking time the database's, numbers run by year. */
import assert from 'node:assert/strict';
import { createReadiness } from '../../src/app/health.ts';
import { query } from '../../src/platform/database.ts';
import { fixedClock } from '../support/clock.ts';
import { approved, tell } from '../support/notices.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

describe('days and clocks', () => {
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ clock: fixedClock('2027-12-31T10:00:00+07:00') });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  interface Booked {
    readonly businessDate: string;
    readonly symbol: string;
    readonly number: bigint;
    readonly skewSeconds: number;
  }

  async function bookedOf({ id }: TestPayment): Promise<Booked> {
    const [row] = await query<Booked>(
      world.db,
      `select t.business_date as "businessDate", r.symbol, r.number,
         extract(epoch from clock_timestamp() - t.booked_at)::float8 as "skewSeconds"
       from ledger_transactions t join receipts r on r.payment_id = :id and r.form = '01BLP0-001'
       where t.event_ref = :id::text`,
      { id },
    );
    assert.ok(row);
    return row;
  }

  /** Paid at an instant by the bank's clock, while ours shows the same instant. */
  async function paidAt(instant: string): Promise<[TestOrder, Booked]> {
    world.clock.set(new Date(Date.parse(instant) - 60_000).toISOString());
    const [order, payment] = await world.orderWithPayment(agency);
    world.clock.set(new Date(instant).toISOString());
    assert.equal((await tell(world, approved(payment, { paidAt: new Date(instant) }))).status, 200);
    return [order, await bookedOf(payment)];
  }

  for (const [what, instant, day] of [
    ['the last second of a year', '2027-12-31T23:59:59+07:00', '2027-12-31'],
    ['the first second of a year, still last year in UTC', '2028-01-01T00:00:00+07:00', '2028-01-01'],
    ['a leap day', '2028-02-29T12:00:00+07:00', '2028-02-29'],
    ['the last minute of a leap day', '2028-02-29T23:59:30+07:00', '2028-02-29'],
    ['the day after', '2028-03-01T00:00:00+07:00', '2028-03-01'],
    ['a Friday at 23:59, after every bank has closed', '2028-03-03T23:59:00+07:00', '2028-03-03'],
    ['a Sunday', '2028-03-05T09:00:00+07:00', '2028-03-05'],
    ['the hour that Europe skips', '2028-03-26T02:30:00+01:00', '2028-03-26'],
    ['a leap second’s neighbour', '2028-06-30T23:59:59.999Z', '2028-07-01'],
  ] as const) {
    it(`promise 100: money of ${what} is booked on ${day}`, async () => {
      const [, booked] = await paidAt(instant);
      assert.equal(booked.businessDate, day);
      assert.ok(booked.symbol.includes(day.slice(2, 4)), `${booked.symbol} names the year of ${day}`);
    });
  }

  it('promise 100: receipts begin at 1 in a new year and go on without a gap in the old one', async () => {
    const symbolOf = async (instant: string) => (await paidAt(instant))[1];
    const [last, first, second] = [
      await symbolOf('2029-12-31T23:00:00+07:00'),
      await symbolOf('2030-01-01T00:00:01+07:00'),
      await symbolOf('2030-01-02T00:00:01+07:00'),
    ];
    assert.notEqual(last.symbol, first.symbol);
    assert.deepEqual([first.symbol, first.number, second.number], [second.symbol, 1n, 2n]);
  });

  it('promise 100: money that the bank dates yesterday and tells today is booked yesterday', async () => {
    world.clock.set('2028-08-10T00:01:00+07:00');
    const [, payment] = await world.orderWithPayment(agency);
    await tell(world, approved(payment, { paidAt: new Date('2028-08-09T23:59:59+07:00') }));
    assert.equal((await bookedOf(payment)).businessDate, '2028-08-09');
  });

  for (const hours of [-1, 1, 24 * 400]) {
    it(`promise 55: with our clock ${String(hours)} hours off, the booking time is still the database's`, async () => {
      world.clock.set(new Date(Date.now() + hours * 3_600_000).toISOString());
      const [, payment] = await world.orderWithPayment(agency);
      await tell(world, approved(payment));
      const { skewSeconds, businessDate } = await bookedOf(payment);
      assert.ok(skewSeconds >= 0 && skewSeconds < 10, `${String(skewSeconds)} s`);
      const expected = new Date(world.clock.now().getTime() + 7 * 3_600_000).toISOString().slice(0, 10);
      assert.equal(businessDate, expected);
    });
  }

  it('promise 55: an order expires by the application’s clock, to the second', async () => {
    world.clock.set('2031-05-05T08:00:00+07:00');
    const order = await world.openOrder(agency, { expiresAt: new Date('2031-05-05T09:00:00+07:00') });
    world.clock.set('2031-05-05T08:59:59+07:00');
    await world.turn('expire-orders');
    assert.equal(await world.orderStatus(order), 'open');
    world.clock.set('2031-05-05T09:00:00+07:00');
    await world.turn('expire-orders');
    assert.equal(await world.orderStatus(order), 'expired');
  });

  it('promise 55: a machine whose clock is more than two seconds from the database’s is not ready', async () => {
    for (const [aheadMs, ready] of [
      [0, true],
      [-3_600_000, false],
      [3_600_000, false],
    ] as const) {
      const readiness = createReadiness({
        db: world.db,
        machineNow: () => Date.now() + aheadMs,
        runner: null,
        startedAtMs: 0,
        hasOneRole: false,
        isStopping: () => false,
      });
      const { ready: says, checks } = await readiness();
      assert.equal(says, ready, JSON.stringify(checks));
      assert.equal(checks['clock']?.ok, ready);
    }
  });
});
