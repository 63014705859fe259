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

/** Signs as MoMo's samples do: the names given, from a to z, with the access key. */
function signed(world: WalletWorld, names: readonly string[], body: Readonly<Record<string, unknown>>) {
  const { accessKey = '', secretKey = '' } = world.account.secrets[0] ?? {};
  const values: Readonly<Record<string, unknown>> = { ...body, accessKey };
  const text = [...names, 'accessKey']
    .sort()
    .map((name) => `${name}=${String(values[name])}`)
    .join('&');
  return { ...body, signature: createHmac('sha256', secretKey).update(text).digest('hex') };
}

describe("MoMo's side, played", function () {
  this.timeout(20_000);
  let world: WalletWorld;
  before(async () => {
    world = await openWalletWorld('momo');
  });
  after(() => world.close());

  const query = (orderId: string, requestId: string) => {
    const body = { partnerCode: world.account.merchantId, orderId, requestId, lang: 'vi' };
    return world.call('/v2/gateway/api/query', signed(world, ['partnerCode', 'orderId', 'requestId'], body));
  };

  const createBody = (changes: Readonly<Record<string, unknown>> = {}) => {
    const payment = world.startPayment();
    const body = {
      partnerCode: world.account.merchantId,
      requestId: payment.merchantReference,
      orderId: payment.merchantReference,
      amount: 503_000,
      orderInfo: 'DVC 4711',
      redirectUrl: payment.returnUrl,
      ipnUrl: payment.callbackUrl,
      requestType: 'captureWallet',
      extraData: '',
      lang: 'vi',
      autoCapture: true,
      ...changes,
    };
    const names = Object.keys(body).filter((name) => name !== 'lang' && name !== 'autoCapture');
    return signed(world, names, body);
  };
  const create = (body: Readonly<Record<string, unknown>>) => world.call('/v2/gateway/api/create', body);

  it('takes a payment, tells of it, and is told 204', () => assertTakesAndTells(world, '1000'));

  it('gives a repeated creation the answer it gave, and refuses the order under another request', async () => {
    const body = createBody();
    const [first, again] = [await create(body), await create(body)];
    const { orderId } = first.body as { orderId: string };
    assert.deepEqual(first.body, again.body);
    assert.equal(first.body.resultCode, 0);
    const other = await create(createBody({ orderId, requestId: 'another-request' }));
    assert.equal(other.body.resultCode, 41);
  });

  it('repeats an answer that was final, and knows no second time a request whose answer was not', async () => {
    const payment = await world.handedOff();
    const orderId = payment.merchantReference;
    assert.equal((await query(orderId, 'Q1')).body.resultCode, 1000);
    assert.equal((await query(orderId, 'Q1')).body.resultCode, 40);
    await world.peer.decide(orderId, { kind: 'decline', code: '1001' });
    assert.equal((await query(orderId, 'Q2')).body.resultCode, 1001);
    assert.equal((await query(orderId, 'Q2')).body.resultCode, 1001);
    assert.equal((await world.query(payment)).kind, 'failed');
  });

  it('refuses what is not signed, not in form, or asks for a query string in the address', async () => {
    const body = createBody();
    assert.equal((await create({ ...body, amount: 503_001 })).body.resultCode, 13);
    assert.equal((await create({ ...body, signature: '' })).body.resultCode, 13);
    assert.equal((await create(createBody({ partnerCode: 'NOBODY' }))).body.resultCode, 13);
    assert.equal((await create(createBody({ amount: '503000' }))).body.resultCode, 20);
    assert.equal((await create(createBody({ ipnUrl: 'https://a.test/x?y=1' }))).body.resultCode, 20);
    assert.equal((await create(createBody({ amount: 999 }))).body.resultCode, 22);
    assert.equal((await create(createBody({ amount: 50_000_001 }))).body.resultCode, 22);
  });

  it('knows nothing of an order it never took, and lets one expire after a quarter of an hour', () =>
    assertLetsExpire(world, '1005'));

  it('gives back once under one reference, never more than it took, and lists what it gave', async () => {
    const payment = await world.paid();
    const refund = await world.refundOf(payment);
    const refunds = world.adapter.refunds!;
    assert.deepEqual(await refunds.queryRefund(refund, never()), { kind: 'not_known' });
    const made = await refunds.refundPayment(refund, never());
    assert.equal(made.kind, 'succeeded');
    assert.deepEqual(await refunds.refundPayment(refund, never()), made);
    assert.deepEqual(await refunds.queryRefund(refund, never()), made);
    const tooMuch = await world.refundOf(payment, { amount: vnd(403_001) });
    assert.deepEqual(await refunds.refundPayment(tooMuch, never()), { kind: 'failed', gatewayCode: '1081' });
    const rest = await world.refundOf(payment, { amount: vnd(403_000) });
    assert.equal((await refunds.refundPayment(rest, never())).kind, 'succeeded');
    const book = await world.peer.refunds();
    assert.deepEqual(book.map(({ amount }) => amount).sort(), [100_000n, 403_000n]);
  });

  it('works on a refund for a while, and under the same request then knows it only by its query', async () => {
    const payment = await world.paid();
    const refund = await world.refundOf(payment);
    const refunds = world.adapter.refunds!;
    await world.peer.setSwitch('refunds_processing', 1);
    assert.deepEqual(await refunds.refundPayment(refund, never()), { kind: 'pending', gatewayCode: '7002' });
    assert.deepEqual(await refunds.refundPayment(refund, never()), { kind: 'pending', gatewayCode: '40' });
    world.clock.advance(60_000);
    await world.peer.notices.pump();
    assert.equal((await refunds.queryRefund(refund, never())).kind, 'succeeded');
  });
});

describe("MoMo's side, played, where the merchant captures", function () {
  this.timeout(20_000);
  let world: WalletWorld;
  let losses = 0;
  before(async () => {
    world = await openWalletWorld(
      'momo',
      { MOMO_AUTO_CAPTURE: 'false' },
      (fetch) => async (request, signal) => {
        const answer = await fetch(request, signal);
        if (request.url.endsWith('/confirm') && losses-- > 0) throw new Error('connection reset');
        return answer;
      },
    );
  });
  after(() => world.close());

  it('holds the money, tells 9000, and has it taken when it is asked', async () => {
    const payment = await world.paid();
    const told = world.heard.at(-1);
    assert.deepEqual(told?.kind === 'payment' && told.outcome, { kind: 'pending', gatewayCode: '9000' });
    const outcome = await world.query(payment);
    assert.equal(outcome.kind, 'succeeded');
    assert.equal((await world.query(payment)).kind, 'succeeded', 'taken once, it stays taken');
  });

  it('has it taken all the same when the answer to the capture was lost', async () => {
    const payment = await world.handedOff();
    await world.peer.decide(payment.merchantReference, { kind: 'approve' });
    losses = 1;
    await assert.rejects(world.query(payment), /connection reset/);
    assert.equal((await world.query(payment)).kind, 'succeeded');
  });
});
