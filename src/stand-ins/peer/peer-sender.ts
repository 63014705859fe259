/** Sends what a played gateway owes its merchants: signed anew each time, repeated as its documents say, over any crash. */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { carryOutWhatIsDue, type DecisionDeps } from './peer-decisions.ts';
import * as store from './peer-store.ts';
import type { MerchantAnswer, OutgoingMessage } from './peer-types.ts';

export interface NoticeSender {
  /**
   * Does everything due now and returns how many sendings there were; those that fail wait for their next time.
   * With `ignoreDueTime` each notice still owed is sent once more, whenever it was due.
   */
  pump(options?: { readonly ignoreDueTime?: boolean }): Promise<number>;
  start(): void;
  /** Resolves once nothing of this sender runs any more. */
  stop(): Promise<void>;
}

const PAUSE_MS = 500;
const SEND_TIMEOUT_MS = 10_000;

export function createNoticeSender(deps: DecisionDeps, onFault: (error: unknown) => void): NoticeSender {
  const { gateway } = deps.protocol;
  let stopping: AbortController | null = null;
  let running: Promise<void> = Promise.resolve();

  async function pump({ ignoreDueTime = false }: { readonly ignoreDueTime?: boolean } = {}): Promise<number> {
    await carryOutWhatIsDue(deps);
    const sent: bigint[] = [];
    for (;;) {
      const now = deps.clock.now();
      const due = await store.claimNotices(deps.db, { gateway, now, ignoreDueTime, except: sent });
      if (due.length === 0) return sent.length;
      await Promise.all(due.map((notice) => sendOnce(deps, notice)));
      sent.push(...due.map(({ id }) => id));
    }
  }

  async function loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pump().catch(onFault);
      await delay(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    pump,
    start() {
      if (stopping) return;
      stopping = new AbortController();
      running = loop(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await running;
      stopping = null;
    },
  };
}

async function sendOnce(deps: DecisionDeps, notice: store.DueNotice): Promise<void> {
  const { db, clock, protocol } = deps;
  const message = await messageOf(deps, notice);
  const wasLost = message !== null && notice.lossesLeft > 0;
  const answer = message === null || wasLost ? null : await send(message);
  const isOver =
    message === null ||
    notice.truth !== 'genuine' ||
    (answer?.status !== undefined && answer.status !== null && protocol.isAccepted(answer as MerchantAnswer));
  const pause = isOver ? null : protocol.pauseSeconds(notice.attempts);
  const now = clock.now();
  await store.recordSending(
    db,
    {
      id: notice.id,
      status: answer?.status ?? null,
      answer:
        message === null ? 'nothing is sent of this' : wasLost ? 'lost on the way' : (answer?.body ?? ''),
      nextAt: pause === null ? null : new Date(now.getTime() + pause * 1000),
      wasLost,
    },
    now,
  );
}

/** The message as its news stood when it was queued. */
async function messageOf(deps: DecisionDeps, notice: store.DueNotice): Promise<OutgoingMessage | null> {
  const { db, clock, protocol } = deps;
  const payment = await store.findPaymentById(db, protocol.gateway, notice.paymentId);
  if (!payment) return null;
  if (notice.refundReference !== null) {
    const { merchantId } = payment;
    const { refundReference } = notice;
    const refund = await store.findRefund(db, { gateway: protocol.gateway, merchantId, refundReference });
    return refund && (protocol.refundNotice?.({ payment, refund }, notice.truth, clock.now()) ?? null);
  }
  const charge =
    notice.transactionId === null ? null : await store.findCharge(db, protocol.gateway, notice.transactionId);
  return protocol.paymentNotice({ payment, charge, code: notice.code }, notice.truth, clock.now());
}

async function send({
  method,
  url,
  headers,
  body,
}: OutgoingMessage): Promise<{ readonly status: number | null; readonly body: string }> {
  try {
    const answer = await request(url, {
      method,
      headers,
      body: method === 'GET' ? null : body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  } catch (error) {
    return { status: null, body: error instanceof Error ? error.message : 'unknown fault' };
  }
}
