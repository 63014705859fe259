/** JSON as gateways send it, read strictly: numbers keep their text; duplicate keys, `__proto__`, a byte order mark and deep nesting are refused. */

/** A number as it was written; nothing is rounded. */
export interface JsonNumber {
  readonly numberText: string;
}

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = string | boolean | null | JsonNumber | readonly JsonValue[] | JsonObject;

const MAX_DEPTH = 32;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Everything but quote, backslash and control characters stands for itself.
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Reads JSON bytes strictly, or gives null: not UTF-8, not RFC 8259, a key twice in one object, a key
 * `__proto__`, or nesting deeper than 32.
 */
export function parseGatewayJson(bytes: Uint8Array): JsonValue | null {
  try {
    return readText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Reads an object as strictly; null for anything else. */
export function readGatewayObject(bytes: Uint8Array): JsonObject | null {
  const value = parseGatewayJson(bytes) ?? undefined;
  return isJsonObject(value) ? value : null;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isJsonNumber(value: JsonValue | undefined): value is JsonNumber {
  return typeof value === 'object' && value !== null && 'numberText' in value;
}

/** A member that is a text. */
export function textOf(members: JsonObject, name: string): string | null {
  const value = members.get(name);
  return typeof value === 'string' ? value : null;
}

/** A member that is a number, in the very digits it was sent in. */
export function digitsOf(members: JsonObject, name: string): string | null {
  const value = members.get(name);
  return isJsonNumber(value) ? value.numberText : null;
}

/** A member that is a text or a number, as it was sent: signatures cover that, and documents write ids both ways. */
export function scalarOf(members: JsonObject, name: string): string | null {
  return textOf(members, name) ?? digitsOf(members, name);
}

function readText(text: string): JsonValue {
  let at = 0;

  const value = readValue(0);
  skipSpace();
  if (at !== text.length) throw new SyntaxError('text after the value');
  return value;

  function readValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new SyntaxError('nested too deeply');
    skipSpace();
    switch (text[at] ?? '') {
      case '{':
        return readObject(depth);
      case '[':
        return readArray(depth);
      case '"':
        return readString();
      case 't':
        return readWord('true', true);
      case 'f':
        return readWord('false', false);
      case 'n':
        return readWord('null', null);
      default:
        return { numberText: take(NUMBER) };
    }
  }

  function readObject(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    at += 1;
    if (closes('}')) return members;
    for (;;) {
      skipSpace();
      const key = readString();
      if (key === '__proto__' || members.has(key)) throw new SyntaxError('forbidden or repeated key');
      skipSpace();
      expect(':');
      members.set(key, readValue(depth + 1));
      if (closes('}')) return members;
      expect(',');
    }
  }

  function readArray(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    at += 1;
    if (closes(']')) return items;
    for (;;) {
      items.push(readValue(depth + 1));
      if (closes(']')) return items;
      expect(',');
    }
  }

  function readString(): string {
    expect('"');
    let result = '';
    for (;;) {
      result += take(PLAIN_TEXT);
      if (text[at] === '"') {
        at += 1;
        return result;
      }
      expect('\\');
      result += readEscape();
    }
  }

  function readEscape(): string {
    const letter = text[at] ?? '';
    at += 1;
    if (letter !== 'u') {
      const plain = ESCAPES[letter];
      if (plain === undefined) throw new SyntaxError('unknown escape');
      return plain;
    }
    const hex = text.slice(at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new SyntaxError('bad escape');
    at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  function readWord<Word extends boolean | null>(word: string, meaning: Word): Word {
    if (!text.startsWith(word, at)) throw new SyntaxError('unknown word');
    at += word.length;
    return meaning;
  }

  function closes(mark: string): boolean {
    skipSpace();
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  }

  function expect(mark: string): void {
    if (text[at] !== mark) throw new SyntaxError(`expected ${mark}`);
    at += 1;
  }

  function skipSpace(): void {
    take(SPACE);
  }

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw new SyntaxError('unexpected text');
    at = pattern.lastIndex;
    return match[0];
  }
}
