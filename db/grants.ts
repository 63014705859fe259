/** What the role that runs the service may do: everyday writing on ordinary tables, no deleting where others point, adding only on the books. */
import { inTransaction, query, type Database, type Reader, type Tx } from '../src/platform/database.ts';

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
    const appendOnly = new Set(await appendOnlyTables(tx));
    const kept = new Set(await tablesWithTrigger(tx, 'kept_rows'));
    for (const table of await tableNames(tx)) {
      const rights = rightsOn(table, { isAppendOnly: appendOnly.has(table), isKept: kept.has(table) });
      await query(tx, `grant ${rights} on table public.${quoteName(table)} to ${role}`);
    }
    await query(tx, `grant usage, select on all sequences in schema public to ${role}`);
    await query(tx, `grant execute on all functions in schema public to ${role}`);
  });
}

/** Tables to which rows are only ever added: those that carry the trigger of `make_append_only`. */
export async function appendOnlyTables(reader: Reader): Promise<string[]> {
  return await tablesWithTrigger(reader, 'append_only_rows');
}

async function tablesWithTrigger(reader: Reader, trigger: string): Promise<string[]> {
  const rows = await query<{ name: string }>(
    reader,
    `select c.relname as name
       from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where t.tgname = :trigger and c.relnamespace = 'public'::regnamespace
      order by c.relname`,
    { trigger },
  );
  return rows.map((row) => row.name);
}

function rightsOn(
  table: string,
  { isAppendOnly, isKept }: { readonly isAppendOnly: boolean; readonly isKept: boolean },
): string {
  if (READ_ONLY_TABLES.includes(table)) return 'select';
  if (isAppendOnly) return 'select, insert';
  // Rows that others point at may change, never go away.
  return isKept ? 'select, insert, update' : 'select, insert, update, delete';
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
