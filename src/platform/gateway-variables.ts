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
} as const satisfies Readonly<Record<string, GatewayVariableNames>>;
