/** The pretend bank's daily file: every charge and refund of a day in Viet Nam, with its faults when some are asked for. */
import type { Reader } from '../../platform/database.ts';
import * as book from './bank-book.ts';
import { hanoiDay, hanoiTime } from './bank-notices.ts';
import { FEE_PER_PAYMENT, type FileFault } from './bank-types.ts';

interface FileLine {
  readonly kind: 'payment' | 'refund';
  readonly transactionId: string;
  readonly reference: string;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly at: Date;
}

/**
 * A day's file as text, from one of its lines on, in the order of time: what comes later is added at the end, so that
 * a day can be taken in parts. A file with planted faults is still well formed: its sums fit its lines.
 */
export async function settlementFile(
  reader: Reader,
  merchantId: string,
  { day, fromLine }: { readonly day: string; readonly fromLine: number },
): Promise<string> {
  const from = new Date(`${day}T00:00:00+07:00`);
  const until = new Date(from.getTime() + 86_400_000);
  const charges = await book.chargesBetween(reader, merchantId, from, until);
  const refunds = await book.refundsBetween(reader, merchantId, from, until);
  const faults = await book.fileFaultsOf(reader, merchantId, day);
  const lines: FileLine[] = [
    ...charges.map((charge) => ({
      kind: 'payment' as const,
      transactionId: charge.transactionId,
      reference: charge.merchantReference,
      gross: charge.amount,
      fee: charge.fee,
      at: charge.chargedAt,
    })),
    ...refunds.map((refund) => ({
      kind: 'refund' as const,
      transactionId: refund.refundId,
      reference: refund.refundReference,
      gross: refund.amount,
      fee: 0n,
      at: refund.refundedAt ?? from,
    })),
  ];
  const inOrder = lines.sort((a, b) => a.at.getTime() - b.at.getTime());
  return written(merchantId, day, faults.reduce(withFault, inOrder).slice(fromLine - 1));
}

function withFault(lines: readonly FileLine[], fault: FileFault): FileLine[] {
  if (fault.kind === 'drop_line') return lines.filter((line) => line.transactionId !== fault.transactionId);
  if (fault.kind === 'alter_amount') {
    return lines.map((line) =>
      line.transactionId === fault.transactionId ? { ...line, gross: fault.amount ?? line.gross } : line,
    );
  }
  const unknown = {
    kind: 'payment' as const,
    transactionId: fault.transactionId,
    reference: `UNKNOWN${fault.transactionId}`,
    gross: fault.amount ?? 100_000n,
    fee: FEE_PER_PAYMENT,
    at: new Date(`${fault.day}T12:00:00+07:00`),
  };
  return [...lines, unknown];
}

function written(merchantId: string, day: string, lines: readonly FileLine[]): string {
  const settledOn = hanoiDay(new Date(Date.parse(`${day}T12:00:00+07:00`) + 86_400_000));
  const count = lines.length.toString();
  let gross = 0n;
  let fee = 0n;
  const records = lines.map((line, index) => {
    const signed = line.kind === 'payment' ? line.gross : -line.gross;
    gross += signed;
    fee += line.fee;
    return [
      'L',
      (index + 1).toString(),
      line.kind,
      line.transactionId,
      line.reference,
      line.gross.toString(),
      line.fee.toString(),
      (signed - line.fee).toString(),
      hanoiTime(line.at),
      settledOn,
    ].join(',');
  });
  const header = ['H', 'SANDBOX-SETTLEMENT-1', merchantId, day, 'VND', count].join(',');
  const trailer = ['T', count, gross.toString(), fee.toString(), (gross - fee).toString()].join(',');
  return [header, ...records, trailer].map((record) => `${record}\r\n`).join('');
}
