/**
 * Matching: the lines of a gateway's file against what we hold, each line into exactly one class.
 *
 * Pure and independent of the order of lines: a class is decided from the line and the records alone, and of
 * several equal claims to one record the smallest line number is believed.
 */
import { equals, type Money } from '../kernel/money.ts';
import type { MatchClass, SettlementLine } from './settlement.ts';

/** A payment or refund of ours, as a line may find it. */
export interface SettlementRecord {
  readonly kind: 'payment' | 'refund';
  readonly id: string;
  readonly reference: string;
  /** The gateway's own number for it, once we know it. */
  readonly gatewayTransactionId: string | null;
  /** What we hold as received or given back; while we do not know, what was asked. */
  readonly amount: Money;
  /** We know that the money moved: a payment received, a refund confirmed. */
  readonly isKnownMoved: boolean;
  /** A line of an earlier file, or earlier in this one, is already believed for it. */
  readonly isClaimed: boolean;
}

export type MatchDetail =
  /** We hold nothing under this reference. */
  | 'unknown_reference'
  /** We hold it, and did not yet know that the money moved: the line tells us. */
  | 'not_yet_known'
  /** Another charge under a reference that is already paid. */
  | 'second_charge'
  /** A second line for one payment: not believed, a person looks. */
  | 'duplicate_at_bank';

export interface LineMatch {
  readonly lineNumber: number;
  readonly matchClass: Exclude<MatchClass, 'missing_at_bank'>;
  readonly record: SettlementRecord | null;
  readonly detail: MatchDetail | null;
}

type LineToMatch = Pick<
  SettlementLine,
  'lineNumber' | 'kind' | 'gatewayTransactionId' | 'reference' | 'amount'
>;

/**
 * Classifies lines. A duplicate counts as missing at us, for we hold no second payment it could be.
 *
 * @returns one match per line, in line order
 */
export function matchLines(
  lines: readonly LineToMatch[],
  records: readonly SettlementRecord[],
): readonly LineMatch[] {
  const find = indexRecords(records);
  const claimed = new Set(records.filter(({ isClaimed }) => isClaimed).map(keyOf));
  return [...lines]
    .sort((a, b) => a.lineNumber - b.lineNumber)
    .map((line) => {
      const match = matchLine(line, find(line));
      if (match.matchClass !== 'matched' || !match.record) return match;
      if (claimed.has(keyOf(match.record)))
        return { ...match, matchClass: 'missing_at_us', detail: 'duplicate_at_bank' };
      claimed.add(keyOf(match.record));
      return match;
    });
}

/** What a line is when nobody else claims its record. */
function matchLine(line: LineToMatch, record: SettlementRecord | null): LineMatch {
  const { lineNumber } = line;
  if (!record) return { lineNumber, matchClass: 'missing_at_us', record: null, detail: 'unknown_reference' };
  if (!record.isKnownMoved)
    return { lineNumber, matchClass: 'missing_at_us', record, detail: 'not_yet_known' };
  if (isAnotherCharge(line, record))
    return { lineNumber, matchClass: 'missing_at_us', record, detail: 'second_charge' };
  if (!equals(line.amount, record.amount))
    return { lineNumber, matchClass: 'amount_differs', record, detail: null };
  return { lineNumber, matchClass: 'matched', record, detail: null };
}

function isAnotherCharge(line: LineToMatch, record: SettlementRecord): boolean {
  return (
    record.kind === 'payment' &&
    record.gatewayTransactionId !== null &&
    record.gatewayTransactionId !== line.gatewayTransactionId
  );
}

/** A gateway's own number names a charge more narrowly than our reference, so it is looked at first. */
function indexRecords(records: readonly SettlementRecord[]): (line: LineToMatch) => SettlementRecord | null {
  const byTransaction = new Map<string, SettlementRecord>();
  const byReference = new Map<string, SettlementRecord>();
  for (const record of records) {
    if (record.gatewayTransactionId !== null)
      byTransaction.set(`${record.kind}:${record.gatewayTransactionId}`, record);
    byReference.set(`${record.kind}:${record.reference}`, record);
  }
  return (line) =>
    byTransaction.get(`${line.kind}:${line.gatewayTransactionId}`) ??
    byReference.get(`${line.kind}:${line.reference}`) ??
    null;
}

function keyOf(record: SettlementRecord): string {
  return `${record.kind}:${record.id}`;
}
