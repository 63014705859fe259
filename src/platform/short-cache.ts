/** A memory of what changes rarely and may be a few seconds old: one reading for all who ask at once. */

export interface ShortCacheOptions {
  readonly lifeMs: number;
  /** The oldest entries leave first. */
  readonly maxEntries: number;
}

export interface ShortCache<Value> {
  (key: string): Promise<Value>;
  /** Forgets everything: whoever changed what is remembered reads its own change. */
  forget(): void;
}

/**
 * Remembers what `read` answers for a key, its failures not.
 *
 * The life is measured by the process's steady clock, so that no step of the wall clock prolongs it.
 */
export function createShortCache<Value>(
  read: (key: string) => Promise<Value>,
  { lifeMs, maxEntries }: ShortCacheOptions,
): ShortCache<Value> {
  const entries = new Map<string, { readonly value: Promise<Value>; readonly until: number }>();
  const recall = (key: string): Promise<Value> => {
    const now = performance.now();
    const known = entries.get(key);
    if (known && known.until > now) return known.value;
    const value = read(key);
    entries.delete(key);
    entries.set(key, { value, until: now + lifeMs });
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key);
    value.catch(() => {
      if (entries.get(key)?.value === value) entries.delete(key);
    });
    return value;
  };
  return Object.assign(recall, { forget: () => entries.clear() });
}
