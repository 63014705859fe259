/** Another SECRETS_KEY: everything is sealed anew beside the running service, and the older keys can go. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { listSealedColumns } from '../../db/stored-tables.ts';
import { countSealed, resealSecrets } from '../../src/app/reseal-secrets.ts';
import { SEALED_COLUMNS } from '../../src/app/sealed-columns.ts';
import { findMerchantAccount } from '../../src/features/payments/merchant-account-store.ts';
import { payoutsToMake } from '../../src/features/refunds/payouts.ts';
import { query } from '../../src/platform/database.ts';
import { createSecretBox, type SecretBox } from '../../src/platform/secret-box.ts';
import { Secret } from '../../src/platform/secret.ts';
import { runScript } from '../support/child-process.ts';
import { connected, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { orderBody, startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const KEY = (filler: number): string => Buffer.alloc(32, filler).toString('base64');
const named = (id: string, filler: number) => ({ id, key: new Secret(KEY(filler)) });
const [OLDEST, OLD, NOW] = [named('oldest', 1), named('old', 2), named('now', 3)];

describe('sealing anew', () => {
  let test: TestDatabase;
  const box = createSecretBox({ current: NOW, previous: [OLD, OLDEST] });

  beforeEach(async () => {
    test = await createTestDatabase();
  });
  afterEach(() => test.drop());

  /** Keys of access tokens, as many as are asked for; the row's id tells what is sealed in it. */
  async function seal(by: SecretBox, ...kids: readonly string[]): Promise<void> {
    for (const kid of kids) {
      await query(
        test.db,
        `insert into signing_keys (kid, public_jwk, private_key_box) values (:kid, '{}', :sealed)`,
        { kid, sealed: by.seal(`secret of ${kid}`, `signing_keys:${kid}`) },
      );
    }
  }
  const boxes = async (): Promise<Map<string, string>> => {
    const rows = await query<{ kid: string; sealed: string }>(
      test.db,
      'select kid, private_key_box as sealed from signing_keys order by kid',
    );
    return new Map(rows.map(({ kid, sealed }) => [kid, sealed]));
  };
  const under = (key: typeof NOW) => createSecretBox({ current: key, previous: null });

  it('knows every sealed column there is', async () => {
    const found = await listSealedColumns(test.db);
    assert.deepEqual(
      SEALED_COLUMNS.map(({ table, column }) => `public.${table}.${column}`).sort(),
      found.map(({ table, column }) => `${table}.${column}`).sort(),
    );
    for (const { table, key } of SEALED_COLUMNS) {
      const [row] = await query<{ key: string[] }>(
        test.db,
        `select array_agg(a.attname::text order by k.place) as key
         from pg_index i cross join unnest(i.indkey) with ordinality k(number, place)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
         where i.indrelid = :table::regclass and i.indisprimary`,
        { table },
      );
      assert.deepEqual(key, row?.key, `the key of ${table}`);
    }
  });

  it('opens what any older key sealed, more than a step of it, and leaves what is sealed by the key of today', async () => {
    const many = Array.from({ length: 450 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    await seal(under(OLD), ...many);
    await seal(under(OLDEST), 'oldest');
    await seal(under(NOW), 'today');
    const before = await boxes();
    assert.deepEqual(await resealSecrets({ db: test.db, box }), { resealed: 451, unreadable: [] });
    const after = await boxes();
    assert.equal(after.get('today'), before.get('today'));
    for (const [kid, sealed] of after) {
      assert.equal(under(NOW).open(sealed, `signing_keys:${kid}`), `secret of ${kid}`);
    }
    assert.deepEqual(await resealSecrets({ db: test.db, box }), { resealed: 0, unreadable: [] });
  });

  it('counts by key, and changes nothing, when only asked what there is to do', async () => {
    await seal(under(OLD), 'a', 'b');
    await seal(under(NOW), 'c');
    const before = await boxes();
    const column = { table: 'signing_keys', column: 'private_key_box' };
    assert.deepEqual(await countSealed(test.db), [
      { ...column, keyId: 'now', count: 1 },
      { ...column, keyId: 'old', count: 2 },
    ]);
    assert.deepEqual(await boxes(), before);
  });

  it('passes by what no key opens, names it, and does the rest', async () => {
    await seal(under(OLD), 'a', 'c');
    await seal(under(named('lost', 9)), 'b');
    await query(
      test.db,
      `insert into signing_keys (kid, public_jwk, private_key_box) values ('d', '{}', 'no box')`,
    );
    assert.deepEqual(await resealSecrets({ db: test.db, box }), {
      resealed: 2,
      unreadable: ['signing_keys:b', 'signing_keys:d'],
    });
    const after = await boxes();
    assert.ok(after.get('b')?.startsWith('v1.lost.'));
    assert.equal(after.get('d'), 'no box');
  });

  it('goes on where a run was cut short', async () => {
    await seal(
      under(OLD),
      ...Array.from({ length: 250 }, (_, index) => `k${String(index).padStart(3, '0')}`),
    );
    let sealed = 0;
    const failing: SecretBox = {
      ...box,
      seal(text, context) {
        sealed += 1;
        if (sealed > 230) throw new Error('cut short');
        return box.seal(text, context);
      },
    };
    await assert.rejects(resealSecrets({ db: test.db, box: failing }), /cut short/);
    const left = [...(await boxes()).values()].filter((one) => one.startsWith('v1.old.')).length;
    assert.ok(left > 0 && left < 250, String(left));
    assert.equal((await resealSecrets({ db: test.db, box })).resealed, left);
  });

  it('never writes over what was changed meanwhile', async () => {
    await seal(under(OLD), 'a', 'b');
    const rotated = under(NOW).seal('another secret', 'signing_keys:a');
    const change = await test.db.transaction();
    await change.raw('update signing_keys set private_key_box = ? where kid = ?', [rotated, 'a']);
    const resealing = resealSecrets({ db: test.db, box });
    await until(async () => {
      const [row] = await query<{ waiting: bigint }>(
        test.ownerDb,
        `select count(*) as waiting from pg_locks where not granted and pid in
           (select pid from pg_stat_activity where datname = current_database())`,
      );
      return row?.waiting === 1n;
    }, 'the wait for the changed row');
    await change.commit();
    assert.equal((await resealing).resealed, 1);
    const after = await boxes();
    assert.equal(after.get('a'), rotated);
    assert.equal(under(NOW).open(after.get('b') ?? '', 'signing_keys:b'), 'secret of b');
  });

  it('lets the older key go: what agencies, payers and gateways rely on works under the new one alone', async () => {
    const plain = { ...test, drop: () => Promise.resolve() };
    const before = await startTestService({
      database: connected(plain),
      env: { SANDBOX_GATEWAYS: 'vietqr' },
    });
    const agency = await before.addAgency('H29');
    await before.addAgency('G01');
    await before.allowAutomaticRefunds(5_000_000n);
    const body = orderBody('H29');
    const asked = await agency.call('POST', '/v1/payment-orders', { body, key: 'asked-once' });
    const run = (env: object, script: string, args: readonly string[], input = '') =>
      runScript(join('scripts', `${script}.ts`), { args, input, env: { ...before.env, ...env } });
    const named = ['--gateway', 'sandbox', '--code', 'g01', '--agency', 'G01', '--merchant-id', 'SHOP'];
    const added = await run(
      {},
      'merchant-account',
      ['add', ...named, '--fee-bearer', 'agency'],
      'the-secret-of-the-shop',
    );
    assert.equal(added.code, 0, added.text);
    const order = await before.openOrder(agency);
    const payment = await before.startPaymentAt('vietqr', order);
    await before
      .peer('vietqr')
      .decide(payment.reference, { kind: 'approve', amount: payment.amount + 20_000n });
    await before.settleDown();
    await nameAccount(
      before,
      `/pay/${before.service.links.tokenOf({ kind: 'payment', id: payment.id })}/payout`,
    );
    await before.stop();

    const both = { SECRETS_KEY: KEY(5), SECRETS_KEY_PREVIOUS: `${KEY(6)},${KEY(1)}` };
    const old = before.config.secrets.current.id;
    const dry = await run(both, 'reseal-secrets', ['--dry-run']);
    assert.equal(dry.code, 0, dry.text);
    assert.match(dry.text, new RegExp(`${old} must stay in SECRETS_KEY_PREVIOUS: [1-9]`));
    const wet = await run(both, 'reseal-secrets', []);
    assert.equal(wet.code, 0, wet.text);
    assert.match(wet.text, /^Sealed anew under [0-9a-f]{8}: [1-9]\d*\.$/m);
    assert.match(wet.text, new RegExp(`^${old} may leave SECRETS_KEY_PREVIOUS`, 'm'));
    const lost = await run({ SECRETS_KEY: KEY(7) }, 'reseal-secrets', []);
    assert.equal(lost.code, 1);
    assert.match(lost.text, /values are sealed under [0-9a-f]{8}, which is not set/);

    const after = await startTestService({
      database: connected(plain),
      port: Number(new URL(before.origin).port),
      env: { SANDBOX_GATEWAYS: 'vietqr', SECRETS_KEY: KEY(5) },
    });
    try {
      const { db, service } = after;
      const repeated = await agency.call('POST', '/v1/payment-orders', { body, key: 'asked-once' });
      assert.deepEqual(repeated.body, asked.body, 'the answer that was kept');
      const shop = await findMerchantAccount(db, service.box, { gateway: 'sandbox', code: 'g01' });
      assert.deepEqual(shop?.secrets, [{ signing: 'the-secret-of-the-shop' }]);
      const [payout] = await payoutsToMake({ db, box: service.box, gateways: ['vietqr'] }, 10);
      assert.equal(payout?.account?.accountNumber, '105512345678');
      const withNewToken = await after.agency('H29');
      const [paid, payment] = await after.orderWithPayment(withNewToken);
      await after.decide(payment, { kind: 'approve' });
      await after.settleDown();
      const told = (await after.inbox.messages('H29')).filter((message) =>
        message.body.includes(paid.publicId),
      );
      assert.ok(
        told.length > 0 && told.every(({ verified }) => verified),
        'signed with the secret of before',
      );
    } finally {
      await after.stop();
    }
  }).timeout(120_000);
});

/** What the payer of a transfer does who is to get some of it back. */
async function nameAccount({ origin }: TestService, path: string): Promise<void> {
  const shown = await fetch(origin + path);
  const cookie = (shown.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const csrf = /name="csrf" value="([^"]+)"/.exec(await shown.text())?.[1] ?? '';
  const fields = {
    csrf,
    step: 'send',
    bank: 'VietinBank',
    accountNumber: '105512345678',
    holder: 'NGUYEN VAN MINH',
  };
  const answer = await fetch(origin + path, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams(fields),
  });
  assert.equal(answer.status, 200);
}
