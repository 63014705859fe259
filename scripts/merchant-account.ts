/** Agencies' own accounts at gateways: `npm run merchant-account -- add --gateway vnpay --agency H29 …`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gatewaysOfInstallation } from '../src/app/gateways.ts';
import {
  addMerchantAccount,
  readHandedSecrets,
  retireMerchantSecrets,
  rotateMerchantSecrets,
  setMerchantAccountEnabled,
} from '../src/features/payments/manage-merchant-accounts.ts';
import { listMerchantAccounts } from '../src/features/payments/merchant-account-store.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { usage, withDatabase } from './with-database.ts';

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

await withDatabase(async ({ db, clock, newId, config }) => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [verb] = positionals;
  if (verb === 'list') {
    for (const one of await listMerchantAccounts(db)) {
      const state = one.enabled ? 'enabled ' : 'disabled';
      const owner = one.agencyCode ?? 'platform';
      console.log(`${one.gateway}/${one.code}  ${state}  ${owner}  ${one.merchantId}  fee: ${one.feeBearer}`);
    }
    return;
  }
  const { gateway, code } = values;
  if (gateway === undefined || code === undefined) usage(USAGE);
  const registry = gatewaysOfInstallation({ config, db, clock });
  const deps = {
    db,
    newId,
    box: createSecretBox(config.secrets),
    accountFaults: registry.accountFaults,
    actor: 'staff:command-line',
  };
  const secrets = () => {
    const text = readFileSync(values['secrets-file'] ?? 0, 'utf8');
    return readHandedSecrets(text, registry.secretNames(gateway));
  };
  const key = { gateway, code };
  switch (verb) {
    case 'add': {
      const { agency, 'merchant-id': merchantId, 'fee-bearer': feeBearer } = values;
      if (agency === undefined || merchantId === undefined) usage(USAGE);
      if (feeBearer !== 'platform' && feeBearer !== 'agency') usage(USAGE);
      const settings = Object.fromEntries((values.setting ?? []).map(settingOf));
      await addMerchantAccount(deps, {
        ...key,
        agencyCode: agency,
        merchantId,
        secrets: secrets(),
        settings,
        feeBearer,
      });
      console.log(
        `Added ${gateway}/${code}. Its callbacks come to ${config.http.publicUrl}/gateways/${gateway}/${code}/callback`,
      );
      return;
    }
    case 'rotate':
      await rotateMerchantSecrets(deps, key, secrets());
      console.log(
        `${gateway}/${code} signs with the new secrets within seconds; messages under the old ones are still believed.`,
      );
      console.log(
        `When the gateway has changed over: npm run merchant-account -- retire --gateway ${gateway} --code ${code}`,
      );
      return;
    case 'retire':
      await retireMerchantSecrets(deps, key);
      console.log(
        `Within seconds nothing under the older secrets of ${gateway}/${code} is believed any more.`,
      );
      return;
    case 'disable':
    case 'enable':
      await setMerchantAccountEnabled(deps, key, { enabled: verb === 'enable' });
      console.log(`${gateway}/${code} is ${verb}d. What was started there goes on either way.`);
      return;
    case undefined:
    default:
      usage(USAGE);
  }
});

function settingOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 1
    ? usage(`"${text}" is not a setting: write name=value.`)
    : [text.slice(0, at), text.slice(at + 1)];
}
