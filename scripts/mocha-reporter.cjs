/** Mocha's own report, and its counts in a file for whoever adds up several runs. */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters } = require('mocha');

module.exports = function reportAndCount(runner, options) {
  const spec = new reporters.Spec(runner, options);
  const path = process.env.TEST_COUNTS_FILE;
  if (path) {
    const tests = [];
    const note = (state) => (test) => {
      const file = relative(process.cwd(), test.file ?? '');
      tests.push({ file, title: test.fullTitle(), state, ms: test.duration ?? 0 });
    };
    runner.on('pass', note('passed')).on('fail', note('failed'));
    runner.once('end', () => {
      const { passes, failures, pending } = spec.stats;
      writeFileSync(path, JSON.stringify({ passed: passes, failed: failures, skipped: pending, tests }));
    });
  }
};
