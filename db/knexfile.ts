/** For knex's own command line, which developers may use to look at the state of migrations. */
import { migrationsFolder, migratorConfig } from './sql-migrations.ts';

export default {
  client: 'pg',
  connection: process.env['DATABASE_OWNER_URL'] ?? process.env['DATABASE_URL'],
  migrations: migratorConfig(migrationsFolder()),
};
