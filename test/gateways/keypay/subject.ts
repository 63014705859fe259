/** KeyPay's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import { createKeyPayAdapter } from '../../../src/gateways/keypay/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const KEY_1 = 'hash-key-1-demo';
export const KEY_2 = 'hash-key-2-demo';
export const CLIENT = 'dvcqg-demo';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: CLIENT,
  secrets: [{ hashKey1: KEY_1, hashKey2: KEY_2 }],
  settings: {},
};

export type Members = Readonly<Record<string, unknown>>;

export function sum(values: readonly string[], key: string): string {
  return createHmac('sha256', key).update(values.join('|')).digest('hex');
}

type Told = Pick<ToldPayment, 'merchantReference' | 'amount' | 'code'>;

/** The members of a callback, signed after the changes unless they bring a check sum of their own. */
export function notice(payment: Told, changes: Members = {}, key = KEY_2): Members {
  const told = {
    client_id: CLIENT,
    transaction_id: payment.merchantReference,
    transaction_code: 'KP20261122000001',
    trans_amount: payment.amount.amountMinor.toString(),
    payment_fee: '0',
    command: 'PAY',
    addition_fee: '0',
    version: '3.0',
    description: 'DVC 4711',
    locale: 'vn',
    country_code: 'vi',
    currency_code: 'VND',
    environment: '1',
    status: Number(payment.code ?? 0),
    ...changes,
  };
  const signed = [told.addition_fee, told.client_id, told.command, told.trans_amount, told.transaction_id];
  return { ...told, check_sum: sum([...signed, told.version].map(String), key), ...changes };
}

export function message(body: string | Uint8Array): RawMessage {
  return {
    method: 'POST',
    query: '',
    headers: new Map([['content-type', ['application/json']]]),
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

/** A detail answer, signed for `reference`. */
export function detail(payment: Told, changes: Members = {}, key = KEY_2): Members {
  const { merchantReference } = payment;
  return {
    error: '0',
    msg: 'success',
    data: {
      transaction_id: merchantReference,
      transaction_code: 'KP20261122000001',
      trans_amount: payment.amount.amountMinor.toString(),
      status: Number(payment.code ?? 0),
    },
    check_sum: sum([CLIENT, 'PAY', merchantReference], key),
    ...changes,
  };
}

/** HTTP that answers every call alike; the calls made are in `asked`. */
export function answering(
  told: Members,
  status = 200,
): GatewayHttp & { readonly asked: GatewayHttpRequest[] } {
  const asked: GatewayHttpRequest[] = [];
  const fetch: GatewayHttp = (request) => {
    asked.push(request);
    return Promise.resolve({ status, headers: new Map(), body: Buffer.from(JSON.stringify(told)) });
  };
  return Object.assign(fetch, { asked });
}

export const create = (fetch: GatewayHttp, now: Date) =>
  createKeyPayAdapter(
    { fetch, clock: { now: () => now } },
    {
      createUrl: 'https://keypay.test/api/create',
      detailUrl: 'https://keypay.test/api/detail',
      payOrigin: 'https://pay.keypay.test',
    },
  );

export const keyPaySubject: ContractSubject = {
  name: 'keypay',
  create,
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: 'dvcqg-other' },
  // Known by our own number alone: the one that the suite gives its payments.
  gatewayTransactionId: '3mv_456789abcdef',
  callback: (payment) => message(JSON.stringify(notice(payment))),
  // Its check sum does not cover the status, so all it may do is have us ask.
  expectedItems: ({ merchantReference }) => [{ kind: 'ask', merchantReference }],
  callbackAsks: true,
  unknownCode: '77',
  declinedCode: null,
  startAnswer: () => answering({ error: '0', msg: 'success', payment_url: 'https://pay.keypay.test/p/1' }),
  queryAnswer(payment, merchantReference) {
    if (payment === 'not_known') return null;
    const amount = { amountMinor: 503_000n, currency: 'VND' } as const;
    return answering(payment === 'forged' ? detail({ merchantReference, amount }, {}, 'x') : detail(payment));
  },
};
