/**
 * The contract every gateway keeps.
 *
 * An adapter moves messages. It never touches our database, never reads the environment, and never decides what an
 * outcome means for an order. Merchant ids and secrets come with each call.
 */
import type { Currency, Money } from '../domain/kernel/money.ts';
import type { Clock, Day } from '../domain/kernel/time.ts';
import type { FailureReason } from '../domain/payments/failure-reason.ts';
import type { GatewayOutcome, RefundOutcome } from '../domain/payments/gateway-outcome.ts';
import type { HandOff } from '../domain/payments/hand-off.ts';
import type { SettlementLine } from '../domain/settlement/settlement.ts';
import type { GatewayHttp } from '../platform/gateway-http.ts';

export type { GatewayOutcome, RefundOutcome } from '../domain/payments/gateway-outcome.ts';
export type { HandOff } from '../domain/payments/hand-off.ts';
export type { SettlementLine } from '../domain/settlement/settlement.ts';

export type GatewayCode =
  'vnpay' | 'momo' | 'zalopay' | 'onepay' | 'vietqr' | 'stripe' | 'keypay' | 'sandbox';

/**
 * How a gateway is made of its variables; one a folder, listed in registry.ts.
 *
 * Where the gateway is (its addresses) is part of the adapter; who we are there (ids, secrets) comes as an account.
 */
export interface GatewayKind {
  /** Variables it cannot do without; `platform/gateway-variables.ts` lists these and those it may have beside them. */
  readonly required: readonly string[];
  /** At least one of these beside them, where there are several ways to be told of money. */
  readonly requiredOneOf?: readonly string[];
  /** @param values  the variables that are set, by name, secrets opened */
  build(values: Readonly<Record<string, string>>, deps: GatewayDeps): EnabledGateway;
}

export interface GatewayDeps {
  readonly fetch: GatewayHttp;
  /** Messages carry the time of sending, and an answer without a time of payment has the time it came; no more. */
  readonly clock: Clock;
}

export interface EnabledGateway {
  readonly adapter: GatewayAdapter;
  /** Payments of several agencies go through this account only. */
  readonly platformAccount: MerchantAccount;
  /**
   * Why an account whose names are right could still not work here, in sentences that show no secret: a key that cannot
   * be read, an id outside the gateway's grammar. Absent where there is nothing to say.
   */
  readonly accountFaults?: (
    account: Pick<MerchantAccount, 'merchantId' | 'secrets' | 'settings'>,
  ) => readonly string[];
}

export interface GatewayAdapter {
  readonly code: GatewayCode;
  readonly profile: GatewayProfile;

  /** Asks the gateway to take one payment. Safe to repeat: the merchant reference is the key. */
  startPayment(request: StartPayment, signal: AbortSignal): Promise<HandOff>;

  /** Verifies and reads one raw message. No I/O; a forged message is a value, not an exception. */
  readCallback(message: RawMessage, account: MerchantAccount, receivedAt: Date): CallbackReading;

  /** Words our answer the way this gateway expects it. No I/O. */
  acknowledge(result: CallbackResult): RawReply;

  // Capabilities: present means supported. There is no "not implemented".
  readonly queries?: QueryCapability;
  readonly refunds?: RefundCapability;
  readonly settlementFiles?: SettlementFileCapability;
}

/** Facts about the gateway that the core and the checkout pages may rely on. */
export interface GatewayProfile {
  readonly currencies: readonly Currency[];
  readonly amountMin: Money;
  readonly amountMax: Money;
  /** Time the citizen has before the gateway drops the payment. */
  readonly paymentLifetimeMinutes: number;
  /** Questions a second that the gateway takes of one merchant, two or more, where it names a number. */
  readonly queriesPerSecond?: number;
  /** Hosts a form of ours may lead to, redirects included; they go into the page's form-action policy. */
  readonly formActionOrigins: readonly string[];
  /** It sends no money back by itself: a refund is a transfer that a person makes to the payer's own account. */
  readonly payouts?: true;
  /** What the definitive codes of a failure mean to the payer; a code that is not listed is `declined`. */
  readonly failureReasons?: Readonly<Record<string, FailureReason>>;
  /**
   * Our reference for a payment, in the gateway's own grammar. Pure.
   *
   * @param paymentNumber  the payment's number, unique in this installation
   * @param startedAt      when the payment was opened
   * @param nonce          16 hexadecimal digits nobody can guess, used where the grammar has room
   */
  merchantReference(paymentNumber: bigint, startedAt: Date, nonce: string): string;
}

/** Who we are at a gateway: the platform's account or an agency's own. Secrets are opened, never logged. */
export interface MerchantAccount {
  /** `platform`, or the agency's account code as it stands in the callback path. */
  readonly code: string;
  readonly merchantId: string;
  /** Newest first; a message that verifies under any of them is genuine. We sign with the first. */
  readonly secrets: readonly Readonly<Record<string, string>>[];
  /** Whatever else belongs to this account at the gateway and is no secret. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface StartPayment {
  readonly account: MerchantAccount;
  /** Ours; unique per gateway; what every later message quotes. */
  readonly merchantReference: string;
  readonly amount: Money;
  /** Already cut to what bank statements can show: ASCII, no punctuation that any gateway refuses. */
  readonly description: string;
  readonly locale: 'vi' | 'en';
  readonly payerIp: string;
  readonly startedAt: Date;
  readonly returnUrl: string;
  readonly callbackUrl: string;
}

export interface RawMessage {
  readonly method: 'GET' | 'POST';
  /** The query string exactly as received, without the question mark. */
  readonly query: string;
  /** Lower-case names; a header sent twice keeps both values, in a list. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Exactly the bytes received: signatures cover them. */
  readonly body: Uint8Array;
}

export interface RawReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type CallbackReading =
  | { readonly kind: 'read'; readonly items: readonly CallbackItem[] }
  | { readonly kind: 'rejected'; readonly why: 'bad_signature' | 'stale' | 'malformed' };

/** One message may carry several items: a bank credits in batches. */
export type CallbackItem =
  | { readonly kind: 'payment'; readonly merchantReference: string; readonly outcome: GatewayOutcome }
  | { readonly kind: 'refund'; readonly refundReference: string; readonly outcome: RefundOutcome }
  /** Something happened to this payment, but the signature does not cover what: the gateway is asked at once. */
  | { readonly kind: 'ask'; readonly merchantReference: string }
  | {
      readonly kind: 'credit';
      /** The bank's own number of it, which every watcher of the account tells alike. */
      readonly gatewayTransactionId: string;
      /** The teller's own number of it: one teller never gives two to one credit, whatever the bank numbers. */
      readonly noticeId: string;
      readonly accountNumber: string;
      readonly amount: Money;
      readonly content: string;
      readonly creditedAt: Date;
    }
  | { readonly kind: 'irrelevant'; readonly what: string };

export type CallbackResult =
  'recorded' | 'already_recorded' | 'unknown_payment' | 'amount_differs' | 'rejected' | 'try_again';

export interface QueryCapability {
  queryPayment(
    request: {
      readonly account: MerchantAccount;
      readonly merchantReference: string;
      readonly startedAt: Date;
    },
    signal: AbortSignal,
  ): Promise<GatewayOutcome>;
}

export interface RefundCapability {
  readonly limits: RefundLimits;
  /** Safe to repeat: the refund reference is the key. */
  refundPayment(request: RefundRequest, signal: AbortSignal): Promise<RefundOutcome>;
  /** What became of a refund that was sent before; asked with the same facts it was sent with. */
  queryRefund(request: RefundRequest, signal: AbortSignal): Promise<RefundOutcome>;
}

/** What the gateway's rules allow, so that a person is told before a refund is asked for and not after. */
export interface RefundLimits {
  /** Whether a part of a payment may go back, more than once. */
  readonly partial: boolean;
  /** Days after the payment within which the gateway takes a refund; null when it names none. */
  readonly windowDays: number | null;
  /** The least and the most of one request; null when the gateway names none. */
  readonly amountMin: Money | null;
  readonly amountMax: Money | null;
}

/**
 * One refund, told in full each time: gateways without a memory of our reference find it by the payment it belongs
 * to. References and times in the gateway's own grammar are made of these facts, so they are the same on a repeat.
 */
export interface RefundRequest {
  readonly account: MerchantAccount;
  /** `RF` and twelve letters or digits; unique in this installation. */
  readonly refundReference: string;
  /** When it was first sent: the same on a repeat, so that a gateway's own references may hold the day. */
  readonly submittedAt: Date;
  readonly amount: Money;
  readonly reason: string;
  /** The payment it gives back of. */
  readonly merchantReference: string;
  readonly gatewayTransactionId: string;
  readonly paymentAmount: Money;
  readonly paymentStartedAt: Date;
  /** The gateway's own payment time. */
  readonly paidAt: Date;
}

export interface SettlementFileCapability {
  /**
   * Reads a whole file or refuses it whole; a fault names its line and column.
   *
   * Yields every line it could read, and keeps none: a file of a million needs no room for them, and the caller may let
   * others work between two. They count for nothing before the end is reached and it is `read`.
   */
  readSettlementFile(file: {
    readonly name: string;
    readonly bytes: Uint8Array;
  }): Generator<SettlementLine, SettlementFileReading, undefined>;
}

export type SettlementFileReading =
  | {
      readonly kind: 'read';
      /** In the order of the file; read anew each time. */
      readonly lines: Iterable<SettlementLine, void, undefined>;
      readonly totalNet: Money;
      /** The day the file is about, when it says so; otherwise the latest day of its lines is taken. */
      readonly day?: Day;
    }
  | {
      readonly kind: 'unreadable';
      readonly faults: readonly { readonly line: number; readonly column: string; readonly fault: string }[];
    };
