/** Rows as the text of an array of a composite type, which PostgreSQL reads in one pass and without unfolding JSON. */

type Row = Readonly<Record<string, unknown>>;

/**
 * `{"(1,paid,)","(2,open,)"}`: what a parameter `$1::some_type[]` takes.
 *
 * @param columns  in the order of the type
 * Instants are written in RFC 3339, objects as JSON, null and undefined as NULL.
 */
export function compositeArray(columns: readonly string[], rows: readonly Row[]): string {
  return `{${rows.map((row) => quoted(`(${columns.map((column) => field(row[column])).join(',')})`)).join(',')}}`;
}

const TEXT_OID = 25;

/** Texts as one `text[]` parameter in the binary form of arrays, where nothing is quoted or read byte by byte. */
export function textArray(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const size = lengths.reduce((sum, length) => sum + 4 + length, 20);
  const array = Buffer.allocUnsafe(size);
  // One dimension, no nulls, the type of an element; how many, counted from 1.
  let at = 0;
  for (const head of [1, 0, TEXT_OID, texts.length, 1]) at = array.writeInt32BE(head, at);
  texts.forEach((text, index) => {
    at = array.writeInt32BE(lengths[index] ?? 0, at);
    at += array.write(text, at, 'utf8');
  });
  return array;
}

/** Text that needs no quotes in a row: letters, digits and marks that mean nothing there. */
const PLAIN = /^[A-Za-z0-9:._+/=-]+$/;

function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return PLAIN.test(value) ? value : quoted(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return value instanceof Date ? value.toISOString() : quoted(JSON.stringify(value));
}

// JSON writes control characters and lone halves of a pair in a way of its own; anything else like PostgreSQL.
const NOT_AS_JSON = /[\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return NOT_AS_JSON.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : JSON.stringify(text);
}
