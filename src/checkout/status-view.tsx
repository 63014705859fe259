/** What a status page is made from: the payment, what we know of its money, and its timeline. */
import type { JSX } from 'preact';
import type { LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import type { ExpiredMoney } from '../domain/payments/payment-situation.ts';
import type { FormTarget } from '../web/forms.tsx';
import { messagesFor, type NameInLanguages } from '../web/i18n.ts';
import type { DifferenceNextStep, MoneyState, RefundDestination } from '../web/money-sentence.ts';
import type { PageContext } from '../web/page.tsx';
import { MoneyTimeline, type MoneyStep } from './money-timeline.tsx';

/** A payment as its own page shows it. A payment that is paid goes to the result page instead. */
export interface StatusView {
  readonly situation: Situation;
  /** What this payment is for, as frozen at hand-off. */
  readonly amount: Money;
  readonly gatewayName: string;
  /** The payer transfers the money by themselves: then the bank in question is any bank, and the gateway is none. */
  readonly isTransfer: boolean;
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  /** In order; empty leaves the timeline out. */
  readonly steps: readonly MoneyStep[];
  /** Where the payer names the account of a refund that people transfer; absent when there is none. */
  readonly payout?: PayoutLink | null;
  /** People transfer what goes back, to the account the payer named. */
  readonly isPaidOut?: boolean;
}

export interface PayoutLink {
  readonly href: string;
  /** No account is known yet of this much: nothing of it goes back before. Null when the account is known. */
  readonly awaited: Money | null;
}

export type Situation =
  | WaitingSituation
  | CheckingSituation
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly payAgainHref: string;
      readonly chooseOtherHref: string;
    }
  | { readonly kind: 'cancelled'; readonly payAgainHref: string }
  | {
      readonly kind: 'expired';
      /**
       * `waiting` while the gateway has not said for sure that nothing was taken; then no new attempt is offered.
       * `not_received`: it cannot be asked, and a transfer may be under way.
       */
      readonly money: ExpiredMoney;
      readonly payAgainHref: string;
      readonly checkHref: string;
    }
  | {
      readonly kind: 'amount_differs';
      readonly received: Money;
      readonly next: DifferenceNextStep;
      /** For `pay_rest`: the hand-off page of the same code. */
      readonly payRestHref: string | null;
    }
  | {
      readonly kind: 'refund_under_way';
      readonly cause: RefundCause;
      readonly refund: Money;
      readonly by: Day;
    }
  | { readonly kind: 'refunded'; readonly cause: RefundCause; readonly refund: Money; readonly at: Date }
  | {
      readonly kind: 'already_paid';
      /** In full; the page shows initials. Null once it was blanked. */
      readonly payerName: string | null;
      /** What the attempt that counts has paid. */
      readonly paid: Money;
      readonly paidAt: Date;
      readonly receiptHref: string | null;
    };

/** C08: no definite answer yet, for at most 15 minutes. */
export interface WaitingSituation {
  readonly kind: 'waiting';
  readonly waitedSeconds: number;
  readonly lastCheckedAt: Date | null;
  /** Measured 95th percentile of this gateway, in seconds; null when nothing was measured: then nothing is promised. */
  readonly usualSeconds: number | null;
  /** When we shall have asked the bank ourselves and answered. */
  readonly answerBy: Date;
  /** Where the result is sent; whole, the page masks it. */
  readonly contact: { readonly kind: 'email' | 'phone'; readonly value: string } | null;
  /** GET: asks the gateway again, then comes back here. */
  readonly checkHref: string;
  /** GET: answers `{ "state": "<kind of the situation>" }`, or `"paid"`; the page loads anew when it is not its own. */
  readonly pollHref: string;
  /** Back to the gateway while the same attempt can still be approved there; absent when it cannot. */
  readonly continueHref?: string;
  /** When the attempt is over unless it is approved, and another way can be chosen; null when that is past. */
  readonly freeAt: Date | null;
  /** Asks the gateway first; offered while the citizen may not have approved yet. */
  readonly cancel: FormTarget | null;
}

/** C11: still no definite answer after 15 minutes; people may be looking at it. */
export interface CheckingSituation {
  readonly kind: 'checking';
  /** The promise that holds now. */
  readonly answerBy: Date;
  /** Set once an earlier promise was missed: who answers for it. */
  readonly missed: { readonly team: string; readonly phone: string } | null;
  readonly checkHref: string;
  readonly pollHref: string;
}

export type FailureReason =
  'insufficient_funds' | 'over_limit' | 'not_verified' | 'cancelled_at_bank' | 'maintenance' | 'declined';

/**
 * `paid_twice` names the payment that counts and the one that goes back, when both times are known; `paid_over` is the
 * part of a transfer that was too much.
 */
export type RefundCause =
  | { readonly kind: 'paid_twice'; readonly countedAt: Date | null; readonly returnedAt: Date | null }
  | { readonly kind: 'paid_over' }
  | { readonly kind: 'other' };

/** The state of the money behind a situation; the page carries its sentence exactly once. */
export function moneyStateOf(view: StatusView): MoneyState {
  const { situation, amount, gatewayName } = view;
  const to = destinationOf(view);
  switch (situation.kind) {
    case 'waiting':
    case 'failed':
    case 'cancelled':
      return { kind: situation.kind };
    case 'checking':
      return { kind: 'checking', bankName: gatewayName, answerBy: situation.answerBy };
    case 'expired':
      return { kind: 'expired', money: situation.money };
    case 'amount_differs':
      return {
        kind: 'amount_differs',
        received: situation.received,
        due: amount,
        next: situation.next.kind === 'refund' ? { ...situation.next, ...to } : situation.next,
      };
    case 'refund_under_way':
      return { kind: 'refund_under_way', amount: situation.refund, by: situation.by, ...to };
    case 'refunded':
      return { kind: 'refunded', amount: situation.refund, at: situation.at };
    case 'already_paid':
      return { kind: 'paid', amount: situation.paid };
  }
}

function destinationOf({ payout, isPaidOut }: StatusView): { to?: RefundDestination } {
  if (isPaidOut !== true) return {};
  return { to: payout && payout.awaited !== null ? 'account_awaited' : 'account_named' };
}

export interface StatusParts {
  readonly view: StatusView;
  readonly context: PageContext;
}

/** The timeline of the payment, or of the refund where there is one. */
export function TrackSection({ view, context }: StatusParts): JSX.Element | null {
  if (view.steps.length === 0) return null;
  const texts = messagesFor(context.locale);
  const isRefund = ['refund_under_way', 'refunded', 'amount_differs'].includes(view.situation.kind);
  return (
    <section aria-labelledby="track">
      <h2 id="track">{isRefund ? texts.refund.track : texts.timeline.title}</h2>
      <MoneyTimeline {...view} context={context} />
    </section>
  );
}
