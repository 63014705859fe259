/** Refunds and receipts over HTTP: who may, what is told, and what nobody else sees. */
import assert from 'node:assert/strict';
import request from 'supertest';
import { receiptRoutes } from '../../src/api/receipt-routes.ts';
import { refundRoutes } from '../../src/api/refund-routes.ts';
import type { ApiRoute } from '../../src/api/route.ts';
import { publicId } from '../../src/domain/kernel/ids.ts';
import { DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import type { LookupCode } from '../../src/domain/kernel/lookup-code.ts';
import { findReceiptByCode, findReceiptsOfOrder } from '../../src/features/receipts/receipt-store.ts';
import { submitRefunds } from '../../src/features/refunds/submit-refunds.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';
import { newTestId } from '../support/ids.ts';
import {
  paidOrdersIn,
  pretendGateway,
  WHOLE,
  type OrderRef,
  type PaidOrders,
} from '../support/paid-orders.ts';
import { hasNoDrift } from '../support/refunds.ts';
import { tenancyFaults } from './tenancy.ts';

describe('refunds over HTTP', () => {
  let api: TestApi;
  let world: PaidOrders;
  let routes: readonly ApiRoute[] = [];
  let approver = '';

  before(async () => {
    let gateway: ReturnType<typeof pretendGateway> | null = null;
    api = await createTestApi(({ db }, clock) => {
      const made = pretendGateway(clock);
      gateway = made;
      routes = [
        ...refundRoutes({
          db,
          clock,
          newId: newTestId,
          businessTimeZone: DEFAULT_BUSINESS_TIME_ZONE,
          gateways: { get: () => made.adapter },
        }),
        ...receiptRoutes({ db }),
      ];
      return routes;
    });
    world = await paidOrdersIn({
      database: api.database,
      clock: api.clock,
      agencies: [api.first.agencyId, api.second.agencyId],
      gateway: gateway!,
    });
    approver = await api.tokenWith(['refunds:approve']);
  });
  after(() => api.drop());

  function ask(order: OrderRef, body: object, key = newTestId()) {
    return request(api.app)
      .post(`/v1/payment-orders/${publicId('po', order.orderId)}/refunds`)
      .set({ Authorization: `Bearer ${api.first.token}`, 'Idempotency-Key': key })
      .send(body);
  }

  function decide(id: string, token: string, body: object) {
    return request(api.app)
      .post(`/v1/refunds/${id}/decision`)
      .set({ Authorization: `Bearer ${token}`, 'Idempotency-Key': newTestId() })
      .send(body);
  }

  const read = (path: string) => request(api.app).get(path).set('Authorization', `Bearer ${api.first.token}`);

  const whole = { amount: Number(WHOLE), amount_available: Number(WHOLE), reason: 'Decision withdrawn.' };

  it('are asked for, decided by another client, sent and read', async () => {
    const order = await world.paidOrder();
    const asked = await ask(order, { ...whole, amount: 100_000 }).expect(201);
    assert.equal(asked.body.state, 'requested');
    assert.equal(asked.headers['location'], `/v1/refunds/${asked.body.id as string}`);
    assert.deepEqual(asked.body.lines, [
      { line: 1, amount: 37_500 },
      { line: 2, amount: 62_500 },
    ]);
    const own = await decide(asked.body.id as string, api.first.token, { decision: 'approve' }).expect(403);
    assert.equal(own.body.code, 'refund.same-person');
    const decided = await decide(asked.body.id as string, approver, { decision: 'approve' }).expect(200);
    assert.equal(decided.body.state, 'approved');
    await submitRefunds(world.deps, 10);
    const done = await read(`/v1/refunds/${asked.body.id as string}`).expect(200);
    assert.equal(done.body.state, 'succeeded');
    assert.match(done.body.gateway_refund_id as string, /^GRF/);
    await hasNoDrift(world);
  });

  it('tell their terms before they are asked for, and what stands in the way', async () => {
    const order = await world.paidOrder();
    const path = `/v1/payment-orders/${publicId('po', order.orderId)}/refund-terms`;
    const terms = await read(path).expect(200);
    assert.deepEqual(terms.body, {
      amount_available: Number(WHOLE),
      currency: 'VND',
      route: 'gateway',
      partial: true,
      until: null,
      amount_min: null,
      amount_max: null,
    });
    await ask(order, { ...whole, amount: 100_000 }).expect(201);
    assert.equal((await read(path).expect(200)).body.amount_available, Number(WHOLE) - 100_000);
    const unpaid = await world.openOrder();
    const none = await read(`/v1/payment-orders/${publicId('po', unpaid.orderId)}/refund-terms`).expect(409);
    assert.equal(none.body.code, 'payment-order.not-paid');
  });

  it('sent twice under one key are one; under two keys the second is told what is left', async () => {
    const order = await world.paidOrder();
    const body = { ...whole, amount: 100_000 };
    const first = await ask(order, body, 'refund-1').expect(201);
    const again = await ask(order, body, 'refund-1').expect(201);
    assert.equal(again.body.id, first.body.id);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    const other = await ask(order, body).expect(409);
    assert.equal(other.body.code, 'refund.amount-available-differs');
    assert.equal(other.body.amount_available, Number(WHOLE) - 100_000);
  });

  it('above what is left are 422 and hold nothing', async () => {
    const order = await world.paidOrder();
    const told = await ask(order, { ...whole, amount: Number(WHOLE) + 1 }).expect(422);
    assert.equal(told.body.code, 'refund.amount-exceeds-available');
    await ask(order, whole).expect(201);
  });

  it('name every fault of a request with its pointer', async () => {
    const order = await world.paidOrder();
    const told = await ask(order, { amount: 0, lines: [{ line: 0, amount: 1 }], payment_id: 'pay_1', x: 1 });
    assert.equal(told.status, 400);
    assert.deepEqual(told.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort(), [
      '/amount',
      '/amount_available',
      '/lines/0/line',
      '/payment_id',
      '/reason',
      '/x',
    ]);
    const refund = await ask(order, whole).expect(201);
    const bare = await decide(refund.body.id as string, approver, { decision: 'reject' }).expect(400);
    assert.equal(bare.body.errors[0].pointer, '/note');
  });

  it('need their own scope to be decided', async () => {
    const order = await world.paidOrder();
    const refund = await ask(order, whole).expect(201);
    const token = await api.tokenWith(['refunds:write', 'orders:read']);
    const told = await decide(refund.body.id as string, token, { decision: 'approve' }).expect(403);
    assert.equal(told.body.code, 'access.scope-missing');
  });

  it('leave receipts that name what replaced them, to their agency and to whoever has the code', async () => {
    const order = await world.paidOrder();
    const lines = [{ line: 1, amount: 100_000 }];
    const refund = await ask(order, { ...whole, amount: 100_000, lines }).expect(201);
    await decide(refund.body.id as string, approver, { decision: 'approve' }).expect(200);
    await submitRefunds(world.deps, 10);
    const receipts = await findReceiptsOfOrder(api.database.db, order);
    assert.equal(receipts.length, 3);
    const [voided, , replacement] = receipts;
    const shown = await read(`/v1/receipts/${publicId('rc', voided!.id)}`).expect(200);
    assert.equal(shown.body.state, 'voided');
    assert.equal(shown.body.replaced_by, publicId('rc', replacement!.id));
    assert.equal(shown.body.refund_id, refund.body.id);
    assert.equal(shown.body.content.amount, 300_000);
    const found = await findReceiptByCode(api.database.db, replacement!.verificationCode);
    assert.equal(found?.replacesId, voided!.id);
    assert.equal(found.amount.amountMinor, 200_000n);
    assert.equal(await findReceiptByCode(api.database.db, refund.body.refund_reference as LookupCode), null);
  });

  it('and receipts of one agency are absent for another', async () => {
    const order = await world.paidOrder();
    const refund = await ask(order, { ...whole, amount: 1 }).expect(201);
    const [receipt] = await findReceiptsOfOrder(api.database.db, order);
    const faults = await tenancyFaults({
      app: api.app,
      routes,
      ownerToken: api.first.token,
      strangerToken: api.second.token,
      cases: {
        requestRefund: {
          kind: 'object',
          params: { id: publicId('po', order.orderId) },
          body: { ...whole, amount: 1 },
        },
        getRefundTerms: { kind: 'object', params: { id: publicId('po', order.orderId) } },
        getRefund: { kind: 'object', params: { id: refund.body.id as string } },
        decideRefund: {
          kind: 'object',
          params: { id: refund.body.id as string },
          body: { decision: 'approve' },
        },
        getReceipt: { kind: 'object', params: { id: publicId('rc', receipt!.id) } },
      },
    });
    assert.deepEqual(faults, []);
  });
});
