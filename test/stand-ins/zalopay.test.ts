import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { vnd } from '../../src/domain/kernel/money.ts';
import {
  assertLetsExpire,
  assertTakesAndTells,
  never,
  openWalletWorld,
  type WalletWorld,
} from './wallet-world.ts';

describe("ZaloPay's side, played", function () {
  this.timeout(20_000);
  let world: WalletWorld;
  before(async () => {
    world = await openWalletWorld('zalopay');
  });
  after(() => world.close());

  const mac = (...values: readonly unknown[]) =>
    createHmac('sha256', world.account.secrets[0]?.['key1'] ?? '')
      .update(values.join('|'))
      .digest('hex');

  /** An order as JSON with numbers, as the document's samples write it. */
  const orderBody = (changes: Readonly<Record<string, unknown>> = {}) => {
    const payment = world.startPayment();
    const body = {
      app_id: Number(world.account.merchantId),
      app_trans_id: payment.merchantReference,
      app_user: 'demo',
      amount: 503_000,
      app_time: world.clock.now().getTime(),
      embed_data: JSON.stringify({ redirecturl: payment.returnUrl }),
      item: '[]',
      description: 'DVC 4711',
      callback_url: payment.callbackUrl,
      ...changes,
    };
    const { app_id, app_trans_id, app_user, amount, app_time, embed_data, item } = body;
    return { ...body, mac: mac(app_id, app_trans_id, app_user, amount, app_time, embed_data, item) };
  };
  const create = (body: Readonly<Record<string, unknown>>) => world.call('/v2/create', body);

  it('takes an order, calls back once it is paid, and takes our answer for an end', () =>
    assertTakesAndTells(world, '3'));

  it('says nothing of a refusal until it is asked', async () => {
    const payment = await world.handedOff();
    const before = world.heard.length;
    await world.peer.decide(payment.merchantReference, { kind: 'decline', code: '-1330' });
    await world.peer.notices.pump();
    assert.equal(world.heard.length, before);
    assert.deepEqual(await world.query(payment), { kind: 'failed', gatewayCode: '-1330' });
  });

  it('takes an app_trans_id once', async () => {
    const body = orderBody();
    assert.equal((await create(body)).body.return_code, 1);
    const again = (await create(body)).body;
    assert.deepEqual([again.return_code, again.sub_return_code], [2, -68]);
    const payment = await world.handedOff();
    await assert.rejects(world.adapter.startPayment(payment, never()), /answered -68 to the creation/);
  });

  it('refuses a wrong MAC, another app, a bad form, another day and a time that is not now', async () => {
    const subCode = async (body: Readonly<Record<string, unknown>>) =>
      (await create(body)).body.sub_return_code;
    assert.equal(await subCode({ ...orderBody(), amount: 1 }), -402);
    assert.equal(await subCode(orderBody({ app_id: 1 })), -402);
    assert.equal(await subCode(orderBody({ amount: 1.5 })), -401);
    assert.equal(await subCode(orderBody({ embed_data: '{}' })), -401);
    assert.equal(await subCode(orderBody({ app_trans_id: '200101_1' })), -401);
    const now = world.clock.now().getTime();
    assert.equal(await subCode(orderBody({ app_time: now - 15 * 60_000 })), 1);
    assert.equal(await subCode(orderBody({ app_time: now - 15 * 60_000 - 1 })), -54);
  });

  it('knows nothing of an order it never took, and lets one expire', () => assertLetsExpire(world, '-54'));

  it('gives back in parts, each once, never more than it took; what became of one it tells when asked', async () => {
    const payment = await world.paid();
    const refunds = world.adapter.refunds!;
    const refund = await world.refundOf(payment);
    assert.deepEqual(await refunds.queryRefund(refund, never()), { kind: 'not_known' });
    assert.deepEqual(await refunds.refundPayment(refund, never()), { kind: 'pending', gatewayCode: '3' });
    assert.deepEqual(await refunds.refundPayment(refund, never()), { kind: 'pending', gatewayCode: '-23' });
    assert.equal((await refunds.queryRefund(refund, never())).kind, 'succeeded');
    const tooMuch = await world.refundOf(payment, { amount: vnd(403_001) });
    assert.deepEqual(await refunds.refundPayment(tooMuch, never()), { kind: 'failed', gatewayCode: '-14' });
    const rest = await world.refundOf(payment, { amount: vnd(403_000) });
    await refunds.refundPayment(rest, never());
    const book = await world.peer.refunds();
    assert.deepEqual(book.map(({ amount }) => amount).sort(), [100_000n, 403_000n]);
  });

  it('refuses a refund at the end, or takes its time', async () => {
    const payment = await world.paid();
    const refunds = world.adapter.refunds!;
    await world.peer.setSwitch('refunds_declined', 1);
    const declined = await world.refundOf(payment);
    await refunds.refundPayment(declined, never());
    assert.deepEqual(await refunds.queryRefund(declined, never()), { kind: 'failed', gatewayCode: '0' });
    await world.peer.setSwitch('refunds_processing', 1);
    const slow = await world.refundOf(payment);
    await refunds.refundPayment(slow, never());
    assert.equal((await refunds.queryRefund(slow, never())).kind, 'pending');
    world.clock.advance(60_000);
    await world.peer.notices.pump();
    assert.equal((await refunds.queryRefund(slow, never())).kind, 'succeeded');
  });

  it('refuses a refund whose m_refund_id is of another day', async () => {
    const payment = await world.paid();
    const yesterday = new Date(world.clock.now().getTime() - 86_400_000);
    const late = await world.refundOf(payment, { submittedAt: yesterday });
    const outcome = await world.adapter.refunds!.refundPayment(late, never());
    assert.deepEqual(outcome, { kind: 'failed', gatewayCode: '-25' });
  });
});
