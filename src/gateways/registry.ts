/** Config -> the enabled gateways by code, each with the platform's own merchant account. */
import type { Clock } from '../domain/kernel/time.ts';
import type { GatewayHttp } from '../platform/gateway-http.ts';
import type { GatewayAdapter, GatewayCode, MerchantAccount } from './gateway-adapter.ts';
import { createSandboxAdapter } from './sandbox/adapter.ts';

export interface EnabledGateway {
  readonly adapter: GatewayAdapter;
  /** Payments of several agencies go through this account only. */
  readonly platformAccount: MerchantAccount;
}

export interface GatewayRegistry {
  /** The adapter, or null when no such gateway is enabled; the text may come from a path. */
  get(code: string): GatewayAdapter | null;
  platformAccount(code: GatewayCode): MerchantAccount | null;
  enabled(): readonly GatewayAdapter[];
}

export function createRegistry(gateways: readonly EnabledGateway[]): GatewayRegistry {
  const byCode = new Map<string, EnabledGateway>();
  for (const gateway of gateways) {
    const { code } = gateway.adapter;
    if (byCode.has(code)) throw new Error(`Gateway ${code} is registered twice.`);
    byCode.set(code, gateway);
  }
  return {
    get: (code) => byCode.get(code)?.adapter ?? null,
    platformAccount: (code) => byCode.get(code)?.platformAccount ?? null,
    enabled: () => gateways.map(({ adapter }) => adapter),
  };
}

/** The variables of one enabled gateway, by name, as the configuration holds them. */
export type GatewayVariables = Readonly<Record<string, string | undefined>>;

interface GatewayKind {
  readonly required: readonly string[];
  readonly build: (values: Readonly<Record<string, string>>, deps: GatewayDeps) => EnabledGateway;
}

export interface GatewayDeps {
  readonly fetch: GatewayHttp;
  readonly clock: Clock;
}

/** One row a gateway: which variables it cannot do without, and how it is made of them. */
const GATEWAYS: Readonly<Partial<Record<GatewayCode, GatewayKind>>> = {
  sandbox: {
    required: ['SANDBOX_MERCHANT_ID', 'SANDBOX_SECRET', 'SANDBOX_BANK_URL'],
    build: (values, deps) => ({
      adapter: createSandboxAdapter(deps),
      platformAccount: {
        code: 'platform',
        merchantId: values['SANDBOX_MERCHANT_ID'] ?? '',
        // A second secret stays valid while the bank changes from one to the other.
        secrets: [values['SANDBOX_SECRET'], values['SANDBOX_SECRET_PREVIOUS']]
          .filter((secret) => secret !== undefined && secret !== '')
          .map((signing) => ({ signing: signing ?? '' })),
        settings: { bankUrl: values['SANDBOX_BANK_URL'] ?? '' },
      },
    }),
  },
};

/**
 * The registry of the enabled gateways.
 *
 * @param enabled  the variables of each enabled gateway, by its code
 * Throws one error that names every variable still missing: a gateway never starts without its secret.
 */
export function openRegistry(
  enabled: Readonly<Partial<Record<GatewayCode, GatewayVariables>>>,
  deps: GatewayDeps,
): GatewayRegistry {
  const faults: string[] = [];
  const gateways: EnabledGateway[] = [];
  for (const [code, variables] of Object.entries(enabled)) {
    const kind = GATEWAYS[code as GatewayCode];
    if (!kind) {
      faults.push(`Gateway ${code} is enabled, but this version has no adapter for it.`);
      continue;
    }
    const missing = kind.required.filter((name) => (variables[name] ?? '').trim() === '');
    faults.push(...missing.map((name) => `${name} is missing because gateway ${code} is enabled.`));
    if (missing.length === 0) gateways.push(kind.build(present(variables), deps));
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return createRegistry(gateways);
}

function present(variables: GatewayVariables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
