/** Holds the floor plan: fails with the arrow that broke it, and when it looked at no file at all. */
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTypeScript from 'dependency-cruiser/config-utl/extract-ts-config';

const ROOT = join(import.meta.dirname, '..');
process.chdir(ROOT);

/** At least this share of the tree must have been seen, or the checker itself is broken. */
const FEWEST_MODULES = 20;

const options = await extractOptions(join(ROOT, '.dependency-cruiser.cjs'));
const { output } = await cruise(['src', 'db', 'scripts'], options, undefined, {
  tsConfig: extractTypeScript(join(ROOT, 'tsconfig.json')),
});
const { summary } = output;
const own = output.modules.filter((module) => /^(src|db|scripts)\//.test(module.source));
const rules = new Map(options.ruleSet.forbidden.map((rule) => [rule.name, rule.comment]));

for (const { from, to, rule } of summary.violations) {
  console.error(`${from} -> ${to}\n    ${rule.name}: ${rules.get(rule.name) ?? ''}`);
}
if (own.length < FEWEST_MODULES) {
  console.error(`Only ${own.length} modules were looked at: the check says nothing.`);
  process.exit(1);
}
if (summary.violations.length > 0) process.exit(1);
console.log(
  `${own.length} modules, ${summary.totalDependenciesCruised ?? 0} imports: every arrow points down.`,
);
