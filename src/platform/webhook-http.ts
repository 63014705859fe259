/** The HTTP side of a webhook: one POST and its status line. Knows nothing of signatures or retries. */
import { outboundFailure, type HttpSend, type OutboundFailure } from './http-client.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type WebhookReply =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | undefined }
  /** `reason` is for the agency's delivery log: no address inside our network, no stack. */
  | { readonly kind: 'no_answer'; readonly reason: string };

/** Sends one request and never throws: whatever goes wrong is a reply of kind `no_answer`. */
export type WebhookPost = (request: WebhookRequest) => Promise<WebhookReply>;

/** @param send  of a guarded client, because the URLs are strangers' */
export function createWebhookPost(send: HttpSend): WebhookPost {
  return async ({ url, headers, body }) => {
    try {
      const { status, headers: answered } = await send({ method: 'POST', url, headers, body });
      return { kind: 'answered', status, retryAfter: answered['retry-after'] };
    } catch (error) {
      return { kind: 'no_answer', reason: REASONS[outboundFailure(error)] };
    }
  };
}

const REASONS: Readonly<Record<OutboundFailure, string>> = {
  not_allowed: 'the address is not a public one',
  timed_out: 'no answer came in time',
  name_not_found: 'the host name does not resolve',
  not_reached: 'the host could not be reached',
  tls: 'the TLS connection failed',
  broken_off: 'the connection broke off before an answer came',
};
