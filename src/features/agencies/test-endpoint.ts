/** Sends one test message to an endpoint, now and outside the queue, and tells how it went. */
import { performance } from 'node:perf_hooks';
import type { AgencyId, EndpointId, IdSource } from '../../domain/kernel/ids.ts';
import { newId, publicId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import type { Database } from '../../platform/database.ts';
import type { WebhookPost } from '../../platform/webhook-http.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { findSendingDetails } from './endpoint-store.ts';
import { createSigner, openSecrets, type OpenBox } from './sign-webhook.ts';

/** Belongs to no order and is in no feed: its sequence is 0. */
export const TEST_EVENT_TYPE = 'webhook.test';

export interface TestResult {
  readonly eventId: string;
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly tookMs: number;
}

/** Sends a signed `webhook.test`, to a disabled endpoint too. Refuses: webhook.endpoint-not-found. */
export async function testEndpoint(
  deps: {
    readonly db: Database;
    readonly clock: Clock;
    readonly newId: IdSource;
    readonly post: WebhookPost;
    readonly openBox: OpenBox;
  },
  agencyId: AgencyId,
  id: EndpointId,
): Promise<TestResult> {
  const now = deps.clock.now();
  const details = await findSendingDetails(deps.db, agencyId, id, now);
  if (details === null) throw new Refusal('webhook.endpoint-not-found', { id: publicId('whe', id) });
  const eventId = newId('ev', deps.newId);
  const body = JSON.stringify({
    id: publicId('ev', eventId),
    type: TEST_EVENT_TYPE,
    occurred_at: now.toISOString(),
    sequence: 0,
    data: { endpoint: publicId('whe', id) },
  });
  const startedMs = performance.now();
  const verdict = await attemptDelivery(
    {
      post: deps.post,
      signerFor: (box, endpointId) => createSigner(openSecrets(box, endpointId, deps.openBox)),
    },
    { ...details, endpointId: id, eventId, body },
    details.sentAt,
  );
  return {
    eventId: publicId('ev', eventId),
    delivered: verdict.kind === 'delivered',
    status: verdict.status,
    error: verdict.kind === 'delivered' ? null : verdict.error,
    tookMs: Math.round(performance.now() - startedMs),
  };
}
