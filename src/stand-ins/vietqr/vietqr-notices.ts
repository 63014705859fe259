/** Credit notices as SePay, Casso and payOS send them. Written from their documents, not from our adapter. */
import { createHmac } from 'node:crypto';
import type { OutgoingMessage, PeerCharge, PeerPayment, Truth } from '../peer/peer-types.ts';

export const WATCHERS = ['sepay', 'casso', 'payos'] as const;
export type PlayedWatcher = (typeof WATCHERS)[number];

/** Pretend secrets for pretend money. */
export const WATCHER_SECRETS: Readonly<Record<PlayedWatcher, string>> = {
  sepay: 'whsec_sandbox_sepay',
  casso: 'sandbox-casso-checksum-key',
  payos: 'sandbox-payos-checksum-key',
};

export interface CreditNews {
  readonly payment: PeerPayment;
  readonly charge: PeerCharge;
}

interface Written {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function creditNotice(url: string, news: CreditNews, truth: Truth, now: Date): OutgoingMessage {
  const watcher = WATCHERS.find((name) => name === news.payment.details['watcher']) ?? 'sepay';
  const secret = truth === 'forged' ? 'not-the-secret' : WATCHER_SECRETS[watcher];
  const { headers, body } = WRITERS[watcher](news, secret, now);
  const amount = news.charge.amount.toString();
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: {
      genuine: body,
      forged: `${body}\n`,
      altered: body.replace(`mount":${amount}`, `mount":${amount}0`),
    }[truth],
  };
}

const WRITERS: Readonly<Record<PlayedWatcher, (news: CreditNews, secret: string, now: Date) => Written>> = {
  sepay({ payment, charge }, secret, now) {
    const body = JSON.stringify({
      id: numberOf(charge),
      gateway: 'VietinBank',
      transactionDate: hanoiTime(charge.chargedAt),
      accountNumber: payment.merchantId,
      code: null,
      content: payment.description,
      transferType: 'in',
      transferAmount: Number(charge.amount),
      accumulated: 0,
      subAccount: null,
      referenceCode: charge.transactionId,
      description: `BankAPINotify ${payment.description}`,
    });
    const timestamp = Math.floor(now.getTime() / 1000).toString();
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    return {
      headers: { 'X-SePay-Timestamp': timestamp, 'X-SePay-Signature': `sha256=${signature}` },
      body,
    };
  },
  casso({ payment, charge }, secret, now) {
    // Written with its keys sorted already, so that what is signed is what is sent.
    const body = JSON.stringify({
      data: {
        accountNumber: payment.merchantId,
        amount: Number(charge.amount),
        bankAbbreviation: 'ICB',
        bankName: 'VietinBank',
        description: payment.description,
        id: numberOf(charge),
        reference: charge.transactionId,
        runningBalance: 0,
        transactionDateTime: hanoiTime(charge.chargedAt),
      },
      error: 0,
    });
    const t = now.getTime().toString();
    const v1 = createHmac('sha512', secret).update(`${t}.${body}`).digest('hex');
    return { headers: { 'X-Casso-Signature': `t=${t},v1=${v1}` }, body };
  },
  payos({ payment, charge }, secret) {
    const data = {
      accountNumber: payment.merchantId,
      amount: Number(charge.amount),
      code: '00',
      currency: 'VND',
      desc: 'Thành công',
      description: payment.description,
      orderCode: numberOf(charge),
      paymentLinkId: 'b5b1c7e0sandbox',
      reference: charge.transactionId,
      transactionDateTime: hanoiTime(charge.chargedAt),
    };
    const text = Object.entries(data)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join('&');
    const signature = createHmac('sha256', secret).update(text).digest('hex');
    return {
      headers: {},
      body: JSON.stringify({ code: '00', desc: 'success', success: true, data, signature }),
    };
  },
};

function numberOf({ transactionId }: PeerCharge): number {
  return Number(transactionId.replace(/\D/g, ''));
}

function hanoiTime(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}
