/**
 * The code people type, read out and put into a bank transfer: 11 characters and a check character.
 *
 * The alphabet leaves out what is mistaken by eye or ear (0 and O, 1, I and L, 5 and S, Z, U). Its 27
 * characters are digits 0 to 26, read as a number in base 2 modulo 27 (Horner: `sum = 2 · sum + digit`); a code is
 * right when the sum over all 12 is 0 modulo 27. So character i weighs 2^(11−i) modulo 27. Every weight is coprime
 * to 27, hence any single wrong character changes the sum; neighbouring weights differ by a power of 2, also
 * coprime to 27, hence so does any swap of two unlike neighbours.
 */

declare const brand: unique symbol;
/** 12 characters of the alphabet without hyphens, the last one checking the rest. */
export type LookupCode = string & { readonly [brand]: 'lookup_code' };

export const LOOKUP_CODE_ALPHABET = '2346789ABCDEFGHJKMNPQRTVWXY';
const BASE = 27;
const BODY_LENGTH = 11;
const CODE_LENGTH = BODY_LENGTH + 1;

/** The mark before a code in the text of a bank transfer: `DVC7K2M9QXT4HPD`. */
export const TRANSFER_PREFIX = 'DVC';

/**
 * A code from bytes nobody can guess: random ones, or a keyed hash of an id.
 *
 * @param bytes  16 or more; read as one number, whose remainder by 27^11 (52.3 bits) favours no code by more than 2^-75
 */
export function lookupCodeFrom(bytes: Uint8Array): LookupCode {
  if (bytes.length < 16) throw new Error('a lookup code is made from at least 16 bytes');
  // Four bytes a step: a big number is costly each time it is touched.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let rest = 0n;
  for (let at = 0; at + 4 <= bytes.length; at += 4) rest = (rest << 32n) + BigInt(view.getUint32(at));
  for (let at = bytes.length & ~3; at < bytes.length; at += 1)
    rest = (rest << 8n) + BigInt(view.getUint8(at));
  let body = '';
  for (let position = 0; position < BODY_LENGTH; position += 1) {
    body += LOOKUP_CODE_ALPHABET.charAt(Number(rest % 27n));
    rest /= 27n;
  }
  return (body + checkCharacter(body)) as LookupCode;
}

/** `7K2M-9QXT-4HPD`: how a code is printed. */
export function formatLookupCode(code: LookupCode): string {
  return `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8)}`;
}

/**
 * The code in what somebody typed, pasted or sent through a bank, or null.
 *
 * Forgives case, full-width characters, spaces, hyphens, dots, a label before the code, words around it and the
 * prefix of transfers. Does not forgive a wrong character: it is never guessed.
 */
export function parseLookupCode(text: string): LookupCode | null {
  const plain = text.normalize('NFKC').toUpperCase().slice(0, 500);
  for (const candidate of candidatesIn(plain)) {
    if (isLookupCode(candidate)) return candidate;
  }
  return null;
}

/** Whether a text is exactly the 12 characters of a code whose check character fits. */
export function isLookupCode(text: string): text is LookupCode {
  return text.length === CODE_LENGTH && weightedSum(text) === 0;
}

const SEPARATORS = /[\s\-‐‑–—._/]+/gu;
const GROUP = `[${LOOKUP_CODE_ALPHABET}]{4}`;
const GAP = '[\\s\\-‐‑–—.]*';
const CODE_AMONG_WORDS = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${TRANSFER_PREFIX}${GAP})?(${GROUP}${GAP}${GROUP}${GAP}${GROUP})(?![\\p{L}\\p{N}])`,
  'gu',
);

/** What might be the code, likeliest first: the whole text, what follows a colon, then every run that looks like one. */
function* candidatesIn(plain: string): Generator<string> {
  for (const part of [plain, ...plain.split(/[:#]/u).reverse()]) {
    const squeezed = part.replace(SEPARATORS, '');
    yield squeezed;
    if (squeezed.startsWith(TRANSFER_PREFIX)) yield squeezed.slice(TRANSFER_PREFIX.length);
  }
  for (const match of plain.matchAll(CODE_AMONG_WORDS)) yield (match[1] ?? '').replace(SEPARATORS, '');
}

function checkCharacter(body: string): string {
  const sum = weightedSum(body) ?? 0;
  return LOOKUP_CODE_ALPHABET.charAt((BASE - ((2 * sum) % BASE)) % BASE);
}

/** The sum modulo 27, or null when a character is not of the alphabet. */
function weightedSum(text: string): number | null {
  let sum = 0;
  for (const character of text) {
    const digit = LOOKUP_CODE_ALPHABET.indexOf(character);
    if (digit < 0) return null;
    sum = (2 * sum + digit) % BASE;
  }
  return sum;
}
