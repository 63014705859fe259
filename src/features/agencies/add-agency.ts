/** Adds an agency with the codes that name it and the accounts its money goes to. */
import type { Beneficiary } from '../../domain/agencies/agency.ts';
import type { AgencyId, IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Day } from '../../domain/kernel/time.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { findAgencyByCode, insertAgency, insertAlias, insertBeneficiary } from './agency-store.ts';

export interface AddAgency {
  readonly code: string;
  readonly nameVi: string;
  readonly nameEn: string;
  readonly contactPhone: string | null;
  /** Origins that return URLs may have, `https://agency.example.vn`. */
  readonly returnUrlOrigins: readonly string[];
  readonly beneficiaries: readonly Omit<Beneficiary, 'agencyId'>[];
  readonly aliases: readonly {
    readonly code: string;
    readonly validFrom: Day;
    readonly validTo: Day | null;
  }[];
  readonly demonstration: boolean;
}

/** Refuses: agency.code-taken. @returns its number inside the house */
export function addAgency(deps: { db: Database; newId: IdSource }, command: AddAgency): Promise<AgencyId> {
  const { beneficiaries, aliases, ...agency } = command;
  const publicId = deps.newId();
  return inTransaction(deps.db, async (tx) => {
    if (await findAgencyByCode(tx, command.code)) {
      throw new Refusal('agency.code-taken', {}, { detail: `There is an agency ${command.code} already.` });
    }
    const agencyId = await insertAgency(tx, { ...agency, publicId });
    for (const beneficiary of beneficiaries) await insertBeneficiary(tx, { ...beneficiary, agencyId });
    for (const alias of aliases) {
      if (await insertAlias(tx, { ...alias, agencyId })) continue;
      const detail = `${alias.code} names another agency from ${alias.validFrom} on already.`;
      throw new Refusal('agency.code-taken', {}, { detail });
    }
    return agencyId;
  });
}
