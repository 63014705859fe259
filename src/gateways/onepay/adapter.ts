/** OnePay seen as a gateway like any other: thin I/O around messages.ts. */
import { vnd } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, GatewayDeps } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import { FAILURES, type CardKind } from './codes.ts';
import * as messages from './messages.ts';

/** Where OnePay is, and which of its two pages this is. */
export interface OnepayEndpoints {
  readonly kind: CardKind;
  readonly payUrl: string;
  readonly queryUrl: string;
}

const QUERY_TIMEOUT_MS = 10_000;

/**
 * OnePay, version 2. `account.merchantId`, `settings.accessCode` and `settings.queryUser` say who we are;
 * `secrets[].hash` (hexadecimal) signs both ways, `secrets[].queryPassword` goes with queries.
 *
 * There are no refunds here: OnePay publishes how one is asked for, and neither the answers nor how to ask after one.
 * Money goes back by its merchant portal.
 */
export function createOnepayAdapter(deps: GatewayDeps, endpoints: OnepayEndpoints): GatewayAdapter {
  const { kind, payUrl, queryUrl } = endpoints;
  return {
    code: 'onepay',
    profile: {
      currencies: ['VND'],
      // No least sum is published. The most is nine digits of dong, though the schema allows ten with the hundredths.
      amountMin: vnd(1),
      amountMax: vnd(999_999_999),
      paymentLifetimeMinutes: messages.PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [new URL(payUrl).origin],
      failureReasons: FAILURES[kind],
      merchantReference: messages.merchantReference,
    },

    startPayment(request) {
      const url = messages.payPageUrl(payUrl, kind, request);
      const expiresAt = addMinutes(request.startedAt, messages.PAYMENT_LIFETIME_MINUTES);
      return Promise.resolve({ kind: 'redirect', url, expiresAt });
    },

    readCallback: (message, account, receivedAt) => messages.readCallback(kind, message, account, receivedAt),
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment(payment, signal) {
        const call = {
          operation: 'a query',
          url: queryUrl,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: messages.queryForm(payment),
          timeoutMs: QUERY_TIMEOUT_MS,
        };
        const answer = await callGateway(deps.fetch, 'OnePay', call, signal);
        const outcome = messages.readQueryAnswer(kind, answer.body, payment, deps.clock.now());
        if (!outcome)
          throw new Error(`OnePay's answer about ${payment.merchantReference} is not a genuine one.`);
        return outcome;
      },
    },
  };
}
