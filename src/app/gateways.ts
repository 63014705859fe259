/** The gateways of this installation made of its configuration, for the service and for the tools beside it. */
import type { Clock } from '../domain/kernel/time.ts';
import { openRegistry, type GatewayRegistry } from '../gateways/registry.ts';
import type { Config } from '../platform/config.ts';
import type { Database } from '../platform/database.ts';
import { createGatewayHttp } from '../platform/gateway-http.ts';
import { createLogger } from '../platform/logger.ts';
import type { Secret } from '../platform/secret.ts';
import { composeStandIns, type StandIns } from './stand-ins.ts';

/** The gateways that are switched on, and in the trial modes those whose other party is played here. */
export function openGateways(config: Config, clock: Clock, standIns: StandIns | null): GatewayRegistry {
  const fetch = createGatewayHttp({ timeoutMs: config.gateways.timeoutMs, maxBytes: 1024 * 1024 });
  const switchedOn: Record<string, Record<string, string>> = {};
  for (const [code, variables] of Object.entries(config.gateways.enabled)) {
    switchedOn[code] = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, revealed(value)]),
    );
  }
  const enabled = { ...sandboxVariables(config), ...standIns?.gatewayVariables, ...switchedOn };
  return openRegistry(enabled, { fetch, clock });
}

/** The same for a tool, which plays no other party but must know the same gateways. */
export function gatewaysOfInstallation(deps: {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
}): GatewayRegistry {
  const { config, clock } = deps;
  const logger = createLogger({ level: 'silent' });
  const standIns = config.sandbox ? composeStandIns({ ...deps, logger, sandbox: config.sandbox }) : null;
  return openGateways(config, clock, standIns);
}

function sandboxVariables({
  http,
  sandbox,
}: Config): Readonly<Record<string, Readonly<Record<string, string>>>> {
  if (!sandbox) return {};
  return {
    sandbox: {
      SANDBOX_MERCHANT_ID: sandbox.merchantId,
      SANDBOX_SECRET: sandbox.secret.reveal(),
      SANDBOX_BANK_URL: `${http.publicUrl}/sandbox/bank`,
    },
  };
}

function revealed(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal();
}
