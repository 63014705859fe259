/** MoMo's payment gateway, version 2, wallet payments (captureWallet): thin I/O around messages.ts and answers.ts. */
import { randomUUID } from 'node:crypto';
import { vnd, type Money } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, GatewayDeps, GatewayOutcome } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import * as answers from './answers.ts';
import * as messages from './messages.ts';
import { FAILURE_REASONS } from './result-codes.ts';

/** Where MoMo is. */
export interface MomoEndpoints {
  /** `https://payment.momo.vn`, or `https://test-payment.momo.vn`. */
  readonly apiUrl: string;
  /** Origins of the pages MoMo sends payers to. */
  readonly payOrigins: readonly string[];
}

type Momo = Pick<GatewayDeps, 'fetch'> & MomoEndpoints;

/** MoMo asks for at least 30 seconds for each (API configuration, read 2026-11-25). */
const TIMEOUT_MS = {
  '/v2/gateway/api/create': 30_000,
  '/v2/gateway/api/query': 30_000,
  '/v2/gateway/api/confirm': 30_000,
  '/v2/gateway/api/refund': 30_000,
  '/v2/gateway/api/refund/query': 30_000,
};

/**
 * MoMo. `account.secrets[]` hold `accessKey` and `secretKey`; `account.settings.autoCapture` is "true" unless told.
 *
 * Whatever is not an answer to the question asked is a thrown error: the caller then knows nothing of the payment and
 * has to ask again with the same reference.
 */
export function createMomoAdapter({ fetch }: GatewayDeps, endpoints: MomoEndpoints): GatewayAdapter {
  const momo: Momo = { fetch, ...endpoints };
  return {
    code: 'momo',
    profile: {
      currencies: ['VND'],
      // captureWallet, "amount": least 1,000, most 50,000,000 dong (MoMo developers v3, read 2026-11-25).
      amountMin: vnd(1_000),
      amountMax: vnd(50_000_000),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: endpoints.payOrigins,
      failureReasons: FAILURE_REASONS,
      merchantReference: messages.merchantReference,
    },

    async startPayment(request, signal) {
      const { account, merchantReference, amount } = request;
      const body = messages.createRequest(request);
      const answer = await ask(momo, '/v2/gateway/api/create', body, signal);
      const asked = { account, orderId: merchantReference, requestId: merchantReference };
      const created = answers.readCreateAnswer(answer, asked, amount);
      if (!created) throw unreadable('create', merchantReference);
      if ('refusedBy' in created) {
        throw new Error(`MoMo answered ${created.refusedBy} to the creation of ${merchantReference}.`);
      }
      const expiresAt = addMinutes(request.startedAt, messages.PAYMENT_LIFETIME_MINUTES);
      return { kind: 'redirect', url: created.payUrl, expiresAt };
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment({ account, merchantReference }, signal) {
        const asked = { account, orderId: merchantReference, requestId: randomUUID() };
        const body = messages.queryRequest(account, merchantReference, asked.requestId);
        const answer = await ask(momo, '/v2/gateway/api/query', body, signal);
        const outcome = answers.readQueryAnswer(answer, asked);
        if (!outcome) throw unreadable('query', merchantReference);
        return outcome.kind === 'authorised' ? capture(momo, asked, outcome.amount, signal) : outcome;
      },
    },

    refunds: {
      // Refund API, "amount": 1,000 to 50,000,000 dong; no last day is named (MoMo developers v3, read 2026-11-25).
      limits: { partial: true, windowDays: null, amountMin: vnd(1_000), amountMax: vnd(50_000_000) },
      async refundPayment(request, signal) {
        const body = messages.refundRequest(request);
        const answer = await ask(momo, '/v2/gateway/api/refund', body, signal);
        const outcome = answers.readRefundAnswer(answer, request);
        if (!outcome) throw unreadable('refund', request.refundReference);
        return outcome;
      },
      async queryRefund(request, signal) {
        const requestId = randomUUID();
        const body = messages.queryRequest(request.account, request.refundReference, requestId);
        const answer = await ask(momo, '/v2/gateway/api/refund/query', body, signal);
        const outcome = answers.readRefundQueryAnswer(answer, request, requestId);
        if (!outcome) throw unreadable('refund/query', request.refundReference);
        return outcome;
      },
    },
  };
}

/** Takes what MoMo holds. The order is the key: MoMo captures it once, whatever the number of requests. */
async function capture(
  momo: Momo,
  { account, orderId }: answers.Asked,
  amount: Money,
  signal: AbortSignal,
): Promise<GatewayOutcome> {
  const asked = { account, orderId, requestId: randomUUID() };
  const body = messages.captureRequest(account, { ...asked, amount });
  const answer = await ask(momo, '/v2/gateway/api/confirm', body, signal);
  const outcome = answers.readCaptureAnswer(answer, asked, amount);
  if (!outcome) throw unreadable('confirm', orderId);
  return outcome;
}

/** The body of an answer. MoMo words refusals as JSON with a result code under 4xx too; other statuses say nothing. */
async function ask(
  { fetch, apiUrl }: Momo,
  path: keyof typeof TIMEOUT_MS,
  body: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/json; charset=UTF-8' };
  const call = { operation: path, url: apiUrl + path, headers, body, timeoutMs: TIMEOUT_MS[path] };
  const isWorded = (status: number): boolean => status === 200 || (status >= 400 && status < 500);
  return (await callGateway(fetch, 'MoMo', call, signal, isWorded)).body;
}

function unreadable(operation: string, reference: string): Error {
  return new Error(`MoMo's answer to ${operation} for ${reference} cannot be read.`);
}
