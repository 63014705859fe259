/** What the played OnePay writes, reads and signs: its own code, written from OnePay's guides. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PaymentNews } from '../peer/peer-types.ts';

export type Fields = Readonly<Record<string, string>>;

/** Known to everybody who reads this: the party is for trying things out. */
export const MERCHANT = {
  id: 'ONEPAYSTANDIN',
  accessCode: 'D67342C2',
  hashKey: 'A3EFDFABA8653DF2342E8DAC29B51AF0',
  queryUser: 'op01',
  queryPassword: 'op123456',
} as const;

/** What a Vietnamese bank may say. */
export const DECLINES = [
  { code: '99', meaning: 'cancelled by the payer' },
  { code: '21', meaning: 'insufficient funds' },
  { code: '25', meaning: 'wrong one-time code' },
  { code: '13', meaning: 'over the limit' },
  { code: '1', meaning: 'declined by the bank' },
  { code: '10', meaning: 'expired or locked card' },
  { code: '253', meaning: 'the time to pay is over' },
] as const;
export const UNKNOWN = '77';
export const PENDING = '300';
const NOT_PAID_YET = '100';
const EXPIRED = '253';

/** Everything that tells of a payment: to the IPN, on the way back, and to a query. */
export function newsFields({ payment, charge, code }: PaymentNews, now: Date): Fields {
  const isExpired = payment.state === 'open' && payment.expiresAt <= now;
  const standing = payment.state === 'processing' ? PENDING : isExpired ? EXPIRED : NOT_PAID_YET;
  return {
    vpc_Command: 'pay',
    vpc_Locale: payment.locale === 'vi' ? 'vn' : 'en',
    vpc_MerchTxnRef: payment.reference,
    vpc_Merchant: payment.merchantId,
    vpc_OrderInfo: payment.description,
    vpc_Amount: (100n * (charge?.amount ?? payment.amount)).toString(),
    vpc_TxnResponseCode: charge ? '0' : (code ?? payment.code ?? standing),
    vpc_TransactionNo: charge?.transactionId ?? '',
    vpc_Version: '2',
    ...(payment.details['currency'] ? { vpc_CurrencyCode: payment.details['currency'] } : {}),
    ...(payment.details['currency'] ? { vpc_AdditionData: '970436' } : { vpc_Card: 'VC' }),
  };
}

/** A form with its signature. */
export function signed(fields: Fields, hashKey: string = MERCHANT.hashKey): string {
  const present = Object.entries(fields).filter(([, value]) => value !== '');
  const form = new URLSearchParams(present);
  form.set('vpc_SecureHash', hash(fields, hashKey));
  return form.toString();
}

/** The fields of a form that a merchant signed; null when the signature does not fit, or a name comes twice. */
export function checked(form: string): Fields | null {
  const parameters = new URLSearchParams(form);
  const fields = Object.fromEntries(parameters);
  if (Object.keys(fields).length !== [...parameters].length) return null;
  const [left, right] = [
    Buffer.from(hash(fields, MERCHANT.hashKey)),
    Buffer.from(fields['vpc_SecureHash'] ?? ''),
  ];
  return left.length === right.length && timingSafeEqual(left, right) ? fields : null;
}

function hash(fields: Fields, hashKey: string): string {
  const text = Object.keys(fields)
    .filter((name) => name.startsWith('vpc_') || name.startsWith('user_'))
    .filter((name) => !name.startsWith('vpc_SecureHash') && fields[name] !== '')
    .sort()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');
  return createHmac('sha256', Buffer.from(hashKey, 'hex')).update(text, 'utf8').digest('hex').toUpperCase();
}
