/** Outbound HTTP to gateways: one request, one whole answer, within a time and a size; redirects are not followed. */
import { request as send } from 'undici';

export interface GatewayHttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface GatewayHttpAnswer {
  readonly status: number;
  /** Lower-case names; a header sent twice keeps both values, in a list. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

/** Rejects when the signal fires, the time is over, the answer is too large or the connection fails. */
export type GatewayHttp = (request: GatewayHttpRequest, signal: AbortSignal) => Promise<GatewayHttpAnswer>;

export interface GatewayHttpLimits {
  /** For the whole exchange, reading of the answer included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export function createGatewayHttp({ timeoutMs, maxBytes }: GatewayHttpLimits): GatewayHttp {
  return async ({ method, url, headers, body }, signal) => {
    const answer = await send(url, {
      method,
      headers,
      body: body ?? null,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return {
      status: answer.statusCode,
      headers: headerLists(answer.headers),
      body: await readAtMost(maxBytes, answer.body),
    };
  };
}

async function readAtMost(maxBytes: number, stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The gateway's answer is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headerLists(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const lists = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) lists.set(name.toLowerCase(), Array.isArray(value) ? value : [value]);
  }
  return lists;
}
