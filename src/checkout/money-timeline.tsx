/** "Where your money is": the steps of a payment or refund, the same list everywhere it is told. */
import type { JSX } from 'preact';
import type { Day } from '../domain/kernel/time.ts';
import { Timeline, type TimelineEntry } from '../web/components.tsx';
import { dayText, instantFormat } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import type { LocaleAndZone } from '../web/money-sentence.ts';

/** What can happen to money, in the order it happens. The first five are of a payment, the rest of a refund. */
export type MoneyStepKind =
  | 'handed_off'
  | 'bank_confirmed'
  | 'recorded'
  | 'agency_told'
  | 'reconciled'
  | 'surplus_found'
  | 'refund_approved'
  | 'refund_account'
  | 'refund_sent'
  | 'refund_arrived';

/** One step. `current` means that it is under way and the next news is about it; at most one step is. */
export interface MoneyStep {
  readonly kind: MoneyStepKind;
  readonly state: 'done' | 'current' | 'todo';
  /** When it was done; null while it is not. */
  readonly at: Date | null;
  /** When it is expected, for steps that are not done. */
  readonly expectedOn?: Day;
}

export interface MoneyTimelineParts {
  readonly steps: readonly MoneyStep[];
  readonly gatewayName: string;
  /** The payer transfers by themselves, and leaves no page of ours for a gateway's. */
  readonly isTransfer: boolean;
  readonly agency: NameInLanguages;
  readonly context: LocaleAndZone;
}

export function MoneyTimeline(parts: MoneyTimelineParts): JSX.Element {
  const entries = parts.steps.map((step): TimelineEntry => ({
    state: step.state,
    title: stepTitle(step, parts),
    note: stepNote(step, parts),
  }));
  return <Timeline entries={entries} locale={parts.context.locale} />;
}

function stepTitle(step: MoneyStep, parts: MoneyTimelineParts): string {
  const { gatewayName, isTransfer, agency, context } = parts;
  const texts = messagesFor(context.locale).timeline;
  const isDone = step.state === 'done';
  const agencyName = nameIn(context.locale, agency).text;
  switch (step.kind) {
    case 'handed_off':
      return isTransfer ? texts.codeShown : texts.handedOff(gatewayName);
    case 'bank_confirmed':
      if (isTransfer) return isDone ? texts.transferArrived : texts.awaitingTransfer;
      return isDone ? texts.bankTookMoney : texts.awaitingBank(gatewayName);
    case 'recorded':
      return isDone ? texts.recorded : texts.toRecord;
    case 'agency_told':
      return isDone ? texts.agencyTold(agencyName) : texts.toTellAgency(agencyName);
    case 'reconciled':
      return texts.reconciled;
    case 'surplus_found':
      return texts.surplusFound;
    case 'refund_approved':
      return isDone ? texts.refundApproved : texts.toApproveRefund;
    case 'refund_account':
      return isDone ? texts.refundAccountKnown : texts.refundAccountAwaited;
    case 'refund_sent':
      return texts.refundSent;
    case 'refund_arrived':
      return texts.refundArrived;
  }
}

function stepNote(step: MoneyStep, { gatewayName, isTransfer, context }: MoneyTimelineParts): string | null {
  const texts = messagesFor(context.locale).timeline;
  const { momentWithSeconds } = instantFormat(context.timeZone, context.locale);
  if (step.at !== null) {
    const at = momentWithSeconds(step.at);
    return step.kind === 'bank_confirmed' && !isTransfer ? `${gatewayName}, ${at}` : at;
  }
  if (step.kind === 'bank_confirmed' && step.state === 'current') return texts.noAnswerYet;
  if (step.kind === 'agency_told' && step.state === 'current') return texts.telling;
  if (step.expectedOn === undefined) return null;
  const expected = dayText(step.expectedOn);
  return step.kind === 'reconciled' ? texts.expectedOn(expected) : expected;
}
