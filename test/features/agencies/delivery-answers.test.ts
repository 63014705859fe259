/** Whatever an agency's endpoint answers, or fails to answer, has one meaning for the delivery. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgencyId } from '../../../src/domain/kernel/ids.ts';
import { createDispatcher } from '../../../src/features/agencies/webhook-dispatcher.ts';
import { query } from '../../../src/platform/database.ts';
import { createGuardedClient } from '../../../src/platform/http-client.ts';
import { fixedClock, type FixedClock } from '../../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  addAgency,
  addEndpoint,
  addEvent,
  addOrder,
  deliveryDeps,
  startReceiver,
  type Receiver,
} from './webhook-fixtures.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Outcome {
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly status: number | null;
  readonly error: string | null;
  readonly waits_seconds: number | null;
  readonly enabled: boolean;
  readonly blamed: boolean;
}

const WAITS = { state: 'waiting', waits_seconds: 5, enabled: true, blamed: true } as const;
const DELIVERED = {
  state: 'delivered',
  error: null,
  waits_seconds: null,
  enabled: true,
  blamed: false,
} as const;

describe('promise 75: what an endpoint answers', () => {
  let test: TestDatabase;
  let clock: FixedClock;
  let deps: ReturnType<typeof deliveryDeps>;
  let receiver: Receiver;
  let agencyId: AgencyId;

  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());
  beforeEach(async () => {
    clock = fixedClock('2090-03-02T08:00:00Z');
    receiver = await startReceiver();
    const client = createGuardedClient({
      allowHosts: [new URL(receiver.url).host],
      timeoutMs: 300,
      resolve: () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })),
    });
    deps = deliveryDeps(test.db, clock, client);
    agencyId = await addAgency(test.db);
  });
  afterEach(async () => {
    await deps.close();
    await receiver.close();
    await query(test.db, 'delete from webhook_queue');
    await query(test.db, 'delete from webhook_deliveries');
  });

  async function outcomeOf(answer: Answer | null, url = receiver.url): Promise<Outcome> {
    if (answer) receiver.answerWith(answer);
    const endpoint = await addEndpoint(test.db, agencyId, url);
    const orderId = await addOrder(test.db, agencyId);
    await addEvent(test.db, { agencyId, orderId, sequence: 1, endpoints: [endpoint], at: clock.now() });
    assert.equal(await createDispatcher(deps).deliverDue(), 1);
    const [outcome] = await query<Outcome>(
      test.db,
      `select coalesce(d.state, 'waiting') as state, coalesce(d.last_status, q.last_status) as status,
              coalesce(d.last_error, q.last_error) as error,
              extract(epoch from q.next_attempt_at - :now::timestamptz)::double precision as waits_seconds,
              e.enabled, e.failing_since is not null as blamed
         from webhook_endpoints e
         left join webhook_queue q on q.endpoint_id = e.id
         left join webhook_deliveries d on d.endpoint_id = e.id
        where e.id = :id`,
      { id: endpoint.id, now: clock.now() },
    );
    assert.ok(outcome);
    return outcome;
  }

  const answering =
    (status: number, headers: Record<string, string> = {}): Answer =>
    (_request, response) =>
      response.writeHead(status, headers).end('words');

  for (const status of [200, 201, 202, 204, 299]) {
    it(`takes ${String(status)} as delivered`, async () => {
      assert.deepEqual(await outcomeOf(answering(status)), { ...DELIVERED, status });
    });
  }

  for (const status of [400, 401, 404, 422, 500, 502]) {
    it(`tries again after ${String(status)}`, async () => {
      assert.deepEqual(await outcomeOf(answering(status)), {
        ...WAITS,
        status,
        error: `answered ${String(status)}`,
      });
    });
  }

  for (const [asked, waits] of [
    ['120', 120],
    ['1', 5],
    ['9999999', 86_400],
    ['soon', 5],
    ['-3', 5],
  ] as const) {
    it(`waits ${String(waits)} s after 429 with Retry-After: ${asked}`, async () => {
      const outcome = await outcomeOf(answering(429, { 'retry-after': asked }));
      assert.deepEqual(outcome, { ...WAITS, status: 429, error: 'answered 429', waits_seconds: waits });
    });
  }

  it('waits until the date that Retry-After names', async () => {
    // Dates of others are read against the time of the world, whatever the test's clock says.
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    const { waits_seconds } = await outcomeOf(answering(429, { 'retry-after': inAnHour }));
    assert.ok(
      waits_seconds !== null && waits_seconds > 3_590 && waits_seconds <= 3_600,
      String(waits_seconds),
    );
  });

  it('waits as 503 asks, and not as 500 asks', async () => {
    const asking = { 'retry-after': '60' };
    assert.equal((await outcomeOf(answering(503, asking))).waits_seconds, 60);
    assert.equal((await outcomeOf(answering(500, asking))).waits_seconds, 5);
  });

  it('disables an endpoint that answers 410 and keeps the event', async () => {
    assert.deepEqual(await outcomeOf(answering(410)), {
      ...WAITS,
      status: 410,
      error: 'answered 410',
      enabled: false,
    });
  });

  it('takes a redirect as a failure and does not follow it', async () => {
    const elsewhere = await startReceiver();
    const outcome = await outcomeOf(answering(301, { location: elsewhere.url }));
    await elsewhere.close();
    assert.deepEqual(outcome, { ...WAITS, status: 301, error: 'answered 301; redirects are not followed' });
    assert.equal(elsewhere.received.length, 0);
  });

  it('cuts an endpoint that hangs off after its time', async () => {
    assert.deepEqual(await outcomeOf(() => undefined), {
      ...WAITS,
      status: null,
      error: 'no answer came in time',
    });
  });

  it('takes an empty reply as a failure', async () => {
    assert.deepEqual(await outcomeOf((request) => request.socket.destroy()), {
      ...WAITS,
      status: null,
      error: 'the connection broke off before an answer came',
    });
  });

  it('takes a TLS error as a failure', async () => {
    const outcome = await outcomeOf(null, receiver.url.replace('http:', 'https:'));
    assert.deepEqual(outcome, { ...WAITS, status: null, error: 'the TLS connection failed' });
  });

  it('takes a name that does not resolve as a failure', async () => {
    assert.deepEqual(await outcomeOf(null, 'https://nowhere.example/hook'), {
      ...WAITS,
      status: null,
      error: 'the host name does not resolve',
    });
  });

  it('takes an address that is not public as a failure, though it was saved', async () => {
    assert.deepEqual(await outcomeOf(null, 'https://169.254.169.254/latest'), {
      ...WAITS,
      status: null,
      error: 'the address is not a public one',
    });
  });

  it('takes a 2xx as delivered though its body breaks off', async () => {
    const breaking: Answer = (request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half a', () => request.socket.destroy());
    };
    assert.deepEqual(await outcomeOf(breaking), { ...DELIVERED, status: 200 });
  });
});
