/** The variables of each gateway, beside `<CODE>_ENABLED`: what an adapter may be told, and which of it is secret. */

export interface GatewayVariableNames {
  readonly plain: readonly string[];
  /** Never shown; each may have an `X_PREVIOUS` that stays valid while the gateway changes keys. */
  readonly secret: readonly string[];
}

/** One row a gateway. The sandbox is not here: it is configured by itself. */
export const GATEWAY_VARIABLES = {
  keypay: {
    plain: ['KEYPAY_CLIENT_ID', 'KEYPAY_API_URL', 'KEYPAY_DETAIL_URL', 'KEYPAY_PAY_ORIGIN'],
    secret: ['KEYPAY_HASH_KEY_1', 'KEYPAY_HASH_KEY_2'],
  },
  stripe: {
    plain: ['STRIPE_ACCOUNT_ID', 'STRIPE_API_URL', 'STRIPE_PAY_ORIGIN'],
    secret: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  },
} as const satisfies Readonly<Record<string, GatewayVariableNames>>;
