/**
 * The form of a backup file: a line of JSON about the whole, then for each table a line of JSON and its rows as COPY writes
 * them, a line of JSON at the end, and the sum of everything before. Packed with gzip. Knows no table.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';

const HEAD = z.object({
  backup_of: z.literal('payments'),
  format: z.literal(1),
  taken_at: z.iso.datetime(),
  /** The schema of the rows. */
  migrations: z.array(z.string()),
  /** The era of the database's transaction numbers; see db/migrations/0050_eras.sql. */
  era: z.string().regex(/^\d+$/),
  /** The newest block of the ledger's chain. */
  ledger_head: z.object({ sequence: z.string().regex(/^\d+$/), hash: z.string() }).nullable(),
  /** Names of keys, never keys: of SECRETS_KEY, under which something here is sealed, and of LINK_KEYS. */
  secrets_keys: z.array(z.string()),
  link_keys: z.array(z.string()),
});

const TABLE = z.object({ table: z.string(), columns: z.array(z.string()).min(1) });

const END = z.object({
  rows: z.record(z.string(), z.int()),
  sequences: z.record(
    z.string(),
    z.object({ last_value: z.string().regex(/^-?\d+$/), is_called: z.boolean() }),
  ),
});

const SUM = z.object({ sha256: z.string() });

export type BackupHead = z.infer<typeof HEAD>;
export type BackupEnd = z.infer<typeof END>;

/** A table's rows have to be read to their end before the next part. */
export interface BackupTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Buffer>;
}

export interface OpenBackup {
  readonly head: BackupHead;
  /** The next table, or the end once the sum was found right. */
  next(): Promise<BackupTable | BackupEnd>;
  close(): void;
}

const END_OF_ROWS = Buffer.from('\\.\n');
const END_BEHIND_ROWS = Buffer.from('\n\\.\n');
const NEW_LINE = 0x0a;

/** Writes the parts of a file in their order; `end` must come last. */
export function backupLines() {
  const hash = createHash('sha256');
  const counted = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  const line = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
  return {
    head: (head: BackupHead): Buffer => counted(line(head)),
    table: (table: string, columns: readonly string[]): Buffer => counted(line({ table, columns })),
    rows: (chunk: Buffer): Buffer => counted(chunk),
    endOfRows: (): Buffer => counted(END_OF_ROWS),
    end(end: BackupEnd): Buffer {
      const last = counted(line(end));
      return Buffer.concat([last, line({ sha256: hash.digest('hex') } satisfies z.infer<typeof SUM>)]);
    },
  };
}

/** Opens a file and reads its head. What is no backup, is damaged or was cut off is refused where it is noticed. */
export async function openBackup(path: string): Promise<OpenBackup> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const unpacked = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => unpacked.destroy(error));
  file.pipe(unpacked);
  const parts = partsOf(unpacked[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  const told = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
      throw damaged(path, error);
    }
  };
  const head = await told(async () => HEAD.parse(await parts.line()));
  return {
    head,
    next: () =>
      told(async () => {
        const value = await parts.line();
        const table = TABLE.safeParse(value);
        if (table.success) return { ...table.data, rows: namedRows(path, parts.rows()) };
        const end = END.parse(value);
        const sum = parts.sum();
        if (SUM.parse(await parts.line()).sha256 !== sum) throw new Error('its sum is wrong');
        return end;
      }),
    close: () => void file.destroy(),
  };
}

async function* namedRows(path: string, rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* rows;
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): Error {
  const why = error instanceof z.ZodError ? 'a line is not as it should be' : (error as Error).message;
  return new Error(`${path} is no backup of this service, or is damaged: ${why}.`);
}

/** Lines and rows out of chunks whose borders mean nothing. What is held always begins a line. */
function partsOf(chunks: AsyncIterator<Buffer>) {
  const hash = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);

  async function readMore(): Promise<void> {
    const next = await chunks.next();
    if (next.done === true) throw new Error('it was cut off');
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
  }

  /** Takes so many bytes off what is held, and counts them into the sum. */
  function take(length: number): Buffer {
    const taken = held.subarray(0, length);
    hash.update(taken);
    held = held.subarray(length);
    return taken;
  }

  return {
    /** The sum of everything read so far. */
    sum: (): string => hash.copy().digest('hex'),

    async line(): Promise<unknown> {
      let end = held.indexOf(NEW_LINE);
      while (end < 0) {
        await readMore();
        end = held.indexOf(NEW_LINE);
      }
      return JSON.parse(take(end + 1).toString('utf8'));
    },

    /** Whole rows, up to the mark that ends them. */
    async *rows(): AsyncGenerator<Buffer> {
      for (;;) {
        if (held.subarray(0, END_OF_ROWS.length).equals(END_OF_ROWS)) {
          take(END_OF_ROWS.length);
          return;
        }
        const end = held.indexOf(END_BEHIND_ROWS);
        // Without the mark in sight the last row may be cut, or be the beginning of the mark.
        const whole = end >= 0 ? end + 1 : held.lastIndexOf(NEW_LINE) + 1;
        if (whole > 0) yield take(whole);
        else await readMore();
      }
    },
  };
}
