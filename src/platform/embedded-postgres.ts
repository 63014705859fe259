/** Starts, adopts, supervises and stops the PostgreSQL that comes with `npm install`. Loopback only. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ensureRolesAndDatabase } from './database-roles.ts';
import { takeFolderLock } from './folder-lock.ts';
import { preparePostgresPrograms, type PostgresPrograms, type ProgramOptions } from './postgres-binaries.ts';
import { isAlive, waitUntilGone } from './processes.ts';

/** The major version of the PostgreSQL that comes with `npm install`; its data folders say the same. */
export const EMBEDDED_MAJOR = '18';

const DATABASE = 'payments';
const START_TIMEOUT_MS = 30_000;

export interface EmbeddedPostgresOptions {
  /** Holds the server's data, passwords and log. Made when missing. */
  readonly dataDir: string;
  /** Server settings beyond our own, such as `fsync: 'off'` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly asRoot?: ProgramOptions['asRoot'];
  /** Told in one sentence what a person should know: a restart, an unusual place of the data. */
  readonly onNotice?: (sentence: string) => void;
}

export interface EmbeddedPostgres {
  /** Connects as the role that owns the tables and migrates them. */
  readonly ownerUrl: string;
  /** Connects as the role the service runs under. */
  readonly appUrl: string;
  /** Connects as the server's superuser, to its database `postgres`. */
  readonly superuserUrl: string;
  readonly port: number;
  /** True when a server that was already running has been taken over. */
  readonly adopted: boolean;
  /** The postmaster's process id at this moment. */
  pid(): number | null;
  /** Starts the server again whenever it dies, on the same port, until stopped. */
  supervise(): void;
  /** Stops the server cleanly; open connections are ended. */
  stop(): Promise<void>;
}

/**
 * Starts the server of a data folder, or takes over the one that runs there, and makes its two roles.
 *
 * Refuses in one sentence, touching nothing: a data folder of another PostgreSQL major version; a platform
 * without binaries.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  mkdirSync(options.dataDir, { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const programs = preparePostgresPrograms({ dataDir: join(dataDir, 'postgres'), ...asRootOf(options) });
  if (programs.notice) options.onNotice?.(programs.notice);
  const server: Server = {
    programs,
    logPath: join(dataDir, 'postgres.log'),
    settings: options.settings ?? {},
  };
  const passwords = await initializeOnce(dataDir, server);

  const started = await startOrAdopt(server, passwords.superuser, null);
  const superuserUrl = url('postgres', passwords.superuser, started.port, 'postgres');
  const owner = { name: 'payments_owner', password: passwords.owner };
  const app = { name: 'payments_app', password: passwords.app };
  if (!existsSync(rolesMarker(dataDir))) {
    await ensureRolesAndDatabase({ superuserUrl, owner, app, database: DATABASE });
    writeFileSync(rolesMarker(dataDir), '');
  }

  let supervisor: AbortController | null = null;
  return {
    ownerUrl: url(owner.name, owner.password, started.port, DATABASE),
    appUrl: url(app.name, app.password, started.port, DATABASE),
    superuserUrl,
    port: started.port,
    adopted: started.adopted,
    pid: () => runningServer(programs.dataDir)?.pid ?? null,
    supervise() {
      if (supervisor) return;
      supervisor = new AbortController();
      void keepRunning(server, passwords.superuser, started.port, supervisor.signal, options.onNotice);
    },
    async stop() {
      supervisor?.abort();
      const running = runningServer(programs.dataDir);
      if (!running) return;
      signal(running.pid, 'SIGINT');
      if (await waitUntilGone(running.pid, 15_000)) return;
      signal(running.pid, 'SIGQUIT');
      await waitUntilGone(running.pid, 5_000);
    },
  };
}

interface Server {
  readonly programs: PostgresPrograms;
  readonly logPath: string;
  readonly settings: Readonly<Record<string, string>>;
}

interface Passwords {
  readonly superuser: string;
  readonly owner: string;
  readonly app: string;
}

function asRootOf(options: EmbeddedPostgresOptions): Pick<ProgramOptions, 'asRoot'> {
  return options.asRoot ? { asRoot: options.asRoot } : {};
}

function rolesMarker(dataDir: string): string {
  return join(dataDir, 'postgres.roles-made');
}

/** Runs initdb when the folder is new, under a lock, so that several processes may start at once. */
async function initializeOnce(dataDir: string, server: Server): Promise<Passwords> {
  const lock = await waitForLock(join(dataDir, 'postgres.starting'));
  try {
    const versionFile = join(server.programs.dataDir, 'PG_VERSION');
    const passwordFile = join(dataDir, 'postgres-passwords.json');
    if (existsSync(versionFile)) {
      const major = readFileSync(versionFile, 'utf8').trim();
      if (major !== EMBEDDED_MAJOR) {
        throw new Error(
          `The data in ${server.programs.dataDir} is of PostgreSQL ${major} and this service brings ` +
            `${EMBEDDED_MAJOR}: start the version that wrote it and take a backup, or move the folder away. Nothing was touched.`,
        );
      }
    } else {
      rmSync(rolesMarker(dataDir), { force: true });
      const fresh: Passwords = { superuser: newPassword(), owner: newPassword(), app: newPassword() };
      writeFileSync(passwordFile, JSON.stringify(fresh), { mode: 0o600 });
      initialize(dataDir, server, fresh.superuser);
    }
    return JSON.parse(readFileSync(passwordFile, 'utf8')) as Passwords;
  } finally {
    lock.release();
  }
}

async function waitForLock(path: string): Promise<{ release(): void }> {
  const end = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const lock = takeFolderLock(path);
    if ('release' in lock) return lock;
    if (performance.now() > end) {
      throw new Error(
        `Process ${lock.heldBy} has been preparing ${path} for too long; end it and start again.`,
      );
    }
    await delay(25);
  }
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

function initialize(dataDir: string, server: Server, password: string): void {
  const { programs } = server;
  // initdb fills a folder of its own first: one that was interrupted leaves nothing that looks finished.
  const draft = join(programs.dataDir, '.initializing');
  rmSync(draft, { recursive: true, force: true });
  const passwordFile = join(programs.dataDir, '.password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (programs.identity) chownSync(passwordFile, programs.identity.uid, programs.identity.gid);
  const { file, args } = programs.command('initdb', [
    `--pgdata=${draft}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--no-sync',
  ]);
  const done = spawnSync(file, args, {
    ...programs.identity,
    cwd: '/',
    encoding: 'utf8',
    env: serverEnvironment(),
  });
  rmSync(passwordFile, { force: true });
  if (done.status !== 0) {
    throw new Error(
      `PostgreSQL could not prepare its data in ${dataDir}: ${(done.stderr || done.error?.message) ?? 'no reason given'}`.trim(),
    );
  }
  moveContents(draft, programs.dataDir);
}

function moveContents(from: string, to: string): void {
  // The server insists on a folder that is its own alone; initdb has set the mode on the draft.
  const parked = `${to}.${randomBytes(4).toString('hex')}`;
  renameSync(from, parked);
  rmSync(to, { recursive: true, force: true });
  renameSync(parked, to);
}

interface Started {
  readonly port: number;
  readonly adopted: boolean;
}

/** Takes over the server that runs on the data, or starts one and waits until it answers. */
async function startOrAdopt(server: Server, password: string, wantedPort: number | null): Promise<Started> {
  const { dataDir } = server.programs;
  const end = performance.now() + START_TIMEOUT_MS;
  let last = 'it gave no reason';
  while (performance.now() < end) {
    const running = runningServer(dataDir);
    if (running) {
      const reason = await answers(url('postgres', password, running.port, 'postgres'));
      if (reason === null) return { port: running.port, adopted: true };
      last = reason;
      await delay(50); // It may be starting, recovering or stopping.
      continue;
    }
    // Of several starts one launches; the others would take its fresh pid file for one left by a crash.
    const lock = takeFolderLock(`${dataDir}.starting`);
    if ('heldBy' in lock) {
      last = `process ${String(lock.heldBy)} is starting it`;
      await delay(50);
      continue;
    }
    try {
      if (runningServer(dataDir)) continue;
      // A file left by a crash may name a process that lives and is somebody else's; PostgreSQL would then refuse.
      rmSync(join(dataDir, 'postmaster.pid'), { force: true });
      const port = wantedPort ?? (await freePort());
      const pid = launch(server, port);
      const reason = await untilReady(pid, url('postgres', password, port, 'postgres'), end);
      if (reason === null) return { port, adopted: false };
      last = reason;
    } finally {
      lock.release();
    }
    await delay(100);
  }
  throw new Error(`PostgreSQL did not start in ${dataDir}: ${last}. Its log is ${server.logPath}.`);
}

function launch(server: Server, port: number): number {
  const { programs } = server;
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '120',
    log_timezone: 'UTC',
    timezone: 'UTC',
    // The detail line of an error quotes values, and values are personal data.
    log_error_verbosity: 'terse',
    ...server.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args } = programs.command('postgres', ['-D', programs.dataDir, ...flags]);
  const log = openLog(server.logPath);
  // Detached, or Ctrl-C in a terminal would stop the database before the service has drained.
  const child = spawn(file, args, {
    ...programs.identity,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: serverEnvironment(),
  });
  child.on('error', () => undefined); // Seen by untilReady: the process is not there.
  child.unref();
  closeSync(log);
  return child.pid ?? -1;
}

function openLog(path: string): number {
  const isLarge = existsSync(path) && statSync(path).size > 10_000_000;
  return openSync(path, isLarge ? 'w' : 'a', 0o600);
}

/** The server is given no setting of the caller's shell: PG* variables would change what it does. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
}

/** Null once the server answers; otherwise why it never will. */
async function untilReady(pid: number, address: string, end: number): Promise<string | null> {
  let reason: string | null = 'it took too long';
  while (performance.now() < end) {
    if (!isAlive(pid)) return `the process ended (${reason})`;
    reason = await answers(address);
    if (reason === null) return null;
    await delay(15);
  }
  return reason;
}

/** Null when a real connection is served; otherwise why not. */
async function answers(address: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The living server of a data folder, by its own pid file; null when none runs. */
function runningServer(dataDir: string): { pid: number; port: number } | null {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!isAlive(pid) || !isServerOf(pid, dataDir)) return null;
  return Number.isInteger(port) && port > 0 ? { pid, port } : null;
}

/** Whether the process is a PostgreSQL of this folder, not one that inherited a dead server's number. */
function isServerOf(pid: number, dataDir: string): boolean {
  if (process.platform === 'linux') {
    try {
      return readlinkSync(`/proc/${String(pid)}/cwd`) === realpathSync(dataDir);
    } catch {
      return false;
    }
  }
  const answer = spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  return answer.stdout.includes('postgres') && answer.stdout.includes(basename(dataDir));
}

async function keepRunning(
  server: Server,
  password: string,
  port: number,
  stopped: AbortSignal,
  onNotice: ((sentence: string) => void) | undefined,
): Promise<void> {
  while (!stopped.aborted) {
    await delay(250, undefined, { ref: false });
    if (isStopped(stopped) || runningServer(server.programs.dataDir)) continue;
    try {
      await startOrAdopt(server, password, port);
      onNotice?.('PostgreSQL had stopped and was started again.');
    } catch (error) {
      onNotice?.(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Read anew after every pause: the compiler believes that a signal never changes. */
function isStopped(stopped: AbortSignal): boolean {
  return stopped.aborted;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('The system gave no port.'));
      });
    });
  });
}

function url(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${String(port)}/${database}`;
}
