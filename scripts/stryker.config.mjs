/**
 * Mutation testing: every small change of the gateways' messages, and of the door by which money becomes real, must be
 * noticed by a test. `npm run test:mutation` runs both parts and writes docs/reports/mutation.md; MUTATION_GATEWAY names
 * one gateway to look at alone.
 */
const gateway = process.env.MUTATION_GATEWAY ?? '*';

const PARTS = {
  messages: {
    // What is pure in a gateway: its words, its signatures, its codes. Their threshold is held by messages.ts and by the whole.
    mutate: [
      `src/gateways/${gateway}/{messages,signing,answers,questions,objects,fields,format,codes,return-codes,result-codes}.ts`,
    ],
    spec: [
      `test/gateways/${gateway}/!(journey|stripe-mock).test.ts`,
      'test/gateways/contract.test.ts',
      // Holds docs/gateways.md to the tables of codes.
      'test/gateways/facts.test.ts',
    ],
  },
  'record-outcome': {
    mutate: ['src/features/payments/record-outcome.ts'],
    // The journeys that reach it as well take minutes, and kill nothing that these two do not.
    spec: ['test/features/payments/record-outcome.test.ts', 'test/journeys/outcomes-in-batches.test.ts'],
  },
};

const part = process.env.MUTATION_PART ?? 'messages';
const { mutate, spec } = PARTS[part];

export default {
  mutate,
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  // A test that holds a duration would hold it over instrumented code.
  mochaOptions: { spec, grep: '/^(?!.*takes at most)/' },
  ignorePatterns: ['/.data', '/bench', '/.stryker-tmp', '/reports'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation-${gateway === '*' ? part : gateway}.json` },
  tempDirName: '.stryker-tmp',
};
