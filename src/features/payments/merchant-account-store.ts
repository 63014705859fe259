/** SQL of merchant accounts: who we are at each gateway, secrets opened only on the way to an adapter. */
import { z } from 'zod';
import type { AgencyId } from '../../domain/kernel/ids.ts';
import type { MerchantAccount } from '../../gateways/gateway-adapter.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { SecretBox } from '../../platform/secret-box.ts';

export interface KeptMerchantAccount extends MerchantAccount {
  readonly agencyId: AgencyId | null;
  readonly feeBearer: 'platform' | 'agency';
  readonly enabled: boolean;
}

const SECRETS = z.array(z.record(z.string(), z.string())).min(1);

/** What a sealed list of secrets is bound to: the row it belongs to. */
export function merchantSecretsContext(gateway: string, code: string): string {
  return `merchant_accounts:${gateway}:${code}`;
}

export async function findMerchantAccount(
  reader: Reader,
  box: Pick<SecretBox, 'open'>,
  key: { readonly gateway: string; readonly code: string },
): Promise<KeptMerchantAccount | null> {
  const [row] = await query<{
    agency_id: AgencyId | null;
    merchant_id: string;
    secrets_box: string;
    settings: Record<string, string>;
    fee_bearer: 'platform' | 'agency';
    enabled: boolean;
  }>(
    reader,
    `select agency_id, merchant_id, secrets_box, settings, fee_bearer, enabled
     from merchant_accounts where gateway = :gateway and code = :code`,
    { ...key },
  );
  if (!row) return null;
  const opened: unknown = JSON.parse(
    box.open(row.secrets_box, merchantSecretsContext(key.gateway, key.code)),
  );
  return {
    code: key.code,
    agencyId: row.agency_id,
    merchantId: row.merchant_id,
    secrets: SECRETS.parse(opened),
    settings: row.settings,
    feeBearer: row.fee_bearer,
    enabled: row.enabled,
  };
}

/** Adds an account or replaces its ids, secrets (newest first) and settings. */
export async function saveMerchantAccount(
  reader: Reader,
  box: Pick<SecretBox, 'seal'>,
  account: {
    readonly gateway: string;
    readonly code: string;
    readonly agencyId: AgencyId | null;
    readonly merchantId: string;
    readonly secrets: readonly Readonly<Record<string, string>>[];
    readonly settings: Readonly<Record<string, string>>;
    readonly feeBearer?: 'platform' | 'agency';
  },
): Promise<void> {
  await query(
    reader,
    `insert into merchant_accounts (gateway, code, agency_id, merchant_id, secrets_box, settings, fee_bearer)
     values (:gateway, :code, :agencyId, :merchantId, :secretsBox, :settings::jsonb, :feeBearer)
     on conflict (gateway, code) do update set merchant_id = excluded.merchant_id, secrets_box = excluded.secrets_box,
       settings = excluded.settings`,
    {
      gateway: account.gateway,
      code: account.code,
      agencyId: account.agencyId,
      merchantId: account.merchantId,
      secretsBox: box.seal(
        JSON.stringify(account.secrets),
        merchantSecretsContext(account.gateway, account.code),
      ),
      settings: JSON.stringify(account.settings),
      feeBearer: account.feeBearer ?? 'platform',
    },
  );
}

/** Holds an account's row until the transaction ends, so that two changes do not undo each other. */
export async function lockMerchantAccount(
  tx: Tx,
  key: { readonly gateway: string; readonly code: string },
): Promise<void> {
  await query(
    tx,
    'select 1 as held from merchant_accounts where gateway = :gateway and code = :code for update',
    {
      ...key,
    },
  );
}

/** Writes what people may change of an account. */
export async function changeMerchantAccount(
  tx: Tx,
  box: Pick<SecretBox, 'seal'>,
  key: { readonly gateway: string; readonly code: string },
  { secrets, enabled }: Pick<KeptMerchantAccount, 'secrets' | 'enabled'>,
): Promise<void> {
  await query(
    tx,
    `update merchant_accounts set secrets_box = :secretsBox, enabled = :enabled
     where gateway = :gateway and code = :code`,
    {
      ...key,
      enabled,
      secretsBox: box.seal(JSON.stringify(secrets), merchantSecretsContext(key.gateway, key.code)),
    },
  );
}

/** The code of the account that has a merchant id at a gateway, or null. */
export async function findMerchantAccountByMerchantId(
  reader: Reader,
  gateway: string,
  merchantId: string,
): Promise<string | null> {
  const [row] = await query<{ code: string }>(
    reader,
    'select code from merchant_accounts where gateway = :gateway and merchant_id = :merchantId limit 1',
    { gateway, merchantId },
  );
  return row?.code ?? null;
}

export interface ListedAccount {
  readonly gateway: string;
  readonly code: string;
  readonly agencyCode: string | null;
  readonly merchantId: string;
  readonly feeBearer: 'platform' | 'agency';
  readonly enabled: boolean;
}

/** All accounts without their secrets. */
export async function listMerchantAccounts(reader: Reader): Promise<ListedAccount[]> {
  return await query<ListedAccount>(
    reader,
    `select m.gateway, m.code, a.code as "agencyCode", m.merchant_id as "merchantId", m.fee_bearer as "feeBearer",
       m.enabled
     from merchant_accounts m left join agencies a on a.id = m.agency_id order by m.gateway, m.code limit 10000`,
  );
}

/**
 * The code of an agency's own account at a gateway, or null when it has none; the enabled one where it has several.
 *
 * One that is not enabled is named as well: money meant for it must not go through the platform's account instead.
 */
export async function findOwnAccountCode(
  reader: Reader,
  gateway: string,
  agencyId: AgencyId,
): Promise<string | null> {
  const [row] = await query<{ code: string }>(
    reader,
    `select code from merchant_accounts
     where gateway = :gateway and agency_id = :agencyId order by enabled desc, code limit 1`,
    { gateway, agencyId },
  );
  return row?.code ?? null;
}
