/** VNPAY's other side for trying things out: its pages, its API, its IPNs. Written from VNPAY's documents, version 2.1.0. */
import express from 'express';
import { z } from 'zod';
import type { GatewayStandInMaker } from '../gateway-stand-ins.ts';
import type { PaymentNews, PeerProtocol, Truth } from '../peer/peer-types.ts';
import { createPeer, type AnswerDoor } from '../peer/peer.ts';
import { addMerchantApi } from './vnpay-api.ts';
import { addPayDoor } from './vnpay-page.ts';
import { signQuery } from './vnpay-signatures.ts';
import { DECLINES, HASH_SECRET, newsFields, TMN_CODE, UNFINISHED, UNKNOWN } from './vnpay-words.ts';

const NAME = 'VNPAY';
const FIRST_TRANSACTION = 14_000_000n;
/** It calls ten times at most, five minutes apart. */
const MOST_CALLS = 10;
const PAUSE_SECONDS = 300;
const Acknowledgement = z.object({ RspCode: z.enum(['00', '02']) });

export const createVnpayStandIn: GatewayStandInMaker = (options) => {
  // Merchants name their IPN address once, when they join; this one is the service's that this party lives in.
  const ipnUrl = (): string => new URL('../../gateways/vnpay/callback', `${options.baseUrl()}/`).href;
  return {
    peer: createPeer(options, (answer) => protocolOf(answer, ipnUrl)),
    variables: {
      VNPAY_TMN_CODE: TMN_CODE,
      VNPAY_HASH_SECRET: HASH_SECRET,
      VNPAY_PAY_URL: `${options.baseUrl()}/paymentv2/vpcpay.html`,
      VNPAY_API_URL: `${options.baseUrl()}/merchant_webapi/api/transaction`,
    },
  };
};

function protocolOf(answer: AnswerDoor, ipnUrl: () => string): PeerProtocol {
  return {
    gateway: 'vnpay',
    name: NAME,
    declineCodes: DECLINES,
    unknownCode: UNKNOWN,
    processingCode: UNFINISHED,
    transactionId: (number) => (FIRST_TRANSACTION + number).toString(),
    paymentNotice: (news, truth, now) => ({
      method: 'GET',
      url: `${news.payment.callbackUrl}?${toldQuery(news, truth, now)}`,
      headers: {},
      body: '',
    }),
    wayBack(news, now) {
      const { returnUrl } = news.payment;
      return `${returnUrl}${returnUrl.includes('?') ? '&' : '?'}${toldQuery(news, 'genuine', now)}`;
    },
    isAccepted: ({ status, body }) => status === 200 && isFinalWord(body),
    pauseSeconds: (attempts) => (attempts < MOST_CALLS ? PAUSE_SECONDS : null),
    api(desk) {
      const router = express.Router();
      addPayDoor(router, desk, { name: NAME }, { answer, ipnUrl });
      addMerchantApi(router, desk, answer);
      return router;
    },
  };
}

function toldQuery(news: PaymentNews, truth: Truth, now: Date): string {
  const fields = newsFields(news, now);
  const query = signQuery(fields, truth === 'forged' ? `${HASH_SECRET}x` : HASH_SECRET);
  return truth === 'altered' ? query.replace('vnp_Amount=', 'vnp_Amount=1') : query;
}

/** 00 and 02 end the calls; anything else is called again. */
function isFinalWord(body: string): boolean {
  try {
    return Acknowledgement.safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}
