/** The database: pools, transactions that retry, and the one door for SQL. Knows no table. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { positionBindings } from './named-bindings.ts';
import { typeParsers } from './database-types.ts';

export { compositeArray, ROW_TYPES, textArray, type RowType } from './composite-array.ts';
export { isDatabaseUnavailable } from './database-errors.ts';
export type Database = Knex;

declare const insideTransaction: unique symbol;
/** A transaction. Only {@link inTransaction} makes one, so holding a Tx proves that we are in one. */
export type Tx = Knex.Transaction & { readonly [insideTransaction]: true };

/** Whatever one can read from: the pool, or the transaction one is in. */
export type Reader = Database | Tx;

export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** How long a statement may run before the server ends it; 5 s unless told. */
  readonly statementTimeoutMs?: number;
  /** How long a statement may wait for a lock; 2 s unless told. */
  readonly lockTimeoutMs?: number;
  /** How long to wait for a free connection before giving up, so that a full house answers fast; 2 s unless told. */
  readonly acquireTimeoutMs?: number;
}

/** Opens a pool. Connects on the first query; the caller ends it with `destroy()`. */
export function openDatabase(options: DatabaseOptions): Database {
  const acquireTimeoutMs = options.acquireTimeoutMs ?? 2_000;
  return knex({
    client: 'pg',
    connection: connectionSettings({ ...options, acquireTimeoutMs }),
    pool: { min: 0, max: options.poolMax, acquireTimeoutMillis: acquireTimeoutMs, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: acquireTimeoutMs,
    // Otherwise the text of an error carries the values of the statement, and with them personal data.
    compileSqlOnError: false,
    // What goes wrong is thrown to the caller, who logs it; knex would also print it, without structure.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });
}

function silent(): void {
  // Deliberately nothing.
}

function connectionSettings(options: Omit<DatabaseOptions, 'poolMax'>) {
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? 5_000,
    lock_timeout: options.lockTimeoutMs ?? 2_000,
    idle_in_transaction_session_timeout: 10_000,
    connectionTimeoutMillis: options.acquireTimeoutMs ?? 2_000,
    keepAlive: true,
    types: typeParsers,
  };
}

const MAX_TRIES = 5;
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * Runs `work` in one transaction and commits it.
 *
 * Serialization failures and deadlocks are tried again, at most five times in all, with jitter: so `work` may
 * run more than once and must have no effect outside the database. Read committed. A commit whose answer is
 * lost is not tried again: nobody knows whether it happened.
 */
export async function inTransaction<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(db, work);
    } catch (error) {
      if (attempt >= MAX_TRIES || !isRetryable(error)) throw error;
      await delay(randomInt(5, 10 * 2 ** attempt));
    }
  }
}

async function runOnce<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  const transaction = await db.transaction();
  let result: T;
  try {
    result = await work(transaction as Tx);
  } catch (error) {
    // The connection may be gone; the first error is the one that tells why.
    await Promise.resolve(transaction.rollback()).catch(() => undefined);
    throw error;
  }
  const answer = (await transaction.commit()) as { response?: { command?: string } } | undefined;
  await transaction.executionPromise;
  // The server answers COMMIT with ROLLBACK when a statement had failed and its error was swallowed.
  if (answer?.response?.command !== 'COMMIT') {
    throw new Error('The transaction was rolled back at commit: an error inside it was swallowed.');
  }
  return result;
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && RETRYABLE.has((error as { code?: string }).code ?? '');
}

/** What a statement's `:name` stands for. Arrays become PostgreSQL arrays; JSON is passed as text. */
export type Bindings = Readonly<Record<string, unknown>>;

/**
 * Runs one SQL statement and returns its rows: the door through which stores talk to the database.
 *
 * `:name` stands for a value; casts (`::text`), JSON operators (`?`, `?|`) and quoted text are left alone.
 * A name used twice is sent twice, so an untyped one may need a cast. A name without a value is a fault.
 */
export async function query<Row extends object>(
  reader: Reader,
  sql: string,
  bindings: Bindings = {},
): Promise<Row[]> {
  const { text, names } = positionBindings(sql);
  const values = names.map((name) => {
    const value = bindings[name];
    if (value === undefined) throw new Error(`The statement's binding :${name} has no value.`);
    return value as Knex.RawBinding;
  });
  const result: { rows: Row[] } = await reader.raw(text, values);
  return result.rows;
}

/** A prepared statement: the name must belong to this text alone. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A small pool of its own for the money path: named statements, planned once per connection. */
export interface HotPool {
  run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

/**
 * Plans are made once and always walk indexes. The planner knows nothing of the size of a list inside JSON, and
 * statistics of fast-growing tables are of another moment: what it would choose instead reads whole tables.
 */
const KEY_LOOKUPS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_bitmapscan=off',
  'jit=off',
];

/** Opens the pool of the money path. Only for statements that are all look-ups by key: plans are generic. */
export function openHotPool(options: {
  readonly url: string;
  readonly max: number;
  readonly applicationName?: string;
  readonly statementTimeoutMs?: number;
  readonly acquireTimeoutMs?: number;
}): HotPool {
  const pool = new pg.Pool({
    ...connectionSettings({ applicationName: 'hot-path', ...options }),
    max: options.max,
    idleTimeoutMillis: 30_000,
    options: KEY_LOOKUPS.map((setting) => `-c ${setting}`).join(' '),
  });
  // Without a listener an idle connection that the server ends would end this process.
  pool.on('error', () => undefined);
  return {
    async run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
      const result = await pool.query<Row>({
        name: statement.name,
        text: statement.text,
        values: [...values],
      });
      return result.rows;
    },
    end: () => pool.end(),
  };
}
