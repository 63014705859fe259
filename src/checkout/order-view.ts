/** What the page of an open order is made from: amounts, reasons, payer, methods, and what its form sends. */
import type { LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import type { FormFault, FormTarget } from '../web/forms.tsx';
import type { Messages, NameInLanguages } from '../web/i18n.ts';

/** The public type codes of obligations, as in the API. */
export type ObligationTypeCode = keyof Messages['order']['kind'];

/** An open order that nobody is paying. Names and numbers come whole: the page masks what it may not show. */
export interface OrderView {
  readonly lookupCode: LookupCode;
  readonly agency: NameInLanguages;
  /** What is due if paid today: the sum of the lines. */
  readonly total: Money;
  readonly lines: readonly OrderLineView[];
  /** `not_received`: a transfer of an earlier attempt may still be under way. */
  readonly money: { readonly kind: 'not_paid' | 'not_received' };
  /** What the citizen pays to the gateway on top; 0 is shown as free of charge. */
  readonly transactionFee: Money;
  readonly reason: OrderReason;
  readonly payer: { readonly name: string; readonly identityNumber: string | null };
  /** Set on a page that anybody can come to: it shows initials, and here is where the payer is asked for more. */
  readonly payerHref: string | null;
  /** In the order shown. Empty, or none available: the page says so and has no button. */
  readonly methods: readonly MethodView[];
  /** `code` of the method to tick beforehand: the one chosen before a fault, or remembered by the device. */
  readonly selectedMethod: string | null;
  /**
   * The form posts `csrf`, `method` (a method's code), `idempotency_key` and `amount`, the total shown in minor
   * units, so that the route can see that the day changed in between (C19).
   */
  readonly form: FormTarget & { readonly idempotencyKey: string };
  readonly faults: readonly FormFault[];
  /** Set when the amount is not what this visitor saw before: late interest of one more day. */
  readonly amountChange: { readonly added: Money; readonly daysLate: number } | null;
  readonly backHref: string | null;
}

export interface OrderLineView {
  readonly type: ObligationTypeCode;
  /** The agency's own words, Vietnamese; null shows the name of the type. */
  readonly description: string | null;
  readonly amount: Money;
  /** How late interest was computed; rate in parts per million a day (500 is 0.05 %). */
  readonly lateInterest: {
    readonly base: Money;
    readonly ratePerDayPpm: number;
    readonly days: number;
  } | null;
}

/** Facts only the agency knows; a null row is left out. Texts of the agency are Vietnamese. */
export interface OrderReason {
  readonly offence: { readonly what: string; readonly whenAndWhere: string | null } | null;
  readonly procedureName: string | null;
  readonly dossierCode: string | null;
  readonly decision: {
    readonly number: string;
    readonly issuedOn: Day | null;
    readonly documentHref: string | null;
  } | null;
  /** Beneficiary of the money, such as a State Treasury office. */
  readonly paidInto: string;
  /** `daysLeft` is 0 on the last day and negative afterwards. */
  readonly due: { readonly on: Day; readonly daysLeft: number } | null;
}

export interface MethodView {
  /** The form's value: the gateway's code. */
  readonly code: string;
  readonly title: string;
  /** What one needs for it, or does there. */
  readonly hint: string;
  readonly availability: MethodAvailability;
}

export type MethodAvailability =
  | { readonly kind: 'available' }
  | { readonly kind: 'slow'; readonly minutes: number }
  /** `note` is the operator's own sentence in the page's language. */
  | { readonly kind: 'maintenance'; readonly until: Date; readonly note: string | null }
  | { readonly kind: 'failing' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'over_limit'; readonly limit: Money }
  | { readonly kind: 'under_minimum'; readonly minimum: Money };
