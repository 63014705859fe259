/** The house tests its plan: what neither the compiler nor the linter sees. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, VARIABLE_NAMES } from '../src/platform/config.ts';

const ROOT = join(import.meta.dirname, '..');

describe('the example of the environment', () => {
  const lines = readFileSync(join(ROOT, '.env.example'), 'utf8').split('\n');
  const assignments = lines.flatMap((line) => /^([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
  const names = assignments.filter((_text, index) => index % 2 === 0);

  it('names every variable that the code reads, once, and no other', () => {
    assert.deepEqual([...names].sort(), [...VARIABLE_NAMES].sort());
  });

  it('says what each variable does, in the lines above it', () => {
    lines.forEach((line, index) => {
      if (!/^[A-Z_]+=/.test(line)) return;
      const above = lines[index - 1] ?? '';
      assert.ok(above.startsWith('# ') || /^[A-Z_]+=/.test(above), `${line} has no comment`);
    });
  });

  it('shows values that the code accepts', () => {
    const shown = Object.fromEntries(
      lines.flatMap((line) => {
        const match = /^([A-Z_]+)=(.+)$/.exec(line);
        return match ? [[match[1], match[2]]] : [];
      }),
    ) as Record<string, string>;
    const key = Buffer.alloc(32, 1).toString('base64');
    const config = readConfig(
      { ...shown, SECRETS_KEY: key, LINK_KEYS: `a:${key}`, DATABASE_URL: 'postgres://a@h/d' },
      { dataDir: join(ROOT, '.data') },
    );
    assert.equal(config.http.port, 3000);
  });
});
