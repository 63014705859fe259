/** A settlement file read to its end, with its lines at hand, as tests want it. */
import type { SettlementFileReading, SettlementLine } from '../../src/gateways/gateway-adapter.ts';

type Unreadable = Extract<SettlementFileReading, { kind: 'unreadable' }>;

export type WholeFile =
  | (Omit<Exclude<SettlementFileReading, Unreadable>, 'lines'> & {
      readonly lines: readonly SettlementLine[];
    })
  | Unreadable;

export function wholeFile(reading: Generator<SettlementLine, SettlementFileReading, undefined>): WholeFile {
  for (;;) {
    const step = reading.next();
    if (!step.done) continue;
    return step.value.kind === 'read' ? { ...step.value, lines: [...step.value.lines] } : step.value;
  }
}
