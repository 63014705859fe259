/** Our reference of a payment where a gateway's grammar leaves it to us: letters and digits that tell the day, and nobody guesses. */
import { DEFAULT_BUSINESS_TIME_ZONE, dayOf } from '../domain/kernel/time.ts';

/** The day in Viet Nam as six digits, whatever the time zone of this installation. */
export function referenceDay(at: Date): string {
  return dayOf(at, DEFAULT_BUSINESS_TIME_ZONE).slice(2).replaceAll('-', '');
}

/**
 * Two letters of the gateway, the day in Viet Nam, the payment's number in base 36 and the last digits of the nonce.
 *
 * @param nonceDigits  how much of the nonce the gateway's grammar has room for; fixed, so two numbers never give one
 *   reference
 */
export function datedReference(
  prefix: string,
  payment: { readonly number: bigint; readonly startedAt: Date; readonly nonce: string },
  nonceDigits: number,
): string {
  return `${prefix}${referenceDay(payment.startedAt)}${payment.number.toString(36)}${payment.nonce.slice(-nonceDigits)}`.toUpperCase();
}
