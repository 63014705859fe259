/** MoMo's side played: wallet payments of version 2 on the kit for other parties. */
import { createPeer } from '../peer/peer.ts';
import type { GatewayStandInMaker } from '../gateway-stand-ins.ts';
import { momoApi } from './momo-api.ts';
import { DECLINES, momoIpn, momoWayBack } from './momo-notice.ts';
import { PARTNER } from './momo-signature.ts';

/** MoMo does not say how often it repeats an IPN; these are enough to see that a repeat is harmless. */
const PAUSES_SECONDS = [15, 60, 300, 900];

export const momoStandIn: GatewayStandInMaker = (options) => ({
  peer: createPeer(options, (answerDoor) => ({
    gateway: 'momo',
    name: 'MoMo',
    declineCodes: DECLINES,
    unknownCode: '1999',
    processingCode: '7002',
    transactionId: (number) => (4_000_000_000n + number).toString(),
    paymentNotice: momoIpn,
    wayBack: momoWayBack,
    isAccepted: ({ status }) => status === 204,
    pauseSeconds: (attempts) => PAUSES_SECONDS[attempts - 1] ?? null,
    api: (desk) => momoApi(desk, answerDoor),
  })),
  variables: {
    MOMO_PARTNER_CODE: PARTNER.code,
    MOMO_ACCESS_KEY: PARTNER.accessKey,
    MOMO_SECRET_KEY: PARTNER.secretKey,
    MOMO_API_URL: options.baseUrl(),
  },
});
