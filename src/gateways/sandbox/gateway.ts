/** The sandbox bank made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createSandboxAdapter } from './adapter.ts';

export const sandboxGateway: GatewayKind = {
  required: ['SANDBOX_MERCHANT_ID', 'SANDBOX_SECRET', 'SANDBOX_BANK_URL'],
  build: (values, deps) => ({
    adapter: createSandboxAdapter(deps, { bankUrl: values['SANDBOX_BANK_URL'] ?? '' }),
    platformAccount: {
      code: 'platform',
      merchantId: values['SANDBOX_MERCHANT_ID'] ?? '',
      secrets: secretsOf(values, { signing: 'SANDBOX_SECRET' }),
      settings: {},
    },
  }),
};
