/** The seal and the balances it rolls up: complete, in order, harmless to repeat, and safe against late commits. */
import assert from 'node:assert/strict';
import { query, type Database } from '../../../src/platform/database.ts';
import { readProgress, storedXidsBelongToCluster } from '../../../src/features/ledger/seal-store.ts';
import { publishLedgerHead, rebuildBalances, sealLedger } from '../../../src/features/ledger/seal-ledger.ts';
import { verifyLedger } from '../../../src/features/ledger/verify-ledger.ts';
import { readTrialBalance } from '../../../src/features/reports/ledger-statement.ts';
import {
  balanceDrift,
  openTestBook,
  paid,
  post,
  type TestBook,
  type TestPosting,
} from '../../support/books.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('sealing the ledger', () => {
  let database: TestDatabase;
  let book: TestBook;

  beforeEach(async () => {
    database = await createTestDatabase();
    book = await openTestBook(database.db, 1);
  });
  afterEach(() => database.drop());

  it('seals nothing into no block, and yet moves sealed_through', async () => {
    const before = await readProgress(database.db);
    assert.deepEqual(await sealLedger(database), { blocks: 0, transactions: 0, busy: false });
    const after = await readProgress(database.db);
    assert.equal(after.lastSequence, 0n);
    assert.ok(after.sealedThrough > before.sealedThrough);
  });

  it('rolls committed postings up into balances and one block, and says the same hash in both its words', async () => {
    await post(database.db, paid(book, 100), paid(book, 250));
    await sealAll(database);
    await assertIntact(database);
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

  it('cuts many transactions into bounded blocks', async () => {
    for (let each = 0; each < 7; each += 1) await post(database.db, paid(book, 10));
    await sealAll(database, { ...database, blockLimit: 3 });
    const blocks = await query<{ row_count: number }>(
      database.db,
      'select row_count from ledger_seals order by sequence',
    );
    // Where exactly a block ends depends on who else writes on this server: the watermark is the server's.
    const counts = blocks.map(({ row_count: count }) => count);
    assert.ok(Math.max(...counts) === 3 && counts.length >= 3, String(counts));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      7,
    );
    await assertIntact(database);
  });

  it('promise 47: a transaction that commits late with a lower xid is still rolled up and sealed', async () => {
    await whileOpen(database, paid(book, 1_000), async () => {
      for (let round = 1; round <= 3; round += 1) {
        await post(database.db, paid(book, 1));
        await sealLedger(database);
        // Nothing at or above the open transaction is sealed: its block could not take it in any more.
        await assertIntact(database);
        assert.equal(await sealedCount(database.db), 0);
      }
    });
    await sealAll(database);
    assert.equal(await sealedCount(database.db), 4);
    assert.deepEqual(await balanceDrift(database.db), []);
    const trial = await readTrialBalance(database.db, 'all', null);
    assert.equal(trial.accounts.find(({ code }) => code === 1100)?.debits, 1_003n);
  });

  it('promise 47: sealed_through never passes a transaction that is still open', async () => {
    const sealedThrough = await whileOpen(database, paid(book, 1_000), async () => {
      for (let round = 0; round < 3; round += 1) await sealLedger(database);
      return (await readProgress(database.db)).sealedThrough;
    });
    const [row] = await query<{ booked_at: Date }>(database.db, 'select booked_at from ledger_transactions');
    assert.ok(row && sealedThrough < row.booked_at);
  });

  it('promise 48: several workers at once seal each transaction once and leave balances equal to the rows', async () => {
    const posting = (async () => {
      for (let each = 0; each < 30; each += 1) await post(database.db, paid(book, 7), paid(book, 11));
    })();
    const sealing = Array.from({ length: 3 }, async () => {
      for (let turn = 0; turn < 15; turn += 1) await sealLedger({ ...database, blockLimit: 4 });
    });
    await Promise.all([posting, ...sealing]);
    await sealAll(database);
    assert.equal(await sealedCount(database.db), 60);
    assert.deepEqual(await balanceDrift(database.db), []);
    await assertIntact(database);
  });

  it('promise 48: a worker killed in the middle leaves blocks, progress and balances agreeing', async () => {
    const work = Array.from({ length: 12 }, () => paid(book, 5));
    for (const posting of work) await post(database.db, posting);
    const killer = (async () => {
      for (let each = 0; each < 10; each += 1) {
        await query(
          database.ownerDb,
          `select pg_terminate_backend(pid) as ended from pg_stat_activity
           where datname = current_database() and application_name = 'test' and state = 'active'
             and query like '%ledger_seals%'`,
        ).catch(() => []);
      }
    })();
    for (let turn = 0; turn < 10; turn += 1) {
      await sealLedger({ ...database, blockLimit: 1 }).catch(() => null);
      assert.deepEqual(await balanceDrift(database.ownerDb), []);
    }
    await killer;
    await sealAll(database);
    assert.equal(await sealedCount(database.db), 12);
    await assertIntact(database);
  });

  it('promise 48: a worker killed between its block and its progress leaves neither', async () => {
    await post(database.db, paid(book, 100));
    await query(
      database.ownerDb,
      `create function end_worker() returns trigger language plpgsql as $$ begin
         perform pg_terminate_backend(pg_backend_pid()); return new;
       end $$`,
    );
    await query(
      database.ownerDb,
      'create trigger end_worker before update on ledger_progress for each row execute function end_worker()',
    );
    await assert.rejects(sealLedger(database));
    assert.equal(await sealedCount(database.ownerDb), 0);
    assert.deepEqual(await balances(database.ownerDb), []);
    await query(database.ownerDb, 'drop trigger end_worker on ledger_progress');
    await sealAll(database);
    assert.equal(await sealedCount(database.db), 1);
    await assertIntact(database);
  });

  it('promise 49: balances wiped and rebuilt are identical rows', async () => {
    await post(database.db, paid(book, 100), paid(book, 250));
    await sealAll(database);
    const before = await balances(database.db);
    assert.equal(before.length, 2);
    await query(database.db, 'delete from ledger_balances');
    assert.equal((await verifyLedger(database)).kind, 'broken');
    await rebuildBalances(database);
    assert.deepEqual(await balances(database.db), before);
    await assertIntact(database);
  });

  it('a damaged balance cannot enter the chain and is put right when its account is touched', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    await query(database.db, 'update ledger_balances set debits = debits + 9, credits = credits + 9');
    await post(database.db, paid(book, 1));
    await sealAll(database);
    assert.deepEqual(await balanceDrift(database.db), []);
    await assertIntact(database);
  });

  it('promise 54: sums beyond 2^63 are exact', async () => {
    const most = 9_000_000_000_000_000n;
    const many = 1_100;
    const postings = Array.from({ length: many }, () => paid(book, most));
    for (let from = 0; from < many; from += 100) await post(database.db, ...postings.slice(from, from + 100));
    await sealAll(database);
    const trial = await readTrialBalance(database.db, 'all', null);
    const total = most * BigInt(many);
    assert.ok(total > 2n ** 63n);
    assert.deepEqual(
      trial.books.map(({ debits, credits }) => ({ debits, credits })),
      [{ debits: total, credits: total }],
    );
    await assert.rejects(post(database.db, paid(book, most + 1n)), /check constraint/);
  });

  it('promise 57: a trial balance at a sealed moment is the same after later postings', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    const first = await readTrialBalance(database.db, 'all', null);
    assert.ok(first.asOf && first.accounts.length === 2, 'there is something that could change');
    // Both the moment of the block and the latest that may be asked for.
    const moments = [first.asOf, await sealedAfter(database, first.asOf)];
    for (let round = 0; round < 4; round += 1) {
      await post(database.db, paid(book, 10 + round));
      await sealAll(database);
      for (const at of moments) assert.deepEqual(await readTrialBalance(database.db, 'all', at), first);
    }
    const newest = await readTrialBalance(database.db, 'all', null);
    assert.notDeepEqual(newest, first);
    assert.ok(newest.asOf);
    assert.deepEqual(await readTrialBalance(database.db, 'all', newest.asOf), newest);
  });

  it('refuses a trial balance at a moment that is not sealed yet, and says when to ask again', async () => {
    await sealAll(database);
    const { sealedThrough } = await readProgress(database.db);
    await assert.rejects(
      readTrialBalance(database.db, 'all', new Date(sealedThrough.getTime() + 60_000)),
      (error: any) => error.code === 'ledger.not-yet-sealed' && error.options.retryAfterSeconds === 1,
    );
  });

  it('answers an agency with its own book alone', async () => {
    const other = await openTestBook(database.db, 2);
    await post(database.db, paid(book, 100), paid(other, 900));
    await sealAll(database);
    const own = await readTrialBalance(database.db, 2 as any, null);
    assert.deepEqual(new Set(own.accounts.map(({ agencyId }) => agencyId)), new Set([2]));
    assert.deepEqual(
      own.books.map(({ debits }) => debits),
      [900n],
    );
  });

  it('tells rows that another cluster wrote', async () => {
    assert.equal(await storedXidsBelongToCluster(database.db), true);
    await query(database.ownerDb, `update ledger_progress set sealed_to_xid = '4000000000000'`);
    assert.equal(await storedXidsBelongToCluster(database.db), false);
  });

  it('publishes the head of the chain as one line', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    const lines: string[] = [];
    await publishLedgerHead({
      db: database.db,
      appendLine: (line) => Promise.resolve(void lines.push(line)),
      log: { info: () => undefined },
    });
    const { sequence, hash } = JSON.parse(lines[0] ?? '') as { sequence: number; hash: string };
    const verdict = await verifyLedger(database, [{ sequence: BigInt(sequence), hash }]);
    assert.equal(verdict.kind, 'intact');
    const other = await verifyLedger(database, [{ sequence: BigInt(sequence), hash: 'ab'.repeat(32) }]);
    assert.equal(other.kind, 'broken');
  });
});

/** Runs `work` while a transaction that has posted is still open; then commits it, whatever happened. */
async function whileOpen<T>(
  database: TestDatabase,
  posting: TestPosting,
  work: () => Promise<T>,
): Promise<T> {
  const late = await database.db.transaction();
  try {
    await post(late, posting);
    return await work();
  } finally {
    await late.commit();
  }
}

async function assertIntact(database: TestDatabase): Promise<void> {
  const verdict = await verifyLedger(database);
  assert.equal(verdict.kind, 'intact', verdict.kind === 'broken' ? verdict.fault : '');
}

/** The horizon belongs to the whole server: other test files may hold it back for a moment. */
async function sealAll(
  database: TestDatabase,
  deps: Parameters<typeof sealLedger>[0] = database,
): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    await sealLedger(deps);
    const [row] = await query<{ open: number }>(
      database.db,
      `select count(*)::integer as open from ledger_transactions where xid >= (select sealed_to_xid from ledger_progress)`,
    );
    const { sealedThrough } = await readProgress(database.db);
    if (row?.open === 0 && sealedThrough.getTime() > 0) return;
  }
  throw new Error('the horizon of the server did not move');
}

/** What is sealed through, once that is later than a moment. */
async function sealedAfter(database: TestDatabase, moment: Date): Promise<Date> {
  for (;;) {
    await sealLedger(database);
    const { sealedThrough } = await readProgress(database.db);
    if (sealedThrough > moment) return sealedThrough;
  }
}

async function sealedCount(db: Database): Promise<number> {
  const [row] = await query<{ sealed: number }>(
    db,
    'select coalesce(sum(row_count), 0)::integer as sealed from ledger_seals',
  );
  return row?.sealed ?? 0;
}

function balances(db: Database): Promise<object[]> {
  return query(
    db,
    'select agency_id, account_id, debits, credits from ledger_balances order by agency_id, account_id',
  );
}
