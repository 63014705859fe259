/** How gateways are doing, as operators see it on the page and by the API, and what agencies are told. */
import assert from 'node:assert/strict';
import { SCOPES } from '../../src/domain/agencies/api-client.ts';
import { issueClient } from '../../src/features/agencies/issue-client.ts';
import { insertMaintenance } from '../../src/features/payments/gateway-settings-store.ts';
import { changeAgencyGateway } from '../../src/features/payments/manage-gateways.ts';
import { startPayment } from '../../src/features/payments/start-payment.ts';
import { newTestId } from '../support/ids.ts';
import { startTestService, type TestAgency, type TestService } from '../support/service.ts';

describe('how gateways are doing', () => {
  let world: TestService;
  let agency: TestAgency;
  let basic: string;

  before(async () => {
    world = await startTestService();
    agency = await world.addAgency('H29');
    const given = { agencyCode: null, name: 'Operator', scopes: SCOPES };
    const { clientId, clientSecret } = await issueClient({ db: world.db }, given);
    basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const [, payment] = await world.orderWithPayment(agency);
    await world.decide(payment, { kind: 'approve' });
    await world.bank.callbacks.pump();
  });
  after(() => world.stop());

  const page = async (lang: 'vi' | 'en' = 'vi'): Promise<string> =>
    (
      await fetch(`${world.origin}/console/gateways?lang=${lang}`, { headers: { authorization: basic } })
    ).text();
  const told = async (who: 'agency' | 'operator') => {
    const answer = await (who === 'agency'
      ? agency.call('GET', '/v1/gateways')
      : world.operator('GET', '/v1/gateways'));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data as Record<string, unknown>[];
  };

  async function breakTheBank(): Promise<void> {
    await world.bank.setSwitch('refuse_orders', 5);
    for (let payer = 0; payer < 5; payer += 1) {
      const { agencyId, id } = await world.openOrder(agency);
      await startPayment(world.service.payments, {
        orders: [{ agencyId, id }],
        gateway: 'sandbox',
        locale: 'vi',
        payerIp: '127.0.0.1',
        expected: null,
      });
    }
    await world.service.health.flush();
  }

  it('needs the sign-in of the console', async () => {
    assert.equal((await fetch(`${world.origin}/console/gateways`)).status, 401);
  });

  it('is normal while calls are answered: figures, and when the last message came', async () => {
    await world.service.health.flush();
    const html = await page();
    assert.match(html, /Tình trạng các cổng thanh toán/);
    assert.match(html, /Bình thường/);
    assert.match(html, /100%/);
    assert.doesNotMatch(html, /chưa có/);
    assert.match(await page('en'), /How the gateways are doing.*Normal/s);
    const [sandbox] = await told('operator');
    const health = sandbox?.['health'] as Record<string, unknown>;
    assert.equal(health['circuit'], 'closed');
    assert.equal((health['hour'] as Record<string, unknown>)['success_ppm'], 1_000_000);
    assert.equal(health['last_callback_at'], world.clock.now().toISOString());
  });

  it('tells an agency what concerns its payers, with its own limits, and nothing of rates', async () => {
    const key = { agencyCode: 'H29', gateway: 'sandbox' };
    const { db, clock } = world;
    const deps = { db, clock, newId: newTestId, gateways: ['sandbox'], actor: 'staff:test' };
    await changeAgencyGateway(deps, key, { amountMax: 2_000_000n });
    world.service.standings.forget();
    assert.deepEqual(await told('agency'), [
      {
        gateway: 'sandbox',
        availability: 'available',
        until: null,
        account: 'platform',
        currency: 'VND',
        amount_min: 1_000,
        amount_max: 2_000_000,
        health: null,
      },
    ]);
    await changeAgencyGateway(deps, key, { offered: false });
    world.service.standings.forget();
    assert.deepEqual(await told('agency'), []);
    assert.equal((await told('operator')).length, 1);
    await changeAgencyGateway(deps, key, { offered: true, amountMax: null });
    world.service.standings.forget();
  });

  it('says since when a gateway is down, why, and when it is tried again; metrics say it too', async () => {
    await breakTheBank();
    const html = await page();
    assert.match(html, /Gián đoạn từ/);
    assert.match(html, /Không khởi tạo được giao dịch\. Thử lại lúc/);
    assert.match(await page('en'), /Payments cannot be started\. Tried again at/);
    assert.equal((await told('agency'))[0]?.['availability'], 'failing');
    const [sandbox] = await told('operator');
    assert.equal((sandbox?.['health'] as Record<string, unknown>)['circuit'], 'open');
    await world.turn('measure');
    const metrics = await (await fetch(`${world.origin}/metrics`)).text();
    assert.match(metrics, /gateway_hidden\{gateway="sandbox",why="failing"\} 1/);
    assert.match(metrics, /gateway_success_ratio\{gateway="sandbox"\} 0\.\d+/);
    assert.match(metrics, /gateway_last_callback_age_seconds\{gateway="sandbox"\} 0/);
    assert.match(
      metrics,
      /gateway_call_seconds_count\{gateway="sandbox",operation="start",failed="true"\} 5/,
    );
  });

  it('shows maintenance, planned and under way, with its note in the language of the page', async () => {
    const now = world.clock.now().getTime();
    await insertMaintenance(world.db, {
      id: newTestId(),
      gateway: 'sandbox',
      startsAt: new Date(now - 60_000),
      endsAt: new Date(now + 3_600_000),
      note: { vi: 'Nâng cấp.', en: 'Upgrade.' },
    });
    world.service.standings.forget();
    assert.match(await page(), /Bảo trì đến .*Nâng cấp\./s);
    assert.match(await page('en'), /Maintenance until .*Upgrade\./s);
    const [entry] = await told('agency');
    assert.equal(entry?.['availability'], 'maintenance');
    assert.equal(entry['until'], new Date(now + 3_600_000).toISOString());
  });

  it('forgets figures after two days, and keeps what is younger', async () => {
    const before = await world.count('gateway_minutes');
    assert.ok(before > 0);
    world.pass({ days: 1 });
    await world.turn('purge-gateway-minutes');
    assert.equal(await world.count('gateway_minutes'), before);
    world.pass({ days: 1, minutes: 2 });
    await world.turn('purge-gateway-minutes');
    assert.equal(await world.count('gateway_minutes'), 0);
  });
});
