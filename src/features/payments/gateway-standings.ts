/** How gateways are doing and what agencies decided of them, from a memory a few seconds old: for every page and start. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { sum, type Money } from '../../domain/kernel/money.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { CLOSED_CIRCUIT } from '../../domain/payments/gateway-circuit.ts';
import {
  offerOf,
  UNCHANGED,
  type AgencyGateway,
  type GatewayStanding,
  type Offer,
} from '../../domain/payments/gateway-offer.ts';
import type { GatewayAdapter, MerchantAccount } from '../../gateways/gateway-adapter.ts';
import type { Database } from '../../platform/database.ts';
import { createShortCache } from '../../platform/short-cache.ts';
import { readCircuits } from './gateway-health-store.ts';
import { readAgencyGateways, readMaintenance } from './gateway-settings-store.ts';

export interface GatewayStandings {
  of(gateway: string): Promise<GatewayStanding>;
  settingsOf(agencyId: AgencyId, gateway: string): Promise<AgencyGateway>;
  /** Forgets what is remembered, for whoever changed it. */
  forget(): void;
}

const MEMORY = { lifeMs: 2_000, maxEntries: 5_000 };

export function createGatewayStandings(deps: {
  readonly db: Database;
  readonly clock: Clock;
}): GatewayStandings {
  const { db, clock } = deps;
  const circuits = createShortCache(() => readCircuits(db), MEMORY);
  const windows = createShortCache(() => readMaintenance(db, clock.now()), MEMORY);
  const settings = createShortCache((id) => readAgencyGateways(db, Number(id) as AgencyId), MEMORY);
  return {
    async of(gateway) {
      const [known, planned] = await Promise.all([circuits('all'), windows('all')]);
      const kept = known.get(gateway);
      return {
        circuit: kept?.circuit ?? CLOSED_CIRCUIT,
        probeUntil: kept?.probeUntil ?? null,
        maintenance: planned.filter((window) => window.gateway === gateway),
      };
    },
    async settingsOf(agencyId, gateway) {
      return (await settings(String(agencyId))).get(gateway) ?? UNCHANGED;
    },
    forget() {
      for (const memory of [circuits, windows, settings]) memory.forget();
    },
  };
}

/** An account as it is kept: one that is not enabled starts nothing, and goes on with what was started. */
export type KnownAccount = MerchantAccount & { readonly enabled?: boolean };

/** Finds who we are at a gateway: `platform` or an agency's account code; null when there is none. */
export type MerchantAccounts = (gateway: string, code: string) => Promise<KnownAccount | null>;

export interface OfferDeps {
  readonly merchantAccounts: MerchantAccounts;
  /** The code of an agency's own account at a gateway, enabled or not, or null: then the platform's is used. */
  readonly ownAccountCode: (gateway: string, agencyId: AgencyId) => Promise<string | null>;
  readonly standings: GatewayStandings;
}

export interface GatewayForAgencies {
  /** Through which a payment would go; null when there is none that may start one. */
  readonly account: MerchantAccount | null;
  /** What is offered for these amounts, one for each agency in the order they were named. */
  offer(amounts: readonly Money[], now: Date): Offer;
}

/** What a gateway is to the agencies of one payment; those of several share the platform's account. */
export async function gatewayFor(
  deps: OfferDeps,
  adapter: GatewayAdapter,
  agencyIds: readonly AgencyId[],
): Promise<GatewayForAgencies> {
  const { code, profile } = adapter;
  const [standing, settings] = await Promise.all([
    deps.standings.of(code),
    Promise.all(agencyIds.map((agencyId) => deps.standings.settingsOf(agencyId, code))),
  ]);
  const [only] = agencyIds;
  const isOwn = agencyIds.length === 1 && only !== undefined && settings[0]?.account === 'own';
  const own = isOwn ? await deps.ownAccountCode(code, only) : null;
  const found = await deps.merchantAccounts(code, own ?? 'platform');
  const account = found === null || found.enabled === false ? null : found;
  return {
    account,
    offer(amounts, now) {
      const parts = amounts.map((amount, at) => ({ amount, settings: settings[at] ?? UNCHANGED }));
      const total = sum(amounts, amounts[0]?.currency ?? 'VND');
      return offerOf({ limits: profile, hasAccount: account !== null, standing, parts }, total, now);
    },
  };
}
