/** ZaloPay's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import { createZaloPayAdapter } from '../../../src/gateways/zalopay/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const KEY1 = 'PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL';
export const KEY2 = 'kLtgPl8HHhfvMuDHPwKfgfsY4Ydm9eIz';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: '2553',
  secrets: [{ key1: KEY1, key2: KEY2 }],
  settings: {},
};

export type Members = Readonly<Record<string, unknown>>;

export function zaloPayMac(key: string, ...values: readonly string[]): string {
  return createHmac('sha256', key).update(values.join('|')).digest('hex');
}

/** The members of a callback's `data`. */
export function orderMembers(payment: ToldPayment): Members {
  return {
    app_id: 2553,
    app_trans_id: payment.merchantReference,
    app_time: payment.paidAt.getTime() - 30_000,
    app_user: 'dichvucong',
    amount: Number(payment.amount.amountMinor),
    embed_data: '{"redirecturl":"https://pay.test/return?x=\\"1\\""}',
    item: '[]',
    zp_trans_id: Number(payment.gatewayTransactionId),
    server_time: payment.paidAt.getTime(),
    channel: 38,
    merchant_user_id: '7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc',
    user_fee_amount: 0,
    discount_amount: 0,
  };
}

/** A callback with this `data`, as text: what is signed is the text. */
export function callbackOf(data: string, changes: Members = {}, key2 = KEY2): RawMessage {
  return posted(JSON.stringify({ data, mac: zaloPayMac(key2, data), type: 1, ...changes }));
}

export function posted(text: string | Uint8Array): RawMessage {
  return {
    method: 'POST',
    query: '',
    headers: new Map([['content-type', ['application/json']]]),
    body: Buffer.from(text),
  };
}

export function sentForm({ body }: GatewayHttpRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(String(body)));
}

/** Answers every request with these members under the two words of success, unless they say otherwise. */
export function answering(members: Members, status = 200): GatewayHttp {
  const words = { return_code: 1, return_message: '', sub_return_code: 1, sub_return_message: '' };
  const body = Buffer.from(JSON.stringify({ ...words, ...members }));
  return () => Promise.resolve({ status, headers: new Map(), body });
}

/** A refusal: 2, and why. */
export const refusing = (code: number): GatewayHttp => answering({ return_code: 2, sub_return_code: code });

export function createAdapter(fetch: GatewayHttp, now: Date) {
  return createZaloPayAdapter(
    { fetch, clock: { now: () => now } },
    { apiUrl: 'https://zalopay.test', payOrigins: ['https://pay.zalopay.test'] },
  );
}

export const zaloPaySubject: ContractSubject = {
  name: 'zalopay',
  create: createAdapter,
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: '2554' },
  gatewayTransactionId: '261122000000389',
  tellsFailures: false,
  bindsAnswers: false,
  callback: (payment) => callbackOf(JSON.stringify(orderMembers(payment))),
  unknownCode: '-777',
  declinedCode: '-1330',
  startAnswer: () => answering({ order_url: 'https://pay.zalopay.test/openinapp?order=abc' }),
  queryAnswer(payment) {
    if (payment === 'not_known') return refusing(-101);
    if (payment === 'forged') throw new Error('ZaloPay signs no answer, so none can be forged');
    if (payment.code !== undefined) return refusing(Number(payment.code));
    return answering({
      is_processing: false,
      amount: Number(payment.amount.amountMinor),
      zp_trans_id: Number(payment.gatewayTransactionId),
      server_time: payment.paidAt.getTime(),
      discount_amount: 0,
    });
  },
  refundAnswer: () => answering({ refund_id: 261_122_000_000_400 }),
};
