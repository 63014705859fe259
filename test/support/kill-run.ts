/**
 * The kill run: orders paid while the serving and the working process are killed again and again.
 *
 * This process plays everybody else: the balancer in front, which answers 502 while nobody serves; the pretend bank and
 * the agency's receiver, which are never killed; the agency's program and the citizens, who try again after a fault. The
 * bank's book judges.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePublicId } from '../../src/domain/kernel/ids.ts';
import { query, type Database } from '../../src/platform/database.ts';
import { inParallel } from '../../src/platform/in-parallel.ts';
import { passOn } from './balancer.ts';
import { startServiceProcess, type ServiceProcess } from './child-process.ts';
import { runningClock } from './clock.ts';
import { newTestId } from './ids.ts';
import { judgeCharges } from './judge.ts';
import { randomFrom, type Random } from './random.ts';
import {
  assertSoundBooks,
  orderBody,
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestService,
} from './service.ts';

export interface KillRunOptions {
  readonly seed: number;
  readonly orders: number;
  /** How long processes are killed. */
  readonly killForMs: number;
  /** The longest pause between two kills. */
  readonly pauseMs: number;
  readonly say?: (line: string) => void;
}

export interface KillRunReport {
  readonly seed: number;
  readonly orders: number;
  readonly kills: { readonly serve: number; readonly work: number };
  readonly seconds: number;
  readonly charges: number;
  readonly applied: number;
  readonly surplus: number;
  readonly ledgerTransactions: number;
  readonly refunds: number;
  /** Sendings of callbacks by the bank; each charge is told three times, and again after every fault. */
  readonly callbacksSent: number;
  /** Requests that nobody could answer. */
  readonly unanswered: number;
  readonly events: number;
  readonly messages: number;
  readonly repeatedMessages: number;
  readonly undecidedAfterKills: number;
}

/** Runs and judges; throws when anything is lost, doubled or left open. */
export async function killRun(options: KillRunOptions): Promise<KillRunReport> {
  const random = randomFrom(options.seed);
  const began = performance.now();
  const processes = new Map<ServiceProcess['role'], ServiceProcess>();
  const kills = { serve: 0, work: 0 };
  let isOver = false;
  let unanswered = 0;

  /** The balancer: the bank and the receiver live here, everything else in the process that serves. */
  function front(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url?.startsWith('/sandbox/') || isOver || processes.size === 0) return false;
    passOn(request, response, processes.get('serve')?.port, () => (unanswered += 1));
    return true;
  }

  const world = await startTestService({ clock: runningClock(), front });
  try {
    const agencies = [await world.addAgency('H29'), await world.addAgency('G01')];
    await world.allowAutomaticRefunds(5_000_000n);
    await world.bank.setSwitch('repeat_callbacks', 3);
    await world.bank.setSwitch('shuffle_callbacks', 1);
    world.bank.callbacks.start();
    for (const role of ['serve', 'work'] as const) {
      processes.set(role, await startServiceProcess(role, world.env));
    }
    await serving(world, processes);

    const killing = killAtRandom({ options, random, world, processes, kills });
    const orders = await payEverything(world, agencies, options.orders, random);
    await killing;
    options.say?.(`killed serve ${String(kills.serve)} times, work ${String(kills.work)} times`);

    const undecidedAfterKills = await world.count(
      'payments',
      `state in ('created', 'handed_off', 'unknown')`,
    );
    await Promise.all([...processes.values()].map((one) => one.stop()));
    isOver = true;
    await world.bank.callbacks.stop();
    await passTheLadder(world);
    const verdict = await judge(world, agencies, orders);
    return {
      seed: options.seed,
      orders: options.orders,
      kills,
      seconds: Math.round((performance.now() - began) / 1000),
      unanswered,
      undecidedAfterKills,
      ...verdict,
    };
  } finally {
    isOver = true;
    await Promise.all([...processes.values()].filter((one) => one.isRunning()).map((one) => one.kill()));
    await world.bank.callbacks.stop();
    await world.stop();
  }
}

/** Waits until the newest serving process answers. */
async function serving(
  world: TestService,
  processes: ReadonlyMap<ServiceProcess['role'], ServiceProcess>,
): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(`${world.origin}/healthz`).catch(() => null);
    if (answer?.ok) return;
    const dead = [...processes.values()].find((one) => !one.isRunning());
    if (dead) throw new Error(`${dead.role} ended by itself: ${dead.complaints()}`);
    await delay(50);
  }
  throw new Error('the service does not come up');
}

/** On a machine that is busy with other things a start takes long, and the time would pass without a kill. */
const LEAST_KILLS = 3;

async function killAtRandom(run: {
  readonly options: KillRunOptions;
  readonly random: Random;
  readonly world: TestService;
  readonly processes: Map<ServiceProcess['role'], ServiceProcess>;
  readonly kills: Record<ServiceProcess['role'], number>;
}): Promise<void> {
  const { options, random, world, processes, kills } = run;
  const until = performance.now() + options.killForMs;
  while (performance.now() < until || kills.serve + kills.work < LEAST_KILLS) {
    await delay(random.between(options.pauseMs / 10, options.pauseMs));
    const victim = random.pick([...processes.values()]);
    assert.ok(victim.isRunning(), `${victim.role} ended by itself: ${victim.complaints()}`);
    await victim.kill();
    kills[victim.role] += 1;
    processes.set(victim.role, await startServiceProcess(victim.role, world.env));
    await serving(world, processes);
  }
}

/** Orders are opened and their payments started through the doors, by parties who try again until they are answered. */
async function payEverything(
  world: TestService,
  agencies: readonly TestAgency[],
  count: number,
  random: Random,
): Promise<TestOrder[]> {
  const orders: TestOrder[] = [];
  const wishes = Array.from({ length: count }, (_, index) => index).sort(() => random.next() - 0.5);
  await inParallel(wishes, 12, async (index) => {
    const agency = agencies[index % agencies.length];
    assert.ok(agency);
    const order = await openOrder(agency);
    orders.push(order);
    await payAsCitizen(world, order, index % 10);
  });
  return orders;
}

async function openOrder(agency: TestAgency): Promise<TestOrder> {
  const key = newTestId();
  const body = orderBody(agency.code);
  const answer = await insist(async () => {
    const tried = await agency.call('POST', '/v1/payment-orders', { body, key });
    return tried.status < 500 && tried.body?.code !== 'idempotency.in-progress' ? tried : null;
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  const { id, amount, checkout_url: checkoutUrl } = answer.body as Record<string, string | number>;
  const orderId = parsePublicId('po', String(id));
  assert.ok(orderId);
  return Object.assign(
    {
      agencyId: agency.agencyId,
      id: orderId,
      publicId: String(id),
      agency,
      amount: BigInt(amount ?? 0),
    },
    { checkoutUrl: String(checkoutUrl) },
  );
}

/** Of ten, one is charged twice, one is declined first and charged after all, and of one the bank never tells. */
async function payAsCitizen(world: TestService, order: TestOrder, manner: number): Promise<void> {
  const reference = await insist(() => pressPay(world, order as TestOrder & { checkoutUrl: string }));
  if (manner === 0) await world.decide({ reference }, { kind: 'approve', charges: 2 });
  else if (manner === 1) {
    await world.decide({ reference }, { kind: 'decline', code: '51' });
    await world.decide({ reference }, { kind: 'approve', evenIfClosed: true });
  } else if (manner === 2) await world.decide({ reference }, { kind: 'approve', manner: 'never' });
  else await world.decide({ reference }, { kind: 'approve' });
}

/** Opens the page, presses the button and lands at the bank; null when a fault came between. */
async function pressPay(
  world: TestService,
  order: TestOrder & { readonly checkoutUrl: string },
): Promise<string | null> {
  const page = await fetch(order.checkoutUrl);
  if (page.status !== 200) return null;
  const html = await page.text();
  // An attempt whose start was cut short has a page of its own, which leads on to the bank.
  const onward = /href="(\/pay\/[^"]+\/bank)"/.exec(html)?.[1];
  if (onward !== undefined) {
    return referenceAt(world, await fetch(world.origin + onward, { redirect: 'manual' }));
  }
  const cookie = page.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const fields = new URLSearchParams({ method: 'sandbox' });
  for (const [, name = '', value = ''] of html.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)"/g,
  )) {
    fields.set(name, value);
  }
  const pressed = await fetch(order.checkoutUrl, {
    method: 'POST',
    headers: { cookie },
    body: fields,
    redirect: 'manual',
  });
  return referenceAt(world, pressed);
}

/** Our reference of the bank's page that an answer leads to; null when it leads elsewhere. */
async function referenceAt({ db }: TestService, answer: Response): Promise<string | null> {
  const bankOrder = /\/sandbox\/bank\/pay\/([0-9a-f]+)/.exec(answer.headers.get('location') ?? '')?.[1];
  if (bankOrder === undefined) return null;
  const [row] = await query<{ reference: string }>(
    db,
    'select merchant_reference as reference from stand_in.bank_orders where id = :bankOrder',
    { bankOrder },
  );
  return row?.reference ?? null;
}

/** Tries until it is answered, as every party here does. */
async function insist<Answer>(attempt: () => Promise<Answer | null>): Promise<Answer> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const answer = await attempt().catch(() => null);
    if (answer !== null) return answer;
    await delay(50);
  }
  throw new Error('no answer after two thousand tries');
}

const DAYS_OF_THE_LADDER = 8;

/** Day after day until the ladder is over. Leases of processes that are dead would run out by the database's clock. */
async function passTheLadder(world: TestService): Promise<void> {
  for (let day = 0; day <= DAYS_OF_THE_LADDER; day += 1) {
    await endLeases(world.db);
    await world.settleDown();
    world.pass({ days: 1 });
  }
}

async function endLeases(db: Database): Promise<void> {
  for (const table of ['payment_queries', 'order_expiries', 'refunds', 'webhook_queue']) {
    await query(
      db,
      `update ${table} set leased_until = clock_timestamp() - interval '1 second'
      where leased_until is not null`,
    );
  }
}

/** The bank's book against ours, the receiver's log against our events. */
async function judge(world: TestService, agencies: readonly TestAgency[], orders: readonly TestOrder[]) {
  const { db } = world;
  const { charges, applied, surplus } = await judgeCharges(world);
  assert.equal(charges, applied + surplus, 'nothing was of a wrong amount');
  const ledgerTransactions = await world.count('ledger_transactions', `event_kind = 'payment'`);
  assert.equal(ledgerTransactions, charges, 'one ledger transaction for each charge, nothing beside');

  assert.equal(await world.count('payments', `state in ('created', 'handed_off', 'unknown')`), 0);
  for (const order of orders) assert.equal(await world.orderStatus(order), 'paid', order.publicId);
  await assertSoundBooks(db);

  const refunds = await world.count('stand_in.bank_refunds', `state = 'approved'`);
  assert.equal(refunds, surplus, 'each surplus went back once, by the book of the bank');
  assert.equal(applied, orders.length);
  return {
    charges,
    applied,
    surplus,
    ledgerTransactions,
    refunds,
    callbacksSent: await sendings(db),
    ...(await judgeMessages(world, agencies)),
  };
}

async function sendings(db: Database): Promise<number> {
  const [row] = await query<{ n: bigint }>(
    db,
    'select coalesce(sum(attempts), 0) as n from stand_in.bank_callbacks',
  );
  return Number(row?.n ?? 0);
}

/** Every event arrived and verified; of each order the first arrivals stand in sequence, from 1 without a gap. */
async function judgeMessages(world: TestService, agencies: readonly TestAgency[]) {
  let [events, messages, repeatedMessages] = [0, 0, 0];
  for (const { code, agencyId } of agencies) {
    const arrived = await world.inbox.messages(code);
    const seen = new Set<string>();
    const sequences = new Map<string, number>();
    for (const message of arrived) {
      assert.ok(message.verified, `a message of ${code} does not verify`);
      const { id, order } = eventOf(message.body);
      if (seen.has(id)) continue;
      seen.add(id);
      const expected = (sequences.get(order) ?? 0) + 1;
      assert.equal(Number(message.sequence), expected, `the events of ${order} arrived in sequence`);
      sequences.set(order, expected);
    }
    const sent = await world.count('events', `agency_id = ${String(agencyId)}`);
    assert.equal(seen.size, sent, `the receiver of ${code} holds each event`);
    events += sent;
    messages += arrived.length;
    repeatedMessages += arrived.length - seen.size;
  }
  return { events, messages, repeatedMessages };
}

function eventOf(body: string): { id: string; order: string } {
  const { id, data } = JSON.parse(body) as { id: string; data: { payment_order: { id: string } } };
  return { id, order: data.payment_order.id };
}
