/** Obligation types and example fees of db/seeds/reference.json: `npm run reference`. */
import { seedReference } from '../src/features/agencies/seed-reference.ts';
import { runTool, usage } from './tool.ts';

const USAGE = `npm run reference

Brings the obligation types to db/seeds/reference.json and adds its fees that are not known yet. For a new
installation; an operator's own edits of the file's types are overwritten.`;

await runTool({
  usage: USAGE,
  options: {},
  understand({ positionals }) {
    if (positionals.length > 0) usage(USAGE);
    return async ({ db }) => {
      await seedReference({ db });
      console.log(
        'The obligation types are as db/seeds/reference.json says; fees marked as demonstration are examples.',
      );
    };
  },
});
