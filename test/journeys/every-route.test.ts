/** Every route of the JSON API under bad input: nothing breaks, every refusal is declared and says what to mend. */
import assert from 'node:assert/strict';
import type { ApiRoute } from '../../src/api/route.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import { faultOf } from '../support/answer-checker.ts';
import { BAD_BODIES, BAD_TEXTS, spoiled } from '../support/bad-input.ts';
import { newTestId } from '../support/ids.ts';
import { openApiFaults } from '../support/openapi-faults.ts';
import {
  orderBody,
  startTestService,
  tokenFor,
  type TestAgency,
  type TestService,
} from '../support/service.ts';

interface Example {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Made anew for each request, so that none is refused for having been asked before. */
  readonly body?: () => object;
}

interface Sent {
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Told {
  readonly status: number;
  readonly text: string;
}

describe('every route under bad input', function () {
  this.timeout(120_000);
  let world: TestService;
  let agency: TestAgency;
  let tokens: Readonly<Record<'agency' | 'operator', string>>;
  let examples: Readonly<Record<string, Example>>;
  let statuses: ReadonlyMap<string, readonly string[]>;

  before(async () => {
    world = await startTestService({ env: { LIMIT_API_REQUESTS_PER_MINUTE: '1000000' } });
    agency = await world.addAgency('H29');
    tokens = { agency: await tokenFor(world, 'H29'), operator: await tokenFor(world, null) };
    examples = await exampleOfEach();
    const document: any = openApiDocument(world.service.routes, {
      version: '1',
      publicUrl: 'https://pay.test',
    });
    statuses = new Map(
      world.service.routes.map(({ operationId, path, method }) => [
        operationId,
        Object.keys(document.paths[path][method].responses),
      ]),
    );
  });
  after(() => world.stop());

  /** One call of each operation that is taken, or refused for its state alone. */
  async function exampleOfEach(): Promise<Record<string, Example>> {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    const read = async (path: string) => (await agency.call('GET', path)).body;
    const { amount_available: available } = await read(`/v1/payment-orders/${order.publicId}`);
    const refundBody = {
      amount: 1_000,
      amount_available: available as number,
      reason: 'Nộp thừa',
      lines: [{ line: 1, amount: 1_000 }],
      payment_id: `pay_${payment.id.replaceAll('-', '')}`,
    };
    const refund = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: refundBody,
    });
    const trail = (await read(`/v1/payment-orders/${order.publicId}/timeline`)).data as Record<
      string,
      string
    >[];
    const [endpoint] = (await read('/v1/webhook-endpoints')).data as { id: string; url: string }[];
    const spare = await agency.call('POST', '/v1/webhook-endpoints', { body: { url: endpoint?.url } });
    const [delivery] = (await read('/v1/webhook-deliveries')).data as { id: string }[];
    const [account] = (await read('/v1/ledger/accounts')).data as { id: string }[];
    const id = { id: order.publicId };
    const days = { from: '2026-11-22', to: '2026-11-22', format: 'json' };
    const instants = { from: '2026-11-22T00:00:00Z', to: '2026-11-22T00:00:01Z' };
    const at = (one: string | undefined) => ({ params: { id: one ?? 'missing' } });
    return {
      createPaymentOrder: { body: wholeOrder },
      listPaymentOrders: {
        query: {
          dossier_code: 'H29-261120-0001',
          status: 'open',
          obligation_type: 'fee',
          created_from: '2026-11-22T00:00:00Z',
          created_to: '2026-11-23T00:00:00Z',
          limit: '2',
          after: '',
        },
      },
      getPaymentOrder: { params: id },
      getPaymentOrderTimeline: { params: id },
      cancelPaymentOrder: { params: id },
      acknowledgePaymentOrder: { params: id },
      getDossierPaymentStatus: { params: { dossier_code: 'H29-261120-0001' } },
      listFees: { query: { procedure_code: '2.000815', on: '2026-11-22' } },
      requestRefund: {
        params: id,
        body: () => ({ ...refundBody, amount_available: refundBody.amount_available - 1_000 }),
      },
      getRefundTerms: { params: id },
      requestPlatformRefund: { ...at(refundBody.payment_id), body: () => ({ reason: 'x' }) },
      getRefund: at(refund.body.id as string),
      decideRefund: { ...at(refund.body.id as string), body: () => ({ decision: 'reject', note: 'x' }) },
      getReceipt: at(trail.find(({ kind }) => kind === 'receipt_issued')?.['source']),
      createWebhookEndpoint: {
        body: () => ({ url: endpoint?.url, description: 'x', event_types: ['payment_order.paid'] }),
      },
      listWebhookEndpoints: { query: { limit: '1', after: '' } },
      readWebhookEndpoint: at(endpoint?.id),
      changeWebhookEndpoint: {
        ...at(spare.body.id as string),
        body: () => ({
          url: endpoint?.url,
          description: 'x',
          event_types: ['payment_order.paid'],
          enabled: true,
        }),
      },
      rotateWebhookSecret: at(endpoint?.id),
      testWebhookEndpoint: at(endpoint?.id),
      deleteWebhookEndpoint: at(`whe_${'0'.repeat(32)}`),
      listWebhookDeliveries: { query: { status: 'failed', limit: '1', after: '' } },
      redeliverWebhook: at(delivery?.id),
      readEvents: { query: { limit: '1', after: '' } },
      listGateways: {},
      getTrialBalance: { query: { at: '2026-11-22T00:00:00Z' } },
      listLedgerAccounts: { query: { limit: '1', after: '' } },
      getAccountStatement: { ...at(account?.id), query: { ...instants, limit: '1', after: '' } },
      getReconciliation: { query: days },
      getCollections: { query: days },
      importSettlementFile: {},
      getSettlementBatch: at(`stb_${'0'.repeat(32)}`),
    };
  }

  function wholeOrder(): object {
    return {
      ...orderBody('H29'),
      procedure_code: '2.000815',
      payer: {
        name: 'Nguyễn Văn Minh',
        identity_number: '001099012345',
        email: 'm@example.vn',
        phone: '0912345678',
      },
      lines: [
        { obligation_type: 'fee', fee_code: 'CERTIFIED-COPY', quantity: 3, amount: 60_000 },
        {
          obligation_type: 'penalty',
          description: 'Phạt',
          amount: 500_000,
          decision: { number: newTestId(), issued_on: '2026-10-29', delivered_on: '2026-10-30' },
          pay_by: '2026-11-09',
          reference: 'one',
          beneficiary: 'KBNN',
          budget_chapter: '001',
          budget_sub_item: '2111',
          attributes: {},
        },
      ],
      expires_at: '2026-12-20T16:59:59Z',
      return_url: 'https://agency.example.vn/dossiers/42',
      metadata: { unit: 'x', count: 1, urgent: true },
    };
  }

  function pathOf(row: ApiRoute, { params = {}, query = {} }: Example): string {
    const path = row.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => params[name] ?? 'missing');
    const given = Object.entries(query).filter(([, value]) => value !== '');
    return given.length === 0
      ? path
      : `${path}?${given.map(([name, value]) => `${name}=${value}`).join('&')}`;
  }

  async function send(row: ApiRoute, { path, body, headers = {} }: Sent): Promise<Told> {
    const isOperators = row.kinds?.includes('agency') === false;
    const answer = await fetch(world.origin + path, {
      method: row.method.toUpperCase(),
      headers: {
        authorization: `Bearer ${isOperators ? tokens.operator : tokens.agency}`,
        ...(row.idempotency === 'none' ? {} : { 'idempotency-key': newTestId() }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const told = {
      status: answer.status,
      text: await answer.text(),
      type: answer.headers.get('content-type') ?? '',
    };
    const shown = `${row.operationId} ${path.slice(0, 200)} ${(body ?? '').slice(0, 600)} → ${told.text}`;
    assert.ok(told.status < 500, shown);
    assert.equal(faultOf(row, told), null, shown);
    assert.ok(statuses.get(row.operationId)?.includes(String(told.status)), shown);
    return told;
  }

  /** Whatever is refused changes nothing: there is one row more for each 201, and none besides. */
  async function makesOnlyWhatItSays(table: string, work: () => Promise<readonly Told[]>): Promise<void> {
    const before = await world.count(table);
    const made = (await work()).filter(({ status }) => status === 201);
    assert.equal(await world.count(table), before + made.length);
  }

  it('is in an OpenAPI document that is whole', async () => {
    const document = (await (await fetch(`${world.origin}/openapi.json`)).json()) as object;
    assert.deepEqual(openApiFaults(document), []);
  });

  it('has an example here', () => {
    const known = world.service.routes.map(({ operationId }) => operationId);
    assert.deepEqual(Object.keys(examples).sort(), known.sort());
  });

  it('takes its example, or refuses it for the state of things alone', async () => {
    const late = [
      'cancelPaymentOrder',
      'requestPlatformRefund',
      'deleteWebhookEndpoint',
      'getSettlementBatch',
    ];
    for (const row of world.service.routes) {
      if (row.operationId === 'importSettlementFile') continue;
      const example = examples[row.operationId] ?? {};
      const body = example.body?.();
      const { status, text } = await send(row, {
        path: pathOf(row, example),
        body: body && JSON.stringify(body),
      });
      if (late.includes(row.operationId)) assert.ok(status === 404 || status === 409, text);
      else assert.ok(status < 300, `${row.operationId}: ${text}`);
    }
  });

  it('names the parameter that cannot be read', async () => {
    for (const row of world.service.routes) {
      const example = examples[row.operationId] ?? {};
      const body = example.body && JSON.stringify(example.body());
      for (const text of BAD_TEXTS) {
        for (const name of Object.keys(example.params ?? {})) {
          const params = { ...example.params, [name]: text };
          await send(row, { path: pathOf(row, { ...example, params }), body });
        }
        for (const name of Object.keys(example.query ?? {})) {
          await send(row, {
            path: pathOf(row, { query: { ...example.query, [name]: text }, params: example.params ?? {} }),
          });
        }
      }
      const path = pathOf(row, example);
      const more = path.includes('?') ? '&' : '?';
      for (const extra of ['no_such=1', 'limit=1&limit=2', '__proto__=1']) {
        const { status } = await send(row, { path: `${path}${more}${extra}`, body });
        assert.equal(status, 400, `${row.operationId} ${extra}`);
      }
    }
  });

  it('refuses whole bodies that are none, each in the form of all', async () => {
    for (const row of world.service.routes.filter(({ method }) => method !== 'get')) {
      const path = pathOf(row, examples[row.operationId] ?? {});
      for (const body of BAD_BODIES) {
        const { status } = await send(row, { path, body });
        assert.ok(status >= 400, `${row.operationId} took ${body.slice(0, 40)}`);
      }
      await send(row, { path, body: '{}', headers: { 'content-type': 'text/plain' } });
      await send(row, { path, body: '{}', headers: { 'content-encoding': 'gzip' } });
    }
  });

  const MAKING: readonly [string, string][] = [
    ['createPaymentOrder', 'payment_orders'],
    ['requestRefund', 'refunds'],
    ['createWebhookEndpoint', 'webhook_endpoints'],
    ['changeWebhookEndpoint', 'webhook_endpoints'],
    ['decideRefund', 'refunds'],
    ['requestPlatformRefund', 'refunds'],
  ];
  for (const [operationId, table] of MAKING) {
    it(`${operationId} names every member that cannot be used, and makes nothing of what it refuses`, async () => {
      const row = world.service.routes.find((one) => one.operationId === operationId);
      const example = examples[operationId];
      assert.ok(row && example?.body);
      const { body, ...where } = example;
      await makesOnlyWhatItSays(table, async () => {
        const told: Told[] = [];
        for (const text of spoiled(body))
          told.push(await send(row, { path: pathOf(row, where), body: text }));
        assert.ok(told.filter(({ status }) => status === 400).length > 10);
        return told;
      });
    });
  }

  it('tells events in the form that the document gives them', async () => {
    const row = world.service.routes.find(({ operationId }) => operationId === 'readEvents');
    assert.ok(row);
    const types = new Set<string>();
    for (let after = ''; ;) {
      const { text } = await send(row, { path: `/v1/events?limit=200${after}` });
      const page = JSON.parse(text) as { data: { type: string }[]; has_more: boolean; next_cursor: string };
      for (const { type } of page.data) types.add(type);
      if (!page.has_more) break;
      after = `&after=${page.next_cursor}`;
    }
    for (const type of ['payment_order.opened', 'payment_order.paid', 'receipt.issued', 'refund.requested']) {
      assert.ok(types.has(type), `${type} among ${[...types].join(', ')}`);
    }
  });

  it('breaks at no address beside the API either, and says which methods a callback may have', async () => {
    for (const path of [
      '/%FF',
      '/docs/%FF',
      '/sandbox/agency/%FF/inbox',
      '/gateways/%FF/return/x',
      '/v1/%FF',
    ]) {
      for (const method of ['GET', 'POST']) {
        const { status } = await fetch(world.origin + path, { method });
        assert.ok(status >= 400 && status < 500, `${method} ${path}: ${String(status)}`);
      }
    }
    const callback = `${world.origin}/gateways/sandbox/callback`;
    const put = await fetch(callback, { method: 'PUT' });
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, POST']);
    const large = await fetch(callback, { method: 'POST', body: 'x'.repeat(70_000) });
    assert.deepEqual([large.status, large.headers.get('connection')], [413, 'close']);
  });

  it('keeps the books and every invariant through all of it', () => world.assertSound());
});
