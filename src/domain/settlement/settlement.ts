/** Settlement: what a gateway says it paid us, line by line. Knows nothing of file formats or SQL. */
import type { Money } from '../kernel/money.ts';
import type { Day } from '../kernel/time.ts';

/** One line of a gateway's file, in the one normalised form that every reader produces. */
export interface SettlementLine {
  /** Position in the file, from 1; the reader's faults name it too. */
  readonly lineNumber: number;
  readonly kind: 'payment' | 'refund';
  readonly gatewayTransactionId: string;
  /** Our reference as the gateway repeats it: a merchant reference or a refund reference. */
  readonly reference: string;
  /** Gross, as the citizen paid it or got it back; always positive. */
  readonly amount: Money;
  /** What the gateway keeps; 0 or more. */
  readonly fee: Money;
  readonly occurredAt: Date;
  readonly settledOn: Day;
}

/** The one class every line and every payment of a day falls into. */
export type MatchClass = 'matched' | 'missing_at_us' | 'missing_at_bank' | 'amount_differs';
