/**
 * Mutation testing: every small change of the gateways' messages, and of the door by which money becomes real, must be
 * noticed by a test. `npm run test:mutation` runs both parts and writes docs/reports/mutation.md.
 */
const PARTS = {
  messages: {
    mutate: ['src/gateways/*/messages.ts'],
    spec: ['test/gateways/**/messages.test.ts', 'test/gateways/contract.test.ts'],
  },
  'record-outcome': {
    mutate: ['src/features/payments/record-outcome.ts'],
    spec: ['outcomes-in-batches', 'amounts', 'callbacks-repeated', 'attempts', 'clock', 'faults'].map(
      (name) => `test/journeys/${name}.test.ts`,
    ),
  },
};

const part = process.env.MUTATION_PART ?? 'messages';
const { mutate, spec } = PARTS[part];

export default {
  mutate,
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  mochaOptions: { spec },
  ignorePatterns: ['/.data', '/bench', '/docs', '/.stryker-tmp', '/reports'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation-${part}.json` },
  tempDirName: '.stryker-tmp',
};
