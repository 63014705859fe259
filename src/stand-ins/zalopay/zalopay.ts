/** ZaloPay's side played: orders of version 2 on the kit for other parties. */
import { createPeer } from '../peer/peer.ts';
import type { GatewayStandInMaker } from '../gateway-stand-ins.ts';
import { zaloPayApi } from './zalopay-api.ts';
import { APP, vietnamDay } from './zalopay-mac.ts';
import { zaloPayCallback, zaloPayWayBack } from './zalopay-notice.ts';

/** It calls three times more at most; how far apart it does not say. */
const PAUSES_SECONDS = [30, 120, 600];

export const zaloPayStandIn: GatewayStandInMaker = (options) => ({
  peer: createPeer(options, (answerDoor) => ({
    gateway: 'zalopay',
    name: 'ZaloPay',
    declineCodes: [
      { code: '-1330', meaning: 'over the limit of a day' },
      { code: '-63', meaning: 'balance too low' },
      { code: '-332', meaning: 'refused by a promotion' },
      { code: '-54', meaning: 'expired' },
      { code: '-217', meaning: 'error at the bank' },
    ],
    unknownCode: '-777',
    processingCode: '3',
    transactionId: (number) => vietnamDay(options.clock.now()) + number.toString().padStart(9, '0'),
    paymentNotice: zaloPayCallback,
    wayBack: zaloPayWayBack,
    isAccepted: ({ status, body }) => status === 200 && isOver(body),
    pauseSeconds: (attempts) => PAUSES_SECONDS[attempts - 1] ?? null,
    api: (desk) => zaloPayApi(desk, answerDoor),
  })),
  variables: {
    ZALOPAY_APP_ID: APP.id,
    ZALOPAY_KEY1: APP.key1,
    ZALOPAY_KEY2: APP.key2,
    ZALOPAY_API_URL: options.baseUrl(),
  },
});

/** 0 asks for another call; any other code, taken or refused, ends them. */
function isOver(body: string): boolean {
  try {
    const answer: unknown = JSON.parse(body);
    return (
      typeof answer === 'object' &&
      answer !== null &&
      'return_code' in answer &&
      typeof answer.return_code === 'number' &&
      answer.return_code !== 0
    );
  } catch {
    return false;
  }
}
