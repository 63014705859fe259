/** The seal and the balances it rolls up: complete, in order, harmless to repeat, and safe against late commits. */
import assert from 'node:assert/strict';
import { readProgress, storedXidsBelongToCluster } from '../../../src/features/ledger/seal-store.ts';
import { publishLedgerHead, rebuildBalances, sealLedger } from '../../../src/features/ledger/seal-ledger.ts';
import { verifyLedger } from '../../../src/features/ledger/verify-ledger.ts';
import { readTrialBalance } from '../../../src/features/reports/ledger-statement.ts';
import { query } from '../../../src/platform/database.ts';
import { balanceDrift, openTestBook, paid, post, type TestBook } from '../../support/books.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('sealing the ledger', () => {
  let database: TestDatabase;
  let book: TestBook;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  it('seals nothing into no block, and yet moves sealed_through', async () => {
    const before = await readProgress(database.db);
    await sealLedger(database);
    const after = await readProgress(database.db);
    assert.equal(after.lastSequence, 0n);
    assert.ok(after.sealedThrough > before.sealedThrough);
  });

  it('rolls committed postings up into balances and one block', async () => {
    book = await openTestBook(database.db, 1);
    await post(database.db, paid(book, 100), paid(book, 250));
    const turn = await sealLedger(database);
    assert.deepEqual(turn, { blocks: 1, transactions: 2, busy: false });
    const verdict = await verifyLedger(database);
    assert.equal(
      verdict.kind,
      'intact',
      JSON.stringify(verdict, (_, v) => (typeof v === 'bigint' ? String(v) : v)),
    );
    const trial = await readTrialBalance(database.db, 'all', null);
    assert.deepEqual(
      trial.accounts.map(({ code, balance }) => ({ code, balance })),
      [
        { code: 1100, balance: 350n },
        { code: 2100, balance: 350n },
      ],
    );
    assert.deepEqual(await balanceDrift(database.db), []);
  });
});
