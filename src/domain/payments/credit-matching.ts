/**
 * Finding the payment that a bank credit is for by the words that came with it. Knows codes and words, no database.
 *
 * A code is matched whole, or cut short by a bank when what is left can only be one payment's. A code with a wrong
 * character is never matched: it is suggested to a person, for money on the wrong order is worse than money that waits.
 */
import type { PaymentId } from '../kernel/ids.ts';
import { isLookupCode, LOOKUP_CODE_ALPHABET, TRANSFER_PREFIX } from '../kernel/lookup-code.ts';

/** What to look for among the references of payments, best first. */
export interface CreditTokens {
  /** Whole codes, as references. */
  readonly exact: readonly string[];
  /** Beginnings of references that a bank has cut. */
  readonly cut: readonly string[];
  /** References one slip of the hand away from something in the content, with the slip. */
  readonly near: readonly NearToken[];
}

export interface NearToken {
  readonly reference: string;
  readonly why: NearMiss;
}

export type NearMiss =
  'one_character_differs' | 'neighbours_swapped' | 'character_missing' | 'character_too_many';

const CODE_LENGTH = 12;
/** 27^9 codes share so much of their beginning with nobody's: fewer characters are left to a person. */
const LEAST_OF_CUT_CODE = 9;
/** Contents are told up to 500 characters; what a code may hide in is at the most this much of it. */
const MOST_CONTENT = 500;
const MOST_NEAR = 4_000;

/** Upper case, without accents, spaces and punctuation: what banks do to a text, done to all of it. */
export function squeeze(content: string): string {
  return plainUpper(content).replaceAll(/[^A-Z0-9]/g, '');
}

function plainUpper(content: string): string {
  return content
    .slice(0, MOST_CONTENT)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll('Đ', 'D');
}

export function tokensIn(content: string): CreditTokens {
  const text = squeeze(content);
  const exact = new Set(codesIn(text).map(referenceOf));
  // What is left of a cut code may, with the words behind it, check itself by chance: then both are looked for.
  const cut = new Set(cutCodesIn(content, text));
  return { exact: [...exact], cut: [...cut], near: nearTokensIn(content, text) };
}

function referenceOf(code: string): string {
  return TRANSFER_PREFIX + code;
}

/** Every run of twelve characters that checks itself. One in 27 does by chance; that it is also somebody's, none. */
function codesIn(text: string): string[] {
  const codes: string[] = [];
  for (let at = 0; at + CODE_LENGTH <= text.length; at += 1) {
    const candidate = text.slice(at, at + CODE_LENGTH);
    if (isLookupCode(candidate)) codes.push(candidate);
  }
  return codes;
}

const CODE_CHARACTERS = `[${LOOKUP_CODE_ALPHABET}]`;
const CUT_CODE = `${TRANSFER_PREFIX}(${CODE_CHARACTERS}{${LEAST_OF_CUT_CODE},${CODE_LENGTH - 1}})`;

/** Cut where the text ends, or where a bank goes on with words of its own. */
function cutCodesIn(content: string, text: string): string[] {
  const atEnd = new RegExp(`${CUT_CODE}$`).exec(text)?.[1];
  const words = plainUpper(content).matchAll(new RegExp(`${CUT_CODE}(?![A-Z0-9])`, 'g'));
  return [...(atEnd === undefined ? [] : [atEnd]), ...[...words].map(([, code = '']) => code)].map(
    referenceOf,
  );
}

/** What a person may have meant: one slip in what follows the prefix, or in a word of about the right length. */
function nearTokensIn(content: string, text: string): NearToken[] {
  const found = new Map<string, NearMiss>();
  for (const [why, candidates] of slipsOf(startsIn(content, text))) {
    for (const candidate of candidates) {
      if (found.size >= MOST_NEAR) break;
      if (isLookupCode(candidate) && !found.has(referenceOf(candidate)))
        found.set(referenceOf(candidate), why);
    }
  }
  return [...found].map(([reference, why]) => ({ reference, why }));
}

/** Texts in which a code begins. */
function startsIn(content: string, text: string): string[] {
  const afterPrefix = [
    ...text.matchAll(new RegExp(`(?=${TRANSFER_PREFIX}(.{${CODE_LENGTH - 1},${CODE_LENGTH + 1}}))`, 'g')),
  ];
  const words = plainUpper(content).split(/[^A-Z0-9]+/);
  const alike = words.filter(({ length }) => Math.abs(length - CODE_LENGTH) <= 1);
  return [...new Set([...afterPrefix.map(([, start = '']) => start), ...alike])].slice(0, 8);
}

function* slipsOf(starts: readonly string[]): Generator<readonly [NearMiss, Iterable<string>]> {
  for (const start of starts) {
    const code = start.slice(0, CODE_LENGTH);
    yield ['one_character_differs', replaced(code)];
    yield ['neighbours_swapped', swapped(code)];
    yield ['character_missing', inserted(start.slice(0, CODE_LENGTH - 1))];
    yield ['character_too_many', removed(start.slice(0, CODE_LENGTH + 1))];
  }
}

function* replaced(code: string): Generator<string> {
  for (let at = 0; at < code.length; at += 1)
    for (const other of LOOKUP_CODE_ALPHABET) yield code.slice(0, at) + other + code.slice(at + 1);
}

function* swapped(code: string): Generator<string> {
  for (let at = 0; at + 1 < code.length; at += 1)
    yield code.slice(0, at) + code.charAt(at + 1) + code.charAt(at) + code.slice(at + 2);
}

function* inserted(code: string): Generator<string> {
  for (let at = 0; at <= code.length; at += 1)
    for (const other of LOOKUP_CODE_ALPHABET) yield code.slice(0, at) + other + code.slice(at);
}

function* removed(code: string): Generator<string> {
  for (let at = 0; at < code.length; at += 1) yield code.slice(0, at) + code.slice(at + 1);
}

/** A payment whose reference was looked for. */
export interface KnownReference {
  readonly reference: string;
  readonly paymentId: PaymentId;
}

export type CreditMatch =
  | { readonly kind: 'exact' | 'cut'; readonly reference: string; readonly paymentId: PaymentId }
  | { readonly kind: 'none'; readonly suggestions: readonly CreditSuggestion[] };

export interface CreditSuggestion extends KnownReference {
  readonly why: NearMiss | 'several_codes' | 'cut_code_of_several';
}

/**
 * The payment a credit is for, from what is known of its tokens.
 *
 * @param known  payments of this account whose reference is an exact or near token, or begins as a cut one
 */
export function matchCredit(tokens: CreditTokens, known: readonly KnownReference[]): CreditMatch {
  const exact = known.filter(({ reference }) => tokens.exact.includes(reference));
  const [only] = exact;
  if (only && exact.length === 1) return { kind: 'exact', ...only };
  // One transfer for two payments: how it is to be shared is not ours to guess.
  if (exact.length > 1) return none(exact, () => 'several_codes');
  const cut = known.filter(({ reference }) => tokens.cut.some((start) => reference.startsWith(start)));
  const [onlyCut] = cut;
  if (onlyCut && cut.length === 1) return { kind: 'cut', ...onlyCut };
  if (cut.length > 1) return none(cut, () => 'cut_code_of_several');
  const why = new Map(tokens.near.map((token) => [token.reference, token.why]));
  return none(
    known.filter(({ reference }) => why.has(reference)),
    ({ reference }) => why.get(reference) ?? 'one_character_differs',
  );
}

function none(
  known: readonly KnownReference[],
  why: (known: KnownReference) => CreditSuggestion['why'],
): CreditMatch {
  return { kind: 'none', suggestions: known.slice(0, 10).map((one) => ({ ...one, why: why(one) })) };
}
