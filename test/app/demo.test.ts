/** The commands a newcomer runs: seeding a given database, and the demo, again and again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmptyDatabase } from '../support/database.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly complaints: string;
}

describe('seeding and the demo', function () {
  this.timeout(120_000);
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let dataDir: string;
  let env: Readonly<Record<string, string>>;

  before(async () => {
    database = await createEmptyDatabase();
    dataDir = mkdtempSync(join(tmpdir(), 'the demo '));
    env = {
      NODE_ENV: 'development',
      DATABASE_URL: database.appUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
      DATA_DIR: dataDir,
      PORT: String(await freePort()),
      LOG_LEVEL: 'error',
    };
  });
  after(async () => {
    await database.drop();
    rmSync(dataDir, { recursive: true });
  });

  const run = async (script: string, changes: Readonly<Record<string, string>> = {}): Promise<Ended> => {
    const child = spawn(process.execPath, ['--import', 'tsx', join('scripts', script)], {
      cwd: ROOT,
      env: { ...env, ...changes },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [told, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, lines: told.trim().split('\n'), complaints };
  };

  it('are refused in one sentence where they do not belong', async () => {
    const seeded = await run('seed.ts', { NODE_ENV: 'production' });
    assert.equal(seeded.code, 1);
    assert.match(seeded.complaints, /^Demonstration data do not belong into production: [^\n]+\n$/);
    const unseeded = await run('demo.ts');
    assert.equal(unseeded.code, 1);
    assert.match(unseeded.complaints, /^Expected [^\n]+demo\.json; instead there is none: run npm run seed/);
  });

  it('like every tool say in one sentence that the database is away', async () => {
    const away = {
      DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x',
      DATABASE_OWNER_URL: 'postgres://o:b@127.0.0.1:1/x',
    };
    for (const script of ['seed.ts', 'migrate.ts', 'verify-ledger.ts', 'check-invariants.ts']) {
      const ended = await run(script, away);
      assert.equal(ended.code, 1, script);
      assert.match(ended.complaints, /^PostgreSQL at 127\.0\.0\.1:1 does not answer [^\n]+\n$/, script);
    }
  });

  it('play the main job to its end, and once more the same day', async () => {
    const seeded = await run('seed.ts');
    assert.equal(seeded.code, 0, seeded.complaints);
    for (const round of ['first', 'second']) {
      const played = await run('demo.ts');
      assert.equal(played.code, 0, `${round} round: ${played.complaints}`);
      assert.match(played.lines.at(-2) ?? '', /pairs of books and bank agree, nothing is unexplained\.$/);
      assert.match(played.lines.at(-1) ?? '', /Trial balance as of block \d+ .*debits = credits: .*H29 /);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
