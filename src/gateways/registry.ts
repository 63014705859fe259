/** Config -> the enabled gateways by code, each with the platform's own merchant account. */
import { accountFaults } from './account-rules.ts';
import type {
  EnabledGateway,
  GatewayAdapter,
  GatewayCode,
  GatewayDeps,
  GatewayKind,
  MerchantAccount,
} from './gateway-adapter.ts';
import { momoGateway } from './momo/gateway.ts';
import { onepayGateway } from './onepay/gateway.ts';
import { keyPayGateway } from './keypay/gateway.ts';
import { sandboxGateway } from './sandbox/gateway.ts';
import { vietqrGateway } from './vietqr/gateway.ts';
import { vnpayGateway } from './vnpay/gateway.ts';
import { stripeGateway } from './stripe/gateway.ts';
import { zaloPayGateway } from './zalopay/gateway.ts';

/** Every gateway this version knows, in the order in which checkout offers them. */
const GATEWAYS: Readonly<Partial<Record<GatewayCode, GatewayKind>>> = {
  vietqr: vietqrGateway,
  vnpay: vnpayGateway,
  momo: momoGateway,
  zalopay: zaloPayGateway,
  onepay: onepayGateway,
  keypay: keyPayGateway,
  stripe: stripeGateway,
  sandbox: sandboxGateway,
};

export interface GatewayRegistry {
  /** The adapter, or null when no such gateway is enabled; the text may come from a path. */
  get(code: string): GatewayAdapter | null;
  platformAccount(code: GatewayCode): MerchantAccount | null;
  enabled(): readonly GatewayAdapter[];
  /** Why a gateway could not work with an account, in sentences; null when no such gateway is enabled. */
  readonly accountFaults: (
    code: string,
    account: Pick<MerchantAccount, 'merchantId' | 'secrets' | 'settings'>,
  ) => readonly string[] | null;
  /** What the secrets of an account are called at a gateway. */
  secretNames(code: string): readonly string[];
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
    accountFaults(code, account) {
      const gateway = byCode.get(code);
      return gateway ? accountFaults(gateway, account) : null;
    },
    secretNames: (code) => Object.keys(byCode.get(code)?.platformAccount.secrets[0] ?? {}),
  };
}

/** The variables of one enabled gateway, by name, as the configuration holds them. */
export type GatewayVariables = Readonly<Record<string, string | undefined>>;

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
    const isMissing = (name: string): boolean => (variables[name] ?? '').trim() === '';
    const missing = kind.required.filter(isMissing);
    const oneOf = kind.requiredOneOf ?? [];
    if (oneOf.length > 0 && oneOf.every(isMissing)) missing.push(`One of ${oneOf.join(', ')}`);
    faults.push(...missing.map((name) => `${name} is missing because gateway ${code} is enabled.`));
    if (missing.length === 0) gateways.push(kind.build(present(variables), deps));
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return createRegistry(inOrder(gateways));
}

function inOrder(gateways: readonly EnabledGateway[]): EnabledGateway[] {
  const codes = Object.keys(GATEWAYS);
  const placeOf = ({ adapter }: EnabledGateway): number => codes.indexOf(adapter.code);
  return [...gateways].sort((one, other) => placeOf(one) - placeOf(other));
}

function present(variables: GatewayVariables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
