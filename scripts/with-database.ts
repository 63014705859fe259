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
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string;
  /** Connects as the role the service runs under, as `db` does. */
  readonly appUrl: string;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly config: Config;
}

export interface ToolOptions {
  /** `any` for the tool that fills an empty database. */
  readonly schema: 'current' | 'any';
}

/** Runs one tool. What it refuses, and what it cannot begin for, is printed as one sentence, with exit code 1. */
export async function withDatabase(
  work: (deps: ToolDeps) => Promise<void>,
  options: ToolOptions = { schema: 'current' },
): Promise<void> {
  let opened: Opened;
  try {
    opened = await open(options);
  } catch (error) {
    complain(error);
    return;
  }
  const { db, server, config } = opened;
  try {
    const { appUrl, ownerUrl } = server;
    await work({ db, ownerUrl, appUrl, clock: { now: () => new Date() }, newId: randomUUID, config });
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
  readonly server: ToolServer;
  close(): Promise<void>;
}

async function open({ schema }: ToolOptions): Promise<Opened> {
  const config = readConfig(process.env, { dataDir: join(import.meta.dirname, '..', '.data') });
  const server = await serverOf(config);
  // A tool may read the whole ledger: nobody waits for it, so its statements may take their time.
  const db = openDatabase({
    url: server.appUrl,
    poolMax: 2,
    applicationName: 'tool',
    statementTimeoutMs: 600_000,
  });
  const close = async (): Promise<void> => {
    await db.destroy();
    await server.release();
  };
  try {
    if (schema === 'current') await requireCurrentSchema(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { config, db, server, close };
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

interface ToolServer {
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly release: () => Promise<void>;
}

async function serverOf(config: Config): Promise<ToolServer> {
  if (config.database.urls) {
    const { app, owner } = config.database.urls;
    await examineDatabase({ url: app.reveal(), variable: 'DATABASE_URL' });
    return { appUrl: app.reveal(), ownerUrl: owner.reveal(), release: () => Promise.resolve() };
  }
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir });
  const { appUrl, ownerUrl } = server;
  // A server that was running belongs to the service, which goes on using it.
  return { appUrl, ownerUrl, release: () => (server.adopted ? Promise.resolve() : server.stop()) };
}
