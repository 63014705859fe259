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
 * Instants are dates or RFC 3339, days `YYYY-MM-DD`, uuids text, whole numbers at most 2^53; null and undefined are
 * NULL. Faults on a column of a type that none of our rows has.
 */
export function compositeArray(type: RowType, rows: readonly Row[]): Buffer {
  beginArray(type.oid, rows.length);
  for (const row of rows) {
    const start = beginSized();
    int32(type.columns.length);
    for (const [name, typeOid] of type.columns) {
      const value = row[name];
      int32(typeOid);
      if (value === null || value === undefined) int32(NULL_LENGTH);
      else field(typeOid, value);
    }
    endSized(start);
  }
  return written();
}

/** What a parameter `$1::text[]` takes. */
export function textArray(texts: readonly string[]): Buffer {
  beginArray(OIDS.text, texts.length);
  for (const each of texts) field(OIDS.text, each);
  return written();
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

/** A value with its length in front. */
function field(typeOid: number, value: unknown): void {
  const start = beginSized();
  switch (typeOid) {
    case OIDS.integer:
      int32(Number(value));
      break;
    case OIDS.smallint:
      int16(Number(value));
      break;
    case OIDS.bigint:
      int64(Number(value));
      break;
    case OIDS.text:
    case OIDS.character:
      text(value as string);
      break;
    case OIDS.uuid:
      uuid(value as string);
      break;
    case OIDS.timestamptz:
      int64((millisecondsOf(value as Date | string) - EPOCH_MS) * 1000);
      break;
    case OIDS.date:
      int32((Date.parse(value as string) - EPOCH_MS) / DAY_MS);
      break;
    case OIDS.jsonb:
      int8(JSONB_VERSION);
      text(JSON.stringify(value));
      break;
    default:
      throw new Error(`a row cannot hold a value of the type ${String(typeOid)}`);
  }
  endSized(start);
}

function millisecondsOf(instant: Date | string): number {
  return instant instanceof Date ? instant.getTime() : Date.parse(instant);
}

// One buffer for all arrays, which are written one at a time and copied when done: a new one for each took longer than
// the writing. Numbers go through a DataView, which is what V8 makes fast.
let buffer = Buffer.alloc(64 * 1024);
let view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
let at = 0;

function room(size: number): void {
  if (at + size <= buffer.length) return;
  const larger = Buffer.alloc(Math.max(buffer.length * 2, at + size));
  buffer.copy(larger, 0, 0, at);
  buffer = larger;
  view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** One dimension, nulls inside elements only, elements of a type, so many, counted from 1. */
function beginArray(elementOid: number, length: number): void {
  at = 0;
  for (const head of length === 0 ? [0, 0, elementOid] : [1, 0, elementOid, length, 1]) int32(head);
}

function beginSized(): number {
  int32(0);
  return at;
}

function endSized(start: number): void {
  view.setInt32(start - 4, at - start);
}

function written(): Buffer {
  return Buffer.from(buffer.subarray(0, at));
}

function int8(value: number): void {
  room(1);
  view.setInt8(at, value);
  at += 1;
}

function int16(value: number): void {
  room(2);
  view.setInt16(at, value);
  at += 2;
}

function int32(value: number): void {
  room(4);
  view.setInt32(at, value);
  at += 4;
}

function int64(value: number): void {
  const high = Math.floor(value / 2 ** 32);
  int32(high);
  int32(value - high * 2 ** 32);
}

/** Below it, a loop is faster than the way out of JavaScript. */
const SHORT_TEXT = 64;

function text(value: string): void {
  room(value.length * 3);
  if (value.length > SHORT_TEXT || !asciiText(value)) at += buffer.write(value, at, 'utf8');
}

/** @returns false, having written nothing, when a character needs more than one byte */
function asciiText(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code > 127) return false;
    buffer[at + index] = code;
  }
  at += value.length;
  return true;
}

function uuid(value: string): void {
  room(16);
  for (let digit = 0; digit < value.length; digit += 1) {
    if (value[digit] === '-') digit += 1;
    buffer[at] = (hexDigit(value.charCodeAt(digit)) << 4) | hexDigit(value.charCodeAt(digit + 1));
    at += 1;
    digit += 1;
  }
}

/** 0 to 15 for the characters 0-9, a-f and A-F. */
function hexDigit(code: number): number {
  return code <= 57 ? code - 48 : (code & 0xdf) - 55;
}
