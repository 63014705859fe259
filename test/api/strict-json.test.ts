import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseStrictJson } from '../../src/api/strict-json.ts';
import { Refusal } from '../../src/domain/kernel/refusals.ts';

describe('strict JSON', () => {
  it('reads what JSON.parse reads, wherever nothing is doubtful', () => {
    fc.assert(
      fc.property(plainJson, fc.constantFrom(0, 1, '\t'), (value, space) => {
        assert.deepEqual(parseStrictJson(JSON.stringify(value, null, space)), value);
      }),
    );
  });

  it('refuses all that JSON.parse refuses, by a refusal and never by a crash', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '-',
      '.',
      'e',
      'true',
      'nul',
      ' ',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        if (isJson(text)) return;
        assert.throws(() => parseStrictJson(text), Refusal, text);
      }),
    );
  });

  it('promise 18: refuses every number that it could not give back digit by digit', () => {
    assert.equal(parseStrictJson('9007199254740991'), 9_007_199_254_740_991);
    for (const text of ['9007199254740992', '9007199254740993', '-9007199254740992', '1e3', '100.0', '-0']) {
      assert.throws(() => parseStrictJson(text), Refusal, text);
    }
  });

  it('reads a quarter of a megabyte of one text, and of many, in a moment', () => {
    const long = 'x\\n'.repeat(80_000);
    assert.equal((parseStrictJson(`"${long}"`) as string).length, 160_000);
    assert.equal((parseStrictJson(`[${'1,'.repeat(130_000)}1]`) as unknown[]).length, 130_001);
  });
});

const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__' && !text.includes('\0'));
const plainJson: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((number) => number + 0),
    key,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).node;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
