/** SQL that only the demonstration needs: whether an agency is its own, and the accounts types go to. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { query, type Reader } from '../../platform/database.ts';

/** The agency of a code, and whether it was made for demonstration; null when there is none. */
export async function findAgencyKind(
  reader: Reader,
  code: string,
): Promise<{ readonly id: AgencyId; readonly demonstration: boolean } | null> {
  const [row] = await query<{ id: AgencyId; demonstration: boolean }>(
    reader,
    'select id, demonstration from agencies where code = :code',
    { code },
  );
  return row ?? null;
}

/** Says which of an agency's accounts takes which types; what was said before stays. */
export async function addBeneficiaryRules(
  reader: Reader,
  agencyId: AgencyId,
  rules: Readonly<Record<string, string>>,
): Promise<void> {
  await query(
    reader,
    `insert into beneficiary_rules (agency_id, obligation_type, beneficiary_code)
     select :agencyId::integer, type, code from unnest(:types::text[], :codes::text[]) as rule(type, code)
     on conflict (agency_id, obligation_type) do nothing`,
    { agencyId, types: Object.keys(rules), codes: Object.values(rules) },
  );
}
