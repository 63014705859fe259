/** Payment order: an agency's demand that one payer pay the lines of one dossier by a date. */
import type { AgencyId, OrderId } from '../kernel/ids.ts';
import { add, money, sum, type Currency, type Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';
import { lateInterest, type LateInterest } from './late-interest.ts';
import type { PaymentOrderStatus } from './payment-order-lifecycle.ts';

/** Late interest is a kind of its own: computed by the day, never asked for by an agency. */
export const LATE_INTEREST = 'late_interest';

export interface Payer {
  readonly name: string | null;
  readonly identityNumber: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

export interface Decision {
  readonly number: string;
  readonly issuedOn: Day | null;
  readonly deliveredOn: Day | null;
}

export interface OrderLine {
  readonly lineNo: number;
  readonly obligationType: string;
  readonly feeCode: string | null;
  readonly feeVersion: number | null;
  readonly description: string;
  readonly quantity: number;
  readonly unitAmount: Money;
  readonly amount: Money;
  readonly beneficiaryCode: string;
  readonly budgetChapter: string | null;
  readonly budgetSubItem: string | null;
  readonly receiptForm: string;
  readonly decision: Decision | null;
  readonly payBy: Day | null;
  readonly lateRatePerDayPpm: number | null;
  readonly obligationScope: string;
  readonly obligationKey: string;
  readonly staysAfterPayment: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface PaymentOrder {
  readonly agencyId: AgencyId;
  readonly id: OrderId;
  readonly lookupCode: string;
  readonly dossierCode: string | null;
  readonly procedureCode: string | null;
  readonly status: PaymentOrderStatus;
  readonly version: number;
  readonly eventSequence: number;
  readonly currency: Currency;
  readonly principal: Money;
  readonly amountPaid: Money;
  readonly amountRefunded: Money;
  readonly payer: Payer;
  readonly returnUrl: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly paidAt: Date | null;
  readonly closedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  /** Of what was paid, what no refund has taken or is holding. */
  readonly amountRefundable: Money;
  readonly lines: readonly OrderLine[];
}

/** A line as it is due on one day: the agency's own, or the interest on one of them. */
export interface DueLine {
  readonly kind: string;
  readonly line: OrderLine;
  readonly amount: Money;
  readonly interest: LateInterest | null;
}

/** What the lines of an order come to when paid on a day, interest after the line that bears it. */
export function linesDueOn(lines: readonly OrderLine[], payDay: Day): DueLine[] {
  return lines.flatMap((line): DueLine[] => {
    const own: DueLine = { kind: line.obligationType, line, amount: line.amount, interest: null };
    if (line.payBy === null || line.lateRatePerDayPpm === null) return [own];
    const interest = lateInterest(
      line.amount,
      { payBy: line.payBy, ratePerDayPpm: line.lateRatePerDayPpm },
      payDay,
    );
    if (interest.amount.amountMinor === 0n) return [own];
    return [own, { kind: LATE_INTEREST, line, amount: interest.amount, interest }];
  });
}

/** What an order comes to when paid on a day. */
export function amountDueOn(order: Pick<PaymentOrder, 'lines' | 'currency'>, payDay: Day): Money {
  return sum(
    linesDueOn(order.lines, payDay).map(({ amount }) => amount),
    order.currency,
  );
}

/** The sum of the lines without interest. */
export function principalOf(lines: readonly OrderLine[], currency: Currency): Money {
  return lines.reduce((total, line) => add(total, line.amount), money(0n, currency));
}

/**
 * What makes an obligation the same as another: its scope (decision number, else dossier) and its key
 * (type and fee code, or the agency's own reference).
 */
export function obligationIdentity(line: {
  readonly obligationType: string;
  readonly feeCode: string | null;
  readonly reference: string | null;
  readonly decisionNumber: string | null;
  readonly dossierCode: string | null;
}): { readonly scope: string; readonly key: string } {
  const scope =
    line.decisionNumber === null ? `dossier:${line.dossierCode ?? ''}` : `decision:${line.decisionNumber}`;
  const part = line.reference === null ? (line.feeCode ?? '') : `ref:${line.reference}`;
  return { scope, key: `${line.obligationType}:${part}` };
}
