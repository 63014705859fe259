/** Agencies are told: every event arrives, in the order of its order, whatever endpoints and workers do. */
import assert from 'node:assert/strict';
import { MAX_ATTEMPTS } from '../../../src/domain/agencies/delivery-rules.ts';
import type { AgencyId } from '../../../src/domain/kernel/ids.ts';
import { createDispatcher } from '../../../src/features/agencies/webhook-dispatcher.ts';
import {
  claimDeliveries,
  outboxFigures,
  parkFollowers,
} from '../../../src/features/agencies/delivery-store.ts';
import { query } from '../../../src/platform/database.ts';
import { createGatewayClient } from '../../../src/platform/http-client.ts';
import { fixedClock, type FixedClock } from '../../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  accept,
  addAgency,
  addEndpoint,
  addEvent,
  addOrder,
  countOf,
  deliveryDeps,
  isSignedWith,
  refuse,
  startReceiver,
  until,
  type Endpoint,
  type Received,
  type Receiver,
} from './webhook-fixtures.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('delivery of webhooks', () => {
  let test: TestDatabase;
  let clock: FixedClock;
  let deps: ReturnType<typeof deliveryDeps>;
  let receiver: Receiver;
  let agencyId: AgencyId;
  let endpoint: Endpoint;

  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  beforeEach(async () => {
    // Ahead of the database's clock, so that only the test moves time.
    clock = fixedClock('2090-03-02T08:00:00Z');
    deps = deliveryDeps(test.db, clock);
    receiver = await startReceiver();
    agencyId = await addAgency(test.db);
    endpoint = await addEndpoint(test.db, agencyId, receiver.url);
  });
  afterEach(async () => {
    await deps.close();
    await receiver.close();
    await query(test.db, 'delete from webhook_queue');
    await query(test.db, 'delete from webhook_deliveries');
    await query(test.db, 'delete from webhook_endpoints');
  });

  const queueEvent = async (
    orderId: Awaited<ReturnType<typeof addOrder>>,
    sequence: number,
    to = [endpoint],
  ) => addEvent(test.db, { agencyId, orderId, sequence, endpoints: to, at: clock.now() });

  it('sends the stored body under the id of its event, signed so that a real receiver believes it', async () => {
    const event = await queueEvent(await addOrder(test.db, agencyId), 1);
    const [stored] = await query<{ body: string }>(test.db, 'select body from events where id = :id', {
      id: event.id,
    });
    assert.equal(await createDispatcher(deps).deliverDue(), 1);
    const [got] = receiver.received;
    assert.equal(got?.id, event.publicId);
    assert.equal(got.body, stored?.body);
    assert.equal(got.headers['content-type'], 'application/json');
    assert.ok(isSignedWith(endpoint.secret, got));
    assert.ok(!isSignedWith(endpoint.secret, { ...got, body: got.body.replace('paid', 'void') }));
  });

  it('promise 74: everything arrives in order after the endpoint was down for three days', async () => {
    receiver.answerWith(refuse);
    const orders = await Promise.all(Array.from({ length: 20 }, () => addOrder(test.db, agencyId)));
    const dispatcher = createDispatcher(deps);
    let sequence = 0;
    for (let downForMs = 0; downForMs < 3 * DAY_MS; downForMs += 6 * HOUR_MS) {
      sequence += 1;
      for (const order of orders) await queueEvent(order, sequence);
      await dispatcher.deliverDue();
      clock.advance(6 * HOUR_MS);
    }
    const refused = receiver.received.splice(0);
    assert.ok(refused.length > 0);
    receiver.answerWith(accept);
    for (let hours = 0; hours < 24; hours += 6) {
      clock.advance(6 * HOUR_MS);
      await dispatcher.deliverDue();
    }
    assert.equal(await countOf(test.db, 'webhook_queue'), 0);
    assert.equal(receiver.received.length, orders.length * sequence);
    for (const [order, sequences] of sequencesByOrder(receiver.received)) {
      assert.deepEqual(
        sequences,
        Array.from({ length: sequence }, (_, index) => index + 1),
        order,
      );
    }
  });

  it('promise 77: a worker that died after sending is followed by one that sends the same webhook-id', async () => {
    const event = await queueEvent(await addOrder(test.db, agencyId), 1);
    // The first worker claims and sends, and never records.
    const [claimed] = await claimDeliveries(test.db, {
      now: clock.now(),
      limit: 10,
      leaseSeconds: 60,
      perEndpoint: 10,
      room: new Map(),
    });
    assert.ok(claimed);
    await deps.post({ url: claimed.url, headers: { 'webhook-id': event.publicId }, body: claimed.body });
    assert.equal(await createDispatcher(deps).deliverDue(), 0, 'its lease holds');
    await query(test.db, `update webhook_queue set leased_until = now() - interval '1 second'`);
    assert.equal(await createDispatcher(deps).deliverDue(), 1);
    assert.deepEqual(
      receiver.received.map(({ id }) => id),
      [event.publicId, event.publicId],
    );
    assert.equal(await countOf(test.db, 'webhook_queue'), 0);
  });

  it('promise 77: what a worker records after its lease passed to another cannot bring a delivery back', async () => {
    await queueEvent(await addOrder(test.db, agencyId), 1);
    receiver.answerWith((request, response) => {
      void query(test.db, `update webhook_queue set leased_until = now() + interval '1 hour'`).then(() =>
        refuse(request, response),
      );
    });
    await createDispatcher(deps).deliverDue();
    const [row] = await query<{ attempts: number; held: boolean }>(
      test.db,
      'select attempts, leased_until > now() as held from webhook_queue',
    );
    assert.deepEqual(row, { attempts: 0, held: true });
  });

  it('promise 78: an event that waits since long ago and was never sent is sent', async () => {
    const order = await addOrder(test.db, agencyId);
    await addEvent(test.db, {
      agencyId,
      orderId: order,
      sequence: 1,
      endpoints: [endpoint],
      at: new Date('2026-01-01T00:00:00Z'),
    });
    assert.equal(await createDispatcher(deps).deliverDue(), 1);
    assert.equal(receiver.received.length, 1);
  });

  it('promise 79: a poisoned delivery does not stop the others', async () => {
    const poisoned = await addEndpoint(test.db, agencyId, receiver.url);
    await query(test.db, `update webhook_endpoints set secrets_box = 'poison' where id = :id`, {
      id: poisoned.id,
    });
    const dead = await addEndpoint(test.db, agencyId, 'http://127.0.0.1:1/');
    const last = await addOrder(test.db, agencyId);
    await addEvent(test.db, { agencyId, orderId: last, sequence: 1, endpoints: [dead], at: clock.now() });
    await query(test.db, 'update webhook_queue set attempts = :attempts', { attempts: MAX_ATTEMPTS - 1 });
    for (let index = 0; index < 100; index += 1) {
      await queueEvent(await addOrder(test.db, agencyId), 1, [endpoint, poisoned]);
    }
    await createDispatcher(deps).deliverDue();
    assert.equal(receiver.received.length, 100);
    const given = await query(
      test.db,
      'select state, attempts from webhook_deliveries where endpoint_id = :id',
      { id: dead.id },
    );
    assert.deepEqual(given, [{ state: 'failed', attempts: MAX_ATTEMPTS }]);
    const [waiting] = await query<{ count: number; error: string }>(
      test.db,
      `select count(*)::integer as count, min(last_error) as error from webhook_queue where endpoint_id = :id`,
      { id: poisoned.id },
    );
    assert.equal(waiting?.count, 100);
    assert.match(waiting.error, /could not be signed/);
    const [blamed] = await query(test.db, 'select failing_since from webhook_endpoints where id = :id', {
      id: poisoned.id,
    });
    assert.deepEqual(blamed, { failing_since: null }, 'a fault of ours is not held against the endpoint');
  });

  it('promise 80: an agency that answers slowly holds up no other', async () => {
    const slow = await startReceiver();
    const held: (() => void)[] = [];
    slow.answerWith((request, response) => {
      held.push(() => accept(request, response));
    });
    const slowAgency = await addAgency(test.db);
    const slowEndpoint = await addEndpoint(test.db, slowAgency, slow.url);
    for (let index = 0; index < 60; index += 1) {
      const orderId = await addOrder(test.db, slowAgency);
      await addEvent(test.db, {
        agencyId: slowAgency,
        orderId,
        sequence: 1,
        endpoints: [slowEndpoint],
        at: new Date(clock.now().getTime() - 60_000),
      });
    }
    for (let index = 0; index < 40; index += 1) await queueEvent(await addOrder(test.db, agencyId), 1);
    const patient = deliveryDeps(test.db, clock, createGatewayClient({ timeoutMs: 15_000 }));
    const dispatcher = createDispatcher(patient, { inFlight: 16, pollEveryMs: 20 });
    dispatcher.start();
    try {
      await until(
        async () => (await countOf(test.db, 'webhook_queue')) === 60,
        'the fast agency has everything',
      );
      assert.equal(receiver.received.length, 40);
      assert.equal(held.length, 8, 'the slow one has no more than its share of 16');
      slow.answerWith(accept);
      for (const answer of held) answer();
      await until(async () => (await countOf(test.db, 'webhook_queue')) === 0, 'the slow one has everything');
    } finally {
      await dispatcher.stop();
      await patient.close();
      await slow.close();
    }
  });

  it('promise 81: an endpoint that fails for five days is disabled loudly, and re-enabled goes on in order', async () => {
    const order = await addOrder(test.db, agencyId);
    const told: string[] = [];
    const listening = { ...deps, hooks: { endpointDisabled: (id: string) => told.push(id) } };
    const dispatcher = createDispatcher(listening);
    receiver.answerWith(refuse);
    for (let sequence = 1; sequence <= 6; sequence += 1) {
      await queueEvent(order, sequence);
      await dispatcher.deliverDue();
      clock.advance(DAY_MS);
    }
    for (let day = 0; day < 3; day += 1) {
      await dispatcher.deliverDue();
      clock.advance(DAY_MS);
    }
    const [state] = await query<{ enabled: boolean; reason: string }>(
      test.db,
      'select enabled, disabled_reason as reason from webhook_endpoints where id = :id',
      { id: endpoint.id },
    );
    assert.deepEqual(state, { enabled: false, reason: 'the endpoint has failed for 5 days' });
    assert.deepEqual(told, [endpoint.id]);
    assert.equal(deps.lines.filter(({ event }) => event === 'webhook.endpoint_disabled').length, 1);
    const audited = await query(test.db, `select actor, action from audit_log where subject = :id::text`, {
      id: endpoint.id,
    });
    assert.deepEqual(audited, [{ actor: 'system:webhooks', action: 'webhook_endpoint.disabled' }]);
    assert.equal((await outboxFigures(test.db)).disabledEndpoints, 1);
    assert.equal(await dispatcher.deliverDue(), 0, 'nothing is sent while it is disabled');
    assert.equal(await countOf(test.db, 'webhook_queue'), 6, 'nothing is lost');
  });

  it('promise 81: one success in between and the five days begin anew', async () => {
    const dispatcher = createDispatcher(deps);
    for (let day = 0; day < 10; day += 1) {
      receiver.answerWith(day === 4 ? accept : refuse);
      await queueEvent(await addOrder(test.db, agencyId), 1);
      await dispatcher.deliverDue();
      clock.advance(day === 4 ? 1_000 : DAY_MS - 1);
      if (day < 8) {
        const [state] = await query(test.db, 'select enabled from webhook_endpoints where id = :id', {
          id: endpoint.id,
        });
        assert.deepEqual(state, { enabled: true }, `day ${String(day)}`);
      }
    }
  });

  it('promise 87: an event waits until the one before it in its order is delivered or given up', async () => {
    const orders = await Promise.all(Array.from({ length: 12 }, () => addOrder(test.db, agencyId)));
    for (let sequence = 1; sequence <= 5; sequence += 1) {
      for (const order of orders) await queueEvent(order, sequence);
    }
    let under = new Set<string>();
    const overlaps: string[] = [];
    receiver.answerWith((request, response, got) => {
      if (under.has(got.order)) overlaps.push(got.order);
      under.add(got.order);
      setTimeout(() => {
        under.delete(got.order);
        accept(request, response);
      }, Math.random() * 8);
    });
    const workers = [createDispatcher(deps, { pollEveryMs: 5 }), createDispatcher(deps, { pollEveryMs: 5 })];
    for (const worker of workers) worker.start();
    await until(async () => (await countOf(test.db, 'webhook_queue')) === 0, 'all is delivered');
    await Promise.all(workers.map((worker) => worker.stop()));
    under = new Set();
    assert.deepEqual(overlaps, []);
    assert.equal(receiver.received.length, 60);
    for (const [order, sequences] of sequencesByOrder(receiver.received)) {
      assert.deepEqual(sequences, [1, 2, 3, 4, 5], order);
    }
  });

  it('promise 87: after the last attempt of one event the next of its order flows', async () => {
    const order = await addOrder(test.db, agencyId);
    await queueEvent(order, 1);
    await query(test.db, 'update webhook_queue set attempts = :attempts', { attempts: MAX_ATTEMPTS - 1 });
    await queueEvent(order, 2);
    receiver.answerWith((request, response, got) =>
      got.sequence === 1 ? refuse(request, response) : accept(request, response),
    );
    await createDispatcher(deps).deliverDue();
    assert.deepEqual(
      receiver.received.map(({ sequence }) => sequence),
      [1, 2],
    );
    const ended = await query(
      test.db,
      'select state from webhook_deliveries order by finished_at, state desc',
    );
    assert.deepEqual(ended, [{ state: 'failed' }, { state: 'delivered' }]);
  });

  it('moves what waits behind a retry to the time of that retry, and no further', async () => {
    const order = await addOrder(test.db, agencyId);
    await queueEvent(order, 1);
    receiver.answerWith(refuse);
    const dispatcher = createDispatcher(deps);
    await dispatcher.deliverDue();
    await queueEvent(order, 2);
    await queueEvent(order, 3);
    assert.equal(await parkFollowers(test.db, clock.now(), 100), 2);
    const due = await query<{ at: Date }>(
      test.db,
      'select distinct next_attempt_at as at from webhook_queue',
    );
    assert.deepEqual(due, [{ at: new Date(clock.now().getTime() + 5_000) }]);
    receiver.answerWith(accept);
    clock.advance(5_000);
    await dispatcher.deliverDue();
    assert.deepEqual(
      receiver.received.map(({ sequence }) => sequence),
      [1, 1, 2, 3],
    );
  });

  it('sends what another process committed within a second, without being told', async () => {
    const dispatcher = createDispatcher(deps);
    dispatcher.start();
    await queueEvent(await addOrder(test.db, agencyId), 1);
    await until(() => receiver.received.length === 1, 'the event has arrived');
    await dispatcher.stop();
    assert.equal(await countOf(test.db, 'webhook_queue'), 0);
  });
});

function sequencesByOrder(received: readonly Received[]): Map<string, number[]> {
  const byOrder = new Map<string, number[]>();
  for (const { order, sequence } of received) byOrder.set(order, [...(byOrder.get(order) ?? []), sequence]);
  return byOrder;
}
