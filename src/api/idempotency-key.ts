/** Idempotency-Key: the same request answers the same; another request under a used key is refused. */
import { createHash } from 'node:crypto';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { Refusal, type RefusalKind } from '../domain/kernel/refusals.ts';
import type { Clock } from '../domain/kernel/time.ts';
import {
  claimKey,
  findKey,
  isLockTimeout,
  keepRefusal,
  storeAnswer,
  type KeyUse,
} from '../features/agencies/idempotency-store.ts';
import { inTransaction, type Database, type Tx } from '../platform/database.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import { asRefusal, problemAnswer, type ProblemContext } from './problem.ts';
import { rawAnswer, type RawAnswer } from './raw-answer.ts';
import type { Answer, IdempotencyClaim } from './route.ts';

type Sealer = Pick<SecretBox, 'seal' | 'open'>;

export interface IdempotencyDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly box: Sealer;
}

export interface KeyedAnswer {
  readonly answer: RawAnswer;
  readonly isReplay: boolean;
}

/** The key of a request. Refuses: idempotency.key-missing, idempotency.key-invalid. */
export function readIdempotencyKey(header: string | undefined): string {
  if (header === undefined) throw new Refusal('idempotency.key-missing');
  if (!/^[\x21-\x7e]{1,255}$/.test(header)) throw new Refusal('idempotency.key-invalid');
  return header;
}

/** The use of a key by a request: the digest covers the path and what `body` names, each with its length. */
export function keyUse(client: ApiClient, key: string, path: string, body: readonly Uint8Array[]): KeyUse {
  const hash = createHash('sha256');
  for (const part of [Buffer.from(path), ...body]) hash.update(`${String(part.length)}:`).update(part);
  return { client, key, requestHash: hash.digest() };
}

/**
 * Answers a request whose key, effect and answer commit in one transaction.
 *
 * Refuses, besides what `handle` refuses: idempotency.mismatch, idempotency.in-progress.
 */
export async function answerInTransaction(
  deps: IdempotencyDeps,
  use: KeyUse,
  context: ProblemContext,
  handle: (tx: Tx) => Promise<Answer>,
): Promise<KeyedAnswer> {
  try {
    const answer = await inTransaction(deps.db, async (tx) => {
      if (!(await claimKey(tx, use, deps.clock.now()))) return null;
      const given = rawAnswer(await handle(tx));
      await storeAnswer(tx, use, { status: given.status, answerBox: sealAnswer(deps.box, use, given) });
      return given;
    });
    return answer ? { answer, isReplay: false } : await replay(deps, use);
  } catch (error) {
    return keepOrThrow(deps, use, context, error);
  }
}

/**
 * Answers a request that writes its key in its own single statement; null from `handle` means that the key
 * was taken, and nothing else was changed.
 */
export async function answerInOwnStatement(
  deps: IdempotencyDeps,
  use: KeyUse,
  context: ProblemContext,
  handle: (claim: IdempotencyClaim) => Promise<Answer | null>,
): Promise<KeyedAnswer> {
  // The answer that was sealed is nearly always the one that is given: written out once.
  let sealed: { readonly answer: Answer; readonly raw: RawAnswer } | null = null;
  const claim: IdempotencyClaim = {
    key: use.key,
    requestHash: use.requestHash,
    seal(answer) {
      sealed = { answer, raw: rawAnswer(answer) };
      return sealAnswer(deps.box, use, sealed.raw);
    },
  };
  const rawOf = (answer: Answer): RawAnswer => (sealed?.answer === answer ? sealed.raw : rawAnswer(answer));
  try {
    const answer = await handle(claim);
    return answer ? { answer: rawOf(answer), isReplay: false } : await replay(deps, use);
  } catch (error) {
    // Whoever held the lock held the key or the rows behind it: the same request may come again.
    if (isLockTimeout(error)) throw new Refusal('idempotency.in-progress');
    return keepOrThrow(deps, use, context, error);
  }
}

/** Kinds of refusal that are an answer to this request for good; the others may pass. */
const KEPT_KINDS: readonly RefusalKind[] = ['invalid', 'forbidden', 'missing', 'conflict'];

async function keepOrThrow(
  deps: IdempotencyDeps,
  use: KeyUse,
  context: ProblemContext,
  error: unknown,
): Promise<KeyedAnswer> {
  const refusal = asRefusal(error);
  const isAboutKey = refusal?.code.startsWith('idempotency.') ?? false;
  if (!refusal || isAboutKey || !KEPT_KINDS.includes(refusal.kind)) throw error;
  const answer = problemAnswer(refusal, context);
  const kept = await inTransaction(deps.db, (tx) =>
    keepRefusal(tx, use, {
      now: deps.clock.now(),
      status: answer.status,
      answerBox: sealAnswer(deps.box, use, answer),
    }),
  );
  // Another request with this key was answered while ours was refused: there is one answer, the kept one.
  return kept ? { answer, isReplay: false } : replay(deps, use);
}

async function replay(deps: IdempotencyDeps, use: KeyUse): Promise<KeyedAnswer> {
  const kept = await findKey(deps.db, use);
  if (kept && !kept.requestHash.equals(use.requestHash)) throw new Refusal('idempotency.mismatch');
  if (!kept?.answerBox) throw new Refusal('idempotency.in-progress');
  const answer = JSON.parse(deps.box.open(kept.answerBox, contextOf(use))) as RawAnswer;
  return { answer, isReplay: true };
}

function sealAnswer(box: Sealer, use: KeyUse, answer: RawAnswer): string {
  return box.seal(JSON.stringify(answer), contextOf(use));
}

function contextOf({ client, key }: KeyUse): string {
  return keptAnswerContext({ agencyId: String(client.agencyId), clientId: client.clientId, key });
}

/** What a sealed answer is bound to. */
export function keptAnswerContext(of: Readonly<Record<'agencyId' | 'clientId' | 'key', string>>): string {
  return `idempotency_keys:${of.agencyId}:${of.clientId}:${of.key}`;
}
