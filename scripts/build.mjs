/** `npm run build`: compiles to dist/ and lays beside it what is read as a file: pages' assets, migrations, seeds. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const folder of ['src/web/assets', 'db/migrations', 'db/seeds']) {
  cpSync(join(root, folder), join(dist, folder), { recursive: true });
}
