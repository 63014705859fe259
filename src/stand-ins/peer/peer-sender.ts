/** Sends what a played gateway owes its merchants: signed anew each time, repeated as its documents say, over any crash. */
import { request } from 'undici';
import { createNoticeSender, type NoticeSender } from '../notice-sender.ts';
import { carryOutWhatIsDue, type DecisionDeps } from './peer-decisions.ts';
import * as store from './peer-store.ts';
import type { MerchantAnswer, OutgoingMessage } from './peer-types.ts';

const PAUSE_MS = 500;
const SEND_TIMEOUT_MS = 10_000;

export function createPeerSender(deps: DecisionDeps, onFault: (error: unknown) => void): NoticeSender {
  const { db, clock, protocol } = deps;
  return createNoticeSender({
    clock,
    carryOutWhatIsDue: () => carryOutWhatIsDue(deps),
    claim: (claim) => store.claimNotices(db, protocol.gateway, claim),
    send: (notice) => sendOnce(deps, notice),
    onFault,
    pauseMs: PAUSE_MS,
  });
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
