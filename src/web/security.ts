/** Headers that keep a page to itself: content policy without inline script, no framing, no leaking of addresses. */
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { inlineStyleHash } from './assets.ts';

export interface SecurityOptions {
  /** Origins of enabled gateways and of those they lead on to: Chromium checks the whole redirect chain of a form. */
  readonly formActionOrigins: readonly string[];
  /** True where the service is reached by https: HSTS is sent and http is upgraded. */
  readonly isSecure: boolean;
}

/** Sets the security headers of every answer, pages and JSON alike. */
export function securityHeaders({ formActionOrigins, isSecure }: SecurityOptions): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'none'"],
          'style-src': ["'self'", inlineStyleHash],
          'script-src': ["'self'"],
          'img-src': ["'self'"],
          'font-src': ["'self'"],
          'connect-src': ["'self'"],
          'form-action': ["'self'", ...new Set(formActionOrigins)],
          'base-uri': ["'none'"],
          'frame-ancestors': ["'none'"],
          ...(isSecure ? { 'upgrade-insecure-requests': [] } : {}),
        },
      },
      // Page addresses hold tokens; our own forms still need an Origin, which `no-referrer` would blank.
      referrerPolicy: { policy: 'same-origin' },
      frameguard: { action: 'deny' },
      strictTransportSecurity: isSecure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    }),
    (_request, response, next) => {
      response.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=()');
      response.set('X-Robots-Tag', 'noindex');
      next();
    },
  ];
}
