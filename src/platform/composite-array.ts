/** Rows and texts as array parameters in PostgreSQL's binary form, where nothing is quoted or read byte by byte. */

type Row = Readonly<Record<string, unknown>>;

/** A composite type as the database knows it; {@link ROW_TYPES} reads it. */
export interface RowType {
  readonly oid: number;
  readonly columns: readonly (readonly [name: string, typeOid: number])[];
}

/** `$1` names composite types; one row each, of what {@link compositeArray} needs to know of them. */
export const ROW_TYPES = {
  name: 'row-types',
  text: `select t.typname as name, t.oid::integer as oid,
      json_agg(json_build_array(a.attname, a.atttypid::integer) order by a.attnum) as columns
    from pg_type t join pg_attribute a on a.attrelid = t.typrelid and not a.attisdropped
    where t.typnamespace = 'public'::regnamespace and t.typname = any ($1::text[])
    group by t.typname, t.oid`,
};

/**
 * What a parameter `$1::some_type[]` takes.
 *
 * Instants are dates or RFC 3339, days `YYYY-MM-DD`, uuids text; null and undefined are NULL. Faults on a column of
 * a type that none of our rows has.
 */
export function compositeArray(type: RowType, rows: readonly Row[]): Buffer {
  const bytes = arrayOf(type.oid, rows.length);
  for (const row of rows) {
    bytes.sized(() => {
      bytes.int32(type.columns.length);
      for (const [name, typeOid] of type.columns) {
        const value = row[name];
        bytes.int32(typeOid);
        if (value === null || value === undefined) bytes.int32(NULL_LENGTH);
        else bytes.sized(() => writeField(bytes, typeOid, value));
      }
    });
  }
  return bytes.taken();
}

/** What a parameter `$1::text[]` takes. */
export function textArray(texts: readonly string[]): Buffer {
  const bytes = arrayOf(OIDS.text, texts.length);
  for (const text of texts) bytes.sized(() => bytes.text(text));
  return bytes.taken();
}

const NULL_LENGTH = -1;
const OIDS = {
  bigint: 20,
  smallint: 21,
  integer: 23,
  text: 25,
  date: 1082,
  character: 1042,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
} as const;
/** PostgreSQL counts from the first moment of 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;
const JSONB_VERSION = 1;

function writeField(bytes: ByteWriter, typeOid: number, value: unknown): void {
  switch (typeOid) {
    case OIDS.integer:
      return bytes.int32(Number(value));
    case OIDS.smallint:
      return bytes.int16(Number(value));
    case OIDS.bigint:
      return bytes.int64(BigInt(value as number | bigint | string));
    case OIDS.text:
    case OIDS.character:
      return bytes.text(String(value as string));
    case OIDS.uuid:
      return bytes.hex((value as string).replaceAll('-', ''));
    case OIDS.timestamptz:
      return bytes.int64(BigInt(millisecondsOf(value as Date | string) - EPOCH_MS) * 1000n);
    case OIDS.date:
      return bytes.int32((Date.parse(value as string) - EPOCH_MS) / DAY_MS);
    case OIDS.jsonb:
      bytes.int8(JSONB_VERSION);
      return bytes.text(JSON.stringify(value));
    default:
      throw new Error(`a row cannot hold a value of the type ${String(typeOid)}`);
  }
}

function millisecondsOf(instant: Date | string): number {
  return instant instanceof Date ? instant.getTime() : Date.parse(instant);
}

/** One dimension, nulls inside elements only, elements of a type, so many, counted from 1. */
function arrayOf(elementOid: number, length: number): ByteWriter {
  const bytes = new ByteWriter();
  for (const head of length === 0 ? [0, 0, elementOid] : [1, 0, elementOid, length, 1]) bytes.int32(head);
  return bytes;
}

/** Bytes in network order, in a buffer that grows. */
class ByteWriter {
  #buffer = Buffer.allocUnsafe(4096);
  #at = 0;

  /** Writes what `write` does, with its length in front. */
  sized(write: () => void): void {
    this.int32(0);
    const from = this.#at;
    write();
    this.#buffer.writeInt32BE(this.#at - from, from - 4);
  }
  int8(value: number): void {
    this.#room(1);
    this.#at = this.#buffer.writeInt8(value, this.#at);
  }
  int16(value: number): void {
    this.#room(2);
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
  }
  int32(value: number): void {
    this.#room(4);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }
  int64(value: bigint): void {
    this.#room(8);
    this.#at = this.#buffer.writeBigInt64BE(value, this.#at);
  }
  text(value: string): void {
    this.#room(value.length * 3);
    this.#at += this.#buffer.write(value, this.#at, 'utf8');
  }
  hex(value: string): void {
    this.#room(value.length / 2);
    this.#at += this.#buffer.write(value, this.#at, 'hex');
  }
  taken(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }
  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + size));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
