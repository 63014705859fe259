/** Pure: how VNPAY writes times, amounts, addresses and texts (pay.html, version 2.1.0, read 2026-11-25). */
import { MAX_AMOUNT_MINOR, vnd, type Money } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';

/** VNPAY's clock: GMT+7 without summer time, whatever the zone of this installation. */
const OFFSET_MINUTES = 7 * 60;

/** An instant as `yyyyMMddHHmmss` in GMT+7. */
export function vnpayTime(at: Date): string {
  return addMinutes(at, OFFSET_MINUTES).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
}

/** The instant such a text names, or null when there is none: 20260230… is no day. */
export function readVnpayTime(text: string): Date | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!parts) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+07:00`);
  return !Number.isNaN(at.getTime()) && vnpayTime(at) === text ? at : null;
}

/** Dong as VNPAY writes them: times one hundred, digits only. */
export function vnpayAmount({ amountMinor }: Money): string {
  return (amountMinor * 100n).toString();
}

/**
 * The amount such a text means, or null when it is not exactly one: a fraction of a dong, a sign, an exponent, a
 * leading zero and nothing at all are no amounts.
 */
export function readVnpayAmount(text: string): Money | null {
  const dong = /^([1-9]\d{0,15})00$/.exec(text)?.[1];
  if (dong === undefined) return null;
  const amount = BigInt(dong);
  return amount <= MAX_AMOUNT_MINOR ? vnd(amount) : null;
}

/**
 * A text that PHP, Java, .NET and JavaScript all encode alike, without the bar that joins signed fields.
 *
 * VNPAY wants `vnp_OrderInfo` unaccented; what it cannot take becomes a space.
 */
export function plainText(text: string, maxLength: number): string {
  const unaccented = text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('đ', 'd')
    .replaceAll('Đ', 'D');
  return unaccented
    .replaceAll(/[^A-Za-z0-9._:/-]+/g, ' ')
    .trim()
    .slice(0, maxLength)
    .trimEnd();
}

/** `vnp_IpAddr` takes 7 to 45 characters; shorter spellings of IPv6 and what is no address go as our own. */
export function vnpayAddress(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  return /^[0-9A-Fa-f:.]{7,45}$/.test(plain) ? plain : OWN_ADDRESS;
}

/** The address of a server that calls the API; VNPAY asks for one and checks that of the connection. */
export const OWN_ADDRESS = '127.0.0.1';
