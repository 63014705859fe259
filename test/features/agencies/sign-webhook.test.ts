import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { publicId, type EventId } from '../../../src/domain/kernel/ids.ts';
import { createSigner, makeSecret } from '../../../src/features/agencies/sign-webhook.ts';
import { newTestId } from '../../support/ids.ts';

describe('the signature of a webhook', () => {
  const sentAt = new Date('2026-11-22T02:03:04.567Z');
  const bodies = [
    '{}',
    '{"name":"Nguyễn Văn Ân","mask":"0012••••••90"}',
    JSON.stringify({ text: 'line\nbreak "quoted" \\ 😀', amount: 180_000 }),
    `{"filler":"${'x'.repeat(20_000)}"}`,
  ];

  for (const body of bodies) {
    it(`is byte for byte that of the published package: ${body.slice(0, 24)}`, () => {
      const [newest, older] = [makeSecret(randomBytes), makeSecret(randomBytes)];
      const eventId = newTestId() as EventId;
      const id = publicId('ev', eventId);
      const signatures = [newest, older].map((secret) => new Webhook(secret).sign(id, sentAt, body));
      const signer = createSigner([newest, older]);
      const message = { eventId, body, sentAt };
      assert.equal(signer.headersFor(message, false)['webhook-signature'], signatures[0]);
      assert.equal(signer.headersFor(message, true)['webhook-signature'], signatures.join(' '));
    });
  }

  it('passes the package as a receiver uses it', () => {
    const secret = makeSecret(randomBytes);
    const [body] = bodies;
    assert.ok(body);
    const headers = createSigner([secret]).headersFor(
      { eventId: newTestId() as EventId, body, sentAt: new Date() },
      false,
    );
    assert.deepEqual(new Webhook(secret).verify(body, headers), {});
  });

  it('is refused for a secret that is none', () => {
    assert.throws(() => createSigner(['whsec_not base64!']), /whsec_ and base64/);
  });
});
