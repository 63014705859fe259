/** A page of a list, which all calls that list share: its schema and its body. */
import { z } from 'zod';
import { writeCursor } from './decoding.ts';

export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
}

/**
 * The body of one page.
 *
 * @param rows  one more than `limit` where there are more
 * @param sortKeyOf  what the list is sorted by: the next page begins behind that of the last row
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  represent: (row: Row) => unknown,
  sortKeyOf: (row: Row) => readonly string[],
) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit;
  return {
    data: shown.map((row) => represent(row)),
    has_more: hasMore,
    next_cursor: hasMore && last !== undefined ? writeCursor(sortKeyOf(last)) : null,
  };
}
