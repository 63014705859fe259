import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import request from 'supertest';
import { openHotPool, query } from '../../src/platform/database.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';
import { createNotesTable, sampleRoutes } from './sample-routes.ts';

describe('requests to the JSON API', () => {
  let api: TestApi;
  let keys = 0;

  before(async () => {
    api = await createTestApi(sampleRoutes, { bodyTimeoutMs: 300 });
    await createNotesTable(api.database);
  });
  after(() => api.drop());

  function post(body: string | Buffer, headers: Record<string, string> = {}) {
    return request(api.app)
      .post('/v1/notes')
      .set({ Authorization: `Bearer ${api.first.token}`, 'Idempotency-Key': `key-${String((keys += 1))}` })
      .set({ 'Content-Type': 'application/json', ...headers })
      .serialize((text: unknown) => text as string)
      .send(body as string);
  }

  function get(path: string) {
    return request(api.app).get(path).set('Authorization', `Bearer ${api.first.token}`);
  }

  const AMOUNTS: readonly [string, string][] = [
    ['1e3', '/amount'],
    ['100.0', '/amount'],
    ['100.005', '/amount'],
    ['-0', '/amount'],
    ['9007199254740993', '/amount'],
    ['9'.repeat(400), '/amount'],
    ['1e999', '/amount'],
    ['NaN', '/amount'],
    ['Infinity', '/amount'],
    ['0x10', '/amount'],
    ['007', '/amount'],
    ['+5', '/amount'],
    ['"100 "', '/amount'],
    ['"100"', '/amount'],
    ['0', '/amount'],
    ['-5', '/amount'],
    ['9000000000000001', '/amount'],
    ['true', '/amount'],
    ['null', '/amount'],
    ['[5]', '/amount'],
    ['{}', '/amount'],
  ];
  for (const [text, pointer] of AMOUNTS) {
    it(`refuses the amount ${text.slice(0, 30)} and never rounds it (promise 18)`, async () => {
      const answer = await post(`{"title":"amounts","amount":${text}}`);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.code, 'request.malformed');
      assert.equal(answer.body.errors[0].pointer, pointer);
    });
  }

  it('takes the largest amount exactly', async () => {
    const answer = await post('{"title":"largest","amount":9000000000000000}');
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.text, /"amount":9000000000000000,/);
  });

  const BODIES: readonly [string, string | Buffer, string | null][] = [
    ['an unknown field', '{"title":"x","amount":1,"more":1}', '/more'],
    [
      'an unknown field in a list',
      '{"title":"x","amount":1,"lines":[{"amount":1},{"amount":1,"x":1}]}',
      '/lines/1/x',
    ],
    ['a key twice', '{"title":"x","amount":1,"amount":2}', '/amount'],
    ['a key twice with one value', '{"title":"x","amount":1,"amount":1}', '/amount'],
    ['a key twice by escape', '{"title":"x","amount":1,"\\u0061mount":1}', '/amount'],
    ['__proto__', '{"title":"x","amount":1,"__proto__":{"kind":"refused"}}', '/__proto__'],
    ['__proto__ further in', '{"title":"x","amount":1,"metadata":{"__proto__":"y"}}', '/metadata/__proto__'],
    ['constructor', '{"title":"x","amount":1,"constructor":{"prototype":{}}}', '/constructor'],
    ['U+0000', '{"title":"x\\u0000y","amount":1}', '/title'],
    ['U+0000 in a name', '{"title":"x","amount":1,"metadata":{"a\\u0000":"y"}}', '/metadata'],
    ['a lone surrogate', '{"title":"x\\ud800","amount":1}', '/title'],
    ['a line break in a title', '{"title":"x\\ny","amount":1}', '/title'],
    ['a mark that turns the reading direction', '{"title":"x\\u202ey","amount":1}', '/title'],
    ['a blank title', '{"title":"   ","amount":1}', '/title'],
    ['a title too long', `{"title":"${'x'.repeat(101)}","amount":1}`, '/title'],
    ['a missing field', '{"amount":1}', '/title'],
    [
      'a list too long',
      '{"title":"x","amount":1,"lines":[{"amount":1},{"amount":1},{"amount":1},{"amount":1}]}',
      '/lines',
    ],
    ['a trailing comma', '{"title":"x","amount":1,}', ''],
    ['two values', '{"title":"x","amount":1}{}', ''],
    ['a comment', '{"title":"x",/**/"amount":1}', ''],
    ['single quotes', "{'title':'x'}", ''],
    ['an unfinished text', '{"title":"x', '/title'],
    ['a raw control character', '{"title":"x\u0001","amount":1}', '/title'],
    ['a byte order mark', '\ufeff{"title":"x","amount":1}', ''],
    ['a list', '[]', ''],
    ['a text', '"x"', ''],
    ['null', 'null', ''],
    ['nothing', '', null],
    ['bytes that are not UTF-8', Buffer.from('{"title":"x\xff","amount":1}', 'latin1'), null],
    ['UTF-16', Buffer.from('{"title":"x","amount":1}', 'utf16le'), ''],
    ['nesting without end', '['.repeat(100_000), '/0'.repeat(32)],
    ['objects without end', '{"a":'.repeat(50_000), '/a'.repeat(32)],
  ];
  for (const [what, body, pointer] of BODIES) {
    it(`refuses a body with ${what}, saying where, and changes nothing (promise 26)`, async () => {
      const before = await countNotes();
      const answer = await post(body);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.code, 'request.malformed');
      if (pointer !== null) assert.equal(answer.body.errors[0].pointer, pointer);
      assert.equal(await countNotes(), before);
    });
  }

  it('tells every fault at once', async () => {
    const answer = await post('{"title":5,"amount":"1","lines":[{"amount":0}],"x/y~z":1}');
    assert.deepEqual(answer.body.errors.map((error: { pointer: string }) => error.pointer).sort(), [
      '/amount',
      '/lines/0/amount',
      '/title',
      '/x~1y~0z',
    ]);
  });

  it('refuses other kinds of body with 415', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/jsonp',
    ]) {
      assert.equal((await post('{}', { 'Content-Type': type })).status, 415, type);
    }
    assert.equal((await post('{}', { 'Content-Type': 'application/json; charset=utf-16' })).status, 415);
    const packed = await post('{}', { 'Content-Encoding': 'gzip' });
    assert.deepEqual([packed.status, packed.body.code], [415, 'request.media-type']);
    const fine = await post('{"title":"x","amount":1}', {
      'Content-Type': 'Application/JSON; charset=UTF-8',
    });
    assert.equal(fine.status, 201);
  });

  it('refuses a body of 10 MB with 413 and goes on serving (promise 29)', async () => {
    const large = await post(`{"title":"${'x'.repeat(10_000_000)}"}`);
    assert.equal(large.status, 413);
    assert.equal(large.body.code, 'request.too-large');
    assert.equal(large.body.limit_bytes, 262_144);
    const fits = await post(`{"title":"x","amount":1,"metadata":{"a":"${'y'.repeat(262_000)}"}}`);
    assert.equal(fits.status, 201, fits.text);
    assert.equal(
      (await post(`{"title":"x","amount":1,"metadata":{"a":"${'y'.repeat(262_144)}"}}`)).status,
      413,
    );
  });

  it('gives up on a body that does not come (promise 29)', async () => {
    const server = api.app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const answer = await sendSlowly(server, api.first.token);
      assert.match(answer, /^HTTP\/1.1 408 /);
      assert.ok(answer.includes('request.too-slow'));
      assert.match(answer, /request.too-slow/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('answers 405 with Allow for another method, and 404 for another address', async () => {
    const patched = await request(api.app).patch('/v1/notes').send({});
    assert.equal(patched.status, 405);
    assert.equal(patched.body.code, 'request.method-not-allowed');
    assert.equal(patched.headers['allow'], 'POST, GET, HEAD');
    const lost = await get('/v1/nowhere');
    assert.equal(lost.status, 404);
    assert.equal(lost.body.code, 'request.not-found');
    assert.match(String(lost.headers['content-type']), /^application\/problem\+json/);
    assert.equal((await request(api.app).options('/v1/notes')).status, 204);
  });

  it('answers 404 for an id that cannot be one, and 400 for a path that cannot be read', async () => {
    assert.equal((await get("/v1/notes/1'%20or%201=1")).body.code, 'payment-order.not-found');
    assert.equal((await get('/v1/notes/%00')).status, 404);
    assert.equal((await get('/v1/notes/%ff')).status, 400);
  });

  it('refuses unknown, doubled and unreadable query parameters', async () => {
    const cases: [string, string | null][] = [
      ['unknown=1', '/unknown'],
      ['limit=1&limit=2', '/limit'],
      ['limit=0', '/limit'],
      ['limit=201', '/limit'],
      ['limit=1e2', '/limit'],
      ['limit=', '/limit'],
      ['title=a%00b', '/title'],
      ['title=%ff', null],
      ['sort=title', '/sort'],
      ['after=!!', '/after'],
      [`after=${Buffer.from('["x"]').toString('base64url')}`, '/after'],
      [`after=${Buffer.from('{').toString('base64url')}`, '/after'],
    ];
    for (const [search, pointer] of cases) {
      const answer = await get(`/v1/notes?${search}`);
      assert.equal(answer.status, 400, search);
      if (pointer !== null) assert.equal(answer.body.errors[0].pointer, pointer, search);
    }
  });

  it('pages through a list without skipping or repeating while rows arrive', async () => {
    const token = api.second.token;
    const make = (title: string) =>
      request(api.app)
        .post('/v1/notes')
        .set({ Authorization: `Bearer ${token}`, 'Idempotency-Key': title })
        .send({ title, amount: 1 })
        .expect(201);
    for (const title of ['a', 'b', 'c', 'd', 'e']) await make(title);
    const seen: string[] = [];
    let search = '?limit=2';
    for (let more = true; more;) {
      const { body } = await request(api.app)
        .get(`/v1/notes${search}`)
        .set('Authorization', `Bearer ${token}`);
      seen.push(...body.data.map((note: { title: string }) => note.title));
      await make(`late-${String(seen.length)}`);
      more = body.has_more;
      search = `?limit=2&after=${String(body.next_cursor)}`;
    }
    assert.deepEqual(seen, ['e', 'd', 'c', 'b', 'a']);
  });

  it('takes SQL in any field as plain text, and refuses it where a choice is asked (promise 93)', async () => {
    const titles = [
      "'; drop table notes; --",
      "' or '1'='1",
      '\\',
      '%',
      '$1',
      ':title',
      '?',
      '"; select pg_sleep(9)',
    ];
    for (const title of titles) {
      assert.equal((await post(JSON.stringify({ title, amount: 3 }))).status, 201, title);
      const { body } = await get(`/v1/notes?title=${encodeURIComponent(title)}`);
      assert.deepEqual(
        body.data.map((note: { title: string }) => note.title),
        [title],
      );
    }
    for (const sort of ['newest; drop table notes', 'id desc', '(select 1)', 'NEWEST']) {
      assert.equal((await get(`/v1/notes?sort=${encodeURIComponent(sort)}`)).status, 400);
    }
    assert.ok((await countNotes()) > titles.length);
  });

  it('tells of a fault only the request id, and logs it whole without values (promises 85, 92)', async () => {
    const answer = await post('{"title":"canary-title","amount":1,"kind":"broken"}');
    assert.equal(answer.status, 500);
    assert.equal(answer.body.code, 'service.fault');
    assert.equal(answer.body.request_id, answer.headers['request-id']);
    assert.ok(!answer.text.includes('canary'));
    const line = api
      .logged()
      .split('\n')
      .find((text) => text.includes(answer.body.request_id));
    assert.match(line ?? '', /a broken invariant/);
    assert.match(line ?? '', /sample-routes\.ts/);
  });

  it('counts an amount that no JSON reader could hold as a fault, and does not write it', async () => {
    const before = await countNotes();
    assert.equal((await post('{"title":"x","amount":1,"kind":"huge"}')).status, 500);
    assert.equal(await countNotes(), before);
  });

  it('writes no token, secret, body, query or title into the log (promises 85, 92)', async () => {
    await post('{"title":"canary-title","amount":1}');
    await post('{"title":"canary-title","amount":1,"canary-field":1}');
    await get('/v1/notes?title=canary-title');
    await get('/v1/notes?title=canary-title&limit=canary-limit');
    await request(api.app).post('/oauth/token').type('form').send({
      grant_type: 'client_credentials',
      client_id: api.first.clientId,
      client_secret: 'canary-secret',
    });
    const log = api.logged();
    assert.match(log, /api.refused/);
    for (const hidden of ['canary-', api.first.token, api.first.clientSecret, api.second.clientSecret]) {
      assert.ok(!log.includes(hidden), hidden);
    }
  });

  async function countNotes(): Promise<number> {
    const [row] = await query<{ count: bigint }>(api.database.db, 'select count(*) as count from notes');
    return Number(row?.count);
  }
});

describe('limits and outages of the JSON API', () => {
  it('answers 429 with Retry-After when a client asks too often', async () => {
    const asked: string[] = [];
    const api = await createTestApi(sampleRoutes, {
      limiter: (client) => {
        asked.push(client.clientId);
        return Promise.resolve(7.2);
      },
    });
    try {
      const answer = await request(api.app)
        .get('/v1/notes')
        .set('Authorization', `Bearer ${api.first.token}`);
      assert.equal(answer.status, 429);
      assert.equal(answer.body.code, 'request.rate-limited');
      assert.equal(answer.headers['retry-after'], '8');
      assert.deepEqual(asked, [api.first.clientId]);
    } finally {
      await api.drop();
    }
  });

  it('answers 503 with Retry-After while the database cannot be reached, and recovers alone', async () => {
    const nowhere = openHotPool({ url: 'postgres://nobody@127.0.0.1:1/nothing', max: 1 });
    let isDown = true;
    const api: TestApi = await createTestApi(sampleRoutes, {
      authenticate: async () => {
        if (isDown) await nowhere.run({ name: 'test_nothing', text: 'select 1' }, []);
        const { clientId, agencyId, kind, scopes } = api.first;
        return { clientId, agencyId, kind, scopes };
      },
    });
    try {
      await createNotesTable(api.database);
      const refused = await request(api.app).get('/v1/notes');
      assert.equal(refused.status, 503, refused.text);
      assert.equal(refused.body.code, 'service.unavailable');
      assert.equal(refused.headers['retry-after'], '2');
      isDown = false;
      assert.equal((await request(api.app).get('/v1/notes')).status, 200);
    } finally {
      await nowhere.end();
      await api.drop();
    }
  });
});

function sendSlowly(server: Server, token: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      const head = [
        'POST /v1/notes HTTP/1.1',
        'Host: x',
        `Authorization: Bearer ${token}`,
        'Idempotency-Key: slow',
      ];
      socket.write(
        [...head, 'Content-Type: application/json', 'Content-Length: 100', '', '{"tit'].join('\r\n'),
      );
    });
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
