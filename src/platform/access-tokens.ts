/** ES256 access tokens: signed, verified, read; nothing about who they are for. */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';

export interface TokenClaims {
  readonly subject: string;
  readonly scope: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface TokenSigner {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Both issuer and audience: the service talks to itself. */
  readonly issuer: string;
}

export function signToken(claims: TokenClaims, signer: TokenSigner): string {
  return jwt.sign(
    { scope: claims.scope, iat: secondsOf(claims.issuedAt), exp: secondsOf(claims.expiresAt) },
    signer.privateKey,
    {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: 'at+jwt', kid: signer.kid },
      issuer: signer.issuer,
      audience: signer.issuer,
      subject: claims.subject,
    },
  );
}

/** The key id a token names, before anything of it is believed; null when it is no ES256 token. */
export function readKeyId(token: string): string | null {
  const header = jwt.decode(token, { complete: true })?.header;
  return header?.alg === 'ES256' && header.typ === 'at+jwt' && typeof header.kid === 'string'
    ? header.kid
    : null;
}

/** What a token says, or null when its signature, times, issuer or form do not hold. ES256 and nothing else. */
export function verifyToken(
  token: string,
  against: { publicKey: KeyObject; issuer: string; now: Date },
): TokenClaims | null {
  try {
    const claims = jwt.verify(token, against.publicKey, {
      algorithms: ['ES256'],
      issuer: against.issuer,
      audience: against.issuer,
      clockTimestamp: secondsOf(against.now),
    });
    if (typeof claims === 'string') return null;
    const { sub, scope, iat, exp } = claims as Record<string, unknown>;
    if (typeof sub !== 'string' || typeof scope !== 'string') return null;
    if (typeof iat !== 'number' || typeof exp !== 'number') return null;
    return { subject: sub, scope, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
  } catch {
    return null;
  }
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
