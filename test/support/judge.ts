/** The bank's book as the judge: what it charged, we hold once, and nothing beside. */
import assert from 'node:assert/strict';
import { query, type Database } from '../../src/platform/database.ts';
import type { Bank } from '../../src/stand-ins/bank/bank.ts';

export interface JudgedCharges {
  readonly charges: number;
  /** Charges of which every part pays an order. */
  readonly applied: number;
  /** Charges of which every part was paid before. */
  readonly surplus: number;
  /** Charges of a wrong amount, which a person decides about. */
  readonly held: number;
}

/**
 * Each charge is one payment of ours: its parts are applied or surplus, or it is held for its amount; it is booked once
 * in each book it concerns. We hold no transaction that the bank did not make.
 */
export async function judgeCharges({ bank, db }: { bank: Bank; db: Database }): Promise<JudgedCharges> {
  const silent = await silentSecondCharges(db);
  const charges = (await bank.charges()).filter(({ transactionId }) => !silent.has(transactionId));
  const rows = await query<{
    transaction: string;
    state: string;
    claims: string[];
    parts: bigint;
    books: bigint;
    postings: bigint;
  }>(
    db,
    `select g.gateway_transaction_id as transaction, p.state, a.claims, a.parts, a.books,
       (select count(*) from ledger_transactions t where t.event_kind = 'payment' and t.event_ref = p.id::text) as postings
     from gateway_transactions g join payments p on p.id = g.payment_id
     join lateral (select array_agg(distinct x.claim) as claims, count(*) as parts, count(distinct x.agency_id) as books
       from allocations x where x.payment_id = p.id) a on true`,
  );
  const ours = new Map(rows.map((row) => [row.transaction, row]));
  const counts = { applied: 0, surplus: 0, held: 0 };
  for (const { transactionId, amount } of charges) {
    const row = ours.get(transactionId);
    assert.ok(row, `the bank's charge ${transactionId} of ${amount.toString()} is unknown to us`);
    const isHeld = row.state === 'mismatched' || row.state === 'resolved';
    assert.equal(row.postings, isHeld ? 1n : row.books, `charge ${transactionId} is booked once`);
    if (isHeld) counts.held += 1;
    else {
      const claims = row.claims.sort().join();
      assert.match(claims, /^(applied|surplus|applied,surplus)$/, `the parts of charge ${transactionId}`);
      if (claims === 'applied') counts.applied += 1;
      if (claims === 'surplus') counts.surplus += 1;
    }
  }
  assert.equal(rows.length, charges.length, 'we hold nothing that the bank did not charge');
  return { charges: charges.length, ...counts };
}

/**
 * Charges that only the bank's file of the day can tell of: one of several under a reference, of which no notice was
 * ever queued, while a question is answered with another. Those that a file did tell of are judged like the rest.
 */
async function silentSecondCharges(db: Database): Promise<ReadonlySet<string>> {
  const rows = await query<{ transaction: string }>(
    db,
    `select c.transaction_id as transaction from stand_in.bank_charges c
     where exists (select from stand_in.bank_charges o
                   where o.order_id = c.order_id and o.transaction_id <> c.transaction_id)
       and not exists (select from stand_in.bank_callbacks n where n.subject = c.merchant_reference
                       and n.body like '%"' || c.transaction_id || '"%')
       and not exists (select from gateway_transactions g where g.gateway_transaction_id = c.transaction_id)`,
  );
  return new Set(rows.map(({ transaction }) => transaction));
}
