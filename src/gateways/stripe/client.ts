/** Stripe's own client, carried by our HTTP and believed by our reader. Knows no session and no refund. */
import Stripe from 'stripe';
import { isJsonObject, readGatewayObject, textOf, type JsonObject } from '../../platform/gateway-json.ts';
import type { GatewayHttp, GatewayHttpAnswer } from '../../platform/gateway-http.ts';
import { newestSecret } from '../account-secrets.ts';
import { printable } from '../fields.ts';
import type { MerchantAccount } from '../gateway-adapter.ts';

/** Where Stripe is, and what carries our calls there. */
export interface StripeLine {
  readonly fetch: GatewayHttp;
  /** `https://api.stripe.com`, without a trailing slash. */
  readonly apiUrl: string;
}

export type StripeAnswer =
  | { readonly kind: 'object'; readonly object: JsonObject }
  /** Stripe's documented refusal: `type` and, where it gives one, `code`. */
  | { readonly kind: 'refused'; readonly status: number; readonly type: string; readonly code: string };

interface Exchange {
  answer: GatewayHttpAnswer | null;
  fault: unknown;
}

/** Of what the package would send, what Stripe needs: neither telemetry nor what machine this is. */
const HEADERS = new Set(['accept', 'authorization', 'content-type', 'idempotency-key', 'stripe-version']);

/**
 * One call of the package. It builds and types the request; the answer's bytes are read by ourselves, strictly.
 *
 * Throws when there is no genuine answer: nothing is then known, and the caller has to ask again.
 */
export async function callStripe(
  line: StripeLine,
  account: MerchantAccount,
  signal: AbortSignal,
  call: (stripe: Stripe) => PromiseLike<unknown>,
): Promise<StripeAnswer> {
  const exchange: Exchange = { answer: null, fault: null };
  try {
    await call(clientOver(line, account, signal, exchange));
  } catch (error) {
    // The package's own errors hold the request's headers; what was answered is read below.
    if (!exchange.answer) throw exchange.fault ?? error;
  }
  if (!exchange.answer) throw new Error('Stripe was not asked.');
  return readAnswer(exchange.answer);
}

function clientOver(
  { fetch, apiUrl }: StripeLine,
  account: MerchantAccount,
  signal: AbortSignal,
  exchange: Exchange,
): Stripe {
  return new Stripe(newestSecret(account, 'apiKey', 'Stripe key'), {
    // Repeats are the core's business, and telemetry nobody's.
    maxNetworkRetries: 0,
    telemetry: false,
    httpClient: {
      getClientName: () => 'gateway-http',
      // Host and port are in apiUrl, which may have a path before /v1 that the package could not say.
      async makeRequest(_host, _port, path, method, headers, body) {
        try {
          exchange.answer = await fetch(
            {
              method: method === 'POST' ? 'POST' : 'GET',
              url: apiUrl + path,
              headers: plainHeaders(headers),
              ...(method === 'POST' ? { body } : {}),
            },
            signal,
          );
        } catch (fault) {
          exchange.fault = fault;
          // Without the fault's code: the package repeats a closed connection whatever it was told.
          throw new Error('The call was not carried.');
        }
        return responseOf(exchange.answer);
      },
    },
  });
}

function plainHeaders(headers: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
      .filter(([name]) => HEADERS.has(name)),
  );
}

/** What the package wants of an answer; it is thrown away. */
function responseOf({ status, body }: GatewayHttpAnswer) {
  return {
    getStatusCode: () => status,
    getHeaders: () => ({}),
    getRawResponse: () => ({}),
    toStream: () => null,
    toJSON: (): Promise<unknown> => Promise.resolve(JSON.parse(Buffer.from(body).toString('utf8'))),
  };
}

function readAnswer({ status, body }: GatewayHttpAnswer): StripeAnswer {
  const read = readGatewayObject(body);
  if (!read) throw new Error(`Stripe answered ${status} and nothing that can be read.`);
  const error = read.get('error');
  if (status === 200 && error === undefined) return { kind: 'object', object: read };
  if (status < 400 || status > 499 || !isJsonObject(error)) throw new Error(`Stripe answered ${status}.`);
  const word = (key: string): string => printable(textOf(error, key) ?? '');
  return { kind: 'refused', status, type: word('type'), code: word('code') };
}
