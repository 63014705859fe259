/** Amounts written out, as receipts need them. Knows Vietnamese and English number words, no formats. */
import type { Money } from './money.ts';

export type WordsLanguage = 'vi' | 'en';

/**
 * `Năm trăm linh ba nghìn đồng`, `Five hundred and three thousand Vietnamese dong`.
 *
 * Vietnamese follows the canonical spelling of receipts: linh, nghìn, tỷ, tư, mươi, mốt, lăm.
 *
 * @returns null for a currency other than the dong: obligations to the state are in dong, and no words are guessed
 */
export function amountInWords(amount: Money, language: WordsLanguage): string | null {
  if (amount.currency !== 'VND') return null;
  const unit = language === 'vi' ? 'đồng' : 'Vietnamese dong';
  const words = `${numberInWords(amount.amountMinor, language)} ${unit}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A whole number in lower-case words; negative numbers begin with `âm` or `minus`. */
export function numberInWords(value: bigint, language: WordsLanguage): string {
  const positive = value < 0n ? -value : value;
  const words = language === 'vi' ? vietnamese(positive) : english(positive);
  if (value >= 0n) return words;
  return `${language === 'vi' ? 'âm' : 'minus'} ${words}`;
}

const VI_DIGITS = ['không', 'một', 'hai', 'ba', 'bốn', 'năm', 'sáu', 'bảy', 'tám', 'chín'] as const;
const VI_GROUPS = ['triệu', 'nghìn', ''] as const;
const BILLION = 1_000_000_000n;

// Group names repeat every nine digits, and "tỷ" closes each block of nine: 10^15 is "một triệu tỷ".
function vietnamese(value: bigint): string {
  if (value === 0n) return 'không';
  if (value < BILLION) return vietnameseBlock(Number(value), true);
  const high = `${vietnamese(value / BILLION)} tỷ`;
  const low = Number(value % BILLION);
  return low === 0 ? high : `${high} ${vietnameseBlock(low, false)}`;
}

/** Up to nine digits. A group of 000 is silent; only in the leading group is a missing hundred silent too. */
function vietnameseBlock(block: number, leads: boolean): string {
  const groups = [Math.floor(block / 1_000_000), Math.floor(block / 1000) % 1000, block % 1000];
  const words: string[] = [];
  for (const [index, group] of groups.entries()) {
    if (group === 0) continue;
    const isFirst = leads && words.length === 0;
    words.push(`${vietnameseGroup(group, isFirst)} ${VI_GROUPS[index] ?? ''}`.trim());
  }
  return words.join(' ');
}

function vietnameseGroup(group: number, isFirst: boolean): string {
  const hundreds = Math.floor(group / 100);
  const tens = Math.floor(group / 10) % 10;
  const units = group % 10;
  const readsHundreds = hundreds > 0 || !isFirst;
  const words = readsHundreds ? [`${digit(hundreds)} trăm`] : [];
  if (tens === 0) {
    if (units > 0) words.push(readsHundreds ? `linh ${digit(units)}` : digit(units));
  } else if (tens === 1) {
    words.push('mười');
    if (units > 0) words.push(units === 5 ? 'lăm' : digit(units));
  } else {
    words.push(`${digit(tens)} mươi`);
    if (units > 0) words.push(VI_UNITS_AFTER_TENS[units] ?? digit(units));
  }
  return words.join(' ');
}

const VI_UNITS_AFTER_TENS: Readonly<Record<number, string>> = { 1: 'mốt', 4: 'tư', 5: 'lăm' };

function digit(value: number): string {
  return VI_DIGITS[value] ?? '';
}

const EN_SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const EN_TENS = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const EN_GROUPS = ['', ' thousand', ' million', ' billion', ' trillion', ' quadrillion', ' quintillion'];

function english(value: bigint): string {
  if (value === 0n) return 'zero';
  const words: string[] = [];
  let rest = value;
  for (let power = 0; rest > 0n; power += 1) {
    const group = Number(rest % 1000n);
    rest /= 1000n;
    if (group === 0) continue;
    const scale = EN_GROUPS[power];
    if (scale === undefined) throw new Error(`${value.toString()} has no English name here`);
    // "one thousand and one", "one thousand one hundred": "and" comes before the tens, also after a higher group.
    const needsAnd = power === 0 && group < 100 && rest > 0n;
    words.unshift(`${needsAnd ? 'and ' : ''}${englishGroup(group)}${scale}`);
  }
  return words.join(' ');
}

function englishGroup(group: number): string {
  const hundreds = Math.floor(group / 100);
  const rest = group % 100;
  if (hundreds === 0) return englishBelowHundred(rest);
  const words = `${EN_SMALL[hundreds] ?? ''} hundred`;
  return rest === 0 ? words : `${words} and ${englishBelowHundred(rest)}`;
}

function englishBelowHundred(value: number): string {
  if (value < 20) return EN_SMALL[value] ?? '';
  const tens = EN_TENS[Math.floor(value / 10)] ?? '';
  return value % 10 === 0 ? tens : `${tens}-${EN_SMALL[value % 10] ?? ''}`;
}
