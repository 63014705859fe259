/** Every column that SECRETS_KEY seals, and what each value in it is bound to. */
import { keptAnswerContext } from '../api/idempotency-key.ts';
import { signingKeyContext } from '../features/agencies/rotate-signing-key.ts';
import { webhookSecretsContext } from '../features/agencies/sign-webhook.ts';
import { merchantSecretsContext } from '../features/payments/merchant-account-store.ts';
import { payoutAccountContext } from '../features/refunds/payouts.ts';

export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** The context of a row's value, from its key. */
  readonly contextOf: (key: Readonly<Record<string, string>>) => string;
}

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'signing_keys',
    column: 'private_key_box',
    key: ['kid'],
    contextOf: ({ kid = '' }) => signingKeyContext(kid),
  },
  {
    table: 'merchant_accounts',
    column: 'secrets_box',
    key: ['gateway', 'code'],
    contextOf: ({ gateway = '', code = '' }) => merchantSecretsContext(gateway, code),
  },
  {
    table: 'webhook_endpoints',
    column: 'secrets_box',
    key: ['agency_id', 'id'],
    contextOf: ({ id = '' }) => webhookSecretsContext(id),
  },
  {
    table: 'payouts',
    column: 'account_box',
    key: ['agency_id', 'refund_id'],
    contextOf: ({ agency_id: agencyId = '', refund_id: refundId = '' }) =>
      payoutAccountContext({ agencyId, refundId }),
  },
  {
    table: 'idempotency_keys',
    column: 'answer_box',
    key: ['agency_id', 'client_id', 'key'],
    contextOf: ({ agency_id: agencyId = '', client_id: clientId = '', key = '' }) =>
      keptAnswerContext({ agencyId, clientId, key }),
  },
];
