/**
 * Runs mutation testing part by part over one PostgreSQL and writes its report. Ends with 1 when a part is under 85 %.
 *
 * Parts are the gateways and what they share, all of which are `messages`, and `record-outcome`. What begins with the
 * first `--` goes to Stryker: `npm run test:mutation -- momo record-outcome --concurrency 1`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopTestServer, testServer } from '../test/support/test-server.ts';
import { MESSAGES } from './mutation-parts.ts';

const ROOT = join(import.meta.dirname, '..');
const asked = process.argv.slice(2);
const firstOption = asked.findIndex((word) => word.startsWith('--'));
const named = firstOption < 0 ? asked : asked.slice(0, firstOption);
const options = firstOption < 0 ? [] : asked.slice(firstOption);
const parts = (named.length > 0 ? named : ['messages', 'record-outcome']).flatMap((part) =>
  part === 'messages' ? MESSAGES : [part],
);

// tsx reads the compiler's options of files that a tsconfig includes; the mutated copies lie where ours does not look.
const tsconfig = join(ROOT, 'reports', 'tsconfig.json');
mkdirSync(join(ROOT, 'reports'), { recursive: true });
writeFileSync(tsconfig, JSON.stringify({ extends: '../tsconfig.json', include: ['../.stryker-tmp/**/*'] }));

const { superuserUrl } = await testServer();
const codes = parts.map((part) =>
  run(
    ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'scripts/stryker.config.mjs', ...options],
    part,
  ),
);
await stopTestServer();
codes.push(run(['--import', 'tsx', 'scripts/mutation-report.ts'], ''));
process.exit(codes.every((code) => code === 0) ? 0 : 1);

function run(args: readonly string[], part: string): number {
  const env = {
    ...process.env,
    MUTATION_PART: part,
    TEST_DATABASE_URL: superuserUrl,
    TSX_TSCONFIG_PATH: tsconfig,
  };
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env }).status ?? 1;
}
