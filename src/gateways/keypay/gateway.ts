/** KeyPay made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createKeyPayAdapter } from './adapter.ts';

export const keyPayGateway: GatewayKind = {
  required: [
    'KEYPAY_CLIENT_ID',
    'KEYPAY_HASH_KEY_1',
    'KEYPAY_HASH_KEY_2',
    'KEYPAY_API_URL',
    'KEYPAY_DETAIL_URL',
    'KEYPAY_PAY_ORIGIN',
  ],
  build: (values, deps) => ({
    adapter: createKeyPayAdapter(deps, {
      createUrl: values['KEYPAY_API_URL'] ?? '',
      detailUrl: values['KEYPAY_DETAIL_URL'] ?? '',
      payOrigin: values['KEYPAY_PAY_ORIGIN'] ?? '',
    }),
    platformAccount: {
      code: 'platform',
      merchantId: values['KEYPAY_CLIENT_ID'] ?? '',
      secrets: secretsOf(values, { hashKey1: 'KEYPAY_HASH_KEY_1', hashKey2: 'KEYPAY_HASH_KEY_2' }),
      settings: {},
    },
  }),
};
