/** What the books themselves refuse and show: balance, append-only, one book a posting, one reversal, tampering. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import pg from 'pg';
import { sealLedger } from '../../../src/features/ledger/seal-ledger.ts';
import { verifyLedger } from '../../../src/features/ledger/verify-ledger.ts';
import { checkInvariants } from '../../../src/features/reports/invariants.ts';
import { query } from '../../../src/platform/database.ts';
import {
  BOOK_DAY,
  openTestAccount,
  openTestBook,
  paid,
  post,
  type TestBook,
  type TestPosting,
} from '../../support/books.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { newTestId } from '../../support/ids.ts';

const LEDGER_TABLES = [
  'ledger_accounts',
  'ledger_transactions',
  'ledger_transfers',
  'ledger_seals',
  'ledger_seal_totals',
] as const;

describe('the books', () => {
  let database: TestDatabase;
  let book: TestBook;
  let other: TestBook;

  beforeEach(async () => {
    database = await createTestDatabase();
    book = await openTestBook(database.db, 1);
    other = await openTestBook(database.db, 2);
  });
  afterEach(() => database.drop());

  it('promise 43: any sequence of postings leaves debits equal to credits in every book', async () => {
    const account = fc.constantFrom('clearing', 'payable', 'bank', 'suspense');
    const transfer = fc
      .record({ debit: account, credit: account, amount: fc.bigInt(1n, 10_000n) })
      .filter(({ debit, credit }) => debit !== credit);
    const posting = fc.record({
      second: fc.boolean(),
      ref: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      transfers: fc.array(transfer, { minLength: 1, maxLength: 4 }),
    });
    const again = fc.record({ again: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), second: fc.boolean() });
    const model = new Map<string, { readonly content: string; readonly posting: TestPosting }>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(posting, posting, again, fc.constant('seal')), { maxLength: 12 }),
        async (steps) => {
          for (const step of steps) {
            if (typeof step === 'string') {
              await sealLedger(database);
              continue;
            }
            const of = step.second ? other : book;
            const key = `${String(of.agencyId)}:${'again' in step ? step.again : step.ref}`;
            const said = model.get(key);
            if ('again' in step) {
              if (said) assert.equal((await post(database.db, said.posting))[0]?.is_new, false);
            } else {
              const content = JSON.stringify(step.transfers, (_, value: unknown) =>
                typeof value === 'bigint' ? String(value) : value,
              );
              const posting: TestPosting = {
                agencyId: of.agencyId,
                ref: step.ref,
                transfers: step.transfers.map(({ debit, credit, amount }) => ({
                  debit: of[debit as 'clearing'],
                  credit: of[credit as 'clearing'],
                  amount,
                })),
              };
              const attempt = post(database.db, posting);
              if (said && said.content !== content)
                await assert.rejects(attempt, /repeated with other content/);
              else assert.equal((await attempt)[0]?.is_new, !said);
              if (!said) model.set(key, { content, posting });
            }
            await assertBalanced(database);
          }
        },
      ),
      { numRuns: 12 },
    );
    await sealAll(database);
    const [rows] = await query<{ headers: number }>(
      database.db,
      'select count(*)::integer as headers from ledger_transactions',
    );
    assert.equal(rows?.headers, model.size);
    assert.equal((await verifyLedger(database)).kind, 'intact');
  });

  it('promise 44: the app role may neither change nor remove what stands in the books', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    for (const table of LEDGER_TABLES) {
      for (const sql of changesOf(table)) await refused(database.db.raw(sql), /permission denied/);
    }
  });

  it('promise 44: the owner may not either, not even with session_replication_role = replica', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    for (const table of LEDGER_TABLES) {
      for (const sql of changesOf(table)) await refused(database.ownerDb.raw(sql), /append-only/);
    }
    const client = await superuser(database);
    await client.query('set session_replication_role = replica');
    for (const table of LEDGER_TABLES) {
      for (const sql of changesOf(table)) await refused(client.query(sql), /append-only/);
    }
    await client.end();
  });

  it('promise 44: every append-only trigger fires always', async () => {
    const rows = await query<{ name: string }>(
      database.db,
      `select c.relname || '.' || t.tgname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
       where t.tgname like 'append_only%' and t.tgenabled <> 'A'`,
    );
    assert.deepEqual(rows, []);
    const [count] = await query<{ triggers: number }>(
      database.db,
      `select count(*)::integer as triggers from pg_trigger where tgname like 'append_only%'`,
    );
    assert.ok(count && count.triggers >= 2 * LEDGER_TABLES.length);
  });

  // One change in each column of a header, a transfer, an account, a total and a block.
  const TAMPERINGS: readonly (readonly [table: string, change: string])[] = [
    ['ledger_transactions', `event_kind = 'refund_hold'`],
    ['ledger_transactions', `event_ref = event_ref || 'x'`],
    [
      'ledger_transactions',
      `request_hash = set_byte(request_hash, 0, (get_byte(request_hash, 0) + 1) % 256)`,
    ],
    ['ledger_transactions', `correlation_id = gen_random_uuid()`],
    ['ledger_transactions', `effective_at = effective_at + interval '1 microsecond'`],
    ['ledger_transactions', `booked_at = booked_at - interval '1 microsecond'`],
    ['ledger_transactions', `business_date = business_date + 1`],
    ['ledger_transactions', `reverses_id = id`],
    ['ledger_transactions', `actor = 'somebody'`],
    ['ledger_transactions', `id = gen_random_uuid()`],
    ['ledger_transactions', `agency_id = 2`],
    ['ledger_transfers', `amount = amount + 1`],
    ['ledger_transfers', `leg = leg + 1`],
    ['ledger_transfers', `currency = 'USD'`],
    ['ledger_transfers', `debit_account_id = gen_random_uuid()`],
    ['ledger_transfers', `credit_account_id = gen_random_uuid()`],
    ['ledger_accounts', `code = code + 1`],
    ['ledger_accounts', `sub_key = sub_key || 'x'`],
    ['ledger_accounts', `currency = 'USD'`],
    ['ledger_seal_totals', `debits = debits + 1`],
    ['ledger_seal_totals', `credits = credits + 1`],
    ['ledger_seals', `sealed_through = sealed_through - interval '1 second'`],
    ['ledger_seals', `sealed_at = sealed_at - interval '1 millisecond'`],
    ['ledger_seals', `hash = sha256(hash)`],
    ['ledger_seals', `previous_hash = sha256(previous_hash)`],
    ['ledger_seals', `totals_hash = sha256(totals_hash)`],
    ['ledger_seals', `leaf_hashes = set_byte(leaf_hashes, 40, (get_byte(leaf_hashes, 40) + 1) % 256)`],
  ];

  it('promise 45: a row edited behind the triggers is named with its block, whatever column it was', async () => {
    await post(database.db, paid(book, 1));
    await sealAll(database);
    await post(database.db, paid(book, 100), paid(book, 200));
    await sealAll(database);
    await post(database.db, paid(book, 3));
    await sealAll(database);
    const client = await superuser(database);
    const [victim] = (
      await client.query<{ id: string }>(
        `select t.id from ledger_transactions t
         join ledger_seals s on s.sequence = 2 and t.xid >= s.from_xid and t.xid < s.to_xid order by t.id desc limit 1`,
      )
    ).rows;
    const wheres: Record<string, string> = {
      ledger_transactions: `id = '${String(victim?.id)}'`,
      ledger_transfers: `transaction_id = '${String(victim?.id)}'`,
      ledger_accounts: `id = '${book.payable}'`,
      ledger_seal_totals: `sequence = 2 and account_id = '${book.payable}'`,
      ledger_seals: 'sequence = 2',
    };
    for (const [table, change] of TAMPERINGS) {
      const where = wheres[table] ?? 'false';
      await tamper(client, async () => {
        const { rowCount } = await client.query(`update ${table} set ${change} where ${where}`);
        assert.equal(rowCount, 1, `${table}: ${change}`);
      });
      const verdict = await verifyLedger(database);
      assert.equal(verdict.kind, 'broken', `${table}: ${change}`);
      const expected = table === 'ledger_accounts' ? 1n : 2n;
      assert.equal(verdict.block, expected, `${table}: ${change}: ${verdict.fault}`);
      await restore(client);
      assert.equal((await verifyLedger(database)).kind, 'intact', `${table}: ${change}`);
    }
    await client.end();
  });

  it('promise 45: names the very transaction that was edited', async () => {
    const [first] = await post(database.db, paid(book, 100));
    await post(database.db, paid(book, 200));
    await sealAll(database);
    const client = await superuser(database);
    await tamper(client, () =>
      client.query(`update ledger_transfers set amount = 999 where transaction_id = '${String(first?.id)}'`),
    );
    await client.end();
    const verdict = await verifyLedger(database);
    assert.ok(
      verdict.kind === 'broken' && verdict.fault.includes(String(first?.id)),
      JSON.stringify(verdict.kind),
    );
  });

  it('promise 46: the end of the chain cut off shows against a published head', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    await post(database.db, paid(book, 200));
    await sealAll(database);
    const whole = await verifyLedger(database);
    assert.ok(whole.kind === 'intact' && whole.head);
    const client = await superuser(database);
    await tamper(client, async () => {
      await client.query('delete from ledger_seal_totals where sequence = 2');
      await client.query(
        `delete from ledger_transfers f using ledger_transactions t, ledger_seals s
         where t.id = f.transaction_id and s.sequence = 2 and t.xid >= s.from_xid`,
      );
      await client.query(
        `delete from ledger_transactions t using ledger_seals s where s.sequence = 2 and t.xid >= s.from_xid`,
      );
      await client.query('delete from ledger_seals where sequence = 2');
      await client.query(
        `update ledger_balances set debits = debits - least(debits, 200), credits = credits - least(credits, 200)`,
      );
    });
    await client.end();
    assert.equal((await verifyLedger(database)).kind, 'intact', 'without the head nothing is left to see');
    const verdict = await verifyLedger(database, [whole.head]);
    assert.ok(verdict.kind === 'broken' && verdict.block === 2n);
  });

  it('promise 46: a chain written anew does not agree with the head that was told before', async () => {
    await post(database.db, paid(book, 100));
    await sealAll(database);
    const whole = await verifyLedger(database);
    assert.ok(whole.kind === 'intact' && whole.head);
    const told = { sequence: whole.head.sequence, hash: 'ab'.repeat(32) };
    const verdict = await verifyLedger(database, [told]);
    assert.ok(verdict.kind === 'broken' && verdict.block === told.sequence);
    assert.equal((await verifyLedger(database, [whole.head])).kind, 'intact');
    // The service goes on publishing: what it tells of the new chain does not cover what it told of the old one.
    for (const heads of [
      [told, whole.head],
      [whole.head, told],
    ]) {
      assert.equal((await verifyLedger(database, heads)).kind, 'broken');
    }
  });

  it('promise 46: a transaction deleted or added behind the seal is seen', async () => {
    const [first] = await post(database.db, paid(book, 100));
    await post(database.db, paid(book, 200));
    await sealAll(database);
    const client = await superuser(database);
    await tamper(client, async () => {
      await client.query(`delete from ledger_transfers where transaction_id = '${String(first?.id)}'`);
    });
    const withoutTransfers = await verifyLedger(database);
    assert.ok(withoutTransfers.kind === 'broken' && withoutTransfers.fault.includes('has no transfers'));
    await client.query(`set session_replication_role = replica`);
    await tamper(client, async () => {
      await client.query(`delete from ledger_transactions where id = '${String(first?.id)}'`);
    });
    const deleted = await verifyLedger(database);
    assert.ok(deleted.kind === 'broken' && deleted.fault.includes('missing'));
    await client.end();
  });

  it('promise 51: a transfer between two agencies or two currencies is impossible', async () => {
    const dollars = await openTestAccount(database.db, 1, 2100, 'F1:-:-', 'USD');
    const across = [
      { agencyId: 1, transfers: [{ debit: book.clearing, credit: other.payable, amount: 5 }] },
      { agencyId: 1, transfers: [{ debit: book.clearing, credit: dollars, amount: 5 }] },
      { agencyId: 1, transfers: [{ debit: book.clearing, credit: dollars, amount: 5, currency: 'USD' }] },
      { agencyId: 2, transfers: [{ debit: book.clearing, credit: book.payable, amount: 5 }] },
    ];
    for (const posting of across) await refused(post(database.db, posting), /not of its book/);
    await refused(post(database.db, { agencyId: 1, transfers: [] }), /without transfers/);
    await refused(post(database.db, paid(book, 0)), /check constraint/);
    await refused(post(database.db, paid(book, -5)), /check constraint/);
    await refused(
      post(database.db, { agencyId: 1, transfers: [{ debit: book.bank, credit: book.bank, amount: 5 }] }),
      /check constraint/,
    );
    await refused(post(database.db, { ...paid(book, 5), businessDate: '2001-01-01' }), /business day/);
    const rows = await query(database.db, 'select id from ledger_transactions');
    assert.deepEqual(rows, []);
  });

  it('promise 51: a transfer belongs to a transaction, whoever writes it', async () => {
    await refused(
      query(
        database.ownerDb,
        `insert into ledger_transfers (agency_id, transaction_id, leg, currency, debit_account_id, credit_account_id, amount)
         values (1, :id, 1, 'VND', :debit, :credit, 5)`,
        { id: newTestId(), debit: book.clearing, credit: book.payable },
      ),
      /without its transaction/,
    );
  });

  it('stand on rows that nobody takes away: days, series, orders and payments', async () => {
    const kept = await query<{ name: string }>(
      database.db,
      `select tgrelid::regclass::text as name from pg_trigger where tgname = 'kept_rows' order by 1`,
    );
    assert.deepEqual(
      kept.map(({ name }) => name),
      ['business_days', 'payment_orders', 'payments', 'receipt_series'],
    );
    for (const sql of [
      'delete from business_days',
      'update business_days set day = day + 1',
      'truncate business_days cascade',
    ]) {
      await refused(query(database.ownerDb, sql), /rows of business_days stay/);
    }
    await refused(query(database.db, 'delete from payments'), /permission denied/);
  });

  it('promise 53: a reversal sent twice at once is one reversal', async () => {
    const [first] = await post(database.db, paid(book, 100));
    const reversal = {
      agencyId: 1,
      kind: 'refund_reversed',
      ref: newTestId(),
      reversesId: String(first?.id),
      transfers: [{ debit: book.payable, credit: book.clearing, amount: 100 }],
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(database.db, reversal)));
    assert.equal(answers.flat().filter(({ is_new: isNew }) => isNew).length, 1);
    assert.equal(new Set(answers.flat().map(({ id }) => id)).size, 1);
    await refused(post(database.db, { ...reversal, ref: newTestId() }), /ledger_transactions_one_reversal/);
  });

  it('answers a repeated posting with the id that stands, also when the very same id is sent again', async () => {
    const posting = { ...paid(book, 100, 'once'), id: newTestId() };
    const [first] = await post(database.db, posting);
    const [again] = await post(database.db, posting);
    assert.deepEqual(again, { ...first, is_new: false });
  });

  it('closes a business day against postings', async () => {
    await query(
      database.db,
      'update business_days set closed_at = now() where agency_id = 1 and day = :day',
      {
        day: BOOK_DAY,
      },
    );
    await refused(post(database.db, paid(book, 100)), /business day/);
  });

  async function sealAll(of: TestDatabase): Promise<void> {
    for (let turn = 0; turn < 2_000; turn += 1) {
      await sealLedger(of);
      const [row] = await query<{ open: number }>(
        of.db,
        `select count(*)::integer as open from ledger_transactions
         where xid >= (select sealed_to_xid from ledger_progress)`,
      );
      if (row?.open === 0) return;
    }
    throw new Error('the horizon of the server did not move');
  }

  async function assertBalanced(of: TestDatabase): Promise<void> {
    const unbalanced = (await checkInvariants(of.db)).filter(({ name }) => name === 'I1' || name === 'I2');
    assert.deepEqual(unbalanced, []);
  }
});

function changesOf(table: string): string[] {
  const column = { ledger_seals: 'row_count', ledger_seal_totals: 'sequence' }[table] ?? 'agency_id';
  return [`update ${table} set ${column} = ${column}`, `delete from ${table}`, `truncate ${table} cascade`];
}

async function refused(attempt: PromiseLike<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(async () => {
    await attempt;
  }, why);
}

async function superuser(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  return client;
}

/** What somebody with every right could do: triggers off, keys unchecked. */
async function tamper(client: pg.Client, change: () => Promise<unknown>): Promise<void> {
  await client.query('set session_replication_role = replica');
  for (const table of LEDGER_TABLES) {
    await client.query(`create table if not exists kept_${table} as table ${table}`);
    await client.query(`alter table ${table} disable trigger all`);
  }
  await change();
  for (const table of LEDGER_TABLES) {
    await client.query(`alter table ${table} enable always trigger append_only_rows`);
    await client.query(`alter table ${table} enable always trigger append_only_table`);
  }
}

async function restore(client: pg.Client): Promise<void> {
  for (const table of LEDGER_TABLES) {
    await client.query(`alter table ${table} disable trigger all`);
    await client.query(`delete from ${table}`);
    await client.query(`insert into ${table} select * from kept_${table}`);
  }
}
