/** Pure: a form or a query string cut into the pieces it came in, for signatures that cover those. */

export type FormPiece = readonly [name: string, value: string];

/**
 * The pieces in the order they came, values still encoded.
 *
 * Null when a name comes twice, or is no plain word, as one that is itself encoded: it has no certain meaning, so
 * nothing of such a form is read.
 */
export function formPieces(form: string): readonly FormPiece[] | null {
  const pieces = form.split('&').map((piece): FormPiece => {
    const at = piece.indexOf('=');
    return at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
  });
  const names = pieces.map(([name]) => name);
  const isCertain = new Set(names).size === names.length && names.every((name) => /^\w+$/.test(name));
  return isCertain ? pieces : null;
}

/** The same with their values decoded; null when one of them cannot be. */
export function decodedPieces(pieces: readonly FormPiece[]): readonly FormPiece[] | null {
  try {
    return pieces.map(([name, value]) => [name, decodeURIComponent(value.replaceAll('+', ' '))]);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
