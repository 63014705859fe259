/** Route rows over a table of the tests' own: one of each way a row may handle its key. */
import { z } from 'zod';
import { amount, cursorOf, limit, lineOfText, nothing, writeCursor } from '../../src/api/decoding.ts';
import { defineRoute, type ApiRoute } from '../../src/api/route.ts';
import { Refusal } from '../../src/domain/kernel/refusals.ts';
import { query } from '../../src/platform/database.ts';
import type { FixedClock } from '../support/clock.ts';
import type { TestDatabase } from '../support/database.ts';
import { newTestId } from '../support/ids.ts';

/** What a test may do while a handler runs. */
export interface Hooks {
  beforeAnswer?: () => Promise<void>;
}

export async function createNotesTable(database: TestDatabase): Promise<void> {
  await query(
    database.ownerDb,
    `create table notes (agency_id integer not null, id uuid not null, title text not null,
                         amount bigint not null, primary key (agency_id, id))`,
  );
  const app = new URL(database.appUrl).username;
  await query(database.ownerDb, `grant select, insert, update on notes to ${app}`);
}

const note = z.strictObject({
  id: z.string(),
  title: z.string(),
  amount: z.int(),
  currency: z.literal('VND'),
});
const body = z.strictObject({
  title: lineOfText(100),
  amount,
  kind: z.enum(['plain', 'refused', 'broken', 'huge']).default('plain'),
  lines: z.array(z.strictObject({ amount })).max(3).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});
type Body = z.infer<typeof body>;
const id = z.strictObject({ id: z.uuid() });

interface Row {
  id: string;
  title: string;
  amount: bigint;
}

export function sampleRoutes(database: TestDatabase, clock: FixedClock, hooks: Hooks = {}): ApiRoute[] {
  const shared = {
    tag: 'Notes',
    refuses: ['payment-order.already-open'] as const,
    answers: { 201: { description: 'Made.', schema: note } },
  };
  return [
    defineRoute({
      ...shared,
      method: 'post',
      path: '/v1/notes',
      operationId: 'createNote',
      summary: 'Makes a note',
      scope: 'orders:write',
      idempotency: 'transaction',
      body,
      examples: { body: { title: 'A note', amount: 150000 } },
      async handle(tx, { client, body: asked }) {
        const row = { id: newTestId(), title: asked.title, amount: asked.amount };
        await query(
          tx,
          'insert into notes (agency_id, id, title, amount) values (:agencyId, :id, :title, :amount)',
          {
            agencyId: client.agencyId,
            ...row,
          },
        );
        await hooks.beforeAnswer?.();
        refuseAsAsked(asked);
        return { status: 201, body: { ...row, amount: amountOf(asked), currency: 'VND' } };
      },
    }),
    defineRoute({
      ...shared,
      method: 'post',
      path: '/v1/quick-notes',
      operationId: 'createQuickNote',
      summary: 'Makes a note in one statement',
      scope: 'orders:write',
      idempotency: 'own_statement',
      body,
      async handle({ client, body: asked }, claim) {
        await hooks.beforeAnswer?.();
        refuseAsAsked(asked);
        const row = { id: newTestId(), title: asked.title, amount: asked.amount };
        const answer = { status: 201, body: { ...row, currency: 'VND' } };
        const done = await database.hotPool.run(
          {
            name: 'test_quick_note',
            text: `with claimed as (
                     insert into idempotency_keys
                       (agency_id, client_id, key, request_hash, status, answer_box, created_at)
                     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning agency_id)
                   insert into notes (agency_id, id, title, amount)
                   select agency_id, $8, $9, $10 from claimed returning id`,
          },
          [
            client.agencyId,
            client.clientId,
            claim.key,
            claim.requestHash,
            answer.status,
            claim.seal(answer),
            clock.now(),
            row.id,
            row.title,
            row.amount,
          ],
        );
        return done.length === 1 ? answer : null;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/notes/{id}',
      operationId: 'readNote',
      summary: 'Reads a note',
      tag: 'Notes',
      scope: 'orders:read',
      idempotency: 'none',
      params: id,
      missing: 'payment-order.not-found',
      answers: { 200: { description: 'The note.', schema: note } },
      async handle({ client, params }) {
        const [row] = await query<Row>(
          database.db,
          'select id, title, amount from notes where agency_id = :agencyId and id = :id',
          { agencyId: client.agencyId, id: params.id },
        );
        if (!row) throw new Refusal('payment-order.not-found');
        return { status: 200, body: { ...row, currency: 'VND' } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/notes',
      operationId: 'listNotes',
      summary: 'Lists notes',
      tag: 'Notes',
      scope: 'orders:read',
      idempotency: 'none',
      query: z.strictObject({
        title: z.string().optional(),
        sort: z.enum(['newest', 'oldest']).default('newest'),
        limit,
        after: cursorOf(z.tuple([z.uuid()])).optional(),
      }),
      answers: {
        200: {
          description: 'Notes.',
          schema: z.strictObject({
            data: z.array(note),
            has_more: z.boolean(),
            next_cursor: z.string().nullable(),
          }),
        },
      },
      async handle({ client, query: asked }) {
        const rows = await query<Row>(
          database.db,
          `select id, title, amount from notes
            where agency_id = :agencyId and (:title::text is null or title = :title)
              and (:after::uuid is null or id < :after::uuid)
            order by id desc limit :limit`,
          {
            agencyId: client.agencyId,
            title: asked.title ?? null,
            after: asked.after?.[0] ?? null,
            limit: asked.limit + 1,
          },
        );
        const page = rows.slice(0, asked.limit);
        const last = page.at(-1);
        const hasMore = rows.length > page.length;
        return {
          status: 200,
          body: {
            data: page.map((row) => ({ ...row, currency: 'VND' })),
            has_more: hasMore,
            next_cursor: hasMore && last ? writeCursor([last.id]) : null,
          },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/notes/{id}/cancel',
      operationId: 'cancelNote',
      summary: 'Empties a note',
      tag: 'Notes',
      scope: 'orders:write',
      idempotency: 'transaction',
      params: id,
      missing: 'payment-order.not-found',
      answers: { 200: { description: 'Emptied.', schema: nothing } },
      async handle(tx, { client, params }) {
        const rows = await query(
          tx,
          `update notes set title = '' where agency_id = :agencyId and id = :id returning id`,
          { agencyId: client.agencyId, id: params.id },
        );
        if (rows.length === 0) throw new Refusal('payment-order.not-found');
        return { status: 200, body: {} };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/all-notes',
      operationId: 'countAllNotes',
      summary: 'Counts the notes of all agencies',
      tag: 'Notes',
      scope: 'reports:read',
      kinds: ['operator'],
      idempotency: 'none',
      answers: { 200: { description: 'A count as text.', textTypes: ['text/csv'] } },
      async handle() {
        const [row] = await query<{ count: bigint }>(database.db, 'select count(*) as count from notes');
        return { status: 200, text: `${String(row?.count)}\n`, contentType: 'text/csv; charset=utf-8' };
      },
    }),
  ];
}

function amountOf(asked: Body): bigint {
  return asked.kind === 'huge' ? 2n ** 60n : asked.amount;
}

function refuseAsAsked(asked: Body): void {
  if (asked.kind === 'refused') throw new Refusal('payment-order.already-open', { payment_order_id: 'po_1' });
  if (asked.kind === 'broken') throw new Error('a broken invariant with the secret 4111-canary');
}
