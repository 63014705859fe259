/**
 * Which orders a browser is known to have the payer's link of: it opened one, or told the end of the payer's number.
 *
 * A bank sends everybody back to a public page. Whoever came by the payer's link is led on to the payer's own pages,
 * because the browser still carries that link in a cookie that no script reads.
 */
import type { Request, Response } from 'express';
import { readCookie } from '../web/forms.tsx';
import type { CheckoutDeps } from './checkout-deps.ts';
import type { OrderTarget } from './checkout-link.ts';

const COOKIE = 'orders';
const MAX_ORDERS = 5;
/** Long enough to pay at a bank and come back, short enough for a machine that many use. */
const KEPT_MS = 2 * 3_600_000;

type Key = Pick<OrderTarget, 'agencyId' | 'id'>;
type Links = Pick<CheckoutDeps, 'links' | 'publicUrl'>;

export function rememberOrder(
  { links, publicUrl }: Links,
  request: Request,
  response: Response,
  key: Key,
): void {
  const token = links.tokenOf({ kind: 'order', agencyId: key.agencyId, id: key.id });
  const others = tokensOf(request).filter((known) => known !== token);
  response.cookie(COOKIE, [token, ...others].slice(0, MAX_ORDERS).join('.'), {
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrl.startsWith('https:'),
    path: '/',
    maxAge: KEPT_MS,
  });
}

export function knowsOrder({ links }: Links, request: Request, { agencyId, id }: Key): boolean {
  return tokensOf(request).some((token) => {
    const target = links.targetOf(token);
    // A public link in the cookie proves nothing: anybody could have put it there.
    if (target?.kind !== 'order' || target.isPublic === true) return false;
    return target.agencyId === agencyId && target.id === id;
  });
}

function tokensOf(request: Request): string[] {
  return (readCookie(request, COOKIE) ?? '').split('.').slice(0, MAX_ORDERS);
}
