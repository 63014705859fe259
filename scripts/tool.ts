/** For the small tools: reads their words, opens the database the service uses, does one thing, and closes it again. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { requireCurrentSchema } from '../db/sql-migrations.ts';
import type { IdSource } from '../src/domain/kernel/ids.ts';
import { Refusal } from '../src/domain/kernel/refusals.ts';
import type { Clock } from '../src/domain/kernel/time.ts';
import { readConfig, type Config } from '../src/platform/config.ts';
import { examineDatabase } from '../src/platform/database-examination.ts';
import { isDatabaseUnavailable, openDatabase, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';

export interface ToolDeps {
  readonly db: Database;
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string;
  /** Connects as the role the service runs under. */
  readonly appUrl: string;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly config: Config;
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Words<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>;

/** What is done with an open database once the words are understood. */
export type Deed = (deps: ToolDeps) => Promise<void>;

export interface Tool<O extends Options> {
  /** How the tool is called; what `--help` answers. */
  readonly usage: string;
  readonly options: O;
  /** What the words ask for, or {@link usage}. Nothing is opened before, and nothing done. */
  readonly understand: (words: Words<O>) => Deed;
  /** `any` for the tool that fills an empty database; otherwise the schema must be of this version. */
  readonly schema?: 'current' | 'any';
}

/** Whom the audit log names for what is done by a tool: the machine's operator, whoever that is. */
export const COMMAND_LINE = 'staff:command-line';

/** Runs one tool. What it refuses is printed in sentences, with exit code 1. */
export async function runTool<O extends Options>(tool: Tool<O>): Promise<void> {
  await inSentences(async () => {
    const words = readWords(tool.usage, tool.options);
    if (words) await withDatabase(tool.understand(words), tool.schema ?? 'current');
  });
}

/** The words of this call; null when help was asked for and given. Says how the tool is used when they are wrong. */
export function readWords<O extends Options>(help: string, options: O): Words<O> | null {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(help);
    return null;
  }
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return usage(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

/** Runs what takes no words, unless help is asked for or there are some. */
export async function runWithoutWords(help: string, work: () => Promise<void>): Promise<void> {
  await inSentences(async () => {
    const words = readWords(help, {});
    if (!words) return;
    if (words.positionals.length > 0) usage(help);
    await work();
  });
}

/** Says how a tool is used. */
export function usage(text: string): never {
  throw new Sentence(text);
}

/** For what a tool asks of others whose every fault is told in words: `.catch(asSentence)`. */
export function asSentence(error: unknown): never {
  return usage(messageOf(error));
}

/** The text of a file that was named on the command line; 0 is standard input. */
export function readNamedFile(file: string | 0): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return usage(`${file === 0 ? 'Standard input' : file} cannot be read: ${messageOf(error)}.`);
  }
}

/** An expected end: its message says all there is to say, without a stack. */
class Sentence extends Error {
  override readonly name = 'Sentence';
}

async function inSentences(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isExpected = error instanceof Sentence || error instanceof Refusal || isDatabaseUnavailable(error);
    if (!isExpected) throw error;
    console.error(sentencesOf(error));
    process.exitCode = 1;
  }
}

function sentencesOf(error: unknown): string {
  if (!(error instanceof Refusal)) return messageOf(error);
  const faults = error.options.errors ?? [];
  return [error.message, ...faults.map(({ pointer, detail }) => `  ${pointer} ${detail}`)].join('\n');
}

async function withDatabase(deed: Deed, schema: 'current' | 'any'): Promise<void> {
  const config = configured();
  const { appUrl, ownerUrl, release } = await serverOf(config).catch(asSentence);
  // A tool may read the whole ledger: nobody waits for it, so its statements may take their time.
  const db = openDatabase({ url: appUrl, poolMax: 2, applicationName: 'tool', statementTimeoutMs: 600_000 });
  try {
    // A mistyped address or folder leads to another database, or to one that was made just now.
    if (schema === 'current') {
      await requireCurrentSchema(db).catch(asSentence);
    }
    await deed({ db, ownerUrl, appUrl, clock: { now: () => new Date() }, newId: randomUUID, config });
  } finally {
    await db.destroy();
    await release();
  }
}

function configured(): Config {
  try {
    return readConfig(process.env, { dataDir: join(import.meta.dirname, '..', '.data') });
  } catch (error) {
    return usage(messageOf(error));
  }
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
