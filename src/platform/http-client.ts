/** Outbound HTTP: time limit, size limit, no redirects; and for URLs of strangers, no private addresses. */
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, request as send, type Dispatcher } from 'undici';
import {
  isAllowListed,
  isPublicAddress,
  isUrlNotAllowed,
  notAllowed,
  readUrl,
  resolveBySystem,
  resolvePublic,
  type AddressRules,
  type Resolve,
} from './public-address.ts';

export { assertPublicUrl, isUrlNotAllowed } from './public-address.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; one sent twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** True when the body was longer, slower or shorter than promised and only its beginning is here. */
  readonly isTruncated: boolean;
}

/** Sends one request. Throws when no answer came; any status is an answer, a redirect too. */
export type HttpSend = (request: HttpRequest, signal?: AbortSignal) => Promise<HttpResponse>;

export interface HttpClient {
  readonly send: HttpSend;
  close(): Promise<void>;
}

export interface ClientLimits {
  /** For the whole exchange, from the look-up of the name to the last byte read. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  /** Requests to one host under way at once; 16 unless told. */
  readonly connectionsPerHost?: number;
}

const CONNECTIONS_PER_HOST = 16;

/** For hosts the operator has configured: gateways. A larger answer than allowed is an error, never a part. */
export function createGatewayClient(limits: ClientLimits = {}): HttpClient {
  const agent = new Agent({ connections: limits.connectionsPerHost ?? CONNECTIONS_PER_HOST });
  const maxResponseBytes = limits.maxResponseBytes ?? 1024 * 1024;
  return {
    async send(request, signal) {
      const response = await exchange(agent, request, {
        timeoutMs: limits.timeoutMs ?? 10_000,
        maxResponseBytes,
        signal,
      });
      if (response.isTruncated)
        throw new Error(`The answer of ${hostOf(request)} broke off or is too large.`);
      return response;
    },
    close: () => agent.destroy(),
  };
}

/**
 * For URLs that strangers have given: webhooks.
 *
 * Only https on port 443, or what `allowHosts` names. Names are resolved once, every address is checked, and the
 * connection goes to an address that was checked: a name that is pointed elsewhere in between gains nothing.
 * Of the answer at most 16 KiB are read; a body that is slow, broken or longer leaves status and beginning.
 */
export function createGuardedClient(rules: AddressRules & ClientLimits = {}): HttpClient {
  const connections = rules.connectionsPerHost ?? CONNECTIONS_PER_HOST;
  const guarded = new Agent({ connect: guardedConnector(rules), connections });
  const open = new Agent({ connections });
  const limits = {
    timeoutMs: rules.timeoutMs ?? 10_000,
    maxResponseBytes: rules.maxResponseBytes ?? 16 * 1024,
  };
  return {
    async send(request, signal) {
      const url = readUrl(request.url, rules);
      return exchange(isAllowListed(url, rules) ? open : guarded, request, { ...limits, signal });
    },
    async close() {
      await Promise.all([guarded.destroy(), open.destroy()]);
    },
  };
}

function guardedConnector(rules: AddressRules): buildConnector.connector {
  const connect = buildConnector({ lookup: guardedLookup(rules.resolve ?? resolveBySystem) });
  return (options, callback) => {
    // No name is looked up for a literal address, so the look-up never sees one.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isPublicAddress(host)) {
      callback(notAllowed('The address is not a public one.'), null);
      return;
    }
    connect(options, callback);
  };
}

/** The look-up a guarded connection uses: what it gives is what the socket connects to, and all of it was checked. */
export function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolvePublic(hostname, resolve).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, []),
    );
  };
}

interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal | undefined;
}

async function exchange(agent: Agent, request: HttpRequest, limits: ExchangeLimits): Promise<HttpResponse> {
  // Not AbortSignal.timeout, which cannot be taken back: at thousands a second tens of thousands would wait for nothing.
  const timeUp = new AbortController();
  const timer = setTimeout(() => {
    timeUp.abort(new DOMException('The exchange took too long.', 'TimeoutError'));
  }, limits.timeoutMs);
  try {
    const answer = await send(request.url, {
      dispatcher: agent,
      method: request.method,
      // An answer that is packed would have to be unpacked, and a small one may unpack to a very large one.
      headers: { 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      signal: limits.signal ? AbortSignal.any([timeUp.signal, limits.signal]) : timeUp.signal,
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
    });
    const { bytes, isTruncated } = await readUpTo(answer.body, limits.maxResponseBytes);
    return { status: answer.statusCode, headers: joined(answer.headers), body: bytes, isTruncated };
  } finally {
    clearTimeout(timer);
  }
}

/** By events: to go through a stream with `for await` costs more than a short answer itself. */
function readUpTo(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<{ bytes: Uint8Array; isTruncated: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isEnded = false;
    const end = (isTruncated: boolean): void => {
      if (isEnded) return;
      isEnded = true;
      resolve({ bytes: Buffer.concat(chunks), isTruncated });
      body.destroy();
    };
    body.on('data', (chunk: Buffer) => {
      if (isEnded) return;
      chunks.push(chunk.subarray(0, maxBytes - length));
      length += chunk.length;
      if (length > maxBytes) end(true);
    });
    body.on('end', () => {
      end(false);
    });
    // Broken off, or too slow: the status has arrived all the same.
    body.on('error', () => {
      end(true);
    });
    body.on('close', () => {
      end(true);
    });
  });
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return result;
}

function hostOf(request: HttpRequest): string {
  return new URL(request.url).host;
}

/** Why no answer came, in a word that a delivery log can keep. */
export type OutboundFailure =
  'not_allowed' | 'timed_out' | 'name_not_found' | 'not_reached' | 'tls' | 'broken_off';

const TIMEOUT_CODES = [
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
];
const UNREACHED_CODES = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Sorts the errors of {@link HttpSend}. */
export function outboundFailure(error: unknown): OutboundFailure {
  if (isUrlNotAllowed(error)) return 'not_allowed';
  const { name, code = '' } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || name === 'AbortError' || TIMEOUT_CODES.includes(code)) return 'timed_out';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name_not_found';
  if (UNREACHED_CODES.includes(code)) return 'not_reached';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return 'tls';
  return 'broken_off';
}
