/** Whether a gateway is offered for a payment, and if not, why: one rule for the page that shows and the start that decides. */
import { compare, money, type Currency, type Money } from '../kernel/money.ts';
import { positionOf, type Circuit } from './gateway-circuit.ts';

export interface MaintenanceWindow {
  readonly gateway: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** The operator's own words, in both languages or none. */
  readonly note: { readonly vi: string; readonly en: string } | null;
}

/** How a gateway is doing now, as all processes see it. */
export interface GatewayStanding {
  readonly circuit: Circuit;
  /** Until when the one payer of a trial is waited for. */
  readonly probeUntil: Date | null;
  /** Those that have not ended. */
  readonly maintenance: readonly MaintenanceWindow[];
}

/** What an agency changed of how it takes money through a gateway. */
export interface AgencyGateway {
  readonly offered: boolean;
  readonly account: 'own' | 'platform';
  /** Whole dong of the agency's part of one payment. */
  readonly amountMin: bigint | null;
  readonly amountMax: bigint | null;
}

export const UNCHANGED: AgencyGateway = { offered: true, account: 'own', amountMin: null, amountMax: null };

export interface Prospect {
  readonly limits: {
    readonly currencies: readonly Currency[];
    readonly amountMin: Money;
    readonly amountMax: Money;
  };
  readonly hasAccount: boolean;
  readonly standing: GatewayStanding;
  /** One for each agency of the payment. */
  readonly parts: readonly { readonly amount: Money; readonly settings: AgencyGateway }[];
}

export type Offer =
  | { readonly kind: 'available'; readonly isTrial: boolean }
  /** The agency does not take money this way: nothing is shown. */
  | { readonly kind: 'not_offered' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'maintenance'; readonly until: Date; readonly note: MaintenanceWindow['note'] }
  | { readonly kind: 'failing'; readonly since: Date | null }
  | { readonly kind: 'over_limit'; readonly limit: Money }
  | { readonly kind: 'under_minimum'; readonly minimum: Money };

/** What lasts comes before what passes: whoever is told of trouble may come back for this gateway. */
export function offerOf(prospect: Prospect, total: Money, now: Date): Offer {
  const { limits, parts, standing } = prospect;
  if (parts.some(({ settings }) => !settings.offered)) return { kind: 'not_offered' };
  if (!limits.currencies.includes(total.currency) || !prospect.hasAccount) return { kind: 'unavailable' };
  return (
    outsideLimits(prospect, total) ??
    inMaintenance(standing, now) ??
    whileTrying(standing, now) ?? { kind: 'available', isTrial: false }
  );
}

function outsideLimits({ limits, parts }: Prospect, total: Money): Offer | null {
  if (compare(total, limits.amountMax) > 0) return { kind: 'over_limit', limit: limits.amountMax };
  if (compare(total, limits.amountMin) < 0) return { kind: 'under_minimum', minimum: limits.amountMin };
  for (const { amount, settings } of parts) {
    if (amount.currency !== 'VND') continue;
    const { amountMin, amountMax } = settings;
    if (amountMax !== null && amount.amountMinor > amountMax) {
      return { kind: 'over_limit', limit: money(amountMax, 'VND') };
    }
    if (amountMin !== null && amount.amountMinor < amountMin) {
      return { kind: 'under_minimum', minimum: money(amountMin, 'VND') };
    }
  }
  return null;
}

/** Windows that touch or overlap are one absence: its end is what people want to know. */
export function currentMaintenance(
  windows: readonly MaintenanceWindow[],
  now: Date,
): { readonly until: Date; readonly note: MaintenanceWindow['note'] } | null {
  const inOrder = [...windows].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
  let current: { until: Date; note: MaintenanceWindow['note'] } | null = null;
  for (const { startsAt, endsAt, note } of inOrder) {
    if (current === null && startsAt <= now && endsAt > now) current = { until: endsAt, note };
    else if (current !== null && startsAt <= current.until && endsAt > current.until) {
      current = { until: endsAt, note: current.note ?? note };
    }
  }
  return current;
}

function inMaintenance({ maintenance }: GatewayStanding, now: Date): Offer | null {
  const current = currentMaintenance(maintenance, now);
  return current && { kind: 'maintenance', ...current };
}

function whileTrying({ circuit, probeUntil }: GatewayStanding, now: Date): Offer | null {
  const position = positionOf(circuit, now);
  if (position === 'closed') return null;
  const isTaken = probeUntil !== null && probeUntil > now;
  return position === 'half_open' && !isTaken
    ? { kind: 'available', isTrial: true }
    : { kind: 'failing', since: circuit.openedAt };
}
