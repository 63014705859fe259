/** Reads request bodies: bytes within a size and a time, of the kind the call takes. Knows no schema. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../domain/kernel/refusals.ts';
import { parseStrictJson } from './strict-json.ts';

export const JSON_LIMIT_BYTES = 256 * 1024;
export const BODY_TIMEOUT_MS = 10_000;
/** A body that is too large is read on and thrown away up to this much over its limit, so that its sender can read the answer. */
const DISCARDED_BYTES = 16 * 1024 * 1024;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** The bytes of a body, exactly as received. Refuses what {@link receiveBody} refuses. */
export async function readBodyBytes(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await receiveBody(request, limits, (chunk) => chunks.push(chunk));
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/**
 * Gives the bytes of a body to `take` as they come; what lies beyond the limit is not given.
 *
 * Refuses: request.too-large, request.too-slow, request.malformed when the sender stopped half-way.
 */
export async function receiveBody(
  request: IncomingMessage,
  limits: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const most = limits.maxBytes + DISCARDED_BYTES;
  const announced = Number(request.headers['content-length'] ?? '0');
  if (announced > most) throw tooLarge(limits);
  let size = 0;
  await receive(request, limits.timeoutMs, (chunk) => {
    size += chunk.length;
    if (size <= limits.maxBytes) take(chunk);
    if (size > most) throw tooLarge(limits);
  });
  if (size > limits.maxBytes) throw tooLarge(limits);
}

function receive(request: IncomingMessage, timeoutMs: number, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      finish(new Refusal('request.too-slow', {}, { detail: tooSlowDetail(timeoutMs) }));
    }, timeoutMs);
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (error) {
        finish(error as Error);
      }
    };
    const onEnd = (): void => finish(undefined);
    const onBroken = (): void =>
      finish(
        new Refusal('request.malformed', {}, { detail: 'The request body ended before it was complete.' }),
      );
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('aborted', onBroken);

    function finish(error: Error | undefined): void {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('aborted', onBroken);
      if (error === undefined) resolve();
      else reject(error);
    }
  });
}

/** Refuses (request.media-type) a body that is not plain, uncompressed JSON in UTF-8. */
export function requireJson(request: IncomingMessage): void {
  requireUncompressed(request);
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || ['charset=utf-8', 'charset="utf-8"'].includes(charset);
  if (type.trim() !== 'application/json' || !isUtf8) {
    throw new Refusal('request.media-type', {}, { detail: 'Send the body as application/json in UTF-8.' });
  }
}

export function requireUncompressed(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new Refusal('request.media-type', {}, { detail: 'Send the body without Content-Encoding.' });
  }
}

/** The value of a JSON body. Refuses: request.malformed, with pointers. */
export function parseJsonBody(bytes: Buffer): unknown {
  return parseStrictJson(utf8(bytes));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Refusal('request.malformed', {}, { detail: 'The request body is not valid UTF-8.' });
  }
}

function tooLarge(limits: BodyLimits): Refusal {
  return new Refusal(
    'request.too-large',
    { limit_bytes: limits.maxBytes },
    { detail: `This call takes at most ${String(limits.maxBytes)} bytes.` },
  );
}

function tooSlowDetail(timeoutMs: number): string {
  return `Send the whole body within ${String(timeoutMs / 1000)} seconds.`;
}
