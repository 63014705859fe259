/** Amounts in words: the table of canonical Vietnamese spellings, and English. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { amountInWords, numberInWords } from '../../../src/domain/kernel/amount-in-words.ts';
import { money, vnd } from '../../../src/domain/kernel/money.ts';

const VIETNAMESE: readonly (readonly [bigint, string])[] = [
  [0n, 'Không đồng'],
  [4n, 'Bốn đồng'],
  [5n, 'Năm đồng'],
  [10n, 'Mười đồng'],
  [11n, 'Mười một đồng'],
  [14n, 'Mười bốn đồng'],
  [15n, 'Mười lăm đồng'],
  [20n, 'Hai mươi đồng'],
  [21n, 'Hai mươi mốt đồng'],
  [24n, 'Hai mươi tư đồng'],
  [25n, 'Hai mươi lăm đồng'],
  [44n, 'Bốn mươi tư đồng'],
  [45n, 'Bốn mươi lăm đồng'],
  [54n, 'Năm mươi tư đồng'],
  [55n, 'Năm mươi lăm đồng'],
  [100n, 'Một trăm đồng'],
  [101n, 'Một trăm linh một đồng'],
  [104n, 'Một trăm linh bốn đồng'],
  [105n, 'Một trăm linh năm đồng'],
  [110n, 'Một trăm mười đồng'],
  [111n, 'Một trăm mười một đồng'],
  [115n, 'Một trăm mười lăm đồng'],
  [121n, 'Một trăm hai mươi mốt đồng'],
  [124n, 'Một trăm hai mươi tư đồng'],
  [1_001n, 'Một nghìn không trăm linh một đồng'],
  [1_005n, 'Một nghìn không trăm linh năm đồng'],
  [1_010n, 'Một nghìn không trăm mười đồng'],
  [1_015n, 'Một nghìn không trăm mười lăm đồng'],
  [1_021n, 'Một nghìn không trăm hai mươi mốt đồng'],
  [1_100n, 'Một nghìn một trăm đồng'],
  [15_000n, 'Mười lăm nghìn đồng'],
  [21_000n, 'Hai mươi mốt nghìn đồng'],
  [105_000n, 'Một trăm linh năm nghìn đồng'],
  [100_005n, 'Một trăm nghìn không trăm linh năm đồng'],
  [503_000n, 'Năm trăm linh ba nghìn đồng'],
  [1_000_000n, 'Một triệu đồng'],
  [1_000_001n, 'Một triệu không trăm linh một đồng'],
  [1_000_015n, 'Một triệu không trăm mười lăm đồng'],
  [1_005_000n, 'Một triệu không trăm linh năm nghìn đồng'],
  [1_050_000n, 'Một triệu không trăm năm mươi nghìn đồng'],
  [12_345_678n, 'Mười hai triệu ba trăm bốn mươi lăm nghìn sáu trăm bảy mươi tám đồng'],
  [1_000_001_000n, 'Một tỷ không trăm linh một nghìn đồng'],
  [5_000_000_000n, 'Năm tỷ đồng'],
  [18_427_650_000n, 'Mười tám tỷ bốn trăm hai mươi bảy triệu sáu trăm năm mươi nghìn đồng'],
  [1_002_000_000_000n, 'Một nghìn không trăm linh hai tỷ đồng'],
  [
    1_234_567_890_123n,
    'Một nghìn hai trăm ba mươi tư tỷ năm trăm sáu mươi bảy triệu tám trăm chín mươi nghìn một trăm hai mươi ba đồng',
  ],
  [10n ** 15n, 'Một triệu tỷ đồng'],
  [10n ** 18n, 'Một tỷ tỷ đồng'],
  [-800_000n, 'Âm tám trăm nghìn đồng'],
];

const ENGLISH: readonly (readonly [bigint, string])[] = [
  [0n, 'Zero Vietnamese dong'],
  [21n, 'Twenty-one Vietnamese dong'],
  [115n, 'One hundred and fifteen Vietnamese dong'],
  [1_001n, 'One thousand and one Vietnamese dong'],
  [1_100n, 'One thousand one hundred Vietnamese dong'],
  [503_000n, 'Five hundred and three thousand Vietnamese dong'],
  [1_000_000n, 'One million Vietnamese dong'],
  [
    12_345_678n,
    'Twelve million three hundred and forty-five thousand six hundred and seventy-eight Vietnamese dong',
  ],
  [-800_000n, 'Minus eight hundred thousand Vietnamese dong'],
];

describe('an amount in words', () => {
  for (const [value, words] of VIETNAMESE) {
    it(`reads ${value.toString()} in Vietnamese as "${words}"`, () => {
      assert.equal(amountInWords(vnd(value), 'vi'), words);
    });
  }

  for (const [value, words] of ENGLISH) {
    it(`reads ${value.toString()} in English as "${words}"`, () => {
      assert.equal(amountInWords(vnd(value), 'en'), words);
    });
  }

  it('gives no words for a currency it has none for', () => {
    assert.equal(amountInWords(money(100n, 'USD'), 'vi'), null);
  });

  it('can be read back as the number it was made from', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 9_000_000_000_000_000n }), (value) => {
        assert.equal(readBack(numberInWords(value, 'vi')), value);
      }),
      { numRuns: 2000 },
    );
  });

  it('never leaves two spaces, a trailing space or an English word in Vietnamese', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), (value) => {
        const words = numberInWords(value, 'vi');
        assert.doesNotMatch(words, /\s\s|^\s|\s$|hundred|thousand/);
      }),
      { numRuns: 500 },
    );
  });
});

const UNITS: Readonly<Record<string, bigint>> = {
  không: 0n,
  một: 1n,
  mốt: 1n,
  hai: 2n,
  ba: 3n,
  bốn: 4n,
  tư: 4n,
  năm: 5n,
  lăm: 5n,
  sáu: 6n,
  bảy: 7n,
  tám: 8n,
  chín: 9n,
};
const SCALES: Readonly<Record<string, bigint>> = { nghìn: 1000n, triệu: 1_000_000n };

/** Reads words by their meaning, not by the rules that made them: an independent oracle. */
function readBack(words: string): bigint {
  let billions = 0n;
  let block = 0n;
  let group = 0n;
  let pending = 0n;
  for (const word of words.split(' ')) {
    if (word === 'tỷ') {
      billions = (billions + block + group + pending) * 1_000_000_000n;
      [block, group, pending] = [0n, 0n, 0n];
    } else if (word === 'trăm') [group, pending] = [group + pending * 100n, 0n];
    else if (word === 'mươi') [group, pending] = [group + pending * 10n, 0n];
    else if (word === 'mười') group += 10n;
    else if (word === 'linh') pending = 0n;
    else if (SCALES[word] !== undefined) {
      block += (group + pending) * SCALES[word];
      [group, pending] = [0n, 0n];
    } else pending = UNITS[word] ?? assert.fail(`unknown word ${word}`);
  }
  return billions + block + group + pending;
}
