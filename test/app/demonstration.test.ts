/** Seeding the demonstration: complete, and the same however often. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedDemonstration, type DemonstrationDeps } from '../../src/app/demonstration.ts';
import { demonstrationPath } from '../../src/app/demonstration-file.ts';
import { publicId } from '../../src/domain/kernel/ids.ts';
import { dayOf } from '../../src/domain/kernel/time.ts';
import { amountDueOn } from '../../src/domain/orders/payment-order.ts';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { findAgencyByCode, findClientForSignIn } from '../../src/features/agencies/agency-store.ts';
import { listEndpoints } from '../../src/features/agencies/endpoint-store.ts';
import { revokeClient } from '../../src/features/agencies/revoke-client.ts';
import { createOrderOpener } from '../../src/features/orders/create-order.ts';
import { createRegistryReader } from '../../src/features/orders/order-registry.ts';
import { listOrders } from '../../src/features/orders/order-store.ts';
import { query } from '../../src/platform/database.ts';
import { sampleAgency, testSecretBox } from '../support/agency-api.ts';
import { fixedClock } from '../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newTestId } from '../support/ids.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const PUBLIC_URL = 'http://localhost:3000';

describe('the demonstration', () => {
  let database: TestDatabase;
  let dataDir: string;
  let deps: DemonstrationDeps;
  let secrets: [string, string][];

  beforeEach(async () => {
    database = await createTestDatabase();
    dataDir = mkdtempSync(join(tmpdir(), 'demonstration-'));
    secrets = [];
    const { db, hotPool } = database;
    const clock = fixedClock('2026-11-22T02:00:00Z');
    deps = {
      db,
      clock,
      newId: newTestId,
      box: testSecretBox(),
      orders: {
        db,
        clock,
        newId: newTestId,
        registry: createRegistryReader(db),
        opener: createOrderOpener({ hot: hotPool, newId: newTestId, businessTimeZone: ZONE }),
        businessTimeZone: ZONE,
        currency: 'VND',
        checkoutUrl: ({ id }) => `${PUBLIC_URL}/pay/${publicId('po', id)}`,
      },
      registerInbox: (code, secret) => {
        secrets.push([code, secret]);
        return Promise.resolve();
      },
      publicUrl: PUBLIC_URL,
      businessTimeZone: ZONE,
      dataDir,
    };
  });
  afterEach(async () => {
    await database.drop();
    rmSync(dataDir, { recursive: true });
  });

  const fileText = () => readFileSync(demonstrationPath(dataDir), 'utf8');
  const counts = async () => {
    const [row] = await query<Record<string, bigint>>(
      database.db,
      `select (select count(*) from agencies) as agencies, (select count(*) from agency_aliases) as aliases,
              (select count(*) from beneficiaries) as beneficiaries, (select count(*) from api_clients) as clients,
              (select count(*) from beneficiary_rules) as account_rules, (select count(*) from rules) as rules,
              (select count(*) from webhook_endpoints) as endpoints, (select count(*) from payment_orders) as orders,
              (select count(*) from business_days) as days, (select count(*) from fee_items) as fees,
              (select count(*) from idempotency_keys) as keys, (select count(*) from events) as events`,
    );
    return row;
  };

  it('changes nothing the second time, and keeps its clients', async () => {
    const first = await seedDemonstration(deps);
    const [rows, text] = [await counts(), fileText()];
    assert.deepEqual(await seedDemonstration(deps), first);
    assert.deepEqual(await counts(), rows);
    assert.equal(fileText(), text);
    assert.deepEqual(secrets.slice(3), secrets.slice(0, 3));
  });

  it('writes demo.json for its owner alone, with the keys the contract names', async () => {
    await seedDemonstration(deps);
    assert.equal(statSync(demonstrationPath(dataDir)).mode & 0o777, 0o600);
    const demo = JSON.parse(fileText()) as Record<string, unknown> & { agencies: Record<string, unknown>[] };
    assert.deepEqual(Object.keys(demo), ['base_url', 'agencies', 'operator', 'checkout_url', 'docs_url']);
    assert.deepEqual(
      demo.agencies.map(({ code }) => code),
      ['H29', 'G22', 'H55'],
    );
    for (const agency of demo.agencies) {
      const inbox = `${PUBLIC_URL}/sandbox/agency/${String(agency['code'])}/inbox`;
      assert.equal(agency['webhook_inbox_url'], inbox);
      assert.deepEqual(Object.keys(agency), [
        'code',
        'name',
        'client_id',
        'client_secret',
        'approver',
        'webhook_inbox_url',
      ]);
    }
  });

  it('gives the right to ask for a refund and the right to approve it to two clients', async () => {
    const demo = await seedDemonstration(deps);
    const scopesOf = async (id: string) => (await findClientForSignIn(database.db, id))?.client.scopes ?? [];
    for (const { client_id: asks, approver } of demo.agencies) {
      assert.ok((await scopesOf(asks)).includes('refunds:write'));
      assert.ok(!(await scopesOf(asks)).includes('refunds:approve'));
      assert.deepEqual(await scopesOf(approver.client_id), ['orders:read', 'refunds:approve']);
    }
    assert.deepEqual(await scopesOf(demo.operator.client_id), ['reports:read', 'settlement:write']);
  });

  it('has orders that wait: two fee lines, several of one thing, a penalty twelve days late', async () => {
    const demo = await seedDemonstration(deps);
    const due: Record<string, { lines: number; amount: bigint }> = {};
    for (const { code } of demo.agencies) {
      const agency = await findAgencyByCode(database.db, code);
      assert.ok(agency);
      const [order] = await listOrders(database.db, { agencyId: agency.id, limit: 10 });
      assert.ok(order);
      const amount = amountDueOn(order, dayOf(deps.clock.now(), ZONE)).amountMinor;
      due[code] = { lines: order.lines.length, amount };
    }
    assert.deepEqual(due, {
      H29: { lines: 2, amount: 190_000n },
      G22: { lines: 1, amount: 600_000n },
      H55: { lines: 1, amount: 503_000n },
    });
  });

  it('issues a new client in place of one that was revoked, and leaves the others', async () => {
    const first = await seedDemonstration(deps);
    const [revoked] = first.agencies;
    assert.ok(revoked);
    await revokeClient(deps, revoked.client_id);
    const second = await seedDemonstration(deps);
    assert.notEqual(second.agencies[0]?.client_id, revoked.client_id);
    assert.deepEqual(second.agencies[0]?.approver, revoked.approver);
    assert.deepEqual(second.agencies.slice(1), first.agencies.slice(1));
    assert.deepEqual(second.operator, first.operator);
  });

  it('issues new clients when demo.json is lost or cannot be read', async () => {
    const first = await seedDemonstration(deps);
    writeFileSync(demonstrationPath(dataDir), '{"base_url":');
    const second = await seedDemonstration(deps);
    assert.notEqual(second.operator.client_id, first.operator.client_id);
    assert.ok(await findClientForSignIn(database.db, second.operator.client_id));
  });

  it('follows the service to another port with the same clients and the same endpoints', async () => {
    const first = await seedDemonstration(deps);
    const moved = await seedDemonstration({ ...deps, publicUrl: 'http://localhost:4000' });
    assert.equal(moved.base_url, 'http://localhost:4000');
    assert.equal(moved.agencies[0]?.client_id, first.agencies[0]?.client_id);
    for (const { code } of moved.agencies) {
      const agency = await findAgencyByCode(database.db, code);
      assert.ok(agency);
      const endpoints = await listEndpoints(database.db, { agencyId: agency.id, after: null, limit: 5 });
      assert.deepEqual(
        endpoints.map(({ url }) => url),
        [`http://localhost:4000/sandbox/agency/${code}/inbox`],
      );
    }
  });

  it('keeps its hands off an agency that is a real one', async () => {
    await addAgency(deps, { ...sampleAgency('H55'), demonstration: false });
    await assert.rejects(seedDemonstration(deps), /Agency H55 is here already/);
    const { clients, fees } = (await counts()) ?? {};
    assert.deepEqual({ clients, fees }, { clients: 0n, fees: 0n });
  });
});
