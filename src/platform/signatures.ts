/** Signatures: HMAC, constant-time comparison, ES256 tokens. Knows no gateway and no key but the one it is given. */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  timingSafeEqual,
  createHash,
  type JsonWebKey,
} from 'node:crypto';
import jwt from 'jsonwebtoken';

export type HmacAlgorithm = 'sha256' | 'sha512' | 'sha1';

/** The HMAC of a message in lower-case hexadecimal. */
export function hmacHex(
  algorithm: HmacAlgorithm,
  key: string | Uint8Array,
  message: string | Uint8Array,
): string {
  return createHmac(algorithm, key).update(message).digest('hex');
}

/** The HMAC of a message in base64, with padding. */
export function hmacBase64(
  algorithm: HmacAlgorithm,
  key: string | Uint8Array,
  message: string | Uint8Array,
): string {
  return createHmac(algorithm, key).update(message).digest('base64');
}

/** The HMAC of a message as bytes. */
export function hmacBytes(
  algorithm: HmacAlgorithm,
  key: string | Uint8Array,
  message: string | Uint8Array,
): Buffer {
  return createHmac(algorithm, key).update(message).digest();
}

export function sha256Hex(message: string | Uint8Array): string {
  return createHash('sha256').update(message).digest('hex');
}

/**
 * Compares two texts in a time that does not tell where they differ.
 *
 * Case matters: a caller whose gateway writes hexadecimal in either case lowers both first.
 */
export function equalInConstantTime(left: string | Uint8Array, right: string | Uint8Array): boolean {
  // Hashing first gives both the same length, which timingSafeEqual asks for.
  const digest = (text: string | Uint8Array) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/**
 * Whether a claimed signature is one of those expected: one for each key that may have signed.
 *
 * All are compared, so that the time taken does not tell which one matched.
 */
export function isOneOf(claimed: string, expected: readonly string[]): boolean {
  return expected.map((one) => equalInConstantTime(one, claimed)).includes(true);
}

/** A key pair for ES256; the private half is PKCS #8 in PEM, to be kept sealed. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKeyPem: string;
  readonly publicJwk: PublicJwk;
}

/** The public half, as a JWK Set shows it (RFC 7517). */
export type PublicJwk = JsonWebKey & {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
};

export function generateSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { kid, privateKeyPem: String(privateKeyPem), publicJwk: publicJwkOf(kid, String(privateKeyPem)) };
}

/** The public half of a private key in PEM. */
export function publicJwkOf(kid: string, privateKeyPem: string): PublicJwk {
  const jwk = createPublicKey(createPrivateKey(privateKeyPem)).export({ format: 'jwk' });
  return { ...jwk, kid, alg: 'ES256', use: 'sig' };
}

export type TokenClaims = Readonly<Record<string, unknown>>;

/** Signs claims as a JWT by ES256; the header names the key. Instants in the claims are the caller's. */
export function signToken(claims: TokenClaims, key: Pick<SigningKey, 'kid' | 'privateKeyPem'>): string {
  return jwt.sign({ ...claims }, key.privateKeyPem, {
    algorithm: 'ES256',
    keyid: key.kid,
    noTimestamp: true,
  });
}

export type TokenReading =
  | { readonly kind: 'valid'; readonly claims: TokenClaims; readonly kid: string }
  | { readonly kind: 'invalid'; readonly why: 'malformed' | 'unknown_key' | 'bad_signature' | 'expired' };

/**
 * Reads a JWT signed by one of the given keys. Only ES256 is believed; `exp` and `nbf` are compared with `now`.
 */
export function verifyToken(
  token: string,
  options: {
    readonly keys: readonly PublicJwk[];
    readonly issuer: string;
    readonly audience: string;
    readonly now: Date;
  },
): TokenReading {
  const kid = keyIdOf(token);
  if (kid === null) return { kind: 'invalid', why: 'malformed' };
  const key = options.keys.find((candidate) => candidate.kid === kid);
  if (!key) return { kind: 'invalid', why: 'unknown_key' };
  try {
    const claims = jwt.verify(token, createPublicKey({ key, format: 'jwk' }), {
      algorithms: ['ES256'],
      issuer: options.issuer,
      audience: options.audience,
      clockTimestamp: Math.floor(options.now.getTime() / 1000),
    });
    return typeof claims === 'object'
      ? { kind: 'valid', claims, kid }
      : { kind: 'invalid', why: 'malformed' };
  } catch (error) {
    const isTime = error instanceof jwt.TokenExpiredError || error instanceof jwt.NotBeforeError;
    return { kind: 'invalid', why: isTime ? 'expired' : 'bad_signature' };
  }
}

function keyIdOf(token: string): string | null {
  const decoded = jwt.decode(token, { complete: true });
  const kid = decoded?.header.kid;
  return typeof kid === 'string' ? kid : null;
}
