/** The tables that hold what must be kept, read from the catalog: none is named here, so none can be forgotten. */
import { query, type Reader } from '../src/platform/database.ts';

export interface StoredTable {
  /** With its schema, quoted where it must be: `public.payment_orders`. */
  readonly name: string;
  /** Quoted where they must be; those that PostgreSQL computes are left out. */
  readonly columns: readonly string[];
}

/** The migrator's tables: migrations themselves write them. */
const MIGRATOR = ['knex_migrations', 'knex_migrations_lock'];

/** Ordinary tables of all schemas that are ours, in the order of their names. What is not even logged is not kept. */
export function listTables(reader: Reader): Promise<StoredTable[]> {
  return query<StoredTable>(
    reader,
    `select format('%I.%I', n.nspname, c.relname) as name,
       (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p' and ${OURS}
       and not c.relname = any (:migrator::text[])
     order by n.nspname, c.relname`,
    { migrator: MIGRATOR },
  );
}

/** Sequences, those of identity columns too. */
export async function listSequences(reader: Reader): Promise<string[]> {
  const rows = await query<{ name: string }>(
    reader,
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and ${OURS} and not c.relname like any (:migrator::text[])
     order by 1`,
    { migrator: MIGRATOR.map((name) => `${name}\\_%`) },
  );
  return rows.map(({ name }) => name);
}

/** Columns that hold what SECRETS_KEY sealed: they are called `…_box`. */
export function listSealedColumns(
  reader: Reader,
): Promise<{ readonly table: string; readonly column: string }[]> {
  return query(
    reader,
    `select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as column
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attname ~ '_box$' and ${OURS}
     order by 1, 2`,
  );
}

/** Something that stands in the database, of an extension or of PostgreSQL itself excepted; null when it is empty. */
export async function findAnything(reader: Reader): Promise<string | null> {
  const [row] = await query<{ name: string }>(
    reader,
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${OURS}
     order by c.relkind in ('r', 'p') desc, 1 limit 1`,
  );
  return row?.name ?? null;
}

const OURS = `n.nspname not in ('information_schema') and n.nspname !~ '^pg_'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;
