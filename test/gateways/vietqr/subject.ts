/** The watchers' side of the protocols, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import { createVietqrAdapter } from '../../../src/gateways/vietqr/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const SECRETS = {
  sepay: 'sepay-test-secret',
  sepayApiKey: 'sepay-test-key',
  casso: 'casso-test-secret',
  payos: 'payos-test-key',
};

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: '112233445566',
  secrets: [SECRETS],
  settings: { bankBin: '970415', bankName: 'VietinBank', accountName: 'KHO BAC NHA NUOC THU NGHIEM' },
};

/** What a bank credits, in the words that all three watchers use. */
export interface BankCredit {
  readonly reference: string;
  readonly content: string;
  readonly amount: bigint;
  readonly creditedAt: Date;
  readonly accountNumber?: string;
  readonly noticeNumber?: number;
}

function hanoi(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

export function post(body: string, headers: Readonly<Record<string, string>>): RawMessage {
  return {
    method: 'POST',
    query: '',
    headers: new Map([
      ['content-type', ['application/json']],
      ...Object.entries(headers).map(([name, value]) => [name, [value]] as const),
    ]),
    body: Buffer.from(body),
  };
}

export function sepayBody(credit: BankCredit, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: credit.noticeNumber ?? 92704,
    gateway: 'VietinBank',
    transactionDate: hanoi(credit.creditedAt),
    accountNumber: credit.accountNumber ?? ACCOUNT.merchantId,
    code: null,
    content: credit.content,
    transferType: 'in',
    transferAmount: Number(credit.amount),
    accumulated: 19077000,
    subAccount: null,
    referenceCode: credit.reference,
    description: '',
    ...changes,
  });
}

export function sepayMessage(body: string, sentAt: Date, secret = SECRETS.sepay): RawMessage {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return post(body, { 'x-sepay-timestamp': timestamp, 'x-sepay-signature': `sha256=${signature}` });
}

export function sepayKeyMessage(body: string, key = SECRETS.sepayApiKey): RawMessage {
  return post(body, { authorization: `Apikey ${key}` });
}

export function cassoEntry(credit: BankCredit, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    id: credit.noticeNumber ?? 9001,
    reference: credit.reference,
    description: credit.content,
    amount: Number(credit.amount),
    runningBalance: 25000000,
    transactionDateTime: hanoi(credit.creditedAt),
    accountNumber: credit.accountNumber ?? ACCOUNT.merchantId,
    bankName: 'VietinBank',
    bankAbbreviation: 'ICB',
    virtualAccountNumber: '',
    counterAccountName: 'NGUYEN VAN A',
    ...changes,
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

export function cassoMessage(
  body: Readonly<Record<string, unknown>>,
  sentAt: Date,
  secret = SECRETS.casso,
  write: (body: unknown) => string = JSON.stringify,
): RawMessage {
  const t = String(sentAt.getTime());
  const v1 = createHmac('sha512', secret)
    .update(`${t}.${JSON.stringify(sorted(body))}`)
    .digest('hex');
  return post(write(body), { 'x-casso-signature': `t=${t},v1=${v1}` });
}

export function payosData(credit: BankCredit, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    orderCode: 123,
    amount: Number(credit.amount),
    description: credit.content,
    accountNumber: credit.accountNumber ?? ACCOUNT.merchantId,
    reference: credit.reference,
    transactionDateTime: hanoi(credit.creditedAt),
    currency: 'VND',
    paymentLinkId: '124c33293c43417ab7879e14c8d9eb18',
    code: '00',
    desc: 'Thành công',
    counterAccountBankId: '',
    counterAccountName: '',
    virtualAccountNumber: '',
    ...changes,
  };
}

export function payosMessage(data: Readonly<Record<string, unknown>>, key = SECRETS.payos): RawMessage {
  const pairs = Object.keys(data)
    .sort()
    .map((name) => {
      const value = data[name];
      return `${name}=${typeof value === 'string' || typeof value === 'number' ? value : ''}`;
    });
  const signature = createHmac('sha256', key).update(pairs.join('&')).digest('hex');
  return post(JSON.stringify({ code: '00', desc: 'success', success: true, data, signature }), {});
}

function creditOf({ merchantReference, gatewayTransactionId, amount, paidAt }: ToldPayment): BankCredit {
  return {
    reference: gatewayTransactionId,
    content: `${merchantReference} nop phi`,
    amount: amount.amountMinor,
    creditedAt: paidAt,
  };
}

function subjectOf(
  watcher: 'sepay' | 'casso' | 'payos',
  noticeNumber: (payment: ToldPayment) => string,
  callback: ContractSubject['callback'],
  staleAfterSeconds?: number,
): ContractSubject {
  return {
    name: `vietqr (${watcher})`,
    create: () => createVietqrAdapter(),
    account: ACCOUNT,
    otherMerchant: { ...ACCOUNT, merchantId: '112233445567' },
    othersMessagesAre: 'irrelevant',
    callback,
    gatewayTransactionId: 'FT26326000123456',
    expectedItems: (payment) => [
      {
        kind: 'credit',
        gatewayTransactionId: payment.gatewayTransactionId,
        noticeId: `${watcher}:${noticeNumber(payment)}`,
        accountNumber: ACCOUNT.merchantId,
        amount: payment.amount,
        content: `${payment.merchantReference} nop phi`,
        creditedAt: payment.paidAt,
      },
    ],
    // A bank tells what came; what did not come has no word and no code.
    tellsFailures: false,
    unknownCode: null,
    declinedCode: null,
    ...(staleAfterSeconds === undefined ? {} : { staleAfterSeconds }),
  };
}

export const vietqrSubjects: readonly ContractSubject[] = [
  subjectOf(
    'sepay',
    () => '92704',
    (payment, sentAt) => sepayMessage(sepayBody(creditOf(payment)), sentAt),
    300,
  ),
  subjectOf(
    'casso',
    () => '9001',
    (payment, sentAt) => cassoMessage({ error: 0, data: cassoEntry(creditOf(payment)) }, sentAt),
  ),
  subjectOf(
    'payos',
    ({ gatewayTransactionId }) => gatewayTransactionId,
    (payment) => payosMessage(payosData(creditOf(payment))),
  ),
];
