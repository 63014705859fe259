/** Pure: single values of MoMo's JSON, read strictly; null is whatever we may not guess at. */
import { MAX_AMOUNT_MINOR, vnd, type Money } from '../../domain/kernel/money.ts';
import type { JsonObject } from '../../platform/gateway-json.ts';

/** A text, or a number in the very digits it was sent in: signatures cover those. Null for anything else. */
export function textOf(members: JsonObject, name: string): string | null {
  const value = members.get(name);
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && 'numberText' in value ? value.numberText : null;
}

/** Whole dong; no sign, no exponent, no leading zero, no fraction. */
export function amountOf(members: JsonObject): Money | null {
  const text = textOf(members, 'amount') ?? '';
  const amount = /^[1-9]\d{0,15}$/.test(text) ? vnd(BigInt(text)) : null;
  return amount && amount.amountMinor <= MAX_AMOUNT_MINOR ? amount : null;
}

/** MoMo's number of a transaction, a Long. */
export function transactionIdOf(members: JsonObject): string | null {
  const text = textOf(members, 'transId') ?? '';
  return /^[1-9]\d{0,18}$/.test(text) ? text : null;
}

/** An instant in milliseconds since 1970. */
export function instantOf(members: JsonObject, name: string): Date | null {
  const text = textOf(members, name) ?? '';
  return /^[1-9]\d{12}$/.test(text) ? new Date(Number(text)) : null;
}

/** MoMo's grammar of an orderId; the length is that of a requestId, which ours equals. */
export function isOrderId(text: string): boolean {
  return text.length <= 50 && /^[0-9a-zA-Z](?:[-_.]*[0-9a-zA-Z])*$/.test(text);
}

/** A result code as it may stand in a log. */
export function printable(words: string): string {
  return words.replaceAll(/[^A-Za-z0-9_./-]/g, '?').slice(0, 64);
}
