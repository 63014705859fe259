/** A day's file against the books: kept once and whole, every line in one class, settlement posted with its fee. */
import assert from 'node:assert/strict';
import { Refusal } from '../../../src/domain/kernel/refusals.ts';
import type {
  GatewayAdapter,
  SettlementFileReading,
  SettlementLine,
} from '../../../src/gateways/gateway-adapter.ts';
import { readSettlementFile } from '../../../src/gateways/sandbox/settlement-file.ts';
import { vnd } from '../../../src/domain/kernel/money.ts';
import type { Day } from '../../../src/domain/kernel/time.ts';
import { createAccountBook, type AccountBook } from '../../../src/features/ledger/account-store.ts';
import { recordOutcomes, type OutcomeItem } from '../../../src/features/payments/record-outcome.ts';
import { checkInvariants } from '../../../src/features/reports/invariants.ts';
import { readCollections } from '../../../src/features/reports/collections-report.ts';
import {
  readReconciliation,
  readReconciliationItems,
  type ReportRange,
} from '../../../src/features/reports/reconciliation-report.ts';
import { importSettlementFile } from '../../../src/features/settlement/import-settlement-file.ts';
import { reconcileBatches } from '../../../src/features/settlement/reconcile-batch.ts';
import {
  dropAbandonedImports,
  insertLines,
  takeBatch,
} from '../../../src/features/settlement/settlement-store.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import { fixedClock } from '../../support/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { newTestId } from '../../support/ids.ts';
import { scaled, scaledTimeout, times } from '../../support/scale.ts';
import { aPayment, openTestShop, type TestPayment } from '../../support/payments.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const DAY = '2026-03-02';
const NOON = '2026-03-02T12:00:00+07:00';

interface TestLine {
  readonly kind?: 'payment' | 'refund';
  readonly transaction: string;
  readonly reference: string;
  readonly gross: number;
  readonly fee?: number;
}

function fileOf(lines: readonly TestLine[], day = DAY): Buffer {
  const rows = lines.map(({ kind = 'payment', transaction, reference, gross, fee = 0 }, index) => {
    const net = (kind === 'payment' ? gross : -gross) - fee;
    return `L,${String(index + 1)},${kind},${transaction},${reference},${String(gross)},${String(fee)},${String(net)},${NOON},2026-03-03`;
  });
  const gross = lines.reduce((sum, line) => sum + (line.kind === 'refund' ? -line.gross : line.gross), 0);
  const fee = lines.reduce((sum, line) => sum + (line.fee ?? 0), 0);
  return Buffer.from(
    [
      `H,SANDBOX-SETTLEMENT-1,DVC01,${day},VND,${String(lines.length)}`,
      ...rows,
      `T,${String(lines.length)},${String(gross)},${String(fee)},${String(gross - fee)}`,
      '',
    ].join('\n'),
  );
}

describe('settlement', () => {
  let database: TestDatabase;
  let accounts: AccountBook;
  const clock = fixedClock('2026-03-02T05:00:00Z');

  beforeEach(async () => {
    database = await createTestDatabase();
    accounts = createAccountBook({ db: database.db, newId: newTestId });
    clock.set('2026-03-02T05:00:00Z');
  });
  afterEach(async () => {
    try {
      assert.deepEqual(await checkInvariants(database.ownerDb), []);
    } finally {
      await database.drop();
    }
  });

  const shop = () => ({ db: database.db, clock, accounts });
  const importDeps = () => ({
    db: database.db,
    clock,
    newId: newTestId,
    businessTimeZone: ZONE,
    findAdapter: (code: string) =>
      code === 'sandbox' ? ({ settlementFiles: { readSettlementFile } } as unknown as GatewayAdapter) : null,
  });
  const send = (bytes: Uint8Array, fileName = 'day.csv') =>
    importSettlementFile(importDeps(), {
      gateway: 'sandbox',
      account: 'platform',
      fileName,
      bytes,
      actor: 'test',
    });
  const record = (items: readonly OutcomeItem[]) =>
    recordOutcomes(
      { db: database.db, hot: database.hotPool, clock, newId: newTestId, accounts, businessTimeZone: ZONE },
      items,
    );
  const succeed = (payment: TestPayment, transaction: string, amount = payment.amount) =>
    record([
      {
        gateway: 'sandbox',
        account: 'platform',
        merchantReference: payment.reference,
        outcome: {
          kind: 'succeeded',
          amount: vnd(amount),
          gatewayTransactionId: transaction,
          paidAt: new Date(NOON),
        },
        source: 'callback',
      },
    ]);
  const reconcile = () =>
    reconcileBatches({
      db: database.db,
      clock,
      newId: newTestId,
      businessTimeZone: ZONE,
      accounts,
      recordOutcomes: record,
      recordRefundOutcomes: () => Promise.resolve(),
      pageLines: 2,
    });
  const classes = async () =>
    query<{
      line_no: number;
      match_class: string;
      detail: string | null;
      entered_by_line: boolean;
      posted: boolean;
    }>(
      database.db,
      `select line_no, match_class, detail, entered_by_line, posted_at is not null as posted from settlement_lines order by line_no`,
    );
  const balance = async (agencyId: number, code: number) => {
    const [row] = await query<{ balance: string }>(
      database.db,
      `select coalesce(sum(e.debit) - sum(e.credit), 0)::text as balance from ledger_entries e
       join ledger_accounts a on a.agency_id = e.agency_id and a.id = e.account_id
       where a.agency_id = :agencyId and a.code = :code`,
      { agencyId, code },
    );
    return Number(row?.balance);
  };
  const range = (scope: ReportRange['scope'] = 'all'): ReportRange => ({
    scope,
    from: DAY as Day,
    to: DAY as Day,
    businessTimeZone: ZONE,
  });
  const caseKinds = async () =>
    (await query<{ kind: string }>(database.db, 'select kind from cases order by kind')).map(
      ({ kind }) => kind,
    );

  it('promise 64: the same file again is refused, renamed too', async () => {
    await openTestShop(shop());
    const bytes = fileOf([{ transaction: 'BT1', reference: 'SB1', gross: 100 }]);
    await send(bytes);
    for (const name of ['day.csv', 'another-name.csv'])
      await assert.rejects(send(bytes, name), { code: 'settlement.file-already-imported' });
    assert.equal((await classes()).length, 1);
    await reconcile();
  });

  it('promise 64: of many sending one file at once, one imports it', async () => {
    await openTestShop(shop());
    const bytes = fileOf([{ transaction: 'BT1', reference: 'SB1', gross: 100 }]);
    const sent = await Promise.allSettled(Array.from({ length: 6 }, () => send(bytes)));
    assert.equal(sent.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await classes()).length, 1);
    await reconcile();
  });

  it('promise 65: a file cut at any byte, or with a wrong count or sum, imports nothing and names the place', async () => {
    await openTestShop(shop());
    const bytes = fileOf([
      { transaction: 'BT1', reference: 'SB1', gross: 100, fee: 1 },
      { transaction: 'BT2', reference: 'SB2', gross: 200, fee: 2 },
    ]);
    const text = bytes.toString();
    const cuts = Array.from({ length: bytes.length - 1 }, (_, at) => bytes.subarray(0, at + 1));
    const wrong = [
      text.replace(',VND,2', ',VND,3'),
      text.replace('T,2,300', 'T,2,301'),
      text.replace('T,2', 'T,1'),
      text.replace(',200,2,198,', ',200,2,197,'),
      // Wrong in its line alone: the control sum agrees with it.
      text.replace(',200,2,198,', ',200,2,197,').replace('T,2,300,3,297', 'T,2,300,3,296'),
      text.replace(',100,1,', ',"1,00",1,'),
    ];
    for (const bad of [...cuts, ...wrong.map((each) => Buffer.from(each))]) {
      await assert.rejects(send(bad), (error: any) => {
        assert.equal(error.code, 'settlement.file-unreadable');
        assert.ok(error.options.errors.length > 0);
        assert.match(error.options.errors[0].detail, /line \d+, column ".+": .+Nothing was imported\./);
        return true;
      });
    }
    assert.deepEqual(await query(database.db, 'select id from settlement_batches'), []);
  });

  it('refuses a gateway or account without files', async () => {
    await openTestShop(shop());
    for (const [gateway, account, pointer] of [
      ['vnpay', 'platform', '/gateway'],
      ['sandbox', 'H29', '/account'],
    ] as const) {
      await assert.rejects(
        importSettlementFile(importDeps(), {
          gateway,
          account,
          fileName: 'day.csv',
          bytes: fileOf([]),
          actor: 'test',
        }),
        (error: unknown) =>
          error instanceof Refusal &&
          error.code === 'settlement.gateway-without-files' &&
          error.options.errors?.[0]?.pointer === pointer,
      );
    }
  });

  it('goes on where a killed import stopped, and shows nothing of it before', async () => {
    await openTestShop(shop());
    const bytes = fileOf(
      Array.from({ length: 5 }, (_, at) => ({
        transaction: `BT${String(at)}`,
        reference: `X${String(at)}`,
        gross: 10,
      })),
    );
    const chunked = { ...importDeps(), chunkLines: 2 };
    const file = { gateway: 'sandbox', account: 'platform', fileName: 'day.csv', bytes, actor: 'test' };
    const killed = importSettlementFile(chunked, file, () => Promise.reject(new Error('killed')));
    await assert.rejects(killed, /killed/);
    await query(database.db, 'delete from settlement_lines where line_no > 3');
    assert.equal((await reconcile()).batches, 0);
    await assert.rejects(importSettlementFile(chunked, file), { code: 'settlement.file-already-imported' });
    await query(database.db, `update settlement_batches set leased_until = now() - interval '1 second'`);
    const batch = await importSettlementFile(chunked, file);
    assert.equal(batch.lineCount, 5);
    assert.equal((await classes()).length, 5);
    assert.equal((await reconcile()).lines, 5);
  });

  const many = scaled(5_000, 200_000);
  it(`promise 73: an import killed at any line goes on from there, and every line is kept once${times(many)}`, async () => {
    await openTestShop(shop());
    const line = (at: number) => ({ transaction: `BT${String(at)}`, reference: `X${String(at)}`, gross: 10 });
    const bytes = fileOf(Array.from({ length: many }, (_, at) => line(at)));
    const file = { gateway: 'sandbox', account: 'platform', fileName: 'day.csv', bytes, actor: 'test' };
    const deps = { ...importDeps(), chunkLines: Math.ceil(many / 20) };
    let lines = Math.ceil(many * Math.random());
    const dying = () => {
      lines -= 1;
      if (lines === 0) throw new Error('killed');
      return newTestId();
    };
    await assert.rejects(importSettlementFile({ ...deps, newId: dying }, file), /killed/);
    await query(database.db, `update settlement_batches set leased_until = now() - interval '1 second'`);
    const batch = await importSettlementFile(deps, file);
    const [kept] = await query(
      database.db,
      `select count(*)::integer as lines, count(distinct line_no)::integer as numbers, sum(amount)::integer as amount
       from settlement_lines where batch_id = :id`,
      { id: batch.id },
    );
    assert.deepEqual(kept, { lines: many, numbers: many, amount: 10 * many });
  }).timeout(scaledTimeout(20_000));

  it('lets a file be sent again at once when its import failed', async () => {
    await openTestShop(shop());
    const lines = [1, 2, 3].map((at) => ({
      transaction: `BT${String(at)}`,
      reference: `X${String(at)}`,
      gross: 10,
    }));
    const file = {
      gateway: 'sandbox',
      account: 'platform',
      fileName: 'day.csv',
      bytes: fileOf(lines),
      actor: 'test',
    };
    const deps = { ...importDeps(), chunkLines: 1 };
    let ids = 0;
    const failing = () => {
      ids += 1;
      if (ids === 3) throw new Error('the database went away');
      return newTestId();
    };
    await assert.rejects(importSettlementFile({ ...deps, newId: failing }, file), /went away/);
    assert.equal((await importSettlementFile(deps, file)).lineCount, 3);
    assert.deepEqual(
      (await classes()).map(({ line_no: line }) => line),
      [1, 2, 3],
    );
  });

  it('lets others work every few hundred lines of a large file, and reads no further than it loads', async () => {
    await openTestShop(shop());
    const line = (at: number) => ({ transaction: `BT${String(at)}`, reference: `X${String(at)}`, gross: 10 });
    const bytes = fileOf(Array.from({ length: 2_000 }, (_, at) => line(at)));
    let [lines, stretch, longestStretch, loaded, furthestAhead] = [0, 0, 0, 0, 0];
    const adapter = countingAdapter(() => {
      lines += 1;
      stretch += 1;
      longestStretch = Math.max(longestStretch, stretch);
    });
    const idOfBatchOrLine = () => {
      if (lines > 2_000) {
        loaded += 1;
        furthestAhead = Math.max(furthestAhead, lines - 2_000 - loaded);
      }
      return newTestId();
    };
    let isDone = false;
    const others = async () => {
      for (; !isDone; stretch = 0) await new Promise((resolve) => setImmediate(resolve));
    };
    const watching = others();
    const deps = { ...importDeps(), chunkLines: 100, newId: idOfBatchOrLine, findAdapter: () => adapter };
    const file = { gateway: 'sandbox', account: 'platform', fileName: 'day.csv', bytes, actor: 'test' };
    await importSettlementFile(deps, file).finally(() => {
      isDone = true;
    });
    await watching;
    assert.deepEqual([lines, loaded], [4_000, 2_000]);
    assert.ok(longestStretch <= 1_000, `${String(longestStretch)} lines were read without a pause`);
    assert.ok(furthestAhead <= 100, `${String(furthestAhead)} lines were kept`);
  });

  it('removes what an import left behind that nobody took up again', async () => {
    await openTestShop(shop());
    await inTransaction(database.db, async (tx) => {
      const id = await takeBatch(tx, {
        id: newTestId() as never,
        gateway: 'sandbox',
        account: 'platform',
        fileName: 'x',
        digest: Buffer.alloc(32),
        day: DAY as Day,
        lineCount: 1,
        totalGross: 1n,
        totalFee: 0n,
        totalNet: 1n,
        currency: 'VND',
        importedBy: 'test',
        importedAt: clock.now(),
      });
      assert.ok(id);
      await insertLines(tx, id, [
        {
          id: newTestId() as never,
          lineNumber: 1,
          kind: 'payment',
          gatewayTransactionId: 'B',
          reference: 'R',
          amount: vnd(1),
          fee: vnd(0),
          occurredAt: clock.now(),
          settledOn: DAY as Day,
        },
      ]);
    });
    await query(database.db, `update settlement_batches set leased_until = now() - interval '2 hours'`);
    await reconcile();
    assert.deepEqual(await classes(), []);
    assert.deepEqual(await query(database.db, 'select id from settlement_batches'), []);
  });

  it('removes a large file bit by bit, from its end', async () => {
    await openTestShop(shop());
    const lines = [1, 2, 3].map((at) => ({
      transaction: `BT${String(at)}`,
      reference: `X${String(at)}`,
      gross: 10,
    }));
    await send(fileOf(lines));
    await query(
      database.db,
      `update settlement_batches set state = 'loading', leased_until = now() - interval '2 hours'`,
    );
    const left = [];
    for (let turn = 0; turn < 2; turn += 1) {
      await inTransaction(database.db, (tx) => dropAbandonedImports(tx, 2));
      const batches = await query(database.db, 'select 1 as one from settlement_batches');
      left.push([batches.length, (await classes()).map(({ line_no: line }) => line)]);
    }
    assert.deepEqual(left, [
      [1, [1]],
      [0, []],
    ]);
  });

  it('posts a matched line: gross to the bank account, the fee to the platform', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [
      { agencyId: 1, amount: 100_000 },
      { agencyId: 2, amount: 50_000 },
    ]);
    await succeed(payment, 'BT1');
    await send(fileOf([{ transaction: 'BT1', reference: payment.reference, gross: 150_000, fee: 1_100 }]));
    await reconcile();
    assert.deepEqual(await classes(), [
      { line_no: 1, match_class: 'matched', detail: null, entered_by_line: false, posted: true },
    ]);
    assert.deepEqual(
      [await balance(1, 1200), await balance(2, 1200), await balance(0, 1200), await balance(0, 5100)],
      [100_000, 50_000, -1_100, 1_100],
    );
    assert.deepEqual([await balance(1, 1100), await balance(2, 1100)], [0, 0]);
  });

  it('promise 69: a fee borne by agencies is split to the last dong', async () => {
    await openTestShop(shop(), { feeBearer: 'agency' });
    const parts = [
      { agencyId: 1, amount: 1 },
      { agencyId: 2, amount: 2 },
    ];
    const [first, second] = [await aPayment(shop(), parts), await aPayment(shop(), parts)];
    await succeed(first, 'BT1');
    await succeed(second, 'BT2');
    await send(
      fileOf([
        { transaction: 'BT1', reference: first.reference, gross: 3, fee: 2 },
        // Too little for both: one bears it, and of the other nothing is posted.
        { transaction: 'BT2', reference: second.reference, gross: 3, fee: 1 },
      ]),
    );
    await reconcile();
    const fees = [await balance(1, 5100), await balance(2, 5100), await balance(0, 5100)];
    assert.deepEqual(fees, [1, 2, 0]);
    assert.deepEqual([await balance(1, 1200), await balance(2, 1200)], [1, 2]);
  });

  it('promise 66: a line without a match goes to suspense with a case; every line is in one class', async () => {
    await openTestShop(shop());
    const known = await aPayment(shop(), [{ agencyId: 1, amount: 70_000 }]);
    await succeed(known, 'BT1');
    await send(
      fileOf([
        { transaction: 'BT1', reference: known.reference, gross: 70_000 },
        { transaction: 'BT9', reference: 'NOBODY', gross: 33_000, fee: 300 },
        { kind: 'refund', transaction: 'BR9', reference: 'NOREFUND', gross: 5_000 },
      ]),
    );
    await reconcile();
    assert.deepEqual(
      (await classes()).map(({ match_class: each, detail, posted }) => [each, detail, posted]),
      [
        ['matched', null, true],
        ['missing_at_us', 'unknown_reference', true],
        ['missing_at_us', 'unknown_reference', false],
      ],
    );
    assert.equal(await balance(0, 2300), -33_000);
    assert.equal(await balance(0, 1200), 33_000 - 300);
    assert.deepEqual(await caseKinds(), ['unidentified_money', 'unidentified_money']);
  });

  it('promise 71: a line for a payment we did not know to be paid enters it, then counts as matched', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await send(fileOf([{ transaction: 'BT1', reference: payment.reference, gross: 80_000, fee: 500 }]));
    await reconcile();
    assert.deepEqual(await classes(), [
      { line_no: 1, match_class: 'matched', detail: null, entered_by_line: true, posted: true },
    ]);
    const [order] = await query<{ status: string }>(database.db, 'select status from payment_orders');
    assert.equal(order?.status, 'paid');
    const report = await readReconciliation(database.db, range(), 100);
    assert.equal(report.days[0]?.enteredByLine, 1);
  });

  it('promise 71: the callback that comes after the line finds it done', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await send(fileOf([{ transaction: 'BT1', reference: payment.reference, gross: 80_000 }]));
    await reconcile();
    const [late] = await succeed(payment, 'BT1');
    assert.equal(late?.result, 'already_recorded');
  });

  it('a second charge under one reference enters as surplus and is matched', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await send(
      fileOf([
        { transaction: 'BT1', reference: payment.reference, gross: 80_000 },
        { transaction: 'BT2', reference: payment.reference, gross: 80_000 },
      ]),
    );
    await reconcile();
    assert.deepEqual(
      (await classes()).map(({ match_class: each, entered_by_line: entered }) => [each, entered]),
      [
        ['matched', true],
        ['matched', true],
      ],
    );
    assert.equal(await balance(1, 2310), -80_000);
    assert.equal(await balance(1, 1200), 160_000);
  });

  it('promise 67: a payment is claimed by one line; the second is seen, not believed, and opens a case', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await succeed(payment, 'BT1');
    const line = { transaction: 'BT1', reference: payment.reference, gross: 80_000 };
    await send(fileOf([line]));
    await send(fileOf([line, { transaction: 'BT7', reference: 'OTHER', gross: 1 }], '2026-03-03'));
    await reconcile();
    await reconcile();
    const all = (await classes()).map(({ match_class: each, detail }) => `${each} ${String(detail)}`).sort();
    assert.deepEqual(all, [
      'matched null',
      'missing_at_us duplicate_at_bank',
      'missing_at_us unknown_reference',
    ]);
    assert.equal(await balance(1, 1200), 80_000);
    assert.deepEqual(await caseKinds(), ['unidentified_money', 'unidentified_money']);
    await assert.rejects(
      query(
        database.db,
        `update settlement_lines set match_class = 'matched' where detail = 'duplicate_at_bank'`,
      ),
      /settlement_lines_claim_payment/,
    );
  });

  it('an amount that differs is not posted and opens a case', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await succeed(payment, 'BT1');
    await send(fileOf([{ transaction: 'BT1', reference: payment.reference, gross: 79_999 }]));
    await reconcile();
    assert.deepEqual(
      (await classes()).map(({ match_class: each, posted }) => [each, posted]),
      [['amount_differs', false]],
    );
    assert.equal(await balance(1, 1200), 0);
    assert.deepEqual(await caseKinds(), ['amount_differs']);
  });

  it('money of a wrong amount that the line tells first lies in suspense and is settled', async () => {
    await openTestShop(shop());
    const payment = await aPayment(shop(), [{ agencyId: 1, amount: 80_000 }]);
    await send(fileOf([{ transaction: 'BT1', reference: payment.reference, gross: 79_000 }]));
    await reconcile();
    assert.deepEqual(
      (await classes()).map(({ match_class: each, posted }) => [each, posted]),
      [['matched', true]],
    );
    assert.equal(await balance(1, 2300), -79_000);
    assert.equal(await balance(1, 1100), 0);
    assert.deepEqual(await caseKinds(), ['amount_differs']);
  });

  it('reconciling twice, or by two workers at once, changes nothing more', async () => {
    await openTestShop(shop());
    const payments = [];
    for (let each = 0; each < 6; each += 1)
      payments.push(await aPayment(shop(), [{ agencyId: 1, amount: 1_000 + each }]));
    await send(
      fileOf(
        payments.map(({ reference, amount }, at) => ({
          transaction: `BT${String(at)}`,
          reference,
          gross: amount,
        })),
      ),
    );
    await Promise.all([reconcile(), reconcile()]);
    assert.deepEqual(await reconcile(), { batches: 0, lines: 0 });
    assert.ok((await classes()).every(({ match_class: each, posted }) => each === 'matched' && posted));
  });

  it('the report holds each line and payment in one class, and its bridge leads from our sum to theirs', async () => {
    await openTestShop(shop());
    const make = (agencyId: number, amount: number) => aPayment(shop(), [{ agencyId, amount }]);
    const [matched, differs, missing, other] = [
      await make(1, 10_000),
      await make(1, 20_000),
      await make(1, 40_000),
      await make(2, 80_000),
    ];
    await succeed(matched, 'BT1');
    await succeed(differs, 'BT2');
    await succeed(missing, 'BT3');
    await succeed(other, 'BT4');
    const before = await readReconciliation(database.db, range(), 100);
    assert.deepEqual(
      before.days.map(({ classes: of, statementAt }) => [of.awaiting_statement.count, statementAt]),
      [[4, null]],
    );
    await send(
      fileOf([
        { transaction: 'BT1', reference: matched.reference, gross: 10_000, fee: 100 },
        { transaction: 'BT2', reference: differs.reference, gross: 21_000 },
        { transaction: 'BT4', reference: other.reference, gross: 80_000 },
        { transaction: 'BT5', reference: 'ELSEWHERE', gross: 5_000 },
      ]),
    );
    await reconcile();
    const report = await readReconciliation(database.db, range(), 100);
    const [day] = report.days;
    assert.ok(day && report.days.length === 1);
    assert.deepEqual(
      Object.entries(day.classes).map(([name, { count }]) => [name, count]),
      [
        ['matched', 2],
        ['missing_at_us', 1],
        ['missing_at_bank', 1],
        ['amount_differs', 1],
        ['awaiting_statement', 0],
      ],
    );
    const { bridge } = day;
    assert.equal(bridge.ours.amountMinor, 150_000n);
    assert.equal(bridge.theirs.amountMinor, 116_000n);
    assert.equal(
      bridge.ours.amountMinor +
        bridge.missingAtBank.amountMinor +
        bridge.amountDiffers.amountMinor +
        bridge.missingAtUs.amountMinor,
      bridge.theirs.amountMinor,
    );
    assert.equal(report.exceptionCount, 3);
    assert.equal((await readReconciliationItems(database.db, range(), 100)).length, 5);

    const own = await readReconciliation(database.db, range(2 as never), 100);
    assert.equal(own.days[0]?.bridge.theirs.amountMinor, 80_000n);
    assert.equal(own.exceptionCount, 0);
    const collected = await readCollections(database.db, range(1 as never));
    assert.deepEqual(
      collected.map(({ collected: sum, lines }) => [sum, lines]),
      [[70_000n, 3]],
    );
  });
});

/** The sandbox's reader, telling of each line that is taken from it. */
function countingAdapter(onLine: () => void): GatewayAdapter {
  function* counted<End>(reading: Iterator<SettlementLine, End, undefined>) {
    for (;;) {
      const step = reading.next();
      if (step.done) return step.value;
      onLine();
      yield step.value;
    }
  }
  function* counting(file: { readonly name: string; readonly bytes: Uint8Array }) {
    const reading: SettlementFileReading = yield* counted(readSettlementFile(file));
    if (reading.kind !== 'read') return reading;
    return { ...reading, lines: { [Symbol.iterator]: () => counted(reading.lines[Symbol.iterator]()) } };
  }
  return { settlementFiles: { readSettlementFile: counting } } as unknown as GatewayAdapter;
}
