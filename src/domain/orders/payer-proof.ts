/**
 * What only the payer, or whoever pays in their place, is likely to know: the end of the number of their paper, or of
 * their phone. It opens what a page that anybody can come to must not show.
 */
import type { Payer } from './payment-order.ts';

/** Which number is asked for; a citizen's has 12 digits, a tax code 10, or 13 for a branch. */
export type ProofKind = 'citizen_number' | 'tax_code' | 'other_paper' | 'phone';

/** How much of the number is asked for. */
export const PROOF_LENGTH = 4;
/** Of a shorter number the end would be most of it. */
const MIN_LENGTH = 8;

type Known = Pick<Payer, 'identityNumber' | 'phone'>;

/** What is asked for, or null when the agency told us nothing that could be asked for. */
export function proofAskedOf(payer: Known): ProofKind | null {
  return asked(payer)?.kind ?? null;
}

/** Whether what was typed is the end of the number that is asked for; forgives spaces, hyphens and case. */
export function provesPayer(payer: Known, typed: string): boolean {
  const given = plain(typed);
  const number = asked(payer)?.number;
  return number !== undefined && given.length === PROOF_LENGTH && number.endsWith(given);
}

/** What kind of number an identity number is, by its form. */
export function identityKind(identityNumber: string): Exclude<ProofKind, 'phone'> {
  const number = plain(identityNumber);
  if (/^\d{12}$/.test(number)) return 'citizen_number';
  return /^\d{10}(\d{3})?$/.test(number) ? 'tax_code' : 'other_paper';
}

function asked({
  identityNumber,
  phone,
}: Known): { readonly kind: ProofKind; readonly number: string } | null {
  const identity = plain(identityNumber ?? '');
  if (identity.length >= MIN_LENGTH) return { kind: identityKind(identity), number: identity };
  const phoneNumber = plain(phone ?? '');
  return phoneNumber.length >= MIN_LENGTH ? { kind: 'phone', number: phoneNumber } : null;
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^\dA-Z]/g, '');
}
