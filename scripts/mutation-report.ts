/**
 * Writes docs/reports/mutation.md from what `npm run test:mutation` left in reports/: scores, and why survivors live.
 * Ends with 1 when the whole, the door of money or one gateway's messages.ts is under 85 %.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS } from './mutation-parts.ts';
import { reasonFor } from './mutation-reasons.ts';

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status:
    'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'Ignored' | 'CompileError' | 'RuntimeError';
  readonly location: { readonly start: Position; readonly end: Position };
}

interface MutatedFile {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs', 'reports', 'mutation.md');

const LIMIT = 85;
const HELD = /(?:\/messages|\/record-outcome)\.ts$/;

const files = PARTS.flatMap((part) => Object.entries(resultsOf(part)));
writeFileSync(PAGE, page(files));
console.log(`docs/reports/mutation.md is written: ${String(files.length)} files.`);
const held: Readonly<Record<string, readonly Mutant[]>> = {
  'the whole': files.flatMap(([, file]) => file.mutants),
  ...Object.fromEntries(
    files.filter(([name]) => HELD.test(name)).map(([name, file]) => [name, file.mutants]),
  ),
};
for (const [name, mutants] of Object.entries(held)) {
  const { score } = tally(mutants);
  if (score >= LIMIT) continue;
  console.error(
    `${name}: ${score.toFixed(1)} % of the mutants are killed, and ${String(LIMIT)} % is the least.`,
  );
  process.exitCode = 1;
}

function resultsOf(run: string): Readonly<Record<string, MutatedFile>> {
  try {
    const text = readFileSync(join(ROOT, 'reports', `mutation-${run}.json`), 'utf8');
    return (JSON.parse(text) as { files: Record<string, MutatedFile> }).files;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function page(all: readonly [string, MutatedFile][]): string {
  const day = new Date().toISOString().slice(0, 10);
  return [
    '# Mutation testing',
    '',
    `Run on ${day}: \`npm run test:mutation\`. Every mutant is one small change of the code; it is killed when a test fails`,
    'because of it. Survivors are listed with the reason why no test tells them from the original, or with "no reason":',
    'those are gaps. What is not run are mutants of tables that are made as a module is loaded, where `--ignoreStatic` left',
    'them out.',
    '',
    '| file | mutants | killed | survived | not covered | score | not run |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...all.map(([name, file]) => scoreRow(name, file.mutants)),
    scoreRow(
      'together',
      all.flatMap(([, file]) => file.mutants),
    ),
    '',
    ...all.flatMap(([name, file]) => survivorsOf(name, file)),
  ].join('\n');
}

interface Tally {
  readonly valid: number;
  readonly killed: number;
  readonly survived: number;
  readonly bare: number;
  readonly score: number;
  readonly ignored: number;
}

function tally(mutants: readonly Mutant[]): Tally {
  const count = (...statuses: Mutant['status'][]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const [killed, survived, bare] = [count('Killed', 'Timeout'), count('Survived'), count('NoCoverage')];
  const valid = killed + survived + bare;
  const score = valid === 0 ? 100 : (100 * killed) / valid;
  return { valid, killed, survived, bare, score, ignored: count('Ignored') };
}

function scoreRow(name: string, mutants: readonly Mutant[]): string {
  const { valid, killed, survived, bare, score, ignored } = tally(mutants);
  const shown = valid === 0 ? '–' : `${score.toFixed(1)} %`;
  return `| ${name} | ${[valid, killed, survived, bare].join(' | ')} | ${shown} | ${String(ignored)} |`;
}

function survivorsOf(name: string, file: MutatedFile): string[] {
  const living = file.mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  if (living.length === 0) return [];
  return [
    `## ${name}`,
    '',
    '| line | original → survivor | reason |',
    '|---:|---|---|',
    ...living.map((mutant) => {
      const original = textAt(file.source, mutant);
      const change = `${code(original)} → ${code(mutant.replacement ?? '')}`;
      return `| ${String(mutant.location.start.line)} | ${change} | ${reasonFor(name, original, mutant.mutatorName)} |`;
    }),
    '',
  ];
}

function textAt(source: string, { location: { start, end } }: Mutant): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  if (last === 0) return (lines[0] ?? '').slice(start.column - 1, end.column - 1);
  return [
    (lines[0] ?? '').slice(start.column - 1),
    ...lines.slice(1, last),
    (lines[last] ?? '').slice(0, end.column - 1),
  ].join(' ');
}

function code(text: string): string {
  const short = text.replaceAll(/\s+/g, ' ');
  const cut = short.length > 70 ? `${short.slice(0, 67)}…` : short;
  return `\`${cut.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
}
