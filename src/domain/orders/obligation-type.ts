/** Obligation types and fees as data: a new kind of obligation is a row, not code. */
import type { BeneficiaryKind } from '../agencies/agency.ts';
import type { Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';

export interface ObligationType {
  readonly code: string;
  readonly labelVi: string;
  readonly labelEn: string;
  /** JSON Schema of the attributes a line of this type carries. */
  readonly attributesSchema: Readonly<Record<string, unknown>>;
  readonly pricedBy: 'fee_schedule' | 'agency' | 'rule';
  readonly defaultBeneficiaryKind: BeneficiaryKind;
  readonly lateRatePerDayPpm: number | null;
  readonly partialPayment: 'none' | 'by_instalment_decision' | 'by_line';
  /** A penalty stays known as paid; other obligations may be asked for again. */
  readonly staysAfterPayment: boolean;
  readonly receiptForm: string;
  readonly refundRoute: 'gateway' | 'agency_decision' | 'treasury_order';
  readonly defaultBudgetChapter: string | null;
  readonly defaultBudgetSubItem: string | null;
  readonly legalBasis: string | null;
  readonly demonstration: boolean;
}

/** One version of a fee. */
export interface FeeItem {
  readonly feeCode: string;
  readonly version: number;
  readonly obligationType: string;
  readonly procedureCode: string;
  readonly labelVi: string;
  readonly labelEn: string;
  readonly unitAmount: Money;
  readonly validFrom: Day;
  /** The first day on which it no longer holds. */
  readonly validTo: Day | null;
  readonly legalBasis: string;
  readonly budgetChapter: string | null;
  readonly budgetSubItem: string | null;
  readonly demonstration: boolean;
}
