/** Two agencies' tokens against every route of the whole service; a route without a case fails. */
import assert from 'node:assert/strict';
import { saveMerchantAccount } from '../../src/features/payments/merchant-account-store.ts';
import type { TenantCase } from '../api/tenancy.ts';
import { tenancyFaults } from '../api/tenancy.ts';
import { startTestService, tokenFor, type TestService } from '../support/service.ts';

describe('two agencies at every route', () => {
  let world: TestService;
  before(async () => {
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'vnpay' } });
  });
  after(() => world.stop());

  it('promise 88: what one agency has does not exist for the other', async () => {
    const owner = await world.addAgency('H29');
    await world.addAgency('H30');
    const [order, payment] = await world.orderWithPayment(owner, { dossier: 'H29-261120-7777' });
    await world.decide(payment, { kind: 'approve' });
    await world.assertSound();
    const id = { id: order.publicId };
    const read = async (path: string) => (await owner.call('GET', path)).body;
    const available = (await read(`/v1/payment-orders/${order.publicId}`)).amount_available as number;
    const asked = await owner.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount: 1_000, amount_available: available, reason: 'Nộp thừa' },
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const refund = { id: asked.body.id as string };
    const endpoint = { id: (await read('/v1/webhook-endpoints')).data[0].id as string };
    const unused = await owner.call('POST', '/v1/webhook-endpoints', {
      body: { url: `${world.origin}/sandbox/agency/H29/inbox`, description: 'to be deleted' },
    });
    const toDelete = { id: unused.body.id as string };
    const deliveryWhich = async (status: string): Promise<string> =>
      (await read(`/v1/webhook-deliveries?status=${status}`)).data[0].id as string;
    const [waiting, delivered] = [await deliveryWhich('pending'), await deliveryWhich('delivered')];
    const account = { id: (await read('/v1/ledger/accounts')).data[0].id as string };
    const trail = (await read(`/v1/payment-orders/${order.publicId}/timeline`)).data as {
      kind: string;
      source: string;
    }[];
    const receipt = { id: trail.find(({ kind }) => kind === 'receipt_issued')?.source ?? 'no receipt' };
    const today = new Date(world.clock.now().getTime() + 7 * 3_600_000).toISOString().slice(0, 10);
    const days = `from=${today}&to=${today}`;

    const object = (params: Record<string, string>, body?: object): TenantCase => ({
      kind: 'object',
      params,
      ...(body ? { body } : {}),
    });
    // At a gateway that nothing was paid through: processes remember accounts for some seconds.
    const gateway = { gateway: 'vnpay', code: 'h29', agencyId: owner.agencyId };
    const own = { merchantId: 'H29SHOP1', secrets: [{ hash: 'a-secret-of-H29' }], settings: {} };
    await saveMerchantAccount(world.db, world.service.box, { ...gateway, ...own });
    const cases: Record<string, TenantCase> = {
      createPaymentOrder: { kind: 'no_object', why: 'opens orders for the agency of the token alone' },
      listPaymentOrders: { kind: 'list', marker: order.publicId },
      getPaymentOrder: object(id),
      getPaymentOrderTimeline: object(id),
      cancelPaymentOrder: object(id),
      acknowledgePaymentOrder: object(id),
      getDossierPaymentStatus: {
        kind: 'list',
        marker: order.publicId,
        params: { dossier_code: 'H29-261120-7777' },
      },
      listGateways: { kind: 'list', marker: '"account":"h29"' },
      listFees: { kind: 'no_object', why: 'the fee schedule is public' },
      requestRefund: object(id, { amount: 1_000, amount_available: available, reason: 'Nộp thừa' }),
      getRefundTerms: object(id),
      getRefund: object(refund),
      decideRefund: object(refund, { decision: 'reject', note: 'Không đúng' }),
      getReceipt: object(receipt),
      createWebhookEndpoint: { kind: 'no_object', why: 'adds endpoints to the agency of the token alone' },
      listWebhookEndpoints: { kind: 'list', marker: endpoint.id },
      readWebhookEndpoint: object(endpoint),
      changeWebhookEndpoint: object(endpoint, { description: 'changed' }),
      rotateWebhookSecret: object(endpoint),
      testWebhookEndpoint: object(endpoint),
      deleteWebhookEndpoint: object(toDelete),
      listWebhookDeliveries: { kind: 'list', marker: [waiting, delivered] },
      redeliverWebhook: object({ id: waiting }),
      readEvents: { kind: 'list', marker: order.publicId },
      getTrialBalance: { kind: 'list', marker: 'H29' },
      listLedgerAccounts: { kind: 'list', marker: account.id },
      getAccountStatement: object(account),
      getReconciliation: { kind: 'list', marker: '180000', query: days },
      getCollections: { kind: 'list', marker: '150000', query: days },
    };
    // The list of routes is the one the OpenAPI document is made of, and the document says so.
    const document = (await (await fetch(`${world.origin}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    for (const { path, method } of world.service.routes) {
      assert.ok(method in (document.paths[path] ?? {}), `${method} ${path} is not in the document`);
    }
    assert.deepEqual(
      await tenancyFaults({
        app: world.service.app,
        routes: world.service.routes,
        ownerToken: await tokenFor(world, 'H29'),
        strangerToken: await tokenFor(world, 'H30'),
        cases,
      }),
      [],
    );
    assert.ok(
      (await world.count('audit_log', `action = 'record.not_found'`)) > 0,
      'looks for what is not there are noted',
    );
  });
});
