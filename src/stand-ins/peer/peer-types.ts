/**
 * A gateway's other party as it is played here: what all of them have in common, and what each must add.
 *
 * The kit keeps the book, shows the pages, sends the notices and plays the faults. A gateway's folder beside this one
 * brings its protocol: the API that merchants call, and the messages it sends. Nothing is shared with the adapters.
 */
import type { Router } from 'express';
import type { PayerDecision } from '../payer-decision.ts';

/** The test clock moves it with the service's. */
export interface PeerClock {
  readonly now: () => Date;
}

export interface PeerPayment {
  readonly id: string;
  readonly merchantId: string;
  /** The merchant's own. */
  readonly reference: string;
  /** In dong. */
  readonly amount: bigint;
  readonly description: string;
  readonly locale: 'vi' | 'en';
  readonly returnUrl: string;
  readonly callbackUrl: string;
  /** What the protocol has to give back, as it came. */
  readonly details: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly state: 'open' | 'processing' | 'approved' | 'declined';
  /** The gateway's word for why it was declined. */
  readonly code: string | null;
  readonly approveAt: Date | null;
  readonly manner: NoticeManner | null;
}

export interface PeerCharge {
  readonly transactionId: string;
  readonly paymentId: string;
  readonly amount: bigint;
  readonly chargedAt: Date;
}

export interface PeerRefund {
  readonly merchantId: string;
  readonly refundReference: string;
  readonly refundId: string;
  readonly transactionId: string;
  readonly paymentId: string;
  readonly amount: bigint;
  readonly details: Readonly<Record<string, string>>;
  readonly state: 'processing' | 'approved' | 'declined';
  readonly approveAt: Date | null;
  readonly askedAt: Date;
  readonly refundedAt: Date | null;
}

/**
 * How the merchant is told: as it should be; twice; with a forged or an altered message before the real one; half a
 * minute late; success first and "still working on it" after; after three losses; never.
 */
export const NOTICE_MANNERS = [
  'once',
  'twice',
  'forged',
  'altered',
  'delayed',
  'reordered',
  'lost',
  'never',
] as const;
export type NoticeManner = (typeof NOTICE_MANNERS)[number];

export type PeerDecision = PayerDecision<NoticeManner>;

/** Faults to play, each for so many times. */
export const PEER_SWITCHES = [
  'lose_create_answer', // Taken, but the connection breaks before the answer.
  'lose_query_answer',
  'lose_refund_answer',
  'cut_answers', // The connection breaks in the middle of an answer.
  'slow_answers', // An answer takes longer than anybody waits: 30 seconds.
  'maintenance', // 503 to every call.
  'pay_before_answer', // The payer has paid, and the notice is out, before the creation is answered.
  'refunds_processing', // A refund is taken and made a minute later.
  'refunds_declined',
  'hold_notices', // Nothing is sent while this is on.
  'shuffle_notices', // Due notices leave in random order.
  'repeat_notices', // Every new notice is queued so many times instead of once.
] as const;
export type PeerSwitch = (typeof PEER_SWITCHES)[number];

/** Genuine; signed with a wrong secret; signed well and its amount edited afterwards. */
export type Truth = 'genuine' | 'forged' | 'altered';

export interface OutgoingMessage {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty with GET. */
  readonly body: string;
}

export interface MerchantAnswer {
  readonly status: number;
  readonly body: string;
}

/** What of a payment a notice tells. */
export interface PaymentNews {
  readonly payment: PeerPayment;
  /** Null when there is no money to tell of. */
  readonly charge: PeerCharge | null;
  /** The gateway's word when there is no charge. */
  readonly code: string | null;
}

export interface RefundNews {
  readonly payment: PeerPayment;
  readonly refund: PeerRefund;
}

/** What a gateway's folder brings. */
export interface PeerProtocol {
  /** `vnpay`: names its rows, its pages' path and its switches. */
  readonly gateway: string;
  /** The name its pages show. */
  readonly name: string;
  /** Codes by which a payer's choice or lack of money is told, each with what it means, in English. */
  readonly declineCodes: readonly { readonly code: string; readonly meaning: string }[];
  /** A word that the gateway's documents do not list. */
  readonly unknownCode: string;
  /** The word of "still working on it". */
  readonly processingCode: string;
  /** A number in the gateway's grammar; `number` counts up over all of them. */
  transactionId(number: bigint): string;
  /** A payment that nobody asked this party to take: what the payer finds elsewhere. Null when there is none. */
  comeAcross?(reference: string): Promise<NewPayment | null>;
  /** The message that tells the merchant; null where this gateway does not call about such news. */
  paymentNotice(news: PaymentNews, truth: Truth, now: Date): OutgoingMessage | null;
  refundNotice?(news: RefundNews, truth: Truth, now: Date): OutgoingMessage | null;
  /** Where the payer's browser is sent afterwards, with whatever the gateway claims there. */
  wayBack(news: PaymentNews, now: Date): string;
  /** Whether this answer of the merchant ends the repeats. */
  isAccepted(answer: MerchantAnswer): boolean;
  /** Seconds until the next try after so many; null gives up. */
  pauseSeconds(attempts: number): number | null;
  /** The gateway's API, to be mounted at its own path. Bodies are not read before it. */
  api(desk: PeerDesk): Router;
}

export interface NewPayment {
  readonly merchantId: string;
  readonly reference: string;
  readonly amount: bigint;
  readonly description: string;
  readonly locale: 'vi' | 'en';
  readonly returnUrl: string;
  readonly callbackUrl: string;
  readonly expiresAt: Date;
  readonly details: Readonly<Record<string, string>>;
}

export interface NewRefund {
  readonly merchantId: string;
  readonly refundReference: string;
  /** Which charge, by its transaction number. */
  readonly transactionId: string;
  readonly amount: bigint;
  readonly details: Readonly<Record<string, string>>;
}

export type RefundTaken =
  | { readonly kind: 'taken'; readonly refund: PeerRefund; readonly isNew: boolean }
  | { readonly kind: 'no_such_charge' }
  | { readonly kind: 'too_much' };

/** An HTTP answer of the gateway; it may yet get lost. */
export interface PeerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a protocol's API can do at the kit's desk. */
export interface PeerDesk {
  readonly clock: PeerClock;
  /** `http://localhost:3000/sandbox/vnpay`, without a trailing slash. */
  baseUrl(): string;
  /** Takes a payment once: the same reference finds the one taken before, whatever its amount. */
  takePayment(asked: NewPayment): Promise<{ readonly payment: PeerPayment; readonly isNew: boolean }>;
  findPayment(merchantId: string, reference: string): Promise<PeerPayment | null>;
  /** By the id that the kit gave it. */
  findPaymentById(id: string): Promise<PeerPayment | null>;
  /** The whole book, the newest first. */
  payments(): Promise<readonly PeerPayment[]>;
  /** The payment that a charge belongs to, by the charge's transaction number. */
  findPaymentOfCharge(transactionId: string): Promise<PeerPayment | null>;
  /** Every charge of a payment, the oldest first. */
  chargesOf(payment: PeerPayment): Promise<readonly PeerCharge[]>;
  /** Where the payer decides. */
  payPageUrl(payment: PeerPayment): string;
  takeRefund(asked: NewRefund): Promise<RefundTaken>;
  findRefund(merchantId: string, refundReference: string): Promise<PeerRefund | null>;
  /** Every refund of a payment, the oldest first. */
  refundsOf(payment: PeerPayment): Promise<readonly PeerRefund[]>;
  decide(paymentId: string, decision: PeerDecision): Promise<void>;
}
