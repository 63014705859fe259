import assert from 'node:assert/strict';
import supertest from 'supertest';
import { vnd } from '../../src/domain/kernel/money.ts';
import type {
  CallbackItem,
  GatewayOutcome,
  RefundRequest,
  StartPayment,
} from '../../src/gateways/gateway-adapter.ts';
import { query } from '../../src/platform/database.ts';
import { wholeFile } from '../support/settlement-files.ts';
import { MERCHANT, openBankWorld, refundRequest, type BankWorld } from './bank-world.ts';

const signal = new AbortController().signal;

describe('the pretend bank', () => {
  let world: BankWorld;
  before(async () => {
    world = await openBankWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    // Each test begins with a quiet bank and an empty ear.
    await world.bank.callbacks.pump({ ignoreDueTime: true });
    world.heard.length = 0;
    world.answers.length = 0;
  });

  async function handedOff(changes: Partial<StartPayment> = {}) {
    const request = world.startPayment(changes);
    const handOff = await world.adapter.startPayment(request, signal);
    assert.ok(handOff.kind === 'redirect');
    return { request, reference: request.merchantReference, path: new URL(handOff.url).pathname, handOff };
  }
  const ask = (merchantReference: string): Promise<GatewayOutcome> =>
    world.adapter.queries!.queryPayment(
      { account: world.account, merchantReference, startedAt: world.clock.now() },
      signal,
    );
  const press = (path: string, form: Record<string, string>) =>
    supertest(world.app).post(path).type('form').send(form);
  const heardItems = (): CallbackItem[] =>
    world.heard.flatMap(({ reading }) => (reading.kind === 'read' ? [...reading.items] : []));
  const chargesOf = async (reference: string) =>
    (await world.bank.charges()).filter((charge) => charge.merchantReference === reference);

  it('takes an order once, however often it is asked', async () => {
    const request = world.startPayment();
    const first = await world.adapter.startPayment(request, signal);
    const second = await world.adapter.startPayment(request, signal);
    assert.deepEqual(first, second);
    assert.deepEqual(first.expiresAt, new Date('2026-11-22T03:15:00Z'));
    assert.deepEqual(await ask(request.merchantReference), { kind: 'pending', gatewayCode: '01' });
  });

  it('refuses another amount under a reference it knows', async () => {
    const { request } = await handedOff();
    await assert.rejects(
      world.adapter.startPayment({ ...request, amount: vnd(1_000) }, signal),
      /answered 409 to \/api\/orders/,
    );
  });

  it('refuses what is not signed by its merchant, and says nothing of anybody', async () => {
    const request = world.startPayment({
      account: { ...world.account, secrets: [{ signing: 'wrong' }] },
    });
    await assert.rejects(world.adapter.startPayment(request, signal), /answered 401/);
    assert.deepEqual(await ask(request.merchantReference), { kind: 'not_known' });
  });

  it('charges, sends the payer back and tells the merchant, when the payer approves', async () => {
    const { reference, path } = await handedOff();
    const answer = await press(path, { action: 'approve' }).expect(303);
    assert.match(answer.get('location') ?? '', /\/return\/token\?merchant_reference=SB.*status=approved$/);
    assert.equal(await world.bank.callbacks.pump(), 1);
    const [charge] = await chargesOf(reference);
    const outcome = {
      kind: 'succeeded',
      amount: vnd(503_000),
      gatewayTransactionId: charge!.transactionId,
      paidAt: world.clock.now(),
    };
    assert.deepEqual(heardItems(), [{ kind: 'payment', merchantReference: reference, outcome }]);
    assert.deepEqual(await ask(reference), outcome);
  });

  it('lets a payer decide once', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'decline', code: '51' }).expect(303);
    await press(path, { action: 'approve' }).expect(303);
    assert.equal((await chargesOf(reference)).length, 0);
    assert.deepEqual(await ask(reference), { kind: 'failed', gatewayCode: '51' });
  });

  it('declines definitively, except when it is in maintenance', async () => {
    for (const [code, kind] of [
      ['51', 'failed'],
      ['61', 'failed'],
      ['55', 'failed'],
      ['24', 'failed'],
      ['91', 'pending'],
    ] as const) {
      const { reference, path } = await handedOff();
      await press(path, { action: 'decline', code }).expect(303);
      assert.deepEqual(await ask(reference), { kind, gatewayCode: code });
    }
    await world.bank.callbacks.pump();
    assert.deepEqual(
      heardItems().map((item) => item.kind === 'payment' && item.outcome.kind),
      ['failed', 'failed', 'failed', 'failed', 'pending'],
    );
  });

  it('keeps a payer who never returns on its own page', async () => {
    const { reference, path } = await handedOff();
    const answer = await press(path, { action: 'no_return' }).expect(303);
    assert.equal(answer.get('location'), path);
    assert.equal((await chargesOf(reference)).length, 1);
  });

  it('charges twice under two transaction ids when asked to', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'charge_twice' }).expect(303);
    await world.bank.callbacks.pump();
    const ids = heardItems().map((item) =>
      item.kind === 'payment' && item.outcome.kind === 'succeeded' ? item.outcome.gatewayTransactionId : '',
    );
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
      new Set((await chargesOf(reference)).map((charge) => charge.transactionId)),
      new Set(ids),
    );
  });

  it('charges another amount when asked to', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'other_amount', amount: '502999' }).expect(303);
    const outcome = await ask(reference);
    assert.deepEqual(outcome.kind === 'succeeded' ? outcome.amount : null, vnd(502_999));
  });

  it('answers later when asked to', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'later', seconds: '30' }).expect(303);
    assert.deepEqual(await ask(reference), { kind: 'pending', gatewayCode: '09' });
    world.clock.advance(29_000);
    assert.equal(await world.bank.callbacks.pump(), 0);
    world.clock.advance(1_000);
    assert.equal(await world.bank.callbacks.pump(), 1);
    assert.equal((await ask(reference)).kind, 'succeeded');
  });

  it('says nothing when asked to, and tells when it is asked', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'say_nothing' }).expect(303);
    assert.equal(await world.bank.callbacks.pump({ ignoreDueTime: true }), 0);
    assert.equal((await ask(reference)).kind, 'succeeded');
  });

  it('sends the same notice twice when asked to', async () => {
    const { path } = await handedOff();
    await press(path, { action: 'notice_twice' }).expect(303);
    await world.bank.callbacks.pump();
    assert.equal(world.heard.length, 2);
    assert.equal(world.heard[0]!.body, world.heard[1]!.body);
  });

  it('sends a forgery once beside the real notice when asked to', async () => {
    const { path } = await handedOff();
    await press(path, { action: 'notice_forged' }).expect(303);
    await world.bank.callbacks.pump();
    const kinds = world.heard.map(({ reading }) => (reading.kind === 'read' ? 'read' : reading.why));
    assert.deepEqual(kinds.sort(), ['bad_signature', 'read']);
    assert.equal(await world.bank.callbacks.pump({ ignoreDueTime: true }), 0);
  });

  it('loses three notices on the way when asked to, then gets through', async () => {
    const { path } = await handedOff();
    await press(path, { action: 'notice_lost' }).expect(303);
    for (let sending = 0; sending < 3; sending += 1) {
      await world.bank.callbacks.pump({ ignoreDueTime: true });
      assert.equal(world.heard.length, 0);
    }
    await world.bank.callbacks.pump({ ignoreDueTime: true });
    assert.equal(heardItems().length, 1);
  });

  it('repeats a notice with growing pauses until it is answered with 2xx', async () => {
    const { path } = await handedOff();
    await press(path, { action: 'approve' }).expect(303);
    world.answers.push(503, 404, 401);
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      assert.equal(await world.bank.callbacks.pump(), 1);
      world.clock.advance(pauseMs - 1);
      assert.equal(await world.bank.callbacks.pump(), 0);
      world.clock.advance(1);
    }
    assert.equal(await world.bank.callbacks.pump(), 1);
    world.clock.advance(3_600_000);
    assert.equal(await world.bank.callbacks.pump(), 0);
    assert.equal(heardItems().length, 4);
  });

  it('sends what a sender that died had taken, once its lease is over', async () => {
    const { reference, path } = await handedOff();
    await press(path, { action: 'approve' }).expect(303);
    await query(
      world.database.db,
      `update stand_in.bank_callbacks set leased_until = :until::timestamptz, attempts = 1 where subject = :reference`,
      { reference, until: new Date(world.clock.now().getTime() + 15_000) },
    );
    assert.equal(await world.bank.callbacks.pump(), 0);
    world.clock.advance(15_001);
    assert.equal(await world.bank.callbacks.pump(), 1);
  });

  it('lets an order expire unused, and says so definitively', async () => {
    const { reference, path } = await handedOff();
    world.clock.advance(15 * 60_000);
    await press(path, { action: 'approve' }).expect(303);
    assert.equal((await chargesOf(reference)).length, 0);
    assert.deepEqual(await ask(reference), { kind: 'failed', gatewayCode: '12' });
  });

  it('can charge after the end all the same, for a test of late money', async () => {
    const { reference } = await handedOff();
    world.clock.advance(30 * 86_400_000);
    const decided = await world.bank.decide(reference, { kind: 'approve', evenIfClosed: true });
    assert.equal(decided?.charges.length, 1);
    assert.equal((await ask(reference)).kind, 'succeeded');
  });

  it('breaks the connection after taking the order when asked to, and keeps one order', async () => {
    const request = world.startPayment();
    await world.bank.setSwitch('drop_order_answer', 1);
    await assert.rejects(world.adapter.startPayment(request, signal), /other side closed|socket|ECONNRESET/i);
    assert.deepEqual(await ask(request.merchantReference), { kind: 'pending', gatewayCode: '01' });
    await world.adapter.startPayment(request, signal);
  });

  it('tells of the payment before it answers the order, when asked to', async () => {
    await world.bank.setSwitch('pay_before_answer', 1);
    const { reference } = await handedOff();
    assert.deepEqual(
      heardItems().map((item) => item.kind === 'payment' && item.merchantReference),
      [reference],
    );
  });

  it('contradicts itself when asked to, in either order, and keeps to its charge when it is asked', async () => {
    const { reference } = await handedOff();
    await world.bank.decide(reference, { kind: 'decline', code: '51' });
    await world.bank.decide(reference, { kind: 'approve', evenIfClosed: true });
    await world.bank.decide(reference, { kind: 'decline', code: '51', evenIfClosed: true });
    await world.bank.callbacks.pump();
    assert.deepEqual(
      heardItems()
        .map((item) => item.kind === 'payment' && item.outcome.kind)
        .sort(),
      ['failed', 'failed', 'succeeded'],
    );
    assert.equal((await ask(reference)).kind, 'succeeded');
  });

  it('holds, repeats and shuffles its notices when asked to', async () => {
    await world.bank.setSwitch('hold_callbacks', 1);
    await world.bank.setSwitch('repeat_callbacks', 3);
    await world.bank.setSwitch('shuffle_callbacks', 1);
    for (let payment = 0; payment < 4; payment += 1) {
      const { reference } = await handedOff();
      await world.bank.decide(reference, { kind: 'approve' });
    }
    assert.equal(await world.bank.callbacks.pump(), 0);
    for (const name of ['hold_callbacks', 'repeat_callbacks'] as const) await world.bank.setSwitch(name, 0);
    assert.equal(await world.bank.callbacks.pump(), 12);
    await world.bank.setSwitch('shuffle_callbacks', 0);
    assert.equal(heardItems().length, 12);
  });

  it('sends by itself once started, and nothing more once stopped', async () => {
    const { reference } = await handedOff();
    await world.bank.decide(reference, { kind: 'approve' });
    world.bank.callbacks.start();
    while (world.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await world.bank.callbacks.stop();
    const next = await handedOff();
    await world.bank.decide(next.reference, { kind: 'approve' });
    assert.equal(world.heard.length, 1);
  });

  describe('gives money back', () => {
    async function charged() {
      const { reference } = await handedOff();
      const decided = await world.bank.decide(reference, { kind: 'approve', manner: 'never' });
      const gatewayTransactionId = decided!.charges[0]!.transactionId;
      const refund = (refundReference: string, amount: number) =>
        world.adapter.refunds!.refundPayment(aRefund({ refundReference, amount: vnd(amount) }), signal);
      const askRefund = (refundReference: string) =>
        world.adapter.refunds!.queryRefund(aRefund({ refundReference }), signal);
      const aRefund = (changes: Partial<RefundRequest>) =>
        refundRequest(world, { merchantReference: reference, gatewayTransactionId, ...changes });
      return { reference, refund, askRefund };
    }

    it('in parts, once for each reference, and never more than it took', async () => {
      const { reference, refund, askRefund } = await charged();
      const first = await refund(`${reference}R1`, 300_000);
      assert.equal(first.kind, 'succeeded');
      assert.deepEqual(await refund(`${reference}R1`, 300_000), first);
      assert.deepEqual(await askRefund(`${reference}R1`), first);
      assert.deepEqual(await refund(`${reference}R2`, 203_001), { kind: 'failed', gatewayCode: '13' });
      assert.equal((await refund(`${reference}R3`, 203_000)).kind, 'succeeded');
      assert.deepEqual(await askRefund(`${reference}R9`), { kind: 'not_known' });
    });

    it('never more than it took when twenty ask at once', async () => {
      const { reference, refund } = await charged();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => refund(`${reference}P${index}`, 100_000)),
      );
      assert.equal(outcomes.filter(({ kind }) => kind === 'succeeded').length, 5);
    });

    it('once, when its answer was lost', async () => {
      const { reference, refund, askRefund } = await charged();
      await world.bank.setSwitch('drop_refund_answer', 1);
      await assert.rejects(refund(`${reference}R1`, 503_000));
      const learnt = await askRefund(`${reference}R1`);
      assert.equal(learnt.kind, 'succeeded');
      assert.deepEqual(await refund(`${reference}R1`, 503_000), learnt);
    });

    it('a minute later when asked to, with a notice', async () => {
      const { reference, refund, askRefund } = await charged();
      await world.bank.setSwitch('refunds_processing', 1);
      assert.deepEqual(await refund(`${reference}R1`, 1_000), { kind: 'pending', gatewayCode: '09' });
      world.clock.advance(60_000);
      await world.bank.callbacks.pump();
      const outcome = await askRefund(`${reference}R1`);
      assert.equal(outcome.kind, 'succeeded');
      assert.deepEqual(heardItems(), [{ kind: 'refund', refundReference: `${reference}R1`, outcome }]);
    });

    it('not at all when asked to decline', async () => {
      const { reference, refund } = await charged();
      await world.bank.setSwitch('refunds_declined', 1);
      assert.deepEqual(await refund(`${reference}R1`, 1_000), { kind: 'failed', gatewayCode: '61' });
    });
  });

  describe('writes a file a day', () => {
    const fileOf = async (day: string, asked = '') => {
      const path = `/sandbox/bank/api/settlement-files/${day}${asked}`;
      const answer = await supertest(world.app).get(path).expect(200);
      assert.match(answer.get('content-disposition') ?? '', /sandbox-DVC01-.*\.csv/);
      const bytes = Buffer.from(answer.text);
      return wholeFile(world.adapter.settlementFiles!.readSettlementFile({ name: 'day.csv', bytes }));
    };
    const paidOn = async (iso: string, amount: number) => {
      world.clock.set(iso);
      const { reference } = await handedOff({ amount: vnd(amount) });
      const decided = await world.bank.decide(reference, { kind: 'approve', manner: 'never' });
      return { reference, transactionId: decided!.charges[0]!.transactionId };
    };

    it('with the charges and refunds of that day in Viet Nam, and their fees', async () => {
      await paidOn('2027-01-09T16:59:59.999Z', 10_000);
      const first = await paidOn('2027-01-09T17:00:00Z', 20_000);
      const last = await paidOn('2027-01-10T16:59:59.999Z', 30_000);
      await world.adapter.refunds!.refundPayment(
        refundRequest(world, {
          refundReference: 'RFILE1',
          merchantReference: first.reference,
          gatewayTransactionId: first.transactionId,
        }),
        signal,
      );
      await paidOn('2027-01-10T17:00:00Z', 40_000);
      const reading = await fileOf('2027-01-10');
      assert.ok(reading.kind === 'read');
      assert.deepEqual(
        reading.lines.map(({ kind, reference, amount, fee }) => [
          kind,
          reference,
          amount.amountMinor,
          fee.amountMinor,
        ]),
        [
          ['payment', first.reference, 20_000n, 1_100n],
          ['payment', last.reference, 30_000n, 1_100n],
          ['refund', 'RFILE1', 5_000n, 0n],
        ],
      );
      assert.deepEqual(reading.totalNet, vnd(42_800));
    });

    it('that is empty but whole on a day without charges', async () => {
      const reading = await fileOf('2020-02-29');
      assert.deepEqual(reading.kind === 'read' ? reading.lines : null, []);
      await supertest(world.app).get('/sandbox/bank/api/settlement-files/2026-02-30').expect(404);
    });

    it('in parts, so that what is paid later comes without what was told before', async () => {
      const early = await paidOn('2027-01-20T03:00:00Z', 10_000);
      const later = await paidOn('2027-01-20T04:00:00Z', 20_000);
      const references = async (asked: string) => {
        const reading = await fileOf('2027-01-20', asked);
        return reading.kind === 'read' ? reading.lines.map(({ reference }) => reference) : reading.faults;
      };
      assert.deepEqual(await references('?from_line=1'), [early.reference, later.reference]);
      assert.deepEqual(await references('?from_line=2'), [later.reference]);
      assert.deepEqual(await references('?from_line=3'), []);
      await supertest(world.app).get('/sandbox/bank/api/settlement-files/2027-01-20?from_line=0').expect(404);
    });

    it('with a line left out, an amount altered and a line nobody knows, when asked to', async () => {
      const dropped = await paidOn('2027-02-01T03:00:00Z', 10_000);
      const altered = await paidOn('2027-02-01T03:00:01Z', 20_000);
      const day = { merchantId: MERCHANT.merchantId, day: '2027-02-01' };
      await world.bank.plantFileFault({ ...day, kind: 'drop_line', transactionId: dropped.transactionId });
      await world.bank.plantFileFault({
        ...day,
        kind: 'alter_amount',
        transactionId: altered.transactionId,
        amount: 20_001n,
      });
      await world.bank.plantFileFault({ ...day, kind: 'add_unknown_line', transactionId: 'BT777' });
      const reading = await fileOf('2027-02-01');
      assert.ok(reading.kind === 'read');
      assert.deepEqual(
        reading.lines.map((line) => [line.gatewayTransactionId, line.amount.amountMinor]),
        [
          [altered.transactionId, 20_001n],
          ['BT777', 100_000n],
        ],
      );
    });
  });

  describe('has pages', () => {
    it('that show the order, escaped, with all its buttons, in both languages', async () => {
      const { path } = await handedOff({ description: '<script>alert(1)</script>' });
      const vi = await supertest(world.app).get(path).expect(200).expect('content-type', /html/);
      assert.match(vi.text, /<html lang="vi">/);
      assert.match(vi.text, /503\.000 ₫/);
      assert.match(vi.text, /Không có tiền thật/);
      assert.match(vi.text, /&lt;script>alert/);
      assert.doesNotMatch(vi.text, /<script| style=| onclick=/);
      const en = await supertest(world.app).get(`${path}?lang=en`).expect(200);
      assert.match(en.text, /503,000 VND/);
      assert.match(en.text, /No real money/);
      const actions = [...en.text.matchAll(/name="action" value="(\w+)"/g)].map(([, action]) => action);
      const expected = ['approve', 'decline', 'no_return', 'say_nothing', 'charge_twice', 'notice_twice'];
      assert.deepEqual(actions, [...expected, 'notice_forged', 'notice_lost', 'other_amount', 'later']);
    });

    it('that refuse a form they do not know and an order that does not exist', async () => {
      const { path } = await handedOff();
      for (const form of [
        {},
        { action: 'x' },
        { action: 'decline', code: '00' },
        { action: 'later', seconds: '-1' },
      ]) {
        await press(path, form as Record<string, string>).expect(400);
      }
      await press('/sandbox/bank/pay/none', { action: 'approve' }).expect(404);
      await supertest(world.app).get('/sandbox/bank/pay/none').expect(404);
    });

    it('that open its book to people and judges', async () => {
      const { reference } = await handedOff();
      await world.bank.decide(reference, { kind: 'approve' });
      const page = await supertest(world.app).get('/sandbox/bank?lang=en').expect(200);
      assert.ok(page.text.includes(reference));
      const { body } = await supertest(world.app).get('/sandbox/bank/book.json').expect(200);
      const charges = body.charges.filter((charge: any) => charge.merchant_reference === reference);
      assert.equal(charges.length, 1);
      assert.equal(charges[0].amount, '503000');
      assert.ok(body.callbacks.some((callback: any) => callback.subject === reference && !callback.is_done));
      await supertest(world.app).get('/sandbox/bank/style.css').expect(200).expect('content-type', /css/);
    });
  });

  describe('has levers for programs', () => {
    const pull = (lever: string, body: object) =>
      supertest(world.app).post(`/sandbox/bank/api/control/${lever}`).send(body);

    it('to decide, to switch faults, to plant them in the file and to send', async () => {
      const { reference } = await handedOff();
      const order = { merchant_id: MERCHANT.merchantId, merchant_reference: reference };
      await pull('switch', { name: 'repeat_callbacks', count: 2 }).expect(200);
      const { body } = await pull('decide', { ...order, kind: 'approve', amount: 1 }).expect(200);
      await pull('switch', { name: 'repeat_callbacks', count: 0 }).expect(200);
      assert.equal(body.state, 'approved');
      assert.equal(body.transaction_ids.length, 1);
      await pull('pump', {}).expect(200, { sent: 2 });
      await pull('file-fault', {
        merchant_id: MERCHANT.merchantId,
        day: '2027-03-01',
        kind: 'add_unknown_line',
        transaction_id: 'BT9',
      }).expect(200);
    });

    it('that say what they could not read', async () => {
      await pull('switch', { name: 'nothing', count: 1 }).expect(400);
      await pull('decide', { merchant_id: 'DVC01', merchant_reference: 'X', kind: 'approve' }).expect(404);
      await pull('decide', { merchant_id: 'DVC01' }).expect(400);
    });
  });
});
