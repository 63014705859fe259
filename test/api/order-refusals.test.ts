/** Every "no" that asking, paying and reading can meet, over HTTP where it has a call: the code, and where it points. */
import assert from 'node:assert/strict';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { issueClient } from '../../src/features/agencies/issue-client.ts';
import { revokeClient } from '../../src/features/agencies/revoke-client.ts';
import { startPayment } from '../../src/features/payments/start-payment.ts';
import { publicId } from '../../src/domain/kernel/ids.ts';
import { Refusal, type RefusalCode } from '../../src/domain/kernel/refusals.ts';
import { newTestId } from '../support/ids.ts';
import {
  orderBody,
  startTestService,
  type OrderKey,
  type TestAgency,
  type TestService,
} from '../support/service.ts';

const PENALTY = { obligation_type: 'penalty', description: 'Phạt', amount: 500_000 };
const DECISION = { number: '0012345/QĐ-XPHC', issued_on: '2026-10-29', delivered_on: '2026-10-30' };
const CHARGE = { obligation_type: 'charge', description: 'Lệ phí', amount: 150_000 };
const COPY = { obligation_type: 'fee', fee_code: 'CERTIFIED-COPY' };
const TOO_FAR = new Date('2099-01-01T00:00:00Z');

const decided = (decision: object) => ({ ...PENALTY, decision: { ...DECISION, ...decision } });

/** A penalty that late interest makes larger than an order may be. */
function lateBy(days: number, amount: number) {
  const payBy = new Date(Date.UTC(2026, 10, 22 - days)).toISOString().slice(0, 10);
  return { ...PENALTY, amount, decision: { number: '7/QĐ' }, pay_by: payBy };
}

/** What differs from an order that is taken, the code it is refused with, and where the fault is. */
const FAULTS: readonly [RefusalCode, object, string][] = [
  ['payment-order.dossier-required', { dossier_code: undefined }, '/dossier_code'],
  ['payment-order.dossier-code-invalid', { dossier_code: 'H29-261399-0001' }, '/dossier_code'],
  ['payment-order.dossier-not-yours', { dossier_code: 'H55-261120-0001' }, '/dossier_code'],
  ['payment-order.expiry-invalid', { expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
  ['payment-order.expiry-invalid', { expires_at: TOO_FAR.toISOString() }, '/expires_at'],
  ['payment-order.return-url-not-allowed', { return_url: 'https://elsewhere.example/' }, '/return_url'],
  ...[
    'https://agency.example.vn/x\n',
    '\thttps://agency.example.vn/',
    'https://agency.example.vn\\@evil/',
  ].map((returnUrl): [RefusalCode, object, string] => [
    'payment-order.return-url-not-allowed',
    { return_url: returnUrl },
    '/return_url',
  ]),
  ['payment-order.amount-out-of-range', { lines: [lateBy(100, 8_900_000_000_000_000)] }, '/lines'],
  [
    'obligation.dates-contradict',
    { lines: [decided({ issued_on: '2026-12-29', delivered_on: undefined })] },
    '/lines/0/decision/issued_on',
  ],
  [
    'obligation.dates-contradict',
    { lines: [decided({ issued_on: '2026-10-29', delivered_on: '2026-10-28' })] },
    '/lines/0/decision/delivered_on',
  ],
  ['obligation.dates-contradict', { lines: [{ ...decided({}), pay_by: '2006-11-09' }] }, '/lines/0/pay_by'],
  [
    'payment-order.amount-out-of-range',
    {
      lines: [
        { ...CHARGE, amount: 9_000_000_000_000_000 },
        { ...CHARGE, obligation_type: 'other', amount: 1 },
      ],
    },
    '/lines',
  ],
  ['obligation.unknown-type', { lines: [{ ...CHARGE, obligation_type: 'tea' }] }, '/lines/0/obligation_type'],
  [
    'obligation.unknown-type',
    { lines: [{ ...CHARGE, obligation_type: 'late_interest' }] },
    '/lines/0/obligation_type',
  ],
  [
    'obligation.attributes-invalid',
    { lines: [{ ...CHARGE, attributes: { colour: 'red' } }] },
    '/lines/0/attributes/colour',
  ],
  [
    'obligation.reference-required',
    {
      lines: [
        { ...PENALTY, decision: DECISION },
        { ...PENALTY, decision: DECISION },
      ],
    },
    '/lines/1/reference',
  ],
  ['fee-schedule.unknown-fee', { lines: [{ ...COPY, fee_code: 'NO-SUCH-FEE' }] }, '/lines/0/fee_code'],
  ['fee-schedule.amount-differs', { lines: [{ ...COPY, quantity: 3, amount: 50_000 }] }, '/lines/0/amount'],
  ['beneficiary.unknown', { lines: [{ ...CHARGE, beneficiary: 'ELSEWHERE' }] }, '/lines/0/beneficiary'],
];

describe('refusals of orders and payments', () => {
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService();
    agency = await world.addAgency('H29');
    await world.addAgency('H55');
  });
  after(() => world.stop());

  FAULTS.forEach(([code, changes, pointer], index) => {
    it(`${code} points to ${pointer} (${String(index + 1)})`, async () => {
      const before = await world.count('payment_orders');
      const answer = await agency.call('POST', '/v1/payment-orders', {
        body: { ...orderBody('H29'), ...changes },
      });
      assert.equal(answer.status, 422, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.deepEqual(
        answer.body.errors.map((fault: { pointer: string }) => fault.pointer),
        [pointer],
      );
      assert.equal(await world.count('payment_orders'), before, 'nothing was opened');
    });
  });

  it('tells in its own words what is wrong with attributes and metadata', async () => {
    const told = async (changes: object) => {
      const body = { ...orderBody('H29'), ...changes };
      const { errors } = (await agency.call('POST', '/v1/payment-orders', { body })).body;
      return (errors as { pointer: string; detail: string }[]).map(
        ({ pointer, detail }) => `${pointer} ${detail}`,
      );
    };
    const bill = { obligation_type: 'electricity', description: 'Tiền điện', amount: 1_000 };
    assert.deepEqual(await told({ lines: [{ ...bill, attributes: { colour: 'red', bill_id: 1 } }] }), [
      '/lines/0/attributes/bill_id must be text',
      '/lines/0/attributes/customer_code is required',
      '/lines/0/attributes/colour is not a known field',
    ]);
    assert.deepEqual(await told({ metadata: { unit: null, [`k${'e'.repeat(60)}y`]: 1 } }), [
      '/metadata/unit must be text, or a whole number, or true or false',
      `/metadata/k${'e'.repeat(60)}y has a name that must be at most 60 characters long`,
    ]);
    assert.deepEqual(await told({ metadata: { unit: 'x'.repeat(501) } }), [
      '/metadata/unit must be at most 500 characters long',
    ]);
    assert.deepEqual(await told({ payer: { name: '' } }), ['/payer/name must not be empty']);
    assert.deepEqual(await told({ lines: [] }), ['/lines must not be empty']);
  });

  const NOT_THERE: readonly [RefusalCode, string][] = [
    ['payment-order.not-found', `/v1/payment-orders/${publicId('po', newTestId() as never)}`],
    ['payment-order.not-found', '/v1/payment-orders/po_42'],
    ['webhook.endpoint-not-found', '/v1/webhook-endpoints/whe_42'],
    ['refund.not-found', `/v1/refunds/${publicId('rf', newTestId() as never)}`],
    ['receipt.not-found', `/v1/receipts/${publicId('rc', newTestId() as never)}`],
    ['ledger.account-not-found', `/v1/ledger/accounts/${publicId('acc', newTestId() as never)}/statement`],
    ['request.not-found', '/v1/reports/no-such-report'],
  ];
  for (const [code, path] of NOT_THERE) {
    it(`${code} for what is not there`, async () => {
      const answer = await agency.call('GET', path);
      assert.deepEqual([answer.status, answer.body.code], [404, code]);
    });
  }

  it('settlement.batch-not-found for what is not there', async () => {
    const path = `/v1/settlement-batches/${publicId('stb', newTestId() as never)}`;
    const answer = await world.operator('GET', path);
    assert.deepEqual([answer.status, answer.body.code], [404, 'settlement.batch-not-found']);
  });

  it('payment-order.payment-in-flight while the bank may take the money', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    const answer = await cancel(order.publicId);
    assert.deepEqual([answer.status, answer.body.code], [409, 'payment-order.payment-in-flight']);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('payment-order.not-open for an order that is paid, cancelled or expired', async () => {
    const [paid, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    const cancelled = await world.openOrder(agency);
    assert.equal((await cancel(cancelled.publicId)).status, 200);
    for (const order of [paid, cancelled]) {
      const answer = await cancel(order.publicId);
      assert.deepEqual([answer.status, answer.body.code], [409, 'payment-order.not-open']);
      await assert.rejects(start('sandbox', order), isRefusal('payment-order.not-open'));
    }
  });

  it('payment-order.already-open and already-paid for one obligation asked for again', async () => {
    const changes = { dossier: 'H29-261120-9001', lines: [{ ...PENALTY, decision: DECISION }] };
    const order = await world.openOrder(agency, changes);
    const ask = () => agency.call('POST', '/v1/payment-orders', { body: orderBody('H29', changes) });
    const open = await ask();
    assert.deepEqual([open.status, open.body.code], [409, 'payment-order.already-open']);
    assert.equal(open.body.payment_order_id, order.publicId);
    await world.decide(await world.startPayment(order), { kind: 'approve' });
    await world.settleDown();
    const paid = await ask();
    assert.deepEqual([paid.status, paid.body.code], [409, 'payment-order.already-paid']);
  });

  it('payment.gateway-not-available for a bank that is not configured', async () => {
    const order = await world.openOrder(agency);
    await assert.rejects(start('vnpay', order), isRefusal('payment.gateway-not-available'));
  });

  it('payment.amount-outside-gateway for less than the bank takes', async () => {
    const order = await world.openOrder(agency, { lines: [{ ...CHARGE, amount: 1 }] });
    await assert.rejects(start('sandbox', order), isRefusal('payment.amount-outside-gateway'));
  });

  it('payment.not-found for a refund of a payment of another order', async () => {
    const [order, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    const answer = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: {
        amount: 1_000,
        amount_available: 180_000,
        reason: 'Nhầm',
        payment_id: publicId('pay', newTestId() as never),
      },
    });
    assert.deepEqual([answer.status, answer.body.code], [404, 'payment.not-found']);
  });

  it('agency.code-taken, agency.not-found and agency.client-not-found for those who set agencies up', async () => {
    const { db, clock } = world;
    const again = {
      code: 'H29',
      nameVi: 'Khác',
      nameEn: 'Other',
      contactPhone: null,
      returnUrlOrigins: [],
      beneficiaries: [],
      aliases: [],
      demonstration: false,
    };
    await assert.rejects(addAgency({ db, newId: newTestId }, again), isRefusal('agency.code-taken'));
    const client = { agencyCode: 'H00', name: 'Nobody', scopes: [] };
    await assert.rejects(issueClient({ db }, client), isRefusal('agency.not-found'));
    await assert.rejects(revokeClient({ db, clock }, 'client_none'), isRefusal('agency.client-not-found'));
  });

  /** Refusals of the token door, told in the words of OAuth. */
  const grant = { grant_type: 'client_credentials' };
  const OAUTH: readonly [RefusalCode, Record<string, string>, number, string][] = [
    ['access.invalid-client', { ...grant, client_secret: 'wrong' }, 401, 'invalid_client'],
    ['access.scope-not-granted', { ...grant, scope: 'orders:write' }, 400, 'invalid_scope'],
    ['access.grant-not-supported', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ];
  for (const [code, form, status, word] of OAUTH) {
    it(`${code} is ${word} for who asks for a token`, async () => {
      const { clientId, clientSecret } = await issueClient(
        { db: world.db },
        { agencyCode: 'H29', name: 'Reader', scopes: ['orders:read'] },
      );
      const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form });
      const answer = await fetch(`${world.origin}/oauth/token`, { method: 'POST', body });
      assert.deepEqual([answer.status, ((await answer.json()) as { error: string }).error], [status, word]);
    });
  }

  function cancel(id: string) {
    return agency.call('POST', `/v1/payment-orders/${id}/cancel`);
  }

  function start(gateway: string, ...orders: readonly OrderKey[]) {
    return startPayment(world.service.payments, {
      orders: [...orders],
      gateway: gateway,
      locale: 'vi',
      payerIp: '127.0.0.1',
      expected: null,
    });
  }
});

function isRefusal(code: RefusalCode) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, code);
    return true;
  };
}
