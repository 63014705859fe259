import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeFolderLock, type FolderLock } from '../../src/platform/folder-lock.ts';

describe('the lock of a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock '));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const path = () => join(folder, 'running.lock');

  it('is held by one, who is named to the next, until it is given back', () => {
    const lock = held(takeFolderLock(path()));
    assert.deepEqual(takeFolderLock(path()), { heldBy: process.pid });
    lock.release();
    held(takeFolderLock(path())).release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is free after its holder was killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../src/platform/folder-lock.ts'));
    const script = `const { takeFolderLock } = await import(${module});
      takeFolderLock(${JSON.stringify(path())}); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    assert.deepEqual(takeFolderLock(path()), { heldBy: child.pid });
    child.kill('SIGKILL');
    await once(child, 'exit');
    held(takeFolderLock(path())).release();
  });

  it('is free when the number of a dead holder has gone to another process', () => {
    writeFileSync(path(), `${String(process.pid)} 12345 0123456789ab\n`);
    const lock = held(takeFolderLock(path()));
    assert.match(readFileSync(path(), 'utf8'), new RegExp(`^${String(process.pid)} `));
    lock.release();
  });

  it('of another is not given back by one who lost it', () => {
    const lock = held(takeFolderLock(path()));
    writeFileSync(path(), `${String(process.ppid)} 1 somebody\n`);
    lock.release();
    assert.equal(existsSync(path()), true);
  });
});

function held(lock: ReturnType<typeof takeFolderLock>): FolderLock {
  assert.ok('release' in lock, 'the lock should be free');
  return lock;
}
