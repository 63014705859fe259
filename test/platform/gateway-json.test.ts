import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseGatewayJson, type JsonValue } from '../../src/platform/gateway-json.ts';

const parse = (text: string) => parseGatewayJson(Buffer.from(text));

/** Back to what JSON.parse would have given. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ReadonlyMap<string, JsonValue>)].map(([k, v]) => [k, plain(v)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null
    ? Number((value as { numberText: string }).numberText)
    : value;
}

describe('JSON from gateways', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!text.includes('__proto__'));
        const value = parse(text);
        assert.deepEqual(value === null ? null : plain(value), JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const texts = ['', ' ', '{', '}', '[1,]', '{"a":1,}', "{'a':1}", '01', '+1', '.5', '1.', 'NaN', '"\t"'];
    for (const text of [...texts, '"\\x"', '"\\u12g4"', '"', 'tru', '1 2', '{"a" 1}', '{1:2}', '// c\n1']) {
      assert.throws(() => JSON.parse(text) as unknown, text);
      assert.equal(parse(text), null, text);
    }
  });

  it('keeps the text of numbers', () => {
    for (const numberText of ['9007199254740993', '1e3', '100.0', '-0', '1E+400']) {
      assert.deepEqual(parse(numberText), { numberText });
    }
  });

  it('refuses a key twice, however it is spelt, and __proto__', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":2}',
      '[{"b":{"a":1,"a":2}}]',
      '{"__proto__":{}}',
    ]) {
      assert.equal(parse(text), null, text);
    }
    assert.notEqual(parse('{"a":{"a":1},"b":{"a":2}}'), null);
  });

  it('refuses bytes that are not UTF-8, a byte order mark and nesting without end', () => {
    assert.equal(parseGatewayJson(Buffer.from([0x22, 0xc3, 0x28, 0x22])), null);
    assert.equal(parse('\ufeff{}'), null);
    assert.equal(parse('['.repeat(100_000)), null);
    assert.equal(parse(`${'['.repeat(34)}${']'.repeat(34)}`), null);
  });
});
