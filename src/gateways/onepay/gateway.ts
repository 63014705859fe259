/** OnePay made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createOnepayAdapter } from './adapter.ts';
import { KINDS } from './codes.ts';

export const onepayGateway: GatewayKind = {
  required: [
    'ONEPAY_KIND',
    'ONEPAY_MERCHANT_ID',
    'ONEPAY_ACCESS_CODE',
    'ONEPAY_HASH_KEY',
    'ONEPAY_PAY_URL',
    'ONEPAY_QUERY_URL',
    'ONEPAY_QUERY_USER',
    'ONEPAY_QUERY_PASSWORD',
  ],
  build(values, deps) {
    const kind = KINDS.find((known) => known === values['ONEPAY_KIND']);
    if (!kind) throw new Error(`ONEPAY_KIND must be one of ${KINDS.join(', ')}.`);
    return {
      adapter: createOnepayAdapter(deps, {
        kind,
        payUrl: values['ONEPAY_PAY_URL'] ?? '',
        queryUrl: values['ONEPAY_QUERY_URL'] ?? '',
      }),
      platformAccount: {
        code: 'platform',
        merchantId: values['ONEPAY_MERCHANT_ID'] ?? '',
        secrets: secretsOf(values, { hash: 'ONEPAY_HASH_KEY', queryPassword: 'ONEPAY_QUERY_PASSWORD' }),
        settings: {
          accessCode: values['ONEPAY_ACCESS_CODE'] ?? '',
          queryUser: values['ONEPAY_QUERY_USER'] ?? '',
        },
      },
    };
  },
};
