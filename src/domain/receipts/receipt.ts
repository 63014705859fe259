/** Receipt: the numbered document of a paid order, its content frozen at issue. */
import type { AgencyId, OrderId, PaymentId, ReceiptId } from '../kernel/ids.ts';
import { sum, type Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';
import type { AllocationLine } from '../payments/payment.ts';

/** A receipt before its number: the number is taken inside the transaction that issues it. */
export interface ReceiptDraft {
  readonly agencyId: AgencyId;
  readonly id: ReceiptId;
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly form: string;
  readonly symbol: string;
  readonly verificationCode: string;
  readonly amount: Money;
  readonly content: ReceiptContent;
  readonly businessDate: Day;
  readonly issuedAt: Date;
  readonly replacesId: ReceiptId | null;
}

/** What the receipt says; amounts as integers of the currency's minor unit. Source: Decree 123/2020 art. 32. */
export interface ReceiptContent {
  readonly issuer: { readonly code: string; readonly name_vi: string; readonly name_en: string };
  readonly payer_name: string | null;
  readonly dossier_code: string | null;
  readonly lines: readonly {
    readonly kind: string;
    readonly description: string;
    readonly amount: number;
    readonly beneficiary: string;
    readonly budget_chapter: string | null;
    readonly budget_sub_item: string | null;
  }[];
  readonly amount: number;
  readonly currency: string;
  readonly paid_at: string;
  readonly paid_through: string;
  readonly gateway_transaction_id: string;
}

/**
 * The symbol of a series: two letters, the last two digits of the year of the business date, E for electronic.
 * Shape from live receipts (`BI-23T`); the year changes the series, so numbers start again at 1.
 */
export function receiptSymbol(businessDate: Day): string {
  return `BL-${businessDate.slice(2, 4)}E`;
}

/** The lines of one paid order, by receipt form: lines whose types share a form share a receipt. */
export function linesByReceiptForm(
  lines: readonly AllocationLine[],
): ReadonlyMap<string, readonly AllocationLine[]> {
  const byForm = new Map<string, AllocationLine[]>();
  for (const line of lines) {
    const same = byForm.get(line.receiptForm);
    if (same) same.push(line);
    else byForm.set(line.receiptForm, [line]);
  }
  return byForm;
}

/** What is left on a form's lines once refunds are taken off; lines refunded whole leave the receipt. */
export function linesAfterRefunds(lines: readonly AllocationLine[]): AllocationLine[] {
  return lines
    .map((line) => ({
      ...line,
      amount: { ...line.amount, amountMinor: line.amount.amountMinor - line.refunded.amountMinor },
    }))
    .filter((line) => line.amount.amountMinor > 0n);
}

export function receiptAmount(lines: readonly AllocationLine[]): Money {
  const currency = lines[0]?.amount.currency;
  if (currency === undefined) throw new Error('a receipt needs at least one line');
  return sum(
    lines.map(({ amount }) => amount),
    currency,
  );
}
