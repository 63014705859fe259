/** Figures of interleaved rounds: medians, ranges, ratios, and the table people read. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: medianOf(sorted), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

function medianOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of the rounds' own ratios: each round compares what ran side by side. */
export function ratioOf(subject: readonly number[], floor: readonly number[]): Spread {
  return spreadOf(subject.map((value, round) => value / (floor[round] ?? Number.NaN)));
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

export function roundedSpread(spread: Spread, digits = 0): Spread {
  return {
    median: rounded(spread.median, digits),
    min: rounded(spread.min, digits),
    max: rounded(spread.max, digits),
  };
}

/** `3,201 (3,100–3,290)` */
export function spreadText(spread: Spread, digits = 0): string {
  const text = (value: number): string =>
    value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
