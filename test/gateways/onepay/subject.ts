/** OnePay's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import { createOnepayAdapter } from '../../../src/gateways/onepay/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp } from '../../../src/platform/gateway-http.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

/** OnePay's public test keys of domestic and of international cards. */
export const KEYS = {
  domestic: 'A3EFDFABA8653DF2342E8DAC29B51AF0',
  international: '6D0870CDE5F24F34F3915FB0045120DB',
} as const;
export const PAGES = {
  domestic: 'https://mtf.onepay.vn/onecomm-pay/vpc.op',
  international: 'https://mtf.onepay.vn/vpcpay/vpcpay.op',
} as const;
export const QUERY_URL = 'https://mtf.onepay.vn/msp/api/v1/vpc/invoices/queries';
export type Kind = keyof typeof KEYS;
export type Fields = Readonly<Record<string, string>>;

export const accountOf = (kind: Kind): MerchantAccount => ({
  code: 'platform',
  merchantId: kind === 'domestic' ? 'ONEPAY' : 'TESTONEPAY',
  secrets: [{ hash: KEYS[kind], queryPassword: 'op123456' }],
  settings: { accessCode: kind === 'domestic' ? 'D67342C2' : '6BEB2546', queryUser: 'op01' },
});

export function hash(text: string, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex').toUpperCase();
}

/** The text that OnePay signs: sorted names, values as they are. */
export function canonical(fields: Fields): string {
  return Object.keys(fields)
    .filter((name) => /^(vpc_|user_)/.test(name) && fields[name] !== '')
    .sort()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');
}

export function signedForm(fields: Fields, key: string): string {
  const encoded = Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return [...encoded, `vpc_SecureHash=${hash(canonical(fields), key)}`].join('&');
}

/** A GET of exactly this query. */
export function get(query: string): RawMessage {
  return { method: 'GET', query, headers: new Map(), body: new Uint8Array() };
}

export function ipnFields(kind: Kind, payment: ToldPayment): Fields {
  return {
    vpc_Command: 'pay',
    vpc_Locale: 'vn',
    vpc_MerchTxnRef: payment.merchantReference,
    vpc_Merchant: accountOf(kind).merchantId,
    vpc_OrderInfo: 'DVC 4711',
    vpc_Amount: `${payment.amount.amountMinor}00`,
    vpc_TxnResponseCode: payment.code ?? '0',
    vpc_TransactionNo: payment.gatewayTransactionId,
    vpc_Version: '2',
    ...(kind === 'domestic'
      ? { vpc_AdditionData: '970436', vpc_CurrencyCode: 'VND' }
      : { vpc_Card: 'VC', vpc_AcqResponseCode: '00', Title: 'VPC 3-Party' }),
  };
}

export function answering(body: string, status = 200): GatewayHttp {
  return () => Promise.resolve({ status, headers: new Map(), body: Buffer.from(body) });
}

export const subjectOf = (kind: Kind): ContractSubject => ({
  name: kind === 'domestic' ? 'onepay' : 'onepay, international',
  create: (fetch, now) =>
    createOnepayAdapter(
      { fetch, clock: { now: () => now } },
      { kind, payUrl: PAGES[kind], queryUrl: QUERY_URL },
    ),
  account: accountOf(kind),
  otherMerchant: { ...accountOf(kind), merchantId: 'ANOTHER' },
  gatewayTransactionId: '1617996',
  callback: (payment) => get(signedForm(ipnFields(kind, payment), KEYS[kind])),
  // OnePay names no time of payment: it is when we heard of it.
  expectedItems: ({ merchantReference, amount, gatewayTransactionId }, receivedAt) => [
    {
      kind: 'payment',
      merchantReference,
      outcome: { kind: 'succeeded', amount, gatewayTransactionId, paidAt: receivedAt },
    },
  ],
  otherSecret: (secret) => ({ ...secret, hash: 'AB'.repeat(16) }),
  unknownCode: '77',
  declinedCode: '99',
  queryAnswer(payment, merchantReference) {
    if (payment === 'not_known' || payment === 'forged') {
      const fields = { vpc_DRExists: 'N', vpc_MerchTxnRef: merchantReference };
      return answering(signedForm(fields, payment === 'forged' ? 'AB'.repeat(16) : KEYS[kind]));
    }
    return answering(signedForm({ vpc_DRExists: 'Y', ...ipnFields(kind, payment) }, KEYS[kind]));
  },
});
