/** PostgreSQL's COPY on the connection of a transaction: rows as text, in chunks whose borders mean nothing. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

/** Runs `copy … to stdout`. The rows must be read to their end, or the stream destroyed, before the next statement. */
export async function copyOut(tx: Knex.Transaction, statement: string): Promise<Readable> {
  return (await connectionOf(tx)).query(copyTo(statement));
}

/** Runs `copy … from stdin`. @returns how many rows there were */
export async function copyIn(
  tx: Knex.Transaction,
  statement: string,
  rows: AsyncIterable<Uint8Array>,
): Promise<number> {
  const stream = (await connectionOf(tx)).query(copyFrom(statement));
  await pipeline(rows, stream);
  return stream.rowCount;
}

/** A transaction's client gives its own connection, whoever asks. */
function connectionOf(tx: Knex.Transaction): Promise<pg.Client> {
  return (tx.client as { acquireConnection(): Promise<pg.Client> }).acquireConnection();
}
