/** The books, the reports and settlement files as programs see them over HTTP. */
import assert from 'node:assert/strict';
import express from 'express';
import { parse } from 'csv-parse/sync';
import request from 'supertest';
import { ledgerRoutes } from '../../src/api/ledger-routes.ts';
import { reportRoutes } from '../../src/api/report-routes.ts';
import { settlementRoutes } from '../../src/api/settlement-routes.ts';
import { consoleRoutes } from '../../src/console/console-routes.ts';
import type { GatewayAdapter } from '../../src/gateways/gateway-adapter.ts';
import { readSettlementFile } from '../../src/gateways/sandbox/settlement-file.ts';
import { publicId, type LedgerAccountId } from '../../src/domain/kernel/ids.ts';
import { verifyClient } from '../../src/features/agencies/issue-token.ts';
import { createAccountBook } from '../../src/features/ledger/account-store.ts';
import { extendBusinessDays } from '../../src/features/ledger/business-day-store.ts';
import { sealLedger } from '../../src/features/ledger/seal-ledger.ts';
import { reconcileBatches } from '../../src/features/settlement/reconcile-batch.ts';
import { query } from '../../src/platform/database.ts';
import { csvOf } from '../../src/web/spreadsheet.ts';
import { createTestApi, type TestApi } from '../support/agency-api.ts';
import { openTestAccount, post, type TestBook } from '../support/books.ts';
import { newTestId } from '../support/ids.ts';
import { aContext } from '../support/page-fixtures.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const FILE = [
  'H,SANDBOX-SETTLEMENT-1,DVC01,2026-11-22,VND,1',
  'L,1,payment,BT1,NOBODY,503000,1100,501900,2026-11-22T09:59:00+07:00,2026-11-23',
  'T,1,503000,1100,501900',
  '',
].join('\n');

describe('books and settlement over HTTP', () => {
  let api: TestApi;
  let book: TestBook;

  beforeEach(async () => {
    api = await createTestApi(({ db }, clock) => [
      ...ledgerRoutes({ db }),
      ...reportRoutes({ db, clock, businessTimeZone: ZONE }),
      ...settlementRoutes({
        db,
        clock,
        newId: newTestId,
        businessTimeZone: ZONE,
        findAdapter: (code) =>
          code === 'sandbox'
            ? ({ settlementFiles: { readSettlementFile } } as unknown as GatewayAdapter)
            : null,
      }),
    ]);
    const { db } = api.database;
    await extendBusinessDays(db, '2026-01-01' as never, '2026-12-31' as never);
    await query(
      db,
      `insert into merchant_accounts (gateway, code, merchant_id, secrets_box) values ('sandbox', 'platform', 'DVC01', '')`,
    );
    const { agencyId } = api.first;
    book = {
      agencyId,
      clearing: await openTestAccount(db, agencyId, 1100, 'sandbox:platform'),
      payable: await openTestAccount(db, agencyId, 2100, 'F1:-:-'),
      bank: await openTestAccount(db, agencyId, 1200, 'sandbox:platform'),
      suspense: await openTestAccount(db, agencyId, 2300, ''),
    };
  });
  afterEach(() => api.drop());

  const get = (path: string, token = api.operator.token) =>
    request(api.app).get(path).set('Authorization', `Bearer ${token}`);
  const upload = (bytes: Buffer, options: { key?: string; token?: string; name?: string } = {}) =>
    request(api.app)
      .post('/v1/settlement-files')
      .set('Authorization', `Bearer ${options.token ?? api.operator.token}`)
      .set('Idempotency-Key', options.key ?? newTestId())
      .field('gateway', 'sandbox')
      .attach('file', bytes, options.name ?? 'day.csv');
  const payInto = async (amounts: readonly number[]) => {
    for (const amount of amounts) {
      await post(api.database.db, {
        agencyId: book.agencyId,
        transfers: [{ debit: book.clearing, credit: book.payable, amount }],
      });
    }
    await sealAll(api);
  };

  it('gives an agency its own trial balance and the operator all books', async () => {
    await payInto([100, 250]);
    const own = await get('/v1/ledger/trial-balance', api.first.token).expect(200);
    assert.deepEqual(own.body.books, [
      { agency: 'H29', currency: 'VND', debits: 350, credits: 350, balanced: true },
    ]);
    const other = await get('/v1/ledger/trial-balance', api.second.token).expect(200);
    assert.deepEqual([other.body.books, other.body.accounts], [[], []]);
    const all = await get('/v1/ledger/trial-balance').expect(200);
    assert.deepEqual(all.body.accounts, own.body.accounts);
  });

  it('answers the same for the moment it named, and 409 with Retry-After for one not sealed', async () => {
    await payInto([100]);
    const first = await get('/v1/ledger/trial-balance').expect(200);
    await payInto([900]);
    const again = await get(`/v1/ledger/trial-balance?at=${String(first.body.as_of)}`).expect(200);
    assert.deepEqual(again.body, first.body);
    const later = await get('/v1/ledger/trial-balance?at=2199-01-01T00:00:00Z').expect(409);
    assert.equal(later.body.code, 'ledger.not-yet-sealed');
    assert.equal(later.headers['retry-after'], '1');
    const earlier = await get('/v1/ledger/trial-balance?at=2001-01-01T00:00:00Z').expect(200);
    assert.deepEqual([earlier.body.as_of, earlier.body.accounts], [null, []]);
  });

  it('pages through an account statement, newest first, each entry once', async () => {
    await payInto([1, 2, 3]);
    await payInto([4, 5]);
    const path = `/v1/ledger/accounts/${publicId('acc', book.clearing as LedgerAccountId)}/statement`;
    const seen: number[] = [];
    let next = '';
    do {
      const page = await get(`${path}?limit=2${next}`, api.first.token).expect(200);
      assert.deepEqual([page.body.opening_balance, page.body.closing_balance], [0, 15]);
      seen.push(...page.body.data.map(({ amount }: { amount: number }) => amount));
      next = page.body.has_more ? `&after=${String(page.body.next_cursor)}` : '';
    } while (next !== '');
    assert.deepEqual(seen, [5, 4, 3, 2, 1]);
    await get(path, api.second.token).expect(404);
  });

  it('opens a statement with what the account held at a moment', async () => {
    await payInto([10]);
    const then = await get('/v1/ledger/trial-balance').expect(200);
    await payInto([20, 30]);
    const id = publicId('acc', book.clearing as LedgerAccountId);
    const page = await get(`/v1/ledger/accounts/${id}/statement?from=${String(then.body.as_of)}`).expect(200);
    assert.deepEqual([page.body.opening_balance, page.body.closing_balance], [10, 60]);
    assert.deepEqual(
      page.body.data.map(({ amount }: { amount: number }) => amount),
      [30, 20],
    );
  });

  it('lists the accounts of the book by pages', async () => {
    const first = await get('/v1/ledger/accounts?limit=3', api.first.token).expect(200);
    assert.equal(first.body.has_more, true);
    const rest = await get(
      `/v1/ledger/accounts?limit=3&after=${String(first.body.next_cursor)}`,
      api.first.token,
    ).expect(200);
    assert.deepEqual([first.body.data.length, rest.body.data.length], [3, 1]);
    const other = await get('/v1/ledger/accounts', api.second.token).expect(200);
    assert.deepEqual(other.body.data, []);
  });

  it('imports a settlement file for the operator alone, and answers the same key again', async () => {
    const key = newTestId();
    const made = await upload(Buffer.from(FILE), { key }).expect(201);
    assert.deepEqual([made.body.line_count, made.body.day], [1, '2026-11-22']);
    const again = await upload(Buffer.from(FILE), { key }).expect(201);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.deepEqual(again.body, made.body);
    const second = await upload(Buffer.from(FILE), { name: 'renamed.csv' }).expect(409);
    assert.equal(second.body.code, 'settlement.file-already-imported');
    assert.equal(second.body.batch_id, made.body.id);
    await upload(Buffer.from(FILE), { token: api.first.token }).expect(403);
    await reconcileAll(api);
    const batch = await get(made.body.links.self as string).expect(200);
    assert.deepEqual(
      [batch.body.status, batch.body.classes],
      ['reconciled', { matched: 0, missing_at_us: 1, amount_differs: 0 }],
    );
    await get(`/v1/settlement-batches/stb_${'0'.repeat(32)}`).expect(404);
  });

  it('names line and column of an unreadable file and imports nothing', async () => {
    const bad = await upload(Buffer.from(FILE.replace('503000,1100', '"503,000",1100'))).expect(422);
    assert.equal(bad.body.code, 'settlement.file-unreadable');
    assert.match(
      bad.body.errors[0].detail as string,
      /day\.csv, line \d+, column ".+Nothing was imported\.$/,
    );
    assert.deepEqual(await query(api.database.db, 'select id from settlement_batches'), []);
    await upload(Buffer.from(FILE)).expect(201);
  });

  it('reports a day as JSON and as CSV', async () => {
    await upload(Buffer.from(FILE)).expect(201);
    await reconcileAll(api);
    const range = 'from=2026-11-22&to=2026-11-22';
    const json = await get(`/v1/reports/reconciliation?${range}`).expect(200);
    assert.deepEqual(json.body.days[0].missing_at_us, { count: 1, amount_here: 0, amount_at_bank: 503_000 });
    assert.equal(json.body.exceptions[0].detail, 'unknown_reference');
    const csv = await get(`/v1/reports/reconciliation?${range}&format=csv`).expect(200);
    assert.match(csv.headers['content-type'] as string, /^text\/csv/);
    const rows = parse(csv.text, { bom: true, columns: true, record_delimiter: '\r\n' });
    assert.deepEqual(
      rows.map((row: any) => [row.class, row.amount_at_bank, row.line]),
      [['missing_at_us', '503000', '1']],
    );
    const own = await get(`/v1/reports/reconciliation?${range}`, api.first.token).expect(200);
    assert.deepEqual([own.body.days, own.body.exceptions], [[], []]);
    await get('/v1/reports/collections').expect(200);
    const turned = await get('/v1/reports/reconciliation?from=2026-11-22&to=2026-11-21').expect(400);
    assert.equal(turned.body.errors[0].pointer, '/to');
  });

  it('shows the reconciliation page to an operator alone', async () => {
    await upload(Buffer.from(FILE)).expect(201);
    await reconcileAll(api);
    const { db } = api.database;
    const app = express();
    app.use(
      consoleRoutes({
        db,
        clock: api.clock,
        businessTimeZone: ZONE,
        site: aContext().site,
        verifyClient: (given) => verifyClient(db, given),
        gateways: [],
      }),
    );
    const show = () => request(app).get('/console/reconciliation?from=2026-11-22&lang=en');
    await show()
      .expect(401)
      .expect(/Sign in needed/)
      .expect('WWW-Authenticate', /^Basic/);
    const { operator, first } = api;
    await show().auth(operator.clientId, 'wrong').expect(401);
    await show().auth(first.clientId, first.clientSecret).expect(401);
    const page = await show().auth(operator.clientId, operator.clientSecret).expect(200);
    assert.match(page.text, /Reconciliation of/);
    assert.match(page.text, /Sandbox bank/);
    assert.match(page.text, /NOBODY/);
    assert.match(page.text, /503[.,]000/);
  });
});

describe('CSV', () => {
  it('promise 91: no cell begins a formula, numbers stay numbers, and reading it back gives the text', () => {
    const evil = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      ' =1',
      '\u00a0=1',
      '\uff1d1+1',
      '\uff0b1',
      '\uff0d1',
      '\uff20A',
      "=cmd|' /C calc'!A0",
      '=HYPERLINK("http://evil.example")',
    ];
    const harmless = ['Nguyễn Văn Minh', 'a,b', 'say "yes"', 'two\r\nlines', '1-2', 'a=b', ''];
    const text = csvOf(
      ['text', 'amount'],
      [...evil, ...harmless].map((cell) => [cell, -150_000n]),
    );
    assert.ok(text.startsWith('\ufeff'));
    const rows: string[][] = parse(text, { bom: true, from_line: 2, record_delimiter: '\r\n' });
    assert.deepEqual(
      rows.map(([cell]) => cell),
      [...evil.map((cell) => `'${cell}`), ...harmless],
    );
    assert.ok(rows.every(([, amount]) => amount === '-150000'));
    // Every text stands in quotes, no number does.
    assert.equal(text.split('",-150000\r\n').length - 1, rows.length);
  });
});

/** The horizon belongs to the whole server: other test files may hold it back for a moment. */
async function sealAll({ database }: TestApi): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    await sealLedger(database);
    const open = await query(
      database.db,
      'select id from ledger_transactions where xid >= (select sealed_to_xid from ledger_progress) limit 1',
    );
    if (open.length === 0) return;
  }
  throw new Error('the horizon of the server did not move');
}

async function reconcileAll({ database, clock }: TestApi): Promise<void> {
  await reconcileBatches({
    db: database.db,
    clock,
    newId: newTestId,
    businessTimeZone: ZONE,
    accounts: createAccountBook({ db: database.db, newId: newTestId }),
    recordOutcomes: () => Promise.reject(new Error('no line of these tests tells us of a payment')),
    recordRefundOutcomes: () => Promise.reject(new Error('no line of these tests tells us of a refund')),
  });
}
