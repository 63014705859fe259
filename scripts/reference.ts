/**
 * Brings the obligation types to db/seeds/reference.json and adds its fees that are not known yet:
 * `npm run reference`. For a new installation; an operator's own edits of the file's types are overwritten.
 */
import { seedReference } from '../src/features/agencies/seed-reference.ts';
import { withDatabase } from './with-database.ts';

await withDatabase(async ({ db }) => {
  await seedReference({ db });
  console.log(
    'The obligation types are as db/seeds/reference.json says; fees marked as demonstration are examples.',
  );
});
