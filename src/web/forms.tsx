/** Forms: reading what was sent, and the token that proves that a form is one of ours. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { JSX } from 'preact';
import type { z } from 'zod';
import type { FormFault } from './components.tsx';

export type { FormFault } from './components.tsx';

export type DecodedForm<Value> =
  | { readonly kind: 'decoded'; readonly value: Value }
  | {
      readonly kind: 'faulty';
      /** At most one fault a field, in the order of the schema. */
      readonly faults: readonly FormFault[];
      /** What was typed, to be shown again: nothing typed is ever lost. */
      readonly typed: Readonly<Record<string, string>>;
    };

/**
 * Decodes a form that `express.urlencoded({ extended: false })` has read.
 *
 * Texts are trimmed and brought to one Unicode form first; a field sent twice counts as absent. The schema's
 * messages are shown to people, so make it from the texts of their language.
 */
export function decodeForm<Value>(schema: z.ZodType<Value>, body: unknown): DecodedForm<Value> {
  const typed = textFields(body);
  const decoded = schema.safeParse(typed);
  if (decoded.success) return { kind: 'decoded', value: decoded.data };
  const faults = new Map<string, FormFault>();
  for (const issue of decoded.error.issues) {
    const field = String(issue.path[0] ?? '');
    if (!faults.has(field)) faults.set(field, { field, message: issue.message });
  }
  return { kind: 'faulty', faults: [...faults.values()], typed };
}

/** The text fields of a form body or query; everything else in it is left out. */
export function textFields(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'string') fields[name] = value.normalize('NFC').trim();
  }
  return fields;
}

export const CSRF_FIELD = 'csrf';
export const CSRF_COOKIE = 'csrf';

export interface CsrfOptions {
  /** Secret of the installation, 32 bytes or more. */
  readonly key: Uint8Array;
  /** True where the service is reached by https; the cookie is then never sent in the clear. */
  readonly isSecure: boolean;
}

export interface Csrf {
  /** The token for a form of this page; sets the visitor's cookie when there is none. */
  readonly tokenFor: (request: Request, response: Response) => string;
  /** Whether the form carries the token that belongs to the visitor's cookie. */
  readonly isGenuine: (request: Request) => boolean;
  /** Calls `refuse` in place of the next handler when a POST is not genuine; must run after the body is read. */
  readonly guard: (refuse: RequestHandler) => RequestHandler;
}

/**
 * Signed double submit for pages without sign-in: the form repeats an HMAC of a random cookie.
 *
 * A foreign page can make a browser send the cookie but can neither read it nor sign it, and a cookie planted from
 * a neighbouring host has no token without our key.
 */
export function csrfProtection({ key, isSecure }: CsrfOptions): Csrf {
  const tokenOf = (nonce: string) => createHmac('sha256', key).update(`csrf:${nonce}`).digest('base64url');

  const isGenuine = (request: Request): boolean => {
    const nonce = readCookie(request, CSRF_COOKIE);
    const sent = textFields(request.body)[CSRF_FIELD];
    if (nonce === undefined || sent === undefined) return false;
    const [expected, given] = [Buffer.from(tokenOf(nonce)), Buffer.from(sent)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  };

  return {
    tokenFor(request, response) {
      const known = readCookie(request, CSRF_COOKIE);
      if (known !== undefined) return tokenOf(known);
      const nonce = randomBytes(18).toString('base64url');
      response.cookie(CSRF_COOKIE, nonce, { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' });
      return tokenOf(nonce);
    },
    isGenuine,
    guard: (refuse) => (request, response, next) => {
      if (isGenuine(request)) next();
      else return refuse(request, response, next);
    },
  };
}

/** A cookie's value, or undefined. Values of ours need no decoding. */
export function readCookie(request: Pick<Request, 'headers'>, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const cut = pair.indexOf('=');
    if (cut > 0 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim() || undefined;
  }
  return undefined;
}

/** The hidden fields of a form of ours. */
export function HiddenFields({ fields }: { fields: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

/** Where a form goes and what proves it ours. */
export interface FormTarget {
  readonly action: string;
  readonly csrfToken: string;
}
