/** Why a mutant may live: the one list, so that whoever adds a gateway sees what was accepted and what is a gap. */

interface Reason {
  readonly file: RegExp;
  /** Of the mutated text. */
  readonly original: RegExp;
  readonly mutator?: string;
  readonly why: string;
}

const REASONS: readonly Reason[] = [];

export function reasonFor(file: string, original: string, mutator: string): string {
  const found = REASONS.find(
    (reason) =>
      reason.file.test(file) &&
      reason.original.test(original) &&
      (reason.mutator === undefined || reason.mutator === mutator),
  );
  return found?.why ?? 'no reason';
}
