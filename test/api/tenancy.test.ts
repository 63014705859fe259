import assert from 'node:assert/strict';
import request from 'supertest';
import { z } from 'zod';
import { defineRoute, type ApiRoute } from '../../src/api/route.ts';
import { query } from '../../src/platform/database.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';
import type { TestDatabase } from '../support/database.ts';
import { createNotesTable, sampleRoutes } from './sample-routes.ts';
import { tenancyFaults, type TenantCase } from './tenancy.ts';

describe('the tenant proof', () => {
  let api: TestApi;
  let routes: readonly ApiRoute[] = [];
  let noteId = '';

  before(async () => {
    api = await createTestApi((database, clock) => {
      routes = [...sampleRoutes(database, clock), ...leakingRoutes(database)];
      return routes;
    });
    await createNotesTable(api.database);
    const made = await request(api.app)
      .post('/v1/notes')
      .set({ Authorization: `Bearer ${api.first.token}`, 'Idempotency-Key': 'k' })
      .send({ title: 'mine', amount: 1 })
      .expect(201);
    noteId = made.body.id as string;
  });
  after(() => api.drop());

  function cases(): Record<string, TenantCase> {
    return {
      createNote: { kind: 'no_object', why: 'makes a note of the asking agency' },
      createQuickNote: { kind: 'no_object', why: 'makes a note of the asking agency' },
      readNote: { kind: 'object', params: { id: noteId } },
      listNotes: { kind: 'list', marker: noteId },
      cancelNote: { kind: 'object', params: { id: noteId } },
      leakNote: { kind: 'object', params: { id: noteId } },
      leakNotes: { kind: 'list', marker: noteId },
    };
  }

  function prove(over: { routes?: readonly ApiRoute[]; cases?: Record<string, TenantCase> } = {}) {
    return tenancyFaults({
      app: api.app,
      routes: over.routes ?? routes.filter((row) => !row.operationId.startsWith('leak')),
      ownerToken: api.first.token,
      strangerToken: api.second.token,
      cases:
        over.cases ??
        Object.fromEntries(Object.entries(cases()).filter(([name]) => !name.startsWith('leak'))),
    });
  }

  it('finds nothing where agencies are kept apart', async () => {
    assert.deepEqual(await prove(), []);
  });

  it('finds a route that reads by id alone, and one that lists for everybody', async () => {
    const faults = await prove({ routes, cases: cases() });
    assert.equal(faults.length, 2, faults.join('\n'));
    assert.match(faults[0] ?? '', /^leakNote .*answers 200 to another agency/);
    assert.match(faults[1] ?? '', /^leakNotes .*shows/);
  });

  it('fails for a route without a case, and for a case without a route', async () => {
    const { readNote: _without, leakNote: _leak, leakNotes: _leaks, ...others } = cases();
    const faults = await prove({ cases: { ...others, gone: { kind: 'no_object', why: 'gone' } } });
    assert.equal(faults.length, 2);
    assert.match(faults[0] ?? '', /^gone: there is no such route/);
    assert.match(faults[1] ?? '', /^readNote .*has no tenant case/);
  });

  it('does not believe a case whose owner sees nothing either', async () => {
    const { leakNote: _leak, leakNotes: _leaks, ...others } = cases();
    const params = { id: '019aa5f5-c3a0-7d3e-8b4f-1c2d3e4f5a6b' };
    const faults = await prove({ cases: { ...others, readNote: { kind: 'object', params } } });
    assert.match(faults.join(), /404 to its owner too/);
  });
});

function leakingRoutes({ db }: TestDatabase): ApiRoute[] {
  const shared = {
    tag: 'Notes',
    scope: 'orders:read',
    method: 'get',
    summary: 'Leaks',
  } as const;
  const answers = { 200: { description: 'Too much.', schema: z.any() } };
  return [
    defineRoute({
      ...shared,
      path: '/v1/leaks/{id}',
      operationId: 'leakNote',
      idempotency: 'none',
      answers,
      params: z.strictObject({ id: z.uuid() }),
      async handle({ params }) {
        const [row] = await query(db, 'select id from notes where id = :id', { id: params.id });
        return { status: 200, body: row ?? {} };
      },
    }),
    defineRoute({
      ...shared,
      path: '/v1/leaks',
      operationId: 'leakNotes',
      idempotency: 'none',
      answers,
      async handle() {
        return { status: 200, body: await query(db, 'select id from notes') };
      },
    }),
  ];
}
