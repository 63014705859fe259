/** MoMo made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { originsOf } from '../pay-origins.ts';
import { createMomoAdapter } from './adapter.ts';

export const momoGateway: GatewayKind = {
  required: ['MOMO_PARTNER_CODE', 'MOMO_API_URL', 'MOMO_ACCESS_KEY', 'MOMO_SECRET_KEY'],
  build(values, deps) {
    const apiUrl = (values['MOMO_API_URL'] ?? '').replace(/\/+$/, '');
    return {
      adapter: createMomoAdapter(deps, { apiUrl, payOrigins: payOriginsOf(values, apiUrl) }),
      platformAccount: {
        code: 'platform',
        merchantId: values['MOMO_PARTNER_CODE'] ?? '',
        secrets: secretsOf(values, { accessKey: 'MOMO_ACCESS_KEY', secretKey: 'MOMO_SECRET_KEY' }),
        settings: { autoCapture: autoCaptureOf(values) },
      },
    };
  },
};

/** MoMo's pay pages lie where its API is (`payUrl` of its examples), unless it tells a merchant otherwise. */
function payOriginsOf(values: Readonly<Record<string, string>>, apiUrl: string): readonly string[] {
  return originsOf(
    values['MOMO_PAY_ORIGINS'] ?? apiUrl,
    'MOMO_API_URL and MOMO_PAY_ORIGINS must be addresses like https://payment.momo.vn.',
  );
}

function autoCaptureOf(values: Readonly<Record<string, string>>): string {
  const text = values['MOMO_AUTO_CAPTURE'] ?? 'true';
  if (text !== 'true' && text !== 'false') throw new Error('MOMO_AUTO_CAPTURE must be true or false.');
  return text;
}
