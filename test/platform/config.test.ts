import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { readConfig, type Config } from '../../src/platform/config.ts';
import { Secret } from '../../src/platform/secret.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');
const PRODUCTION = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  PUBLIC_URL: 'https://pay.example.gov.vn/',
  DATABASE_URL: 'postgres://app:secret-of-app@db/payments',
  DATABASE_OWNER_URL: 'postgres://owner:secret-of-owner@db/payments',
  SECRETS_KEY: KEY,
  LINK_KEYS: `2026a:${KEY},2025a:${OTHER_KEY}`,
};

describe('the configuration', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'config '));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));
  const read = (env: Record<string, string | undefined>): Config => readConfig(env, { dataDir });
  const faultsOf = (env: Record<string, string | undefined>): string => {
    try {
      read(env);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it('needs nothing: it then brings its own database and generates its secrets with mode 0600', () => {
    const config = read({});
    assert.equal(config.mode, 'embedded');
    assert.equal(config.database.urls, null);
    assert.equal(config.http.host, '127.0.0.1');
    assert.equal(config.http.publicUrl, 'http://localhost:3000');
    assert.equal(statSync(join(dataDir, 'secrets.json')).mode & 0o777, 0o600);
  });

  it('keeps generated secrets from one start to the next', () => {
    const revealed = (config: Config) =>
      [config.secrets.current, ...config.secrets.linkKeys].map((k) => k.key.reveal());
    const first = read({});
    assert.deepEqual(revealed(read({})), revealed(first));
    assert.equal(new Set(revealed(first)).size, 2);
  });

  it('does not make new secrets over a file that was spoilt', () => {
    writeFileSync(join(dataDir, 'secrets.json'), '{"secrets_key":');
    assert.match(faultsOf({}), /secrets\.json does not hold the generated secrets: restore it/);
    assert.equal(readFileSync(join(dataDir, 'secrets.json'), 'utf8'), '{"secrets_key":');
  });

  it('starts in production with everything given', () => {
    const config = read(PRODUCTION);
    assert.equal(config.mode, 'production');
    assert.equal(config.http.publicUrl, 'https://pay.example.gov.vn');
    assert.equal(config.sandbox, null);
    assert.deepEqual(
      config.secrets.linkKeys.map((key) => key.id),
      ['2026a', '2025a'],
    );
    assert.deepEqual(config.warnings, []);
    assert.deepEqual(config.webhooks.allowedHosts, []);
  });

  it('tells in one message everything that production lacks', () => {
    const message = faultsOf({
      NODE_ENV: 'production',
      SANDBOX_ENABLED: 'true',
      PUBLIC_URL: 'http://pay.example.gov.vn',
    });
    for (const expected of [
      'DATABASE_URL is missing',
      'DATABASE_OWNER_URL is missing',
      'SECRETS_KEY is missing',
      'LINK_KEYS is missing',
      'HOST is missing',
      'PUBLIC_URL must begin with https://',
      'SANDBOX_ENABLED must not be true',
    ]) {
      assert.ok(message.includes(expected), `${expected} in ${message}`);
    }
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ['a port that is none', { PORT: '99999' }, /PORT must be a whole number from 0 to 65535/],
    ['a port in words', { PORT: 'http' }, /PORT must be a whole number/],
    ['a short key', { SECRETS_KEY: 'YWJj' }, /SECRETS_KEY must be the base64 of 32 bytes/],
    [
      'a short key among older ones',
      { SECRETS_KEY_PREVIOUS: `${KEY},YWJj` },
      /SECRETS_KEY_PREVIOUS must be the base64 of 32 bytes/,
    ],
    ['link keys without names', { LINK_KEYS: KEY }, /LINK_KEYS must be a list like name:key/],
    [
      'an unknown time zone',
      { BUSINESS_TIME_ZONE: 'Asia/Nowhere' },
      /BUSINESS_TIME_ZONE must be a time zone/,
    ],
    ['a database that is not PostgreSQL', { DATABASE_URL: 'mysql://x' }, /DATABASE_URL must be an address/],
    [
      'an owner without an app',
      { DATABASE_OWNER_URL: 'postgres://o@h/d' },
      /DATABASE_URL is missing although/,
    ],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of fatal, error/],
    ['a flag that is neither', { SANDBOX_ENABLED: 'yes' }, /SANDBOX_ENABLED must be/],
    ['an address that is none', { PUBLIC_URL: 'pay.example' }, /PUBLIC_URL must be an address like/],
  ];
  for (const [what, env, words] of refused) {
    it(`refuses ${what}`, () => assert.match(faultsOf(env), words));
  }

  it('tells several undecodable variables at once', () => {
    const message = faultsOf({ PORT: 'x', LOG_LEVEL: 'loud' });
    assert.match(message, /PORT/);
    assert.match(message, /LOG_LEVEL/);
  });

  const forbiddenInProduction: [string, Record<string, string>, RegExp][] = [
    ['the sandbox', { SANDBOX_ENABLED: 'true' }, /SANDBOX_ENABLED must not be true/],
    ['a sandbox secret', { SANDBOX_SECRET: '0123456789abcdef' }, /SANDBOX_SECRET must not be set/],
    [
      'receivers inside the network',
      { WEBHOOK_ALLOWED_HOSTS: 'localhost:3000' },
      /WEBHOOK_ALLOWED_HOSTS must not be set/,
    ],
    [
      'one role for both',
      { DATABASE_OWNER_URL: PRODUCTION.DATABASE_URL },
      /DATABASE_OWNER_URL must name another role/,
    ],
  ];
  for (const [what, env, words] of forbiddenInProduction) {
    it(`refuses ${what} in production`, () => assert.match(faultsOf({ ...PRODUCTION, ...env }), words));
  }

  it('generates nothing when it refuses', () => {
    faultsOf({ PORT: 'x' });
    assert.throws(() => statSync(join(dataDir, 'secrets.json')), { code: 'ENOENT' });
  });

  it('warns where the service would run as the owner of its tables', () => {
    const config = read({ DATABASE_URL: 'postgres://a@h/d', SECRETS_KEY: KEY, LINK_KEYS: `a:${KEY}` });
    assert.equal(config.database.hasOneRole, true);
    assert.match(config.warnings.join(), /DATABASE_OWNER_URL is not set/);
  });

  it('warns of generated secrets beside a database that is given', () => {
    assert.match(read({ DATABASE_URL: 'postgres://a@h/d' }).warnings.join(), /keys were generated into/);
  });

  it('takes a variable set to nothing as not set', () => {
    assert.equal(read({ PORT: '', DATABASE_URL: '' }).mode, 'embedded');
  });

  it('cannot be changed and shows no secret however it is printed', () => {
    const config = read(PRODUCTION);
    assert.throws(() => {
      (config.http as { port: number }).port = 1;
    }, TypeError);
    for (const printed of [
      JSON.stringify(config),
      inspect(config, { depth: 9 }),
      config.secrets.current.key.toString(),
    ]) {
      assert.ok(!printed.includes(KEY) && !printed.includes('secret-of-app'), printed);
      assert.match(printed, /\[secret\]/);
    }
  });
});

describe('a secret', () => {
  it('shows itself only when asked by name', () => {
    const secret = new Secret('canary');
    assert.equal(secret.reveal(), 'canary');
    for (const printed of [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      JSON.stringify(Object.entries(secret)),
    ]) {
      assert.doesNotMatch(printed, /canary/);
    }
  });
});
