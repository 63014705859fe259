/** KeyPay as the National Public Service Portal uses it: thin I/O around messages.ts. */
import { money, MAX_AMOUNT_MINOR, vnd } from '../../domain/kernel/money.ts';
import { addMinutes } from '../../domain/kernel/time.ts';
import type { GatewayAdapter, GatewayDeps } from '../gateway-adapter.ts';
import { callGateway } from '../gateway-call.ts';
import * as messages from './messages.ts';

/** Where KeyPay is. It gives each client whole addresses, not paths. */
export interface KeyPayEndpoints {
  readonly createUrl: string;
  readonly detailUrl: string;
  /** Where its payment pages are. */
  readonly payOrigin: string;
}

/** How long KeyPay may take for each operation. */
const TIMEOUT_MS = { create: 10_000, detail: 5_000 };

/** Ours: KeyPay is told no end and tells none. */
const PAYMENT_LIFETIME_MINUTES = 15;

/**
 * KeyPay. `account.merchantId` is the client id; `secrets[].hashKey1` signs what we send, `.hashKey2` what comes.
 *
 * No refunds: the source has none for this version. Whatever is not a genuine answer to the question asked is a thrown
 * error, KeyPay's own errors among them, for what they mean is not published.
 */
export function createKeyPayAdapter(deps: GatewayDeps, endpoints: KeyPayEndpoints): GatewayAdapter {
  return {
    code: 'keypay',
    profile: {
      currencies: ['VND'],
      // The source names no limits.
      amountMin: vnd(1),
      amountMax: money(MAX_AMOUNT_MINOR, 'VND'),
      paymentLifetimeMinutes: PAYMENT_LIFETIME_MINUTES,
      formActionOrigins: [endpoints.payOrigin],
      merchantReference: messages.merchantReference,
    },

    async startPayment(request, signal) {
      const body = messages.createRequest(request);
      const answer = await ask(deps, endpoints, 'create', body, signal);
      const url = messages.readCreateAnswer(answer, endpoints.payOrigin);
      if (url === null) throw new Error(`KeyPay did not take payment ${request.merchantReference}.`);
      return { kind: 'redirect', url, expiresAt: addMinutes(request.startedAt, PAYMENT_LIFETIME_MINUTES) };
    },

    readCallback: messages.readCallback,
    acknowledge: messages.acknowledgement,

    queries: {
      async queryPayment({ account, merchantReference }, signal) {
        const body = messages.detailRequest(account, merchantReference);
        const answer = await ask(deps, endpoints, 'detail', body, signal);
        const now = deps.clock.now();
        const outcome = messages.readDetailAnswer(answer, account, merchantReference, now);
        if (!outcome) throw new Error(`KeyPay's answer about ${merchantReference} cannot be read.`);
        return outcome;
      },
    },
  };
}

async function ask(
  { fetch }: GatewayDeps,
  endpoints: KeyPayEndpoints,
  operation: keyof typeof TIMEOUT_MS,
  body: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = endpoints[`${operation}Url`];
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const call = { operation, url, headers, body, timeoutMs: TIMEOUT_MS[operation] };
  return (await callGateway(fetch, 'KeyPay', call, signal)).body;
}
