/** The sandbox bank's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import type { GatewayHttp } from '../../../src/platform/gateway-http.ts';
import { createSandboxAdapter } from '../../../src/gateways/sandbox/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const SECRET = 'sandbox-test-secret';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: 'DVC01',
  secrets: [{ signing: SECRET }],
  settings: {},
};

export function sign(body: string | Uint8Array, timestamp: string, secret = SECRET): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

/** A signed POST of exactly these bytes. */
export function signedMessage(body: string | Uint8Array, sentAt: Date, secret = SECRET): RawMessage {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  return {
    method: 'POST',
    query: '',
    headers: new Map([
      ['content-type', ['application/json']],
      ['sandbox-timestamp', [timestamp]],
      ['sandbox-signature', [sign(body, timestamp, secret)]],
    ]),
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

export function paymentItem(payment: ToldPayment): Record<string, unknown> {
  const code = payment.code ?? '00';
  return {
    type: 'payment',
    merchant_reference: payment.merchantReference,
    transaction_id: payment.gatewayTransactionId,
    status: code === '00' ? 'approved' : 'declined',
    code,
    amount: payment.amount.amountMinor.toString(),
    currency: payment.amount.currency,
    paid_at: payment.paidAt.toISOString(),
  };
}

export function notice(...items: readonly Record<string, unknown>[]): string {
  return JSON.stringify({ merchant_id: ACCOUNT.merchantId, notice_id: 'N1', items });
}

/** The bank's signed answer to whatever is asked. */
export function answering(body: Record<string, unknown>, now: Date, secret = SECRET): GatewayHttp {
  const { headers, body: bytes } = signedMessage(JSON.stringify(body), now, secret);
  return () => Promise.resolve({ status: 200, headers, body: bytes });
}

export const sandboxSubject: ContractSubject = {
  name: 'sandbox',
  create: (fetch, now) =>
    createSandboxAdapter({ fetch, clock: { now: () => now } }, { bankUrl: 'http://bank.test/sandbox/bank' }),
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: 'DVC02' },
  callback: (payment, sentAt) => signedMessage(notice(paymentItem(payment)), sentAt),
  unknownCode: '77',
  declinedCode: '51',
  staleAfterSeconds: 300,
  startAnswer: ({ merchantReference, amount }, now) =>
    answering(
      {
        merchant_id: ACCOUNT.merchantId,
        merchant_reference: merchantReference,
        amount: amount.amountMinor.toString(),
        currency: amount.currency,
        pay_url: 'http://bank.test/sandbox/bank/pay/1',
        expires_at: new Date(now.getTime() + 15 * 60_000).toISOString(),
      },
      now,
    ),
  queryAnswer(payment, merchantReference, now) {
    const merchant = { merchant_id: ACCOUNT.merchantId };
    if (payment === 'not_known') {
      return answering({ ...merchant, merchant_reference: merchantReference, status: 'not_known' }, now);
    }
    if (payment === 'forged') {
      const body = { ...merchant, merchant_reference: merchantReference, status: 'not_known' };
      return answering(body, now, 'another-secret');
    }
    return answering({ ...merchant, ...paymentItem(payment) }, now);
  },
  refundAnswer(answer, { refundReference }, now) {
    const body = {
      merchant_id: ACCOUNT.merchantId,
      refund_reference: refundReference,
      refund_id: 'BR000001',
      status: 'approved',
      code: '00',
      refunded_at: now.toISOString(),
    };
    return answering(body, now, answer === 'forged' ? 'another-secret' : SECRET);
  },
  settlementFile(payment) {
    const gross = payment.amount.amountMinor;
    return Buffer.from(
      [
        'H,SANDBOX-SETTLEMENT-1,DVC01,2026-11-22,VND,1',
        `L,1,payment,${payment.gatewayTransactionId},${payment.merchantReference},${gross},1100,${gross - 1100n},${payment.paidAt.toISOString()},2026-11-23`,
        `T,1,${gross},1100,${gross - 1100n}`,
        '',
      ].join('\n'),
    );
  },
};
