/** From texts and JSON to typed input: all faults at once with their pointers, and the schemas calls share. */
import { z } from 'zod';
import { MAX_AMOUNT_MINOR } from '../domain/kernel/money.ts';
import { parsePublicId, type IdPrefix } from '../domain/kernel/ids.ts';
import { Refusal, type InputFault } from '../domain/kernel/refusals.ts';
import { parseDay, type Day } from '../domain/kernel/time.ts';
import { jsonPointer, readInput } from '../platform/input-faults.ts';
import type { UploadedFile } from './route.ts';

const MAX_FAULTS = 100;

/** The input as its schema types it. Refuses: request.malformed, with every fault and its pointer. */
export function decode<T>(schema: z.ZodType<T>, input: unknown): T {
  const read = readInput(schema, input);
  if ('value' in read) return read.value;
  throw new Refusal('request.malformed', {}, { errors: read.faults.slice(0, MAX_FAULTS) });
}

/**
 * The parameters after `?`, or of a form written the same way, as an object of texts.
 *
 * Refuses: request.malformed for a name given twice, for U+0000 and for what is not percent-encoded UTF-8.
 */
export function readQuery(search: string, what = 'query'): Record<string, string> {
  const values: Record<string, string> = {};
  const errors: InputFault[] = [];
  try {
    decodeURIComponent(search.replaceAll('+', ' '));
  } catch {
    throw new Refusal('request.malformed', {}, { detail: `The ${what} is not percent-encoded UTF-8.` });
  }
  for (const [name, value] of new URLSearchParams(search)) {
    const pointer = jsonPointer([name]);
    if (Object.hasOwn(values, name)) errors.push({ pointer, detail: 'is given more than once' });
    else if (name === '__proto__') errors.push({ pointer, detail: 'is a name this service does not take' });
    else if ((name + value).includes('\0')) errors.push({ pointer, detail: 'holds the character U+0000' });
    else values[name] = value;
  }
  if (errors.length > 0) throw new Refusal('request.malformed', {}, { errors: errors.slice(0, MAX_FAULTS) });
  return values;
}

/** No fields at all: for calls without query or body. */
export const nothing = z.strictObject({});

/** An amount of dong in a request: a JSON integer from 1 to 9·10^15, as bigint. */
export const amount = z
  .int()
  .min(1)
  .max(Number(MAX_AMOUNT_MINOR))
  .transform((dong) => BigInt(dong))
  .meta({ description: 'Whole dong.', examples: [150000] });

/** A calendar day that exists, `YYYY-MM-DD`. */
export const day = z
  .string()
  .transform((text, context): Day => parseDay(text) ?? refuse(context, 'is not a day such as 2026-11-22'))
  .meta({ format: 'date', examples: ['2026-11-22'] });

/** An instant with its offset (RFC 3339), as Date. */
export const instant = z
  .string()
  .transform(
    (text, context): Date =>
      parseInstant(text) ?? refuse(context, 'is not an instant such as 2026-11-22T09:30:00Z'),
  )
  .meta({ format: 'date-time', examples: ['2026-11-22T09:30:00Z'] });

/** A day, or an instant in UTC, as answers write it. */
export const dayText = z.string().meta({ format: 'date' });
export const instantText = z.string().meta({ format: 'date-time' });

/** A public id of one kind, as the id inside the house. */
export function publicIdOf<P extends IdPrefix>(prefix: P) {
  return z
    .string()
    .transform((text, context): NonNullable<ReturnType<typeof parsePublicId<P>>> => {
      return parsePublicId(prefix, text) ?? refuse(context, `is not an id of the form ${prefix}_…`);
    })
    .meta({ pattern: `^${prefix}_[0-9a-f]{32}$`, examples: [`${prefix}_${EXAMPLE_HEX}`] });
}
const EXAMPLE_HEX = '019aa5f5c3a07d3e8b4f1c2d3e4f5a6b';

// Control characters, and the marks that make text read in another order than it is kept.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** One line of text for people: 1 to `maxLength` characters, no control or bidirectional marks. */
export function lineOfText(maxLength: number) {
  return z
    .string()
    .min(1, { abort: true })
    .max(maxLength)
    .refine((text) => !UNPRINTABLE.test(text), { error: 'holds control characters' })
    .refine((text) => text.trim() !== '', { error: 'is blank' });
}

/** How many rows a page has: 1 to 200, 50 unless told. A query parameter, so text. */
export const limit = z
  .string()
  .optional()
  .transform((text, context): number => {
    if (text === undefined) return 50;
    const rows = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
    return rows >= 1 && rows <= 200 ? rows : refuse(context, 'must be a whole number from 1 to 200');
  })
  .meta({ description: 'Rows a page: 1 to 200.', default: '50' });

/** Where a page begins: opaque to its holder, the sort key of the last row seen to us. */
export function cursorOf<T>(shape: z.ZodType<T>) {
  return z
    .string()
    .transform((text, context): T => {
      const read = shape.safeParse(readCursor(text));
      return read.success ? read.data : refuse(context, 'is not a cursor this service gave');
    })
    .meta({ description: 'The next_cursor of the page before.' });
}

// The number of a database transaction is unsigned and has 64 bits; PostgreSQL refuses what is larger.
const LARGEST_XID = 2n ** 64n - 1n;

/** Whether a part of a cursor may stand for a database transaction. */
export function isXid(text: string): boolean {
  return /^[1-9]\d{0,19}$/.test(text) && BigInt(text) <= LARGEST_XID;
}

/** The opaque text of a sort key; {@link cursorOf} reads it back. */
export function writeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** A file part of a multipart body. */
export function uploadedFile() {
  return z
    .custom<UploadedFile>((part) => typeof part === 'object' && part !== null && 'bytes' in part, {
      error: 'must be a file',
    })
    .meta({ type: 'string', format: 'binary' });
}

function readCursor(text: string): unknown {
  if (!/^[A-Za-z0-9_-]{1,1000}$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}

// RFC 3339, section 5.6, without leap seconds.
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function parseInstant(text: string): Date | null {
  const match = INSTANT.exec(text);
  return match?.[1] !== undefined && parseDay(match[1]) !== null ? new Date(text) : null;
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
