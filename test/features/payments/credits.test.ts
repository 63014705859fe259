/** Bank credits on a real database: short, over, second, late, unknown, near misses, and twenty equal notices at once. */
import assert from 'node:assert/strict';
import { isLookupCode, LOOKUP_CODE_ALPHABET } from '../../../src/domain/kernel/lookup-code.ts';
import { givePayoutAccount, recordPayout } from '../../../src/features/refunds/payouts.ts';
import { query } from '../../../src/platform/database.ts';
import {
  ACCOUNT,
  cassoEntry,
  cassoMessage,
  payosData,
  payosMessage,
  SECRETS,
  sepayBody,
  sepayMessage,
  type BankCredit,
} from '../../gateways/vietqr/subject.ts';
import type { RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../../support/service.ts';

const VIETQR = {
  VIETQR_ENABLED: 'true',
  VIETQR_BANK_BIN: '970415',
  VIETQR_BANK_NAME: 'VietinBank',
  VIETQR_ACCOUNT_NUMBER: ACCOUNT.merchantId,
  VIETQR_ACCOUNT_NAME: 'KHO BAC NHA NUOC THU NGHIEM',
  VIETQR_SEPAY_SECRET: SECRETS.sepay,
  VIETQR_CASSO_SECRET: SECRETS.casso,
  VIETQR_PAYOS_CHECKSUM_KEY: SECRETS.payos,
};
const DUE = 180_000n;

describe('bank credits', function () {
  this.timeout(60_000);
  let world: TestService;
  let agency: TestAgency;
  let other: TestAgency;
  let numbers = 0;

  before(async () => {
    world = await startTestService({ env: VIETQR });
    agency = await world.addAgency('H29');
    other = await world.addAgency('G01');
    await world.allowAutomaticRefunds(5_000_000n);
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  /** A transfer as the bank books it, under numbers of its own. */
  function transfer(payment: Pick<TestPayment, 'reference'>, changes: Partial<BankCredit> = {}): BankCredit {
    numbers += 1;
    const creditedAt = new Date(Math.floor(world.clock.now().getTime() / 1000) * 1000);
    return {
      reference: `FT${String(numbers).padStart(6, '0')}`,
      content: `${payment.reference} nop phi`,
      amount: DUE,
      creditedAt,
      noticeNumber: 100_000 + numbers,
      ...changes,
    };
  }

  const bySepay = (credit: BankCredit): RawMessage => sepayMessage(sepayBody(credit), world.clock.now());
  const byCasso = (...credits: readonly BankCredit[]): RawMessage =>
    cassoMessage({ error: 0, data: credits.map((credit) => cassoEntry(credit)) }, world.clock.now());
  const byPayos = (credit: BankCredit): RawMessage => payosMessage(payosData(credit));

  async function send({ body, headers }: RawMessage): Promise<{ status: number; result: string }> {
    const answer = await fetch(`${world.origin}/gateways/vietqr/callback`, {
      method: 'POST',
      headers: [...headers].map(([name, [value = '']]): [string, string] => [name, value]),
      body: Buffer.from(body),
    });
    const { result } = (await answer.json()) as { result: string };
    return { status: answer.status, result };
  }

  const tell = (credit: BankCredit) => send(bySepay(credit));

  async function handedOff(): Promise<[TestOrder, TestPayment]> {
    const order = await world.openOrder(agency);
    return [order, await world.startPaymentAt('vietqr', order)];
  }

  async function surplusOf(order: TestOrder): Promise<bigint[]> {
    const rows = await query<{ amount: bigint }>(
      world.db,
      `select a.amount from allocations a join payments p on p.id = a.payment_id
       where a.order_id = :id and a.claim = 'surplus' order by p.number`,
      { id: order.id },
    );
    return rows.map(({ amount }) => amount);
  }

  async function transactionsOf(payment: TestPayment): Promise<string[]> {
    const rows = await query<{ event_kind: string; event_ref: string }>(
      world.db,
      `select event_kind, event_ref from ledger_transactions where correlation_id = :id order by booked_at, event_kind`,
      { id: payment.id },
    );
    return rows.map(({ event_kind, event_ref }) => `${event_kind} ${event_ref}`);
  }

  async function caseOf(credit: BankCredit) {
    const [row] = await query<{
      kind: string;
      detail: { amount: string; suggestions: { payment_id: string; reference: string; why: string }[] };
    }>(world.db, `select kind, detail from cases where agency_id = 0 and subject = :subject`, {
      subject: `vietqr:platform:${credit.reference}`,
    });
    return row ?? null;
  }

  it('of what is due pays the order in one posting, with its receipt and the word to the agency', async () => {
    const [order, payment] = await handedOff();
    const credit = transfer(payment);
    assert.deepEqual(await tell(credit), { status: 200, result: 'recorded' });
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await transactionsOf(payment), [`payment ${payment.id}`]);
    assert.deepEqual(await world.eventTypes(order), [
      'payment_order.opened',
      'payment_order.paid',
      'receipt.issued',
      'receipt.issued',
    ]);
    const { paidAt } = await world.payment(payment.id);
    assert.deepEqual(paidAt, credit.creditedAt);
  });

  it('told twenty times at once, and by all three watchers, is one posting', async () => {
    const [order, payment] = await handedOff();
    const credit = transfer(payment);
    const messages = [
      ...Array.from({ length: 20 }, () => bySepay(credit)),
      ...Array.from({ length: 5 }, () => byCasso(credit)),
      ...Array.from({ length: 5 }, () => byPayos(credit)),
    ];
    const answers = await Promise.all(messages.map(send));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(answers.filter(({ result }) => result === 'recorded').length, 1);
    assert.equal(answers.filter(({ result }) => result === 'already_recorded').length, 29);
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await transactionsOf(payment), [`payment ${payment.id}`]);
    assert.deepEqual(await surplusOf(order), []);
  });

  it('short waits in suspense under its own number, and its rest pays the order in one posting', async () => {
    const [order, payment] = await handedOff();
    const suspenseBefore = (await world.balances(agency.agencyId))[2300] ?? 0n;
    const first = transfer(payment, { amount: DUE - 1_000n });
    assert.equal((await tell(first)).result, 'recorded');
    assert.equal(await world.orderStatus(order), 'open');
    assert.deepEqual(await world.eventTypes(order), ['payment_order.opened']);
    const waiting = await world.payment(payment.id);
    assert.equal(waiting.state, 'mismatched');
    assert.equal(waiting.amountReceived?.amountMinor, DUE - 1_000n);
    assert.equal((await world.balances(agency.agencyId))[2300], suspenseBefore - (DUE - 1_000n));
    assert.equal(await world.count('cases', `payment_id = '${payment.id}'`), 0, 'nobody is called yet');

    world.pass({ minutes: 90 });
    const rest = transfer(payment, { amount: 1_000n });
    assert.equal((await tell(rest)).result, 'recorded');
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await transactionsOf(payment), [
      `credit vietqr:platform:${first.reference}`,
      `credit vietqr:platform:${rest.reference}`,
      `suspense_applied ${payment.id}`,
    ]);
    assert.deepEqual((await world.payment(payment.id)).paidAt, rest.creditedAt);
    assert.equal((await world.balances(agency.agencyId))[2300] ?? 0n, suspenseBefore);
    assert.deepEqual(await surplusOf(order), []);
    for (const credit of [first, rest]) assert.equal((await tell(credit)).result, 'already_recorded');
  });

  it('adds up over as many transfers as it takes, told in any order', async () => {
    const [order, payment] = await handedOff();
    const parts = [50_000n, 70_000n, 60_000n].map((amount, index) =>
      transfer(payment, {
        amount,
        creditedAt: new Date(Math.floor(world.clock.now().getTime() / 1000 - index * 60) * 1000),
      }),
    );
    for (const part of parts) assert.equal((await tell(part)).result, 'recorded');
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual((await world.payment(payment.id)).paidAt, parts[0]!.creditedAt, 'the last one paid');
  });

  it('of the two halves at the same instant is one payment, each half counted once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [order, payment] = await handedOff();
      const halves = [transfer(payment, { amount: 90_000n }), transfer(payment, { amount: 90_000n })];
      const answers = await Promise.all([...halves, ...halves, ...halves].map(tell));
      assert.equal(answers.filter(({ result }) => result === 'recorded').length, 2);
      assert.equal(await world.orderStatus(order), 'paid');
      assert.deepEqual(await surplusOf(order), []);
    }
  });

  it('over what is due pays the order, and the excess goes back', async () => {
    const [order, payment] = await handedOff();
    await tell(transfer(payment, { amount: DUE + 20_000n }));
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await surplusOf(order), [20_000n]);
    assert.equal((await world.payment(payment.id)).amountReceived?.amountMinor, DUE);
  });

  it('whose rest is over what is due pays the order, and only the excess goes back', async () => {
    const [order, payment] = await handedOff();
    await tell(transfer(payment, { amount: 100_000n }));
    const rest = transfer(payment, { amount: 100_000n });
    await tell(rest);
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await surplusOf(order), [20_000n]);
    assert.equal((await tell(rest)).result, 'already_recorded');
    assert.deepEqual(await surplusOf(order), [20_000n]);
  });

  it('a second time for a paid order goes back whole', async () => {
    const [order, payment] = await handedOff();
    await tell(transfer(payment));
    await tell(transfer(payment));
    assert.equal(await world.orderStatus(order), 'paid');
    assert.deepEqual(await surplusOf(order), [DUE]);
  });

  it('two whole transfers at the same instant: one pays, one goes back', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [order, payment] = await handedOff();
      const [one, two] = [transfer(payment), transfer(payment)];
      await Promise.all([one, two, one, two].map(tell));
      assert.equal(await world.orderStatus(order), 'paid');
      assert.deepEqual(await surplusOf(order), [DUE]);
    }
  });

  it('days late, its attempt lapsed, pays the order all the same', async () => {
    const [order, payment] = await handedOff();
    world.pass({ minutes: 46 });
    await world.settleDown();
    assert.equal((await world.payment(payment.id)).state, 'lapsed');
    world.pass({ days: 3 });
    assert.equal((await tell(transfer(payment))).result, 'recorded');
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('late for an expired order pays it, and after another payment goes back', async () => {
    const expiresAt = new Date(world.clock.now().getTime() + 3_600_000);
    const order = await world.openOrder(agency, { expiresAt });
    const payment = await world.startPaymentAt('vietqr', order);
    world.pass({ minutes: 120 });
    await world.settleDown();
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'expired');
    await tell(transfer(payment));
    assert.equal(await world.orderStatus(order), 'paid');

    const [second, first] = await handedOff();
    world.pass({ minutes: 46 });
    await world.settleDown();
    const again = await world.startPaymentAt('vietqr', second);
    assert.notEqual(again.reference, first.reference);
    await tell(transfer(again));
    await tell(transfer(first));
    assert.equal(await world.orderStatus(second), 'paid');
    assert.deepEqual(await surplusOf(second), [DUE]);
  });

  it('short and late waits for its rest too', async () => {
    const [order, payment] = await handedOff();
    world.pass({ minutes: 46 });
    await world.settleDown();
    await tell(transfer(payment, { amount: 100_000n }));
    assert.equal((await world.payment(payment.id)).state, 'mismatched');
    await tell(transfer(payment, { amount: 80_000n }));
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('whose rest comes after another attempt has paid goes back, all of it', async () => {
    const [order, first] = await handedOff();
    world.pass({ minutes: 46 });
    await world.settleDown();
    await tell(transfer(first, { amount: 100_000n }));
    const second = await world.startPaymentAt('vietqr', order);
    await tell(transfer(second));
    assert.equal(await world.orderStatus(order), 'paid');
    await tell(transfer(first, { amount: 80_000n }));
    assert.deepEqual(await surplusOf(order), [DUE]);
  });

  it('whose rest does not come within a day goes back, with a case, and frees the order once it is back', async () => {
    const [order, payment] = await handedOff();
    await tell(transfer(payment, { amount: 100_000n }));
    world.pass({ minutes: 24 * 60 - 1 });
    await world.turn('refund-short-transfers');
    assert.equal(await world.count('refunds', `payment_id = '${payment.id}'`), 0);
    world.pass({ minutes: 2 });
    await world.turn('refund-short-transfers');
    await world.turn('refund-short-transfers');
    assert.equal(await world.count('refunds', `payment_id = '${payment.id}' and state = 'approved'`), 1);
    assert.equal(await world.count('cases', `payment_id = '${payment.id}' and kind = 'amount_differs'`), 1);
    // The rest comes after all: it is no rest any more.
    await tell(transfer(payment, { amount: 80_000n }));
    assert.equal(await world.orderStatus(order), 'open');
    assert.deepEqual(await surplusOf(order), [80_000n]);

    const { box, newId, payments } = world.service;
    const deps = { db: world.db, clock: world.clock, newId, businessTimeZone: 'Asia/Ho_Chi_Minh' };
    const account = { bank: 'VietinBank', accountNumber: '105512345678', holder: 'NGUYEN VAN MINH' };
    const key = { agencyId: order.agencyId, orderId: order.id };
    await world.settleDown();
    assert.equal(await givePayoutAccount({ ...deps, box, gateways: payments.gateways }, key, account), 2);
    const [refund] = await query<{ refund_reference: string }>(
      world.db,
      `select refund_reference from refunds where payment_id = :id and source = 'suspense'`,
      { id: payment.id },
    );
    await recordPayout(deps, {
      refundReference: refund?.refund_reference ?? '',
      bankTransaction: 'FT-BACK-1',
      paidAt: world.clock.now(),
      preparedBy: 'staff:a',
      confirmedBy: 'staff:b',
    });
    assert.equal((await world.payment(payment.id)).state, 'resolved');
    const again = await world.startPaymentAt('vietqr', order);
    assert.notEqual(again.id, payment.id);
    await tell(transfer(again));
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('keeps the order from expiring while its rest is awaited', async () => {
    const expiresAt = new Date(world.clock.now().getTime() + 3_600_000);
    const order = await world.openOrder(agency, { expiresAt });
    const payment = await world.startPaymentAt('vietqr', order);
    await tell(transfer(payment, { amount: 100_000n }));
    world.pass({ minutes: 180 });
    await world.settleDown();
    assert.equal(await world.orderStatus(order), 'open');
    await tell(transfer(payment, { amount: 80_000n }));
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('for orders of two agencies: short waits with the platform, the rest pays both in their own books', async () => {
    const [one, two] = [await world.openOrder(agency), await world.openOrder(other)];
    const payment = await world.startPaymentAt('vietqr', one, two);
    const platformBefore = (await world.balances(0))[2300] ?? 0n;
    await tell(transfer(payment, { amount: 200_000n }));
    assert.equal((await world.balances(0))[2300], platformBefore - 200_000n);
    await tell(transfer(payment, { amount: 170_000n }));
    assert.equal(await world.orderStatus(one), 'paid');
    assert.equal(await world.orderStatus(two), 'paid');
    assert.equal((await world.balances(0))[2300] ?? 0n, platformBefore);
    assert.deepEqual(await surplusOf(one), [5_000n]);
    assert.deepEqual(await surplusOf(two), [5_000n]);
  });

  it('that names no payment lies in suspense of the platform, with a case', async () => {
    const [order] = await handedOff();
    const before = (await world.balances(0))[2300] ?? 0n;
    const credit = transfer({ reference: 'tien hoc thang 11' });
    assert.deepEqual(await tell(credit), { status: 200, result: 'recorded' });
    assert.equal((await tell(credit)).result, 'already_recorded');
    assert.equal((await send(byCasso(credit))).result, 'already_recorded');
    assert.equal((await world.balances(0))[2300], before - DUE);
    const opened = await caseOf(credit);
    assert.equal(opened?.kind, 'unidentified_money');
    assert.deepEqual(opened.detail.suggestions, []);
    assert.equal(await world.orderStatus(order), 'open');
  });

  it('with one wrong character is not matched: the case says whose it may be', async () => {
    const [order, payment] = await handedOff();
    const code = payment.reference.slice(3);
    const wrongCheck = Array.from(LOOKUP_CODE_ALPHABET).find((letter) => letter !== code[11]) ?? '';
    for (const slip of [
      code.slice(0, 11) + wrongCheck,
      `O${code.slice(1)}`,
      code.slice(0, 4) + code.slice(5),
    ]) {
      assert.ok(!isLookupCode(slip));
      const credit = transfer({ reference: `DVC${slip}` });
      await tell(credit);
      const opened = await caseOf(credit);
      assert.deepEqual(
        opened?.detail.suggestions.map(({ reference }) => reference),
        [payment.reference],
        slip,
      );
    }
    assert.equal(await world.orderStatus(order), 'open');
    assert.equal((await world.payment(payment.id)).state, 'handed_off');
    await tell(transfer(payment));
  });

  it('whose code a bank has cut is matched', async () => {
    const [order, payment] = await handedOff();
    await tell(
      transfer(
        { reference: payment.reference.slice(0, 13) },
        { content: `MBVCB ${payment.reference.slice(0, 13)}` },
      ),
    );
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('of another account, and money that leaves, touch nothing', async () => {
    const [order, payment] = await handedOff();
    const credits = await world.count('bank_credits');
    assert.equal((await tell(transfer(payment, { accountNumber: '999' }))).status, 200);
    const out = sepayBody(transfer(payment), { transferType: 'out' });
    assert.equal((await send(sepayMessage(out, world.clock.now()))).status, 200);
    assert.equal(await world.count('bank_credits'), credits);
    assert.equal(await world.orderStatus(order), 'open');
  });

  it('several in one notice are recorded each by itself', async () => {
    const [one, first] = await handedOff();
    const [two, second] = await handedOff();
    const credits = [
      transfer(first),
      transfer(second, { amount: 100_000n }),
      transfer({ reference: 'khac' }),
    ];
    assert.equal((await send(byCasso(...credits))).result, 'recorded');
    assert.equal(await world.orderStatus(one), 'paid');
    assert.equal((await world.payment(second.id)).state, 'mismatched');
    assert.equal(await world.orderStatus(two), 'open');
    assert.equal((await send(byCasso(...credits))).result, 'already_recorded');
  });

  it("two under one number of the bank are two when one watcher's numbers say so", async () => {
    const [order, payment] = await handedOff();
    const first = transfer(payment, { amount: 100_000n });
    const second = transfer(payment, { amount: 80_000n, reference: first.reference });
    for (const credit of [first, second, first, second]) await tell(credit);
    assert.equal(await world.orderStatus(order), 'paid');
    // The other watcher tells the same two, and nothing is added.
    const answer = await send(byCasso(first, second));
    assert.equal(answer.result, 'already_recorded');
    assert.deepEqual(await surplusOf(order), []);
  });

  it('kept by a process that died before it posted is finished by the job, once', async () => {
    const [order, payment] = await handedOff();
    const credit = transfer(payment, { amount: 100_000n });
    await query(world.db, 'select * from keep_bank_credit(:told::jsonb)', {
      told: JSON.stringify({
        id: '019b0000-0000-7000-8000-00000000c0de',
        gateway: 'vietqr',
        merchant_account: 'platform',
        bank_number: credit.reference,
        notice_id: `sepay:${String(credit.noticeNumber)}`,
        account_number: ACCOUNT.merchantId,
        amount: 100_000,
        currency: 'VND',
        content: credit.content,
        credited_at: credit.creditedAt.toISOString(),
        received_at: world.clock.now().toISOString(),
      }),
    });
    world.pass({ minutes: 2 });
    await world.turn('settle-credits');
    assert.equal((await world.payment(payment.id)).state, 'mismatched');
    assert.equal((await tell(credit)).result, 'already_recorded');
    await tell(transfer(payment, { amount: 80_000n }));
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('posted by a process that died before it noted so is noted, and not posted again', async () => {
    const [order, payment] = await handedOff();
    const credit = transfer(payment, { amount: 100_000n });
    await tell(credit);
    await query(world.db, `update bank_credits set became = null, settled_at = null where number = :number`, {
      number: credit.reference,
    });
    assert.equal((await tell(credit)).result, 'already_recorded');
    assert.equal((await world.payment(payment.id)).amountReceived?.amountMinor, 100_000n);
    await tell(transfer(payment, { amount: 80_000n }));
    assert.equal(await world.orderStatus(order), 'paid');
  });

  it('forged is refused and changes nothing', async () => {
    const [order, payment] = await handedOff();
    const forged = sepayMessage(sepayBody(transfer(payment)), world.clock.now(), 'wrong');
    assert.equal((await send(forged)).status, 401);
    assert.equal(await world.orderStatus(order), 'open');
  });
});
