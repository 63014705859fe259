/** Imports a gateway's settlement file: kept once by its content, whole or not at all. */
import { createHash } from 'node:crypto';
import { newId, publicId, type BatchId, type IdSource } from '../../domain/kernel/ids.ts';
import { Refusal, type InputFault } from '../../domain/kernel/refusals.ts';
import { dayOf, type Clock, type Day } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, SettlementFileReading } from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database, type Tx } from '../../platform/database.ts';
import {
  countLoadedLines,
  findBatchByDigest,
  insertLines,
  merchantAccountExists,
  publishBatch,
  takeBatch,
  type NewBatch,
} from './settlement-store.ts';

/** Lines loaded in one transaction: short enough never to hold the watermark back for long. */
const CHUNK_LINES = 5_000;

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

type ReadFile = Extract<SettlementFileReading, { kind: 'read' }>;

/**
 * Reads the whole file, loads its lines unseen in chunks, and publishes them in one short commit.
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
  const reading = await readWhole(deps, file);
  const wanted = draftBatch(deps, file, reading);
  const id = await inTransaction(deps.db, async (tx) => {
    const taken = await takeBatch(tx, wanted);
    return taken ?? refuseSecondImport(tx, wanted.digest);
  });
  await loadLines(deps, id, reading);
  const batch: ImportedBatch = { id, day: wanted.day, lineCount: reading.lines.length };
  await inTransaction(deps.db, async (tx) => {
    await publishBatch(tx, id);
    await alongside(tx, batch);
  });
  return batch;
}

function notFrom({ gateway, account }: SettlementFile, fault: InputFault): Refusal {
  return new Refusal('settlement.gateway-without-files', { gateway, account }, { errors: [fault] });
}

async function readWhole(deps: ImportDeps, file: SettlementFile): Promise<ReadFile> {
  const capability = deps.findAdapter(file.gateway)?.settlementFiles;
  if (!capability) throw notFrom(file, { pointer: '/gateway', detail: 'is no gateway here that has files' });
  if (!(await merchantAccountExists(deps.db, file.gateway, file.account))) {
    throw notFrom(file, { pointer: '/account', detail: `is no account at ${file.gateway}` });
  }
  const reading = capability.readSettlementFile({ name: file.fileName, bytes: file.bytes });
  if (reading.kind === 'read') return reading;
  throw new Refusal(
    'settlement.file-unreadable',
    { faults: reading.faults },
    {
      detail: `Settlement file ${file.fileName}: ${String(reading.faults.length)} faults. Nothing was imported.`,
      errors: reading.faults.map(({ line, column, fault }) => ({
        pointer: `/${String(line)}/${column}`,
        detail: `Settlement file ${file.fileName}, line ${String(line)}, column "${column}": ${fault}. Nothing was imported.`,
      })),
    },
  );
}

function draftBatch(deps: ImportDeps, file: SettlementFile, reading: ReadFile): NewBatch {
  const days = reading.lines.map((line) => dayOf(line.occurredAt, deps.businessTimeZone)).sort();
  const sumOf = (pick: (line: ReadFile['lines'][number]) => bigint): bigint =>
    reading.lines.reduce((running, line) => running + pick(line), 0n);
  return {
    id: newId('stb', deps.newId),
    gateway: file.gateway,
    account: file.account,
    fileName: file.fileName,
    digest: createHash('sha256').update(file.bytes).digest(),
    day: reading.day ?? days.at(-1) ?? dayOf(deps.clock.now(), deps.businessTimeZone),
    lineCount: reading.lines.length,
    totalGross: sumOf(({ kind, amount }) => (kind === 'payment' ? amount.amountMinor : -amount.amountMinor)),
    totalFee: sumOf(({ fee }) => fee.amountMinor),
    totalNet: reading.totalNet.amountMinor,
    currency: reading.totalNet.currency,
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
async function loadLines(deps: ImportDeps, id: BatchId, reading: ReadFile): Promise<void> {
  const size = deps.chunkLines ?? CHUNK_LINES;
  const loaded = await countLoadedLines(deps.db, id);
  for (let from = loaded; from < reading.lines.length; from += size) {
    const chunk = reading.lines.slice(from, from + size);
    await inTransaction(deps.db, (tx) =>
      insertLines(
        tx,
        id,
        chunk.map((line) => ({ ...line, id: newId('stl', deps.newId) })),
      ),
    );
  }
}
