/** Pure: the pretend bank's daily file -> settlement lines, one by one. Source: the bank's protocol page, docs/sandbox-bank.md §8. */
import { isUtf8 } from 'node:buffer';
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
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

type Row<Columns extends readonly string[]> = Readonly<Record<Columns[number], string>>;
interface Fault {
  readonly line: number;
  readonly column: string;
  readonly fault: string;
}
type Report = (line: number, column: string, fault: string) => void;

/** Reads line by line; the file is readable whole or not at all. Every fault names the file's line (from 1) and its column. */
export function* readSettlementFile(file: {
  readonly name: string;
  readonly bytes: Uint8Array;
}): Generator<SettlementLine, SettlementFileReading, undefined> {
  const faults: Fault[] = [];
  const report: Report = (line, column, fault) => {
    if (faults.length < MAX_FAULTS) faults.push({ line, column, fault });
  };
  const end = yield* readRows(file.bytes, new Map(), report);
  if (faults.length > 0 || end === null) return { kind: 'unreadable', faults };
  return { kind: 'read', lines: { [Symbol.iterator]: () => linesAgain(file.bytes) }, ...end };
}

/** Without the check for doubles, which keeps every identifier in memory: that was done. */
function* linesAgain(bytes: Uint8Array): Generator<SettlementLine, void, undefined> {
  yield* readRows(bytes, null, (line) => {
    throw new Error(`line ${line} of a settlement file that was readable is not any more`);
  });
}

/** The line on which each transaction stands. */
type Places = Map<string, number>;

/** Header, lines, trailer. Which row is the trailer shows when none comes after it, so the last one waits. */
function* readRows(
  bytes: Uint8Array,
  places: Places | null,
  report: Report,
): Generator<SettlementLine, { readonly totalNet: Money; readonly day?: Day } | null, undefined> {
  let at = 0;
  let header: Header | null = null;
  let waiting: readonly string[] | null = null;
  const sums = { lines: 0, gross: 0n, fee: 0n, net: 0n };
  for (const cells of rowsOf(bytes, report)) {
    if (waiting) {
      const read = readLine(waiting, at, header?.day ?? null, places, report);
      if (read) {
        add(sums, read);
        yield read.line;
      }
    }
    at += 1;
    if (at === 1) header = readHeader(cells, report);
    else waiting = cells;
  }
  if (!waiting) {
    report(at + 1, 'record', 'the file ends before its trailer');
    return null;
  }
  const totalNet = checkTrailer(waiting, at, sums, header?.count ?? null, report);
  return totalNet && { totalNet, ...(header?.day ? { day: header.day } : {}) };
}

function* rowsOf(bytes: Uint8Array, report: Report): Generator<readonly string[], void, undefined> {
  if (!isUtf8(bytes)) {
    report(1, 'record', 'the file is not UTF-8');
    return;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0, row = 1; from < text.length; row += 1) {
    const end = text.indexOf(LINE_FEED, from);
    // The last line ends too: a file cut within its trailer would otherwise look whole.
    if (end < 0) {
      report(row, 'record', 'the last line has no end; the file is cut');
      return;
    }
    const isCrLf = end > from && text[end - 1] === CARRIAGE_RETURN;
    yield text.toString('utf8', from, isCrLf ? end - 1 : end).split(',');
    from = end + 1;
  }
}

interface Header {
  readonly day: Day | null;
  readonly count: number | null;
}

function readHeader(cells: readonly string[], report: Report): Header | null {
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

function readLine(
  cells: readonly string[],
  at: number,
  day: Day | null,
  places: Places | null,
  report: Report,
): ReadLine | null {
  const row = named(LINE, 'L', cells, at, report);
  if (!row) return null;
  if (places) findDouble(row.transaction_id, at, places, report);
  const lineNumber = at - 1;
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

function findDouble(transaction: string, at: number, places: Places, report: Report): void {
  const earlier = places.get(transaction);
  if (earlier !== undefined) {
    report(at, 'transaction_id', `"${shown(transaction)}" stands on line ${earlier} too`);
  }
  // A copy: a text cut out of its row would keep the whole row in memory.
  places.set(Buffer.from(transaction).toString(), at);
}

interface Sums {
  /** How many lines could be read. */
  lines: number;
  gross: bigint;
  fee: bigint;
  net: bigint;
}

function add(sums: Sums, { line, net }: ReadLine): void {
  sums.lines += 1;
  sums.gross += line.kind === 'payment' ? line.amount.amountMinor : -line.amount.amountMinor;
  sums.fee += line.fee.amountMinor;
  sums.net += net;
}

/** The control sums: gross is payments less refunds, net is what the bank pays out. Null when there is no trailer. */
function checkTrailer(
  cells: readonly string[],
  at: number,
  sums: Sums,
  headerCount: number | null,
  report: Report,
): Money | null {
  const trailer = named(TRAILER, 'T', cells, at, report);
  if (!trailer) return null;
  const inFile = at - 2;
  const count = whole(trailer.count, at, 'count', report);
  if (count !== null && count !== inFile) report(at, 'count', `says ${count}, the file has ${inFile} lines`);
  if (headerCount !== null && headerCount !== inFile) {
    report(1, 'count', `says ${headerCount}, the file has ${inFile} lines`);
  }
  // Sums over lines that could not all be read would only repeat their faults.
  if (sums.lines !== inFile) return null;
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
  const row: Record<string, string> = {};
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = cells[index] ?? '';
  return row as Row<Columns>;
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
