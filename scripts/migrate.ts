/** `npm run migrate`: brings the database of DATABASE_OWNER_URL to the newest schema and says what it did. */
import { migrate } from '../db/sql-migrations.ts';

const appUrl = process.env['DATABASE_URL'];
const ownerUrl = process.env['DATABASE_OWNER_URL'] ?? appUrl;
if (ownerUrl === undefined || appUrl === undefined) {
  console.error(
    'Set DATABASE_URL (the role that runs) and DATABASE_OWNER_URL (the role that owns the tables).',
  );
  process.exit(1);
}
try {
  const applied = await migrate({ ownerUrl, appUrl });
  console.log(applied.length === 0 ? 'The schema is current.' : `Applied: ${applied.join(', ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
