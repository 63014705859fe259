/** The page that a long run leaves: each promise, how often it was put to the test, and what came of it. */
import { cpus } from 'node:os';

export interface TestResult {
  readonly file: string;
  readonly title: string;
  readonly state: 'passed' | 'failed';
  readonly ms: number;
}

/** Tests name their promise: `promise 3: …` in front, or `(promise 3)` or `(promises 85, 92)` behind. */
const NAMES_A_PROMISE = /\bpromises? (\d+(?:, \d+)*)\b/;
const REPETITIONS = /\(×(\d+)\)/;

/** @returns Markdown */
export function promiseReport(tests: readonly TestResult[]): string {
  const named = tests.flatMap((test) => {
    const numbers = NAMES_A_PROMISE.exec(test.title)?.[1]?.split(', ') ?? [];
    return numbers.map((number) => ({ promise: Number(number), test }));
  });
  const rows = named
    .sort((left, right) => left.promise - right.promise)
    .map(({ promise, test }) => {
      const count = REPETITIONS.exec(test.title)?.[1] ?? '1';
      const what = test.title.replace(REPETITIONS, '').replaceAll('|', '\\|').trim();
      const seconds = (test.ms / 1000).toFixed(1);
      return `| ${String(promise)} | ${what} | ${count} | ${test.state} | ${seconds} |`;
    });
  const failed = tests.filter(({ state }) => state === 'failed').length;
  return `# Long run

\`npm run test:long\`: the tests of \`npm test\` with their counts multiplied by ${process.env['TEST_SCALE'] ?? '1'}, up to the most
that each names. Node ${process.version}, ${String(cpus().length)} cores.

${String(tests.length - failed)} tests passed, ${String(failed)} failed; of them ${String(rows.length)} name a promise.

| promise | test | count | result | seconds |
| ---: | --- | ---: | --- | ---: |
${rows.join('\n')}
`;
}
