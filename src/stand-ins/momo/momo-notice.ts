/** What the played MoMo tells of a payment: the IPN, and the same values on the payer's way back. */
import type { OutgoingMessage, PaymentNews, Truth } from '../peer/peer-types.ts';
import { momoSignature, PARTNER } from './momo-signature.ts';

/** The codes a payer or the payer's wallet can bring about. */
export const DECLINES = [
  { code: '1006', meaning: 'denied by the payer' },
  { code: '1001', meaning: 'insufficient funds' },
  { code: '1004', meaning: 'over the limit' },
  { code: '1005', meaning: 'the link expired' },
  { code: '1002', meaning: 'refused by the issuer' },
  { code: '4002', meaning: 'not verified by C06' },
] as const;

const MESSAGES: Readonly<Record<string, string>> = {
  '0': 'Thành công.',
  '9000': 'Giao dịch đã được cấp quyền thành công.',
  '1006': 'Giao dịch bị từ chối bởi người dùng.',
};

export function momoIpn(news: PaymentNews, truth: Truth, now: Date): OutgoingMessage {
  const told = tell(news, truth, now);
  // Long and int travel as numbers, everything else as text.
  const body = {
    ...told,
    amount: Number(told.amount),
    transId: Number(told.transId),
    resultCode: Number(told.resultCode),
    responseTime: Number(told.responseTime),
  };
  return {
    method: 'POST',
    url: news.payment.callbackUrl,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(body),
  };
}

export function momoWayBack(news: PaymentNews, now: Date): string {
  const url = new URL(news.payment.returnUrl);
  for (const [name, value] of Object.entries(tell(news, 'genuine', now))) url.searchParams.set(name, value);
  return url.href;
}

function tell({ payment, charge, code }: PaymentNews, truth: Truth, now: Date) {
  const { details } = payment;
  const paid = details['autoCapture'] === 'false' ? '9000' : '0';
  const resultCode = charge ? paid : (code ?? '1000');
  const members = {
    partnerCode: PARTNER.code,
    orderId: payment.reference,
    requestId: details['requestId'] ?? '',
    amount: (charge?.amount ?? payment.amount).toString(),
    orderInfo: payment.description,
    orderType: 'momo_wallet',
    transId: charge?.transactionId ?? '0',
    resultCode,
    message: MESSAGES[resultCode] ?? 'Giao dịch không thành công.',
    payType: 'qr',
    responseTime: (charge?.chargedAt ?? now).getTime().toString(),
    extraData: details['extraData'] ?? '',
  };
  const secretKey = truth === 'forged' ? 'a-key-that-is-not-the-partners' : PARTNER.secretKey;
  const signature = momoSignature(members, secretKey);
  const amount = truth === 'altered' ? (BigInt(members.amount) + 1n).toString() : members.amount;
  return { ...members, amount, signature };
}
