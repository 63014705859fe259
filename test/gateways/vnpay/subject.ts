/** VNPAY's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import { createVnpayAdapter } from '../../../src/gateways/vnpay/adapter.ts';
import type { MerchantAccount, RawMessage, RefundRequest } from '../../../src/gateways/gateway-adapter.ts';
import type { GatewayHttp } from '../../../src/platform/gateway-http.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const SECRET = 'DVCQGSANDBOXSECRETKEY0123456789AB';
export const PAY_URL = 'https://sandbox.vnpayment.vn/paymentv2/vpcpay.html';
export const API_URL = 'https://sandbox.vnpayment.vn/merchant_webapi/api/transaction';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: 'DVCQG001',
  secrets: [{ hash: SECRET }],
  settings: {},
};

export type Fields = Record<string, string>;

export function sha512(text: string, secret = SECRET): string {
  return createHmac('sha512', secret).update(text).digest('hex');
}

/** 2026-11-22T02:59:30Z as 20261122095930. */
export function hanoi(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
}

/** A GET of exactly this query. */
export function get(query: string): RawMessage {
  return { method: 'GET', query, headers: new Map(), body: new Uint8Array() };
}

/** Sorted, form-encoded, signed: as VNPAY's own samples do it. */
export function signedQuery(fields: Fields, secret = SECRET): string {
  const text = Object.keys(fields)
    .filter((name) => fields[name] !== '')
    .sort()
    .map((name) => `${name}=${encodeURIComponent(fields[name] ?? '').replaceAll('%20', '+')}`)
    .join('&');
  return `${text}&vnp_SecureHash=${sha512(text, secret)}`;
}

export function ipnFields(payment: ToldPayment): Fields {
  const code = payment.code ?? '00';
  return {
    vnp_Amount: `${payment.amount.amountMinor}00`,
    vnp_BankCode: 'NCB',
    vnp_BankTranNo: `VNP${payment.gatewayTransactionId}`,
    vnp_CardType: 'ATM',
    vnp_OrderInfo: 'DVC 4711',
    vnp_PayDate: hanoi(payment.paidAt),
    vnp_ResponseCode: code,
    vnp_TmnCode: ACCOUNT.merchantId,
    vnp_TransactionNo: payment.gatewayTransactionId,
    vnp_TransactionStatus: code === '00' ? '00' : '02',
    vnp_TxnRef: payment.merchantReference,
  };
}

const COMMON =
  'ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType TransactionStatus OrderInfo';
export const SIGNED = { querydr: `${COMMON} PromotionCode PromotionAmount`, refund: COMMON };

/** An answer of the API, signed over the bars. */
export function answerBody(fields: Fields, secret = SECRET): string {
  const names = SIGNED[fields['vnp_Command'] === 'refund' ? 'refund' : 'querydr'].split(' ');
  const text = names.map((name) => fields[`vnp_${name}`] ?? '').join('|');
  return JSON.stringify({ ...fields, vnp_SecureHash: sha512(text, secret) });
}

export function answering(body: string, status = 200): GatewayHttp {
  return () => Promise.resolve({ status, headers: new Map(), body: Buffer.from(body) });
}

export function queryFields(payment: ToldPayment): Fields {
  const failed: Fields = { '77': '77' };
  const state = payment.code === undefined ? '00' : (failed[payment.code] ?? '02');
  return {
    vnp_ResponseId: '282a3735af2c4eb782a753dafd007b25',
    vnp_Command: 'querydr',
    vnp_ResponseCode: '00',
    vnp_Message: 'QueryDR Success',
    vnp_TmnCode: ACCOUNT.merchantId,
    vnp_TxnRef: payment.merchantReference,
    vnp_Amount: `${payment.amount.amountMinor}00`,
    vnp_BankCode: 'NCB',
    vnp_PayDate: hanoi(payment.paidAt),
    vnp_TransactionNo: payment.gatewayTransactionId,
    vnp_TransactionType: '01',
    vnp_TransactionStatus: state,
    vnp_OrderInfo: 'DVC 4711',
  };
}

/** A partial refund that was made, as either command tells it. */
export function refundFields(command: 'querydr' | 'refund', request: RefundRequest, now: Date): Fields {
  const isFull = request.amount.amountMinor === request.paymentAmount.amountMinor;
  return {
    vnp_ResponseId: '7f1b',
    vnp_Command: command,
    vnp_ResponseCode: '00',
    vnp_Message: 'Success',
    vnp_TmnCode: ACCOUNT.merchantId,
    vnp_TxnRef: request.merchantReference,
    vnp_Amount: `${request.amount.amountMinor}00`,
    vnp_BankCode: 'NCB',
    vnp_PayDate: hanoi(now),
    vnp_TransactionNo: '14422600',
    vnp_TransactionType: isFull ? '02' : '03',
    vnp_TransactionStatus: '00',
    vnp_OrderInfo: `${request.refundReference} Hoan tra`,
  };
}

export const vnpaySubject: ContractSubject = {
  name: 'vnpay',
  create: (fetch, now) =>
    createVnpayAdapter({ fetch, clock: { now: () => now } }, { payUrl: PAY_URL, apiUrl: API_URL }),
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: 'DVCQG002' },
  gatewayTransactionId: '14422599',
  callback: (payment) => get(signedQuery(ipnFields(payment))),
  unknownCode: '77',
  declinedCode: '24',
  queryAnswer(payment, merchantReference) {
    const notFound = {
      vnp_ResponseId: '91',
      vnp_Command: 'querydr',
      vnp_ResponseCode: '91',
      vnp_Message: 'Transaction is not found',
      vnp_TmnCode: ACCOUNT.merchantId,
      vnp_TxnRef: merchantReference,
    };
    if (payment === 'not_known') return answering(answerBody(notFound));
    if (payment === 'forged') return answering(answerBody(notFound, 'another secret'));
    return answering(answerBody(queryFields(payment)));
  },
  refundAnswer(answer, request, now) {
    return ({ body }) => {
      const { vnp_Command: command } = JSON.parse(String(body)) as Fields;
      const fields = refundFields(command === 'refund' ? 'refund' : 'querydr', request, now);
      const text = answerBody(fields, answer === 'forged' ? 'another secret' : SECRET);
      return Promise.resolve({ status: 200, headers: new Map(), body: Buffer.from(text) });
    };
  },
};
