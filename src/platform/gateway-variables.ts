/** The variables of each gateway, beside `<CODE>_ENABLED`: what an adapter may be told, and which of it is secret. */

export interface GatewayVariableNames {
  readonly plain: readonly string[];
  /** Never shown; each may have an `X_PREVIOUS` that stays valid while the gateway changes keys. */
  readonly secret: readonly string[];
}

/** One row a gateway. The sandbox is not here: it is configured by itself. */
export const GATEWAY_VARIABLES = {
  vietqr: {
    plain: ['VIETQR_BANK_BIN', 'VIETQR_BANK_NAME', 'VIETQR_ACCOUNT_NUMBER', 'VIETQR_ACCOUNT_NAME'],
    secret: [
      'VIETQR_SEPAY_SECRET',
      'VIETQR_SEPAY_API_KEY',
      'VIETQR_CASSO_SECRET',
      'VIETQR_PAYOS_CHECKSUM_KEY',
    ],
  },
  vnpay: { plain: ['VNPAY_TMN_CODE', 'VNPAY_PAY_URL', 'VNPAY_API_URL'], secret: ['VNPAY_HASH_SECRET'] },
  momo: {
    plain: ['MOMO_PARTNER_CODE', 'MOMO_API_URL', 'MOMO_PAY_ORIGINS', 'MOMO_AUTO_CAPTURE'],
    secret: ['MOMO_ACCESS_KEY', 'MOMO_SECRET_KEY'],
  },
  keypay: {
    plain: ['KEYPAY_CLIENT_ID', 'KEYPAY_API_URL', 'KEYPAY_DETAIL_URL', 'KEYPAY_PAY_ORIGIN'],
    secret: ['KEYPAY_HASH_KEY_1', 'KEYPAY_HASH_KEY_2'],
  },
  stripe: {
    plain: ['STRIPE_ACCOUNT_ID', 'STRIPE_API_URL', 'STRIPE_PAY_ORIGIN'],
    secret: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  },
  zalopay: {
    plain: ['ZALOPAY_APP_ID', 'ZALOPAY_API_URL', 'ZALOPAY_PAY_ORIGINS'],
    secret: ['ZALOPAY_KEY1', 'ZALOPAY_KEY2'],
  },
  onepay: {
    plain: [
      'ONEPAY_KIND',
      'ONEPAY_MERCHANT_ID',
      'ONEPAY_ACCESS_CODE',
      'ONEPAY_PAY_URL',
      'ONEPAY_QUERY_URL',
      'ONEPAY_QUERY_USER',
    ],
    secret: ['ONEPAY_HASH_KEY', 'ONEPAY_QUERY_PASSWORD'],
  },
} as const satisfies Readonly<Record<string, GatewayVariableNames>>;
