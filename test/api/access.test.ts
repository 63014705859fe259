import assert from 'node:assert/strict';
import { SCOPES } from '../../src/domain/agencies/api-client.ts';
import { createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { revokeClient } from '../../src/features/agencies/revoke-client.ts';
import { ensureSigningKey, rotateSigningKey } from '../../src/features/agencies/rotate-signing-key.ts';
import { createSigningKeys } from '../../src/features/agencies/signing-keys.ts';
import { query } from '../../src/platform/database.ts';
import { generateSigningKey, signToken } from '../../src/platform/signatures.ts';
import { createTestApi, TEST_ISSUER, type TestApi } from '../support/agency-api.ts';
import { createNotesTable, sampleRoutes } from './sample-routes.ts';

describe('access of programs', () => {
  let api: TestApi;

  before(async () => {
    api = await createTestApi(sampleRoutes);
    await createNotesTable(api.database);
  });
  after(() => api.drop());

  function read(token: string | null, path = '/v1/notes') {
    const asked = request(api.app).get(path);
    return token === null ? asked : asked.set('Authorization', `Bearer ${token}`);
  }

  function askToken(form: Record<string, string>) {
    return request(api.app).post('/oauth/token').type('form').send(form);
  }

  describe('POST /oauth/token', () => {
    const grant = { grant_type: 'client_credentials' };

    it('gives a token for a secret in the form or by HTTP Basic', async () => {
      const { clientId, clientSecret } = api.first;
      const inForm = await askToken({ ...grant, client_id: clientId, client_secret: clientSecret });
      const byBasic = await askToken({ ...grant, scope: 'orders:read' }).auth(clientId, clientSecret);
      assert.equal(inForm.status, 200, inForm.text);
      assert.equal(inForm.body.token_type, 'Bearer');
      assert.equal(inForm.body.expires_in, 900);
      assert.equal(inForm.headers['cache-control'], 'no-store');
      assert.equal(byBasic.body.scope, 'orders:read');
      assert.equal((await read(byBasic.body.access_token)).status, 200);
    });

    it('signs by ES256 with a key that the JWKS document shows, and shows no private half', async () => {
      const { body } = await request(api.app).get('/.well-known/jwks.json').expect(200);
      const header = jwt.decode(api.first.token, { complete: true })?.header;
      assert.equal(header?.alg, 'ES256');
      const key = body.keys.find((candidate: { kid: string }) => candidate.kid === header.kid);
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    });

    it('refuses a wrong secret and an unknown client alike', async () => {
      const wrong = await askToken({ ...grant, client_id: api.first.clientId, client_secret: 'cs_wrong' });
      const unknown = await askToken({ ...grant, client_id: 'client_nobody', client_secret: 'cs_wrong' });
      const broken = await askToken(grant).set('Authorization', 'Basic !!!');
      for (const answer of [wrong, unknown, broken]) {
        assert.equal(answer.status, 401);
        assert.equal(answer.body.error, 'invalid_client');
        assert.match(String(answer.headers['www-authenticate']), /^Basic /);
      }
      assert.equal(wrong.text, unknown.text);
    });

    it('names what is wrong with a request in the words of OAuth', async () => {
      const who = { client_id: api.first.clientId, client_secret: api.first.clientSecret };
      const cases: [Record<string, string>, string][] = [
        [who, 'invalid_request'],
        [{ ...who, grant_type: 'password' }, 'unsupported_grant_type'],
        [{ ...who, ...grant, scope: 'orders:read everything' }, 'invalid_scope'],
        [{ ...who, ...grant, client_id: 'a\0b' }, 'invalid_request'],
      ];
      for (const [form, error] of cases) {
        const answer = await askToken(form);
        assert.equal(answer.status, 400, JSON.stringify(form));
        assert.equal(answer.body.error, error);
      }
    });

    it('treats a field sent without a value as one that was not sent (RFC 6749, section 3.2)', async () => {
      const { clientId, clientSecret } = api.first;
      const answer = await askToken({ ...grant, scope: '', client_id: '' }).auth(clientId, clientSecret);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.scope, SCOPES.join(' '));
    });

    it('says in plain ASCII which field is wrong, and where credentials belong', async () => {
      const post = () => request(api.app).post('/oauth/token').type('form');
      const told = async (form: string) => (await post().send(form)).body.error_description as string;
      assert.equal(await told('grant_type=a&grant_type=b'), 'grant_type is given more than once.');
      assert.equal(await told('x=%zz'), 'The form is not percent-encoded UTF-8.');
      assert.match(
        await told(`grant_type=client_credentials`),
        /by HTTP Basic, or as client_id and client_secret/,
      );
      assert.match(await told('%E1%BB%85%22=1&%E1%BB%85%22=2'), /^\?\? is given more than once\.$/);
    });

    it('refuses doubled fields, doubled credentials, JSON and large bodies', async () => {
      const post = () => request(api.app).post('/oauth/token');
      const doubled = await post().type('form').send('grant_type=client_credentials&scope=a&scope=b');
      const twice = await askToken({ ...grant, client_secret: 'x' }).auth(api.first.clientId, 'x');
      const json = await post().send(grant);
      for (const answer of [doubled, twice, json]) {
        assert.equal(answer.status, 400);
        assert.equal(answer.body.error, 'invalid_request');
      }
      assert.equal(
        (
          await post()
            .type('form')
            .send(`x=${'y'.repeat(10_000)}`)
        ).status,
        413,
      );
      assert.equal((await request(api.app).get('/oauth/token')).headers['allow'], 'POST');
    });

    it('does not give a revoked client another token', async () => {
      const client = await api.issue('H29');
      await revokeClient({ db: api.database.db, clock: api.clock }, client.clientId);
      await assert.rejects(api.tokenOf(client), /invalid_client/);
    });

    it('keeps only the digest of a secret', async () => {
      const rows = await query(api.database.ownerDb, 'select * from api_clients');
      assert.ok(rows.length >= 3);
      assert.ok(!JSON.stringify(rows).includes(api.first.clientSecret));
    });
  });

  describe('a Bearer token', () => {
    it('is needed', async () => {
      for (const header of [
        '',
        'Bearer',
        'Bearer x',
        'Basic eDp5',
        'Bearer a.b.c',
        `Bearer ${'a'.repeat(5000)}.b.c`,
      ]) {
        const answer = await request(api.app).get('/v1/notes').set('Authorization', header);
        assert.equal(answer.status, 401, header);
        assert.equal(answer.body.code, 'access.unauthenticated');
        assert.match(String(answer.headers['www-authenticate']), /^Bearer /);
      }
      assert.equal((await read(null)).status, 401);
    });

    it('stops working at once when its client is revoked, also when it was used a moment ago', async () => {
      const client = await api.issue('H29');
      const token = await api.tokenOf(client);
      assert.equal((await read(token)).status, 200);
      await revokeClient({ db: api.database.db, clock: api.clock }, client.clientId);
      assert.equal((await read(token)).status, 401);
    });

    it('loses at once a scope that was taken from its client', async () => {
      const client = await api.issue('H29', ['orders:read', 'orders:write']);
      const token = await api.tokenOf(client);
      assert.equal((await read(token)).status, 200);
      await query(
        api.database.db,
        `update api_clients set scopes = '{orders:write}' where client_id = :id returning client_id`,
        { id: client.clientId },
      );
      assert.equal((await read(token)).body.code, 'access.scope-missing');
    });

    it('ends after 15 minutes, cached or not', async () => {
      const token = await api.tokenOf(api.first);
      const unused = await api.tokenOf(api.second);
      assert.equal((await read(token)).status, 200);
      api.clock.advance(899_000);
      assert.equal((await read(token)).status, 200);
      api.clock.advance(2_000);
      assert.equal((await read(token)).status, 401);
      assert.equal((await read(unused)).status, 401);
      api.clock.advance(-901_000);
    });

    it('is refused when unsigned, signed by HMAC with the public key, by another key, or changed', async () => {
      const [header, claims, signature] = api.first.token.split('.') as [string, string, string];
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
      const [jwk] = await api.keys.publicKeys();
      const hmacHead = `${encode({ alg: 'HS256', kid })}.${claims}`;
      const byHmac = createHmac('sha256', JSON.stringify(jwk)).update(hmacHead).digest('base64url');
      const others = jwt.decode(api.first.token) as Record<string, unknown>;
      const stranger = { ...generateSigningKey(), kid };
      const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
      const forged = [
        `${encode({ alg: 'none', kid })}.${claims}.`,
        `${encode({ alg: 'none', kid })}.${claims}.${signature}`,
        `${hmacHead}.${byHmac}`,
        `${header}.${claims}.${flipped}`,
        `${header}.${encode({ ...others, sub: api.second.clientId })}.${signature}`,
        signToken(others, stranger),
        signToken(others, generateSigningKey()),
      ];
      for (const token of forged) assert.equal((await read(token)).status, 401, token);
    });

    it('is refused when it was issued by or for another service', async () => {
      const claims = jwt.decode(api.first.token) as Record<string, unknown>;
      const key = await api.keys.current();
      assert.equal((await read(signToken(claims, key))).status, 200);
      for (const change of [{ iss: 'https://other.test' }, { aud: 'https://other.test' }]) {
        assert.equal((await read(signToken({ ...claims, ...change }, key))).status, 401);
      }
      const { exp: _endless, ...withoutEnd } = claims;
      assert.equal((await read(signToken(withoutEnd, key))).status, 401);
      assert.equal(claims['iss'], TEST_ISSUER);
    });

    it('opens only what its scopes open', async () => {
      const token = await api.tokenWith(['receipts:read']);
      const answer = await read(token);
      assert.equal(answer.status, 403);
      assert.equal(answer.body.code, 'access.scope-missing');
      assert.equal(answer.body.scope, 'orders:read');
    });

    it("does not open an operator's call to an agency", async () => {
      assert.equal((await read(api.first.token, '/v1/all-notes')).body.code, 'access.kind-not-allowed');
      assert.equal((await read(api.operator.token, '/v1/all-notes')).status, 200);
    });
  });

  describe('signing keys', () => {
    it('are two while the older one still has living tokens, and then one', async () => {
      const deps = { db: api.database.db, clock: api.clock, box: api.box };
      const before = await api.tokenOf(api.first);
      const kid = await rotateSigningKey(deps);
      api.clock.advance(31_000);
      const after = await api.tokenOf(api.first);
      assert.equal(jwt.decode(after, { complete: true })?.header.kid, kid);
      assert.equal((await read(before)).status, 200);
      assert.equal((await read(after)).status, 200);
      assert.equal((await jwks()).length, 2);
      api.clock.advance(16 * 60_000);
      assert.deepEqual(await jwks(), [kid]);
      assert.equal((await read(before)).status, 401);
      api.clock.advance(-31_000 - 16 * 60_000);
    });

    it('of another process are known as soon as a token names them', async () => {
      const deps = { db: api.database.db, clock: api.clock, box: api.box };
      assert.equal((await read(api.second.token)).status, 200);
      api.clock.advance(2_000);
      const kid = await rotateSigningKey(deps);
      const elsewhere = createSigningKeys(deps);
      const key = await elsewhere.current();
      assert.equal(key.kid, kid);
      const claims = jwt.decode(api.second.token) as Record<string, unknown>;
      assert.equal((await read(signToken(claims, key))).status, 200);
    });

    it('are made once when several processes start together', async () => {
      const deps = { db: api.database.db, clock: api.clock, box: api.box };
      await query(api.database.ownerDb, 'delete from signing_keys');
      await Promise.all([1, 2, 3, 4].map(() => ensureSigningKey(deps)));
      const rows = await query<{ private_key_box: string }>(
        api.database.db,
        'select private_key_box from signing_keys',
      );
      assert.equal(rows.length, 1);
      assert.ok(!rows[0]!.private_key_box.includes('PRIVATE'));
    });

    async function jwks(): Promise<string[]> {
      const { body } = await request(api.app).get('/.well-known/jwks.json');
      return body.keys.map((key: { kid: string }) => key.kid);
    }
  });
});
