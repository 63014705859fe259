/** VNPAY seen as a gateway like any other: thin I/O around messages.ts and questions.ts. */
import { vnd } from '../../domain/kernel/money.ts';
import { createRandomBytes } from '../../platform/random.ts';
import type { GatewayAdapter, GatewayDeps, RefundRequest } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import { FAILURES } from './codes.ts';
import * as messages from './messages.ts';
import * as questions from './questions.ts';

/** Where VNPAY is. */
export interface VnpayEndpoints {
  /** The page payers are sent to; `https://pay.vnpay.vn/vpcpay.html`. */
  readonly payUrl: string;
  /** Where queries and refunds are asked for; `…/merchant_webapi/api/transaction`. */
  readonly apiUrl: string;
}

/** How long VNPAY may take for each operation. A refund moves money on its side and takes longest. */
const TIMEOUT_MS = { querydr: 10_000, refund: 30_000 };

/**
 * VNPAY 2.1.0. `account.merchantId` is the terminal code; `account.secrets[].hash` signs both ways.
 *
 * Starting a payment needs no call: the signed address is the request, and the citizen's browser carries it.
 */
export function createVnpayAdapter(deps: GatewayDeps, endpoints: VnpayEndpoints): GatewayAdapter {
  const vnpay = { ...deps, ...endpoints, newRequestId: requestIds() };
  return {
    code: 'vnpay',
    profile: {
      currencies: ['VND'],
      // VNPAY's page refuses other sums: "from 5,000 to less than 1 billion dong" (its error 32, read 2026-11-25).
      amountMin: vnd(5_000),
      amountMax: vnd(999_999_999),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [new URL(endpoints.payUrl).origin],
      failureReasons: FAILURES,
      merchantReference: messages.merchantReference,
    },

    startPayment(request) {
      const url = messages.payPageUrl(endpoints.payUrl, request);
      return Promise.resolve({ kind: 'redirect', url, expiresAt: messages.expiryOf(request.startedAt) });
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment(payment, signal) {
        const answer = await query(vnpay, payment, signal);
        const outcome = questions.readPaymentState(answer, deps.clock.now());
        if (!outcome) throw refused(answer, payment.merchantReference);
        return outcome;
      },
    },

    refunds: {
      // No period and no least sum is documented; the most of one request is what was paid.
      limits: { partial: true, windowDays: null, amountMin: null, amountMax: null },
      async refundPayment(request, signal) {
        const body = questions.refundRequest(request, deps.clock.now());
        const answer = await ask(vnpay, 'refund', body, paymentOf(request), signal);
        return questions.readRefundTaken(answer, request, deps.clock.now());
      },
      async queryRefund(request, signal) {
        const answer = await query(vnpay, paymentOf(request), signal);
        return questions.readRefundQueried(answer, request, deps.clock.now());
      },
    },
  };
}

type Vnpay = GatewayDeps & VnpayEndpoints & { readonly newRequestId: () => string };

function query(vnpay: Vnpay, payment: questions.PaymentKey, signal: AbortSignal): Promise<questions.Answer> {
  const body = questions.queryRequest(payment, vnpay.newRequestId(), vnpay.clock.now());
  return ask(vnpay, 'querydr', body, payment, signal);
}

async function ask(
  { fetch, apiUrl }: Vnpay,
  command: questions.Command,
  body: string,
  payment: questions.PaymentKey,
  signal: AbortSignal,
): Promise<questions.Answer> {
  const headers = { 'content-type': 'application/json' };
  const call = { operation: command, url: apiUrl, headers, body, timeoutMs: TIMEOUT_MS[command] };
  const answer = await callGateway(fetch, 'VNPAY', call, signal);
  const read = questions.readAnswer(command, answer.body, payment);
  if (!read)
    throw new Error(`VNPAY's answer to ${command} for ${payment.merchantReference} is not a genuine one.`);
  return read;
}

/** Ids that no other request of the day has: two queries may fall into one millisecond, or into two processes. */
function requestIds(): () => string {
  const randomBytes = createRandomBytes();
  return () => Buffer.from(randomBytes(16)).toString('hex');
}

function paymentOf(request: RefundRequest): questions.PaymentKey {
  const { account, merchantReference, paymentStartedAt } = request;
  return { account, merchantReference, startedAt: paymentStartedAt };
}

function refused(answer: questions.Answer, reference: string): Error {
  const code = answer('vnp_ResponseCode');
  return new Error(`VNPAY's answer about ${reference}, with code ${code}, says nothing of the payment.`);
}
