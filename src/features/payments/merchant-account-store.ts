/** SQL of merchant accounts: who we are at each gateway, secrets opened only on the way to an adapter. */
import { z } from 'zod';
import type { AgencyId } from '../../domain/kernel/ids.ts';
import type { MerchantAccount } from '../../gateways/gateway-adapter.ts';
import { query, type Reader } from '../../platform/database.ts';
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
