/** What the role that runs the service may do: everyday writing on ordinary tables, adding only on the books. */
import { inTransaction, query, type Database, type Tx } from '../src/platform/database.ts';

/** Tables to which rows are only ever added. The app role may read and insert there, nothing else. */
export const APPEND_ONLY_TABLES = [
  'ledger_accounts',
  'ledger_transactions',
  'ledger_transfers',
  'ledger_seals',
  'ledger_seal_totals',
  'receipts',
  'receipt_voidings',
  'events',
  'audit_log',
] as const;

/** The migrator's own tables: the service reads them to tell whether the schema is current. */
const READ_ONLY_TABLES = ['knex_migrations', 'knex_migrations_lock'];

/** Grants the app role its rights anew, and takes back what it should not have. Nothing when it is the owner. */
export async function grantToApp(ownerDb: Database, appRole: string): Promise<void> {
  await inTransaction(ownerDb, async (tx) => {
    const [me] = await query<{ name: string }>(tx, 'select current_user as name');
    if (me?.name === appRole) return;
    const role = quoteName(appRole);
    await query(tx, `grant usage on schema public to ${role}`);
    await query(tx, `revoke all on all tables in schema public from ${role}`);
    for (const table of await tableNames(tx)) {
      await query(tx, `grant ${rightsOn(table)} on table public.${quoteName(table)} to ${role}`);
    }
    await query(tx, `grant usage, select on all sequences in schema public to ${role}`);
    await query(tx, `grant execute on all functions in schema public to ${role}`);
  });
}

function rightsOn(table: string): string {
  if (READ_ONLY_TABLES.includes(table)) return 'select';
  if ((APPEND_ONLY_TABLES as readonly string[]).includes(table)) return 'select, insert';
  return 'select, insert, update, delete';
}

async function tableNames(tx: Tx): Promise<string[]> {
  const rows = await query<{ name: string }>(
    tx,
    `select c.relname as name
       from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
        and not exists (select 1 from pg_depend d
                         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by c.relname`,
  );
  return rows.map((row) => row.name);
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
