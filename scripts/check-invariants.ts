/** Checks what must always be true of the stored rows: `npm run check-invariants`. Exit code 1 with the rows that break it. */
import { checkInvariants, INVARIANTS } from '../src/features/reports/invariants.ts';
import { runTool, usage } from './tool.ts';

const USAGE = `npm run check-invariants

Reads everything and changes nothing. Exit code 1 with the rows that break an invariant.`;

await runTool({
  usage: USAGE,
  options: {},
  understand({ positionals }) {
    if (positionals.length > 0) usage(USAGE);
    return async ({ db }) => {
      const violations = await checkInvariants(db);
      for (const { name, says, rows } of violations) {
        console.error(`${name} does not hold: ${says}.`);
        for (const row of rows) console.error(`  ${JSON.stringify(row, writable)}`);
      }
      if (violations.length > 0) process.exitCode = 1;
      else console.log(`All ${String(INVARIANTS.length)} invariants hold.`);
    };
  },
});

function writable(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
