/** SQL of agencies, the codes that name them, their accounts, and the clients that speak for them. */
import type { Agency, Beneficiary, BeneficiaryKind } from '../../domain/agencies/agency.ts';
import type { ApiClient, ApiClientKind, Scope } from '../../domain/agencies/api-client.ts';
import type { AgencyId } from '../../domain/kernel/ids.ts';
import type { Day } from '../../domain/kernel/time.ts';
import { query, type HotPool, type Reader, type Tx } from '../../platform/database.ts';

const AGENCY = 'id, public_id, code, name_vi, name_en, return_url_origins, contact_phone';
/** Taken while an agency is given its number. */
const AGENCY_NUMBER_LOCK = 7_203_101;

interface AgencyRow {
  id: AgencyId;
  public_id: string;
  code: string;
  name_vi: string;
  name_en: string;
  return_url_origins: string[];
  contact_phone: string | null;
}

export async function findAgency(reader: Reader, id: AgencyId): Promise<Agency | null> {
  const rows = await query<AgencyRow>(reader, `select ${AGENCY} from agencies where id = :id`, { id });
  return rows[0] ? agencyOf(rows[0]) : null;
}

/** The agency with this code of its own; aliases are not looked at. */
export async function findAgencyByCode(reader: Reader, code: string): Promise<Agency | null> {
  const rows = await query<AgencyRow>(reader, `select ${AGENCY} from agencies where code = :code`, { code });
  return rows[0] ? agencyOf(rows[0]) : null;
}

/** The agency that a code in a dossier meant on a day: its own code, or an alias valid then; null when none. */
export async function findAgencyIdByDossierCode(
  reader: Reader,
  named: { code: string; on: Day },
): Promise<AgencyId | null> {
  const [row] = await query<{ id: AgencyId | null }>(
    reader,
    `select coalesce(
              (select agency_id from agency_aliases
                where code = :code and valid_from <= :on::date and (valid_to is null or valid_to > :on::date)
                order by valid_from desc limit 1),
              (select id from agencies where code = :code)) as id`,
    named,
  );
  return row?.id ?? null;
}

/** Adds an agency under the next free number. */
export async function insertAgency(
  tx: Tx,
  agency: Omit<Agency, 'id'> & { readonly demonstration: boolean },
): Promise<AgencyId> {
  await query(tx, 'select pg_advisory_xact_lock(:lock)', { lock: AGENCY_NUMBER_LOCK });
  const [row] = await query<{ id: AgencyId }>(
    tx,
    `insert into agencies
       (id, public_id, code, name_vi, name_en, return_url_origins, contact_phone, demonstration)
     select coalesce(max(id), 0) + 1, :publicId::uuid, :code::text, :nameVi::text, :nameEn::text,
            :returnUrlOrigins::text[], :contactPhone::text, :demonstration::boolean
       from agencies
     returning id`,
    { ...agency },
  );
  if (!row) throw new Error('An inserted agency did not come back.');
  return row.id;
}

export interface AgencyAlias {
  readonly code: string;
  readonly agencyId: AgencyId;
  readonly validFrom: Day;
  /** The first day on which it no longer holds. */
  readonly validTo: Day | null;
}

/** @returns false when the code names an agency from that very day on already */
export async function insertAlias(tx: Tx, alias: AgencyAlias): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into agency_aliases (code, agency_id, valid_from, valid_to)
     values (:code, :agencyId, :validFrom, :validTo) on conflict do nothing returning code`,
    { ...alias },
  );
  return rows.length === 1;
}

export async function insertBeneficiary(tx: Tx, beneficiary: Beneficiary): Promise<void> {
  await query(
    tx,
    `insert into beneficiaries (agency_id, code, kind, name, bank_name, account_number, treasury_code)
     values (:agencyId, :code, :kind, :name, :bankName, :accountNumber, :treasuryCode)`,
    { ...beneficiary },
  );
}

/** All accounts of one agency: a handful. */
export async function findBeneficiaries(reader: Reader, agencyId: AgencyId): Promise<Beneficiary[]> {
  const rows = await query<{
    agency_id: AgencyId;
    code: string;
    kind: BeneficiaryKind;
    name: string;
    bank_name: string;
    account_number: string;
    treasury_code: string | null;
  }>(
    reader,
    `select agency_id, code, kind, name, bank_name, account_number, treasury_code
       from beneficiaries where agency_id = :agencyId order by code limit 1000`,
    { agencyId },
  );
  return rows.map((row) => ({
    agencyId: row.agency_id,
    code: row.code,
    kind: row.kind,
    name: row.name,
    bankName: row.bank_name,
    accountNumber: row.account_number,
    treasuryCode: row.treasury_code,
  }));
}

export interface NewClient extends ApiClient {
  readonly name: string;
  /** SHA-256 of the secret, which is 256 random bits. */
  readonly secretHash: Buffer;
}

export async function insertClient(tx: Tx, client: NewClient): Promise<void> {
  await query(
    tx,
    `insert into api_clients (client_id, agency_id, kind, name, secret_hash, scopes)
     values (:clientId, :agencyId, :kind, :name, :secretHash, :scopes)`,
    { ...client },
  );
}

/** Revokes a client at once and for good. @returns false when there is no such client */
export async function markClientRevoked(tx: Tx, clientId: string, now: Date): Promise<boolean> {
  const rows = await query(
    tx,
    `update api_clients set revoked_at = coalesce(revoked_at, :now) where client_id = :clientId
     returning client_id`,
    { clientId, now },
  );
  return rows.length === 1;
}

export interface ListedClient {
  readonly clientId: string;
  /** Null for the operator's. */
  readonly agencyCode: string | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** Clients of one agency, or of all and the operator; the newest last. */
export async function listClients(reader: Reader, agencyCode: string | null): Promise<ListedClient[]> {
  return query<ListedClient>(
    reader,
    `select c.client_id as "clientId", case c.kind when 'agency' then a.code end as "agencyCode", c.name, c.scopes,
            c.created_at as "createdAt", c.revoked_at as "revokedAt"
       from api_clients c join agencies a on a.id = c.agency_id
      where :agencyCode::text is null or (c.kind = 'agency' and a.code = :agencyCode::text)
      order by c.created_at, c.client_id`,
    { agencyCode },
  );
}

interface ClientRow {
  client_id: string;
  agency_id: AgencyId;
  kind: ApiClientKind;
  scopes: Scope[];
}

/** A client that is not revoked, with the digest of its secret. */
export async function findClientForSignIn(
  reader: Reader,
  clientId: string,
): Promise<{ client: ApiClient; secretHash: Buffer } | null> {
  const [row] = await query<ClientRow & { secret_hash: Buffer }>(
    reader,
    `select client_id, agency_id, kind, scopes, secret_hash
       from api_clients where client_id = :clientId and revoked_at is null`,
    { clientId },
  );
  return row ? { client: clientOf(row), secretHash: row.secret_hash } : null;
}

const FIND_LIVE_CLIENTS = {
  name: 'find_live_clients',
  text: `select client_id, agency_id, kind, scopes from api_clients where client_id = any($1::text[]) and revoked_at is null`,
};

/** Clients as they are now, in the order asked; null for one that is revoked or unknown. */
export async function findLiveClients(
  pool: HotPool,
  clientIds: readonly string[],
): Promise<(ApiClient | null)[]> {
  const rows = await pool.run<ClientRow>(FIND_LIVE_CLIENTS, [[...new Set(clientIds)]]);
  const found = new Map(rows.map((row) => [row.client_id, clientOf(row)]));
  return clientIds.map((clientId) => found.get(clientId) ?? null);
}

function agencyOf(row: AgencyRow): Agency {
  return {
    id: row.id,
    publicId: row.public_id,
    code: row.code,
    nameVi: row.name_vi,
    nameEn: row.name_en,
    returnUrlOrigins: row.return_url_origins,
    contactPhone: row.contact_phone,
  };
}

function clientOf(row: ClientRow): ApiClient {
  return { clientId: row.client_id, agencyId: row.agency_id, kind: row.kind, scopes: row.scopes };
}
