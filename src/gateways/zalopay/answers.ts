/**
 * Pure: ZaloPay's answers to what we ask.
 *
 * They carry no MAC and do not repeat what was asked ("Responses" of the four specs, docs.zalopay.vn, read 2026-11-25): TLS
 * alone vouches for them, so what is not wholly in form is not believed.
 */
import { addMinutes } from '../../domain/kernel/time.ts';
import { readGatewayObject, scalarOf, type JsonObject } from '../../platform/gateway-json.ts';
import { amountOf, instantOf, numberOf, printable } from '../fields.ts';
import type { GatewayOutcome, RefundOutcome } from '../gateway-adapter.ts';
import {
  codeOf,
  ORDER_CODES,
  REFUND_CODES,
  REFUND_QUERY_CODES,
  type CodeTable,
  type Meaning,
} from './return-codes.ts';

interface Answer {
  readonly members: JsonObject;
  readonly code: string;
}

/** The page to send the citizen to; anything but a page is the reason why there is none. */
export function readCreateAnswer(
  body: Uint8Array,
): { readonly orderUrl: string } | { readonly refusedBy: string } | null {
  const answer = answerOf(body);
  if (!answer) return null;
  // -68 is an app_trans_id used before: the order lives at ZaloPay, and its query tells. Nothing is started twice.
  if (answer.code !== '1') return { refusedBy: printable(answer.code) };
  const orderUrl = answer.members.get('order_url');
  if (typeof orderUrl !== 'string' || !/^https?:\/\//.test(orderUrl) || !URL.canParse(orderUrl)) return null;
  return { orderUrl };
}

/** ZaloPay answers for a transaction within 48 hours of it (v2 reference, common errors, read 2026-11-25). */
const ANSWERS_FOR_HOURS = 48;

/**
 * What a query says of an order.
 *
 * @param asked  `startedAt`: when it was started; where ZaloPay tells no `server_time`, as its older answers do, the order
 *   was paid within its quarter of an hour, and this instant stands for it. `now`: after 48 hours "no such order" is no
 *   word about the money any more
 */
export function readQueryAnswer(
  body: Uint8Array,
  { startedAt, now }: { readonly startedAt: Date; readonly now: Date },
): GatewayOutcome | null {
  const answer = answerOf(body);
  if (!answer) return null;
  const { members, code } = answer;
  const meaning = meaningOf(answer, ORDER_CODES);
  if (meaning === 'not_known' && now <= addMinutes(startedAt, ANSWERS_FOR_HOURS * 60)) {
    return { kind: 'not_known' };
  }
  if (meaning === 'declined') return { kind: 'failed', gatewayCode: code };
  if (meaning !== 'success') return { kind: 'pending', gatewayCode: printable(code) };
  // A success that still says that it is being processed contradicts itself.
  if (members.get('is_processing') === true) return { kind: 'pending', gatewayCode: '1/processing' };
  const amount = amountOf(members);
  const gatewayTransactionId = numberOf(members, 'zp_trans_id');
  const paidAt = members.has('server_time') ? instantOf(members, 'server_time') : startedAt;
  if (!amount || !gatewayTransactionId || !paidAt) return null;
  return { kind: 'succeeded', amount, gatewayTransactionId, paidAt };
}

/** What the asking for a refund is answered. No answer tells when it was made, so it is when we hear of it. */
export function readRefundAnswer(body: Uint8Array, now: Date): RefundOutcome | null {
  const answer = answerOf(body);
  if (!answer) return null;
  const gatewayRefundId = numberOf(answer.members, 'refund_id');
  // Without its number it is not told as made: the question about it follows in any case.
  return gatewayRefundId === null && answer.code === '1'
    ? { kind: 'pending', gatewayCode: '1' }
    : readRefund(answer, REFUND_CODES, { gatewayRefundId: gatewayRefundId ?? '', refundedAt: now });
}

/** What a question about a refund is answered: no number of ZaloPay's, so our own stands for it. */
export function readRefundQueryAnswer(
  body: Uint8Array,
  asked: { readonly refundId: string; readonly now: Date },
): RefundOutcome | null {
  const answer = answerOf(body);
  if (!answer) return null;
  const gatewayRefundId = numberOf(answer.members, 'refund_id') ?? asked.refundId;
  return readRefund(answer, REFUND_QUERY_CODES, { gatewayRefundId, refundedAt: asked.now });
}

function readRefund(
  answer: Answer,
  table: CodeTable,
  made: { readonly gatewayRefundId: string; readonly refundedAt: Date },
): RefundOutcome {
  const gatewayCode = printable(answer.code);
  switch (meaningOf(answer, table)) {
    case 'success':
      return { kind: 'succeeded', ...made };
    case 'declined':
      return { kind: 'failed', gatewayCode };
    case 'not_known':
      return { kind: 'not_known' };
    case 'undecided':
      return { kind: 'pending', gatewayCode };
  }
}

function meaningOf({ code }: Answer, table: CodeTable): Meaning {
  return Object.hasOwn(table, code) ? (table[code]?.meaning ?? 'undecided') : 'undecided';
}

function answerOf(body: Uint8Array): Answer | null {
  const members = readGatewayObject(body);
  if (!members) return null;
  const returnCode = scalarOf(members, 'return_code');
  if (returnCode === null) return null;
  return { members, code: codeOf(returnCode, scalarOf(members, 'sub_return_code') ?? '') };
}
