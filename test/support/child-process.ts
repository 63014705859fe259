/** Processes of the service as `npm start` runs them, which a test may kill at any moment. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface ServiceProcess {
  readonly role: 'serve' | 'work';
  readonly pid: number;
  readonly port: number;
  isRunning(): boolean;
  /** `kill -9`: nothing is told to it, nothing is finished. */
  kill(): Promise<void>;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
  /** What it complained of so far. */
  complaints(): string;
}

/** Runs a script of the repository to its end. @returns its exit code and all it printed */
export async function runScript(
  path: string,
  how: {
    readonly args: readonly string[];
    readonly input: string;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<{ readonly code: number; readonly text: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...how.args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...how.env },
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => printed.push(part.toString('utf8')));
  }
  child.stdin.end(how.input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, text: printed.join('') };
}

/** Starts `npm start -- serve` or `-- work` without npm in between. */
export async function startServiceProcess(
  role: 'serve' | 'work',
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', 'tsx', join('src', 'main.ts'), role], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => lines.push(part));
  const ended = once(child, 'exit');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    role,
    port,
    pid: pidOf(child),
    isRunning,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
    complaints: () => Buffer.concat(lines).toString(),
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the service did not start');
  return pid;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
