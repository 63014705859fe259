/** Sends what the pretend bank owes its merchants: signed, repeated with growing pauses until a 2xx, over any crash. */
import { request } from 'undici';
import { createNoticeSender, type NoticeSender } from '../notice-sender.ts';
import { claimCallbacks, recordSending, type DueCallback } from './bank-callback-store.ts';
import { carryOutWhatIsDue, type DecisionDeps } from './bank-decisions.ts';
import { signedBy } from './bank-signatures.ts';
import type { BankMerchant } from './bank-types.ts';

export interface SenderDeps extends DecisionDeps {
  readonly merchants: ReadonlyMap<string, BankMerchant>;
  /** Told of what keeps the loop from working, such as a database that is away. */
  readonly onFault: (error: unknown) => void;
}

const BATCH = 32;
const PAUSE_MS = 250;
const SEND_TIMEOUT_MS = 10_000;
const MAX_BACKOFF_MS = 60_000;

export function createCallbackSender(deps: SenderDeps): NoticeSender {
  return createNoticeSender({
    clock: deps.clock,
    carryOutWhatIsDue: () => carryOutWhatIsDue(deps),
    claim: (claim) => claimCallbacks(deps.db, claim, BATCH),
    send: (callback) => sendOnce(deps, callback),
    onFault: deps.onFault,
    pauseMs: PAUSE_MS,
  });
}

async function sendOnce(deps: SenderDeps, callback: DueCallback): Promise<void> {
  const wasLost = callback.lossesLeft > 0;
  const answer = wasLost ? { status: null, error: 'lost on the way' } : await post(deps, callback);
  const accepted = answer.status !== null && answer.status >= 200 && answer.status < 300;
  const now = deps.clock.now();
  const nextAt = accepted || callback.forged ? null : new Date(now.getTime() + backoffMs(callback.attempts));
  await recordSending(deps.db, { id: callback.id, ...answer, nextAt, wasLost }, now);
}

async function post(
  { merchants, clock }: SenderDeps,
  { merchantId, url, body, forged }: DueCallback,
): Promise<{ readonly status: number | null; readonly error: string | null }> {
  const merchant = merchants.get(merchantId);
  if (!merchant) return { status: null, error: `no contract with merchant ${merchantId}` };
  const signer = forged ? { ...merchant, secret: `not-${merchant.secret}` } : merchant;
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: signedBy(signer, body, clock),
      body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    await answer.body.dump();
    return { status: answer.statusCode, error: null };
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : 'unknown fault' };
  }
}

/** 1, 2, 4 … seconds, at most a minute. */
function backoffMs(attempts: number): number {
  return Math.min(1000 * 2 ** Math.min(attempts - 1, 10), MAX_BACKOFF_MS);
}
