/** OAuth 2.0 client credentials (RFC 6749, section 4.4) and the public keys of our tokens (RFC 7517). */
import express, { type Request, type Response, type Router } from 'express';
import { Refusal, type RefusalCode } from '../domain/kernel/refusals.ts';
import { issueToken, type IssueTokenDeps, type TokenRequest } from '../features/agencies/issue-token.ts';
import { problemHandler, type ApiLogger } from './agency-api.ts';
import { readQuery } from './decoding.ts';
import { BODY_TIMEOUT_MS, readBodyBytes, requireUncompressed } from './json-body.ts';
import { asRefusal, FAULT_TITLE, statusOf } from './problem.ts';
import { sendRaw, writeJson } from './raw-answer.ts';

export interface TokenRouteDeps extends IssueTokenDeps {
  /** Counts a request; seconds to wait when there were too many from this client or address, else null. */
  readonly limiter: (who: { clientId: string; address: string }) => Promise<number | null>;
  readonly logger: ApiLogger;
  readonly newRequestId: () => string;
}

const FORM_LIMIT_BYTES = 8 * 1024;

/** What RFC 6749 section 5.2 calls our refusals. */
const OAUTH_ERRORS: Readonly<Partial<Record<RefusalCode, string>>> = {
  'access.invalid-client': 'invalid_client',
  'access.scope-not-granted': 'invalid_scope',
  'access.grant-not-supported': 'unsupported_grant_type',
  'service.unavailable': 'temporarily_unavailable',
};

export function createTokenRoutes(deps: TokenRouteDeps): Router {
  const router = express.Router({ caseSensitive: true });
  router.post('/oauth/token', (request, response) => answerToken(deps, request, response));
  router.get('/.well-known/jwks.json', async (_request, response) => {
    const keys = await deps.keys.freshPublicKeys();
    const text = writeJson({ keys });
    sendRaw(response, { status: 200, contentType: 'application/json; charset=utf-8', headers: {}, text });
  });
  for (const [path, allow] of [
    ['/oauth/token', 'POST'],
    ['/.well-known/jwks.json', 'GET'],
  ] as const) {
    router.all(path, () => {
      throw new Refusal('request.method-not-allowed', { allow: [allow] });
    });
  }
  router.use(problemHandler(deps));
  return router;
}

async function answerToken(deps: TokenRouteDeps, request: Request, response: Response): Promise<void> {
  try {
    const form = await readForm(request);
    const credentials = credentialsOf(request, form);
    const who = { clientId: credentials.clientId, address: request.ip ?? '' };
    const waitSeconds = await deps.limiter(who);
    if (waitSeconds !== null) {
      throw new Refusal('request.rate-limited', {}, { retryAfterSeconds: waitSeconds });
    }
    const scopes = form['scope']?.split(' ') ?? null;
    const token = await issueToken(deps, { ...credentials, scopes });
    sendJson(
      response,
      200,
      {},
      {
        access_token: token.accessToken,
        token_type: 'Bearer',
        expires_in: token.expiresInSeconds,
        scope: token.scopes.join(' '),
      },
    );
  } catch (error) {
    refuseToken(deps, request, response, error);
  }
}

async function readForm(request: Request): Promise<Readonly<Record<string, string>>> {
  requireUncompressed(request);
  if (!request.is('application/x-www-form-urlencoded')) {
    throw malformed('Send the body as application/x-www-form-urlencoded.');
  }
  const limits = { maxBytes: FORM_LIMIT_BYTES, timeoutMs: BODY_TIMEOUT_MS };
  const fields = readQuery((await readBodyBytes(request, limits)).toString('utf8'), 'form');
  // "Parameters sent without a value MUST be treated as if they were omitted" (RFC 6749, section 3.2).
  const form = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  if (form['grant_type'] === undefined) throw malformed('The field grant_type is required.');
  if (form['grant_type'] !== 'client_credentials') throw new Refusal('access.grant-not-supported');
  return form;
}

function credentialsOf(
  request: Request,
  form: Readonly<Record<string, string>>,
): Pick<TokenRequest, 'clientId' | 'clientSecret'> {
  const basic = basicCredentials(request.headers.authorization);
  const clientId = form['client_id'];
  const clientSecret = form['client_secret'];
  if (basic && clientSecret !== undefined)
    throw malformed('Send the client secret once: in the header or the form.');
  if (basic && clientId !== undefined && clientId !== basic.clientId) {
    throw malformed('The header and the form name different clients.');
  }
  if (basic) return basic;
  if (clientId === undefined || clientSecret === undefined) {
    const detail =
      "Send the client's id and secret by HTTP Basic, or as client_id and client_secret in the form.";
    throw new Refusal('access.invalid-client', {}, { detail });
  }
  return { clientId, clientSecret };
}

/** Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1). */
function basicCredentials(header: string | undefined): { clientId: string; clientSecret: string } | null {
  if (header === undefined) return null;
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) throw new Refusal('access.invalid-client');
  try {
    return { clientId: formDecoded(id), clientSecret: formDecoded(secret) };
  } catch {
    throw new Refusal('access.invalid-client');
  }
}

function formDecoded(text: string): string {
  const decoded = decodeURIComponent(text.replaceAll('+', ' '));
  if (decoded.includes('\0')) throw new Refusal('access.invalid-client');
  return decoded;
}

function refuseToken(deps: TokenRouteDeps, request: Request, response: Response, error: unknown): void {
  const refusal = asRefusal(error);
  if (!refusal || refusal.kind === 'unavailable') deps.logger.error({ err: error }, 'token.fault');
  else deps.logger.info({ code: refusal.code }, 'token.refused');
  const status = refusal ? statusOf(refusal.code) : 500;
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = 'Basic realm="token", charset="UTF-8"';
  if (status === 413 || status === 408) headers['Connection'] = 'close';
  const wait = refusal?.options.retryAfterSeconds ?? (status === 503 ? 2 : null);
  if (wait !== null) headers['Retry-After'] = String(Math.max(1, Math.ceil(wait)));
  sendJson(response, status, headers, {
    error: (refusal && OAUTH_ERRORS[refusal.code]) ?? (refusal ? 'invalid_request' : 'server_error'),
    error_description: refusal ? descriptionOf(refusal) : FAULT_TITLE,
  });
}

/** OAuth has one sentence where our problems have a list. Section 5.2 allows no quotes in it and nothing but ASCII. */
function descriptionOf(refusal: Refusal): string {
  const faults = (refusal.options.errors ?? []).map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`);
  const text = faults.length > 0 ? `${faults.join('; ')}.` : refusal.message;
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
}

function sendJson(
  response: Response,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Readonly<Record<string, unknown>>,
): void {
  const contentType = 'application/json; charset=utf-8';
  sendRaw(response, {
    status,
    contentType,
    headers: { ...headers, Pragma: 'no-cache' },
    text: writeJson(body),
  });
}

function malformed(detail: string): Refusal {
  return new Refusal('request.malformed', {}, { detail });
}
