import assert from 'node:assert/strict';
import express from 'express';
import request from 'supertest';
import { createDocsRoutes } from '../../src/api/docs-routes.ts';
import { feeRoutes } from '../../src/api/fee-routes.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import type { ApiRoute } from '../../src/api/route.ts';
import { DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import type { Database } from '../../src/platform/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { fixedClock } from '../support/clock.ts';
import { openApiFaults } from '../support/openapi-faults.ts';
import { sampleRoutes } from './sample-routes.ts';

describe('the OpenAPI document', () => {
  const clock = fixedClock('2026-11-22T02:00:00Z');
  const routes: readonly ApiRoute[] = [
    // No handler runs here: the document is made from what the rows say.
    ...sampleRoutes(undefined as unknown as TestDatabase, clock),
    ...feeRoutes({
      db: undefined as unknown as Database,
      clock,
      businessTimeZone: DEFAULT_BUSINESS_TIME_ZONE,
    }),
  ];
  const info = { version: '1.0.0', publicUrl: 'https://pay.test' };
  const document: any = openApiDocument(routes, info);

  it('is whole: references lead somewhere, names are unique, path parameters are described', () => {
    assert.deepEqual(openApiFaults(document), []);
    assert.equal(document.openapi, '3.1.0');
  });

  it('holds every row, and the token routes', () => {
    for (const row of routes) {
      assert.equal(document.paths[row.path][row.method].operationId, row.operationId);
    }
    assert.ok(document.paths['/oauth/token'].post);
    assert.ok(document.paths['/.well-known/jwks.json'].get);
  });

  it('shows amounts as integers, closed objects, examples, scopes and the Idempotency-Key', () => {
    const { post } = document.paths['/v1/notes'];
    const media = post.requestBody.content['application/json'];
    assert.equal(media.schema.properties.amount.type, 'integer');
    assert.equal(media.schema.additionalProperties, false);
    assert.deepEqual(media.example, { title: 'A note', amount: 150000 });
    assert.deepEqual(post.security, [{ clientCredentials: ['orders:write'] }]);
    assert.ok(post.parameters.some((one: any) => one.$ref === '#/components/parameters/IdempotencyKey'));
    const list = document.paths['/v1/notes'].get;
    assert.ok(list.parameters.every((one: any) => one.in === 'query' && !one.required));
  });

  it('finds faults in a document that has some', () => {
    const broken: any = structuredClone(document);
    delete broken.components.schemas.Problem;
    broken.paths['/v1/notes'].get.operationId = 'createNote';
    broken.paths['/v1/notes/{id}'].get.parameters = [];
    broken.paths['/v1/notes'].post.requestBody.content['application/json'].schema.additionalProperties = true;
    assert.equal(openApiFaults(broken).length, 4);
  });

  it('is served with a page that loads nothing from elsewhere', async () => {
    const app = express().use(createDocsRoutes(document));
    const served = await request(app).get('/openapi.json').expect(200);
    assert.deepEqual(served.body, JSON.parse(JSON.stringify(document)));
    const page = await request(app).get('/docs').expect(200);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    assert.doesNotMatch(page.text, /https?:\/\/|<script>|onload=/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.equal(links.length, 4);
    for (const link of links) await request(app).get(link).expect(200);
    await request(app).get('/docs/package.json').expect(404);
  });
});
