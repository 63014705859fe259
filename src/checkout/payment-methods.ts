/** The ways to pay that an order page offers: every enabled gateway, and why one of them cannot take this amount. */
import type { AgencyId } from '../domain/kernel/ids.ts';
import { compare, type Money } from '../domain/kernel/money.ts';
import type { GatewayAdapter, GatewayCode } from '../gateways/gateway-adapter.ts';
import { messagesFor, type Locale } from '../web/i18n.ts';
import type { CheckoutDeps } from './checkout-deps.ts';
import type { MethodAvailability, MethodView } from './order-view.ts';

const KINDS: Readonly<Record<GatewayCode, MethodView['kind']>> = {
  vietqr: 'qr_transfer',
  momo: 'wallet',
  zalopay: 'wallet',
  vnpay: 'card',
  onepay: 'card',
  keypay: 'card',
  stripe: 'card',
  sandbox: 'card',
};

export async function methodsFor(
  deps: CheckoutDeps,
  agencyId: AgencyId,
  total: Money,
  locale: Locale,
): Promise<MethodView[]> {
  return await Promise.all(
    deps.start.gateways.enabled().map(async (adapter): Promise<MethodView> => ({
      code: adapter.code,
      kind: KINDS[adapter.code],
      name: gatewayName(adapter.code, locale),
      availability: await availabilityOf(deps, adapter, agencyId, total),
    })),
  );
}

async function availabilityOf(
  deps: CheckoutDeps,
  adapter: GatewayAdapter,
  agencyId: AgencyId,
  total: Money,
): Promise<MethodAvailability> {
  const { amountMin, amountMax, currencies } = adapter.profile;
  if (!currencies.includes(total.currency)) return { kind: 'unavailable' };
  if (compare(total, amountMax) > 0) return { kind: 'over_limit', limit: amountMax };
  if (compare(total, amountMin) < 0) return { kind: 'under_minimum', minimum: amountMin };
  const own = await deps.start.ownAccountCode(adapter.code, agencyId);
  const account = await deps.start.merchantAccounts(adapter.code, own ?? 'platform');
  return account === null ? { kind: 'unavailable' } : { kind: 'available' };
}

/** What people know the gateway by; a code of an older installation stands for itself. */
export function gatewayName(code: string, locale: Locale): string {
  const names: Readonly<Record<string, string>> = messagesFor(locale).gateway;
  return names[code] ?? code;
}
