/** The hashes of the seal, computed from plain rows: the words of seal-store.ts said a second time, on purpose. */
import { createHash, type Hash } from 'node:crypto';

/** A transfer as it is hashed; every field as text. */
export interface SealedLeg {
  readonly leg: string;
  readonly currency: string;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amount: string;
}

/** A ledger transaction as it is hashed; instants are microseconds since 1970. */
export interface SealedTransaction {
  readonly agencyId: string;
  readonly id: string;
  readonly eventKind: string;
  readonly eventRef: string;
  readonly requestHash: string;
  readonly correlationId: string | null;
  readonly effectiveAt: string;
  readonly bookedAt: string;
  readonly businessDate: string;
  readonly reversesId: string | null;
  readonly actor: string;
  readonly xid: string;
  readonly legs: readonly SealedLeg[];
}

/** What an account held at a block, with what the account is. */
export interface SealedTotal {
  readonly agencyId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly code: string;
  readonly subKey: string;
  readonly debits: string;
  readonly credits: string;
}

export interface SealedBlock {
  readonly sequence: string;
  readonly fromXid: string;
  readonly toXid: string;
  readonly rowCount: string;
  readonly sealedThrough: string;
  readonly sealedAt: string;
  readonly leafHashes: Buffer;
  readonly totalsHash: Buffer;
  readonly previousHash: Buffer;
}

/** SHA-256 over the header's fields and those of its transfers in leg order, each behind its length. */
export function leafHash(transaction: SealedTransaction): Buffer {
  const hash = createHash('sha256');
  addFields(hash, [
    transaction.agencyId,
    transaction.id,
    transaction.eventKind,
    transaction.eventRef,
    transaction.requestHash,
    transaction.correlationId,
    transaction.effectiveAt,
    transaction.bookedAt,
    transaction.businessDate,
    transaction.reversesId,
    transaction.actor,
    transaction.xid,
    String(transaction.legs.length),
  ]);
  for (const leg of transaction.legs) {
    addFields(hash, [leg.leg, leg.currency, leg.debitAccountId, leg.creditAccountId, leg.amount]);
  }
  return hash.digest();
}

/** SHA-256 over the running totals a block left behind, in the order of agency and account. */
export function totalsHash(totals: readonly SealedTotal[]): Buffer {
  const hash = createHash('sha256');
  for (const total of totals) {
    addFields(hash, [
      total.agencyId,
      total.accountId,
      total.currency,
      total.code,
      total.subKey,
      total.debits,
      total.credits,
    ]);
  }
  return hash.digest();
}

/** SHA-256 over a block's own fields, its leaves, its totals and the hash of the block before it. */
export function blockHash(block: SealedBlock): Buffer {
  const hash = createHash('sha256');
  addFields(hash, [
    block.sequence,
    block.fromXid,
    block.toXid,
    block.rowCount,
    block.sealedThrough,
    block.sealedAt,
  ]);
  return hash.update(block.leafHashes).update(block.totalsHash).update(block.previousHash).digest();
}

const NULL_LENGTH = Buffer.from('ffffffff', 'hex');

function addFields(hash: Hash, fields: readonly (string | null)[]): void {
  for (const field of fields) {
    if (field === null) {
      hash.update(NULL_LENGTH);
      continue;
    }
    const bytes = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
}
