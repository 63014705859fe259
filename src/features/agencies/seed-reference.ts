/** Loads the obligation types and fees an installation begins with, from db/seeds/reference.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { inTransaction, type Database } from '../../platform/database.ts';
import {
  insertMissingFees,
  upsertObligationTypes,
  type ReferenceFee,
  type ReferenceType,
} from './reference-store.ts';

const subItem = z
  .string()
  .regex(/^\d{4}$/)
  .nullable();
const chapter = z
  .string()
  .regex(/^\d{3}$/)
  .nullable();
const words = z.string().min(1);

const obligationType = z.strictObject({
  code: z.string().regex(/^[a-z_]+$/),
  label_vi: words,
  label_en: words,
  attributes_schema: z.record(z.string(), z.unknown()),
  priced_by: z.enum(['fee_schedule', 'agency', 'rule']),
  default_beneficiary_kind: z.enum(['treasury', 'fee_account', 'fund']),
  late_rate_per_day_ppm: z.int().nonnegative().nullable(),
  partial_payment: z.enum(['none', 'by_instalment_decision', 'by_line']),
  stays_after_payment: z.boolean(),
  receipt_form: z.string().regex(/^0[12]BLP\d-\d{3}$/),
  refund_route: z.enum(['gateway', 'agency_decision', 'treasury_order']),
  default_budget_chapter: chapter,
  default_budget_sub_item: subItem,
  legal_basis: words,
  /** Fields that rest on no text of law that was read. */
  to_confirm: z.array(z.string()),
});

const fee = z.strictObject({
  fee_code: z.string().regex(/^[A-Z0-9-]{1,60}$/),
  obligation_type: words,
  procedure_code: z.string().regex(/^\d\.\d{6}$/),
  label_vi: words,
  label_en: words,
  budget_chapter: chapter,
  budget_sub_item: subItem,
  versions: z
    .array(
      z.strictObject({
        version: z.int().positive(),
        unit_amount: z.int().positive(),
        valid_from: z.iso.date(),
        valid_to: z.iso.date().nullable(),
        legal_basis: words,
      }),
    )
    .min(1),
});

const referenceFile = z.strictObject({
  about: words,
  obligation_types: z.array(obligationType).min(1),
  fees: z.array(fee),
});

export type Reference = z.output<typeof referenceFile>;

/** The file as it stands; one that does not keep to its form is a fault. */
export function readReference(path: string = referencePath()): Reference {
  return referenceFile.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Writes the types, then the fees that are missing. As often as one likes: the second time changes nothing. */
export async function seedReference(
  deps: { readonly db: Database },
  reference: Reference = readReference(),
): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    await upsertObligationTypes(tx, reference.obligation_types.map(typeRow));
    await insertMissingFees(tx, reference.fees.flatMap(feeRows));
  });
}

function typeRow({ to_confirm: toConfirm, ...type }: Reference['obligation_types'][number]): ReferenceType {
  return { ...type, demonstration: toConfirm.length > 0 };
}

/** No price of the file was read in a decree. */
function feeRows({ versions, ...item }: Reference['fees'][number]): ReferenceFee[] {
  return versions.map((version) => ({ ...item, ...version, demonstration: true }));
}

/** Found from the sources as from the built tree. */
function referencePath(): string {
  const root = join(import.meta.dirname, '..', '..', '..');
  const candidates = [root, join(root, '..')].map((folder) => join(folder, 'db', 'seeds', 'reference.json'));
  return candidates.find((path) => existsSync(path)) ?? candidates[0] ?? '';
}
