/** Runs the suite: one PostgreSQL, files in parallel first, then those that hold transactions open, one by one. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promiseReport, type TestResult } from './promise-report.ts';
import { stopTestServer, testServer } from '../test/support/test-server.ts';

const ROOT = join(import.meta.dirname, '..');
const JOBS = '2';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly tests: readonly TestResult[];
}

/**
 * Runs the given test files, or all, and prints `N passed, N failed` as the last line.
 *
 * @returns the exit code: 0 when tests ran and none failed
 */
export async function runTests(files: readonly string[]): Promise<number> {
  const chosen = files.length > 0 ? [...files] : allTestFiles();
  const absent = chosen.filter((file) => !existsSync(join(ROOT, file)));
  if (absent.length > 0) {
    console.error(`There is no test file ${absent.join(', ')}.`);
    return 1;
  }
  try {
    await testServer();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return report([{ passed: 0, failed: 1, skipped: 0, tests: [] }]);
  }
  try {
    const serial = chosen.filter((file) => file.includes('.serial.test.'));
    const parallel = chosen.filter((file) => !serial.includes(file));
    const counts: Counts[] = [];
    if (parallel.length > 0) {
      const inParallel = parallel.length > 1 ? ['--parallel', '--jobs', JOBS] : [];
      counts.push(await runMocha([...inParallel, ...parallel]));
    }
    if (serial.length > 0) counts.push(await runMocha(serial));
    const path = process.env['TEST_REPORT'];
    if (path !== undefined) {
      writeFileSync(join(ROOT, path), promiseReport(counts.flatMap(({ tests }) => tests)));
    }
    return report(counts);
  } finally {
    await stopTestServer();
  }
}

function allTestFiles(): string[] {
  const names = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join('test', name))
    .sort();
}

function report(counts: readonly Counts[]): number {
  const total = (of: 'passed' | 'failed' | 'skipped') =>
    counts.reduce((running, count) => running + count[of], 0);
  const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')];
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function runMocha(args: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'));
  const countsFile = join(folder, 'counts.json');
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const reporter = join(ROOT, 'scripts', 'mocha-reporter.cjs');
  try {
    const code = await run(process.execPath, [mocha, '--exit', '--reporter', reporter, ...args], {
      ...process.env,
      TEST_COUNTS_FILE: countsFile,
    });
    if (!existsSync(countsFile)) return { passed: 0, failed: 1, skipped: 0, tests: [] }; // Mocha itself could not run.
    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: 'inherit', env });
    const passOn = (signal: NodeJS.Signals) => child.kill(signal);
    process.on('SIGINT', passOn).on('SIGTERM', passOn);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      resolve(code ?? 1);
    });
  });
}
