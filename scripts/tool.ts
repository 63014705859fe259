/** For the small tools: reads their words, opens the database the service uses, does one thing, and closes it again. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { IdSource } from '../src/domain/kernel/ids.ts';
import { Refusal } from '../src/domain/kernel/refusals.ts';
import type { Clock } from '../src/domain/kernel/time.ts';
import { readConfig, type Config } from '../src/platform/config.ts';
import { isDatabaseUnavailable, openDatabase, query, type Database } from '../src/platform/database.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';

export interface ToolDeps {
  readonly db: Database;
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
}

/** Whom the audit log names for what is done by a tool: the machine's operator, whoever that is. */
export const COMMAND_LINE = 'staff:command-line';

/** Runs one tool. What it refuses is printed in sentences, with exit code 1. */
export async function runTool<O extends Options>(tool: Tool<O>): Promise<void> {
  await inSentences(async () => {
    const words = readWords(tool.usage, tool.options);
    if (words) await withDatabase(tool.understand(words));
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

async function withDatabase(deed: Deed): Promise<void> {
  const config = configured();
  const server = await serverOf(config);
  // A tool may read the whole ledger: nobody waits for it, so its statements may take their time.
  const db = openDatabase({
    url: server.url,
    poolMax: 2,
    applicationName: 'tool',
    statementTimeoutMs: 600_000,
  });
  try {
    await refuseWithoutTables(db);
    await deed({ db, clock: { now: () => new Date() }, newId: randomUUID, config });
  } finally {
    await db.destroy();
    await server.release();
  }
}

function configured(): Config {
  try {
    return readConfig(process.env, { dataDir: join(import.meta.dirname, '..', '.data') });
  } catch (error) {
    return usage(messageOf(error));
  }
}

/** A mistyped address or folder leads to another database, or to one that was made just now. */
async function refuseWithoutTables(db: Database): Promise<void> {
  const found = await query<{ there: boolean }>(db, `select to_regclass('agencies') is not null as there`)
    // Whatever is wrong with the way to the database, the tool has nothing to add to it.
    .catch((error: unknown) => usage(`The database cannot be used: ${messageOf(error)}.`));
  if (found[0]?.there !== true) {
    usage(
      'The database has no tables yet: start the service once, or run npm run migrate with its variables.',
    );
  }
}

async function serverOf(config: Config): Promise<{ url: string; release: () => Promise<void> }> {
  if (config.database.urls) {
    return { url: config.database.urls.app.reveal(), release: () => Promise.resolve() };
  }
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir });
  // A server that was running belongs to the service, which goes on using it.
  return { url: server.appUrl, release: () => (server.adopted ? Promise.resolve() : server.stop()) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
