/** ZaloPay's payment gateway, version 2: thin I/O around messages.ts and answers.ts. */
import { vnd } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, GatewayDeps } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import * as answers from './answers.ts';
import * as messages from './messages.ts';
import { FAILURE_REASONS } from './return-codes.ts';

/** Where ZaloPay is. */
export interface ZaloPayEndpoints {
  /** `https://openapi.zalopay.vn`, or `https://sb-openapi.zalopay.vn`. */
  readonly apiUrl: string;
  /** Origins of the pages ZaloPay sends payers to. */
  readonly payOrigins: readonly string[];
}

type ZaloPay = Pick<GatewayDeps, 'fetch'> & ZaloPayEndpoints;

const TIMEOUT_MS = {
  '/v2/create': 10_000,
  '/v2/query': 5_000,
  '/v2/refund': 20_000,
  '/v2/query_refund': 5_000,
};

/**
 * ZaloPay. `account.merchantId` is the app_id; `account.secrets[]` hold `key1` and `key2`.
 *
 * Whatever is not an answer in form is a thrown error: the caller then knows nothing of the payment and has to ask again
 * with the same reference.
 */
export function createZaloPayAdapter(deps: GatewayDeps, endpoints: ZaloPayEndpoints): GatewayAdapter {
  const { clock } = deps;
  const zaloPay: ZaloPay = { fetch: deps.fetch, ...endpoints };
  return {
    code: 'zalopay',
    profile: {
      currencies: ['VND'],
      // ZaloPay's document names no bounds; those of each channel are told per merchant (getlistmerchantbanks). The most
      // is what a person's wallets may pay in a month (Circular 23/2019/TT-NHNN).
      amountMin: vnd(1_000),
      amountMax: vnd(100_000_000),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: endpoints.payOrigins,
      failureReasons: FAILURE_REASONS,
      merchantReference: messages.merchantReference,
    },

    async startPayment(request, signal) {
      const { merchantReference, startedAt } = request;
      const body = messages.createRequest(request, clock.now());
      const created = answers.readCreateAnswer(await ask(zaloPay, '/v2/create', body, signal));
      if (!created) throw unreadable('/v2/create', merchantReference);
      if ('refusedBy' in created) {
        throw new Error(`ZaloPay answered ${created.refusedBy} to the creation of ${merchantReference}.`);
      }
      const expiresAt = addMinutes(startedAt, messages.PAYMENT_LIFETIME_MINUTES);
      return { kind: 'redirect', url: created.orderUrl, expiresAt };
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment({ account, merchantReference, startedAt }, signal) {
        const body = messages.queryRequest(account, merchantReference);
        const answer = await ask(zaloPay, '/v2/query', body, signal);
        const outcome = answers.readQueryAnswer(answer, { startedAt, now: clock.now() });
        if (!outcome) throw unreadable('/v2/query', merchantReference);
        return outcome;
      },
    },

    refunds: {
      limits: { partial: true, windowDays: null, amountMin: null, amountMax: null },
      async refundPayment(request, signal) {
        const body = messages.refundRequest(request, clock.now());
        const answer = await ask(zaloPay, '/v2/refund', body, signal);
        const outcome = answers.readRefundAnswer(answer, clock.now());
        if (!outcome) throw unreadable('/v2/refund', request.refundReference);
        return outcome;
      },
      async queryRefund(request, signal) {
        const body = messages.refundQueryRequest(request, clock.now());
        const answer = await ask(zaloPay, '/v2/query_refund', body, signal);
        const asked = { refundId: messages.refundId(request), now: clock.now() };
        const outcome = answers.readRefundQueryAnswer(answer, asked);
        if (!outcome) throw unreadable('/v2/query_refund', request.refundReference);
        return outcome;
      },
    },
  };
}

async function ask(
  { fetch, apiUrl }: ZaloPay,
  path: keyof typeof TIMEOUT_MS,
  body: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const call = { operation: path, url: apiUrl + path, headers, body, timeoutMs: TIMEOUT_MS[path] };
  return (await callGateway(fetch, 'ZaloPay', call, signal)).body;
}

function unreadable(path: string, reference: string): Error {
  return new Error(`ZaloPay's answer to ${path} for ${reference} cannot be read.`);
}
