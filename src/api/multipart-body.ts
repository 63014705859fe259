/** Reads multipart/form-data into memory: text parts as strings, file parts as bytes, each name once. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import busboy from 'busboy';
import { Refusal, type InputFault } from '../domain/kernel/refusals.ts';
import { jsonPointer } from '../platform/input-faults.ts';
import { readBodyBytes, type BodyLimits } from './json-body.ts';
import type { UploadedFile } from './route.ts';

export const MULTIPART_LIMIT_BYTES = 64 * 1024 * 1024;
const MAX_PARTS = 20;
const MAX_TEXT_BYTES = 64 * 1024;

export interface MultipartBody {
  readonly value: Readonly<Record<string, string | UploadedFile>>;
  /** Names and contents of the parts, without the boundary, which differs each time it is sent. */
  readonly hashed: readonly Uint8Array[];
}

/** Refuses: request.media-type, request.too-large, request.too-slow, request.malformed. */
export async function readMultipart(request: IncomingMessage, limits: BodyLimits): Promise<MultipartBody> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new Refusal('request.media-type', {}, { detail: 'Send the body as multipart/form-data.' });
  }
  const bytes = await readBodyBytes(request, limits);
  const value: Record<string, string | UploadedFile> = {};
  const hashed: Uint8Array[] = [];
  const errors: InputFault[] = [];
  await parse(bytes, contentType, (name, part) => {
    if (Object.hasOwn(value, name)) errors.push(fault(name, 'is given more than once'));
    else if (name === '__proto__') errors.push(fault(name, 'is a name this service does not take'));
    else value[name] = part;
    hashed.push(Buffer.from(name), typeof part === 'string' ? Buffer.from(part) : part.bytes);
  });
  if (errors.length > 0) throw new Refusal('request.malformed', {}, { errors });
  return { value, hashed };
}

function parse(
  bytes: Buffer,
  contentType: string,
  take: (name: string, part: string | UploadedFile) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const unreadable = (): void =>
      reject(
        new Refusal('request.malformed', {}, { detail: 'The body is not complete multipart/form-data.' }),
      );
    const tooMany = (): void =>
      reject(new Refusal('request.malformed', {}, { detail: `Send at most ${String(MAX_PARTS)} parts.` }));
    let parser: busboy.Busboy;
    try {
      const limits = { parts: MAX_PARTS, fieldSize: MAX_TEXT_BYTES, fieldNameSize: 100 };
      parser = busboy({ headers: { 'content-type': contentType }, limits, defParamCharset: 'utf8' });
    } catch {
      unreadable();
      return;
    }
    parser.on('field', (name, text, info) => {
      if (info.valueTruncated || info.nameTruncated || text.includes('\0')) unreadable();
      else take(name, text);
    });
    parser.on('file', (name, stream, info) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', unreadable);
      stream.on('end', () =>
        take(name, {
          fileName: info.filename ?? '',
          contentType: info.mimeType,
          bytes: Buffer.concat(chunks),
        }),
      );
    });
    parser.on('partsLimit', tooMany).on('error', unreadable).on('close', resolve);
    Readable.from([bytes]).pipe(parser);
  });
}

function fault(name: string, detail: string): InputFault {
  return { pointer: jsonPointer([name]), detail };
}
