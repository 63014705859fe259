/** Pure: the pretend bank's daily file -> settlement lines. Source: the bank's protocol page, docs/sandbox-bank.md §8. */
import { money, parseDecimalAmount, type Money } from '../../domain/kernel/money.ts';
import { parseDay, type Day } from '../../domain/kernel/time.ts';
import type { SettlementFileReading, SettlementLine } from '../gateway-adapter.ts';

const FORMAT = 'SANDBOX-SETTLEMENT-1';
const HEADER = ['record', 'format', 'merchant', 'day', 'currency', 'count'] as const;
const LINE = [
  'record',
  'line_no',
  'kind',
  'transaction_id',
  'reference',
  'gross',
  'fee',
  'net',
  'occurred_at',
  'settled_on',
] as const;
const TRAILER = ['record', 'count', 'gross', 'fee', 'net'] as const;
const MAX_FAULTS = 100;

type Row<Columns extends readonly string[]> = Readonly<Record<Columns[number], string>>;
interface Fault {
  readonly line: number;
  readonly column: string;
  readonly fault: string;
}
type Report = (line: number, column: string, fault: string) => void;

/** Reads the whole file or refuses it whole. Every fault names the file's line (from 1) and its column. */
export function readSettlementFile(file: {
  readonly name: string;
  readonly bytes: Uint8Array;
}): SettlementFileReading {
  const faults: Fault[] = [];
  const report: Report = (line, column, fault) => {
    if (faults.length < MAX_FAULTS) faults.push({ line, column, fault });
  };
  const rows = splitRows(file.bytes, report);
  if (rows.length < 2) {
    report(rows.length + 1, 'record', 'the file ends before its trailer');
    return { kind: 'unreadable', faults };
  }
  const header = readHeader(rows[0] ?? [], report);
  const lines = readLines(rows.slice(1, -1), header?.day ?? null, report);
  const totalNet = checkTrailer(rows, lines, header?.count ?? null, report);
  return faults.length > 0 || totalNet === null
    ? { kind: 'unreadable', faults }
    : {
        kind: 'read',
        lines: lines.map(({ line }) => line),
        totalNet,
        ...(header?.day ? { day: header.day } : {}),
      };
}

function splitRows(bytes: Uint8Array, report: Report): readonly (readonly string[])[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    report(1, 'record', 'the file is not UTF-8');
    return [];
  }
  const rows = text.split('\n');
  // The last line ends too: a file cut within its trailer would otherwise look whole.
  if (rows.pop() !== '') report(rows.length + 1, 'record', 'the last line has no end; the file is cut');
  return rows.map((row) => (row.endsWith('\r') ? row.slice(0, -1) : row).split(','));
}

function readHeader(
  cells: readonly string[],
  report: Report,
): { readonly day: Day | null; readonly count: number | null } | null {
  const header = named(HEADER, 'H', cells, 1, report);
  if (!header) return null;
  if (header.format !== FORMAT) report(1, 'format', `"${shown(header.format)}" is not ${FORMAT}`);
  if (header.merchant === '') report(1, 'merchant', 'is empty');
  if (header.currency !== 'VND') report(1, 'currency', `"${shown(header.currency)}" is not VND`);
  const day = parseDay(header.day);
  if (!day) report(1, 'day', `"${shown(header.day)}" is not a day`);
  return { day, count: whole(header.count, 1, 'count', report) };
}

interface ReadLine {
  readonly line: SettlementLine;
  readonly net: bigint;
}

function readLines(
  rows: readonly (readonly string[])[],
  day: Day | null,
  report: Report,
): readonly ReadLine[] {
  const lines: ReadLine[] = [];
  const lineOfTransaction = new Map<string, number>();
  for (const [index, cells] of rows.entries()) {
    const at = index + 2;
    const row = named(LINE, 'L', cells, at, report);
    if (!row) continue;
    const earlier = lineOfTransaction.get(row.transaction_id);
    if (earlier !== undefined) {
      report(at, 'transaction_id', `"${shown(row.transaction_id)}" stands on line ${earlier} too`);
    }
    lineOfTransaction.set(row.transaction_id, at);
    const read = readLine(row, index + 1, at, day, report);
    if (read) lines.push(read);
  }
  return lines;
}

function readLine(
  row: Row<typeof LINE>,
  lineNumber: number,
  at: number,
  day: Day | null,
  report: Report,
): ReadLine | null {
  const kind = row.kind === 'payment' || row.kind === 'refund' ? row.kind : null;
  const gross = amountOf(row.gross);
  const fee = amountOf(row.fee);
  const net = signedAmountOf(row.net);
  const occurredAt = instantOf(row.occurred_at);
  const settledOn = parseDay(row.settled_on);

  if (row.line_no !== String(lineNumber))
    report(at, 'line_no', `"${shown(row.line_no)}" is not ${lineNumber}`);
  if (!kind) report(at, 'kind', `"${shown(row.kind)}" is neither payment nor refund`);
  for (const column of ['transaction_id', 'reference'] as const) {
    if (!/^[A-Za-z0-9._:-]{1,64}$/.test(row[column]))
      report(at, column, `"${shown(row[column])}" is no identifier`);
  }
  if (gross === null || gross === 0n)
    report(at, 'gross', `"${shown(row.gross)}" is not a whole, positive number of dong`);
  if (fee === null) report(at, 'fee', `"${shown(row.fee)}" is not a whole number of dong`);
  if (net === null) report(at, 'net', `"${shown(row.net)}" is not a whole number of dong`);
  if (!occurredAt) report(at, 'occurred_at', `"${shown(row.occurred_at)}" is not an instant with its offset`);
  if (!settledOn) report(at, 'settled_on', `"${shown(row.settled_on)}" is not a day`);
  else if (day && settledOn < day) report(at, 'settled_on', `${settledOn} is before the file's day ${day}`);
  if (!kind || !gross || fee === null || net === null || !occurredAt || !settledOn) return null;

  const expectedNet = (kind === 'payment' ? gross : -gross) - fee;
  if (net !== expectedNet) report(at, 'net', `${net} is not ${expectedNet}, which gross and fee give`);
  return {
    net,
    line: {
      lineNumber,
      kind,
      gatewayTransactionId: row.transaction_id,
      reference: row.reference,
      amount: money(gross, 'VND'),
      fee: money(fee, 'VND'),
      occurredAt,
      settledOn,
    },
  };
}

/** The control sums: gross is payments less refunds, net is what the bank pays out. Null when there is no trailer. */
function checkTrailer(
  rows: readonly (readonly string[])[],
  lines: readonly ReadLine[],
  headerCount: number | null,
  report: Report,
): Money | null {
  const at = rows.length;
  const trailer = named(TRAILER, 'T', rows[at - 1] ?? [], at, report);
  if (!trailer) return null;
  const inFile = rows.length - 2;
  const count = whole(trailer.count, at, 'count', report);
  if (count !== null && count !== inFile) report(at, 'count', `says ${count}, the file has ${inFile} lines`);
  if (headerCount !== null && headerCount !== inFile) {
    report(1, 'count', `says ${headerCount}, the file has ${inFile} lines`);
  }
  // Sums over lines that could not all be read would only repeat their faults.
  if (lines.length !== inFile) return null;
  const sums = { gross: 0n, fee: 0n, net: 0n };
  for (const { line, net } of lines) {
    sums.gross += line.kind === 'payment' ? line.amount.amountMinor : -line.amount.amountMinor;
    sums.fee += line.fee.amountMinor;
    sums.net += net;
  }
  for (const column of ['gross', 'fee', 'net'] as const) {
    const told = signedAmountOf(trailer[column]);
    if (told === null) report(at, column, `"${shown(trailer[column])}" is not a whole number of dong`);
    else if (told !== sums[column]) report(at, column, `says ${told}, the lines give ${sums[column]}`);
  }
  return money(sums.net, 'VND');
}

function named<Columns extends readonly string[]>(
  columns: Columns,
  mark: string,
  cells: readonly string[],
  at: number,
  report: Report,
): Row<Columns> | null {
  if (cells[0] !== mark) {
    report(at, 'record', `"${shown(cells[0] ?? '')}" stands where ${mark} is expected`);
    return null;
  }
  if (cells.length !== columns.length) {
    report(at, 'record', `has ${cells.length} columns instead of ${columns.length}`);
    return null;
  }
  return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])) as Row<Columns>;
}

function whole(text: string, at: number, column: string, report: Report): number | null {
  if (/^(0|[1-9]\d{0,8})$/.test(text)) return Number(text);
  report(at, column, `"${shown(text)}" is not a whole number`);
  return null;
}

function amountOf(text: string): bigint | null {
  return /^0\d/.test(text) ? null : (parseDecimalAmount(text, 'VND')?.amountMinor ?? null);
}

function signedAmountOf(text: string): bigint | null {
  if (!text.startsWith('-')) return amountOf(text);
  const positive = amountOf(text.slice(1));
  return positive === null || positive === 0n ? null : -positive;
}

function instantOf(text: string): Date | null {
  const parts = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{3})?(?:Z|[+-]\d{2}:\d{2})$/.exec(text);
  const at = new Date(text);
  return parts?.[1] && parseDay(parts[1]) && !Number.isNaN(at.getTime()) ? at : null;
}

/** A cell as it may stand in a message: cut, and without what could end a line. */
function shown(cell: string): string {
  return cell.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 40);
}
