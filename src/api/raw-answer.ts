/** An answer as it goes over the wire, and how plain data becomes JSON text. */
import type { ServerResponse } from 'node:http';
import type { Answer, TextAnswer } from './route.ts';

/** Status, headers and text, exactly as sent; what an Idempotency-Key keeps. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export function rawAnswer(answer: Answer | TextAnswer): RawAnswer {
  const headers = answer.headers ?? {};
  if ('text' in answer) {
    return { status: answer.status, contentType: answer.contentType, headers, text: answer.text };
  }
  const text = answer.body === undefined ? '' : writeJson(answer.body);
  return { status: answer.status, contentType: 'application/json; charset=utf-8', headers, text };
}

/** JSON text in which a bigint is an integer. One beyond 2^53 - 1 is a fault: its reader would round it. */
export function writeJson(value: unknown): string {
  try {
    // Nearly every answer holds plain numbers only, and is written several times faster without a look at each.
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'bigint' ? safeNumber(member) : member,
    );
  }
}

function safeNumber(amount: bigint): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new Error('An amount beyond 2^53 - 1 cannot be written as JSON.');
  return number;
}

/** Sends an answer. Answers about money are kept by no cache. */
export function sendRaw(response: ServerResponse, answer: RawAnswer): void {
  response.statusCode = answer.status;
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  if (answer.text !== '') response.setHeader('Content-Type', answer.contentType);
  response.end(answer.text);
}
