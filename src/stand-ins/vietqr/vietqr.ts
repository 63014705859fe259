/** Payers with a bank app, their bank, and the watchers of the collecting account: what a bank transfer meets outside. */
import express from 'express';
import { z } from 'zod';
import type { GatewayStandInMaker } from '../gateway-stand-ins.ts';
import type { PeerProtocol } from '../peer/peer-types.ts';
import { createPeer } from '../peer/peer.ts';
import { addBankApp } from './vietqr-app.tsx';
import { creditNotice, WATCHER_SECRETS } from './vietqr-notices.ts';
import { seeTransfer } from './vietqr-qr.ts';

const ACCOUNT = '112233445566';
/** SePay tries eight times, waiting 1, 1, 2, 3, 5, 8, 13 minutes (SePay, "Tích hợp webhooks"). */
const PAUSES_MINUTES = [1, 1, 2, 3, 5, 8, 13];
const PAYMENT_LIFE_MS = 365 * 86_400_000;
const Acknowledgement = z.object({ success: z.literal(true) });

export const createVietqrStandIn: GatewayStandInMaker = (options) => {
  const callbackUrl = (): string => new URL('../../gateways/vietqr/callback', `${options.baseUrl()}/`).href;
  const lookAt = options.lookAt ?? (() => Promise.resolve(null));
  const protocol: PeerProtocol = {
    gateway: 'vietqr',
    name: 'Ngân hàng',
    declineCodes: [],
    unknownCode: 'UNKNOWN',
    processingCode: 'PROCESSING',
    transactionId: (number) => `FT${number.toString().padStart(12, '0')}`,
    paymentNotice: ({ payment, charge }, truth, now) =>
      // A bank tells what came. What did not come, nobody tells.
      charge === null ? null : creditNotice(payment.callbackUrl, { payment, charge }, truth, now),
    wayBack: ({ payment }) => payment.returnUrl,
    isAccepted: ({ status, body }) => status >= 200 && status < 300 && saysSuccess(body),
    pauseSeconds: (attempts) => {
      const minutes = PAUSES_MINUTES[attempts - 1];
      return minutes === undefined ? null : minutes * 60;
    },
    async comeAcross(reference) {
      const seen = seeTransfer((await lookAt(reference)) ?? '');
      if (!seen?.amount) return null;
      return {
        merchantId: seen.account,
        reference,
        amount: seen.amount,
        description: seen.content,
        locale: 'vi',
        returnUrl: new URL('../../pay', `${options.baseUrl()}/`).href,
        callbackUrl: callbackUrl(),
        expiresAt: new Date(options.clock.now().getTime() + PAYMENT_LIFE_MS),
        details: {},
      };
    },
    api(desk) {
      const router = express.Router();
      addBankApp(router, { desk, lookAt, account: ACCOUNT, callbackUrl });
      return router;
    },
  };
  return {
    peer: createPeer(options, () => protocol),
    variables: {
      VIETQR_BANK_BIN: '970415',
      VIETQR_BANK_NAME: 'VietinBank',
      VIETQR_ACCOUNT_NUMBER: ACCOUNT,
      VIETQR_ACCOUNT_NAME: 'CONG DICH VU CONG THU NGHIEM',
      VIETQR_SEPAY_SECRET: WATCHER_SECRETS.sepay,
      VIETQR_CASSO_SECRET: WATCHER_SECRETS.casso,
      VIETQR_PAYOS_CHECKSUM_KEY: WATCHER_SECRETS.payos,
    },
  };
};

function saysSuccess(body: string): boolean {
  try {
    return Acknowledgement.safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}
