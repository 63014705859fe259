import assert from 'node:assert/strict';
import jwt from 'jsonwebtoken';
import {
  equalInConstantTime,
  generateSigningKey,
  hmacBase64,
  hmacHex,
  publicJwkOf,
  signToken,
  verifyToken,
} from '../../src/platform/signatures.ts';

describe('an HMAC', () => {
  // RFC 4231, test case 2.
  it('is what RFC 4231 says', () => {
    const message = 'what do ya want for nothing?';
    assert.equal(
      hmacHex('sha256', 'Jefe', message),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    assert.equal(hmacBase64('sha256', 'Jefe', message), 'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=');
    assert.match(
      hmacHex('sha512', 'Jefe', message),
      /^164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554/,
    );
  });

  it('is compared whole, whatever the lengths', () => {
    assert.equal(equalInConstantTime('abc', 'abc'), true);
    assert.equal(equalInConstantTime('abc', 'abd'), false);
    assert.equal(equalInConstantTime('abc', 'ab'), false);
    assert.equal(equalInConstantTime('', ''), true);
  });
});

describe('a token', () => {
  const key = generateSigningKey();
  const now = new Date('2026-03-02T08:00:00Z');
  const seconds = now.getTime() / 1000;
  const claims = { iss: 'us', aud: 'api', sub: 'client', iat: seconds, exp: seconds + 600 };
  const expected = { keys: [key.publicJwk], issuer: 'us', audience: 'api', now };

  it('is believed when signed by a key of ours', () => {
    const reading = verifyToken(signToken(claims, key), expected);
    assert.equal(reading.kind, 'valid');
    assert.equal(reading.claims['sub'], 'client');
    assert.equal(reading.kid, key.kid);
  });

  it('is refused once it has expired, by the clock given', () => {
    const token = signToken(claims, key);
    const later = { ...expected, now: new Date(now.getTime() + 600_000) };
    assert.deepEqual(verifyToken(token, later), { kind: 'invalid', why: 'expired' });
  });

  it('is refused under a key that is not ours, even with our key id', () => {
    const other = generateSigningKey();
    assert.deepEqual(verifyToken(signToken(claims, other), expected), {
      kind: 'invalid',
      why: 'unknown_key',
    });
    const forged = signToken(claims, { ...other, kid: key.kid });
    assert.deepEqual(verifyToken(forged, expected), { kind: 'invalid', why: 'bad_signature' });
  });

  it('is refused without a signature, and by an algorithm that uses our public key as a secret', () => {
    const none = jwt.sign(claims, '', { algorithm: 'none', keyid: key.kid });
    assert.equal(verifyToken(none, expected).kind, 'invalid');
    const confused = jwt.sign(claims, JSON.stringify(key.publicJwk), { algorithm: 'HS256', keyid: key.kid });
    assert.equal(verifyToken(confused, expected).kind, 'invalid');
  });

  it('is refused for another audience, from another issuer, changed or cut', () => {
    const token = signToken(claims, key);
    assert.equal(verifyToken(token, { ...expected, audience: 'console' }).kind, 'invalid');
    assert.equal(verifyToken(token, { ...expected, issuer: 'them' }).kind, 'invalid');
    const [head, , tail] = token.split('.');
    const body = Buffer.from(JSON.stringify({ ...claims, sub: 'other' })).toString('base64url');
    assert.equal(verifyToken(`${String(head)}.${body}.${String(tail)}`, expected).kind, 'invalid');
    assert.deepEqual(verifyToken('no token', expected), { kind: 'invalid', why: 'malformed' });
  });

  it('shows of its key only the public half', () => {
    assert.deepEqual(publicJwkOf(key.kid, key.privateKeyPem), key.publicJwk);
    assert.equal('d' in key.publicJwk, false);
  });
});
