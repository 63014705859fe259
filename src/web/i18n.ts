/** Which language a visitor reads, and the texts of it. */
import type { Locale } from './formats.ts';
import { en } from './messages/en.ts';
import { vi, type Messages } from './messages/vi.ts';

export type { Locale } from './formats.ts';
export type { Messages } from './messages/vi.ts';

export const LOCALES = ['vi', 'en'] as const satisfies readonly Locale[];
export const LOCALE_COOKIE = 'lang';

const MESSAGES: Readonly<Record<Locale, Messages>> = { vi, en };

export function messagesFor(locale: Locale): Messages {
  return MESSAGES[locale];
}

/** What a request says about language; all of it is untrusted text. */
export interface LocaleHints {
  readonly query: unknown;
  readonly cookie: string | undefined;
  readonly acceptLanguage: string | undefined;
}

/** `?lang`, then the cookie, then Accept-Language, then Vietnamese. What is no language of ours is passed over. */
export function chooseLocale(hints: LocaleHints): Locale {
  return parseLocale(hints.query) ?? parseLocale(hints.cookie) ?? preferred(hints.acceptLanguage) ?? 'vi';
}

export function parseLocale(value: unknown): Locale | null {
  return LOCALES.find((locale) => locale === value) ?? null;
}

/** The other language's address of the page: same path, same query, `lang` replaced. */
export function pathInLocale(path: string, locale: Locale): string {
  const [beforeFragment = ''] = path.split('#');
  const cut = beforeFragment.indexOf('?');
  const query = new URLSearchParams(cut < 0 ? '' : beforeFragment.slice(cut + 1));
  query.set('lang', locale);
  return `${cut < 0 ? beforeFragment : beforeFragment.slice(0, cut)}?${query.toString()}`;
}

/** A name an agency gave in Vietnamese and perhaps in English. */
export interface NameInLanguages {
  readonly nameVi: string;
  readonly nameEn: string | null;
}

/** The name for a page, and its language when that is not the page's. */
export function nameIn(locale: Locale, name: NameInLanguages): { text: string; lang: Locale | undefined } {
  if (locale === 'vi') return { text: name.nameVi, lang: undefined };
  return name.nameEn === null ? { text: name.nameVi, lang: 'vi' } : { text: name.nameEn, lang: undefined };
}

function preferred(acceptLanguage: string | undefined): Locale | null {
  const ranked = (acceptLanguage ?? '')
    .slice(0, 200)
    .split(',')
    .map((entry, index) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const q = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      return { locale: parseLocale(tag.split('-')[0]), weight: q === undefined ? 1 : Number(q), index };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.index - b.index);
  return ranked.find(({ locale }) => locale !== null)?.locale ?? null;
}
