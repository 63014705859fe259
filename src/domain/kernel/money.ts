/** Money: a whole number of minor units with its currency. Knows nothing of formats or accounts. */

/** ISO 4217 codes this installation can hold, with the digits of their minor unit (ISO 4217:2015 table A.1). */
export const CURRENCY_EXPONENTS = { VND: 0, JPY: 0, USD: 2, EUR: 2, KWD: 3 } as const;

export type Currency = keyof typeof CURRENCY_EXPONENTS;

/** An amount in minor units: `{ amountMinor: 50000n, currency: 'VND' }` is 50,000 dong, for the dong has no minor unit. */
export interface Money {
  readonly amountMinor: bigint;
  readonly currency: Currency;
}

/** The largest amount one row may carry; the ledger's own check constraint says the same. */
export const MAX_AMOUNT_MINOR = 9_000_000_000_000_000n;

export function money(amountMinor: bigint, currency: Currency): Money {
  return { amountMinor, currency };
}

/** Dong; the currency of every obligation to the Vietnamese state. */
export function vnd(amountMinor: bigint | number): Money {
  return { amountMinor: BigInt(amountMinor), currency: 'VND' };
}

export function isCurrency(code: string): code is Currency {
  return Object.hasOwn(CURRENCY_EXPONENTS, code);
}

/** The sum of two amounts of one currency. Adding two currencies is a fault. */
export function add(left: Money, right: Money): Money {
  assertSameCurrency(left, right);
  return { amountMinor: left.amountMinor + right.amountMinor, currency: left.currency };
}

export function subtract(left: Money, right: Money): Money {
  assertSameCurrency(left, right);
  return { amountMinor: left.amountMinor - right.amountMinor, currency: left.currency };
}

export function sum(amounts: readonly Money[], currency: Currency): Money {
  return amounts.reduce(add, money(0n, currency));
}

export function equals(left: Money, right: Money): boolean {
  return left.currency === right.currency && left.amountMinor === right.amountMinor;
}

/** Negative, zero or positive as `left` is less than, equal to or more than `right`. */
export function compare(left: Money, right: Money): number {
  assertSameCurrency(left, right);
  if (left.amountMinor === right.amountMinor) return 0;
  return left.amountMinor < right.amountMinor ? -1 : 1;
}

/**
 * Shares a total over weights so that the shares sum to the total exactly.
 *
 * Largest remainder: every share is rounded down, then the units left over go one by one to the largest
 * remainders; equal remainders are served in the order given, so that the result never depends on chance.
 *
 * @param totalMinor  minor units, 0 or more
 * @param weights     0 or more each, not all 0 unless the total is 0
 */
export function shareByLargestRemainder(totalMinor: bigint, weights: readonly bigint[]): bigint[] {
  const whole = weights.reduce((running, weight) => running + weight, 0n);
  if (whole === 0n) {
    if (totalMinor !== 0n) throw new Error('cannot share an amount over weights that are all zero');
    return weights.map(() => 0n);
  }
  const shares = weights.map((weight) => (totalMinor * weight) / whole);
  const remainders = weights.map((weight, index) => ({ index, remainder: (totalMinor * weight) % whole }));
  remainders.sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  let left = totalMinor - shares.reduce((running, share) => running + share, 0n);
  for (const { index } of remainders) {
    if (left === 0n) break;
    shares[index] = (shares[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return shares;
}

/** Divides rounding half up, for amounts of 0 or more. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/**
 * A decimal amount as a gateway writes it (`"100.00"`, `"150000"`) in minor units, or null when it is not exactly one.
 *
 * Exponents, spaces, signs, a wrong number of decimals and anything that would need rounding are null: an
 * amount is never guessed.
 */
export function parseDecimalAmount(text: string, currency: Currency): Money | null {
  const exponent = CURRENCY_EXPONENTS[currency];
  const pattern = exponent === 0 ? /^(\d{1,16})$/ : new RegExp(`^(\\d{1,16})\\.(\\d{${String(exponent)}})$`);
  const match = pattern.exec(text);
  if (!match) return null;
  return { amountMinor: BigInt((match[1] ?? '') + (match[2] ?? '')), currency };
}

/** The decimal text of an amount: the inverse of {@link parseDecimalAmount}. */
export function formatDecimalAmount({ amountMinor, currency }: Money): string {
  const exponent = CURRENCY_EXPONENTS[currency];
  if (exponent === 0) return amountMinor.toString();
  const digits = amountMinor.toString().padStart(exponent + 1, '0');
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function assertSameCurrency(left: Money, right: Money): void {
  if (left.currency !== right.currency) {
    throw new Error(`amounts of ${left.currency} and ${right.currency} cannot be combined`);
  }
}
