/** Orders of other people: copies of all that is stored of some orders, to see what grows with them. */
import { openDatabase, query } from '../../src/platform/database.ts';
import type { TestDatabase } from './database.ts';

/** Tables that know an order, directly or by another row of it, and their columns that no two rows may share. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  payment_orders: ['lookup_code'],
  order_lines: [],
  open_obligations: [],
  order_expiries: [],
  payments: ['number', 'merchant_reference', 'gateway_transaction_id'],
  gateway_transactions: ['gateway_transaction_id'],
  payment_queries: [],
  allocations: [],
  allocation_lines: [],
  order_claims: [],
  ledger_transactions: [],
  ledger_transfers: [],
  receipts: ['number', 'verification_code'],
  events: [],
  refunds: ['refund_reference'],
  cases: ['subject'],
  webhook_deliveries: [],
};

/**
 * Copies them once for each number, under ids and references of their own; what named a row of theirs names the copy's.
 *
 * As the superuser, who need not have each foreign key checked row by row.
 */
export async function storeOthers(
  { superuserUrl }: TestDatabase,
  orders: readonly { readonly orderId: string }[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const db = openDatabase({
    url: superuserUrl,
    poolMax: 1,
    applicationName: 'others',
    statementTimeoutMs: 60_000,
  });
  try {
    await query(db, 'set session_replication_role = replica');
    await query(db, COPY);
    const ids = (await query<{ id: string }>(db, IDS, { orders: orders.map(({ orderId }) => orderId) })).map(
      ({ id }) => id,
    );
    for (const [table, unique] of Object.entries(TABLES)) {
      await query(
        db,
        `insert into ${table} select c.*
         from (select to_jsonb(t) as stored from ${table} t where to_jsonb(t)::text ~ :anyOfThem::text) o
         cross join generate_series(:from::integer, :to::integer) n
         cross join jsonb_populate_record(null::${table}, copy_of_row(o.stored, :ids::text[], :unique::text[], n)) c`,
        { from, to, ids, unique: [...unique], anyOfThem: ids.join('|') },
      );
      // What is written next looks up keys in it, and must know by then that it has grown.
      await query(db, `vacuum analyze ${table}`);
    }
  } finally {
    await db.destroy();
  }
}

const IDS = `
with attempts as (select payment_id from allocations where order_id = any(:orders::uuid[]))
select o::text as id from unnest(:orders::uuid[]) o
union select payment_id::text from attempts
union select id::text from ledger_transactions where event_ref in (select payment_id::text from attempts)
union select id::text from receipts where order_id = any(:orders::uuid[])
union select id::text from events where order_id = any(:orders::uuid[])
union select id::text from refunds where order_id = any(:orders::uuid[])
union select id::text from cases where order_id = any(:orders::uuid[])`;

const COPY = `
create or replace function copy_of_row(stored jsonb, ids text[], unique_columns text[], n integer) returns jsonb
language plpgsql as $$
declare
  each text;
  copied text := stored;
begin
  foreach each in array ids loop
    copied := replace(copied, each, md5(each || n)::uuid::text);
  end loop;
  stored := copied;
  foreach each in array unique_columns loop
    continue when stored -> each = 'null';
    stored := stored || jsonb_build_object(each, case jsonb_typeof(stored -> each)
      when 'number' then to_jsonb((stored ->> each)::bigint + n * 1000) else to_jsonb(stored ->> each || '-' || n) end);
  end loop;
  return stored;
end $$`;
