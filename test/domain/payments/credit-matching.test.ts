/** Finding a payment by what banks and people make of its code. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PaymentId } from '../../../src/domain/kernel/ids.ts';
import {
  isLookupCode,
  LOOKUP_CODE_ALPHABET,
  lookupCodeFrom,
} from '../../../src/domain/kernel/lookup-code.ts';
import {
  matchCredit,
  squeeze,
  tokensIn,
  type KnownReference,
} from '../../../src/domain/payments/credit-matching.ts';

const codes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => lookupCodeFrom(bytes));
const referenceOf = (code: string): string => `DVC${code}`;
const paymentOf = (code: string): KnownReference => ({
  reference: referenceOf(code),
  paymentId: `payment of ${code}` as PaymentId,
});

/** What the store would find: of these payments those that a token names. */
function matchAmong(content: string, payments: readonly KnownReference[]) {
  const tokens = tokensIn(content);
  const known = payments.filter(
    ({ reference }) =>
      tokens.exact.includes(reference) ||
      tokens.cut.some((start) => reference.startsWith(start)) ||
      tokens.near.some((token) => token.reference === reference),
  );
  return matchCredit(tokens, known);
}

const words = fc.constantFrom(
  '',
  'CT DEN:',
  'MBVCB.327890.',
  'NGUYEN VAN A chuyen tien ',
  'Nộp phí ',
  'TKThe 123456 ',
);
const tails = fc.constantFrom(
  '',
  ' nop phi',
  '-CHUYEN TIEN-OQCH000123',
  '. TU: NGUYEN VAN A',
  ' FT26326000123456',
);
const AT_RANDOM = { numRuns: 300 };

describe('the code of a transfer', () => {
  it('is found anywhere in the content, whatever case, spaces, hyphens and accents do to it', () => {
    fc.assert(
      fc.property(codes, words, tails, fc.nat(5), (code, before, after, how) => {
        const ways = [
          (text: string) => text,
          (text: string) => text.toLowerCase(),
          (text: string) => text.replace(/^DVC/, 'DVC '),
          (text: string) => text.replace(/^(DVC)(.{4})(.{4})/, '$1-$2-$3-'),
          (text: string) => text.split('').join(' '),
          (text: string) => text.replaceAll('D', 'Đ'),
        ];
        const content = before + (ways[how] ?? String)(referenceOf(code)) + after;
        assert.deepEqual(matchAmong(content, [paymentOf(code)]), { kind: 'exact', ...paymentOf(code) });
      }),
      AT_RANDOM,
    );
  });

  it('is found without its prefix', () => {
    fc.assert(
      fc.property(codes, (code) => {
        assert.equal(matchAmong(`nop phi ${code}`, [paymentOf(code)]).kind, 'exact');
      }),
      AT_RANDOM,
    );
  });

  it('cut to nine characters or more is matched, to fewer not', () => {
    fc.assert(
      fc.property(
        codes,
        fc.integer({ min: 1, max: 11 }),
        fc.constantFrom('', ' CHUYEN TIEN', '-OQCH'),
        (code, left, tail) => {
          const content = `DVC${code.slice(0, left)}${tail}`;
          const match = matchAmong(content, [paymentOf(code)]);
          // The words behind may begin with the very character that was cut off: then nothing is missing.
          const isWhole = left === 11 && match.kind === 'exact';
          if (left >= 9) assert.deepEqual(match, { kind: isWhole ? 'exact' : 'cut', ...paymentOf(code) });
          else assert.equal(match.kind, 'none');
        },
      ),
      AT_RANDOM,
    );
  });

  it('cut is matched also when it checks itself by chance with the words behind it', () => {
    const code = 'RQGQ6K66RWG9';
    assert.ok(tokensIn(`DVC${code.slice(0, 10)} CHUYEN TIEN`).exact.includes('DVCRQGQ6K66RWCH'));
    const match = matchAmong(`DVC${code.slice(0, 10)} CHUYEN TIEN`, [paymentOf(code)]);
    assert.deepEqual(match, { kind: 'cut', ...paymentOf(code) });
  });

  it('cut so that it may be of two payments is left to a person', () => {
    const alike = siblings('7K2M9QXT4');
    assert.ok(alike.length >= 2);
    const match = matchAmong('DVC7K2M9QXT4', alike.map(paymentOf));
    assert.ok(match.kind === 'none');
    assert.deepEqual(new Set(match.suggestions.map(({ why }) => why)), new Set(['cut_code_of_several']));
  });

  it('of two payments in one content is left to a person', () => {
    fc.assert(
      fc.property(codes, codes, (one, other) => {
        fc.pre(one !== other);
        const match = matchAmong(`DVC${one} va DVC${other}`, [paymentOf(one), paymentOf(other)]);
        assert.ok(match.kind === 'none');
        assert.deepEqual(
          match.suggestions.map(({ why }) => why),
          ['several_codes', 'several_codes'],
        );
      }),
      AT_RANDOM,
    );
  });

  it('twice in one content is one', () => {
    fc.assert(
      fc.property(codes, (code) => {
        assert.equal(matchAmong(`DVC${code} DVC${code}`, [paymentOf(code)]).kind, 'exact');
      }),
    );
  });

  it('with one wrong character, whichever, is never matched and always suggested', () => {
    fc.assert(
      fc.property(
        codes,
        fc.nat(11),
        fc.constantFrom(...Array.from(LOOKUP_CODE_ALPHABET), 'O', '0', '1', 'I', 'L', '5', 'S', 'Z', 'U'),
        words,
        (code, at, other, before) => {
          fc.pre(code[at] !== other);
          const slip = code.slice(0, at) + other + code.slice(at + 1);
          const match = matchAmong(`${before}DVC${slip} nop phi`, [paymentOf(code)]);
          // A wrong last character leaves eleven right ones before it, as a bank's cut would: still a slip.
          assert.ok(match.kind === 'none', `${code} as ${slip}`);
          assert.deepEqual(match.suggestions, [{ ...paymentOf(code), why: 'one_character_differs' }]);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('with two neighbours swapped, one character missing or one too many is suggested', () => {
    fc.assert(
      fc.property(
        codes,
        fc.nat(10),
        fc.constantFrom(...Array.from(LOOKUP_CODE_ALPHABET)),
        (code, at, extra) => {
          const swapped = code.slice(0, at) + code.charAt(at + 1) + code.charAt(at) + code.slice(at + 2);
          const slips: Readonly<Record<string, string>> = {
            missing: code.slice(0, at) + code.slice(at + 1),
            extra: code.slice(0, at) + extra + code.slice(at),
            swapped,
          };
          for (const [what, slip] of Object.entries(slips)) {
            if (slip === code || isLookupCode(slip)) continue;
            const content = `DVC${slip} nop phi`;
            const match = matchAmong(content, [paymentOf(code)]);
            // The prefix ends with a character that may be the missing one: then the code stands there whole.
            if (match.kind === 'exact') assert.ok(squeeze(content).includes(code), what);
            // Without its last one a code is a cut one.
            else if (match.kind === 'cut') assert.ok(code.startsWith(slip), what);
            else {
              assert.equal(
                'suggestions' in match ? match.suggestions[0]?.reference : match.kind,
                referenceOf(code),
                `${what}: ${code} as ${slip}`,
              );
            }
          }
        },
      ),
      AT_RANDOM,
    );
  });

  it('of somebody else is no match, and no words without a code are', () => {
    fc.assert(
      fc.property(codes, codes, fc.string({ maxLength: 200 }), (one, other, text) => {
        fc.pre(one !== other);
        const far = matchAmong(`DVC${one}`, [paymentOf(other)]);
        assert.equal(far.kind, 'none');
        const match = matchAmong(text, [paymentOf(one)]);
        if (match.kind === 'exact') assert.ok(squeeze(text).includes(one));
      }),
      AT_RANDOM,
    );
  });

  it('is looked for within bounds, whatever is written', () => {
    const { exact, near } = tokensIn('DVC'.repeat(200));
    assert.ok(exact.length < 500 && near.length <= 4_000);
    assert.deepEqual(tokensIn(''), { exact: [], cut: [], near: [] });
  });
});

/** Codes that share a beginning of nine characters. */
function siblings(start: string): string[] {
  const found: string[] = [];
  for (const a of LOOKUP_CODE_ALPHABET)
    for (const b of LOOKUP_CODE_ALPHABET)
      for (const check of LOOKUP_CODE_ALPHABET) {
        const code = start + a + b + check;
        if (found.length < 3 && isLookupCode(code)) found.push(code);
      }
  return found;
}
