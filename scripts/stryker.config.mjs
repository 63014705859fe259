/**
 * Mutation testing: every small change of the gateways' messages, and of the door by which money becomes real, must be
 * noticed by a test. MUTATION_PART names a gateway, `shared` for what gateways share, or `record-outcome`;
 * `npm run test:mutation` runs them all and writes docs/reports/mutation.md.
 */
const part = process.env.MUTATION_PART;

const RECORD_OUTCOME = {
  mutate: ['src/features/payments/record-outcome.ts'],
  // The other journeys reach it too, but take minutes: what they alone would notice is called directly in the first.
  spec: ['test/features/payments/record-outcome.test.ts', 'test/journeys/outcomes-in-batches.test.ts'],
};

const SHARED = {
  mutate: ['src/gateways/{account-secrets,dated-reference,fields,form-pieces}.ts'],
  spec: ['test/gateways/*/!(journey|stripe-mock).test.ts', 'test/gateways/contract.test.ts'],
};

const gateway = (code) => ({
  // What is pure in a gateway: its words, its signatures, its codes.
  mutate: [
    `src/gateways/${code}/{messages,signing,answers,questions,objects,format,codes,return-codes,result-codes}.ts`,
  ],
  spec: [
    `test/gateways/${code}/!(journey|stripe-mock).test.ts`,
    'test/gateways/contract.test.ts',
    // Holds docs/gateways.md to the tables of codes.
    'test/gateways/facts.test.ts',
  ],
});

const { mutate, spec } = { 'record-outcome': RECORD_OUTCOME, shared: SHARED }[part] ?? gateway(part);

export default {
  mutate,
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  // A test that holds a duration would hold it over instrumented code.
  mochaOptions: { spec, grep: '/^(?!.*takes at most)/' },
  ignorePatterns: ['/.data', '/bench', '/.stryker-tmp', '/reports'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  // The limit is held by scripts/mutation-report.ts, file by file.
  thresholds: { high: 95, low: 85, break: null },
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation-${part}.json` },
  tempDirName: `.stryker-tmp/${part}`,
  // Tables of codes are made once as a module is loaded; that their mutants take longer is known.
  warnings: { slow: false },
};
