/** The house tests its plan: what neither the compiler nor the linter sees. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LEDGER_TABLES, withTables } from '../scripts/ledger-tables.ts';
import { lifecyclesPage } from '../scripts/lifecycle-drawing.ts';
import { REFUSALS } from '../src/domain/kernel/refusals.ts';
import { readConfig, VARIABLE_NAMES } from '../src/platform/config.ts';
import { vi } from '../src/web/messages/vi.ts';

const ROOT = join(import.meta.dirname, '..');

describe('the example of the environment', () => {
  const lines = readFileSync(join(ROOT, '.env.example'), 'utf8').split('\n');
  const assignments = lines.flatMap((line) => /^([A-Z0-9_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
  const names = assignments.filter((_text, index) => index % 2 === 0);

  it('names every variable that the code reads, once, and no other', () => {
    assert.deepEqual([...names].sort(), [...VARIABLE_NAMES].sort());
  });

  it('says what each variable does, in the lines above it', () => {
    lines.forEach((line, index) => {
      if (!/^[A-Z0-9_]+=/.test(line)) return;
      const above = lines[index - 1] ?? '';
      assert.ok(above.startsWith('# ') || /^[A-Z0-9_]+=/.test(above), `${line} has no comment`);
    });
  });

  it('shows values that the code accepts', () => {
    const shown = Object.fromEntries(
      lines.flatMap((line) => {
        const match = /^([A-Z0-9_]+)=(.+)$/.exec(line);
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

describe('the tree', () => {
  const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

  function reachableFrom(entries: readonly string[]): ReadonlySet<string> {
    const reached = new Set<string>();
    const waiting = [...entries];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      for (const [, path = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)) {
        if (/\.tsx?$/.test(path)) waiting.push(join(dirname(file), path));
      }
    }
    return reached;
  }

  it('holds no source file that neither the service nor a script uses', () => {
    const entries = ['src/main.ts', ...filesIn('scripts', /\.ts$/), ...filesIn('db', /\.ts$/)];
    const reached = reachableFrom(entries);
    const sources = filesIn('src', /\.tsx?$/);
    assert.ok(sources.length > 100, 'the tree was looked at');
    assert.deepEqual(
      sources.filter((file) => !reached.has(file)),
      [],
    );
  });
});

describe('the refusals', () => {
  const tests = filesIn('test', /\.tsx?$/).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const sources = filesIn('src', /\.tsx?$/)
    .filter((file) => !file.endsWith('kernel/refusals.ts'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'));

  for (const code of Object.keys(REFUSALS)) {
    it(`${code} is used, and provoked by a test`, () => {
      const quoted = `'${code}'`;
      assert.ok(
        sources.some((text) => text.includes(quoted)),
        'no code refuses with it',
      );
      assert.ok(
        tests.some((text) => text.includes(quoted)),
        'no test names it',
      );
    });
  }
});

describe('the documentation', () => {
  const doc = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');

  it('draws the lifecycles as they are (npm run draw-lifecycles)', () => {
    assert.equal(doc('lifecycles.md'), lifecyclesPage());
  });

  it('repeats the chart of accounts and the posting rules as they are (npm run draw-lifecycles)', () => {
    const page = doc('ledger.md');
    assert.equal(page, withTables(page, LEDGER_TABLES()));
  });

  it('lists every table with whether it is a tenant table', () => {
    const sql = filesIn('db/migrations', /\.sql$/)
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const created = [...sql.matchAll(/^create (?:unlogged )?table ([a-z_]+) \(([\s\S]*?)^\)/gm)].map(
      ([, name = '', body = '']) => {
        const key =
          /primary key \(([a-z_]+)/.exec(body)?.[1] ?? /^ {2}([a-z_]+) .*primary key/m.exec(body)?.[1];
        return `${name} ${key === 'agency_id' ? 'tenant' : 'platform'}`;
      },
    );
    const section =
      doc('architecture.md')
        .split(/^## /m)
        .find((text) => text.startsWith('Tables')) ?? '';
    const listed = [...section.matchAll(/^\| `([a-z_]+)` \| (tenant|platform) \|/gm)].map(
      ([, name = '', kind = '']) => `${name} ${kind}`,
    );
    assert.ok(created.length > 40, 'the migrations were read');
    assert.deepEqual(listed.sort(), created.sort());
  });

  it('tells operators of every variable, job and metric', () => {
    const page = doc('operations.md');
    for (const name of VARIABLE_NAMES) assert.ok(page.includes(`\`${name}\``), `${name} is missing`);
    const jobs = readFileSync(join(ROOT, 'src/worker/schedule.ts'), 'utf8').matchAll(
      /^ {4}(?:rows|full|once)\('([a-z-]+)'/gm,
    );
    for (const [, job = ''] of jobs) assert.ok(page.includes(`\`${job}\``), `${job} is missing`);
    const metrics = readFileSync(join(ROOT, 'src/app/metrics.ts'), 'utf8').matchAll(/name: '([a-z_]+)'/g);
    for (const [, metric = ''] of metrics) assert.ok(page.includes(`\`${metric}`), `${metric} is missing`);
  });

  it('names keys of texts that exist', () => {
    const named = [...doc('glossary.md').matchAll(/`([a-z][A-Za-z]+)\.([A-Za-z_.*]+)`/g)].filter(
      ([, section = '']) => section in vi,
    );
    assert.ok(named.length > 20, 'the glossary names keys');
    for (const [whole, section = '', path = ''] of named) {
      let at: unknown = vi[section as keyof typeof vi];
      for (const step of path.split('.').filter((part) => part !== '*')) {
        assert.ok(typeof at === 'object' && at !== null && step in at, `${whole} is no text`);
        at = (at as Record<string, unknown>)[step];
      }
    }
  });

  it('leads only to files that exist', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn('docs', /\.md$/)];
    for (const page of pages) {
      const text = readFileSync(join(ROOT, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
        assert.ok(existsSync(join(ROOT, dirname(page), target)), `${page} leads to ${target}`);
      }
      const named = /`((?:src|db|scripts|test|docs|bench)\/[A-Za-z0-9_./-]+\.[a-z]{2,5})`/g;
      for (const [, file = ''] of text.matchAll(named)) {
        if (file.includes('NNNN')) continue; // A pattern of names.
        assert.ok(existsSync(join(ROOT, file)), `${page} names ${file}`);
      }
    }
  });
});

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file))
    .map((file) => join(folder, file))
    .sort();
}
