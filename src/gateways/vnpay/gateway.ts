/** VNPAY made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createVnpayAdapter } from './adapter.ts';

export const vnpayGateway: GatewayKind = {
  required: ['VNPAY_TMN_CODE', 'VNPAY_HASH_SECRET', 'VNPAY_PAY_URL', 'VNPAY_API_URL'],
  build: (values, deps) => ({
    adapter: createVnpayAdapter(deps, {
      payUrl: values['VNPAY_PAY_URL'] ?? '',
      apiUrl: values['VNPAY_API_URL'] ?? '',
    }),
    platformAccount: {
      code: 'platform',
      merchantId: values['VNPAY_TMN_CODE'] ?? '',
      secrets: secretsOf(values, { hash: 'VNPAY_HASH_SECRET' }),
      settings: {},
    },
  }),
};
