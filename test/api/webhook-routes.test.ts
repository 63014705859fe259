/** Webhook endpoints, deliveries and events as an agency's program calls them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import express from 'express';
import supertest from 'supertest';
import { createAgencyApi } from '../../src/api/agency-api.ts';
import { deliveryRoutes } from '../../src/api/delivery-routes.ts';
import { eventRoutes } from '../../src/api/event-routes.ts';
import { webhookRoutes } from '../../src/api/webhook-routes.ts';
import type { ApiClient } from '../../src/domain/agencies/api-client.ts';
import { parsePublicId, type AgencyId } from '../../src/domain/kernel/ids.ts';
import { createDispatcher } from '../../src/features/agencies/webhook-dispatcher.ts';
import { query } from '../../src/platform/database.ts';
import { createSecretBox } from '../../src/platform/secret-box.ts';
import { Secret } from '../../src/platform/secret.ts';
import { fixedClock } from '../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newTestId } from '../support/ids.ts';
import {
  addAgency,
  addEvent,
  addOrder,
  deliveryDeps,
  isSignedWith,
  startReceiver,
  until,
  type Receiver,
} from '../features/agencies/webhook-fixtures.ts';

describe('webhooks over the API', () => {
  let test: TestDatabase;
  let receiver: Receiver;
  let agencyId: AgencyId;
  let deps: ReturnType<typeof deliveryDeps>;
  let api: ReturnType<typeof supertest>;
  const clock = fixedClock('2090-03-02T08:00:00Z');
  const box = createSecretBox({
    current: { id: 'k', key: new Secret(randomBytes(32).toString('base64')) },
    previous: null,
  });

  before(async () => {
    test = await createTestDatabase();
    receiver = await startReceiver();
    agencyId = await addAgency(test.db);
    const client: ApiClient = {
      clientId: newTestId(),
      agencyId,
      kind: 'agency',
      scopes: ['webhooks:manage', 'orders:read'],
    };
    await query(
      test.db,
      `insert into api_clients (client_id, agency_id, kind, name, secret_hash, scopes)
       values (:clientId, :agencyId, 'agency', 'test', decode(repeat('00', 32), 'hex'), '{}')`,
      { clientId: client.clientId, agencyId },
    );
    deps = {
      ...deliveryDeps(test.db, clock),
      openBox: (sealed, rowId) => box.open(sealed, rowId),
    };
    const routeDeps = {
      ...deps,
      sealBox: (text: string, rowId: string) => box.seal(text, rowId),
      assertPublicUrl: (url: string) =>
        url.startsWith('http://127.0.0.1:')
          ? Promise.resolve()
          : Promise.reject(new Error('The address is not a public one.')),
    };
    const app = express();
    app.use(
      createAgencyApi({
        routes: [...webhookRoutes(routeDeps), ...deliveryRoutes(routeDeps), ...eventRoutes(routeDeps)],
        authenticate: () => Promise.resolve(client),
        idempotency: { db: test.db, clock, box },
        limiter: () => Promise.resolve(null),
        logger: { info: () => undefined, error: () => undefined },
        newRequestId: newTestId,
      }),
    );
    api = supertest(app);
  });
  after(async () => {
    await deps.close();
    await receiver.close();
    await test.drop();
  });

  const post = (path: string, key = newTestId()) => api.post(path).set('Idempotency-Key', key);

  it('creates, lists, changes, rotates, tests and deletes an endpoint; the secret is shown once', async () => {
    const wish = { url: receiver.url, event_types: ['payment_order.paid'] };
    const key = newTestId();
    const created = await post('/v1/webhook-endpoints', key).send(wish).expect(201);
    const { id, secret } = created.body as { id: string; secret: string };
    assert.match(secret, /^whsec_/);
    const again = await post('/v1/webhook-endpoints', key).send(wish).expect(201);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.equal(again.body.secret, secret);

    const list = await api.get('/v1/webhook-endpoints').expect(200);
    assert.deepEqual(
      list.body.data.map((each: { id: string }) => each.id),
      [id],
    );
    assert.equal('secret' in list.body.data[0], false);
    const changed = await api.patch(`/v1/webhook-endpoints/${id}`).send({ event_types: null }).expect(200);
    assert.equal(changed.body.event_types, null);

    const rotated = await post(`/v1/webhook-endpoints/${id}/rotate-secret`).expect(200);
    assert.notEqual(rotated.body.secret, secret);
    const tested = await api.post(`/v1/webhook-endpoints/${id}/test`).expect(200);
    assert.equal(tested.body.delivered, true);
    const got = receiver.received.at(-1);
    assert.ok(got && isSignedWith(rotated.body.secret, got) && isSignedWith(secret, got));

    await api.delete(`/v1/webhook-endpoints/${id}`).expect(204);
    const gone = await api.get(`/v1/webhook-endpoints/${id}`).expect(404);
    assert.equal(gone.body.code, 'webhook.endpoint-not-found');
  });

  it('tells everything that is wrong with an endpoint, and with its URL', async () => {
    const faulty = await post('/v1/webhook-endpoints')
      .send({ url: 1, event_types: ['no.such'], colour: 'red' })
      .expect(400);
    assert.deepEqual((faulty.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort(), [
      '/colour',
      '/event_types/0',
      '/url',
    ]);
    const inside = await post('/v1/webhook-endpoints').send({ url: 'https://10.0.0.1/' }).expect(422);
    assert.equal(inside.body.code, 'webhook.url-not-allowed');
  });

  it('lists deliveries, and sends one again once for each key', async () => {
    const created = await post('/v1/webhook-endpoints').send({ url: receiver.url }).expect(201);
    const endpointId = parsePublicId('whe', created.body.id);
    assert.ok(endpointId);
    const event = await addEvent(test.db, {
      agencyId,
      orderId: await addOrder(test.db, agencyId),
      sequence: 1,
      endpoints: [{ agencyId, id: endpointId, secret: '' }],
      at: clock.now(),
    });
    const pending = await api.get('/v1/webhook-deliveries?status=pending').expect(200);
    assert.equal(pending.body.data[0].event_id, event.publicId);
    await createDispatcher(deps).deliverDue();
    const delivered = await api.get('/v1/webhook-deliveries?status=delivered&limit=1').expect(200);
    const [delivery] = delivered.body.data;
    assert.deepEqual([delivery.status, delivery.attempts, delivery.last_status], ['delivered', 1, 204]);
    const key = newTestId();
    const first = await post(`/v1/webhook-deliveries/${delivery.id}/redeliver`, key).expect(202);
    const second = await post(`/v1/webhook-deliveries/${delivery.id}/redeliver`, key).expect(202);
    assert.deepEqual(first.body, second.body);
    assert.equal(first.body.generation, 1);
    assert.equal(await createDispatcher(deps).deliverDue(), 1);
    const page = await api.get('/v1/webhook-deliveries?limit=1').expect(200);
    assert.equal(page.body.has_more, true);
    const next = await api.get(`/v1/webhook-deliveries?limit=1&after=${page.body.next_cursor}`).expect(200);
    assert.notEqual(next.body.data[0].id, page.body.data[0].id);
    await post(`/v1/webhook-deliveries/whd_${'0'.repeat(32)}/redeliver`).expect(404);
    await api.delete(`/v1/webhook-endpoints/${created.body.id}`).expect(204);
    // The delivery is still listed: it is its endpoint that is gone.
    const gone = await post(`/v1/webhook-deliveries/${delivery.id}/redeliver`).expect(404);
    assert.equal(gone.body.code, 'webhook.endpoint-not-found');
  });

  it('gives events after a cursor, and refuses a cursor it never gave', async () => {
    const orderId = await addOrder(test.db, agencyId);
    const event = await addEvent(test.db, { agencyId, orderId, sequence: 1, endpoints: [], at: clock.now() });
    const shown = async () => (await api.get('/v1/events?limit=200').expect(200)).body;
    await until(async () => (await shown()).data.at(-1)?.id === event.publicId, 'the event is shown');
    const { next_cursor } = await shown();
    const after = await api.get(`/v1/events?after=${next_cursor}`).expect(200);
    assert.deepEqual(after.body, { data: [], has_more: false, next_cursor });
    const foreign = Buffer.from(JSON.stringify(['99999999999999999999', newTestId()])).toString('base64url');
    // The right form, and far ahead: of another installation, or of a time that a restore took back.
    const ahead = Buffer.from(JSON.stringify(['999999999999', newTestId()])).toString('base64url');
    for (const cursor of ['nonsense', foreign, ahead]) {
      const refused = await api.get(`/v1/events?after=${cursor}`).expect(400);
      assert.equal(refused.body.code, 'request.malformed');
    }
  });
});
