/** A program of an agency or of the operator: signs in, asks, and reads answers by their shape. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { expect, surprise } from './narration.ts';

export interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface ApiClient {
  readonly scope: string;
  readonly expiresInSeconds: number;
  /** Any answer, refusals too. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ApiAnswer>;
  get<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, shape: z.ZodType<T>): Promise<T>;
}

const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number(), scope: z.string() });
const problem = z.object({ code: z.string() });

/** Signs in by client credentials. */
export async function signIn(
  baseUrl: string,
  { client_id: id, client_secret: secret }: Credentials,
): Promise<ApiClient> {
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const signedIn = await fetch(`${baseUrl}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const text = await signedIn.text();
  expect(
    signedIn.status === 200,
    `a token for ${id}, whose secret is in demo.json`,
    `${baseUrl} answered ${signedIn.status}: is it another installation than the one of demo.json?`,
  );
  const token = tokenAnswer.parse(JSON.parse(text));
  const authorization = `Bearer ${token.access_token}`;

  const ask: ApiClient['ask'] = async (method, path, body) => {
    const isForm = body instanceof FormData;
    const answer = await fetch(baseUrl + path, {
      method,
      headers: {
        authorization,
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const read = <T>(path: string, answer: ApiAnswer, shape: z.ZodType<T>): T => {
    const isGood = answer.status >= 200 && answer.status < 300;
    expect(isGood, `${path} to be answered with 2xx`, `it was ${answer.status}: ${answer.text}`);
    const decoded = shape.safeParse(JSON.parse(answer.text));
    if (decoded.success) return decoded.data;
    return surprise(`${path} to be answered as documented`, z.prettifyError(decoded.error));
  };
  return {
    scope: token.scope,
    expiresInSeconds: token.expires_in,
    ask,
    get: async (path, shape) => read(path, await ask('GET', path), shape),
    post: async (path, body, shape) => read(path, await ask('POST', path, body), shape),
  };
}

/** The code of a refusal, or the text when it is none. */
export function refusalOf({ status, text }: ApiAnswer): string {
  if (status < 400) return `answered ${status}`;
  return problem.safeParse(JSON.parse(text)).data?.code ?? text;
}
