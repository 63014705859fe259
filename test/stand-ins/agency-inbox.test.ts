import assert from 'node:assert/strict';
import express from 'express';
import { Webhook } from 'standardwebhooks';
import supertest from 'supertest';
import { createAgencyInbox, type AgencyInbox } from '../../src/stand-ins/agency-inbox/agency-inbox.ts';
import { fixedClock } from '../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const NEWER = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;

describe("the sandbox agency's inbox", () => {
  let database: TestDatabase;
  let inbox: AgencyInbox;
  let app: express.Express;
  before(async () => {
    database = await createTestDatabase();
    const clock = fixedClock('2026-11-22T03:00:00Z');
    inbox = createAgencyInbox({ db: database.db, clock, slowMs: 60_000 });
    app = express().use('/sandbox/agency', inbox.router);
  });
  after(() => database.drop());

  function deliver(code: string, secret: string, id = 'ev_1') {
    const body = JSON.stringify({
      id,
      type: 'payment_order.paid',
      sequence: 7,
      data: { id: 'po_1', payer: '<b>Nguyễn</b>' },
    });
    const at = new Date();
    return supertest(app)
      .post(`/sandbox/agency/${code}/inbox`)
      .set('content-type', 'application/json')
      .set('webhook-id', id)
      .set('webhook-timestamp', String(Math.floor(at.getTime() / 1000)))
      .set('webhook-signature', new Webhook(secret).sign(id, at, body))
      .send(body);
  }

  it('keeps what verifies under its secret, with id, type, sequence and subject', async () => {
    await inbox.registerInbox('H29', SECRET);
    await deliver('H29', SECRET).expect(204);
    const [message] = await inbox.messages('H29');
    assert.equal(message!.verified, true);
    const { body } = await supertest(app).get('/sandbox/agency/H29/inbox.json').expect(200);
    assert.equal(body.messages.length, 1);
    const { webhook_id, verified, type, sequence, subject, answer_status } = body.messages[0];
    assert.deepEqual(
      { webhook_id, verified, type, sequence, subject, answer_status },
      {
        webhook_id: 'ev_1',
        verified: true,
        type: 'payment_order.paid',
        sequence: 7,
        subject: 'po_1',
        answer_status: 204,
      },
    );
  });

  it('refuses, and shows as bad, what does not verify', async () => {
    await inbox.registerInbox('H30', SECRET);
    await deliver('H30', NEWER).expect(401);
    await supertest(app)
      .post('/sandbox/agency/H30/inbox')
      .type('json')
      .send('{"type":"x\\u0000"}')
      .expect(401);
    await supertest(app).post('/sandbox/agency/H30/inbox').type('text').send('no JSON \0').expect(401);
    const messages = await inbox.messages('H30');
    assert.deepEqual(
      messages.map(({ verified }) => verified),
      [false, false, false],
    );
    const page = await supertest(app).get('/sandbox/agency/H30/inbox?lang=en').expect(200);
    assert.match(page.text, /class="bad">BAD/);
    assert.match(page.text, /&lt;b>Nguyễn/);
    assert.doesNotMatch(page.text, /<script| style=/);
  });

  it('takes the former secret beside the newer one, and none before it', async () => {
    await inbox.registerInbox('H31', SECRET);
    await inbox.registerInbox('H31', NEWER);
    await inbox.registerInbox('H31', NEWER);
    await deliver('H31', SECRET).expect(204);
    await deliver('H31', NEWER).expect(204);
    await inbox.registerInbox('H31', `whsec_${Buffer.alloc(24, 9).toString('base64')}`);
    await deliver('H31', SECRET).expect(401);
  });

  it('learns a secret by its own form', async () => {
    const form = supertest(app).post('/sandbox/agency/H32/inbox/secret').type('form');
    await form.send({ secret: SECRET }).expect(303);
    await deliver('H32', SECRET).expect(204);
    const bad = supertest(app).post('/sandbox/agency/H32/inbox/secret').type('form');
    await bad.send({ secret: 'short' }).expect(400);
  });

  it('answers as its switch says, and keeps what came all the same', async () => {
    await inbox.registerInbox('H33', SECRET);
    const turn = (manner: string) =>
      supertest(app).post('/sandbox/agency/H33/inbox/manner').type('form').send({ manner });
    await turn('error').expect(303);
    await deliver('H33', SECRET).expect(500);
    await turn('gone').expect(303);
    await deliver('H33', SECRET).expect(410);
    await turn('slow').expect(303);
    await assert.rejects(deliver('H33', SECRET).timeout(300), { code: 'ECONNABORTED' });
    await turn('rude').expect(400);
    await turn('ok').expect(303);
    await deliver('H33', SECRET).expect(204);
    assert.deepEqual(
      (await inbox.messages('H33')).map(({ answerStatus }) => answerStatus),
      [500, 410, 204, 204],
    );
  });

  it('is not made by a name that no agency can have', async () => {
    await supertest(app).get('/sandbox/agency/%3Cscript%3E/inbox').expect(404);
    await supertest(app)
      .get(`/sandbox/agency/${'A'.repeat(33)}/inbox`)
      .expect(404);
  });
});
