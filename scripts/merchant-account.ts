/** Agencies' own accounts at gateways: `npm run merchant-account -- add --gateway vnpay --agency H29 …`. */
import { gatewaysOfInstallation } from '../src/app/gateways.ts';
import {
  addMerchantAccount,
  readHandedSecrets,
  retireMerchantSecrets,
  rotateMerchantSecrets,
  setMerchantAccountEnabled,
  type AccountKey,
  type AddAccount,
} from '../src/features/payments/manage-merchant-accounts.ts';
import { listMerchantAccounts } from '../src/features/payments/merchant-account-store.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { COMMAND_LINE, readNamedFile, runTool, usage, type Deed, type ToolDeps } from './tool.ts';

const USAGE = `npm run merchant-account -- list
npm run merchant-account -- add --gateway <gateway> --agency <code> --code <code> --merchant-id <id>
                              [--setting name=value ...] [--fee-bearer platform|agency] [--secrets-file <file>]
npm run merchant-account -- rotate  --gateway <gateway> --code <code> [--secrets-file <file>]
npm run merchant-account -- retire  --gateway <gateway> --code <code>
npm run merchant-account -- disable --gateway <gateway> --code <code>
npm run merchant-account -- enable  --gateway <gateway> --code <code>

Secrets are read from the file, or from standard input: a JSON object { "name": "secret" }, or the text alone where
the gateway has one secret. Never as an argument: others can read those.`;

const OPTIONS = {
  gateway: { type: 'string' },
  agency: { type: 'string' },
  code: { type: 'string' },
  'merchant-id': { type: 'string' },
  setting: { type: 'string', multiple: true },
  'fee-bearer': { type: 'string', default: 'platform' },
  'secrets-file': { type: 'string' },
} as const;

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    const [verb] = positionals;
    const { gateway, code, agency, 'merchant-id': merchantId, 'fee-bearer': feeBearer } = values;
    if (positionals.length !== 1) return usage(USAGE);
    if (verb === 'list') return list;
    if (gateway === undefined || code === undefined) return usage(USAGE);
    const key = { gateway, code };
    const file = values['secrets-file'] ?? 0;
    switch (verb) {
      case 'add': {
        const isBearer = feeBearer === 'platform' || feeBearer === 'agency';
        if (agency === undefined || merchantId === undefined || !isBearer) return usage(USAGE);
        const settings = Object.fromEntries((values.setting ?? []).map(settingOf));
        return add({ ...key, agencyCode: agency, merchantId, settings, feeBearer }, file);
      }
      case 'rotate':
        return rotate(key, file);
      case 'retire':
        return retire(key);
      case 'disable':
      case 'enable':
        return switchTo(key, verb);
      case undefined:
      default:
        return usage(USAGE);
    }
  },
});

function managing({ db, clock, newId, config }: ToolDeps) {
  const registry = gatewaysOfInstallation({ config, db, clock });
  return {
    db,
    newId,
    box: createSecretBox(config.secrets),
    accountFaults: registry.accountFaults,
    actor: COMMAND_LINE,
    /** Asked for once everything else is right. Refuses: a gateway that is not enabled here. */
    secretsIn: (file: string | 0, gateway: string) => {
      const known: readonly string[] = registry.enabled().map((adapter) => adapter.code);
      if (!known.includes(gateway)) {
        usage(`No gateway "${gateway}" is enabled here; there is ${known.join(', ') || 'none'}.`);
      }
      return readHandedSecrets(readNamedFile(file), registry.secretNames(gateway));
    },
  };
}

async function list({ db }: ToolDeps): Promise<void> {
  for (const one of await listMerchantAccounts(db)) {
    const state = one.enabled ? 'enabled ' : 'disabled';
    const owner = one.agencyCode ?? 'platform';
    console.log(`${one.gateway}/${one.code}  ${state}  ${owner}  ${one.merchantId}  fee: ${one.feeBearer}`);
  }
}

function add(account: Omit<AddAccount, 'secrets'>, file: string | 0): Deed {
  return async (deps) => {
    const { secretsIn, ...manage } = managing(deps);
    const { gateway, code } = account;
    await addMerchantAccount(manage, { ...account, secrets: secretsIn(file, gateway) });
    const { publicUrl } = deps.config.http;
    console.log(
      `Added ${gateway}/${code}. Its callbacks come to ${publicUrl}/gateways/${gateway}/${code}/callback`,
    );
  };
}

function rotate(key: AccountKey, file: string | 0): Deed {
  return async (deps) => {
    const { secretsIn, ...manage } = managing(deps);
    const { gateway, code } = key;
    await rotateMerchantSecrets(manage, key, secretsIn(file, gateway));
    console.log(
      `${gateway}/${code} signs with the new secrets within seconds; messages under the old ones are still believed.`,
    );
    console.log(
      `When the gateway has changed over: npm run merchant-account -- retire --gateway ${gateway} --code ${code}`,
    );
  };
}

function retire(key: AccountKey): Deed {
  return async (deps) => {
    await retireMerchantSecrets(managing(deps), key);
    console.log(
      `Within seconds nothing under the older secrets of ${key.gateway}/${key.code} is believed any more.`,
    );
  };
}

function switchTo(key: AccountKey, verb: 'enable' | 'disable'): Deed {
  return async (deps) => {
    await setMerchantAccountEnabled(managing(deps), key, { enabled: verb === 'enable' });
    console.log(`${key.gateway}/${key.code} is ${verb}d. What was started there goes on either way.`);
  };
}

function settingOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 1
    ? usage(`"${text}" is not a setting: write name=value.`)
    : [text.slice(0, at), text.slice(at + 1)];
}
