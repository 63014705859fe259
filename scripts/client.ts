/** Issues, lists and revokes API clients: `npm run client -- issue --agency H29`, `npm run client -- revoke <client id>`. */
import { SCOPES, type Scope } from '../src/domain/agencies/api-client.ts';
import { listClients } from '../src/features/agencies/agency-store.ts';
import { issueClient } from '../src/features/agencies/issue-client.ts';
import { revokeClient } from '../src/features/agencies/revoke-client.ts';
import { runTool, usage, type Deed } from './tool.ts';

const USAGE = `npm run client -- issue --agency <code> [--name <text>] [--scopes "<scope> <scope>"]
npm run client -- issue --operator [--name <text>] [--scopes "<scope> <scope>"]
npm run client -- list [--agency <code>]
npm run client -- revoke <client id>

Scopes: ${SCOPES.join(' ')}
Without --scopes an agency's client gets all but refunds:approve and settlement:write, the operator's all.
The name is what list shows: say which program the client is of.`;

const OPTIONS = {
  agency: { type: 'string' },
  operator: { type: 'boolean', default: false },
  name: { type: 'string', default: 'API client' },
  scopes: { type: 'string' },
} as const;

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    const [verb, subject] = positionals;
    const words = positionals.length;
    if (verb === 'revoke' && subject !== undefined && words === 2) return revoke(subject);
    if (verb === 'list' && words === 1) return list(values.agency ?? null);
    if (verb === 'issue' && words === 1 && values.operator === (values.agency === undefined)) {
      const scopes = values.scopes === undefined ? usualScopes(values.operator) : scopesOf(values.scopes);
      return issue({ agencyCode: values.agency ?? null, name: nameOf(values.name), scopes });
    }
    return usage(USAGE);
  },
});

function revoke(clientId: string): Deed {
  return async (deps) => {
    await revokeClient(deps, clientId);
    console.log(`Revoked ${clientId}: its tokens no longer work.`);
  };
}

function list(agencyCode: string | null): Deed {
  return async ({ db }) => {
    for (const client of await listClients(db, agencyCode)) {
      const state = client.revokedAt === null ? 'live   ' : 'revoked';
      const issued = client.createdAt.toISOString().slice(0, 10);
      console.log(
        `${client.clientId}  ${state}  ${issued}  ${client.agencyCode ?? 'operator'}  "${client.name}"  ${client.scopes.join(' ')}`,
      );
    }
  };
}

function issue(command: { agencyCode: string | null; name: string; scopes: readonly Scope[] }): Deed {
  return async (deps) => {
    const issued = await issueClient(deps, command);
    console.log(`client_id      ${issued.clientId}`);
    console.log(`client_secret  ${issued.clientSecret}`);
    console.log(`scopes         ${issued.scopes.join(' ')}`);
    console.log('Keep the secret: it is not shown again.');
  };
}

function nameOf(text: string): string {
  const isUsable = text.trim() !== '' && text.length <= 200 && !/\p{Cc}/u.test(text);
  return isUsable ? text : usage('A name has 1 to 200 characters on one line.');
}

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
