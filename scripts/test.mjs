/** `npm test`: installs what is missing, a browser too where it may, and runs the suite. Plain JavaScript. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installWhatIsMissing, ROOT } from './install.mjs';

installWhatIsMissing();
process.chdir(ROOT);
const parts = process.argv.slice(2);
const files = parts.filter((part) => !part.startsWith('--'));
if (parts.includes('--long')) {
  process.env.TEST_SCALE ??= '100';
  if (files.length === 0) process.env.TEST_REPORT ??= 'docs/reports/long-run.md';
}
if (process.env.BROWSER_TESTS !== 'skip') provideBrowser();
await import('tsx');
const { runTests } = await import('./run-tests.ts');
process.exit(await runTests(files));

/** Finds Chromium, or installs it where the system lets us; says loudly when there is none. */
function provideBrowser() {
  const found = findBrowser() ?? (files.length === 0 ? installBrowser() : null);
  if (found) {
    process.env.CHROMIUM_PATH = found;
    return;
  }
  const isComplaint = process.env.CI !== undefined && process.env.CI !== 'false' && files.length === 0;
  if (isComplaint) {
    console.error(
      'No Chromium was found and none could be installed: the browser tests cannot run, so this run fails.',
    );
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
  process.env.BROWSER_TESTS = 'skip';
  console.error(
    '\n!!! No Chromium was found: THE BROWSER TESTS ARE SKIPPED. Install chromium or set CHROMIUM_PATH.\n',
  );
}

function findBrowser() {
  const given = process.env.CHROMIUM_PATH;
  if (given && existsSync(given)) return given;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installBrowser() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  if (spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return null;
  console.error('Installing Chromium for the browser tests ...');
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 2], env: environment }).status === 0;
  const isDone =
    run(['update', '-qq']) && run(['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  return isDone ? findBrowser() : null;
}
