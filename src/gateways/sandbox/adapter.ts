/** The sandbox bank seen as a gateway like any other: thin I/O around messages.ts. */
import { vnd } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, GatewayDeps, MerchantAccount } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import * as messages from './messages.ts';
import { readSettlementFile } from './settlement-file.ts';
import { signedHeaders, verifySigned } from './signing.ts';

/** Where the sandbox bank is. */
export interface SandboxEndpoints {
  readonly bankUrl: string;
}

type Bank = GatewayDeps & SandboxEndpoints;

/** How long the bank may take for each operation. A refund moves money on its side and takes longest. */
const TIMEOUT_MS = {
  '/api/orders': 10_000,
  '/api/query': 5_000,
  '/api/refunds': 20_000,
  '/api/refund-query': 5_000,
};

/**
 * The sandbox bank. `account.secrets[].signing` signs both ways.
 *
 * Whatever is not a genuine answer to the question asked is a thrown error: the caller then knows nothing of
 * the payment and has to ask again with the same reference.
 */
export function createSandboxAdapter(deps: GatewayDeps, endpoints: SandboxEndpoints): GatewayAdapter {
  const bank: Bank = { ...deps, ...endpoints };
  return {
    code: 'sandbox',
    profile: {
      currencies: ['VND'],
      amountMin: vnd(1_000),
      amountMax: vnd(5_000_000_000n),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [],
      failureReasons: messages.FAILURE_REASONS,
      merchantReference: messages.merchantReference,
    },

    async startPayment(request, signal) {
      const expiresAt = addMinutes(request.startedAt, messages.PAYMENT_LIFETIME_MINUTES);
      const body = messages.orderRequest(request, expiresAt);
      const answer = await ask(bank, request.account, '/api/orders', body, signal);
      const order = messages.readOrderAnswer(answer, request);
      if (!order) throw unreadable('/api/orders', request.merchantReference);
      return { kind: 'redirect', url: order.payUrl, expiresAt: order.expiresAt };
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment({ account, merchantReference }, signal) {
        const body = messages.queryRequest(account, merchantReference);
        const answer = await ask(bank, account, '/api/query', body, signal);
        const outcome = messages.readQueryAnswer(answer, account, merchantReference);
        if (!outcome) throw unreadable('/api/query', merchantReference);
        return outcome;
      },
    },

    refunds: {
      limits: { partial: true, windowDays: null, amountMin: null, amountMax: null },
      async refundPayment(request, signal) {
        const body = messages.refundRequest(request);
        const answer = await ask(bank, request.account, '/api/refunds', body, signal);
        const outcome = messages.readRefundAnswer(answer, request.account, request.refundReference);
        if (!outcome) throw unreadable('/api/refunds', request.refundReference);
        return outcome;
      },
      async queryRefund({ account, refundReference }, signal) {
        const body = messages.refundQueryRequest(account, refundReference);
        const answer = await ask(bank, account, '/api/refund-query', body, signal);
        const outcome = messages.readRefundAnswer(answer, account, refundReference);
        if (!outcome) throw unreadable('/api/refund-query', refundReference);
        return outcome;
      },
    },

    settlementFiles: { readSettlementFile },
  };
}

async function ask(
  { fetch, clock, bankUrl }: Bank,
  account: MerchantAccount,
  path: keyof typeof TIMEOUT_MS,
  body: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/json', ...signedHeaders(body, account, clock.now()) };
  const call = { operation: path, url: bankUrl + path, headers, body, timeoutMs: TIMEOUT_MS[path] };
  const answer = await callGateway(fetch, 'The sandbox bank', call, signal);
  const verdict = verifySigned(answer, account, clock.now());
  if (verdict !== 'genuine')
    throw new Error(`The sandbox bank's answer to ${path} is not genuine: ${verdict}.`);
  return answer.body;
}

function unreadable(path: string, reference: string): Error {
  return new Error(`The sandbox bank's answer to ${path} for ${reference} cannot be read.`);
}
