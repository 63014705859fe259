/** What the reconciliation page is made from, and the bridge from our figure to that of the banks. */
import { add, subtract, sum, type Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import type { MatchClass } from '../domain/settlement/settlement.ts';
import type { StaffPageParts } from '../web/page.tsx';

/** Everything of the range, in dong or one other currency; every amount has that currency. */
export interface ReconciliationView {
  readonly from: Day;
  /** Included. */
  readonly to: Day;
  readonly asOf: Date;
  readonly currency: Money['currency'];
  readonly gateways: readonly GatewayReconciliation[];
  /** Those of the page, oldest first. */
  readonly exceptions: readonly ReconciliationException[];
  /** How many there are in the range, when the page does not list all. */
  readonly exceptionCount: number;
  readonly formHref: string;
  readonly menu: NonNullable<StaffPageParts['menu']>;
}

/** One gateway's days. A payment or line is in exactly one class. */
export interface GatewayReconciliation {
  readonly name: string;
  /** When the newest statement of the range came; null: none yet, so nothing of this gateway is compared. */
  readonly statementAt: Date | null;
  /** All successful payments we recorded, compared or not. */
  readonly recorded: CountAndSum;
  readonly matched: CountAndSum;
  /** Lines of the bank that we have no payment for; the sum is the bank's. */
  readonly missingAtUs: CountAndSum;
  /** Payments that no line names; the sum is ours. */
  readonly missingAtBank: CountAndSum;
  /** Both sides have it with different amounts. */
  readonly amountDiffers: { readonly count: number; readonly ours: Money; readonly theirs: Money };
}

export interface CountAndSum {
  readonly count: number;
  readonly sum: Money;
}

export interface ReconciliationException {
  readonly kind: Exclude<MatchClass, 'matched'>;
  readonly day: Day;
  readonly gatewayName: string;
  /** Our merchant reference; null when the bank's line names none of ours. */
  readonly merchantReference: string | null;
  readonly gatewayTransactionId: string | null;
  readonly ours: Money | null;
  readonly theirs: Money | null;
  readonly isResolved: boolean;
}

/** The figures of the bridge. Sources without a statement are left out: there is nothing to compare them with. */
export interface Bridge {
  readonly recorded: Money;
  readonly reported: Money;
  /** Bank's side less ours. */
  readonly difference: Money;
  /** Signed as they move our figure to the bank's. */
  readonly steps: readonly {
    readonly kind: Exclude<MatchClass, 'matched'>;
    readonly count: number;
    readonly sum: Money;
  }[];
  /** What the three classes leave unexplained; anything but 0 is a fault of the data. */
  readonly unexplained: Money;
}

/** Why the two sides differ: our figure, less what is not at the bank, plus what only the bank has, plus differences. */
export function bridgeOf(view: Pick<ReconciliationView, 'gateways' | 'currency'>): Bridge {
  const compared = view.gateways.filter(({ statementAt }) => statementAt !== null);
  const total = (amounts: readonly Money[]) => sum(amounts, view.currency);
  const zero = total([]);
  const recorded = total(compared.map((gateway) => gateway.recorded.sum));
  const reported = total(compared.map(reportedBy).map(({ sum: reportedSum }) => reportedSum));
  const countOf = (pick: (gateway: GatewayReconciliation) => number) =>
    compared.reduce((running, gateway) => running + pick(gateway), 0);
  const steps = [
    {
      kind: 'missing_at_bank' as const,
      count: countOf((gateway) => gateway.missingAtBank.count),
      sum: subtract(zero, total(compared.map((gateway) => gateway.missingAtBank.sum))),
    },
    {
      kind: 'amount_differs' as const,
      count: countOf((gateway) => gateway.amountDiffers.count),
      sum: total(compared.map(({ amountDiffers }) => subtract(amountDiffers.theirs, amountDiffers.ours))),
    },
    {
      kind: 'missing_at_us' as const,
      count: countOf((gateway) => gateway.missingAtUs.count),
      sum: total(compared.map((gateway) => gateway.missingAtUs.sum)),
    },
  ];
  const difference = subtract(reported, recorded);
  const explained = total(steps.map((step) => step.sum));
  return { recorded, reported, difference, steps, unexplained: subtract(difference, explained) };
}

/** What the bank reports of a gateway's range: what matches, what only it has, and its side of the differences. */
export function reportedBy(gateway: GatewayReconciliation): CountAndSum {
  return {
    count: gateway.matched.count + gateway.missingAtUs.count + gateway.amountDiffers.count,
    sum: add(add(gateway.matched.sum, gateway.missingAtUs.sum), gateway.amountDiffers.theirs),
  };
}
