import assert from 'node:assert/strict';
import request, { type Response } from 'supertest';
import { purgeIdempotencyKeys } from '../../src/features/agencies/purge-idempotency-keys.ts';
import { inTransaction, query } from '../../src/platform/database.ts';
import { createTestApi, type TestApi, type TestParty } from '../support/agency-api.ts';
import { createNotesTable, sampleRoutes, type Hooks } from './sample-routes.ts';

for (const path of ['/v1/notes', '/v1/quick-notes']) {
  describe(`Idempotency-Key on POST ${path}`, () => {
    const hooks: Hooks = {};
    let api: TestApi;

    before(async () => {
      api = await createTestApi((database, clock) => sampleRoutes(database, clock, hooks));
      await createNotesTable(api.database);
    });
    after(() => api.drop());
    afterEach(() => {
      delete hooks.beforeAnswer;
    });

    it('answers 20 equal requests at once with one effect, one status and one body (promise 33)', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post('equal', { title: 'equal', amount: 5 })),
      );
      const kept = answers.filter((answer) => answer.status === 201);
      for (const answer of answers) assert.ok([201, 409].includes(answer.status), answer.text);
      assert.equal(new Set(kept.map((answer) => answer.text)).size, 1);
      assert.equal(kept.filter((answer) => answer.headers['idempotent-replayed'] === undefined).length, 1);
      assert.equal(await countNotes('equal'), 1);
      const again = await post('equal', { title: 'equal', amount: 5 });
      assert.equal(again.status, 201);
      assert.equal(again.headers['idempotent-replayed'], 'true');
      assert.equal(again.text, kept[0]?.text);
    });

    if (path === '/v1/notes') {
      it('lets equal requests wait for the first and gives them its answer (promise 33)', async () => {
        // The first holds its transaction open until another is seen to wait for its key.
        hooks.beforeAnswer = untilSomeoneWaits;
        const asked = { title: 'waits', amount: 5 };
        const answers = await Promise.all([1, 2, 3].map(() => post('waits', asked)));
        assert.deepEqual(
          answers.map((answer) => answer.status),
          [201, 201, 201],
        );
        assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
        assert.equal(await countNotes('waits'), 1);
      });
    }

    it('refuses another body under a used key and changes nothing (promise 34)', async () => {
      await post('other', { title: 'other', amount: 5 });
      const answer = await post('other', { title: 'other', amount: 6 });
      assert.equal(answer.status, 409);
      assert.equal(answer.body.code, 'idempotency.mismatch');
      assert.equal(await countNotes('other'), 1);
    });

    it('refuses the same body at another path under a used key', async () => {
      await post('path', { title: 'path', amount: 5 });
      const elsewhere = path === '/v1/notes' ? '/v1/quick-notes' : '/v1/notes';
      const answer = await post('path', { title: 'path', amount: 5 }, { path: elsewhere });
      assert.equal(answer.body.code, 'idempotency.mismatch');
    });

    it('lets the keys of two clients be equal', async () => {
      await post('shared', { title: 'shared', amount: 5 });
      const answer = await post('shared', { title: 'shared', amount: 7 }, { party: api.second });
      assert.equal(answer.status, 201);
      assert.equal(await countNotes('shared'), 2);
    });

    it('tells that a request with this key is still running (promise 35)', async () => {
      const { clientId, agencyId } = api.first;
      const answer = await inTransaction(api.database.db, async (tx) => {
        // Another request of the same client, which has claimed the key and not committed.
        await query(
          tx,
          `insert into idempotency_keys (agency_id, client_id, key, request_hash, created_at)
           values (:agencyId, :clientId, 'running', ''::bytea, now())`,
          { agencyId, clientId },
        );
        return post('running', { title: 'running', amount: 5 });
      });
      assert.equal(answer.status, 409);
      assert.equal(answer.body.code, 'idempotency.in-progress');
      assert.equal(answer.headers['retry-after'], '1');
      assert.equal(await countNotes('running'), 0);
    });

    it('gives a refusal again under its key, byte for byte', async () => {
      const first = await post('refused', { title: 'refused', amount: 5, kind: 'refused' });
      const again = await post('refused', { title: 'refused', amount: 5, kind: 'refused' });
      assert.equal(first.status, 409);
      assert.equal(first.body.payment_order_id, 'po_1');
      assert.equal(first.headers['idempotent-replayed'], undefined);
      assert.equal(again.headers['idempotent-replayed'], 'true');
      assert.equal(again.text, first.text);
      assert.match(String(again.headers['content-type']), /problem\+json/);
      assert.equal(await countNotes('refused'), 0);
    });

    it('gives one answer to equal requests of which all are refused', async () => {
      const asked = { title: 'refused-together', amount: 5, kind: 'refused' };
      const answers = await Promise.all(Array.from({ length: 6 }, () => post('together', asked)));
      const refused = answers.filter((answer) => answer.body.code === 'payment-order.already-open');
      assert.equal(new Set(refused.map((answer) => answer.text)).size, 1);
    });

    it('forgets the key of a request that failed by a fault', async () => {
      const broken = await post('fault', { title: 'fault', amount: 5, kind: 'broken' });
      assert.equal(broken.status, 500);
      assert.equal(await countKeys('fault'), 0);
      assert.equal((await post('fault', { title: 'fault', amount: 5 })).status, 201);
    });

    it('does not keep an undecodable body, so that the mended one may use the key', async () => {
      assert.equal((await post('mended', { title: 'mended', amount: '5' })).status, 400);
      assert.equal((await post('mended', { title: 'mended', amount: 5 })).status, 201);
    });

    it('needs a key of 1 to 255 visible ASCII characters', async () => {
      const asked = { title: 'no key', amount: 5 };
      const send = (headers: Record<string, string>) =>
        request(api.app)
          .post(path)
          .set('Authorization', `Bearer ${api.first.token}`)
          .set(headers)
          .send(asked);
      assert.equal((await send({})).body.code, 'idempotency.key-missing');
      for (const key of ['', 'with space', 'k'.repeat(256), 'é']) {
        const { body } = await send({ 'Idempotency-Key': key });
        assert.equal(body.code, 'idempotency.key-invalid', JSON.stringify(key));
      }
      assert.equal((await post('k'.repeat(255), asked)).status, 201);
    });

    it('keeps answers sealed', async () => {
      await post('sealed', { title: 'canary-of-a-payer', amount: 5 });
      const [row] = await query<{ answer_box: string }>(
        api.database.db,
        `select answer_box from idempotency_keys where key = 'sealed'`,
      );
      assert.ok(row?.answer_box);
      assert.ok(!row.answer_box.includes('canary'));
      assert.ok(!Buffer.from(row.answer_box.split('.')[2] ?? '', 'base64url').includes('canary'));
    });

    it('forgets keys after 30 days and no sooner', async () => {
      await post('old', { title: 'old', amount: 5 });
      api.clock.advance(29 * 86_400_000);
      await purgeIdempotencyKeys({ db: api.database.db, clock: api.clock });
      assert.equal(await countKeys('old'), 1);
      api.clock.advance(2 * 86_400_000);
      await purgeIdempotencyKeys({ db: api.database.db, clock: api.clock });
      assert.equal(await countKeys('old'), 0);
      api.clock.advance(-31 * 86_400_000);
    });

    function post(
      key: string,
      body: unknown,
      options: { path?: string; party?: TestParty } = {},
    ): Promise<Response> {
      return request(api.app)
        .post(options.path ?? path)
        .set('Authorization', `Bearer ${(options.party ?? api.first).token}`)
        .set('Idempotency-Key', key)
        .send(body as object)
        .then((answer) => answer);
    }

    async function untilSomeoneWaits(): Promise<void> {
      for (;;) {
        const [row] = await query<{ waiting: boolean }>(
          api.database.ownerDb,
          `select exists (select 1 from pg_locks where not granted and database =
             (select oid from pg_database where datname = current_database())
             or not granted and locktype = 'transactionid') as waiting`,
        );
        if (row?.waiting) return;
      }
    }

    async function countNotes(title: string): Promise<number> {
      const [row] = await query<{ count: bigint }>(
        api.database.db,
        'select count(*) as count from notes where title = :title',
        { title },
      );
      return Number(row?.count);
    }

    async function countKeys(key: string): Promise<number> {
      const [row] = await query<{ count: bigint }>(
        api.database.db,
        'select count(*) as count from idempotency_keys where key = :key',
        { key },
      );
      return Number(row?.count);
    }
  });
}
