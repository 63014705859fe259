/** Stripe made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createStripeAdapter } from './adapter.ts';

export const stripeGateway: GatewayKind = {
  required: ['STRIPE_ACCOUNT_ID', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  build: (values, deps) => ({
    adapter: createStripeAdapter(deps, {
      apiUrl: values['STRIPE_API_URL'] ?? 'https://api.stripe.com',
      payOrigin: values['STRIPE_PAY_ORIGIN'] ?? 'https://checkout.stripe.com',
    }),
    platformAccount: {
      code: 'platform',
      merchantId: values['STRIPE_ACCOUNT_ID'] ?? '',
      secrets: secretsOf(values, { apiKey: 'STRIPE_SECRET_KEY', webhook: 'STRIPE_WEBHOOK_SECRET' }),
      settings: {},
    },
  }),
};
