/** MoMo's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import { createMomoAdapter } from '../../../src/gateways/momo/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const ACCESS_KEY = 'F8BBA842ECF85';
export const SECRET_KEY = 'K951B6PE1waDMi640xX08PD3vg6EkVlz';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: 'MOMO',
  secrets: [{ accessKey: ACCESS_KEY, secretKey: SECRET_KEY }],
  settings: { autoCapture: 'true' },
};
export const TWO_STEPS: MerchantAccount = { ...ACCOUNT, settings: { autoCapture: 'false' } };

/** The names of an IPN but `accessKey`, as the document lists them; sorted they are the order signed. */
const IPN = [
  'partnerCode',
  'orderId',
  'requestId',
  'amount',
  'orderInfo',
  'orderType',
  'transId',
  'resultCode',
  'message',
  'payType',
  'responseTime',
  'extraData',
];

export type Members = Readonly<Record<string, unknown>>;

/** HMAC-SHA256 over the sorted `name=value` of these names and the access key. */
export function momoSign(names: readonly string[], members: Members, secretKey = SECRET_KEY): string {
  const values: Members = { ...members, accessKey: ACCESS_KEY };
  const text = [...names, 'accessKey']
    .sort()
    .map((name) => `${name}=${String(values[name])}`)
    .join('&');
  return createHmac('sha256', secretKey).update(text).digest('hex');
}

export function ipnMembers(payment: ToldPayment): Members {
  return {
    partnerCode: 'MOMO',
    orderId: payment.merchantReference,
    requestId: payment.merchantReference,
    amount: Number(payment.amount.amountMinor),
    orderInfo: 'DVC 4711',
    orderType: 'momo_wallet',
    transId: Number(payment.gatewayTransactionId),
    resultCode: Number(payment.code ?? '0'),
    message: 'Thành công.',
    payType: 'qr',
    responseTime: payment.paidAt.getTime(),
    extraData: '',
  };
}

/** A POST of these members, signed as they stand; `text` may spell the JSON otherwise. */
export function ipn(members: Members, secretKey = SECRET_KEY): RawMessage {
  return posted(JSON.stringify({ ...members, signature: momoSign(IPN, members, secretKey) }));
}

/** A POST whose signature covers `signed` while `text` is what is sent. */
export function ipnSpelled(signed: Members, spell: (text: string) => string): RawMessage {
  return posted(spell(JSON.stringify({ ...signed, signature: momoSign(IPN, signed) })));
}

export function posted(text: string | Uint8Array): RawMessage {
  return {
    method: 'POST',
    query: '',
    headers: new Map([['content-type', ['application/json; charset=UTF-8']]]),
    body: Buffer.from(text),
  };
}

export function sentBody({ body }: GatewayHttpRequest): Readonly<Record<string, any>> {
  return JSON.parse(String(body)) as Record<string, any>;
}

/** Answers each request with these members, its own partner, order and request beside them. */
export function answering(
  members: Members | ((sent: Members, path: string) => Members),
  status = 200,
): GatewayHttp {
  return (request) => {
    const { partnerCode, orderId, requestId } = sentBody(request);
    const told =
      typeof members === 'function' ? members(sentBody(request), new URL(request.url).pathname) : members;
    const answer = { partnerCode, orderId, requestId, message: 'Thành công.', ...told };
    return Promise.resolve({ status, headers: new Map(), body: Buffer.from(JSON.stringify(answer)) });
  };
}

export function createAdapter(fetch: GatewayHttp, now: Date) {
  return createMomoAdapter(
    { fetch, clock: { now: () => now } },
    { apiUrl: 'https://momo.test', payOrigins: ['https://momo.test'] },
  );
}

export const momoSubject: ContractSubject = {
  name: 'momo',
  create: createAdapter,
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: 'MOMO2' },
  gatewayTransactionId: '4043210987',
  callback: (payment) => ipn(ipnMembers(payment)),
  unknownCode: '1234',
  declinedCode: '1006',
  startAnswer: ({ amount }, now) =>
    answering({
      resultCode: 0,
      amount: Number(amount.amountMinor),
      responseTime: now.getTime(),
      payUrl: 'https://momo.test/v2/gateway/pay?t=abc&s=def',
    }),
  queryAnswer(payment, _merchantReference, now) {
    const common = { extraData: '', payType: '', refundTrans: [], responseTime: now.getTime() };
    if (payment === 'not_known') {
      return answering({ ...common, amount: 0, transId: 0, resultCode: 42 }, 400);
    }
    // Answers are not signed: what gives a false one away is that it answers another request.
    if (payment === 'forged') {
      const forged = { requestId: 'another-request', amount: 503_000, transId: 1, resultCode: 0 };
      return answering({ ...common, ...forged });
    }
    return answering({
      ...common,
      orderId: payment.merchantReference,
      amount: Number(payment.amount.amountMinor),
      transId: Number(payment.gatewayTransactionId),
      resultCode: Number(payment.code ?? '0'),
    });
  },
  refundAnswer(answer, request, now) {
    const row = {
      orderId: request.refundReference,
      amount: Number(request.amount.amountMinor),
      resultCode: 0,
      transId: 4_043_299_999,
      createdTime: now.getTime().toString(),
    };
    return answering((_sent, path) => ({
      ...(answer === 'forged' ? { partnerCode: 'SOMEBODY' } : {}),
      ...(path.endsWith('/query') ? { refundTrans: [row] } : row),
      resultCode: 0,
      responseTime: now.getTime(),
    }));
  },
};
