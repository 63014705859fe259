/** The collecting bank account made of its variables. */
import { secretsOf } from '../account-secrets.ts';
import type { GatewayKind } from '../gateway-adapter.ts';
import { createVietqrAdapter } from './adapter.ts';

const WATCHER_SECRETS = {
  sepay: 'VIETQR_SEPAY_SECRET',
  sepayApiKey: 'VIETQR_SEPAY_API_KEY',
  casso: 'VIETQR_CASSO_SECRET',
  payos: 'VIETQR_PAYOS_CHECKSUM_KEY',
} as const;

/** What a QR code can carry. */
const GRAMMAR: Readonly<Record<string, RegExp>> = {
  VIETQR_BANK_BIN: /^\d{6}$/,
  VIETQR_ACCOUNT_NUMBER: /^[A-Za-z0-9]{1,19}$/,
};

export const vietqrGateway: GatewayKind = {
  required: ['VIETQR_BANK_BIN', 'VIETQR_BANK_NAME', 'VIETQR_ACCOUNT_NUMBER', 'VIETQR_ACCOUNT_NAME'],
  // Without a watcher nobody ever tells of a credit.
  requiredOneOf: Object.values(WATCHER_SECRETS),
  build(values) {
    const faults = Object.entries(GRAMMAR).filter(([name, grammar]) => !grammar.test(values[name] ?? ''));
    if (faults.length > 0) {
      throw new Error(`${faults.map(([name]) => name).join(' and ')} cannot stand in a VietQR code.`);
    }
    return {
      adapter: createVietqrAdapter(),
      platformAccount: {
        code: 'platform',
        merchantId: values['VIETQR_ACCOUNT_NUMBER'] ?? '',
        secrets: secretsOf(values, ofWatchersThatTell(values)),
        settings: {
          bankBin: values['VIETQR_BANK_BIN'] ?? '',
          bankName: values['VIETQR_BANK_NAME'] ?? '',
          accountName: values['VIETQR_ACCOUNT_NAME'] ?? '',
        },
      },
    };
  },
};

/** The secrets that are set: an account of an agency's own needs those of the same watchers. */
function ofWatchersThatTell(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(WATCHER_SECRETS).filter(([, variable]) => (values[variable] ?? '').trim() !== ''),
  );
}
