/** Seals anew, under the key that seals now, whatever older keys sealed; in small steps, beside the running service. */
import { inTransaction, query, type Database, type Reader } from '../platform/database.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts';

export interface SealedCount {
  readonly table: string;
  readonly column: string;
  /** The name of the key; empty where the value has no form that is known. */
  readonly keyId: string;
  readonly count: number;
}

export interface Resealed {
  readonly resealed: number;
  /** Values that no key opens, by what they are bound to: left as they are. At most {@link MOST_NAMED}. */
  readonly unreadable: readonly string[];
}

const ROWS_A_STEP = 200;
const MOST_NAMED = 20;

/** How many values each key has sealed, column by column. */
export async function countSealed(reader: Reader): Promise<SealedCount[]> {
  const counts: SealedCount[] = [];
  for (const { table, column } of SEALED_COLUMNS) {
    const rows = await query<{ keyId: string; count: number }>(
      reader,
      `select split_part(${column}, '.', 2) as "keyId", count(*)::integer as count from ${table}
       where ${column} <> '' group by 1 order by 1`,
    );
    counts.push(...rows.map((row) => ({ table, column, ...row })));
  }
  return counts;
}

/**
 * Opens and seals every value that another key than the one of today has sealed.
 *
 * Each step commits by itself: what is done stays done, and a run that was cut short is simply run again. A value that
 * somebody changed meanwhile is left alone, for it was sealed by the key of whoever changed it.
 */
export async function resealSecrets(deps: {
  readonly db: Database;
  readonly box: SecretBox;
}): Promise<Resealed> {
  let resealed = 0;
  const unreadable: string[] = [];
  for (const column of SEALED_COLUMNS) {
    for (let after: readonly string[] | null = null; ;) {
      const step = await resealStep(deps, column, after);
      resealed += step.resealed;
      unreadable.push(...step.unreadable.slice(0, MOST_NAMED - unreadable.length));
      if (step.next === null) break;
      after = step.next;
    }
  }
  return { resealed, unreadable };
}

type StaleRow = Readonly<Record<string, string>> & { readonly place: string; readonly box: string };

async function resealStep(
  { db, box }: { readonly db: Database; readonly box: SecretBox },
  column: SealedColumn,
  after: readonly string[] | null,
): Promise<Resealed & { readonly next: readonly string[] | null }> {
  const rows = await findStale(db, column, { after, keyId: box.keyIds[0] ?? '' });
  const last = rows.at(-1);
  if (!last) return { resealed: 0, unreadable: [], next: null };
  const unreadable: string[] = [];
  const anew = rows.flatMap((row) => {
    const context = column.contextOf(row);
    const opened = openedOrNull(box, row.box, context);
    if (opened !== null) return [{ place: row.place, old: row.box, sealed: box.seal(opened, context) }];
    unreadable.push(context);
    return [];
  });
  const resealed = await inTransaction(db, (tx) =>
    query(
      tx,
      `update ${column.table} t set ${column.column} = n.sealed
       from unnest(:places::tid[], :olds::text[], :sealed::text[]) n(place, old, sealed)
       where t.ctid = n.place and t.${column.column} = n.old returning 1 as done`,
      {
        places: anew.map(({ place }) => place),
        olds: anew.map(({ old }) => old),
        sealed: anew.map(({ sealed }) => sealed),
      },
    ),
  );
  return {
    resealed: resealed.length,
    unreadable,
    next: column.key.map((name) => last[name] ?? ''),
  };
}

function openedOrNull(box: SecretBox, sealed: string, context: string): string | null {
  try {
    return box.open(sealed, context);
  } catch {
    return null;
  }
}

/** The next rows, in the order of the key, whose value another key has sealed. */
function findStale(
  reader: Reader,
  { table, column, key }: SealedColumn,
  from: { readonly after: readonly string[] | null; readonly keyId: string },
): Promise<StaleRow[]> {
  const places = key.map((_name, index) => `:after${String(index)}`);
  const behind = from.after === null ? '' : `and (${key.join(', ')}) > (${places.join(', ')})`;
  return query<StaleRow>(
    reader,
    `select ctid::text as place, ${column} as box, ${key.map((name) => `${name}::text as ${name}`).join(', ')}
     from ${table} where ${column} <> '' and split_part(${column}, '.', 2) <> :keyId ${behind}
     order by ${key.map((name) => `${table}.${name}`).join(', ')} limit ${String(ROWS_A_STEP)}`,
    {
      keyId: from.keyId,
      ...Object.fromEntries((from.after ?? []).map((value, index) => [`after${String(index)}`, value])),
    },
  );
}
