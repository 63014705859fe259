import assert from 'node:assert/strict';
import { createRegistry, openRegistry } from '../../src/gateways/registry.ts';

const deps = {
  fetch: () => Promise.reject(new Error('no HTTP in this test')),
  clock: { now: () => new Date('2026-11-22T03:00:00Z') },
};
const SANDBOX = {
  SANDBOX_MERCHANT_ID: 'DVC01',
  SANDBOX_SECRET: 'secret',
  SANDBOX_BANK_URL: 'http://127.0.0.1:3000/sandbox/bank',
};

describe('the registry of gateways', () => {
  it('holds the enabled gateways by code, with the account of the platform', () => {
    const registry = openRegistry({ sandbox: SANDBOX }, deps);
    assert.deepEqual(
      registry.enabled().map(({ code }) => code),
      ['sandbox'],
    );
    assert.equal(registry.get('sandbox')?.code, 'sandbox');
    assert.deepEqual(registry.platformAccount('sandbox'), {
      code: 'platform',
      merchantId: 'DVC01',
      secrets: [{ signing: 'secret' }],
      settings: {},
    });
  });

  it('knows no gateway that is not enabled, nor a name that every object has', () => {
    const registry = openRegistry({}, deps);
    for (const code of ['sandbox', 'vnpay', 'constructor', '__proto__'])
      assert.equal(registry.get(code), null);
    assert.equal(registry.platformAccount('sandbox'), null);
  });

  it('keeps the former secret valid beside the new one', () => {
    const registry = openRegistry({ sandbox: { ...SANDBOX, SANDBOX_SECRET_PREVIOUS: 'former' } }, deps);
    assert.deepEqual(registry.platformAccount('sandbox')?.secrets, [
      { signing: 'secret' },
      { signing: 'former' },
    ]);
  });

  it('names every variable that an enabled gateway lacks, in one error', () => {
    assert.throws(
      () => openRegistry({ sandbox: { SANDBOX_MERCHANT_ID: 'DVC01', SANDBOX_SECRET: ' ' } }, deps),
      {
        message:
          'SANDBOX_SECRET is missing because gateway sandbox is enabled.\n' +
          'SANDBOX_BANK_URL is missing because gateway sandbox is enabled.',
      },
    );
  });

  it('says so when this version has no adapter for an enabled gateway', () => {
    const unheardOf: Record<string, object> = { unheard: {} };
    assert.throws(() => openRegistry(unheardOf, deps), /Gateway unheard is enabled, but this version has no/);
  });

  it('refuses one gateway twice', () => {
    const registry = openRegistry({ sandbox: SANDBOX }, deps);
    const gateway = {
      adapter: registry.get('sandbox')!,
      platformAccount: registry.platformAccount('sandbox')!,
    };
    const twice = [gateway, gateway];
    assert.throws(() => createRegistry(twice), /registered twice/);
  });
});
