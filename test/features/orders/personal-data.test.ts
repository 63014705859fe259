/** Persons' data goes after its retention; what was owed, paid, receipted, told and sealed stays. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { listTables } from '../../../db/stored-tables.ts';
import { parsePublicId } from '../../../src/domain/kernel/ids.ts';
import { verifyLedger } from '../../../src/features/ledger/verify-ledger.ts';
import { query } from '../../../src/platform/database.ts';
import { runScript } from '../../support/child-process.ts';
import { fixedClock } from '../../support/clock.ts';
import {
  orderBody,
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestService,
} from '../../support/service.ts';

const NAME = 'Nguyễn Thị Hoàng Yến';
const PERSON = { identity_number: '079199000123', email: 'canary.mail@example.vn', phone: '+84900000777' };
const ATTACHED = {
  metadata: 'canary-metadata',
  returnUrl: 'https://agency.example.vn/canary-return',
  note: 'canary of the line',
};

describe('personal data after its retention', function () {
  this.timeout(60_000);
  let world: TestService;
  let agency: TestAgency;
  /** The last moment of the year up to which everything of 2026 is kept, in Viet Nam. */
  const LAST_MOMENT = '2036-12-31T16:59:59Z';
  const ONE_LATER = '2036-12-31T17:00:00Z';

  beforeEach(async () => {
    world = await startTestService({
      clock: fixedClock('2026-03-02T08:00:00Z'),
      env: { LOG_LEVEL: 'info', SANDBOX_GATEWAYS: 'vietqr' },
    });
    agency = await world.addAgency('H29');
    await world.allowAutomaticRefunds(5_000_000n);
  });
  afterEach(() => world.stop());

  async function openOrder(): Promise<TestOrder> {
    const body = {
      ...orderBody('H29'),
      payer: { name: NAME, ...PERSON },
      metadata: { note: ATTACHED.metadata },
      return_url: ATTACHED.returnUrl,
      lines: [
        {
          obligation_type: 'charge',
          description: 'Thu khác',
          amount: 180_000,
          attributes: { note: ATTACHED.note },
        },
      ],
    };
    const answer = await agency.call('POST', '/v1/payment-orders', { body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const id = parsePublicId('po', answer.body.id as string);
    assert.ok(id);
    return { agencyId: agency.agencyId, id, publicId: answer.body.id as string, agency, amount: 180_000n };
  }
  async function paidOrder(): Promise<TestOrder> {
    const order = await openOrder();
    await world.decide(await world.startPayment(order), { kind: 'approve' });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'paid');
    return order;
  }
  const shown = async ({ publicId }: TestOrder) =>
    (await agency.call('GET', `/v1/payment-orders/${publicId}`)).body as Record<string, any>;
  const blankAt = async (iso: string): Promise<void> => {
    world.clock.set(iso);
    await world.turn('blank-personal-data');
  };
  const isBlank = async (order: TestOrder): Promise<boolean> => (await shown(order))['payer'].name === null;

  /** Tables other than those of kept answers and of the pretend parties that hold a text anywhere. */
  async function tablesWith(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const { name } of await listTables(world.db)) {
      if (name.startsWith('stand_in.')) continue;
      const [row] = await query<{ holds: boolean }>(
        world.db,
        `select exists (select from ${name} t where strpos(t::text, :text) > 0) as holds`,
        { text },
      );
      if (row?.holds === true) found.push(name);
    }
    return found;
  }

  it('is blank with the turn of the year, and nothing else is another', async () => {
    const order = await paidOrder();
    assert.deepEqual(await tablesWith(PERSON.email), ['public.payment_orders'], 'the search finds it');
    const before = await kept();
    await blankAt(LAST_MOMENT);
    assert.equal((await shown(order))['payer'].name, NAME);
    await blankAt(ONE_LATER);

    const { payer, metadata, return_url: returnUrl, lines, ...rest } = await shown(order);
    assert.deepEqual(payer, { name: null, identity_number: null, email: null, phone: null });
    assert.deepEqual([metadata, returnUrl, lines[0].attributes], [{}, null, {}]);
    assert.deepEqual(
      [rest['status'], rest['amount_paid'], lines[0].description],
      ['paid', 180_000, 'Thu khác'],
    );
    for (const text of [...Object.values(PERSON), ATTACHED.returnUrl, ATTACHED.note]) {
      assert.deepEqual(await tablesWith(text), [], text);
    }
    assert.deepEqual(await tablesWith(NAME), ['public.events', 'public.receipts']);
    assert.deepEqual(await tablesWith(ATTACHED.metadata), ['public.events']);
    assert.deepEqual(await kept(), before);
    await world.assertSound();

    async function kept() {
      const verdict = await verifyLedger({ db: world.db });
      assert.ok(verdict.kind === 'intact');
      return [
        verdict.head,
        await query(world.db, 'select * from receipts order by id'),
        await query(world.db, 'select * from events order by id'),
        await query(world.db, 'select * from gateway_callbacks order by id'),
        await query(world.db, 'select * from allocation_lines order by payment_id, line_no'),
      ];
    }
  });

  it('is told in the log, the metrics and the audit log, each turn once, and no more when nothing is due', async () => {
    await paidOrder();
    await paidOrder();
    await blankAt(ONE_LATER);
    await world.turn('blank-personal-data');
    const entries = await query(
      world.db,
      `select actor, subject, detail from audit_log where action = 'personal_data.blanked'`,
    );
    assert.deepEqual(entries, [
      {
        actor: 'rule:personal-data-retention',
        subject: '2027-01-01',
        detail: { orders: 2, payouts: 0, retention_years: 10 },
      },
    ]);
    const lines = world.complaints.filter((line) => line.includes('personal-data.blanked'));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"orders":2/);
    const metrics = await (await fetch(`${world.origin}/metrics`)).text();
    assert.match(metrics, /^personal_data_blanked_total\{kind="order"\} 2$/m);
  });

  it('stays while the order is open, a refund is young or under way, or a person must look at it', async () => {
    const open = await openOrder();
    await query(world.db, `update order_expiries set expires_at = '2050-01-01T00:00:00Z'`);
    const [refundedLate, refundUnderWay, looked, plain] = [
      await paidOrder(),
      await paidOrder(),
      await paidOrder(),
      await paidOrder(),
    ];
    const askRefund = async (order: TestOrder): Promise<string> => {
      const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
        body: { amount: 30_000, amount_available: 180_000, reason: 'Nộp thừa' },
      });
      assert.equal(asked.status, 201, JSON.stringify(asked.body));
      return asked.body.id as string;
    };
    await query(
      world.db,
      `insert into cases (agency_id, id, kind, subject, order_id, opened_at) values (:agencyId, gen_random_uuid(), 'conflicting_outcome', 's', :id, :at)`,
      { agencyId: looked.agencyId, id: looked.id, at: world.clock.now() },
    );
    world.clock.set('2027-01-05T02:00:00Z');
    await world.turn('extend-business-days');
    const refund = await askRefund(refundedLate);
    await askRefund(refundUnderWay);
    const decided = await agency.callAsSecond('POST', `/v1/refunds/${refund}/decision`, {
      body: { decision: 'approve' },
    });
    assert.equal(decided.status, 200, JSON.stringify(decided.body));
    await world.settleDown();

    await blankAt(ONE_LATER);
    assert.equal(await isBlank(plain), true);
    for (const order of [open, refundedLate, refundUnderWay, looked])
      assert.equal(await isBlank(order), false);
    await query(world.db, `update cases set resolved_at = :now`, { now: world.clock.now() });
    await blankAt('2038-01-01T00:00:00Z');
    assert.equal(await isBlank(refundedLate), true, 'a year later');
    assert.equal(await isBlank(looked), true, 'nobody has to look any more');
    assert.equal(await isBlank(open), false, 'it is still open');
    assert.equal(await isBlank(refundUnderWay), false, 'nobody has decided yet');
  });

  it('is on the receipt that a late refund issues anew, for the receipt before has it', async () => {
    const order = await paidOrder();
    await blankAt(ONE_LATER);
    await world.turn('extend-business-days');
    const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount: 30_000, amount_available: 180_000, reason: 'Nộp thừa' },
    });
    const id = String(asked.body.id);
    await agency.callAsSecond('POST', `/v1/refunds/${id}/decision`, { body: { decision: 'approve' } });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'partly_refunded');
    const names = await query<{ name: string }>(
      world.db,
      `select content->>'payer_name' as name from receipts where order_id = :id`,
      { id: order.id },
    );
    assert.deepEqual(names, [{ name: NAME }, { name: NAME }]);
    await world.assertSound();
  });

  it('is gone from payouts as well, once their refund has ended long enough ago', async () => {
    const order = await openOrder();
    const payment = await world.startPaymentAt('vietqr', order);
    await world
      .peer('vietqr')
      .decide(payment.reference, { kind: 'approve', amount: payment.amount + 20_000n });
    await world.settleDown();
    await query(
      world.db,
      `insert into payouts (agency_id, refund_id, account_box, account_hint, given_at)
       select agency_id, id, 'sealed', '678', :now from refunds where order_id = :id`,
      { id: order.id, now: world.clock.now() },
    );
    const accounts = () => query(world.db, 'select account_box as box, account_hint as hint from payouts');
    await blankAt(ONE_LATER);
    assert.deepEqual(await accounts(), [{ box: 'sealed', hint: '678' }], 'the transfer is still to be made');
    await query(world.db, `update refunds set state = 'failed', resolved_at = '2026-04-01T00:00:00Z'`);
    await blankAt(ONE_LATER);
    assert.deepEqual(await accounts(), [{ box: '', hint: '678' }]);
    assert.equal(await isBlank(order), true);
  });

  it('leaves the pages of its order, which then lead back nowhere', async () => {
    const order = await paidOrder();
    const link = `${world.origin}/pay/${world.service.links.tokenOf({ kind: 'order', ...order })}`;
    const before = await (await fetch(link)).text();
    await blankAt(ONE_LATER);
    const page = await fetch(link);
    assert.equal(page.status, 200);
    assert.ok(before.includes(ATTACHED.returnUrl) && !(await page.text()).includes(ATTACHED.returnUrl));
    assert.deepEqual(
      world.complaints.filter((line) => line.includes('page.failed')),
      [],
    );
  });

  it('is counted beforehand by a command that changes nothing, and blanked by the same at once', async () => {
    const order = await paidOrder();
    const run = (...args: string[]) =>
      runScript(join('scripts', 'blank-personal-data.ts'), {
        args,
        input: '',
        env: { ...world.env, LOG_LEVEL: 'silent' },
      });
    const none = await run('--dry-run');
    assert.match(none.text, /after 10 years: nothing\./);
    const dry = await run('--dry-run', '--on', ONE_LATER);
    assert.equal(dry.code, 0, dry.text);
    assert.match(dry.text, /^H29: 1 orders, 0 accounts of payouts$/m);
    assert.equal(await isBlank(order), false);
    assert.equal((await run('--on', ONE_LATER)).code, 1, 'another moment is for counting only');

    await query(
      world.db,
      `update payment_orders set created_at = created_at - interval '11 years', paid_at = paid_at - interval '11 years'`,
    );
    const wet = await run();
    assert.match(wet.text, /^Blanked 1 orders and 0 accounts of payouts\.$/m);
    assert.equal(await isBlank(order), true);
    assert.equal(
      await world.count('audit_log', `actor = 'staff:command-line' and action = 'personal_data.blanked'`),
      1,
    );
  });
});
