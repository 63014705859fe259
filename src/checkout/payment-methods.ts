/** The ways to pay that an order page offers, and why one of them cannot be chosen now. */
import type { AgencyId } from '../domain/kernel/ids.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Offer } from '../domain/payments/gateway-offer.ts';
import { gatewayFor } from '../features/payments/gateway-standings.ts';
import type { GatewayCode } from '../gateways/gateway-adapter.ts';
import { messagesFor, type Locale } from '../web/i18n.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import type { MethodAvailability, MethodView } from './order-view.ts';

const TRANSFERS: ReadonlySet<string> = new Set<GatewayCode>(['vietqr']);

/** The methods an agency's payer may choose from; what the agency does not offer is not among them. */
export async function methodsFor(
  deps: CheckoutDeps,
  agencyId: AgencyId,
  total: Money,
  locale: Locale,
): Promise<MethodView[]> {
  const now = deps.clock.now();
  const methods = await Promise.all(
    deps.start.gateways.enabled().map(async (adapter): Promise<MethodView[]> => {
      const gateway = await gatewayFor(deps.start, adapter, [agencyId]);
      const availability = availabilityOf(gateway.offer([total], now), locale);
      if (availability === null) return [];
      const { code } = adapter;
      const { gateway: names, gatewayHint, method } = messagesFor(locale);
      const title = isTransfer(code) ? method.transfer : names[code];
      return [{ code, title, hint: gatewayHint[code], availability }];
    }),
  );
  return methods.flat();
}

function availabilityOf(offer: Offer, locale: Locale): MethodAvailability | null {
  switch (offer.kind) {
    case 'not_offered':
      return null;
    case 'available':
      return { kind: 'available' };
    case 'failing':
      return { kind: 'failing' };
    case 'maintenance':
      return { kind: 'maintenance', until: offer.until, note: offer.note?.[locale] ?? null };
    case 'unavailable':
    case 'over_limit':
    case 'under_minimum':
      return offer;
  }
}

/** Whether its payers transfer the money by themselves, from any bank. */
export function isTransfer(code: string): boolean {
  return TRANSFERS.has(code);
}

/** Who has the money, as a sentence names them: the gateway, or just the bank where the payer transfers. */
export function bankInSentence(code: string, locale: Locale): string {
  return isTransfer(code) ? messagesFor(locale).handOff.anyBank : gatewayName(code, locale);
}

/** What people know the gateway by; a code of an older installation stands for itself. */
export function gatewayName(code: string, locale: Locale): string {
  const names: Readonly<Record<string, string>> = messagesFor(locale).gateway;
  return names[code] ?? code;
}
