/** What operators do to agencies' accounts at gateways: add, rotate secrets, retire the older, switch off and on. */
import { z } from 'zod';
import type { AgencyId, IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { MerchantAccount } from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import type { SecretBox } from '../../platform/secret-box.ts';
import { findAgencyByCode } from '../agencies/agency-store.ts';
import { writeAudit } from '../staff/audit-log.ts';
import {
  changeMerchantAccount,
  findMerchantAccount,
  findMerchantAccountByMerchantId,
  lockMerchantAccount,
  saveMerchantAccount,
  type KeptMerchantAccount,
} from './merchant-account-store.ts';

export interface ManageAccountsDeps {
  readonly db: Database;
  readonly newId: IdSource;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  /** Why a gateway could not work with an account; null when no such gateway is enabled. */
  readonly accountFaults: (
    gateway: string,
    account: Pick<MerchantAccount, 'merchantId' | 'secrets' | 'settings'>,
  ) => readonly string[] | null;
  /** Who asks, as the audit log names them. */
  readonly actor: string;
}

export interface AccountKey {
  readonly gateway: string;
  readonly code: string;
}

export interface AddAccount extends AccountKey {
  readonly agencyCode: string;
  readonly merchantId: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly feeBearer: 'platform' | 'agency';
}

/** Part of a callback's path, beside `platform`, which is nobody else's. */
const ACCOUNT_CODE = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Refuses: agency.not-found, merchant-account.not-usable. */
export async function addMerchantAccount(deps: ManageAccountsDeps, command: AddAccount): Promise<void> {
  const { gateway, code, merchantId, settings, feeBearer } = command;
  if (!ACCOUNT_CODE.test(code) || ['platform', 'callback', 'return'].includes(code)) {
    throw notUsable([`"${code}" cannot be an account's code: use small letters, digits and hyphens.`]);
  }
  const account = { merchantId, settings, secrets: [command.secrets] };
  refuseFaulty(deps, gateway, account);
  await inTransaction(deps.db, async (tx) => {
    const agency = await findAgencyByCode(tx, command.agencyCode);
    if (!agency || (agency.id as number) === 0) {
      throw new Refusal('agency.not-found', {}, { detail: `There is no agency ${command.agencyCode}.` });
    }
    if (await findMerchantAccount(tx, deps.box, { gateway, code })) {
      throw notUsable([`Account ${code} exists at ${gateway} already: rotate its secrets instead.`]);
    }
    const same = await findMerchantAccountByMerchantId(tx, gateway, merchantId);
    if (same !== null) {
      throw notUsable([
        `Merchant id ${merchantId} is that of account ${same} at ${gateway}: money would be mixed.`,
      ]);
    }
    await saveMerchantAccount(tx, deps.box, { ...account, gateway, code, agencyId: agency.id, feeBearer });
    const detail = { merchant_id: merchantId, fee_bearer: feeBearer };
    await audit(
      tx,
      deps,
      { gateway, code },
      { action: 'merchant-account.added', agencyId: agency.id, detail },
    );
  });
}

/** A second set of secrets: the newest signs, both verify until the older is retired. Refuses: merchant-account.… */
export async function rotateMerchantSecrets(
  deps: ManageAccountsDeps,
  key: AccountKey,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await change(deps, key, 'merchant-account.secrets-rotated', (account) => {
    const [newest, older] = account.secrets;
    if (older) throw notUsable(['Two sets of secrets are valid already: retire the older one first.']);
    const next = { ...newest, ...secrets };
    if (Object.entries(next).every(([name, value]) => newest?.[name] === value)) {
      throw notUsable(['These are the secrets it has.']);
    }
    refuseFaulty(deps, key.gateway, { ...account, secrets: [next] });
    return { ...account, secrets: [next, ...account.secrets] };
  });
}

/** From now on the older set verifies nothing. */
export async function retireMerchantSecrets(deps: ManageAccountsDeps, key: AccountKey): Promise<void> {
  await change(deps, key, 'merchant-account.secrets-retired', (account) => {
    const [newest, older] = account.secrets;
    if (!newest || !older) throw notUsable(['It has one set of secrets only: there is none to retire.']);
    return { ...account, secrets: [newest] };
  });
}

/** Off: it starts nothing new, and goes on with what was started. The platform's own may be switched too. */
export async function setMerchantAccountEnabled(
  deps: ManageAccountsDeps,
  key: AccountKey,
  { enabled }: { readonly enabled: boolean },
): Promise<void> {
  const action = enabled ? 'merchant-account.enabled' : 'merchant-account.disabled';
  await change(deps, key, action, (account) => ({ ...account, enabled }));
}

/** Secrets as a person hands them in: a JSON object of names, or the text alone where there is one name. */
export function readHandedSecrets(text: string, names: readonly string[]): Readonly<Record<string, string>> {
  const given = text.replace(/\r?\n$/, '');
  const [only] = names;
  if (!given.trimStart().startsWith('{')) {
    if (names.length === 1 && only !== undefined) return { [only]: given };
    throw notUsable([
      `The secrets must be a JSON object with ${names.map((name) => `"${name}"`).join(', ')}.`,
    ]);
  }
  const read = z.record(z.string(), z.string()).safeParse(jsonOf(given));
  if (read.success) return read.data;
  throw notUsable(['The secrets must be a JSON object of names and texts.']);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says may quote a secret.
    throw notUsable(['The secrets cannot be read as JSON.']);
  }
}

async function change(
  deps: ManageAccountsDeps,
  key: AccountKey,
  action: string,
  decide: (account: KeptMerchantAccount) => KeptMerchantAccount,
): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    await lockMerchantAccount(tx, key);
    const account = await findMerchantAccount(tx, deps.box, key);
    if (!account) {
      throw new Refusal(
        'merchant-account.not-found',
        {},
        { detail: `There is no account ${key.code} at gateway ${key.gateway}.` },
      );
    }
    const isSwitch = action.endsWith('abled');
    if (account.agencyId === null && !isSwitch) {
      throw notUsable([
        "The platform's own secrets come from variables: move the old value to X_PREVIOUS, set the new one, restart.",
      ]);
    }
    await changeMerchantAccount(tx, deps.box, key, decide(account));
    await audit(tx, deps, key, { action, agencyId: account.agencyId, detail: {} });
  });
}

function refuseFaulty(
  deps: ManageAccountsDeps,
  gateway: string,
  account: Pick<MerchantAccount, 'merchantId' | 'secrets' | 'settings'>,
): void {
  const faults = deps.accountFaults(gateway, account);
  if (faults === null) throw notUsable([`No gateway "${gateway}" is enabled here.`]);
  if (faults.length > 0) throw notUsable(faults);
}

function notUsable(sentences: readonly string[]): Refusal {
  return new Refusal(
    'merchant-account.not-usable',
    {},
    { detail: `${sentences.join(' ')} Nothing was changed.` },
  );
}

async function audit(
  tx: Tx,
  deps: ManageAccountsDeps,
  { gateway, code }: AccountKey,
  fact: {
    readonly action: string;
    readonly agencyId: AgencyId | null;
    readonly detail: Record<string, unknown>;
  },
): Promise<void> {
  await writeAudit(tx, { ...fact, id: deps.newId(), actor: deps.actor, subject: `${gateway}/${code}` });
}
