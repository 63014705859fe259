/** Agencies' own accounts: who may have which, what they start, and secrets that change without a pause. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Refusal } from '../../../src/domain/kernel/refusals.ts';
import {
  addMaintenance,
  changeAgencyGateway,
  removeMaintenance,
  type ManageGatewaysDeps,
} from '../../../src/features/payments/manage-gateways.ts';
import {
  addMerchantAccount,
  readHandedSecrets,
  retireMerchantSecrets,
  rotateMerchantSecrets,
  setMerchantAccountEnabled,
  type AddAccount,
  type ManageAccountsDeps,
} from '../../../src/features/payments/manage-merchant-accounts.ts';
import { startPayment } from '../../../src/features/payments/start-payment.ts';
import type { GatewayAdapter, MerchantAccount } from '../../../src/gateways/gateway-adapter.ts';
import { createRegistry } from '../../../src/gateways/registry.ts';
import { query } from '../../../src/platform/database.ts';
import { runScript } from '../../support/child-process.ts';
import { newTestId } from '../../support/ids.ts';
import { notice, send } from '../../support/notices.ts';
import {
  SANDBOX_SECRET,
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestService,
} from '../../support/service.ts';
import { until } from '../../support/until.ts';

const OLD = 'the-first-secret-of-H29';
const NEW = 'the-second-secret-of-H29';

const KEY = { gateway: 'sandbox', code: 'h29' };
const ACCOUNT: AddAccount = {
  ...KEY,
  agencyCode: 'H29',
  merchantId: 'H29-SHOP',
  secrets: { signing: OLD },
  settings: {},
  feeBearer: 'agency',
};

describe("agencies' accounts at gateways", () => {
  let world: TestService;
  let agency: TestAgency;
  let other: TestAgency;
  let accounts: ManageAccountsDeps;
  let gateways: ManageGatewaysDeps;

  beforeEach(async () => {
    world = await startTestService({ env: { LOG_LEVEL: 'trace' } });
    agency = await world.addAgency('H29');
    other = await world.addAgency('G01');
    const { db, clock } = world;
    const adapter = world.service.payments.gateways.get('sandbox') ?? assert.fail();
    const platformAccount =
      (await world.service.payments.merchantAccounts('sandbox', 'platform')) ?? assert.fail();
    const registry = createRegistry([{ adapter, platformAccount }]);
    accounts = {
      db,
      newId: newTestId,
      box: world.service.box,
      accountFaults: registry.accountFaults,
      actor: 'staff:test',
    };
    gateways = { db, clock, newId: newTestId, gateways: ['sandbox'], actor: 'staff:test' };
  });
  afterEach(() => world.stop());

  const isRefused = (code: string, words: RegExp) => (error: unknown) =>
    error instanceof Refusal && error.code === code && words.test(error.message);
  const notUsable = (words: RegExp) => isRefused('merchant-account.not-usable', words);

  /** Starts at the sandbox gateway and tells which account it was started with. */
  async function accountOf(...orders: TestOrder[]): Promise<string> {
    const used: MerchantAccount[] = [];
    const sandbox = world.service.payments.gateways.get('sandbox') ?? assert.fail();
    const adapter: GatewayAdapter = {
      ...sandbox,
      startPayment({ account, startedAt }) {
        used.push(account);
        const expiresAt = new Date(startedAt.getTime() + 900_000);
        return Promise.resolve({ kind: 'redirect', url: `${world.origin}/x`, expiresAt });
      },
    };
    world.service.standings.forget();
    const started = await startPayment(
      { ...world.service.payments, gateways: { get: () => adapter, enabled: () => [adapter] } },
      {
        orders: orders.map(({ agencyId, id }) => ({ agencyId, id })),
        gateway: 'sandbox',
        locale: 'vi',
        payerIp: '127.0.0.1',
        expected: null,
      },
    );
    assert.equal(started.kind, 'handed_off');
    return `${used[0]?.code ?? 'none'} ${used[0]?.merchantId ?? ''}`;
  }

  const unavailable = (reason: string) => (error: unknown) =>
    error instanceof Refusal && error.facts['reason'] === reason;

  for (const [what, changes, words] of [
    ['a code that belongs to the platform', { code: 'platform' }, /cannot be an account's code/],
    ['a code that no path could hold', { code: 'a/b' }, /cannot be an account's code/],
    ['a gateway that is not enabled', { gateway: 'momo' }, /No gateway "momo" is enabled/],
    ['no merchant id', { merchantId: '' }, /merchant id is empty/],
    ["the platform's merchant id", { merchantId: 'DVC-SANDBOX' }, /that of account platform/],
    [
      'a secret that is missing',
      { secrets: {} },
      /secret "signing" is missing: gateway sandbox needs signing/,
    ],
    ['a secret of another name', { secrets: { signing: OLD, key: OLD } }, /There is no secret "key"/],
    ['a secret with a line after it', { secrets: { signing: `${OLD}\n` } }, /begins or ends with a space/],
    ['a secret that is the merchant id', { secrets: { signing: 'H29-SHOP' } }, /is the merchant id/],
    ['a secret too short', { secrets: { signing: 'abc' } }, /too short/],
    ['a setting the gateway has not', { settings: { terminal: '1' } }, /There is no setting "terminal"/],
  ] as const) {
    it(`refuses ${what} in a clear sentence that shows no secret, and adds nothing`, async () => {
      await assert.rejects(addMerchantAccount(accounts, { ...ACCOUNT, ...changes }), (error: Error) => {
        assert.ok(notUsable(words)(error), error.message);
        assert.match(error.message, /Nothing was changed\.$/);
        assert.ok(!error.message.includes(OLD));
        return true;
      });
      assert.equal(await world.count('merchant_accounts'), 1);
    });
  }

  it('refuses an agency that is not there, an account twice, and one that is not there', async () => {
    const nobody = { ...ACCOUNT, agencyCode: 'X' };
    await assert.rejects(addMerchantAccount(accounts, nobody), isRefused('agency.not-found', /X/));
    await addMerchantAccount(accounts, ACCOUNT);
    await assert.rejects(addMerchantAccount(accounts, ACCOUNT), notUsable(/exists at sandbox already/));
    const gone = { gateway: 'sandbox', code: 'gone' };
    await assert.rejects(
      retireMerchantSecrets(accounts, gone),
      isRefused('merchant-account.not-found', /no account gone at gateway sandbox/),
    );
  });

  it('lets an agency take money through its own account, and several agencies through the platform alone', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    assert.equal(await accountOf(await world.openOrder(agency)), 'h29 H29-SHOP');
    assert.equal(await accountOf(await world.openOrder(other)), 'platform DVC-SANDBOX');
    const shared = [await world.openOrder(agency), await world.openOrder(other)];
    assert.equal(await accountOf(...shared), 'platform DVC-SANDBOX');
  });

  it('starts nothing through an account that is switched off, nor through the platform instead, until told so', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    await setMerchantAccountEnabled(accounts, KEY, { enabled: false });
    const order = await world.openOrder(agency);
    await assert.rejects(accountOf(order), unavailable('unavailable'));
    const path = `/pay/${world.service.links.tokenOf({ kind: 'order', agencyId: order.agencyId, id: order.id })}`;
    assert.match(await (await fetch(world.origin + path)).text(), /đang gián đoạn\.</);
    await changeAgencyGateway(gateways, { agencyCode: 'H29', gateway: 'sandbox' }, { account: 'platform' });
    assert.equal(await accountOf(order), 'platform DVC-SANDBOX');
  });

  it('still takes callbacks of what was started through an account that is switched off', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    await setMerchantAccountEnabled(accounts, KEY, { enabled: false });
    assert.equal(await statusUnder(OLD), 200);
  });

  it('does not show a method that the agency does not offer, and refuses its start, also of a shared payment', async () => {
    await changeAgencyGateway(gateways, { agencyCode: 'H29', gateway: 'sandbox' }, { offered: false });
    const [order, others] = [await world.openOrder(agency), await world.openOrder(other)];
    await assert.rejects(accountOf(order), unavailable('not_offered'));
    await assert.rejects(accountOf(order, others), unavailable('not_offered'));
    const path = `/pay/${world.service.links.tokenOf({ kind: 'order', agencyId: order.agencyId, id: order.id })}`;
    assert.doesNotMatch(
      await (await fetch(world.origin + path)).text(),
      /class="method(?!s)|value="sandbox"/,
    );
    assert.equal(await accountOf(others), 'platform DVC-SANDBOX');
  });

  it("keeps to an agency's limits, on the page and at the start", async () => {
    const key = { agencyCode: 'H29', gateway: 'sandbox' };
    await changeAgencyGateway(gateways, key, { amountMax: 100_000n });
    const order = await world.openOrder(agency);
    assert.ok(order.amount > 100_000n);
    await assert.rejects(
      accountOf(order),
      (error) => error instanceof Refusal && error.code === 'payment.amount-outside-gateway',
    );
    const path = `/pay/${world.service.links.tokenOf({ kind: 'order', agencyId: order.agencyId, id: order.id })}`;
    assert.match(await (await fetch(world.origin + path)).text(), /nhận tối đa 100\.000/);
    const none = { amountMax: 1n, amountMin: 2n };
    await assert.rejects(
      changeAgencyGateway(gateways, key, none),
      isRefused('gateway.settings-not-usable', /least amount is above the most/),
    );
    await changeAgencyGateway(gateways, key, { amountMax: null });
    assert.equal(await accountOf(order), 'platform DVC-SANDBOX');
  });

  it('plans and takes back maintenance, and refuses windows that make no sense', async () => {
    const now = world.clock.now().getTime();
    const window = (fromHours: number, hours: number) => ({
      gateway: 'sandbox',
      startsAt: new Date(now + fromHours * 3_600_000),
      endsAt: new Date(now + (fromHours + hours) * 3_600_000),
      note: null,
    });
    const refused = (words: RegExp) => isRefused('gateway.settings-not-usable', words);
    await assert.rejects(addMaintenance(gateways, window(1, 0)), refused(/end after it begins/));
    await assert.rejects(addMaintenance(gateways, window(-2, 1)), refused(/has ended already/));
    await assert.rejects(addMaintenance(gateways, window(1, 24 * 366)), refused(/is the year right/));
    await assert.rejects(
      addMaintenance(gateways, { ...window(1, 1), gateway: 'x' }),
      refused(/there is sandbox/),
    );
    const id = await addMaintenance(gateways, window(-1, 2));
    const order = await world.openOrder(agency);
    await assert.rejects(accountOf(order), unavailable('maintenance'));
    await removeMaintenance(gateways, id);
    await assert.rejects(removeMaintenance(gateways, id), refused(/no maintenance window/));
    assert.equal(await accountOf(order), 'platform DVC-SANDBOX');
    assert.equal(await world.count('audit_log', `action like 'gateway.maintenance-%'`), 2);
  });

  /** What a notice signed with a secret is answered at the agency's own door; what it says is of no interest there. */
  async function statusUnder(secret: string): Promise<number> {
    const told = notice(world, [{ type: 'balance' }], { secret, merchantId: 'H29-SHOP' });
    return (await send(world, told, '/gateways/sandbox/h29/callback')).status;
  }

  it('changes secrets without a pause: old and new are believed while both are valid, the old no more once retired', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    assert.equal(await statusUnder(OLD), 200);
    assert.equal(await statusUnder(NEW), 401);
    await rotateMerchantSecrets(accounts, KEY, { signing: NEW });
    await until(async () => (await statusUnder(NEW)) === 200, 'the new secret', 6_000);
    assert.equal(await statusUnder(OLD), 200);
    const account = await world.service.payments.merchantAccounts('sandbox', 'h29');
    assert.deepEqual(account?.secrets, [{ signing: NEW }, { signing: OLD }], 'we sign with the newest');
    await retireMerchantSecrets(accounts, KEY);
    await until(async () => (await statusUnder(OLD)) === 401, 'the old secret', 6_000);
    assert.equal(await statusUnder(NEW), 200);
    const ours = notice(world, [{ type: 'balance' }], { secret: SANDBOX_SECRET, merchantId: 'H29-SHOP' });
    assert.equal(
      (await send(world, ours, '/gateways/sandbox/h29/callback')).status,
      401,
      'of another account',
    );
  }).timeout(20_000);

  it('allows two sets of secrets, none the same, and leaves the platform to its variables', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    await assert.rejects(retireMerchantSecrets(accounts, KEY), notUsable(/one set of secrets only/));
    await assert.rejects(
      rotateMerchantSecrets(accounts, KEY, { signing: OLD }),
      notUsable(/are the secrets it has/),
    );
    await assert.rejects(rotateMerchantSecrets(accounts, KEY, { signing: 'x' }), notUsable(/too short/));
    await rotateMerchantSecrets(accounts, KEY, { signing: NEW });
    const third = { signing: 'the-third-secret-of-H29' };
    await assert.rejects(
      rotateMerchantSecrets(accounts, KEY, third),
      notUsable(/retire the older one first/),
    );
    const platform = { gateway: 'sandbox', code: 'platform' };
    await assert.rejects(rotateMerchantSecrets(accounts, platform, third), notUsable(/X_PREVIOUS/));
  });

  it('lets one of two rotations at once through', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    const both = await Promise.allSettled(
      ['the-second-secret-A', 'the-second-secret-B'].map((signing) =>
        rotateMerchantSecrets(accounts, KEY, { signing }),
      ),
    );
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('reads secrets as people hand them in, and quotes none that cannot be read', () => {
    assert.deepEqual(readHandedSecrets(`${OLD}\n`, ['signing']), { signing: OLD });
    assert.deepEqual(readHandedSecrets('{"a": "1", "b": "2"}', ['a', 'b']), { a: '1', b: '2' });
    for (const text of [`{"a": "${OLD}`, `{"a": ["${OLD}"]}`, OLD]) {
      assert.throws(
        () => readHandedSecrets(text, ['a', 'b']),
        (error: Error) => !error.message.includes(OLD) && /must be|cannot be read/.test(error.message),
      );
    }
  });

  it('shows its secrets nowhere: not in the log, on pages, in metrics, answers or any readable column', async () => {
    await addMerchantAccount(accounts, ACCOUNT);
    await rotateMerchantSecrets(accounts, KEY, { signing: NEW });
    await statusUnder(OLD);
    await statusUnder('forged');
    const [order, payment] = await world.orderWithPayment(other);
    await world.bank.setSwitch('refuse_orders', 1);
    await world.startPayment(await world.openOrder(other));
    await world
      .openOrder(agency)
      .then((own) => world.startPayment(own))
      .catch(() => undefined);
    await world.decide(payment, { kind: 'approve' });
    await world.settleDown();
    await world.service.health.flush();
    const seen = [world.complaints.join('')];
    const token = world.service.links.tokenOf({ kind: 'order', agencyId: order.agencyId, id: order.id });
    for (const path of [`/pay/${token}`, '/metrics', '/readyz', '/openapi.json']) {
      seen.push(await (await fetch(world.origin + path)).text());
    }
    const tables = await query<{ name: string }>(
      world.database.ownerDb,
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema in ('public', 'stand_in') and table_type = 'BASE TABLE'`,
    );
    assert.ok(tables.length > 40);
    for (const { name } of tables) {
      const rows = await query<{ text: string }>(
        world.database.ownerDb,
        `select t::text as text from ${name} t`,
      );
      seen.push(rows.map(({ text }) => text).join('\n'));
    }
    const all = seen.join('\n');
    assert.match(all, /H29-SHOP/, 'what may be seen was looked at');
    for (const secret of [OLD, NEW, SANDBOX_SECRET]) {
      for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const) {
        assert.ok(!all.includes(Buffer.from(secret).toString(form)), `${secret} as ${form}`);
      }
    }
  });

  it('is done by commands that take secrets from standard input and print none', async () => {
    const run = (script: string, args: readonly string[], input = '') =>
      runScript(join('scripts', script), { args, input, env: world.env });
    const named = ['--gateway', 'sandbox', '--code', 'h29'];
    const add = ['add', ...named, '--agency', 'H29', '--merchant-id', 'H29-SHOP', '--fee-bearer', 'agency'];
    const added = await run('merchant-account.ts', add, `${OLD}\n`);
    assert.equal(added.code, 0, added.text);
    assert.match(added.text, /gateways\/sandbox\/h29\/callback/);
    const again = await run('merchant-account.ts', add, OLD);
    assert.equal(again.code, 1);
    assert.match(again.text, /exists at sandbox already/);
    const listed = await run('merchant-account.ts', ['list']);
    assert.match(listed.text, /sandbox\/h29 {2}enabled {3}H29 {2}H29-SHOP {2}fee: agency/);
    const offer = ['offer', '--agency', 'H29', '--gateway', 'sandbox', '--max', '5000000'];
    assert.match(
      (await run('gateway.ts', offer)).text,
      /H29 offers sandbox \(no least, 5000000 most; account: own\)/,
    );
    assert.match((await run('gateway.ts', ['status'])).text, /^sandbox {2}circuit closed/m);
    for (const { text } of [added, again, listed]) assert.ok(!text.includes(OLD));
  }).timeout(60_000);
});
