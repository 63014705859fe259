import assert from 'node:assert/strict';
import { createSecretBox } from '../../src/platform/secret-box.ts';
import { Secret } from '../../src/platform/secret.ts';

const keyOf = (id: string, fill: number) => ({
  id,
  key: new Secret(Buffer.alloc(32, fill).toString('base64')),
});
const OLD = keyOf('old', 1);
const NEW = keyOf('new', 2);

describe('a sealed secret', () => {
  const box = createSecretBox({ current: NEW, previous: [OLD] });

  it('opens for its row, and is sealed differently every time', () => {
    const sealed = box.seal('khoá bí mật', 'webhook_endpoints:1');
    assert.equal(box.open(sealed, 'webhook_endpoints:1'), 'khoá bí mật');
    assert.notEqual(box.seal('khoá bí mật', 'webhook_endpoints:1'), sealed);
    assert.doesNotMatch(sealed, /khoá/);
  });

  it('does not open for another row', () => {
    const sealed = box.seal('x', 'webhook_endpoints:1');
    assert.throws(() => box.open(sealed, 'webhook_endpoints:2'), /belongs to another row/);
  });

  it('does not open when one character was changed', () => {
    const sealed = box.seal('a secret of some length', 'r');
    for (let at = sealed.lastIndexOf('.') + 1; at < sealed.length; at += 7) {
      const swapped = sealed[at] === 'A' ? 'B' : 'A';
      assert.throws(() => box.open(sealed.slice(0, at) + swapped + sealed.slice(at + 1), 'r'));
    }
  });

  it('of the key before still opens, and says that it is stale', () => {
    const sealed = createSecretBox({ current: OLD, previous: null }).seal('x', 'r');
    assert.equal(box.open(sealed, 'r'), 'x');
    assert.deepEqual(box.keyIds, ['new', 'old']);
    assert.ok(box.seal('x', 'r').startsWith('v1.new.'), 'the first of them seals');
  });

  it('of an unknown key says which key it needs, and shows none', () => {
    const sealed = createSecretBox({ current: keyOf('gone', 3), previous: null }).seal('x', 'r');
    assert.throws(() => box.open(sealed, 'r'), /sealed with the key gone/);
    assert.throws(() => box.open('plain text', 'r'), /a form that this version does not know/);
  });
});
