/** What agencies do with endpoints and deliveries: secrets, replays, tests, the log. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { ApiClient } from '../../../src/domain/agencies/api-client.ts';
import type { AgencyId, DeliveryId, EndpointId } from '../../../src/domain/kernel/ids.ts';
import { Refusal } from '../../../src/domain/kernel/refusals.ts';
import { listDeliveries } from '../../../src/features/agencies/delivery-log-store.ts';
import { outboxFigures } from '../../../src/features/agencies/delivery-store.ts';
import { ENDPOINTS_MOST, listEndpoints } from '../../../src/features/agencies/endpoint-store.ts';
import {
  changeEndpoint,
  createEndpoint,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  type EndpointDeps,
  type EndpointWithSecret,
} from '../../../src/features/agencies/manage-endpoints.ts';
import { redeliver, REPLAYS_AN_HOUR } from '../../../src/features/agencies/redeliver.ts';
import { testEndpoint } from '../../../src/features/agencies/test-endpoint.ts';
import { createDispatcher } from '../../../src/features/agencies/webhook-dispatcher.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import { fixedClock, type FixedClock } from '../../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { newTestId } from '../../support/ids.ts';
import {
  addAgency,
  addEvent,
  addOrder,
  deliveryDeps,
  isSignedWith,
  openBox,
  refuse,
  sealBox,
  startReceiver,
  type Receiver,
} from './webhook-fixtures.ts';

describe('webhook endpoints', () => {
  let test: TestDatabase;
  let clock: FixedClock;
  let deps: EndpointDeps & ReturnType<typeof deliveryDeps>;
  let receiver: Receiver;
  let client: ApiClient;
  let agencyId: AgencyId;

  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  beforeEach(async () => {
    clock = fixedClock('2090-03-02T08:00:00Z');
    receiver = await startReceiver();
    const allowed = receiver.url;
    deps = {
      ...deliveryDeps(test.db, clock),
      sealBox,
      openBox,
      assertPublicUrl: (url) =>
        url === allowed ? Promise.resolve() : Promise.reject(new Error('The address is not a public one.')),
    };
    agencyId = await addAgency(test.db);
    client = await addClient(agencyId);
  });
  afterEach(async () => {
    await deps.close();
    await receiver.close();
    await query(test.db, 'delete from webhook_queue');
  });

  async function addClient(of: AgencyId): Promise<ApiClient> {
    const clientId = newTestId();
    await query(
      test.db,
      `insert into api_clients (client_id, agency_id, kind, name, secret_hash, scopes)
       values (:clientId, :of, 'agency', 'test', decode(repeat('00', 32), 'hex'), '{webhooks:manage}')`,
      { clientId, of },
    );
    return { clientId, agencyId: of, kind: 'agency', scopes: ['webhooks:manage'] };
  }

  function create(key = newTestId(), url = receiver.url): Promise<EndpointWithSecret | null> {
    return createEndpoint(
      deps,
      client,
      { url, description: '', eventTypes: null },
      { key, requestHash: Buffer.alloc(32), status: 201, sealAnswer: () => 'sealed' },
    );
  }

  async function created(): Promise<EndpointWithSecret> {
    const endpoint = await create();
    assert.ok(endpoint);
    return endpoint;
  }

  async function queueEvent(
    endpoint: { id: EndpointId },
    sequence = 1,
    orderId?: Awaited<ReturnType<typeof addOrder>>,
  ) {
    return addEvent(test.db, {
      agencyId,
      orderId: orderId ?? (await addOrder(test.db, agencyId)),
      sequence,
      endpoints: [{ agencyId, id: endpoint.id, secret: '' }],
      at: clock.now(),
    });
  }

  const listed = (status: 'pending' | 'delivered' | 'failed' | null = null) =>
    listDeliveries(test.db, { agencyId, status, after: null, limit: 100 });

  const replay = (id: DeliveryId, of = agencyId) =>
    inTransaction(test.db, (tx) => redeliver(tx, deps, of, id));

  it('creates one endpoint for a key, however often it is asked', async () => {
    const outcomes = await Promise.all(['k', 'k', 'k', 'k'].map((key) => create(key)));
    assert.equal(outcomes.filter((outcome) => outcome !== null).length, 1);
    assert.equal(await create('k'), null);
    assert.equal((await listEndpoints(test.db, { agencyId, after: null, limit: 10 })).length, 1);
  });

  it('refuses a URL that is not public, when saved and when changed', async () => {
    await assert.rejects(create(newTestId(), 'https://10.0.0.1/'), refusal('webhook.url-not-allowed'));
    const endpoint = await created();
    await assert.rejects(
      changeEndpoint(deps, agencyId, endpoint.id, { url: 'https://10.0.0.1/' }),
      refusal('webhook.url-not-allowed'),
    );
    assert.equal((await readEndpoint(deps, agencyId, endpoint.id)).url, receiver.url);
  });

  it('refuses more endpoints than an agency may have', async () => {
    for (let index = 0; index < ENDPOINTS_MOST; index += 1) await created();
    await assert.rejects(create(), refusal('webhook.endpoint-limit'));
  });

  it("knows nothing of another agency's endpoint or delivery", async () => {
    const endpoint = await created();
    const event = await queueEvent(endpoint);
    const other = await addAgency(test.db);
    await assert.rejects(readEndpoint(deps, other, endpoint.id), refusal('webhook.endpoint-not-found'));
    await assert.rejects(removeEndpoint(deps, other, endpoint.id), refusal('webhook.endpoint-not-found'));
    await assert.rejects(testEndpoint(deps, other, endpoint.id), refusal('webhook.endpoint-not-found'));
    await assert.rejects(changeEndpoint(deps, other, endpoint.id, {}), refusal('webhook.endpoint-not-found'));
    await assert.rejects(replay(event.deliveryId, other), refusal('webhook.delivery-not-found'));
    assert.deepEqual(
      await listDeliveries(test.db, { agencyId: other, status: null, after: null, limit: 5 }),
      [],
    );
  });

  it('promise 84: two signatures while the older secret is valid, and none of it afterwards', async () => {
    const endpoint = await created();
    const rotated = await inTransaction(test.db, (tx) => rotateSecret(tx, deps, agencyId, endpoint.id));
    const dispatcher = createDispatcher(deps);
    await queueEvent(endpoint);
    await dispatcher.deliverDue();
    clock.advance(24 * 3_600_000);
    await queueEvent(endpoint);
    await dispatcher.deliverDue();
    const [during, afterwards] = receiver.received;
    assert.ok(during && afterwards);
    assert.equal(during.headers['webhook-signature']?.split(' ').length, 2);
    assert.ok(isSignedWith(endpoint.secret, during) && isSignedWith(rotated.secret, during));
    assert.ok(!isSignedWith(endpoint.secret, afterwards) && isSignedWith(rotated.secret, afterwards));
  });

  it('promise 84: a second rotation ends the first secret at once', async () => {
    const endpoint = await created();
    await inTransaction(test.db, (tx) => rotateSecret(tx, deps, agencyId, endpoint.id));
    await inTransaction(test.db, (tx) => rotateSecret(tx, deps, agencyId, endpoint.id));
    await queueEvent(endpoint);
    await createDispatcher(deps).deliverDue();
    const [got] = receiver.received;
    assert.ok(got);
    assert.ok(!isSignedWith(endpoint.secret, got));
  });

  it('promise 85: a secret is in no table, log line, delivery, error or later answer', async () => {
    const endpoint = await created();
    const rotated = await inTransaction(test.db, (tx) => rotateSecret(tx, deps, agencyId, endpoint.id));
    receiver.answerWith((request, response) => {
      // A receiver that echoes what it got must not make us keep it.
      response.writeHead(500, request.headers).end(JSON.stringify(request.headers));
    });
    await queueEvent(endpoint);
    await createDispatcher(deps).deliverDue();
    const moved = await addEndpointCopy(endpoint.id);
    await queueEvent(moved);
    await createDispatcher(deps).deliverDue();
    const outputs = [
      await testEndpoint(deps, agencyId, endpoint.id),
      await readEndpoint(deps, agencyId, endpoint.id),
      await listed(),
      deps.lines,
      receiver.received,
      await query(test.db, 'select * from webhook_endpoints'),
      await query(test.db, 'select * from webhook_queue'),
      await query(test.db, 'select * from webhook_deliveries'),
      await query(test.db, 'select * from idempotency_keys'),
      await query(test.db, 'select * from audit_log'),
    ];
    const seen = inspect(outputs, { depth: null, maxArrayLength: null, maxStringLength: null });
    for (const secret of [endpoint.secret, rotated.secret]) {
      assert.ok(!seen.includes(secret.slice('whsec_'.length)));
    }
    const [waiting] = (await listed('pending')).filter(({ endpointId }) => endpointId === moved.id);
    assert.match(
      waiting?.lastError ?? '',
      /could not be signed/,
      'a box moved to another row cannot be opened',
    );
  });

  async function addEndpointCopy(id: EndpointId): Promise<{ id: EndpointId }> {
    const copy = newTestId() as EndpointId;
    await query(
      test.db,
      `insert into webhook_endpoints (agency_id, id, url, secrets_box, created_at)
       select agency_id, :copy, url, secrets_box, created_at from webhook_endpoints where id = :id`,
      { id, copy },
    );
    return { id: copy };
  }

  it('promise 86: pressed 100 times it makes as many generations as an hour allows, each sent under one id', async () => {
    const event = await queueEvent(await created());
    const dispatcher = createDispatcher(deps);
    await dispatcher.deliverDue();
    const pressed = await Promise.allSettled(Array.from({ length: 100 }, () => replay(event.deliveryId)));
    const made = pressed.flatMap((press) => (press.status === 'fulfilled' ? [press.value.generation] : []));
    const refused = pressed.flatMap((press) =>
      press.status === 'rejected' ? [press.reason as unknown] : [],
    );
    assert.deepEqual(
      made.sort((a, b) => a - b),
      Array.from({ length: REPLAYS_AN_HOUR }, (_, index) => index + 1),
    );
    for (const error of refused) assert.ok(error instanceof Refusal && error.code === 'webhook.replay-limit');
    await dispatcher.deliverDue();
    assert.equal(receiver.received.length, 1 + REPLAYS_AN_HOUR);
    assert.deepEqual([...new Set(receiver.received.map(({ id }) => id))], [event.publicId]);
    clock.advance(3_600_001);
    assert.equal((await replay(event.deliveryId)).generation, REPLAYS_AN_HOUR + 1);
  });

  it('promise 81: enabled again, an endpoint gets in order what has waited', async () => {
    const endpoint = await created();
    const order = await addOrder(test.db, agencyId);
    receiver.answerWith(refuse);
    for (let sequence = 1; sequence <= 4; sequence += 1) await queueEvent(endpoint, sequence, order);
    const dispatcher = createDispatcher(deps);
    await dispatcher.deliverDue();
    await changeEndpoint(deps, agencyId, endpoint.id, { enabled: false });
    clock.advance(86_400_000);
    assert.equal(await dispatcher.deliverDue(), 0);
    // The first is in the middle of a long wait when the agency has mended its endpoint.
    await query(test.db, 'update webhook_queue set next_attempt_at = :later where sequence = 1', {
      later: new Date(clock.now().getTime() + 20 * 3_600_000),
    });
    receiver.received.length = 0;
    receiver.answerWith((_request, response) => response.writeHead(200).end());
    const enabled = await changeEndpoint(deps, agencyId, endpoint.id, { enabled: true });
    assert.deepEqual(
      [enabled.enabled, enabled.failingSince, enabled.disabledAt, enabled.disabledReason],
      [true, null, null, null],
    );
    await dispatcher.deliverDue();
    assert.deepEqual(
      receiver.received.map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  it('deletes an endpoint with its secrets and ends what waited for it', async () => {
    const endpoint = await created();
    await queueEvent(endpoint);
    await removeEndpoint(deps, agencyId, endpoint.id);
    await assert.rejects(readEndpoint(deps, agencyId, endpoint.id), refusal('webhook.endpoint-not-found'));
    assert.equal(await createDispatcher(deps).deliverDue(), 0);
    const [ended] = await listed();
    assert.deepEqual([ended?.status, ended?.lastError], ['failed', 'the endpoint was deleted']);
    const [row] = await query(test.db, 'select secrets_box from webhook_endpoints where id = :id', {
      id: endpoint.id,
    });
    assert.deepEqual(row, { secrets_box: '' });
    assert.ok(ended);
    await assert.rejects(replay(ended.id), refusal('webhook.endpoint-not-found'));
  });

  it('sends a signed test message at once and tells what came of it', async () => {
    const endpoint = await created();
    const good = await testEndpoint(deps, agencyId, endpoint.id);
    assert.deepEqual([good.delivered, good.status, good.error], [true, 204, null]);
    const body = JSON.parse(receiver.received[0]?.body ?? '') as Record<string, unknown>;
    assert.deepEqual([body['type'], body['sequence'], body['id']], ['webhook.test', 0, good.eventId]);
    receiver.answerWith(refuse);
    const bad = await testEndpoint(deps, agencyId, endpoint.id);
    assert.deepEqual([bad.delivered, bad.status, bad.error], [false, 500, 'answered 500']);
    assert.deepEqual(await listed(), []);
  });

  it('lists deliveries newest first, page by page, while they move from waiting to ended', async () => {
    const endpoint = await created();
    const dispatcher = createDispatcher(deps);
    const events: DeliveryId[] = [];
    for (let index = 0; index < 7; index += 1) {
      events.unshift((await queueEvent(endpoint)).deliveryId);
      clock.advance(1);
      if (index === 3) await dispatcher.deliverDue();
    }
    const seen: DeliveryId[] = [];
    let after: { enqueuedAt: string; id: DeliveryId } | null = null;
    for (;;) {
      const page = await listDeliveries(test.db, { agencyId, status: null, after, limit: 2 });
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (!last) break;
      after = { enqueuedAt: last.enqueuedAtText, id: last.id };
      if (seen.length === 2) await dispatcher.deliverDue();
    }
    assert.deepEqual(seen, events);
    assert.equal((await listed('delivered')).length, 7);
    assert.equal((await listed('pending')).length, 0);
  });

  it('counts how long the oldest due delivery has waited', async () => {
    const endpoint = await created();
    assert.equal((await outboxFigures(test.db)).outboxAgeSeconds, 0);
    await queueEvent(endpoint);
    await query(test.db, `update webhook_queue set next_attempt_at = now() - interval '90 seconds'`);
    const { outboxAgeSeconds } = await outboxFigures(test.db);
    assert.ok(outboxAgeSeconds >= 90 && outboxAgeSeconds < 120, String(outboxAgeSeconds));
  });
});

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}
