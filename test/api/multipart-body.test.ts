import assert from 'node:assert/strict';
import request from 'supertest';
import { z } from 'zod';
import { uploadedFile } from '../../src/api/decoding.ts';
import { defineRoute, type ApiRoute } from '../../src/api/route.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';

describe('a multipart call', () => {
  let api: TestApi;
  let keys = 0;

  before(async () => {
    api = await createTestApi(uploadRoutes);
  });
  after(() => api.drop());

  function upload(key = `key-${String((keys += 1))}`) {
    return request(api.app)
      .post('/v1/uploads')
      .set({ Authorization: `Bearer ${api.operator.token}`, 'Idempotency-Key': key });
  }

  it('gets the bytes of a file and the text of a field', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 65]);
    const answer = await upload().field('gateway', 'sandbox').attach('file', bytes, 'tệp.csv');
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.body, { gateway: 'sandbox', name: 'tệp.csv', hex: '00ff0d0a41' });
  });

  it('gets a file that comes in pieces, of announced length or not', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at) % 251));
    const head = '--b\r\nContent-Disposition: form-data; name="gateway"\r\n\r\nsandbox\r\n';
    const fileHead = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head + fileHead), bytes, Buffer.from('\r\n--b--\r\n')]);
    for (const length of [{ 'Content-Length': String(body.length) }, {}]) {
      const call = upload().set({ ...length, 'Content-Type': 'multipart/form-data; boundary=b' });
      for (let from = 0; from < body.length; from += 7_777) call.write(body.subarray(from, from + 7_777));
      const answer = await call;
      assert.equal(answer.status, 201, answer.text);
      assert.ok(Buffer.from(answer.body.hex, 'hex').equals(bytes));
    }
  });

  it('is the same request with another boundary, and another one with another byte', async () => {
    const send = (text: string) =>
      upload('again').field('gateway', 'sandbox').attach('file', Buffer.from(text), 'a.csv');
    const first = await send('one');
    const again = await send('one');
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.equal(again.text, first.text);
    assert.equal((await send('two')).body.code, 'idempotency.mismatch');
  });

  it('refuses unknown, doubled, missing and mistyped parts, saying which', async () => {
    const file = Buffer.from('x');
    const cases = [
      [upload().field('gateway', 'a').attach('file', file, 'a').field('more', '1'), '/more'],
      [upload().field('gateway', 'a').field('gateway', 'b').attach('file', file, 'a'), '/gateway'],
      [upload().field('gateway', 'a').attach('other', file, 'a'), '/file'],
      [upload().field('gateway', 'a').field('file', 'text'), '/file'],
    ] as const;
    for (const [call, pointer] of cases) {
      const answer = await call;
      assert.equal(answer.status, 400, answer.text);
      assert.ok(
        answer.body.errors.some((error: { pointer: string }) => error.pointer === pointer),
        answer.text,
      );
    }
  });

  it('refuses a body that is cut off, too large, JSON, or of too many parts', async () => {
    const type = 'multipart/form-data; boundary=b';
    const cut = await upload()
      .set('Content-Type', type)
      .send('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nab');
    assert.equal(cut.status, 400, cut.text);
    assert.equal((await upload().set('Content-Type', 'multipart/form-data').send('x')).status, 415);
    assert.equal((await upload().send({})).status, 415);
    assert.equal((await upload().attach('file', Buffer.alloc(700_000), 'a')).status, 413);
    const many = upload();
    for (let part = 0; part < 25; part += 1) void many.field(`p${String(part)}`, 'x');
    assert.equal((await many).status, 400);
  });
});

function uploadRoutes(): ApiRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/uploads',
      operationId: 'upload',
      summary: 'Takes a file',
      tag: 'Files',
      scope: 'settlement:write',
      kinds: ['operator'],
      idempotency: 'transaction',
      bodyFormat: 'multipart',
      bodyLimitBytes: 600_000,
      body: z.strictObject({ gateway: z.string(), file: uploadedFile() }),
      answers: {
        201: {
          description: 'What came.',
          schema: z.strictObject({ gateway: z.string(), name: z.string(), hex: z.string() }),
        },
      },
      handle(_tx, { body }) {
        const { gateway, file } = body;
        const answer = { gateway, name: file.fileName, hex: file.bytes.toString('hex') };
        return Promise.resolve({ status: 201, body: answer });
      },
    }),
  ];
}
