/** How amounts, days, instants, codes and persons are written on pages. Knows both languages; holds no sentences. */
import { CURRENCY_EXPONENTS, type Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';

/** The languages of the service. */
export type Locale = 'vi' | 'en';

const NO_BREAK_SPACE = '\u00a0';
const MINUS = '\u2212';
const DOT = '•';

/** An amount in a sentence: `503.000 đồng` or `503,000 VND`. Never floats, never Intl's compact forms. */
export function moneyText(amount: Money, locale: Locale): string {
  return `${amountDigits(amount, locale)} ${unitWord(amount, locale)}`;
}

/** An amount in a table or list: `503.000 ₫` with a no-break space, or `503,000 VND`. */
export function moneyFigure(amount: Money, locale: Locale): string {
  return `${amountDigits(amount, locale)}${NO_BREAK_SPACE}${unitSign(amount, locale)}`;
}

/** The unit of a table's amounts, for its heading: `₫` in Vietnamese, the currency's code otherwise. */
export function unitSign({ currency }: Pick<Money, 'currency'>, locale: Locale): string {
  return currency === 'VND' && locale === 'vi' ? '₫' : currency;
}

/** A difference in a table: as {@link moneyFigure}, with `+` before what is more than 0. */
export function signedMoneyFigure(amount: Money, locale: Locale): string {
  return `${amount.amountMinor > 0n ? '+' : ''}${moneyFigure(amount, locale)}`;
}

/** The digits of a difference, with `+` before what is more than 0. */
export function signedDigits(amount: Money, locale: Locale): string {
  return `${amount.amountMinor > 0n ? '+' : ''}${amountDigits(amount, locale)}`;
}

/** The digits of an amount without its unit: `503.000`, `−1.234,50`. */
export function amountDigits({ amountMinor, currency }: Money, locale: Locale): string {
  const exponent = CURRENCY_EXPONENTS[currency];
  const positive = amountMinor < 0n ? -amountMinor : amountMinor;
  const digits = positive.toString().padStart(exponent + 1, '0');
  const whole = groupThousands(exponent === 0 ? digits : digits.slice(0, -exponent), locale);
  const sign = amountMinor < 0n ? MINUS : '';
  if (exponent === 0) return `${sign}${whole}`;
  return `${sign}${whole}${locale === 'vi' ? ',' : '.'}${digits.slice(-exponent)}`;
}

/** The unit after an amount in a sentence: `đồng` in Vietnamese, the currency's code otherwise. */
export function unitWord({ currency }: Money, locale: Locale): string {
  return currency === 'VND' && locale === 'vi' ? 'đồng' : currency;
}

/** A count: `12.846` or `12,846`. */
export function countText(count: number | bigint, locale: Locale): string {
  return `${count < 0 ? MINUS : ''}${groupThousands(count.toString().replace('-', ''), locale)}`;
}

/** Parts per million as a percentage, without needless zeros: 500 is `0,05%`. */
export function percentOfPpm(ppm: number, locale: Locale): string {
  const text = (ppm / 10_000).toFixed(4).replace(/\.?0+$/, '');
  return `${locale === 'vi' ? text.replace('.', ',') : text}%`;
}

function groupThousands(digits: string, locale: Locale): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, locale === 'vi' ? '.' : ',');
}

/** `20/11/2026`. */
export function dayText(day: Day): string {
  return day.split('-').reverse().join('/');
}

/** `ngày 20 tháng 11 năm 2026`; in documents the day has two digits, and the month too when it is 1 or 2. */
export function longDayText(day: Day, locale: Locale): string {
  const [year = '', month = '', date = ''] = day.split('-');
  if (locale === 'en') return `${String(Number(date))} ${EN_MONTHS[Number(month) - 1] ?? ''} ${year}`;
  const monthInDocuments = Number(month) <= 2 ? month : String(Number(month));
  return `ngày ${date} tháng ${monthInDocuments} năm ${year}`;
}

const EN_MONTHS =
  'January February March April May June July August September October November December'.split(' ');
const WEEKDAYS = {
  vi: ['Chủ nhật', 'Thứ Hai', 'Thứ Ba', 'Thứ Tư', 'Thứ Năm', 'Thứ Sáu', 'Thứ Bảy'],
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
} as const;

/** `Thứ Năm`, `Thursday`. */
export function weekdayText(day: Day, locale: Locale): string {
  return WEEKDAYS[locale][new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
}

/** Writes instants in one time zone. Vietnamese and English pages use the same order of day, month and year. */
export interface InstantFormat {
  /** `20/11/2026` */
  readonly date: (at: Date) => string;
  /** `09:14` */
  readonly time: (at: Date) => string;
  /** `09:14:02` */
  readonly timeWithSeconds: (at: Date) => string;
  /** `09:14 ngày 20/11/2026`, `09:14 on 20/11/2026` */
  readonly moment: (at: Date) => string;
  /** `09:14:02 ngày 20/11/2026` */
  readonly momentWithSeconds: (at: Date) => string;
}

/** The formatters of a time zone. Short styles of Intl are wrong in Vietnamese (no zero, two-digit year), so parts are asked for. */
export function instantFormat(timeZone: string, locale: Locale): InstantFormat {
  const parts = partsOf(timeZone);
  const date = (at: Date) => {
    const { day, month, year } = parts(at);
    return `${day}/${month}/${year}`;
  };
  const timeWithSeconds = (at: Date) => {
    const { hour, minute, second } = parts(at);
    return `${hour}:${minute}:${second}`;
  };
  const time = (at: Date) => timeWithSeconds(at).slice(0, 5);
  const on = locale === 'vi' ? 'ngày' : 'on';
  return {
    date,
    time,
    timeWithSeconds,
    moment: (at) => `${time(at)} ${on} ${date(at)}`,
    momentWithSeconds: (at) => `${timeWithSeconds(at)} ${on} ${date(at)}`,
  };
}

type Part = 'day' | 'month' | 'year' | 'hour' | 'minute' | 'second';
const formatsByZone = new Map<string, Intl.DateTimeFormat>();

function partsOf(timeZone: string): (at: Date) => Record<Part, string> {
  let format = formatsByZone.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formatsByZone.set(timeZone, format);
  }
  const known = format;
  return (at) => {
    const found = { day: '', month: '', year: '', hour: '', minute: '', second: '' };
    for (const { type, value } of known.formatToParts(at)) {
      if (Object.hasOwn(found, type)) found[type as Part] = value;
    }
    return found;
  };
}

/** `0010••••••89`: the first four and last two characters; a short number keeps its last two only. */
export function maskIdentity(number: string): string {
  const plain = number.replace(/\s/g, '');
  if (plain.length < 9) return `${DOT.repeat(6)}${plain.length > 4 ? plain.slice(-2) : ''}`;
  return `${plain.slice(0, 4)}${DOT.repeat(6)}${plain.slice(-2)}`;
}

/** `••4567`. */
export function maskAccount(number: string): string {
  const plain = number.replace(/\s/g, '');
  return `${DOT.repeat(2)}${plain.length > 6 ? plain.slice(-4) : ''}`;
}

/** `09••••••21`. */
export function maskPhone(number: string): string {
  const plain = number.replace(/[^\d+]/g, '');
  if (plain.length < 8) return DOT.repeat(6);
  return `${plain.slice(0, 2)}${DOT.repeat(6)}${plain.slice(-2)}`;
}

/** `m•••@gmail.com`. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 1) return DOT.repeat(6);
  return `${firstLetter(address)}${DOT.repeat(3)}${address.slice(at)}`;
}

/** `N••••• V•• M•••`: the first letter of each name, a dot for every further one. */
export function maskName(name: string): string {
  const words = name.normalize('NFC').trim().split(/\s+/u).filter(Boolean);
  return words
    .map((word) => firstLetter(word) + DOT.repeat(Math.max(0, Array.from(word).length - 1)))
    .join(' ');
}

function firstLetter(word: string): string {
  return Array.from(word)[0] ?? '';
}

/** A name as bank apps show it: upper case, no diacritics. */
export function bankName(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D').toUpperCase();
}
