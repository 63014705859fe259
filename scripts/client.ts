/** Issues and revokes API clients: `npm run client -- issue --agency H29`, `npm run client -- revoke <client id>`. */
import { parseArgs } from 'node:util';
import { SCOPES, type Scope } from '../src/domain/agencies/api-client.ts';
import { issueClient } from '../src/features/agencies/issue-client.ts';
import { revokeClient } from '../src/features/agencies/revoke-client.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run client -- issue --agency <code> [--name <text>] [--scopes "<scope> <scope>"]
npm run client -- issue --operator [--name <text>] [--scopes "<scope> <scope>"]
npm run client -- revoke <client id>

Scopes: ${SCOPES.join(' ')}
Without --scopes an agency's client gets all but refunds:approve and settlement:write, the operator's all.`;

const OPTIONS = {
  agency: { type: 'string' },
  operator: { type: 'boolean', default: false },
  name: { type: 'string', default: 'API client' },
  scopes: { type: 'string' },
} as const;

await withDatabase(async ({ db, clock }) => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [verb, clientId] = positionals;
  if (verb === 'revoke' && clientId !== undefined) {
    await revokeClient({ db, clock }, clientId);
    console.log(`Revoked ${clientId}: its tokens no longer work.`);
    return;
  }
  if (verb !== 'issue' || values.operator === (values.agency !== undefined)) usage(USAGE);
  const agencyCode = values.agency ?? null;
  const scopes = values.scopes === undefined ? usualScopes(values.operator) : scopesOf(values.scopes);
  const issued = await issueClient({ db }, { agencyCode, name: values.name, scopes });
  console.log(`client_id      ${issued.clientId}`);
  console.log(`client_secret  ${issued.clientSecret}`);
  console.log(`scopes         ${issued.scopes.join(' ')}`);
  console.log('Keep the secret: it is not shown again.');
});

/** Who asks for refunds must not be who approves them, so an agency's approver is a client of its own. */
function usualScopes(isOperator: boolean): readonly Scope[] {
  const others: readonly Scope[] = ['refunds:approve', 'settlement:write'];
  return isOperator ? SCOPES : SCOPES.filter((scope) => !others.includes(scope));
}

function scopesOf(text: string): Scope[] {
  return text.split(/[\s,]+/).map((word) => {
    const scope = SCOPES.find((known) => known === word);
    return scope ?? usage(`There is no scope "${word}".\n\n${USAGE}`);
  });
}
