/** Reads JSON so that nothing is lost or guessed: numbers stay exact, keys stay single, texts stay storable. */
import { Refusal, type InputFault } from '../domain/kernel/refusals.ts';
import { jsonPointer } from '../platform/input-faults.ts';

const MAX_DEPTH = 32;
const MAX_FAULTS = 100;

// RFC 8259, sections 6 and 7.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The value of a JSON text. Every number in it is a whole number written in plain digits and at most 2^53 - 1.
 *
 * `JSON.parse` would read `1e3`, `100.0` and 9007199254740993 as something else than what was written, and
 * would keep the last of two equal keys: here each is a fault with its pointer.
 *
 * Refuses: request.malformed, with all faults, or with the one place where the text stops being JSON.
 */
export function parseStrictJson(text: string): unknown {
  const faults: InputFault[] = [];
  const path: (string | number)[] = [];
  let at = 0;

  const value = readValue();
  if (at < text.length) throw notJson();
  if (faults.length > 0) throw new Refusal('request.malformed', {}, { errors: faults });
  return value;

  function readValue(): unknown {
    skipSpace();
    const first = text[at];
    let read: unknown;
    if (first === '{') read = readObject();
    else if (first === '[') read = readArray();
    else if (first === '"') read = readString();
    else read = readNumber() ?? readWord();
    skipSpace();
    return read;
  }

  function readObject(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    open();
    for (let more = !closes('}'); more; more = goesOn('}')) {
      if (text[at] !== '"') throw notJson();
      const key = readString();
      path.push(key);
      if (key === '__proto__') fault('is a name this service does not take');
      else if (Object.hasOwn(object, key)) fault('is given more than once');
      skipSpace();
      if (text[at] !== ':') throw notJson();
      at += 1;
      const member = readValue();
      if (key !== '__proto__') object[key] = member;
      leave('}');
    }
    return object;
  }

  function readArray(): unknown[] {
    const array: unknown[] = [];
    open();
    for (let more = !closes(']'); more; more = goesOn(']')) {
      path.push(array.length);
      array.push(readValue());
      leave(']');
    }
    return array;
  }

  function open(): void {
    if (path.length >= MAX_DEPTH) throw unreadable(`is nested deeper than ${String(MAX_DEPTH)} levels`);
    at += 1;
    skipSpace();
  }

  function closes(bracket: string): boolean {
    if (text[at] !== bracket) return false;
    at += 1;
    return true;
  }

  /** What follows a member wrongly is told at that member. */
  function leave(bracket: string): void {
    if (text[at] !== ',' && text[at] !== bracket) throw notJson();
    path.pop();
  }

  function goesOn(bracket: string): boolean {
    if (closes(bracket)) return false;
    at += 1;
    skipSpace();
    return true;
  }

  function readString(): string {
    const token = match(STRING);
    if (token === null) throw notJson();
    const content = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
    if (content.includes('\0')) fault('holds the character U+0000, which cannot be kept');
    if (LONE_SURROGATE.test(content)) fault('holds half a character (a lone surrogate)');
    return content;
  }

  function readNumber(): number | undefined {
    const token = match(NUMBER);
    if (token === null) return undefined;
    const number = Number(token);
    if (!PLAIN_INTEGER.test(token)) fault('must be a whole number in plain digits, such as 150000');
    else if (!Number.isSafeInteger(number))
      fault('is larger than 9007199254740991, the largest exact number');
    return number;
  }

  function readWord(): unknown {
    for (const [word, meaning] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    throw notJson();
  }

  function match(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const token = pattern.exec(text)?.[0] ?? null;
    if (token !== null) at += token.length;
    return token;
  }

  function skipSpace(): void {
    match(SPACE);
  }

  function fault(detail: string): void {
    if (faults.length < MAX_FAULTS) faults.push({ pointer: jsonPointer(path), detail });
  }

  function notJson(): Refusal {
    return unreadable(`is not JSON at ${placeIn(text, at)}`);
  }

  function unreadable(detail: string): Refusal {
    return new Refusal('request.malformed', {}, { errors: [{ pointer: jsonPointer(path), detail }] });
  }
}

function placeIn(text: string, at: number): string {
  if (at >= text.length) return 'its end';
  const before = text.slice(0, at).split('\n');
  return `line ${String(before.length)}, column ${String((before.at(-1)?.length ?? 0) + 1)}`;
}
