/** A lock on a folder: one living process holds it; one that died holds nothing. */
import { mkdirSync, readFileSync, rmSync, writeFileSync, linkSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { isAlive } from './processes.ts';

export interface FolderLock {
  release(): void;
}

/**
 * Takes the lock at `path`, or tells which process holds it.
 *
 * The file names the holder and when that process started, so that a number the system has given to another
 * process since is not mistaken for the holder.
 */
export function takeFolderLock(path: string): FolderLock | { readonly heldBy: number } {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${String(process.pid)} ${startOf(process.pid)} ${randomBytes(6).toString('hex')}\n`;
  const draft = `${path}.${String(process.pid)}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      // Linking is atomic and carries the whole content: nobody ever reads a half-written lock.
      if (tryLink(draft, path)) return { release: () => releaseOwn(path, mine) };
      const holder = readHolder(path);
      if (holder === null) continue;
      if (isAlive(holder.pid) && startOf(holder.pid) === holder.start) return { heldBy: holder.pid };
      removeStale(path, holder.text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): { pid: number; start: string; text: string } | null {
  try {
    const text = readFileSync(path, 'utf8');
    const [pid = '', start = ''] = text.split(' ');
    return { pid: Number(pid), start, text };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes a dead holder's file, unless another process has replaced it since it was read. */
function removeStale(path: string, text: string): void {
  if (readHolder(path)?.text === text) rmSync(path, { force: true });
}

function releaseOwn(path: string, mine: string): void {
  removeStale(path, mine);
}

/** When a process started, in the kernel's ticks since boot; empty where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
