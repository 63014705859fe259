/** Runs db/migrations/NNNN_what.sql, forward only, each file in one transaction; safe from several processes. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import pg from 'pg';
import { examineDatabase, type DatabaseFacts } from '../src/platform/database-examination.ts';
import { openDatabase, query, type Database, type Reader, type Tx } from '../src/platform/database.ts';
import { escapeQuestionMarks } from '../src/platform/named-bindings.ts';
import { grantToApp } from './grants.ts';

/** Taken on the database being migrated; advisory locks are per database. */
const MIGRATION_LOCK = 7_203_002;
const LOCK_NOT_AVAILABLE = '55P03';
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;

export interface MigrationOptions {
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string;
  /** Connects as the role the service runs under; the same as the owner where there is only one. */
  readonly appUrl: string;
  /** Holds the SQL files; this repository's unless told. */
  readonly folder?: string;
}

/**
 * Brings a database to the newest schema and grants the app role what it may do.
 *
 * @returns the names of the migrations that ran now, oldest first
 * Refuses in one sentence, touching nothing: a database that cannot be used, two addresses of two databases, an
 * owner role that owns nothing, a schema newer than these files.
 */
export async function migrate(options: MigrationOptions): Promise<string[]> {
  const folder = options.folder ?? migrationsFolder();
  const { owner, app } = await examineBoth(options);
  const guard = new pg.Client({ connectionString: options.ownerUrl, application_name: 'migration-lock' });
  guard.on('error', () => undefined);
  await guard.connect();
  // No statement timeout: building an index on a large table takes as long as it takes.
  const db = openDatabase({
    url: options.ownerUrl,
    poolMax: 2,
    applicationName: 'migrate',
    statementTimeoutMs: 0,
    lockTimeoutMs: 10_000,
  });
  try {
    await guard.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseStranger(db, owner);
    await refuseNewerSchema(db, folder);
    const config = migratorConfig(folder);
    const applied = await applyOneByOne(db, config);
    await grantToApp(db, app.role);
    return applied;
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new Error(
      `Another session of database ${owner.database} holds what the migration needs: end it (pg_stat_activity) and start again.`,
    );
  } finally {
    await db.destroy();
    await guard.end();
  }
}

async function examineBoth({
  ownerUrl,
  appUrl,
}: MigrationOptions): Promise<{ owner: DatabaseFacts; app: DatabaseFacts }> {
  const app = await examineDatabase({ url: appUrl, variable: 'DATABASE_URL' });
  if (ownerUrl === appUrl) return { owner: app, app };
  const owner = await examineDatabase({ url: ownerUrl, variable: 'DATABASE_OWNER_URL' });
  if (owner.identity !== app.identity) {
    throw new Error(
      `DATABASE_OWNER_URL leads to database ${owner.database} and DATABASE_URL to ${app.database}, ` +
        'or to two servers: both must lead to the same one.',
    );
  }
  return { owner, app };
}

/** The role that migrates must own what is there, and be able to add to it. */
async function refuseStranger(db: Database, { role, database }: DatabaseFacts): Promise<void> {
  const [other] = await query<{ owner: string }>(
    db,
    `select pg_get_userbyid(c.relowner) as owner from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relname = 'knex_migrations'
       and not pg_has_role(current_user, c.relowner, 'usage')`,
  );
  if (other) {
    throw new Error(
      `Role ${role} does not own the tables of database ${database}, ${other.owner} does: ` +
        'set DATABASE_OWNER_URL to the address of that role.',
    );
  }
  const [may] = await query<{ create: boolean }>(
    db,
    `select has_schema_privilege('public', 'create') as create`,
  );
  if (may?.create !== true) {
    throw new Error(
      `Role ${role} may not create tables in database ${database}: make it the owner ` +
        `(alter database ${database} owner to ${role}), or set DATABASE_OWNER_URL to the role that is.`,
    );
  }
}

/**
 * Makes the schema that some migrations make, in the caller's transaction and in a database that is empty.
 *
 * @returns the names among them that these files do not have; then nothing was made
 * Refuses to wait for another process that migrates this database.
 */
export async function migrateTo(
  tx: Tx,
  names: readonly string[],
  folder: string = migrationsFolder(),
): Promise<string[]> {
  const unknown = names.filter((name) => !migrationNames(folder).includes(name));
  if (unknown.length > 0) return unknown;
  const [lock] = await query<{ taken: boolean }>(tx, 'select pg_try_advisory_xact_lock(:lock) as taken', {
    lock: MIGRATION_LOCK,
  });
  if (lock?.taken !== true) throw new Error('Another process is migrating this database.');
  await applyOneByOne(tx, { migrationSource: sqlFiles(folder, names), tableName: 'knex_migrations' });
  return [];
}

/** Each migration commits by itself: knex's `latest` would put all of them into one transaction. */
async function applyOneByOne(db: Reader, config: Knex.MigratorConfig): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const [, names] = (await db.migrate.up(config)) as [number, string[]];
    if (names.length === 0) return applied;
    applied.push(...names);
  }
}

/** The migrations of a folder that a database lacks; empty when its schema is current. */
export async function pendingMigrations(
  db: Database,
  folder: string = migrationsFolder(),
): Promise<string[]> {
  const done = new Set(await appliedMigrations(db));
  return migrationNames(folder).filter((name) => !done.has(name));
}

/** The folder of SQL files, from the sources as from the built tree. */
export function migrationsFolder(): string {
  const beside = join(import.meta.dirname, 'migrations');
  return existsSync(beside) ? beside : join(import.meta.dirname, '..', '..', 'db', 'migrations');
}

/** Knex's configuration for these files; names carry no extension, so that built code finds the same ones. */
export function migratorConfig(folder: string): Knex.MigratorConfig {
  return { migrationSource: sqlFiles(folder), tableName: 'knex_migrations' };
}

function sqlFiles(
  folder: string,
  names: readonly string[] = migrationNames(folder),
): Knex.MigrationSource<string> {
  return {
    getMigrations: () => Promise.resolve([...names]),
    getMigrationName: (name) => name,
    getMigration: (name) => {
      const sql = readFileSync(join(folder, `${name}.sql`), 'utf8');
      return Promise.resolve({
        up: async (transaction: Knex) => {
          await transaction.raw(escapeQuestionMarks(sql));
        },
        down: () => Promise.reject(new Error('Migrations only go forward: write another one.')),
      });
    },
  };
}

function migrationNames(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const misnamed = files.find((name) => !FILE_NAME.test(name));
  if (misnamed !== undefined) throw new Error(`Migration ${misnamed} must be named like 0001_what.sql.`);
  return files.map((name) => name.slice(0, -'.sql'.length)).sort();
}

async function appliedMigrations(db: Database): Promise<string[]> {
  const found = await query<{ present: boolean }>(
    db,
    `select to_regclass('knex_migrations') is not null as present`,
  );
  if (found[0]?.present !== true) return [];
  const rows = await query<{ name: string }>(db, 'select name from knex_migrations order by id');
  return rows.map((row) => row.name);
}

async function refuseNewerSchema(db: Database, folder: string): Promise<void> {
  const known = new Set(migrationNames(folder));
  const unknown = (await appliedMigrations(db)).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new Error(
    `The database's schema is newer than this version of the service (it has ${unknown.join(', ')}): ` +
      'start the newer version. Nothing was touched.',
  );
}

/** For tools, which migrate nothing. Refuses in one sentence a schema of another version than these files. */
export async function requireCurrentSchema(db: Database): Promise<void> {
  const folder = migrationsFolder();
  await refuseNewerSchema(db, folder);
  const pending = await pendingMigrations(db, folder);
  const [first, ...others] = pending;
  if (first === undefined) return;
  const lacking = others.length === 0 ? first : `${first} and ${String(others.length)} more`;
  throw new Error(
    `The database's schema is older than this version of the service (it lacks ${lacking}): ` +
      'start the service, or run npm run migrate.',
  );
}
