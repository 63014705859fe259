/** Words in any order: before our own answer, backwards, corrected, contradicted, or cut off by a crash. */
import assert from 'node:assert/strict';
import { query } from '../../src/platform/database.ts';
import { APPLY_OUTCOMES, gatedPool, type GatedPool } from '../support/gate.ts';
import { approved, declined, notice, pending, send, tell } from '../support/notices.ts';
import { until } from '../support/until.ts';
import { SCALE } from '../support/scale.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

type Word = 'approved' | 'declined' | 'pending';
const WORDS: Readonly<Record<Word, (payment: TestPayment) => Record<string, string>>> = {
  approved: (payment) => approved(payment),
  declined: (payment) => declined(payment),
  pending: (payment) => pending(payment),
};

describe('callbacks in any order', () => {
  let world: TestService;
  let agency: TestAgency;
  let gate: GatedPool;

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (gate = gatedPool(pool)) });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  const isPaid = async (order: TestOrder, payment: TestPayment): Promise<void> => {
    assert.equal(await world.orderStatus(order), 'paid');
    assert.equal((await world.payment(payment.id)).state, 'succeeded');
    assert.equal(await world.count('ledger_transactions', `event_ref = '${payment.id}'`), 1);
  };

  it('promise 4: a callback inside our own call to create the payment is not lost', async () => {
    await world.bank.setSwitch('pay_before_answer', 1);
    const [order, payment] = await world.orderWithPayment(agency);
    await isPaid(order, payment);
  });

  it('promise 4: a callback for a reference that nobody knows yet is kept, and answered so that it comes again', async () => {
    const answer = await tell(world, approved({ reference: 'SB261120FUTURE', amount: 180_000n }));
    assert.deepEqual(answer, { status: 404, text: '{"result":"unknown_payment"}' });
    assert.equal(await world.count('gateway_callbacks', `result = 'unknown_payment' and verified`), 1);
  });

  it('promise 5: callback, return of the browser and query in each of their six orders pay once', async () => {
    const steps = {
      callback: async ({ payment, transactionId }: Charged) => {
        assert.equal((await tell(world, approved(payment, { transactionId }))).status, 200);
      },
      browser: ({ payment }: Charged) => comeBack(world, payment, ''),
      query: () => world.turn('poll-pending-payments'),
    };
    for (const sequence of permutations(Object.keys(steps) as (keyof typeof steps)[])) {
      const [order, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'approve', manner: 'never' });
      const charge = (await world.bank.charges()).find((one) => one.merchantReference === payment.reference);
      world.pass({ minutes: 1 });
      for (const step of sequence) {
        await steps[step]({ payment, transactionId: charge?.transactionId ?? '' });
      }
      await isPaid(order, payment);
      assert.deepEqual(await world.eventTypes(order), [
        'payment_order.opened',
        'payment_order.paid',
        'receipt.issued',
        'receipt.issued',
      ]);
    }
  });

  it('promise 6: an address that claims success changes nothing, and the page says that we are asking', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const claim = `?status=approved&code=00&amount=180000&merchant_reference=${payment.reference}`;
    // The way back waits some seconds for the callback; once the bank was asked, this browser waits no longer.
    const gone = new AbortController();
    const waiting = comeBack(world, payment, claim, gone.signal).catch(() => null);
    const asked = `payment_id = '${payment.id}' and asked_at is not null and leased_until is null`;
    await until(async () => (await world.count('payment_queries', asked)) === 1, 'the question to the bank');
    gone.abort();
    await waiting;
    const page = await fetch(`${world.origin}/pay/${tokenOf(world, payment)}${claim}`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>Đang chờ ngân hàng xác nhận/);
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
    assert.equal(await world.orderStatus(order), 'open');
  });

  it('promise 7: a payer who never returns has paid all the same, and the agency is told', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    await isPaid(order, payment);
    const told = (await world.inbox.messages('H29')).filter(({ body }) => body.includes(order.publicId));
    assert.ok(told.some(({ eventType, verified }) => eventType === 'payment_order.paid' && verified));
  });

  const longest = SCALE > 1 ? 5 : 3;
  it(`promise 10: no sequence of up to ${String(longest)} words undoes money or counts it twice`, async () => {
    for (const words of sequences(Object.keys(WORDS) as Word[], longest)) {
      const [order, payment] = await world.orderWithPayment(agency);
      for (const word of words) {
        const answer = await tell(world, WORDS[word](payment));
        assert.equal(answer.status, 200, `${words.join(', ')}: ${answer.text}`);
      }
      const named = words.join(', ');
      const paidAt = words.indexOf('approved');
      const failedAt = words.indexOf('declined');
      const state = paidAt >= 0 ? 'succeeded' : failedAt >= 0 ? 'failed' : 'handed_off';
      assert.equal((await world.payment(payment.id)).state, state, named);
      assert.equal(await world.orderStatus(order), paidAt >= 0 ? 'paid' : 'open', named);
      const failedFirst = failedAt >= 0 && (paidAt < 0 || failedAt < paidAt);
      const expected = [
        'payment_order.opened',
        ...(failedFirst ? ['payment.failed'] : []),
        ...(paidAt >= 0 ? ['payment_order.paid', 'receipt.issued', 'receipt.issued'] : []),
        ...(failedFirst && paidAt >= 0 ? ['payment_order.corrected'] : []),
      ];
      assert.deepEqual(await world.eventTypes(order), expected, named);
      const contradicted = paidAt >= 0 && words.lastIndexOf('declined') > paidAt;
      assert.equal(
        await world.count('cases', `payment_id = '${payment.id}' and kind = 'conflicting_outcome'`),
        contradicted ? 1 : 0,
        named,
      );
    }
  }).timeout(SCALE > 1 ? 300_000 : 20_000);

  it('promise 11: a bank that corrects a refusal into a payment is believed, booked, audited and told', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await tell(world, declined(payment));
    assert.equal((await world.payment(payment.id)).state, 'failed');
    assert.equal((await tell(world, approved(payment))).text, '{"result":"recorded"}');
    await isPaid(order, payment);
    assert.equal((await world.eventTypes(order)).at(-1), 'payment_order.corrected');
    const audited = await query<{ action: string }>(
      world.db,
      `select action from audit_log where subject = 'pay_' || replace(:id::text, '-', '')`,
      { id: payment.id },
    );
    assert.equal(audited.length, 1, JSON.stringify(audited));
  });

  it('promise 12: a bank that takes back a payment by a word alone reverses nothing; a person decides', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await tell(world, approved(payment));
    const books = await world.balances(agency.agencyId);
    assert.equal((await tell(world, declined(payment))).status, 200);
    assert.equal((await tell(world, declined(payment))).status, 200);
    await isPaid(order, payment);
    assert.deepEqual(await world.balances(agency.agencyId), books);
    const cases = await query<{ kind: string }>(
      world.db,
      'select kind from cases where payment_id = :id and resolved_at is null',
      { id: payment.id },
    );
    assert.deepEqual(cases, [{ kind: 'conflicting_outcome' }]);
  });

  it('promise 30: what did not commit is not acknowledged, and the retry succeeds', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    gate.loseBefore(APPLY_OUTCOMES);
    assert.deepEqual(await send(world, told), { status: 503, text: '{"result":"try_again"}' });
    assert.equal(await world.orderStatus(order), 'open');
    assert.deepEqual(await send(world, told), { status: 200, text: '{"result":"recorded"}' });
    await isPaid(order, payment);
  });

  it('promise 76: an outcome that is undone at its commit pays nothing and tells nobody; the retry does both', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    await query(
      world.database.ownerDb,
      `create function undo() returns trigger language plpgsql as $$ begin raise exception 'undone'; end $$`,
    );
    await query(
      world.database.ownerDb,
      `create constraint trigger undo after insert on events deferrable initially deferred
       for each row execute function undo()`,
    );
    assert.equal((await send(world, told)).status, 503);
    await world.service.dispatcher.deliverDue();
    assert.deepEqual(await world.eventTypes(order), ['payment_order.opened']);
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
    const heard = (await world.inbox.messages('H29')).filter(({ body }) => body.includes(order.publicId));
    assert.deepEqual(
      heard.map(({ eventType }) => eventType),
      ['payment_order.opened'],
    );
    await query(world.database.ownerDb, 'drop trigger undo on events');
    assert.equal((await send(world, told)).status, 200);
    await isPaid(order, payment);
  });

  it('promise 31: a crash after the commit and before the reply leaves a retry that changes nothing', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const told = notice(world, [approved(payment)]);
    gate.loseAfter(APPLY_OUTCOMES);
    assert.equal((await send(world, told)).status, 503);
    const events = await world.eventTypes(order);
    assert.deepEqual(await send(world, told), { status: 200, text: '{"result":"already_recorded"}' });
    await isPaid(order, payment);
    assert.deepEqual(await world.eventTypes(order), events);
  });

  for (const [when, lose] of [
    ['before', (pool: GatedPool) => pool.loseBefore(APPLY_OUTCOMES)],
    ['after', (pool: GatedPool) => pool.loseAfter(APPLY_OUTCOMES)],
  ] as const) {
    it(`promise 32: a query job that ends ${when} its commit is leased again with the same result`, async () => {
      const [order, payment] = await world.orderWithPayment(agency);
      await world.decide(payment, { kind: 'approve', manner: 'never' });
      world.pass({ minutes: 1 });
      lose(gate);
      await assert.rejects(world.turn('poll-pending-payments'), /the process ended/);
      // The lease of the one that died runs out by the database's clock.
      await query(
        world.db,
        `update payment_queries set leased_until = clock_timestamp() - interval '1 second'`,
      );
      world.pass({ minutes: 2 });
      await world.turn('poll-pending-payments');
      await isPaid(order, payment);
    });
  }
});

interface Charged {
  readonly payment: TestPayment;
  readonly transactionId: string;
}

/** The payer's browser follows the bank's way back, with whatever the address claims. */
async function comeBack(
  { service, origin }: TestService,
  { id }: TestPayment,
  claim: string,
  signal?: AbortSignal,
): Promise<{ status: number; text: string }> {
  const address = service.payments.returnUrl('sandbox', id);
  assert.ok(address.startsWith(origin));
  const answer = await fetch(address + claim, signal ? { signal } : {});
  return { status: answer.status, text: await answer.text() };
}

function tokenOf({ service }: TestService, { id }: TestPayment): string {
  return service.links.tokenOf({ kind: 'payment', id });
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

function* sequences<Item>(items: readonly Item[], longest: number): Generator<Item[]> {
  let longer: Item[][] = [[]];
  for (let length = 1; length <= longest; length += 1) {
    longer = longer.flatMap((start) => items.map((item) => [...start, item]));
    yield* longer;
  }
}
