/** Sends announced events to agencies, retries, and gives up loudly. Never holds a transaction while it sends. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  hasFailedTooLong,
  MAX_ATTEMPTS,
  waitAfterFailure,
  type Verdict,
} from '../../domain/agencies/delivery-rules.ts';
import type { EndpointId, IdSource } from '../../domain/kernel/ids.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { isDatabaseUnavailable, type Database } from '../../platform/database.ts';
import type { WebhookPost } from '../../platform/webhook-http.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import {
  claimDeliveries,
  disableEndpoint,
  noteFailing,
  recordFinished,
  recordRetries,
  releaseDeliveries,
  type ClaimedDelivery,
  type FailedAttempt,
  type FinishedDelivery,
} from './delivery-store.ts';
import { createEndpointLanes, type LaneLimits } from './endpoint-lanes.ts';
import { createSignerCache, type OpenBox } from './sign-webhook.ts';

/** What the dispatcher tells its operator; names of metrics are chosen by whoever listens. */
export interface DeliveryHooks {
  /** @param sinceEnqueuedSeconds  from the event's commit to its first attempt; null for later attempts */
  attempted?(outcome: 'delivered' | 'retried' | 'gave_up', sinceEnqueuedSeconds: number | null): void;
  endpointDisabled?(endpointId: EndpointId, reason: string): void;
}

export interface DeliveryLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export interface DeliveryDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly post: WebhookPost;
  readonly openBox: OpenBox;
  readonly log: DeliveryLog;
  readonly hooks?: DeliveryHooks;
  /** Spreads retries; 0 up to but not including 1. */
  readonly random?: () => number;
}

export interface DeliverySettings extends Partial<LaneLimits> {
  /** How many deliveries are claimed at once; 200 unless told. */
  readonly claimAtOnce?: number;
  /** How long a claim holds; longer than any attempt may take. 60 s unless told. */
  readonly leaseSeconds?: number;
}

/** One process's share of the work: what it has claimed, what is under way, what is to be recorded. */
export interface DeliveryEngine {
  /** Claims once, as much as there is room for. Answers how many came, and whether more may be waiting. */
  claim(limit?: number): Promise<{ readonly claimed: number; readonly wasFull: boolean }>;
  /** Resolves once something was recorded, or at once when nothing is under way. */
  settled(): Promise<void>;
  /** Resolves once nothing is claimed, under way or unrecorded. */
  drained(): Promise<void>;
  /** Gives back what is claimed and not begun. */
  giveBack(): Promise<void>;
  readonly unfinished: () => number;
  readonly handled: () => number;
}

interface Outcome {
  readonly delivery: ClaimedDelivery;
  readonly verdict: Verdict;
  readonly triedAt: Date;
}

const RECORD_AT_ONCE = 500;
const RECORD_TRIES = 4;
/** An attempt is begun only while this much of the lease is left. */
const SAFETY_SECONDS = 20;

export function createDeliveryEngine(deps: DeliveryDeps, settings: DeliverySettings = {}): DeliveryEngine {
  const claimAtOnce = settings.claimAtOnce ?? 200;
  const leaseSeconds = settings.leaseSeconds ?? 60;
  const lanes = createEndpointLanes(settings);
  const signerFor = createSignerCache(deps.openBox);
  const random = deps.random ?? Math.random;
  const outcomes: Outcome[] = [];
  let recording = false;
  let handled = 0;
  let watchers: (() => void)[] = [];

  const unfinished = (): number => lanes.size() + outcomes.length + (recording ? 1 : 0);

  function notify(): void {
    const woken = watchers;
    watchers = [];
    for (const wake of woken) wake();
  }

  function begin(delivery: ClaimedDelivery, claimedAtMs: number): void {
    const waitedMs = performance.now() - claimedAtMs;
    if (waitedMs / 1000 > leaseSeconds - SAFETY_SECONDS) {
      // It waited too long behind a slow endpoint: its lease will end by itself and it will be claimed again.
      lanes.finished(delivery.endpointId, null);
      notify();
      return;
    }
    const sentAt = new Date(delivery.claimedAt.getTime() + waitedMs);
    const triedAt = deps.clock.now();
    const startedMs = performance.now();
    void attemptDelivery({ post: deps.post, signerFor }, delivery, sentAt).then((verdict) => {
      outcomes.push({ delivery, verdict, triedAt });
      lanes.finished(delivery.endpointId, performance.now() - startedMs);
      void recordOutcomes();
      pump();
    });
  }

  function pump(): void {
    for (let next = lanes.next(); next; next = lanes.next()) begin(next.delivery, next.claimedAtMs);
  }

  /** Records whatever has finished while the batch before was being recorded. */
  async function recordOutcomes(): Promise<void> {
    if (recording) return;
    recording = true;
    while (outcomes.length > 0) {
      const batch = outcomes.splice(0, RECORD_AT_ONCE);
      await recordBatch(batch);
      handled += batch.length;
      notify();
    }
    recording = false;
    notify();
  }

  async function recordBatch(batch: readonly Outcome[]): Promise<void> {
    for (let attempt = 1; attempt <= RECORD_TRIES; attempt += 1) {
      try {
        await record(deps, random, batch);
        return;
      } catch (error) {
        deps.log.error({ err: error, deliveries: batch.length, attempt }, 'webhook.recording_failed');
        if (isDatabaseUnavailable(error)) {
          await delay(200 * attempt);
          continue;
        }
        // One row that cannot be recorded must not hold the others: each is tried alone.
        if (batch.length > 1) for (const outcome of batch) await recordBatch([outcome]);
        return;
      }
    }
    // Not recorded: the lease ends and the same webhook-id is sent again.
  }

  return {
    async claim(limit = claimAtOnce) {
      const room = Math.min(limit, claimAtOnce, lanes.free());
      if (room < 1) return { claimed: 0, wasFull: true };
      const claimed = await claimDeliveries(deps.db, {
        now: deps.clock.now(),
        limit: room,
        leaseSeconds,
        perEndpoint: lanes.roomFor(null),
        room: lanes.rooms(),
      });
      const claimedAtMs = performance.now();
      for (const delivery of claimed) lanes.add(delivery, claimedAtMs);
      const wasFull = claimed.length === room || lanes.hasFullLane();
      pump();
      return { claimed: claimed.length, wasFull };
    },
    settled: () =>
      unfinished() === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            watchers.push(resolve);
          }),
    async drained() {
      while (unfinished() > 0) {
        await new Promise<void>((resolve) => {
          watchers.push(resolve);
        });
      }
    },
    async giveBack() {
      const waiting = lanes.takeWaiting();
      notify();
      await releaseDeliveries(deps.db, waiting);
    },
    unfinished,
    handled: () => handled,
  };
}

/** Records how attempts ended: one statement for those that ended, one for those that wait again. */
async function record(deps: DeliveryDeps, random: () => number, batch: readonly Outcome[]): Promise<void> {
  const now = deps.clock.now();
  const finished: FinishedDelivery[] = [];
  const failed: FailedAttempt[] = [];
  const blamed = new Map<EndpointId, ClaimedDelivery>();
  const gone = new Map<EndpointId, ClaimedDelivery>();
  for (const { delivery, verdict, triedAt } of batch) {
    const base = { delivery, triedAt, status: verdict.status };
    if (verdict.kind === 'delivered') {
      finished.push({ ...base, state: 'delivered', error: null });
      continue;
    }
    if (verdict.blamesEndpoint) blamed.set(delivery.endpointId, delivery);
    if (verdict.endpointGone) gone.set(delivery.endpointId, delivery);
    const waitSeconds = waitAfterFailure(delivery.attempts + 1, verdict.askedWaitSeconds, random());
    if (waitSeconds === null) finished.push({ ...base, state: 'failed', error: verdict.error });
    else failed.push({ ...base, error: verdict.error, waitSeconds });
  }
  const newlyFailing = [...blamed.values()].filter((delivery) => delivery.failingSince === null);
  await recordFinished(deps.db, now, finished);
  await recordRetries(deps.db, now, failed);
  await noteFailing(deps.db, now, newlyFailing);
  report(deps, finished, failed);
  for (const delivery of gone.values()) {
    await disable(deps, delivery, 'the endpoint answered 410 Gone', null);
  }
  for (const delivery of blamed.values()) {
    if (gone.has(delivery.endpointId) || !hasFailedTooLong(delivery.failingSince, now)) continue;
    await disable(deps, delivery, 'the endpoint has failed for 5 days', delivery.failingSince);
  }
}

function report(
  deps: DeliveryDeps,
  finished: readonly FinishedDelivery[],
  failed: readonly FailedAttempt[],
): void {
  for (const { delivery, state, error, status, triedAt } of finished) {
    deps.hooks?.attempted?.(
      state === 'delivered' ? 'delivered' : 'gave_up',
      sinceEnqueued(delivery, triedAt),
    );
    if (state === 'failed') {
      const { agencyId, endpointId, eventId, deliveryId } = delivery;
      deps.log.error(
        { agencyId, endpointId, eventId, deliveryId, attempts: MAX_ATTEMPTS, status, reason: error },
        'webhook.gave_up',
      );
    }
  }
  for (const { delivery, triedAt } of failed) {
    deps.hooks?.attempted?.('retried', sinceEnqueued(delivery, triedAt));
  }
}

function sinceEnqueued(delivery: ClaimedDelivery, triedAt: Date): number | null {
  if (delivery.attempts > 0 || delivery.firstTriedAt !== null) return null;
  return Math.max(0, (triedAt.getTime() - delivery.enqueuedAt.getTime()) / 1000);
}

async function disable(
  deps: DeliveryDeps,
  { agencyId, endpointId }: ClaimedDelivery,
  reason: string,
  failingSinceBefore: Date | null,
): Promise<void> {
  const wasEnabled = await disableEndpoint(
    deps.db,
    { agencyId, endpointId },
    { now: deps.clock.now(), reason, auditId: deps.newId(), failingSinceBefore },
  );
  if (!wasEnabled) return;
  deps.log.error({ agencyId, endpointId, reason }, 'webhook.endpoint_disabled');
  deps.hooks?.endpointDisabled?.(endpointId, reason);
}

/**
 * Delivers what is due, at most `limit` attempts, and waits until all of them are recorded.
 *
 * @returns how many attempts were made
 */
export async function deliverWebhooks(
  deps: DeliveryDeps,
  { limit, ...settings }: DeliverySettings & { readonly limit: number },
): Promise<number> {
  const engine = createDeliveryEngine(deps, settings);
  let begun = 0;
  for (;;) {
    const { claimed } = await engine.claim(limit - begun);
    begun += claimed;
    if (begun >= limit) break;
    // A finished delivery may have freed the next event of its order.
    if (claimed === 0 && engine.unfinished() === 0) break;
    await engine.settled();
  }
  await engine.drained();
  return begun;
}
