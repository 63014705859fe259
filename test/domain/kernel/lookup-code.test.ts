/** Lookup codes: what the check character catches, what reading forgives. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatLookupCode,
  isLookupCode,
  LOOKUP_CODE_ALPHABET,
  lookupCodeFrom,
  parseLookupCode,
  type LookupCode,
} from '../../../src/domain/kernel/lookup-code.ts';

const anyCode = fc.uint8Array({ minLength: 16, maxLength: 32 }).map((bytes) => lookupCodeFrom(bytes));
const anyPosition = fc.integer({ min: 0, max: 11 });
const CODE = lookupCodeFrom(new Uint8Array(16).fill(77));

describe('a lookup code', () => {
  it('is twelve characters of an alphabet without look-alikes', () => {
    assert.equal(LOOKUP_CODE_ALPHABET.length, 27);
    assert.doesNotMatch(LOOKUP_CODE_ALPHABET, /[01ILOSUZ5]/);
    fc.assert(
      fc.property(anyCode, (code) => {
        assert.match(code, new RegExp(`^[${LOOKUP_CODE_ALPHABET}]{12}$`));
        assert.ok(isLookupCode(code));
      }),
    );
  });

  it('is caught when any one character is another one', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        for (let at = 0; at < 12; at += 1) {
          for (const other of LOOKUP_CODE_ALPHABET) {
            if (other === code[at]) continue;
            assert.equal(isLookupCode(code.slice(0, at) + other + code.slice(at + 1)), false);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is caught when two unlike neighbours are swapped', () => {
    fc.assert(
      fc.property(anyCode, fc.integer({ min: 0, max: 10 }), (code, at) => {
        const [left = '', right = ''] = [code[at], code[at + 1]];
        fc.pre(left !== right);
        assert.equal(isLookupCode(code.slice(0, at) + right + left + code.slice(at + 2)), false);
      }),
      { numRuns: 2000 },
    );
  });

  it('uses every character about equally often at every position', () => {
    const counts = new Map<string, number>();
    const rounds = 2700;
    for (let round = 0; round < rounds; round += 1) {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(8, BigInt(round) * 0x9e37_79b9_7f4a_7c15n);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(round) * 0xbf58_476d_1ce4_e5b9n);
      const first = lookupCodeFrom(bytes).charAt(5);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    assert.equal(counts.size, 27);
    for (const count of counts.values())
      assert.ok(count > 50 && count < 160, `a character came ${count} times`);
  });

  it('differs for bytes that differ in one bit', () => {
    const bytes = new Uint8Array(16).fill(9);
    const codes = Array.from({ length: 128 }, (_, bit) => {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return lookupCodeFrom(changed);
    });
    assert.equal(new Set(codes).size, 128);
  });

  it('is not made from fewer than 16 bytes', () => {
    assert.throws(() => lookupCodeFrom(new Uint8Array(15)), /16 bytes/);
  });

  it('is printed in three groups of four', () => {
    assert.match(formatLookupCode(CODE), /^.{4}-.{4}-.{4}$/);
  });
});

describe('reading a lookup code', () => {
  const printed = formatLookupCode(CODE);
  const fullWidth = Array.from(CODE, (character) =>
    String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0),
  );
  const forgiven: Readonly<Record<string, string>> = {
    'as printed': printed,
    'without hyphens': CODE,
    'in lower case': printed.toLowerCase(),
    'with spaces around and within': `  ${printed.replaceAll('-', ' ')} `,
    'in groups of three': CODE.replace(/(.{3})/g, '$1 '),
    'with long dashes': printed.replaceAll('-', ' – '),
    'in full-width characters': fullWidth.join(''),
    'with a pasted label': `Mã tra cứu: ${printed}`,
    'with a label and no colon': `Mã tra cứu ${printed.toLowerCase()}`,
    'as a transfer says it': `DVC${CODE}`,
    'inside the text of a transfer': `NGUYEN VAN MINH nop tien DVC${CODE} FT2632300`,
    'as a bank splits it': `MBVCB.123.DVC ${CODE} .CT tu 001`,
    'at the end of an address': `https://dichvucong.example.vn/verify/${CODE}`,
  };
  for (const [how, text] of Object.entries(forgiven)) {
    it(`finds it ${how}`, () => {
      assert.equal(parseLookupCode(text), CODE);
    });
  }

  it('finds every code in its printed and its bare form', () => {
    fc.assert(
      fc.property(anyCode, (code: LookupCode) => {
        assert.equal(parseLookupCode(formatLookupCode(code)), code);
        assert.equal(parseLookupCode(code.toLowerCase()), code);
        assert.equal(parseLookupCode(`DVC${code}`), code);
      }),
    );
  });

  it('never guesses a wrong character', () => {
    fc.assert(
      fc.property(
        anyCode,
        anyPosition,
        fc.constantFrom(...Array.from(LOOKUP_CODE_ALPHABET)),
        (code, at, other) => {
          fc.pre(code[at] !== other);
          assert.equal(parseLookupCode(code.slice(0, at) + other + code.slice(at + 1)), null);
        },
      ),
    );
  });

  for (const text of [
    '',
    '   ',
    '7K2M',
    '0012345/QĐ-XPHC',
    'G01.899.108.000-261120-0042',
    'x'.repeat(5000),
  ]) {
    it(`finds none in "${text.slice(0, 30)}"`, () => {
      assert.equal(parseLookupCode(text), null);
    });
  }
});
