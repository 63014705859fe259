/** The registry as pricing needs it, read through a memory of a few seconds: it changes by decree, not by the hour. */
import { z } from 'zod';
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Day } from '../../domain/kernel/time.ts';
import { parseDossierCode } from '../../domain/orders/dossier-code.ts';
import type { ObligationType } from '../../domain/orders/obligation-type.ts';
import type { OrderRegistry, OrderRequest } from '../../domain/orders/open-order.ts';
import type { Database } from '../../platform/database.ts';
import { readInput, type PointedFault } from '../../platform/input-faults.ts';
import { createShortCache } from '../../platform/short-cache.ts';
import { findAgency, findAgencyIdByDossierCode, findBeneficiaries } from '../agencies/agency-store.ts';
import { findBeneficiaryRules, findFees, findObligationTypes } from './fee-schedule-store.ts';

export interface RegistryReader {
  /** All that pricing this request needs. Refuses: agency.not-found. */
  registryFor(agencyId: AgencyId, request: OrderRequest, today: Day): Promise<OrderRegistry>;
  obligationTypes(): Promise<ReadonlyMap<string, ObligationType>>;
}

const MEMORY = { lifeMs: 5_000, maxEntries: 10_000 };

export function createRegistryReader(db: Database): RegistryReader {
  const types = createShortCache(async () => {
    const all = await findObligationTypes(db);
    return new Map(all.map((type) => [type.code, type]));
  }, MEMORY);
  const agencies = createShortCache(async (key) => {
    const id = Number(key) as AgencyId;
    const [agency, beneficiaries, beneficiaryRules] = await Promise.all([
      findAgency(db, id),
      findBeneficiaries(db, id),
      findBeneficiaryRules(db, id),
    ]);
    return { agency, beneficiaries, beneficiaryRules };
  }, MEMORY);
  const fees = createShortCache(async (key) => {
    const [on, feeCode] = splitKey(key);
    const [fee] = await findFees(db, { feeCodes: [feeCode], on: on as Day });
    return fee ?? null;
  }, MEMORY);
  const owners = createShortCache((key) => {
    const [on, code] = splitKey(key);
    return findAgencyIdByDossierCode(db, { code, on: on as Day });
  }, MEMORY);

  return {
    obligationTypes: () => types(''),
    async registryFor(agencyId, request, today) {
      const feeCodes = [...new Set(request.lines.flatMap(({ feeCode }) => feeCode ?? []))];
      const dossier = request.dossierCode === null ? null : parseDossierCode(request.dossierCode);
      const [known, own, dossierOwner, ...feeItems] = await Promise.all([
        types(''),
        agencies(String(agencyId)),
        dossier === null ? null : owners(`${today} ${dossier.agencyCode}`),
        ...feeCodes.map((feeCode) => fees(`${today} ${feeCode}`)),
      ]);
      if (own.agency === null) throw new Refusal('agency.not-found');
      return {
        agency: own.agency,
        beneficiaries: own.beneficiaries,
        beneficiaryRules: own.beneficiaryRules,
        types: known,
        fees: new Map(feeItems.flatMap((fee) => (fee === null ? [] : [[fee.feeCode, fee]]))),
        dossierOwner,
        attributeFaults,
      };
    },
  };
}

function splitKey(key: string): [string, string] {
  const space = key.indexOf(' ');
  return [key.slice(0, space), key.slice(space + 1)];
}

const compiled = new WeakMap<object, z.ZodType>();

/** What is wrong with a line's attributes by its type's JSON Schema. */
function attributeFaults(type: ObligationType, attributes: unknown): readonly PointedFault[] {
  let schema = compiled.get(type.attributesSchema);
  if (!schema) {
    schema = z.fromJSONSchema(type.attributesSchema);
    compiled.set(type.attributesSchema, schema);
  }
  const read = readInput(schema, attributes);
  return 'faults' in read ? read.faults : [];
}
