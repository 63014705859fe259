/** What the played VNPAY writes and reads: its times, its codes, and the fields that tell of a payment. */
import type { PaymentNews, PeerPayment, PeerRefund } from '../peer/peer-types.ts';

export type Fields = Readonly<Record<string, string>>;

export const TMN_CODE = 'DVCVNP01';
/** Known to everybody who reads this: the party is for trying things out. */
export const HASH_SECRET = 'VNPAYSTANDINSECRETFORTRYINGOUT01';
export const BANK_CODE = 'NCB';

/** What a payer's bank may say, each with the code by which the payer's choice is told. */
export const DECLINES = [
  { code: '24', meaning: 'cancelled by the payer' },
  { code: '51', meaning: 'insufficient funds' },
  { code: '11', meaning: 'the time to pay is over' },
  { code: '13', meaning: 'wrong one-time code' },
  { code: '10', meaning: 'authenticated wrongly three times' },
  { code: '79', meaning: 'wrong payment password too often' },
  { code: '65', meaning: 'over the daily limit' },
  { code: '12', meaning: 'the card or account is locked' },
  { code: '09', meaning: 'no internet banking' },
  { code: '75', meaning: "the payer's bank is in maintenance" },
] as const;
export const UNKNOWN = '87';
/** Told as response 99 with transaction status 01. */
export const UNFINISHED = '01';

/** Codes whose status is a word of its own: held for suspected fraud, reversed, not finished. */
const OWN_STATUS: Readonly<Record<string, { readonly response: string; readonly status: string }>> = {
  '07': { response: '07', status: '07' },
  '04': { response: '99', status: '04' },
  [UNFINISHED]: { response: '99', status: '01' },
};

export function toldAs(code: string): { readonly response: string; readonly status: string } {
  const own = OWN_STATUS[code];
  if (own) return own;
  // A code that no document lists has a status that none lists.
  const isListed = DECLINES.some((decline) => decline.code === code) || code === '99';
  return { response: code, status: isListed ? '02' : code };
}

/** `yyyyMMddHHmmss` in Viet Nam. */
export function clockText(at: Date): string {
  return new Date(at.getTime() + 25_200_000).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}

/** The instant such a text names; null for a text of another form. */
export function clockTime(text: string): Date | null {
  if (!/^\d{14}$/.test(text)) return null;
  const [, day, hour, minute, second] = /^(\d{8})(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const date = (day ?? '').replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3');
  const at = new Date(`${date}T${hour}:${minute}:${second}+07:00`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** How a payment stands when somebody asks. */
export function standingOf(payment: PeerPayment, now: Date): string {
  if (payment.state === 'declined') return toldAs(payment.code ?? UNKNOWN).status;
  if (payment.state === 'open' && payment.expiresAt <= now) return '02';
  return '01';
}

/** The fields of an IPN, and of the way back. */
export function newsFields({ payment, charge, code }: PaymentNews, now: Date): Fields {
  const isExpired = payment.state === 'open' && payment.expiresAt <= now;
  const told = charge
    ? { response: '00', status: '00' }
    : toldAs(code ?? payment.code ?? (isExpired ? '11' : UNFINISHED));
  return {
    vnp_Amount: hundredfold(charge?.amount ?? payment.amount),
    vnp_BankCode: BANK_CODE,
    vnp_BankTranNo: charge ? `VNP${charge.transactionId}` : '',
    vnp_CardType: 'ATM',
    vnp_OrderInfo: payment.description,
    vnp_PayDate: clockText(charge?.chargedAt ?? now),
    vnp_ResponseCode: told.response,
    vnp_TmnCode: payment.merchantId,
    vnp_TransactionNo: charge?.transactionId ?? '0',
    vnp_TransactionStatus: told.status,
    vnp_TxnRef: payment.reference,
  };
}

/** How a refund stands, as an answer tells it. */
export function refundFields(refund: PeerRefund): Fields {
  const status = { approved: '00', processing: '05', declined: '09' }[refund.state];
  return {
    vnp_Amount: hundredfold(refund.amount),
    vnp_BankCode: BANK_CODE,
    vnp_PayDate: clockText(refund.refundedAt ?? refund.askedAt),
    vnp_TransactionNo: refund.refundId,
    vnp_TransactionType: refund.details['type'] ?? '',
    vnp_TransactionStatus: status,
    vnp_OrderInfo: refund.details['info'] ?? '',
  };
}

export function hundredfold(dong: bigint): string {
  return (dong * 100n).toString();
}

/** Dong of a text like 15000000; null when it is not one. */
export function dongOf(text: string): bigint | null {
  const dong = /^([1-9]\d{0,9})00$/.exec(text)?.[1];
  return dong === undefined ? null : BigInt(dong);
}
