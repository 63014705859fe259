/** Headers, assets, forms and request ids, over HTTP. */
import assert from 'node:assert/strict';
import express, { type Express } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { z } from 'zod';
import { assetsRouter, assetUrl, inlineStyleHash, SITE_CSS } from '../../src/web/assets.ts';
import { csrfProtection, decodeForm, textFields } from '../../src/web/forms.tsx';
import { contextOf, localeOf, maskPath, requestContext, sendPage } from '../../src/web/request-context.ts';
import { securityHeaders } from '../../src/web/security.ts';

const UUID = '01990000-0000-7000-8000-000000000001';

function anApp(): { app: Express; log: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const csrf = csrfProtection({ key: Buffer.alloc(32, 7), isSecure: false });
  const app = express();
  app.disable('x-powered-by');
  app.use(requestContext({ logger, newId: () => UUID }));
  app.use(securityHeaders({ formActionOrigins: ['https://bank.example.vn'], isSecure: true }));
  app.use(assetsRouter());
  app.use(express.urlencoded({ extended: false }));
  app.get('/form', (req, res) => sendPage(res, csrf.tokenFor(req, res)));
  app.get('/locale', (req, res) => sendPage(res, localeOf(req, res)));
  app.get('/id', (req, res) => sendPage(res, contextOf(req).requestId, { status: 418 }));
  app.post(
    '/form',
    csrf.guard((_req, res) => sendPage(res, 'stale', { status: 403 })),
    (_req, res) => sendPage(res, 'done'),
  );
  return { app, log: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('security headers', () => {
  it('allow our own files, our one inline style and the banks forms lead to, and nothing else', async () => {
    const { headers } = await request(anApp().app).get('/form');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.ok(policy.includes(`style-src 'self' ${inlineStyleHash}`));
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /form-action 'self' https:\/\/bank\.example\.vn/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers['referrer-policy'], 'same-origin');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-powered-by'], undefined);
    assert.match(String(headers['strict-transport-security']), /max-age=31536000/);
  });

  it('keep pages out of caches', async () => {
    const { headers } = await request(anApp().app).get('/form');
    assert.equal(headers['cache-control'], 'no-store');
  });
});

describe('assets', () => {
  for (const name of [
    'inter-latin.woff2',
    'inter-vietnamese.woff2',
    'staff.css',
    'status-poll.js',
  ] as const) {
    it(`serve ${name} under its hash, to be kept for ever`, async () => {
      const answer = await request(anApp().app).get(assetUrl(name));
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['cache-control']), /immutable/);
      assert.match(assetUrl(name), /\.[0-9a-f]{12}\.\w+$/);
    });
  }

  it('are not found under a stale hash or outside their folder', async () => {
    const { app } = anApp();
    for (const path of ['/assets/staff.000000000000.css', '/assets/..%2fassets.ts', '/assets/site.css']) {
      assert.equal((await request(app).get(path)).status, 404, path);
    }
  });

  it('name fonts by their hash in the inline style, which stays small', () => {
    assert.ok(SITE_CSS.includes(assetUrl('inter-latin.woff2')));
    assert.doesNotMatch(SITE_CSS, /\/\*|\n/);
  });
});

describe('a form of a page without sign-in', () => {
  async function tokenAndCookie(app: Express) {
    const page = await request(app).get('/form');
    return { token: page.text, cookie: String(page.headers['set-cookie']) };
  }

  it('is taken with the token of the visitor', async () => {
    const { app } = anApp();
    const { token, cookie } = await tokenAndCookie(app);
    assert.match(cookie, /HttpOnly/);
    assert.match(cookie, /SameSite=Lax/);
    const answer = await request(app).post('/form').set('Cookie', cookie).type('form').send({ csrf: token });
    assert.equal(answer.text, 'done');
  });

  it('gives the same visitor the same token', async () => {
    const { app } = anApp();
    const { token, cookie } = await tokenAndCookie(app);
    const again = await request(app).get('/form').set('Cookie', cookie);
    assert.equal(again.text, token);
    assert.equal(again.headers['set-cookie'], undefined);
  });

  it('is refused without token, without cookie, with the token of another, or with it sent twice', async () => {
    const { app } = anApp();
    const [mine, theirs] = [await tokenAndCookie(app), await tokenAndCookie(app)];
    const tries = [
      request(app).post('/form').set('Cookie', mine.cookie).type('form').send({}),
      request(app).post('/form').type('form').send({ csrf: mine.token }),
      request(app).post('/form').set('Cookie', mine.cookie).type('form').send({ csrf: theirs.token }),
      request(app).post('/form').set('Cookie', mine.cookie).type('form').send({ csrf: '' }),
      request(app).post('/form').set('Cookie', mine.cookie).type('form').send(`csrf=${mine.token}&csrf=x`),
      request(app).post('/form').set('Cookie', 'csrf=planted').type('form').send({ csrf: 'planted' }),
    ];
    for (const answer of await Promise.all(tries)) assert.equal(answer.status, 403);
  });
});

describe('decoding a form', () => {
  const schema = z.object({
    code: z.string('Nhập mã').min(1, 'Nhập mã').max(20, 'Mã quá dài'),
    method: z.enum(['a', 'b'], 'Chọn một cách thanh toán'),
  });

  it('gives trimmed texts in one Unicode form', () => {
    const decoded = decodeForm(schema, { code: ` ${'é'.normalize('NFD')} `, method: 'a', more: 'x' });
    assert.deepEqual(decoded, { kind: 'decoded', value: { code: 'é', method: 'a' } });
  });

  it('tells one fault a field and keeps what was typed', () => {
    const decoded = decodeForm(schema, { code: '   ', method: 'c' });
    assert.deepEqual(decoded, {
      kind: 'faulty',
      faults: [
        { field: 'code', message: 'Nhập mã' },
        { field: 'method', message: 'Chọn một cách thanh toán' },
      ],
      typed: { code: '', method: 'c' },
    });
  });

  it('counts a field sent twice, and a body that is no form, as absent', () => {
    assert.deepEqual(textFields({ code: ['a', 'b'], other: { x: 1 } }), {});
    assert.equal(decodeForm(schema, undefined).kind, 'faulty');
  });
});

describe('a request', () => {
  it('gets an id of ours whatever the caller sends', async () => {
    const { app } = anApp();
    const answer = await request(app).get('/id').set('Request-Id', 'req_evil').set('X-Request-Id', 'evil');
    assert.equal(answer.headers['request-id'], 'req_01990000000070008000000000000001');
    assert.equal(answer.text, answer.headers['request-id']);
    assert.equal(answer.status, 418);
  });

  it('leaves one line in the access log, without query or tokens', async () => {
    const { app, log } = anApp();
    await request(app).get('/pay/SECRET-TOKEN/status?card=4111');
    const line = log()[0] ?? assert.fail('nothing was logged');
    assert.equal(log().length, 1);
    assert.equal(line['msg'], 'request.finished');
    assert.equal(line['path'], '/pay/*/status');
    assert.equal(line['requestId'], 'req_01990000000070008000000000000001');
    assert.equal(line['status'], 404);
    assert.doesNotMatch(JSON.stringify(log()), /SECRET|4111/);
  });

  it('is logged under a path that opens nothing', () => {
    const table = {
      '/pay/abc': '/pay/*',
      '/pay': '/pay',
      '/gateways/vnpay/return/abc?vnp_Amount=1': '/gateways/vnpay/return/*',
      '/verify/7K2M9QXT4HPD': '/verify/*',
      [`/x/${'a'.repeat(43)}`]: '/x/*',
      '/v1/payment-orders/po_01990000000070008000000000000001':
        '/v1/payment-orders/po_01990000000070008000000000000001',
    };
    for (const [url, logged] of Object.entries(table)) assert.equal(maskPath(url), logged);
  });

  it('remembers the language it chose', async () => {
    const { app } = anApp();
    const answer = await request(app).get('/locale?lang=en');
    assert.equal(answer.text, 'en');
    assert.match(String(answer.headers['set-cookie']), /lang=en/);
    assert.equal((await request(app).get('/locale').set('Cookie', 'lang=en')).text, 'en');
    assert.equal((await request(app).get('/locale?lang=xx')).headers['set-cookie'], undefined);
  });
});
