/** The HTTP side of a webhook: one POST, its status line and nothing else. Knows nothing of signatures or retries. */
import { Agent, request, type Dispatcher } from 'undici';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type WebhookReply =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  /** `reason` is a sentence for the agency's delivery log: no address inside our network, no stack. */
  | { readonly kind: 'no_answer'; readonly reason: string };

/** Sends one request and never throws: whatever goes wrong is a reply of kind `no_answer`. */
export type WebhookPost = (request: WebhookRequest) => Promise<WebhookReply>;

/** The most of an answer's body that is read before the connection is dropped. */
const MAX_ANSWER_BYTES = 16 * 1024;

export interface WebhookPostOptions {
  /** Decides which addresses may be connected to. */
  readonly dispatcher: Dispatcher;
  /** Time for the whole exchange up to the answer's headers; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Posts webhooks through a dispatcher. Redirects are not followed; bodies are drained within limits. */
export function createWebhookPost({ dispatcher, timeoutMs = 10_000 }: WebhookPostOptions): WebhookPost {
  return async ({ url, headers, body }) => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await request(url, { method: 'POST', headers, body, dispatcher, signal });
      // The status line has decided. The body is drained in the background so that the connection can be used again.
      response.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
      const retryAfter = response.headers['retry-after'];
      return {
        kind: 'answered',
        status: response.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      };
    } catch (error) {
      return { kind: 'no_answer', reason: reasonOf(error, timeoutMs) };
    }
  };
}

/** A dispatcher without any guard of addresses: for tests and benches against this machine only. */
export function openUnguardedDispatcher(connectionsPerOrigin: number): Agent {
  return new Agent({ connections: connectionsPerOrigin, keepAliveTimeout: 10_000 });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be resolved',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed before an answer came',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
  UND_ERR_ADDRESS_NOT_ALLOWED: 'the address is not public',
};

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'the request failed';
  if (error.name === 'TimeoutError') return `no answer within ${String(timeoutMs / 1000)} s`;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return 'the request failed';
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (/CERT|TLS|SSL|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code)) {
    return `the TLS connection failed (${code})`;
  }
  if (code.startsWith('HPE_')) return 'the answer is not HTTP';
  return `the request failed (${code})`;
}
