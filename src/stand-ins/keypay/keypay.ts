/** KeyPay, played for trying out: one client, its payment pages, its question about details and its callbacks. */
import { createPeer, type PeerOptions } from '../peer/peer.ts';
import type { MerchantAnswer, OutgoingMessage, PaymentNews, Truth } from '../peer/peer-types.ts';
import type { GatewayStandIn } from '../gateway-stand-ins.ts';
import { createKeyPayApi } from './keypay-api.ts';
import { PAID, STAND_IN_CLIENT, sum, WAITING } from './keypay-client.ts';

/** More words of ours. */
const PROCESSING = '2';
const NOT_PAID = '3';
const UNKNOWN = '77';
const MAX_ATTEMPTS = 10;

export function createKeyPayStandIn(options: PeerOptions): GatewayStandIn {
  /** KeyPay calls the address that was agreed with the client, not one of the request. */
  const callbackUrl = (): string => new URL('/gateways/keypay/callback', options.baseUrl()).href;
  const peer = createPeer(options, (answer) => ({
    gateway: 'keypay',
    name: 'KeyPay',
    declineCodes: [{ code: NOT_PAID, meaning: 'not paid; no document says what this status means' }],
    unknownCode: UNKNOWN,
    processingCode: PROCESSING,
    transactionId: (number) => `KP${number.toString().padStart(10, '0')}`,
    paymentNotice: callback,
    wayBack: ({ payment }) => payment.returnUrl,
    isAccepted,
    pauseSeconds: (attempts) => (attempts >= MAX_ATTEMPTS ? null : 60 * attempts),
    api: (desk) => createKeyPayApi({ desk, answer, callbackUrl, processing: PROCESSING }),
  }));
  return {
    peer,
    variables: {
      KEYPAY_CLIENT_ID: STAND_IN_CLIENT.clientId,
      KEYPAY_HASH_KEY_1: STAND_IN_CLIENT.hashKey1,
      KEYPAY_HASH_KEY_2: STAND_IN_CLIENT.hashKey2,
      KEYPAY_API_URL: `${options.baseUrl()}/create`,
      KEYPAY_DETAIL_URL: `${options.baseUrl()}/detail`,
      KEYPAY_PAY_ORIGIN: new URL(options.baseUrl()).origin,
    },
  };
}

/** The members of a creation come back with KeyPay's number and the status; the check sum covers neither. */
function callback({ payment, charge, code }: PaymentNews, truth: Truth): OutgoingMessage {
  const amount = (charge?.amount ?? payment.amount).toString();
  const key = truth === 'forged' ? 'a-key-of-somebody-else' : STAND_IN_CLIENT.hashKey2;
  const signed = ['0', payment.merchantId, 'PAY', amount, payment.reference, '3.0'];
  const told = {
    client_id: payment.merchantId,
    transaction_id: payment.reference,
    transaction_code: charge?.transactionId ?? '',
    trans_amount: truth === 'altered' ? '1000' : amount,
    payment_fee: '0',
    command: 'PAY',
    addition_fee: '0',
    version: '3.0',
    description: payment.description,
    locale: 'vn',
    country_code: 'vi',
    currency_code: 'VND',
    environment: '1',
    status: Number(charge ? PAID : (code ?? WAITING)),
    check_sum: sum(signed, key),
  };
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', url: payment.callbackUrl, headers, body: JSON.stringify(told) };
}

function isAccepted({ status, body }: MerchantAnswer): boolean {
  return status === 200 && /"return_code"\s*:\s*"?0"?\s*[,}]/.test(body);
}
