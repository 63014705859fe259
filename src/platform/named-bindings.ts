/** Turns `:name` in SQL into knex's positional marks, leaving casts, quoted text and comments alone. */

export interface PositionedSql {
  /** The statement with `?` for each value; question marks of its own are escaped. */
  readonly text: string;
  /** The name behind each `?`, in order. */
  readonly names: readonly string[];
}

// In order: quoted text, quoted names, dollar quotes, comments, casts, a binding, an operator's question mark.
const TOKENS =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_]\w*)|\?/g;

const CACHE_LIMIT = 2_000;
const cache = new Map<string, PositionedSql>();

export function positionBindings(sql: string): PositionedSql {
  const known = cache.get(sql);
  if (known) return known;
  const names: string[] = [];
  const text = sql.replace(TOKENS, (token: string, _tag: string | undefined, name: string | undefined) => {
    if (name !== undefined) {
      names.push(name);
      return '?';
    }
    return escapeQuestionMarks(token);
  });
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(sql, { text, names });
  return { text, names };
}

/** Text that knex passes on as it stands. It cannot carry a question mark behind a backslash. */
export function escapeQuestionMarks(sql: string): string {
  if (sql.includes('\\?'))
    throw new Error('SQL must not hold a backslash before a question mark: write [?].');
  return sql.replaceAll('?', '\\?');
}
