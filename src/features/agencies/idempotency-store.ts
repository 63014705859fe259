/** SQL of idempotency_keys: a client's key, what it was used for, and the answer it got. */
import type { ApiClient } from '../../domain/agencies/api-client.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';

/** One use of a key: whose it is, and the digest of what was asked. */
export interface KeyUse {
  readonly client: ApiClient;
  readonly key: string;
  /** SHA-256 over path and body. */
  readonly requestHash: Buffer;
}

export interface KeptAnswer {
  readonly requestHash: Buffer;
  readonly status: number | null;
  /** Sealed; null only while no answer is known. */
  readonly answerBox: string | null;
}

export const KEY_LOCK_TIMEOUT_MS = 1_000;

/**
 * Takes the key for this transaction, or tells that it was used before.
 *
 * Waits at most a second for another request with the same key; from here on no lock of this transaction is
 * waited for longer. Refuses: idempotency.in-progress.
 *
 * @returns false when the key was used before: its answer is then committed
 */
export async function claimKey(tx: Tx, use: KeyUse, now: Date): Promise<boolean> {
  return insertKey(tx, use, { now, status: null, answerBox: null });
}

/** Keeps the answer beside the claimed key, in the transaction that has the effect. */
export async function storeAnswer(
  tx: Tx,
  use: KeyUse,
  answer: { status: number; answerBox: string },
): Promise<void> {
  await query(
    tx,
    `update idempotency_keys set status = :status, answer_box = :answerBox
      where agency_id = :agencyId and client_id = :clientId and key = :key`,
    { ...ownerOf(use), status: answer.status, answerBox: answer.answerBox },
  );
}

/** Keeps a refusal, whose own transaction was rolled back. False when the key was used meanwhile. */
export async function keepRefusal(
  tx: Tx,
  use: KeyUse,
  answer: { now: Date; status: number; answerBox: string },
): Promise<boolean> {
  return insertKey(tx, use, answer);
}

/** What a key was used for, or null when it was not used. */
export async function findKey(reader: Reader, use: KeyUse): Promise<KeptAnswer | null> {
  const [row] = await query<{ request_hash: Buffer; status: number | null; answer_box: string | null }>(
    reader,
    `select request_hash, status, answer_box from idempotency_keys
      where agency_id = :agencyId and client_id = :clientId and key = :key`,
    ownerOf(use),
  );
  return row ? { requestHash: row.request_hash, status: row.status, answerBox: row.answer_box } : null;
}

/** Deletes up to `limit` keys older than an instant, oldest first. @returns how many */
export async function deleteKeysBefore(db: Database, before: Date, limit: number): Promise<number> {
  const gone = await query(
    db,
    `delete from idempotency_keys
      where (agency_id, client_id, key) in (
        select agency_id, client_id, key from idempotency_keys
         where created_at < :before order by created_at limit :limit for update skip locked)
      returning key`,
    { before, limit },
  );
  return gone.length;
}

/** The server's word for "a lock was not to be had in time". */
const LOCK_NOT_AVAILABLE = '55P03';

export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
}

async function insertKey(
  tx: Tx,
  use: KeyUse,
  row: { now: Date; status: number | null; answerBox: string | null },
): Promise<boolean> {
  try {
    const inserted = await query(
      tx,
      // The lock time-out is set by the very statement that waits, which saves a round trip.
      `with patience as materialized (select set_config('lock_timeout', :patience, true))
       insert into idempotency_keys (agency_id, client_id, key, request_hash, status, answer_box, created_at)
       select :agencyId::integer, :clientId::text, :key::text, :requestHash::bytea, :status::integer,
              :answerBox::text, :now::timestamptz
         from patience
       on conflict do nothing
       returning key`,
      {
        ...ownerOf(use),
        patience: String(KEY_LOCK_TIMEOUT_MS),
        requestHash: use.requestHash,
        status: row.status,
        answerBox: row.answerBox,
        now: row.now,
      },
    );
    return inserted.length === 1;
  } catch (error) {
    if (isLockTimeout(error)) throw new Refusal('idempotency.in-progress');
    throw error;
  }
}

function ownerOf(use: KeyUse) {
  return { agencyId: use.client.agencyId, clientId: use.client.clientId, key: use.key };
}
