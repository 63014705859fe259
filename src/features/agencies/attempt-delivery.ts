/** One attempt to deliver one webhook: sign it, send it, judge the answer. Touches no database. */
import {
  judgeAttempt,
  parseRetryAfter,
  type AttemptResult,
  type Verdict,
} from '../../domain/agencies/delivery-rules.ts';
import type { WebhookPost } from '../../platform/webhook-http.ts';
import type { ClaimedDelivery } from './delivery-store.ts';
import type { Signer } from './sign-webhook.ts';

export interface AttemptDeps {
  readonly post: WebhookPost;
  readonly signerFor: (box: string, endpointId: string) => Signer;
}

type Attempted = Pick<
  ClaimedDelivery,
  'eventId' | 'endpointId' | 'body' | 'url' | 'secretsBox' | 'olderSecretValid'
>;

/**
 * Sends one delivery. Never throws: a fault of ours (a secret that cannot be opened) is a failed attempt that
 * is not held against the endpoint, so that one poisoned row stops nothing else.
 *
 * @param sentAt  what `webhook-timestamp` says; receivers compare it with their own clocks
 */
export async function attemptDelivery(
  deps: AttemptDeps,
  delivery: Attempted,
  sentAt: Date,
): Promise<Verdict> {
  return judgeAttempt(await send(deps, delivery, sentAt));
}

async function send(deps: AttemptDeps, delivery: Attempted, sentAt: Date): Promise<AttemptResult> {
  let headers: Record<string, string>;
  try {
    const signer = deps.signerFor(delivery.secretsBox, delivery.endpointId);
    headers = signer.headersFor(
      { eventId: delivery.eventId, body: delivery.body, sentAt },
      delivery.olderSecretValid,
    );
  } catch {
    return { kind: 'fault', reason: 'the event could not be signed; the operator must look at the endpoint' };
  }
  try {
    const reply = await deps.post({ url: delivery.url, headers, body: delivery.body });
    if (reply.kind === 'no_answer') return reply;
    const retryAfterSeconds = parseRetryAfter(reply.retryAfter, sentAt);
    return { kind: 'answered', status: reply.status, retryAfterSeconds };
  } catch {
    return { kind: 'fault', reason: 'the event could not be sent; the operator must look at the endpoint' };
  }
}
