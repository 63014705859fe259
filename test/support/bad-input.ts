/** Input that programs send by mistake and people on purpose, for every place a value can stand. */

/** Values of parameters in paths and queries, percent-encoded as sent. */
export const BAD_TEXTS: readonly string[] = [
  'a',
  '-1',
  '%00',
  '%FF',
  '%ED%A0%80',
  '%E2%80%AE',
  '%0d%0aX:1',
  '%27%20or%201=1--',
  '..%2f..%2f',
  '9'.repeat(30),
  'a'.repeat(3_000),
  '2026-02-29',
  '0000-01-01',
  '0001-01-01',
  '9999-12-31',
  '2026-11-25T23:59:60Z',
  '0000-01-01T00:00:00+14:00',
  '0001-01-01T00:00:00+14:00',
  '9999-12-31T23:59:59-14:00',
  'bnVsbA',
  ...[
    ['0001-01-01T00:00:00+14:00', ID()],
    ['9999-12-31T23:59:59-14:00', ID()],
    ['0000-13-41 99:99:99+99', ID()],
    ['9999-12-31 23:59:59.999999+14', ID()],
    ['0001-01-01 00:00:00-14', ID()],
    ['18446744073709551615', ID()],
    [ID()],
    ['999999999999999999', '999999999999999999', ID(), '9999'],
    [null],
  ].map((key) => Buffer.from(JSON.stringify(key)).toString('base64url')),
  `po_${'f'.repeat(32)}`,
  `po_${'F'.repeat(32)}`,
];

function ID(): string {
  return '019aa5f5-c3a0-7d3e-8b4f-1c2d3e4f5a6b';
}

/** JSON texts in the place of any member. */
export const BAD_VALUES: readonly string[] = [
  'null',
  '0',
  '-1',
  '1e3',
  '9007199254740991',
  '9007199254740993',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"a\\nb"',
  '"\\u202eabc"',
  JSON.stringify('x'.repeat(10_000)),
  '[]',
  '{}',
  '{"a":1}',
  '{"a":1,"a":2}',
  '"0000-01-01"',
  '"0001-01-01"',
  '"9999-12-31"',
  '"9999-12-31T23:59:59-14:00"',
  '"https://agency.example.vn\\\\@evil"',
  `"'; drop table payment_orders; --"`,
];

/** Whole bodies that are none. */
export const BAD_BODIES: readonly string[] = [
  '{',
  '[]',
  'null',
  '"x"',
  '\ufeff{}',
  '['.repeat(40) + ']'.repeat(40),
  '{"a":'.repeat(5_000),
  '{"__proto__":{"a":1}}',
  JSON.stringify({ a: 'x'.repeat(300_000) }),
];

/** A JSON text for every way to put one bad value into a good body, to leave one member out, and to add one. */
export function* spoiled(makeGood: () => object): Generator<string> {
  for (const path of pathsIn(makeGood(), [])) {
    for (const value of [...BAD_VALUES, undefined]) yield withMember(makeGood(), path, value);
    yield withMember(makeGood(), [...path.slice(0, -1), 'no_such_field'], '1');
  }
}

type Path = readonly (string | number)[];

function* pathsIn(value: unknown, at: Path): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const path = [...at, Array.isArray(value) ? Number(name) : name];
    yield path;
    yield* pathsIn(member, path);
  }
}

const MARK = '"here stands the bad value"';

function withMember(good: object, path: Path, json: string | undefined): string {
  const root = structuredClone(good) as Record<string | number, any>;
  const [last = '', ...before] = [...path].reverse();
  const parent = before.reverse().reduce<any>((part, step) => part[step], root);
  // A member that is undefined is left out of the text.
  parent[last] = json === undefined ? undefined : JSON.parse(MARK);
  return JSON.stringify(root).replace(MARK, () => json ?? '');
}
