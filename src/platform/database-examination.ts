/** Whether a database can be used, asked once before anything else; whoever has to act is told in one sentence. Knows no table. */
import pg from 'pg';
import { isDatabaseUnavailable } from './database-errors.ts';

/** The oldest that the suite is run against; `nulls not distinct` came with it. */
const OLDEST_MAJOR = 15;
const CONNECT_WITHIN_MS = 10_000;

export interface DatabaseAddress {
  readonly url: string;
  /** The variable that holds it; the sentence names it, and never the address, which holds a password. */
  readonly variable: string;
}

export interface DatabaseFacts {
  /** Whom the connection belongs to. */
  readonly role: string;
  readonly database: string;
  /** Equal for two addresses exactly when they lead to one database of one running server. */
  readonly identity: string;
}

/**
 * Connects once and tells what is there.
 *
 * Throws one sentence: nobody answers, the role is not let in, no such database, PostgreSQL too old, not in UTF-8.
 */
export async function examineDatabase(address: DatabaseAddress): Promise<DatabaseFacts> {
  const client = new pg.Client({
    connectionString: address.url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    application_name: 'examination',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await readFacts(client);
  } catch (error) {
    throw error instanceof UnfitDatabase ? error : complaintAbout(error, address, client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

class UnfitDatabase extends Error {}

async function readFacts(client: pg.Client): Promise<DatabaseFacts> {
  const answer = await client.query<DatabaseFacts & { version: string; number: number; encoding: string }>(
    `select current_user::text as role, current_database()::text as database,
            current_database() || ' ' || pg_postmaster_start_time() as identity,
            current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
            pg_encoding_to_char(encoding)::text as encoding
     from pg_database where datname = current_database()`,
  );
  const [facts] = answer.rows;
  if (!facts) throw new UnfitDatabase('The database does not know itself.');
  const unfit = unfitness(facts);
  if (unfit !== null) throw new UnfitDatabase(unfit);
  return { role: facts.role, database: facts.database, identity: facts.identity };
}

/** Why a server that answers cannot be used; null when it can. */
export function unfitness(facts: {
  readonly database: string;
  readonly version: string;
  readonly number: number;
  readonly encoding: string;
}): string | null {
  if (facts.number < OLDEST_MAJOR * 10_000) {
    return `The server is PostgreSQL ${facts.version}: this service needs ${String(OLDEST_MAJOR)} or newer.`;
  }
  if (facts.encoding !== 'UTF8') {
    return (
      `Database ${facts.database} is in ${facts.encoding}: make one in UTF-8 ` +
      "(create database … encoding 'UTF8' template template0)."
    );
  }
  return null;
}

function complaintAbout(error: unknown, { variable }: DatabaseAddress, client: pg.Client): Error {
  const server = `PostgreSQL at ${client.host}:${String(client.port)}`;
  const { user: role = '', database = '' } = client;
  const said = wordsOf(error);
  switch ((error as { code?: unknown }).code) {
    case '28P01':
    case '28000':
      return new Error(
        `${server} does not let role ${role} in (${said}): correct ${variable}, or the role's password there.`,
      );
    case '3D000':
      return new Error(`${server} has no database ${database}: create it, or correct ${variable}.`);
    case '42501':
      return new Error(
        `Role ${role} may not connect to database ${database}: let its owner say "grant connect on database ${database} to ${role}".`,
      );
    case '53300':
      return new Error(
        `${server} has no connection left for role ${role} (${said}): raise its max_connections, or set smaller pools.`,
      );
  }
  return isDatabaseUnavailable(error)
    ? new Error(`${server} does not answer (${said}): start it, or correct ${variable}.`)
    : new Error(`${server} cannot be used as ${variable} says: ${said}.`);
}

/** A name with several addresses fails with one error for each, and no words of its own. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(wordsOf))].join('; ');
  return error instanceof Error ? error.message : String(error);
}
