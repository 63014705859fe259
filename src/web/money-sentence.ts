/** The money sentence: the one sentence of a page that says where the citizen's money is. Same words wherever it is told. */
import { subtract, type Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { dayText, instantFormat, moneyText, type Locale } from './formats.ts';
import { messagesFor, type Messages } from './i18n.ts';

/**
 * What we know of the money. "No money was taken" is said only in states that are definitive.
 *
 * - `not_paid`: no attempt at all, or every attempt definitely failed.
 * - `not_received`: an attempt ran out whose gateway cannot be asked; a transfer may be under way, or may not.
 * - `waiting`: an attempt has no definitive answer.
 * - `paid`: the ledger holds it.
 * - `failed`: the gateway answered a definite failure.
 * - `checking`: waiting for longer than 15 minutes; `answerBy` is a promise.
 * - `refund_under_way`, `refunded`: approved or begun; confirmed by the gateway.
 * - `expired`: the attempt's life is over; `money` is the state behind it, never left unsaid.
 * - `cancelled`: by the citizen, and the gateway confirmed that nothing was taken.
 * - `amount_differs`: money came, but not the sum due.
 */
export type MoneyState =
  | { readonly kind: 'not_paid' }
  | { readonly kind: 'not_received' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'paid'; readonly amount: Money }
  | { readonly kind: 'failed' }
  | { readonly kind: 'checking'; readonly bankName: string; readonly answerBy: Date }
  | {
      readonly kind: 'refund_under_way';
      readonly amount: Money;
      readonly by: Day;
      readonly to?: RefundDestination;
    }
  | { readonly kind: 'refunded'; readonly amount: Money; readonly at: Date }
  | { readonly kind: 'expired'; readonly money: 'not_paid' | 'waiting' | 'not_received' }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'amount_differs';
      readonly received: Money;
      readonly due: Money;
      readonly next: DifferenceNextStep;
    };

/** `pay_rest`: a short bank transfer can be topped up until `by`; `checking`: people look at it; `refund`: it goes back. */
export type DifferenceNextStep =
  | { readonly kind: 'pay_rest'; readonly by: Date }
  | { readonly kind: 'checking' }
  | { readonly kind: 'refund'; readonly to?: RefundDestination };

/** For money that people transfer back: the account the payer named, or is yet to name. Else the one it was paid from. */
export type RefundDestination = 'account_named' | 'account_awaited';

export interface LocaleAndZone {
  readonly locale: Locale;
  readonly timeZone: string;
}

/** The sentence of a state, plain text without emphasis. */
export function moneySentence(state: MoneyState, { locale, timeZone }: LocaleAndZone): string {
  const texts = messagesFor(locale).money;
  const instants = instantFormat(timeZone, locale);
  const text = (amount: Money) => moneyText(amount, locale);
  switch (state.kind) {
    case 'not_paid':
      return texts.notPaid;
    case 'not_received':
      return texts.notReceived;
    case 'waiting':
      return texts.waiting;
    case 'paid':
      return texts.paid(text(state.amount));
    case 'failed':
      return texts.failed;
    case 'checking':
      return texts.checking(state.bankName, instants.time(state.answerBy), instants.date(state.answerBy));
    case 'refund_under_way':
      if (state.to === 'account_awaited') return texts.payoutAwaited(text(state.amount));
      return state.to === 'account_named'
        ? texts.payoutUnderWay(text(state.amount), dayText(state.by))
        : texts.refundUnderWay(text(state.amount), dayText(state.by));
    case 'refunded':
      return texts.refunded(text(state.amount), instants.moment(state.at));
    case 'expired':
      return {
        not_paid: texts.expiredNotPaid,
        waiting: texts.expiredWaiting,
        not_received: texts.expiredNotReceived,
      }[state.money];
    case 'cancelled':
      return texts.cancelled;
    case 'amount_differs':
      return differenceSentence(state, texts, { text, moment: instants.moment });
  }
}

/** The word of a state, always beside an icon and the sentence. */
export function moneyTag(state: MoneyState, locale: Locale): string {
  return messagesFor(locale).money.tag[state.kind];
}

function differenceSentence(
  { received, due, next }: Extract<MoneyState, { kind: 'amount_differs' }>,
  texts: Messages['money'],
  write: { text: (amount: Money) => string; moment: (at: Date) => string },
): string {
  const [receivedText, dueText] = [write.text(received), write.text(due)];
  switch (next.kind) {
    case 'pay_rest':
      return texts.differsPayRest(
        receivedText,
        dueText,
        write.text(subtract(due, received)),
        write.moment(next.by),
      );
    case 'checking':
      return texts.differsChecking(receivedText, dueText);
    case 'refund':
      if (next.to === 'account_awaited') return texts.differsAwaited(receivedText, dueText);
      return next.to === 'account_named'
        ? texts.differsPayout(receivedText, dueText)
        : texts.differsRefund(receivedText, dueText);
  }
}
