/** A bank account seen as a gateway: a QR code to pay by, and the credits that watchers of the account tell. No call is ever made. */
import { vnd } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter } from '../gateway-adapter.ts';
import * as messages from './messages.ts';
import { buildQrPayload } from './qr-payload.ts';

/** A transfer over NAPAS 247 is of less than 500 million dong (NAPAS, fast transfer by QR; read 2026-11-25). */
const NAPAS_LIMIT = 500_000_000n;

/**
 * The account is in `account`: its number is `merchantId`; `settings` hold `bankBin`, `bankName`, `accountName`;
 * `secrets[]` the watchers' `sepay`, `sepayApiKey`, `casso`, `payos`.
 */
export function createVietqrAdapter(): GatewayAdapter {
  return {
    code: 'vietqr',
    profile: {
      currencies: ['VND'],
      amountMin: vnd(1_000),
      amountMax: vnd(NAPAS_LIMIT - 1n),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [],
      payouts: true,
      merchantReference: messages.merchantReference,
    },

    startPayment({ account, merchantReference, amount, startedAt }) {
      const { bankBin = '', bankName = '', accountName = '' } = account.settings;
      return Promise.resolve({
        kind: 'qr_transfer',
        qrPayload: buildQrPayload({
          bankBin,
          accountNumber: account.merchantId,
          service: 'account',
          amount,
          billNumber: null,
          purpose: merchantReference,
        }),
        transferText: merchantReference,
        beneficiaryName: accountName,
        accountNumber: account.merchantId,
        bankName,
        expiresAt: addMinutes(startedAt, messages.PAYMENT_LIFETIME_MINUTES),
      });
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,
  };
}
