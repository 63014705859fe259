/** Finds the running service by demo.json, or starts one as a child for as long as the demo lasts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  demonstrationPath,
  readDemonstration,
  type Demonstration,
} from '../../src/app/demonstration-file.ts';
import { expect, surprise } from './narration.ts';

export interface DemoService {
  readonly demonstration: Demonstration;
  readonly isOurs: boolean;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const START_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 200;
const LAST_WORDS = 4_000;

export async function findOrStartService(env: NodeJS.ProcessEnv): Promise<DemoService> {
  const path = demonstrationPath(env['DATA_DIR'] ?? join(ROOT, '.data'));
  const written = readDemonstration(path);
  if (written && (await isReady(written.base_url))) {
    return { demonstration: written, isOurs: false, stop: () => Promise.resolve() };
  }
  const hasGivenDatabase = env['DATABASE_URL'] !== undefined && env['DATABASE_URL'] !== '';
  expect(written !== null || !hasGivenDatabase, path, 'there is none: run npm run seed first');
  const port = await freePort(written?.base_url ?? 'http://localhost:3000');
  const baseUrl = `http://localhost:${port}`;
  expect(
    !hasGivenDatabase || written?.base_url === baseUrl,
    `the port of ${written?.base_url ?? ''} to be free or to have the service`,
    'another program has it: run npm run seed with another PORT',
  );
  const before = writtenAt(path);
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'start.mjs')], {
    cwd: ROOT,
    env: { LOG_LEVEL: 'error', ...env, PORT: String(port), PUBLIC_URL: baseUrl, HOST: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const words = lastWordsOf(child);
  const stop = () => end(child);
  // With a database of its own the service writes demo.json anew, once it is up; otherwise `npm run seed` has.
  const isWritten = () => hasGivenDatabase || writtenAt(path) > before;
  try {
    const demonstration = await startedOrEnded(child, words, async () => {
      const found = (await isReady(baseUrl)) && isWritten() ? readDemonstration(path) : null;
      return found?.base_url === baseUrl ? found : null;
    });
    return { demonstration, isOurs: true, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

function writtenAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function startedOrEnded(
  child: ChildProcess,
  words: () => string,
  look: () => Promise<Demonstration | null>,
): Promise<Demonstration> {
  const deadline = performance.now() + START_WITHIN_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (child.exitCode !== null || child.signalCode !== null) surprise('the service to start', words());
    if (performance.now() > deadline) {
      surprise('the service to be ready in three minutes, with its demo.json', words());
    }
    await delay(LOOK_AGAIN_MS);
  }
}

/** The port of the address when nobody has it, else any. */
async function freePort(address: string): Promise<number> {
  const wished = Number(new URL(address).port);
  for (const port of [wished, 0]) {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    // Waiting for one event rejects when the server says "error" instead.
    const got = await once(server, 'listening').then(
      () => (server.address() as AddressInfo).port,
      () => null,
    );
    if (got === null) continue;
    server.close();
    await once(server, 'close');
    return got;
  }
  return surprise('a free port', 'there is none');
}

function lastWordsOf(child: ChildProcess): () => string {
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-LAST_WORDS);
    });
  }
  return () => `it said: ${words.trim() || 'nothing'}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const outcome = await Promise.race([gone, delay(STOP_WITHIN_MS, 'late' as const, { ref: false })]);
  if (outcome !== 'late') return;
  child.kill('SIGKILL');
  await gone;
}
