/** ZaloPay made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { originsOf } from '../pay-origins.ts';
import { createZaloPayAdapter } from './adapter.ts';

export const zaloPayGateway: GatewayKind = {
  required: ['ZALOPAY_APP_ID', 'ZALOPAY_API_URL', 'ZALOPAY_KEY1', 'ZALOPAY_KEY2'],
  build(values, deps) {
    const apiUrl = (values['ZALOPAY_API_URL'] ?? '').replace(/\/+$/, '');
    const appId = values['ZALOPAY_APP_ID'] ?? '';
    // ZaloPay writes it as a number in what it sends, and we compare digit by digit.
    if (!/^[1-9]\d{0,9}$/.test(appId)) throw new Error('ZALOPAY_APP_ID must be a number.');
    return {
      adapter: createZaloPayAdapter(deps, { apiUrl, payOrigins: payOriginsOf(values, apiUrl) }),
      platformAccount: {
        code: 'platform',
        merchantId: appId,
        secrets: secretsOf(values, { key1: 'ZALOPAY_KEY1', key2: 'ZALOPAY_KEY2' }),
        settings: {},
      },
    };
  },
};

/** Where `order_url` leads, by the host of the API (docs.zalopay.vn, QR code and gateway, read 2026-11-25). */
const PAY_ORIGINS: Readonly<Record<string, string>> = {
  'https://openapi.zalopay.vn': 'https://gateway.zalopay.vn',
  'https://sb-openapi.zalopay.vn': 'https://qcgateway.zalopay.vn,https://sbgateway.zalopay.vn',
};

function payOriginsOf(values: Readonly<Record<string, string>>, apiUrl: string): readonly string[] {
  return originsOf(
    values['ZALOPAY_PAY_ORIGINS'] ?? PAY_ORIGINS[apiUrl] ?? apiUrl,
    'ZALOPAY_API_URL and ZALOPAY_PAY_ORIGINS must be addresses like https://openapi.zalopay.vn.',
  );
}
