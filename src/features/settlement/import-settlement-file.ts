/** Imports a gateway's settlement file: kept once by its content, whole or not at all. */
import { createHash } from 'node:crypto';
import { setImmediate as otherWork } from 'node:timers/promises';
import { newId, publicId, type BatchId, type IdSource } from '../../domain/kernel/ids.ts';
import type { Money } from '../../domain/kernel/money.ts';
import { Refusal, type InputFault } from '../../domain/kernel/refusals.ts';
import { dayOf, type Clock, type Day } from '../../domain/kernel/time.ts';
import type {
  GatewayAdapter,
  SettlementFileReading,
  SettlementLine,
} from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import {
  countLoadedLines,
  findBatchByDigest,
  giveUpLoading,
  insertLines,
  merchantAccountExists,
  publishBatch,
  takeBatch,
  type NewBatch,
} from './settlement-store.ts';

/** Lines loaded in one transaction: short enough never to hold the watermark back for long. */
const CHUNK_LINES = 2_000;
/** A few milliseconds of work; callbacks and citizens wait no longer for a file of a million lines. */
const LINES_AT_A_STRETCH = 500;
const HASHED_AT_A_STRETCH = 1024 * 1024;

export interface ImportDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly businessTimeZone: string;
  /** The enabled adapter of a code, or null. */
  readonly findAdapter: (gateway: string) => GatewayAdapter | null;
  /** Smaller in tests. */
  readonly chunkLines?: number;
}

export interface SettlementFile {
  readonly gateway: string;
  readonly account: string;
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** Who sent it. */
  readonly actor: string;
}

export interface ImportedBatch {
  readonly id: BatchId;
  readonly day: Day;
  readonly lineCount: number;
}

/** A file that was read to its end: what it came to, and its lines to be read again. */
interface ReadableFile {
  readonly lines: Iterable<SettlementLine, void, undefined>;
  readonly digest: Buffer;
  readonly day: Day;
  readonly lineCount: number;
  readonly totalGross: bigint;
  readonly totalFee: bigint;
  readonly totalNet: Money;
}

/**
 * Reads the file twice and keeps none of its lines: once to know that it is readable whole, once more to load them,
 * unseen and in chunks; they are published in one short commit.
 *
 * A kill in between leaves a batch in `loading` that nobody sees; the same file sent again goes on where it
 * stopped. `alongside` runs in the publishing transaction.
 *
 * Refuses: settlement.gateway-without-files, settlement.file-unreadable, settlement.file-already-imported.
 */
export async function importSettlementFile(
  deps: ImportDeps,
  file: SettlementFile,
  alongside: (tx: Tx, batch: ImportedBatch) => Promise<void> = () => Promise.resolve(),
): Promise<ImportedBatch> {
  const { lines, ...readable } = await readWhole(deps, file);
  const id = await inTransaction(deps.db, async (tx) => {
    const taken = await takeBatch(tx, newBatch(deps, file, readable));
    return taken ?? refuseSecondImport(tx, readable.digest);
  });
  try {
    await loadLines(deps, id, lines);
  } catch (error) {
    // Whoever sends the file again need not wait for our lease to run out. The first error is the one that tells why.
    await giveUpLoading(deps.db, id).catch(() => undefined);
    throw error;
  }
  const batch: ImportedBatch = { id, day: readable.day, lineCount: readable.lineCount };
  await inTransaction(deps.db, async (tx) => {
    await publishBatch(tx, id);
    await alongside(tx, batch);
  });
  return batch;
}

function notFrom({ gateway, account }: SettlementFile, fault: InputFault): Refusal {
  return new Refusal('settlement.gateway-without-files', { gateway, account }, { errors: [fault] });
}

async function readWhole(deps: ImportDeps, file: SettlementFile): Promise<ReadableFile> {
  const capability = deps.findAdapter(file.gateway)?.settlementFiles;
  if (!capability) throw notFrom(file, { pointer: '/gateway', detail: 'is no gateway here that has files' });
  if (!(await merchantAccountExists(deps.db, file.gateway, file.account))) {
    throw notFrom(file, { pointer: '/account', detail: `is no account at ${file.gateway}` });
  }
  let [lineCount, totalGross, totalFee, latestMs] = [0, 0n, 0n, -Infinity];
  const firstReading = capability.readSettlementFile({ name: file.fileName, bytes: file.bytes });
  const reading = await readThrough(firstReading, ({ kind, amount, fee, occurredAt }) => {
    lineCount += 1;
    totalGross += kind === 'payment' ? amount.amountMinor : -amount.amountMinor;
    totalFee += fee.amountMinor;
    latestMs = Math.max(latestMs, occurredAt.getTime());
  });
  if (reading.kind === 'unreadable') throw unreadable(file, reading.faults);
  const { lines, totalNet } = reading;
  const latest = lineCount > 0 ? new Date(latestMs) : deps.clock.now();
  const day = reading.day ?? dayOf(latest, deps.businessTimeZone);
  return { lines, digest: await digestOf(file.bytes), day, lineCount, totalGross, totalFee, totalNet };
}

/** Gives every line to `take`, waits where that has to wait, and now and then lets others work. */
async function readThrough<End>(
  lines: Iterator<SettlementLine, End, undefined>,
  take: (line: SettlementLine) => Promise<void> | void,
): Promise<End> {
  for (let count = 1; ; count += 1) {
    const step = lines.next();
    if (step.done) return step.value;
    const taken = take(step.value);
    if (taken) await taken;
    if (count % LINES_AT_A_STRETCH === 0) await otherWork();
  }
}

async function digestOf(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += HASHED_AT_A_STRETCH) {
    hash.update(bytes.subarray(from, from + HASHED_AT_A_STRETCH));
    await otherWork();
  }
  return hash.digest();
}

function unreadable(
  file: SettlementFile,
  faults: Extract<SettlementFileReading, { kind: 'unreadable' }>['faults'],
): Refusal {
  return new Refusal(
    'settlement.file-unreadable',
    { faults },
    {
      detail: `Settlement file ${file.fileName}: ${String(faults.length)} faults. Nothing was imported.`,
      errors: faults.map(({ line, column, fault }) => ({
        pointer: `/${String(line)}/${column}`,
        detail: `Settlement file ${file.fileName}, line ${String(line)}, column "${column}": ${fault}. Nothing was imported.`,
      })),
    },
  );
}

function newBatch(deps: ImportDeps, file: SettlementFile, readable: Omit<ReadableFile, 'lines'>): NewBatch {
  return {
    ...readable,
    id: newId('stb', deps.newId),
    gateway: file.gateway,
    account: file.account,
    fileName: file.fileName,
    totalNet: readable.totalNet.amountMinor,
    currency: readable.totalNet.currency,
    importedBy: file.actor,
    importedAt: deps.clock.now(),
  };
}

async function refuseSecondImport(tx: Tx, digest: Buffer): Promise<never> {
  const earlier = await findBatchByDigest(tx, digest);
  if (!earlier) throw new Error('A settlement batch vanished while it was looked at.');
  const isLoading = earlier.state === 'loading';
  throw new Refusal(
    'settlement.file-already-imported',
    { batch_id: publicId('stb', earlier.id), file_name: earlier.fileName },
    {
      detail: isLoading
        ? `The same content is being imported now, as ${earlier.fileName}.`
        : `The same content was imported as ${earlier.fileName} at ${earlier.importedAt.toISOString()}.`,
    },
  );
}

/** Goes on behind the lines that an interrupted import has left. */
async function loadLines(
  deps: ImportDeps,
  id: BatchId,
  lines: Iterable<SettlementLine, void, undefined>,
): Promise<void> {
  const size = deps.chunkLines ?? CHUNK_LINES;
  const loaded = await countLoadedLines(deps.db, id);
  let chunk: SettlementLine[] = [];
  const load = async (): Promise<void> => {
    const rows = chunk.map((line) => ({ ...line, id: newId('stl', deps.newId) }));
    chunk = [];
    await inTransaction(deps.db, (tx) => insertLines(tx, id, rows));
  };
  await readThrough(lines[Symbol.iterator](), (line) => {
    if (line.lineNumber <= loaded) return;
    chunk.push(line);
    if (chunk.length === size) return load();
  });
  if (chunk.length > 0) await load();
}
