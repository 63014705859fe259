/** Pure: single values of what gateways send, read strictly; null is whatever we may not guess at. */
import { MAX_AMOUNT_MINOR, vnd, type Money } from '../domain/kernel/money.ts';
import { scalarOf, type JsonObject } from '../platform/gateway-json.ts';

/** `amount` in whole dong; no sign, no exponent, no leading zero, no fraction. */
export function amountOf(members: JsonObject): Money | null {
  const text = scalarOf(members, 'amount') ?? '';
  const amount = /^[1-9]\d{0,15}$/.test(text) ? vnd(BigInt(text)) : null;
  return amount && amount.amountMinor <= MAX_AMOUNT_MINOR ? amount : null;
}

/** The gateway's own number of a payment or a refund, a 64-bit integer. */
export function numberOf(members: JsonObject, name: string): string | null {
  const text = scalarOf(members, name) ?? '';
  return /^[1-9]\d{0,18}$/.test(text) ? text : null;
}

/** An instant in milliseconds since 1970. */
export function instantOf(members: JsonObject, name: string): Date | null {
  const text = scalarOf(members, name) ?? '';
  return /^[1-9]\d{12}$/.test(text) ? new Date(Number(text)) : null;
}

/** The value of a header that stands exactly once. */
export function onlyHeader(headers: ReadonlyMap<string, readonly string[]>, name: string): string | null {
  const values = headers.get(name);
  return values?.length === 1 ? (values[0] ?? null) : null;
}

/** A gateway's word as it may stand in a log. */
export function printable(words: string): string {
  return words.replaceAll(/[^A-Za-z0-9_./-]/g, '?').slice(0, 64);
}
