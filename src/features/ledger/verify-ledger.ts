/** Verifies the books from the first block on: every hash computed again from the rows, the first fault named. */
import type { Database, Reader } from '../../platform/database.ts';
import { blockHash, leafHash, totalsHash, type SealedTotal, type SealedTransaction } from './seal-hash.ts';
import {
  findDriftingBalance,
  findTransactionWithoutTransfers,
  findTransferWithoutTransaction,
  findUnsealedBelowProgress,
  readBlocks,
  readTotals,
  readTransactions,
  type StoredBlock,
} from './verify-store.ts';

/** A head told earlier, outside the database. */
export interface PublishedHead {
  readonly sequence: bigint;
  readonly hash: string;
}

export interface IntactLedger {
  readonly kind: 'intact';
  readonly blocks: number;
  readonly transactions: number;
  readonly head: PublishedHead | null;
}

export interface BrokenLedger {
  readonly kind: 'broken';
  readonly block: bigint | null;
  readonly fault: string;
}

export type LedgerVerdict = IntactLedger | BrokenLedger;

interface Sums {
  debits: bigint;
  credits: bigint;
}

/** What the walk carries from block to block. */
interface Walk {
  sequence: bigint;
  toXid: string;
  hash: Buffer;
  transactions: number;
  readonly running: Map<string, Sums>;
  /** Every hash a block was ever published under: a chain that was rewritten is published again beside its past. */
  readonly heads: ReadonlyMap<bigint, readonly string[]>;
}

const BLOCKS_AT_ONCE = 100;

/**
 * Recomputes the chain from its first block and compares it with what is stored and with published heads.
 *
 * A fault is named by its block and, where it can be told, by the transaction or account. Runs in one
 * read-only snapshot, so that a living service may go on sealing meanwhile.
 */
export async function verifyLedger(
  deps: { readonly db: Database },
  heads: readonly PublishedHead[] = [],
): Promise<LedgerVerdict> {
  const snapshot = await deps.db.transaction({ isolationLevel: 'repeatable read', readOnly: true });
  try {
    return await verifySnapshot(snapshot, heads);
  } finally {
    await snapshot.rollback();
  }
}

async function verifySnapshot(reader: Reader, heads: readonly PublishedHead[]): Promise<LedgerVerdict> {
  const walk: Walk = {
    sequence: 0n,
    toXid: '0',
    hash: Buffer.alloc(32),
    transactions: 0,
    running: new Map(),
    heads: hashesByBlock(heads),
  };
  for (;;) {
    const blocks = await readBlocks(reader, walk.sequence, BLOCKS_AT_ONCE);
    const first = blocks[0];
    const last = blocks.at(-1);
    if (!first || !last) break;
    const totals = groupBySequence(await readTotals(reader, { first: first.sequence, last: last.sequence }));
    for (const block of blocks) {
      const transactions = await readTransactions(reader, block);
      const fault = verifyBlock(walk, block, transactions, totals.get(block.sequence) ?? []);
      if (fault) return broken(BigInt(block.sequence), fault);
    }
  }
  return verifyRest(reader, walk, heads);
}

/** What is wrong with a block, or null; then the walk stands behind it. */
function verifyBlock(
  walk: Walk,
  block: StoredBlock,
  transactions: readonly SealedTransaction[],
  totals: readonly SealedTotal[],
): string | null {
  const sequence = BigInt(block.sequence);
  if (sequence !== walk.sequence + 1n) return `block ${String(walk.sequence + 1n)} is missing before it`;
  if (!block.previousHash.equals(walk.hash))
    return 'its previous hash is not the hash of the block before it';
  const fault =
    transactionFault(block, transactions) ??
    rangeFault(walk, block) ??
    totalsFault(walk, block, transactions, totals);
  if (fault) return fault;
  const hash = blockHash(block);
  if (!hash.equals(block.hash)) return 'its hash does not follow from its fields';
  const now = block.hash.toString('hex');
  const other = walk.heads.get(sequence)?.find((published) => published !== now);
  if (other !== undefined) return `it was published as ${other} and is now ${now}`;
  walk.sequence = sequence;
  walk.toXid = block.toXid;
  walk.hash = hash;
  walk.transactions += transactions.length;
  return null;
}

function rangeFault(walk: Walk, block: StoredBlock): string | null {
  return block.fromXid === walk.toXid ? null : 'its range does not begin where the block before it ends';
}

/** Compares leaf by leaf, so that the row itself is named. */
function transactionFault(block: StoredBlock, transactions: readonly SealedTransaction[]): string | null {
  const sealed = Number(block.rowCount);
  if (block.leafHashes.length !== 32 * sealed) return 'its leaves are not as many as its row count says';
  for (const [index, transaction] of transactions.entries()) {
    const name = `transaction ${transaction.id} of agency ${transaction.agencyId}`;
    if (transaction.legs.length === 0) return `${name} has no transfers`;
    if (index >= sealed) return `${name} was added after the block was sealed`;
    const leaf = block.leafHashes.subarray(32 * index, 32 * index + 32);
    if (leafHash(transaction).equals(leaf)) continue;
    if (transactions.length < sealed)
      return `${String(sealed - transactions.length)} of its ${String(sealed)} transactions are missing, the first before ${name}`;
    return `${name} is not as it was sealed`;
  }
  if (transactions.length < sealed)
    return `${String(sealed - transactions.length)} of its ${String(sealed)} transactions are missing, the last among them`;
  return null;
}

function totalsFault(
  walk: Walk,
  block: StoredBlock,
  transactions: readonly SealedTransaction[],
  totals: readonly SealedTotal[],
): string | null {
  const touched = addUp(walk.running, transactions);
  for (const total of totals) {
    const key = `${total.agencyId}/${total.accountId}`;
    const sums = walk.running.get(key);
    if (!touched.delete(key) || !sums)
      return `it has a total for account ${total.accountId}, which it does not touch`;
    if (total.debits !== String(sums.debits) || total.credits !== String(sums.credits))
      return `its totals of account ${total.accountId} are not the sums of the transfers`;
  }
  const [missing] = touched;
  if (missing !== undefined) return `it lacks the totals of account ${missing.split('/')[1] ?? missing}`;
  if (!totalsHash(totals).equals(block.totalsHash))
    return 'an account it touches has another code, name or currency than when it was sealed';
  return null;
}

/** Adds transfers to the running sums; returns the accounts they touch. */
function addUp(running: Map<string, Sums>, transactions: readonly SealedTransaction[]): Set<string> {
  const touched = new Set<string>();
  const sumsOf = (key: string): Sums => {
    touched.add(key);
    const sums = running.get(key) ?? { debits: 0n, credits: 0n };
    running.set(key, sums);
    return sums;
  };
  for (const { agencyId, legs } of transactions) {
    for (const leg of legs) {
      sumsOf(`${agencyId}/${leg.debitAccountId}`).debits += BigInt(leg.amount);
      sumsOf(`${agencyId}/${leg.creditAccountId}`).credits += BigInt(leg.amount);
    }
  }
  return touched;
}

/** What no block covers: the end of the chain, rows beside it, and the balances. */
async function verifyRest(
  reader: Reader,
  walk: Walk,
  heads: readonly PublishedHead[],
): Promise<LedgerVerdict> {
  const lost = heads.find((head) => head.sequence > walk.sequence);
  if (lost)
    return broken(
      lost.sequence,
      `block ${String(lost.sequence)} was published as ${lost.hash}, and the chain ends at block ${String(walk.sequence)}`,
    );
  const unsealed = await findUnsealedBelowProgress(reader, walk.toXid);
  if (unsealed) return broken(null, `transaction ${unsealed} counts as sealed but is in no block`);
  const empty = await findTransactionWithoutTransfers(reader);
  if (empty) return broken(null, `transaction ${empty} has no transfers`);
  const orphan = await findTransferWithoutTransaction(reader);
  if (orphan) return broken(null, `a transfer belongs to transaction ${orphan}, which does not exist`);
  const drifting = await findDriftingBalance(reader);
  if (drifting)
    return broken(
      null,
      `the balance of account ${drifting} is not the sum of its transfers; rebuild the balances`,
    );
  return {
    kind: 'intact',
    blocks: Number(walk.sequence),
    transactions: walk.transactions,
    head: walk.sequence === 0n ? null : { sequence: walk.sequence, hash: walk.hash.toString('hex') },
  };
}

function hashesByBlock(heads: readonly PublishedHead[]): Map<bigint, string[]> {
  const byBlock = new Map<bigint, string[]>();
  for (const { sequence, hash } of heads) byBlock.set(sequence, [...(byBlock.get(sequence) ?? []), hash]);
  return byBlock;
}

function broken(block: bigint | null, fault: string): BrokenLedger {
  return { kind: 'broken', block, fault };
}

function groupBySequence<Row extends { readonly sequence: string }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.sequence);
    if (group) group.push(row);
    else groups.set(row.sequence, [row]);
  }
  return groups;
}
