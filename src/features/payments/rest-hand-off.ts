/** The way to the bank for what is still missing of a short transfer: the same code, another amount. Changes nothing. */
import { subtract, type Money } from '../../domain/kernel/money.ts';
import type { HandOff } from '../../domain/payments/hand-off.ts';
import type { PaymentRecord } from './payment-store.ts';
import type { StartPaymentDeps } from './start-payment.ts';

export interface RestHandOff {
  readonly handOff: HandOff;
  readonly rest: Money;
  readonly received: Money;
}

/**
 * The hand-off of the rest of a payment whose credits add up; null when its gateway is not configured any more.
 *
 * @param until  when the rest is no longer waited for; a code is never shown as living longer
 */
export async function handOffForRest(
  deps: StartPaymentDeps,
  payment: PaymentRecord,
  visit: { readonly until: Date; readonly locale: 'vi' | 'en'; readonly payerIp: string },
): Promise<RestHandOff | null> {
  const received = payment.amountReceived;
  const adapter = deps.gateways.get(payment.gateway);
  const account = await deps.merchantAccounts(payment.gateway, payment.merchantAccount);
  if (!adapter || !account || received === null) return null;
  const rest = subtract(payment.amount, received);
  const handOff = await adapter.startPayment(
    {
      account,
      merchantReference: payment.merchantReference,
      amount: rest,
      description: `DVC ${payment.number.toString()}`,
      locale: visit.locale,
      payerIp: visit.payerIp,
      startedAt: deps.clock.now(),
      returnUrl: deps.returnUrl(adapter.code, payment.id),
      callbackUrl: deps.callbackUrl(adapter.code, account.code),
    },
    AbortSignal.timeout(deps.gatewayTimeoutMs),
  );
  const expiresAt = handOff.expiresAt < visit.until ? handOff.expiresAt : visit.until;
  return { handOff: { ...handOff, expiresAt }, rest, received };
}
