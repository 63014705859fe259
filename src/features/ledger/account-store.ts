/** SQL of ledger accounts: opened when first needed, never changed, so their ids may be kept in memory. */
import { newId, type IdSource, type LedgerAccountId } from '../../domain/kernel/ids.ts';
import { CHART_OF_ACCOUNTS, type AccountName } from '../../domain/ledger/accounts.ts';
import type { PostableAccount } from '../../domain/ledger/ledger-transaction.ts';
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';

/** The accounts of these names, in their order, opened where they did not exist. */
export type AccountBook = (names: readonly AccountName[]) => Promise<PostableAccount[]>;

interface AccountRow {
  agency_id: number;
  currency: string;
  code: number;
  sub_key: string;
  id: LedgerAccountId;
}

/**
 * An account book with its memory.
 *
 * Opens accounts in their own short statement, outside the caller's transaction: an account without transfers
 * is harmless, and a rolled back opening must not be remembered.
 */
export function createAccountBook(deps: { readonly db: Database; readonly newId: IdSource }): AccountBook {
  const known = new Map<string, LedgerAccountId>();
  return async (names) => {
    const unknown = names.filter((name) => !known.has(keyOf(name)));
    if (unknown.length > 0) {
      for (const row of await openAccounts(deps.db, deps.newId, unknown)) known.set(rowKey(row), row.id);
    }
    return names.map((name) => postable(known, name));
  };
}

/**
 * The accounts of these names, in their order, opened inside the caller's transaction and not remembered: for
 * those who hold a transaction already and must not wait for a second connection.
 */
export async function accountsIn(
  tx: Tx,
  newId: IdSource,
  names: readonly AccountName[],
): Promise<PostableAccount[]> {
  const rows = await openAccounts(tx, newId, names);
  const found = new Map(rows.map((row) => [rowKey(row), row.id]));
  return names.map((name) => postable(found, name));
}

function postable(known: ReadonlyMap<string, LedgerAccountId>, name: AccountName): PostableAccount {
  const id = known.get(keyOf(name));
  if (id === undefined) throw new Error(`the account ${keyOf(name)} could not be opened`);
  return { id, role: name.role };
}

function rowKey(row: AccountRow): string {
  return `${String(row.agency_id)}|${row.currency}|${String(row.code)}|${row.sub_key}`;
}

function keyOf({ agencyId, currency, role, subKey }: AccountName): string {
  return `${String(agencyId)}|${currency}|${String(CHART_OF_ACCOUNTS[role].code)}|${subKey}`;
}

async function openAccounts(
  reader: Reader,
  ids: IdSource,
  names: readonly AccountName[],
): Promise<AccountRow[]> {
  const bindings = {
    agencies: names.map(({ agencyId }) => agencyId),
    ids: names.map(() => newId('acc', ids)),
    currencies: names.map(({ currency }) => currency),
    codes: names.map(({ role }) => CHART_OF_ACCOUNTS[role].code),
    subKeys: names.map(({ subKey }) => subKey),
  };
  await query(
    reader,
    `insert into ledger_accounts (agency_id, id, currency, code, sub_key)
     select n.agency_id, n.id, n.currency, n.code, n.sub_key
     from unnest(:agencies::integer[], :ids::uuid[], :currencies::text[], :codes::integer[], :subKeys::text[])
       as n(agency_id, id, currency, code, sub_key)
     on conflict (agency_id, currency, code, sub_key) do nothing`,
    bindings,
  );
  return await query<AccountRow>(
    reader,
    `select a.agency_id, a.currency, a.code, a.sub_key, a.id
     from unnest(:agencies::integer[], :currencies::text[], :codes::integer[], :subKeys::text[])
       as n(agency_id, currency, code, sub_key)
     join ledger_accounts a on a.agency_id = n.agency_id and a.currency = n.currency and a.code = n.code
       and a.sub_key = n.sub_key`,
    bindings,
  );
}
