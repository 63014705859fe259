/** Installs what package-lock.json names when it is not there. Plain JavaScript: it runs before anything is installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname ?? '.', '..');

/** Runs `npm ci` when the installed packages are not those of the lock file. Ends the process when that fails. */
export function installWhatIsMissing() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    stop(`This service needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  }
  const missing = whatIsMissing();
  if (missing === null) return;
  const modules = join(ROOT, 'node_modules');
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) {
    stop(`node_modules is a link and lacks ${missing}: run npm ci in the folder it leads to.`);
  }
  console.error(`Installing packages (${missing} is missing) ...`);
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) stop('npm ci failed: its words are above.');
}

/** The first package of the lock file that is not installed in its version; null when all are. */
function whatIsMissing() {
  const installedList = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return 'node_modules';
  const wanted = packagesOf(join(ROOT, 'package-lock.json'));
  const installed = packagesOf(installedList);
  for (const [path, entry] of Object.entries(wanted)) {
    // Packages for other systems are listed and not installed.
    if (path === '' || (entry.optional && installed[path] === undefined)) continue;
    if (installed[path]?.version !== entry.version) return path.replace(/^node_modules\//, '');
  }
  return null;
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}
