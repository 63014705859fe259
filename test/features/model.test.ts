/** A model of everybody doing anything: random commands against the real database, every invariant after each of them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { publicId } from '../../src/domain/kernel/ids.ts';
import { Refusal, type RefusalCode } from '../../src/domain/kernel/refusals.ts';
import { checkInvariants } from '../../src/features/reports/invariants.ts';
import { query } from '../../src/platform/database.ts';
import type { BankDecision, BankSwitch } from '../../src/stand-ins/bank/bank.ts';
import { APPLY_OUTCOMES, gatedPool, type GatedPool } from '../support/gate.ts';
import { judgeCharges } from '../support/judge.ts';
import { seedOfThisRun } from '../support/random.ts';
import { scaled, scaledTimeout, times } from '../support/scale.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

/** What one run has made so far: commands name things by a number, taken modulo how many there are. */
interface Run {
  readonly orders: TestOrder[];
  readonly payments: TestPayment[];
  readonly importedDays: Set<string>;
}

type Command = fc.AsyncCommand<Run, TestService>;

describe('the model', () => {
  let world: TestService;
  let agencies: readonly TestAgency[];
  let gate: GatedPool;
  const importedDays = new Set<string>();

  before(async () => {
    world = await startTestService({ wrapHotPool: (pool) => (gate = gatedPool(pool)) });
    agencies = [await world.addAgency('H29'), await world.addAgency('G01')];
    await world.allowAutomaticRefunds(5_000_000n);
  });
  after(() => world.stop());

  function command(
    name: string,
    work: (run: Run) => Promise<unknown>,
    check: (run: Run) => boolean = () => true,
  ): Command {
    return {
      check: (run) => check(run),
      async run(run) {
        await work(run);
        assert.deepEqual(await checkInvariants(world.db), [], `after: ${name}`);
      },
      toString: () => name,
    };
  }

  const withOrder = ({ orders }: Run): boolean => orders.length > 0;
  const withPayment = ({ payments }: Run): boolean => payments.length > 0;

  const open = fc.nat(1).map((which) =>
    command(`open an order at agency ${String(which)}`, async (run) => {
      run.orders.push(await world.openOrder(at(agencies, which)));
    }),
  );

  const start = fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }).map((numbers) =>
    command(
      `start a payment of ${numbers.join(' and ')}`,
      async (run) => {
        const chosen = [...new Set(numbers.map((number) => at(run.orders, number)))];
        const started = await unlessRefused(
          () => world.startPayment(...chosen),
          ['payment-order.not-open', 'payment-order.payment-in-flight'],
        );
        if (started && !run.payments.some(({ id }) => id === started.id)) run.payments.push(started);
      },
      withOrder,
    ),
  );

  const begin = fc.nat(1).map((which) =>
    command(`open an order at agency ${String(which)} and start its payment`, async (run) => {
      const order = await world.openOrder(at(agencies, which));
      run.orders.push(order);
      run.payments.push(await world.startPayment(order));
    }),
  );

  const DECISIONS: readonly (readonly [string, (payment: TestPayment) => BankDecision])[] = [
    ['approve', () => ({ kind: 'approve' })],
    ['approve, told twice', () => ({ kind: 'approve', manner: 'twice' })],
    ['approve, never told', () => ({ kind: 'approve', manner: 'never' })],
    ['approve, with forgeries', () => ({ kind: 'approve', manner: 'forged' })],
    ['approve, told after losses', () => ({ kind: 'approve', manner: 'lost' })],
    ['charge twice', () => ({ kind: 'approve', charges: 2 })],
    ['approve one dong less', ({ amount }) => ({ kind: 'approve', amount: amount - 1n })],
    ['approve one dong more', ({ amount }) => ({ kind: 'approve', amount: amount + 1n })],
    ['approve whatever the state', () => ({ kind: 'approve', evenIfClosed: true })],
    ['decline', () => ({ kind: 'decline', code: '51' })],
    ['decline whatever the state', () => ({ kind: 'decline', code: '24', evenIfClosed: true })],
    ['approve in an hour', () => ({ kind: 'later', seconds: 3_600 })],
  ];
  const decide = fc.tuple(fc.constantFrom(...DECISIONS), fc.nat(20)).map(([[name, decisionOn], number]) =>
    command(
      `${name} payment ${String(number)}`,
      async (run) => {
        const payment = at(run.payments, number);
        await world.bank.decide(payment.reference, decisionOn(payment));
      },
      withPayment,
    ),
  );

  // Of a payment named by chance most are decided already: what happens to a fresh one is worth a command of its own.
  const whole = fc.tuple(fc.nat(1), fc.constantFrom(...DECISIONS)).map(([which, [name, decisionOn]]) =>
    command(`open an order at agency ${String(which)}, start its payment and ${name}`, async (run) => {
      const order = await world.openOrder(at(agencies, which));
      const payment = await world.startPayment(order);
      run.orders.push(order);
      run.payments.push(payment);
      await world.bank.decide(payment.reference, decisionOn(payment));
    }),
  );

  const SWITCHES: readonly (readonly [BankSwitch, number])[] = [
    ['drop_order_answer', 1],
    ['drop_query_answer', 1],
    ['drop_refund_answer', 1],
    ['pay_before_answer', 1],
    ['refuse_orders', 1],
    ['refunds_processing', 1],
    ['refunds_declined', 1],
    ['hold_callbacks', 1],
    ['hold_callbacks', 0],
    ['shuffle_callbacks', 1],
    ['repeat_callbacks', 3],
    ['repeat_callbacks', 0],
  ];
  const fault = fc
    .constantFrom(...SWITCHES)
    .map(([name, count]) =>
      command(`switch ${name} to ${String(count)}`, () => world.bank.setSwitch(name, count)),
    );

  const crash = fc.constantFrom('loseBefore', 'loseAfter').map((when) =>
    command(`${when} of the next outcome`, async () => {
      gate[when](APPLY_OUTCOMES);
      await world.bank.callbacks.pump();
    }),
  );

  const deliver = fc
    .boolean()
    .map((all) =>
      command(all ? 'send everything owed' : 'send what is due', () =>
        world.bank.callbacks.pump({ ignoreDueTime: all }),
      ),
    );

  const turn = fc
    .constantFrom('poll-pending-payments', 'expire-orders', 'refund-surplus', 'submit-refunds', 'seal-ledger')
    .map((job) => command(job, () => unlessCrashed(() => world.turn(job))));

  const jump = fc.constantFrom(1, 5, 16, 61, 24 * 60, 9 * 24 * 60, 91 * 24 * 60).map((minutes) =>
    command(`${String(minutes)} minutes pass`, () => {
      world.pass({ minutes });
      return Promise.resolve();
    }),
  );

  const cancel = fc.nat(20).map((number) =>
    command(
      `cancel order ${String(number)}`,
      async (run) => {
        const order = at(run.orders, number);
        const answer = await order.agency.call('POST', `/v1/payment-orders/${order.publicId}/cancel`);
        assert.ok([200, 409, 503, 500].includes(answer.status), JSON.stringify(answer.body));
      },
      withOrder,
    ),
  );

  const askRefund = fc.tuple(fc.nat(20), fc.constantFrom(1, 2, 3)).map(([number, divisor]) =>
    command(
      `ask for 1/${String(divisor)} of order ${String(number)} back`,
      async (run) => {
        const order = at(run.orders, number);
        const read = await order.agency.call('GET', `/v1/payment-orders/${order.publicId}`);
        const available = Number(read.body.amount_available ?? read.body.amount_refundable ?? 0);
        const answer = await order.agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
          body: {
            amount: Math.max(1, Math.floor(available / divisor)),
            amount_available: available,
            reason: 'Asked in a test.',
          },
        });
        assert.ok([201, 409, 422].includes(answer.status), JSON.stringify(answer.body));
      },
      withOrder,
    ),
  );

  const decideRefund = fc.tuple(fc.nat(20), fc.constantFrom('approve', 'reject')).map(([number, decision]) =>
    command(`${decision} an asked refund ${String(number)}`, async () => {
      const asked = await query<{ id: string; agency_id: number }>(
        world.db,
        `select id, agency_id from refunds where state = 'requested' order by requested_at, id`,
      );
      if (asked.length === 0) return;
      const refund = at(asked, number);
      const agency = agencies.find(({ agencyId }) => agencyId === refund.agency_id);
      if (!agency) return;
      const path = `/v1/refunds/${publicId('rf', refund.id as never)}/decision`;
      const answer = await agency.callAsSecond('POST', path, { body: { decision, note: 'Looked at.' } });
      assert.ok([200, 409].includes(answer.status), JSON.stringify(answer.body));
    }),
  );

  const importFile = fc.constant(
    command("import the bank's file of yesterday", async () => {
      const yesterday = new Date(world.clock.now().getTime() + 7 * 3_600_000 - 86_400_000)
        .toISOString()
        .slice(0, 10);
      if (importedDays.has(yesterday)) return;
      importedDays.add(yesterday);
      const answer = await world.importBankFile(yesterday);
      assert.ok([201, 409].includes(answer.status), JSON.stringify(answer.body));
      await unlessCrashed(() => world.turn('reconcile-batches'));
    }),
  );

  const runs = scaled(6, 120);
  it(`promise 43: whatever everybody does, in any order, the books and the orders agree${times(runs)}`, async () => {
    const seed = seedOfThisRun();
    const commands = fc.commands(
      // What stands here more often happens more often.
      [
        ...[begin, begin, open, start],
        ...[whole, whole, whole, decide, decide, decide, deliver, deliver],
        ...[turn, turn, jump, cancel, askRefund, decideRefund, decideRefund],
        ...[fault, crash, importFile],
      ],
      { maxCommands: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const run: Run = { orders: [], payments: [], importedDays };
        await fc.asyncModelRun(() => ({ model: run, real: world }), sequence);
        gate.mend();
        await comeToRest(world, importedDays);
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );
  }).timeout(scaledTimeout(60_000));
});

/** After the faults: the ladder passes, refunds and messages end, and every charge is held once. */
async function comeToRest(world: TestService, importedDays: Set<string>): Promise<void> {
  for (const [name] of [
    ['hold_callbacks'],
    ['drop_query_answer'],
    ['refuse_orders'],
    ['drop_refund_answer'],
  ] as const) {
    await world.bank.setSwitch(name, 0);
  }
  for (let day = 0; day < 8; day += 1) {
    await query(world.db, `update payment_queries set leased_until = null where leased_until is not null`);
    await query(world.db, `update refunds set leased_until = null where leased_until is not null`);
    await world.bank.callbacks.pump({ ignoreDueTime: true });
    await world.settleDown();
    world.pass({ days: 1 });
  }
  await importEveryFile(world, importedDays);
  await world.assertSound();
  assert.equal(
    await world.count('payments', `state in ('created', 'handed_off', 'unknown')`),
    0,
    'all is decided',
  );
  assert.equal(await world.count('webhook_queue'), 0, 'all is told');
  await judgeCharges(world);
}

/** What the bank never told, or denied after it had charged, only its file of the day tells. */
async function importEveryFile(world: TestService, importedDays: Set<string>): Promise<void> {
  const charged = await query<{ day: string }>(
    world.db,
    `select distinct to_char(charged_at at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD') as day
     from stand_in.bank_charges order by day`,
  );
  for (const { day } of charged) {
    if (importedDays.has(day)) continue;
    importedDays.add(day);
    assert.equal((await world.importBankFile(day)).status, 201, day);
  }
  await world.settleDown();
}

function at<Item>(items: readonly Item[], number: number): Item {
  const item = items[number % items.length];
  if (item === undefined) throw new Error('there is nothing yet');
  return item;
}

async function unlessRefused<Result>(
  work: () => Promise<Result>,
  expected: readonly RefusalCode[],
): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && expected.includes(error.code)) return null;
    throw error;
  }
}

/** A turn that met a planted crash fails, as its process would have ended. */
async function unlessCrashed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('the process ended'))) throw error;
  }
}
