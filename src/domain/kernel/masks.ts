/** Masks: how personal data is shown to those who need to recognise it but not to know it. */

/** `0010••••••89`: enough for its owner to recognise, too little for anybody else. */
export function maskIdentity(number: string): string {
  if (number.length < 8) return '•'.repeat(number.length);
  return `${number.slice(0, 4)}${'•'.repeat(number.length - 6)}${number.slice(-2)}`;
}
