/** Reads multipart/form-data into memory as it comes: text parts as strings, file parts as bytes, each name once. */
import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { Refusal, type InputFault } from '../domain/kernel/refusals.ts';
import { jsonPointer } from '../platform/input-faults.ts';
import { receiveBody, type BodyLimits } from './json-body.ts';
import type { UploadedFile } from './route.ts';

export const MULTIPART_LIMIT_BYTES = 128 * 1024 * 1024;
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
  const value: Record<string, string | UploadedFile> = {};
  const hashed: Uint8Array[] = [];
  const errors: InputFault[] = [];
  const announced = Number(request.headers['content-length'] ?? '0');
  const parser = openParser(contentType, announced, (name, part) => {
    if (Object.hasOwn(value, name)) errors.push(fault(name, 'is given more than once'));
    else if (name === '__proto__') errors.push(fault(name, 'is a name this service does not take'));
    else value[name] = part;
    hashed.push(Buffer.from(name), typeof part === 'string' ? Buffer.from(part) : part.bytes);
  });
  await receiveBody(request, limits, (chunk) => parser.write(chunk));
  await parser.end();
  if (errors.length > 0) throw new Refusal('request.malformed', {}, { errors });
  return { value, hashed };
}

interface Parser {
  write(chunk: Buffer): void;
  /** Once the body has ended and every part was taken. Refuses: request.malformed. */
  end(): Promise<void>;
}

/** What is wrong is said at the end: a sender that is cut off in the middle of sending could not read it. */
function openParser(
  contentType: string,
  announcedBytes: number,
  take: (name: string, part: string | UploadedFile) => void,
): Parser {
  let refusal: Refusal | null = null;
  const refuse = (detail: string): void => {
    refusal ??= new Refusal('request.malformed', {}, { detail });
  };
  const unreadable = (): void => refuse('The body is not complete multipart/form-data.');
  let parser: busboy.Busboy;
  try {
    const limits = { parts: MAX_PARTS, fieldSize: MAX_TEXT_BYTES, fieldNameSize: 100 };
    parser = busboy({ headers: { 'content-type': contentType }, limits, defParamCharset: 'utf8' });
  } catch {
    unreadable();
    return { write: () => undefined, end: () => Promise.reject(refusal ?? new Refusal('request.malformed')) };
  }
  let bytesLeft = announcedBytes;
  parser.on('field', (name, text, info) => {
    if (info.valueTruncated || info.nameTruncated || text.includes('\0')) unreadable();
    else take(name, text);
  });
  parser.on('file', (name, stream, info) => {
    const gathering = gather(bytesLeft);
    stream.on('data', (chunk: Buffer) => gathering.add(chunk));
    stream.on('error', unreadable);
    stream.on('end', () =>
      take(name, {
        fileName: info.filename ?? '',
        contentType: info.mimeType,
        bytes: gathering.bytes(),
      }),
    );
  });
  parser.on('partsLimit', () => refuse(`Send at most ${String(MAX_PARTS)} parts.`)).on('error', unreadable);
  const closed = new Promise<void>((resolve) => parser.once('close', resolve));
  return {
    write(chunk) {
      bytesLeft -= chunk.length;
      if (!refusal) parser.write(chunk);
    },
    async end() {
      parser.end();
      await closed;
      if (refusal) throw refusal;
    },
  };
}

/** Gathers bytes in one place, so that a file as large as was announced is in memory once. */
function gather(expectedBytes: number): { add(chunk: Buffer): void; bytes(): Buffer } {
  let room = Buffer.allocUnsafeSlow(Math.max(expectedBytes, 64 * 1024));
  let length = 0;
  return {
    add(chunk) {
      if (length + chunk.length > room.length) {
        const larger = Buffer.allocUnsafeSlow(2 * (length + chunk.length));
        room.copy(larger, 0, 0, length);
        room = larger;
      }
      length += chunk.copy(room, length);
    },
    bytes: () => room.subarray(0, length),
  };
}

function fault(name: string, detail: string): InputFault {
  return { pointer: jsonPointer([name]), detail };
}
