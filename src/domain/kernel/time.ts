/** Instants and days. A day is the day of the installation's business time zone, written YYYY-MM-DD. */

/** The application's clock: expiry, interest and business dates. Never `new Date()` inside the house. */
export interface Clock {
  readonly now: () => Date;
}

declare const dayBrand: unique symbol;
/** A calendar day, `YYYY-MM-DD`, that exists. */
export type Day = string & { readonly [dayBrand]: 'day' };

export const DEFAULT_BUSINESS_TIME_ZONE = 'Asia/Ho_Chi_Minh';

const DAY_MS = 86_400_000;

/** The day when it exists, or null: 2026-02-30 and 2026-2-3 are null, and so is the year 0, which there never was. */
export function parseDay(text: string): Day | null {
  const match = /^(?!0000)\d{4}-\d{2}-(\d{2})$/.exec(text);
  if (!match) return null;
  // A day that does not exist runs over into the next month; a month that does not exist is no date at all.
  return new Date(`${text}T00:00:00Z`).getUTCDate() === Number(match[1]) ? (text as Day) : null;
}

/** The day, for texts that are known to be one; anything else is a fault. */
export function day(text: string): Day {
  const parsed = parseDay(text);
  if (parsed === null) throw new Error(`"${text}" is not a day`);
  return parsed;
}

const MINUTE_MS = 60_000;
const dayFormats = new Map<string, Intl.DateTimeFormat>();
/** The last answer of each zone: what comes in is mostly of the same minute, and days change between minutes. */
const lastDays = new Map<string, { readonly minute: number; readonly day: Day }>();

/** The day on which an instant falls in a time zone. */
export function dayOf(at: Date, timeZone: string): Day {
  const minute = Math.floor(at.getTime() / MINUTE_MS);
  const last = lastDays.get(timeZone);
  if (last?.minute === minute) return last.day;
  const found = formatDay(at, timeZone);
  lastDays.set(timeZone, { minute, day: found });
  return found;
}

function formatDay(at: Date, timeZone: string): Day {
  let format = dayFormats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    dayFormats.set(timeZone, format);
  }
  return format.format(at) as Day;
}

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

export function addDays(from: Day, days: number): Day {
  return new Date(Date.parse(from) + days * DAY_MS).toISOString().slice(0, 10) as Day;
}

export function addMinutes(at: Date, minutes: number): Date {
  return new Date(at.getTime() + minutes * MINUTE_MS);
}

export function addSeconds(at: Date, seconds: number): Date {
  return new Date(at.getTime() + seconds * 1000);
}
