/** Seals committed ledger transactions in a chain of blocks and rolls them up into balances: one job, every second. */
import { inTransaction, type Database } from '../../platform/database.ts';
import {
  chooseBlockEnd,
  findNewestHead,
  insertBlock,
  lockProgress,
  readWatermark,
  recomputeBalances,
  saveProgress,
  type Progress,
  type Watermark,
} from './seal-store.ts';

/** Transactions in a block at most, unless one database transaction posted more. */
export const BLOCK_LIMIT = 5_000;
const BLOCKS_A_TURN = 20;

export interface SealDeps {
  readonly db: Database;
  /** Smaller in tests. */
  readonly blockLimit?: number;
}

export interface SealTurn {
  readonly blocks: number;
  readonly transactions: number;
  /** Another worker was sealing; nothing was done. */
  readonly busy: boolean;
}

/**
 * One turn of the job: seals what is committed and can no longer be joined by a lower xid.
 *
 * Balances, blocks and progress of a block commit together, so a kill at any moment leaves them agreeing. Two
 * workers at once are harmless: one seals, the other is told `busy`.
 */
export async function sealLedger(deps: SealDeps): Promise<SealTurn> {
  let blocks = 0;
  let transactions = 0;
  const watermark = await readWatermark(deps.db);
  while (blocks < BLOCKS_A_TURN) {
    const step = await sealOneBlock(deps, watermark);
    if (step === 'busy') return { blocks, transactions, busy: blocks === 0 };
    if (step.transactions > 0) blocks += 1;
    transactions += step.transactions;
    if (step.reachedHorizon) break;
  }
  return { blocks, transactions, busy: false };
}

async function sealOneBlock(
  deps: SealDeps,
  watermark: Watermark,
): Promise<'busy' | { readonly transactions: number; readonly reachedHorizon: boolean }> {
  return inTransaction(deps.db, async (tx) => {
    const before = await lockProgress(tx);
    if (!before) return 'busy';
    // A watermark older than the progress: another worker was here since. Nothing is lost, the next turn is newer.
    if (watermark.horizonXid < before.sealedToXid) return { transactions: 0, reachedHorizon: true };
    const toXid = await chooseBlockEnd(tx, {
      fromXid: before.sealedToXid,
      horizonXid: watermark.horizonXid,
      limit: deps.blockLimit ?? BLOCK_LIMIT,
    });
    const after = advance(before, watermark, toXid);
    const sequence = before.lastSequence + 1n;
    const transactions = await insertBlock(tx, { sequence, toXid, sealedThrough: after.sealedThrough });
    await saveProgress(tx, transactions > 0 ? { ...after, lastSequence: sequence } : after);
    return { transactions, reachedHorizon: toXid >= watermark.horizonXid };
  });
}

/**
 * Where the progress stands once everything below `toXid` is sealed.
 *
 * Whatever is booked up to `watermark.at` has an xid below `watermark.nextXid`. So `sealedThrough` may move to
 * a watermark's moment as soon as everything below its next xid is sealed: at once when nobody was writing,
 * otherwise by the mark that an earlier turn left.
 */
export function advance(before: Progress, watermark: Watermark, toXid: bigint): Progress {
  const reachesNow = toXid >= watermark.nextXid;
  const reachesMark = toXid >= before.markXid;
  const reached = reachesNow ? watermark.at : reachesMark ? before.markAt : before.sealedThrough;
  const moveMark = (reachesNow || reachesMark) && watermark.nextXid >= before.markXid;
  return {
    sealedToXid: toXid,
    sealedThrough: reached > before.sealedThrough ? reached : before.sealedThrough,
    lastSequence: before.lastSequence,
    markXid: moveMark ? watermark.nextXid : before.markXid,
    markAt: moveMark ? watermark.at : before.markAt,
  };
}

/** Makes the balances again from the transfers. Waits for the worker that seals, so that none is counted twice. */
export async function rebuildBalances(deps: { readonly db: Database }): Promise<number> {
  return inTransaction(deps.db, async (tx) => {
    if (!(await lockProgress(tx))) throw new Error('The ledger is being sealed. Run the rebuild again.');
    return recomputeBalances(tx);
  });
}

export interface HeadPublisher {
  readonly db: Database;
  /** Appends one line to a place outside the database. */
  readonly appendLine: (line: string) => Promise<void>;
  readonly log: { readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void };
}

/** Tells the newest block's hash outside the database, so that rewriting the chain shows. Every 5 minutes. */
export async function publishLedgerHead(deps: HeadPublisher): Promise<void> {
  const head = await findNewestHead(deps.db);
  if (!head) return;
  const told = {
    sequence: Number(head.sequence),
    hash: head.hash,
    sealed_at: head.sealedAt.toISOString(),
  };
  await deps.appendLine(`${JSON.stringify(told)}\n`);
  deps.log.info(told, 'ledger.head_published');
}
