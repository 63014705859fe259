/** How adapters ask a gateway over HTTP: one message posted, one answer, within the operation's own time. */
import type { GatewayHttp, GatewayHttpAnswer } from '../platform/gateway-http.ts';

export interface GatewayCall {
  /** What is asked for, as errors tell it: a path or a command. */
  readonly operation: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/**
 * The answer to one call. One with another status than those under which this gateway words its answers says nothing:
 * it is a thrown error, so that the caller asks again with the same reference.
 *
 * @param gateway  its name, as errors tell it
 */
export async function callGateway(
  fetch: GatewayHttp,
  gateway: string,
  { operation, url, headers, body, timeoutMs }: GatewayCall,
  signal: AbortSignal,
  isWorded: (status: number) => boolean = (status) => status === 200,
): Promise<GatewayHttpAnswer> {
  const answer = await fetch(
    { method: 'POST', url, headers, body },
    AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  );
  if (!isWorded(answer.status)) throw new Error(`${gateway} answered ${answer.status} to ${operation}.`);
  return answer;
}
