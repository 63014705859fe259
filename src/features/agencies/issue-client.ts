/** Issues an API client: a program that may speak for an agency, or for the operator. */
import { createHash, randomBytes } from 'node:crypto';
import { SCOPES, type ApiClientKind, type Scope } from '../../domain/agencies/api-client.ts';
import { PLATFORM_AGENCY } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { findAgencyByCode, insertClient } from './agency-store.ts';

export interface IssueClient {
  /** The agency it speaks for; null for a client of the operator. */
  readonly agencyCode: string | null;
  /** What people call it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
}

export interface IssuedClient {
  readonly clientId: string;
  /** Shown this once: only its digest is kept. */
  readonly clientSecret: string;
  readonly kind: ApiClientKind;
  readonly scopes: readonly Scope[];
}

/** Refuses: agency.not-found. */
export async function issueClient(deps: { db: Database }, command: IssueClient): Promise<IssuedClient> {
  const clientSecret = `cs_${randomBytes(32).toString('base64url')}`;
  const clientId = `client_${randomBytes(10).toString('hex')}`;
  const kind = command.agencyCode === null ? 'operator' : 'agency';
  const scopes = SCOPES.filter((scope) => command.scopes.includes(scope));
  await inTransaction(deps.db, async (tx) => {
    const agencyId =
      command.agencyCode === null ? PLATFORM_AGENCY : (await findAgencyByCode(tx, command.agencyCode))?.id;
    if (agencyId === undefined || (kind === 'agency' && agencyId === PLATFORM_AGENCY)) {
      throw new Refusal(
        'agency.not-found',
        {},
        { detail: `There is no agency ${String(command.agencyCode)}.` },
      );
    }
    const { name } = command;
    await insertClient(tx, {
      clientId,
      agencyId,
      kind,
      name,
      scopes,
      secretHash: digestOfSecret(clientSecret),
    });
  });
  return { clientId, clientSecret, kind, scopes };
}

/** 256 random bits need no slow hash: nobody guesses them. */
export function digestOfSecret(clientSecret: string): Buffer {
  return createHash('sha256').update(clientSecret).digest();
}
