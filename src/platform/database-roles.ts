/** The two roles of the service and its database: one role owns and migrates, the other runs. */
import pg from 'pg';

export interface RoleCredentials {
  readonly name: string;
  readonly password: string;
}

/** Roles belong to the whole server, so whoever makes them takes this lock on database `postgres` first. */
const ROLES_LOCK = 7_203_001;

/**
 * Makes both roles and the database, or brings what is there to the same state. Safe from several processes.
 *
 * @param superuserUrl  a role that may create roles and databases, connected to database `postgres`
 */
export async function ensureRolesAndDatabase(options: {
  readonly superuserUrl: string;
  readonly owner: RoleCredentials;
  readonly app: RoleCredentials;
  readonly database: string;
}): Promise<void> {
  const { owner, app, database } = options;
  const client = new pg.Client({ connectionString: options.superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ROLES_LOCK]);
    for (const role of [owner, app]) await ensureRole(client, role);
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    const name = client.escapeIdentifier(database);
    if (found.rowCount === 0) {
      await client.query(`create database ${name} owner ${client.escapeIdentifier(owner.name)}`);
    }
    await client.query(`revoke all on database ${name} from public`);
    await client.query(`grant connect on database ${name} to ${client.escapeIdentifier(app.name)}`);
  } finally {
    await client.end();
  }
}

async function ensureRole(client: pg.Client, role: RoleCredentials): Promise<void> {
  const found = await client.query('select 1 from pg_roles where rolname = $1', [role.name]);
  const verb = found.rowCount === 0 ? 'create' : 'alter';
  await client.query(
    `${verb} role ${client.escapeIdentifier(role.name)} login nosuperuser nocreaterole nocreatedb ` +
      `password ${client.escapeLiteral(role.password)}`,
  );
}
