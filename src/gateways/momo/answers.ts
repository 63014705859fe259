/**
 * Pure: MoMo's answers to what we ask.
 *
 * They carry no signature (create, query, refund, confirm: "HTTP Response", MoMo developers v3, read 2026-11-25), so TLS
 * vouches for who speaks, and partner, order, request and amount must be those that were asked about.
 */
import { equals, type Money } from '../../domain/kernel/money.ts';
import {
  isJsonArray,
  isJsonObject,
  readGatewayObject,
  scalarOf,
  type JsonObject,
} from '../../platform/gateway-json.ts';
import { amountOf, instantOf, numberOf, printable } from '../fields.ts';
import type { GatewayOutcome, MerchantAccount, RefundOutcome, RefundRequest } from '../gateway-adapter.ts';
import { capturesByItself, readPayment } from './messages.ts';
import { NOT_FOUND, RESULT_CODES } from './result-codes.ts';

/** The request an answer must belong to. */
export interface Asked {
  readonly account: MerchantAccount;
  readonly orderId: string;
  readonly requestId: string;
}

/** The page to send the citizen to; anything but a page is the reason why there is none. */
export function readCreateAnswer(
  body: Uint8Array,
  asked: Asked,
  amount: Money,
): { readonly payUrl: string } | { readonly refusedBy: string } | null {
  const answer = answerTo(body, asked);
  const code = answer && scalarOf(answer, 'resultCode');
  if (!answer || code === null) return null;
  // 41 after a lost answer too: the payment may live at MoMo, and its query tells. Nothing is started twice.
  if (RESULT_CODES[code]?.payment !== 'success') return { refusedBy: printable(code) };
  const payUrl = answer.get('payUrl');
  const told = amountOf(answer);
  if (!told || !equals(told, amount) || typeof payUrl !== 'string') return null;
  return /^https?:\/\//.test(payUrl) && URL.canParse(payUrl) ? { payUrl } : null;
}

/** What a query says of a payment; `authorised` is money held that we still have to capture. */
export function readQueryAnswer(
  body: Uint8Array,
  asked: Asked,
): GatewayOutcome | { readonly kind: 'authorised'; readonly amount: Money } | null {
  const answer = answerTo(body, asked);
  const code = answer && scalarOf(answer, 'resultCode');
  if (!answer || code === null) return null;
  if (code === NOT_FOUND) return { kind: 'not_known' };
  if (RESULT_CODES[code]?.payment === 'authorised' && !capturesByItself(asked.account)) {
    const amount = amountOf(answer);
    return amount && { kind: 'authorised', amount };
  }
  return readPayment(answer, paidAtNameOf(answer), capturesByItself(asked.account));
}

/**
 * `responseTime` is the instant of the answer. What MoMo sends beside it, `lastUpdated`, is the payment's own and is
 * believed where it is not later; it is not in the document, so it may be absent.
 */
function paidAtNameOf(answer: JsonObject): 'lastUpdated' | 'responseTime' {
  const [updated, answered] = [instantOf(answer, 'lastUpdated'), instantOf(answer, 'responseTime')];
  return updated && answered && updated <= answered ? 'lastUpdated' : 'responseTime';
}

/**
 * What became of a capture. Only its success is believed: any other word is about the capture, not about the money, and
 * the next query tells where that is.
 */
export function readCaptureAnswer(body: Uint8Array, asked: Asked, held: Money): GatewayOutcome | null {
  const answer = answerTo(body, asked);
  const outcome = answer && readPayment(answer, 'responseTime', false);
  if (outcome?.kind === 'succeeded') return equals(outcome.amount, held) ? outcome : null;
  return outcome && 'gatewayCode' in outcome ? { kind: 'pending', gatewayCode: outcome.gatewayCode } : null;
}

/** The answer to a refund. */
export function readRefundAnswer(body: Uint8Array, request: RefundRequest): RefundOutcome | null {
  const { account, refundReference } = request;
  const answer = answerTo(body, { account, orderId: refundReference, requestId: refundReference });
  return answer && readRefund(answer, 'responseTime', request.amount);
}

/** The answer to a question about a refund: its own row among those listed, found by its orderId. */
export function readRefundQueryAnswer(
  body: Uint8Array,
  request: RefundRequest,
  requestId: string,
): RefundOutcome | null {
  const { account, refundReference } = request;
  const answer = answerTo(body, { account, orderId: refundReference, requestId });
  const code = answer && scalarOf(answer, 'resultCode');
  if (!answer || code === null) return null;
  // Sent once more it keeps its reference, which MoMo answers as it did the first time: it cannot be made twice.
  if (code === NOT_FOUND) return { kind: 'not_known' };
  const listed = answer.get('refundTrans');
  const rows = isJsonArray(listed) ? listed.filter(isJsonObject) : [];
  const ours = rows.filter((row) => row.get('orderId') === refundReference);
  if (ours.length > 1) return null;
  const [row] = ours;
  if (row) return readRefund(row, 'createdTime', request.amount);
  return RESULT_CODES[code]?.refund === 'success'
    ? { kind: 'not_known' }
    : { kind: 'pending', gatewayCode: printable(code) };
}

function readRefund(members: JsonObject, madeAtName: string, amount: Money): RefundOutcome | null {
  const code = scalarOf(members, 'resultCode');
  if (code === null) return null;
  const meaning = RESULT_CODES[code]?.refund;
  if (meaning === 'declined') return { kind: 'failed', gatewayCode: code };
  if (meaning !== 'success') return { kind: 'pending', gatewayCode: printable(code) };
  const told = amountOf(members);
  const gatewayRefundId = numberOf(members, 'transId');
  const refundedAt = instantOf(members, madeAtName);
  if (!told || !equals(told, amount) || !gatewayRefundId || !refundedAt) return null;
  return { kind: 'succeeded', gatewayRefundId, refundedAt };
}

function answerTo(body: Uint8Array, { account, orderId, requestId }: Asked): JsonObject | null {
  const answer = readGatewayObject(body);
  if (!answer) return null;
  const isOurs =
    answer.get('partnerCode') === account.merchantId &&
    answer.get('orderId') === orderId &&
    answer.get('requestId') === requestId;
  return isOurs ? answer : null;
}
