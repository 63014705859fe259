/** For the small tools: opens the database the service uses, does one thing, and closes it again. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { requireCurrentSchema } from '../db/sql-migrations.ts';
import type { IdSource } from '../src/domain/kernel/ids.ts';
import { Refusal } from '../src/domain/kernel/refusals.ts';
import type { Clock } from '../src/domain/kernel/time.ts';
import { readConfig, type Config } from '../src/platform/config.ts';
import { examineDatabase } from '../src/platform/database-examination.ts';
import { openDatabase, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';

export interface ToolDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly config: Config;
}

/** Runs one tool. What it refuses, and what it cannot begin for, is printed as one sentence, with exit code 1. */
export async function withDatabase(work: (deps: ToolDeps) => Promise<void>): Promise<void> {
  let opened: Opened;
  try {
    opened = await open();
  } catch (error) {
    complain(error);
    return;
  }
  const { db, config } = opened;
  try {
    await work({ db, clock: { now: () => new Date() }, newId: randomUUID, config });
  } catch (error) {
    if (!(error instanceof Refusal) && !isUsage(error)) throw error;
    complain(error);
  } finally {
    await opened.close();
  }
}

function complain(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

interface Opened {
  readonly config: Config;
  readonly db: Database;
  close(): Promise<void>;
}

async function open(): Promise<Opened> {
  const config = readConfig(process.env, { dataDir: join(import.meta.dirname, '..', '.data') });
  const server = await serverOf(config);
  // A tool may read the whole ledger: nobody waits for it, so its statements may take their time.
  const db = openDatabase({
    url: server.url,
    poolMax: 2,
    applicationName: 'tool',
    statementTimeoutMs: 600_000,
  });
  const close = async (): Promise<void> => {
    await db.destroy();
    await server.release();
  };
  try {
    await requireCurrentSchema(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { config, db, close };
}

/** Says how a tool is used. */
export function usage(text: string): never {
  throw Object.assign(new Error(text), { name: USAGE });
}

const USAGE = 'Usage';

function isUsage(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code);
  return error.name === USAGE || code.startsWith('ERR_PARSE_ARGS') || code === 'ENOENT';
}

async function serverOf(config: Config): Promise<{ url: string; release: () => Promise<void> }> {
  if (config.database.urls) {
    const url = config.database.urls.app.reveal();
    await examineDatabase({ url, variable: 'DATABASE_URL' });
    return { url, release: () => Promise.resolve() };
  }
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir });
  // A server that was running belongs to the service, which goes on using it.
  return { url: server.appUrl, release: () => (server.adopted ? Promise.resolve() : server.stop()) };
}
