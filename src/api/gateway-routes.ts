/** GET /v1/gateways: through which an agency's payers can pay now. How gateways are doing is told to operators alone. */
import { z } from 'zod';
import type { AgencyId } from '../domain/kernel/ids.ts';
import { money } from '../domain/kernel/money.ts';
import type { Clock } from '../domain/kernel/time.ts';
import type { Offer } from '../domain/payments/gateway-offer.ts';
import { readGatewayReports, type GatewayReport } from '../features/payments/gateway-report.ts';
import { gatewayFor, type OfferDeps } from '../features/payments/gateway-standings.ts';
import type { Gateways } from '../features/payments/start-payment.ts';
import type { GatewayAdapter } from '../gateways/gateway-adapter.ts';
import type { Database } from '../platform/database.ts';
import { instantText } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export interface GatewayRouteDeps extends OfferDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly gateways: Gateways;
}

const span = z.strictObject({
  calls: z.int(),
  success_ppm: z.int().nullable(),
  start_p95_ms: z.int().nullable(),
  query_p95_ms: z.int().nullable(),
  refund_p95_ms: z.int().nullable(),
});
const health = z.strictObject({
  circuit: z.enum(['closed', 'open', 'half_open']),
  down_since: instantText.nullable(),
  retry_at: instantText.nullable(),
  last_callback_at: instantText.nullable(),
  hour: span,
  day: span,
});
const entry = z.strictObject({
  gateway: z.string(),
  availability: z.enum(['available', 'failing', 'maintenance', 'unavailable']),
  until: instantText.nullable().meta({ description: 'End of the maintenance under way.' }),
  account: z.string().nullable().meta({ description: 'The account payments go through.' }),
  currency: z.string(),
  amount_min: z.int(),
  amount_max: z.int(),
  health: health.nullable().meta({ description: 'For operators; null for agencies.' }),
});

export function gatewayRoutes(deps: GatewayRouteDeps): ApiRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/gateways',
      operationId: 'listGateways',
      summary: 'The gateways that payers can choose from, and whether each is available now',
      tag: 'Gateways',
      scope: 'reports:read',
      idempotency: 'none',
      answers: {
        200: {
          description: 'Those the agency offers; all of them for an operator.',
          schema: z.strictObject({ data: z.array(entry) }),
        },
      },
      async handle({ client }) {
        const now = deps.clock.now();
        const adapters = deps.gateways.enabled();
        const isOperator = client.kind === 'operator';
        const codes = adapters.map(({ code }) => code);
        const reports = isOperator ? await readGatewayReports(deps.db, codes, now) : [];
        const agencyIds = isOperator ? [] : [client.agencyId];
        const entries = await Promise.all(adapters.map((adapter) => entryOf(deps, adapter, agencyIds)));
        const data = entries.flatMap((one) => {
          if (one === null) return [];
          const report = reports.find(({ gateway }) => gateway === one.gateway);
          return [{ ...one, health: report ? healthJson(report) : null }];
        });
        return { status: 200, body: { data } };
      },
    }),
  ];
}

/** Null where the agency does not offer it. */
async function entryOf(deps: GatewayRouteDeps, adapter: GatewayAdapter, agencyIds: readonly AgencyId[]) {
  const { code, profile } = adapter;
  const gateway = await gatewayFor(deps, adapter, agencyIds);
  const { currency } = profile.amountMin;
  const [agencyId] = agencyIds;
  const settings = agencyId === undefined ? null : await deps.standings.settingsOf(agencyId, code);
  const amountMin = larger(profile.amountMin.amountMinor, settings?.amountMin ?? null);
  const amountMax = smaller(profile.amountMax.amountMinor, settings?.amountMax ?? null);
  // Asked for an amount that fits, so that what is told is about the gateway and not about the amount.
  const offer = gateway.offer([money(amountMin, currency)], deps.clock.now());
  if (offer.kind === 'not_offered') return null;
  return {
    gateway: code,
    availability: availabilityOf(offer),
    until: offer.kind === 'maintenance' ? offer.until.toISOString() : null,
    account: gateway.account?.code ?? null,
    currency,
    amount_min: amountMin,
    amount_max: amountMax,
  };
}

function availabilityOf({ kind }: Offer): 'available' | 'failing' | 'maintenance' | 'unavailable' {
  return kind === 'available' || kind === 'failing' || kind === 'maintenance' ? kind : 'unavailable';
}

function larger(left: bigint, right: bigint | null): bigint {
  return right !== null && right > left ? right : left;
}

function smaller(left: bigint, right: bigint | null): bigint {
  return right !== null && right < left ? right : left;
}

function healthJson({ position, circuit, lastCallbackAt, hour, day }: GatewayReport) {
  return {
    circuit: position,
    down_since: circuit.openedAt?.toISOString() ?? null,
    retry_at: circuit.retryAt?.toISOString() ?? null,
    last_callback_at: lastCallbackAt?.toISOString() ?? null,
    hour: spanJson(hour),
    day: spanJson(day),
  };
}

function spanJson({ calls, successPpm, p95Ms }: GatewayReport['hour']) {
  return {
    calls,
    success_ppm: successPpm,
    start_p95_ms: p95Ms.start,
    query_p95_ms: p95Ms.query,
    refund_p95_ms: p95Ms.refund,
  };
}
