/** The pretend bank app: a person reads the code, or types the text, and sends what they like, told by whom they like. */
import assert from 'node:assert/strict';
import { query } from '../../src/platform/database.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

describe('the pretend bank app', function () {
  this.timeout(30_000);
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vietqr' } });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  const app = () => `${world.origin}/sandbox/vietqr/app`;

  async function handedOff(): Promise<[TestOrder, TestPayment]> {
    const order = await world.openOrder(agency);
    return [order, await world.startPaymentAt('vietqr', order)];
  }

  async function send(fields: Record<string, string>): Promise<number> {
    const body = new URLSearchParams({
      account: '112233445566',
      watcher: 'sepay',
      manner: 'once',
      ...fields,
    });
    const answer = await fetch(app(), { method: 'POST', body });
    await world.settleDown();
    return answer.status;
  }

  it('fills in what the code says, read as a text or found by the words of the transfer', async () => {
    const [order, payment] = await handedOff();
    const [row] = await query<{ payload: string }>(
      world.db,
      `select hand_off->>'qrPayload' as payload from payments where id = :id`,
      { id: payment.id },
    );
    for (const typed of [row?.payload ?? '', payment.reference]) {
      const html = await (await fetch(`${app()}?qr=${encodeURIComponent(typed)}`)).text();
      for (const value of ['112233445566', '180000', payment.reference])
        assert.ok(html.includes(`value="${value}"`), value);
    }
    assert.equal(await send({ amount: '180000', content: payment.reference }), 200);
    assert.equal(await world.orderStatus(order), 'paid');
  });

  for (const watcher of ['sepay', 'casso', 'payos']) {
    for (const manner of ['once', 'twice', 'forged', 'altered', 'lost']) {
      it(`has ${watcher} tell a transfer: ${manner}`, async () => {
        const [order, payment] = await handedOff();
        await send({
          amount: '180000',
          content: `nop phi ${payment.reference.toLowerCase()}`,
          watcher,
          manner,
        });
        for (let round = 0; round < 4; round += 1)
          await world.peer('vietqr').notices.pump({ ignoreDueTime: true });
        assert.equal(await world.orderStatus(order), 'paid');
        const credits = await world.count('bank_credits', `payment_id = '${payment.id}'`);
        assert.equal(credits, 1);
      });
    }
  }

  it('sends too little, then the rest, then too much, and to another account', async () => {
    const [order, payment] = await handedOff();
    const content = payment.reference;
    await send({ amount: '100000', content });
    assert.equal((await world.payment(payment.id)).state, 'mismatched');
    await send({ amount: '80000', content, account: '999999' });
    assert.equal(await world.orderStatus(order), 'open');
    await send({ amount: '90000', content, watcher: 'casso' });
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('refuses what is no transfer', async () => {
    for (const amount of ['0', '-1', '1.5', ''])
      assert.equal(await send({ amount, content: 'x' }), 400, amount);
  });
});
