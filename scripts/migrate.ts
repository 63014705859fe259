/** `npm run migrate`: brings the database of DATABASE_OWNER_URL to the newest schema and says what it did. */
import { migrate } from '../db/sql-migrations.ts';
import { runWithoutWords, usage } from './tool.ts';

const USAGE = `npm run migrate

Brings the database to the newest schema, and does nothing where it is. Needs DATABASE_URL (the role that runs) and
DATABASE_OWNER_URL (the role that owns the tables). With neither set, npm start brings a database and migrates it.`;

await runWithoutWords(USAGE, async () => {
  const appUrl = process.env['DATABASE_URL'];
  const ownerUrl = process.env['DATABASE_OWNER_URL'] ?? appUrl;
  if (ownerUrl === undefined || appUrl === undefined) {
    usage('Set DATABASE_URL (the role that runs) and DATABASE_OWNER_URL (the role that owns the tables).');
  }
  const applied = await migrate({ ownerUrl, appUrl }).catch((error: unknown) =>
    usage(error instanceof Error ? error.message : String(error)),
  );
  console.log(applied.length === 0 ? 'The schema is current.' : `Applied: ${applied.join(', ')}`);
});
