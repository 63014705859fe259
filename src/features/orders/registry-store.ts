/** SQL of the registry an order is priced by: obligation types, fees valid on a day, beneficiary rules. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { FeeItem, ObligationType } from '../../domain/orders/obligation-type.ts';
import { query, type Reader } from '../../platform/database.ts';

interface TypeRow {
  code: string;
  label_vi: string;
  label_en: string;
  attributes_schema: Record<string, unknown>;
  priced_by: ObligationType['pricedBy'];
  default_beneficiary_kind: ObligationType['defaultBeneficiaryKind'];
  late_rate_per_day_ppm: number | null;
  partial_payment: ObligationType['partialPayment'];
  stays_after_payment: boolean;
  receipt_form: string;
  refund_route: ObligationType['refundRoute'];
  default_budget_chapter: string | null;
  default_budget_sub_item: string | null;
}

/** Every obligation type: a few dozen rows. */
export async function findObligationTypes(reader: Reader): Promise<ReadonlyMap<string, ObligationType>> {
  const rows = await query<TypeRow>(
    reader,
    `select code, label_vi, label_en, attributes_schema, priced_by, default_beneficiary_kind, late_rate_per_day_ppm,
       partial_payment, stays_after_payment, receipt_form, refund_route, default_budget_chapter, default_budget_sub_item
     from obligation_types order by code limit 1000`,
  );
  return new Map(
    rows.map((row) => [
      row.code,
      {
        code: row.code,
        labelVi: row.label_vi,
        labelEn: row.label_en,
        attributesSchema: row.attributes_schema,
        pricedBy: row.priced_by,
        defaultBeneficiaryKind: row.default_beneficiary_kind,
        lateRatePerDayPpm: row.late_rate_per_day_ppm,
        partialPayment: row.partial_payment,
        staysAfterPayment: row.stays_after_payment,
        receiptForm: row.receipt_form,
        refundRoute: row.refund_route,
        defaultBudgetChapter: row.default_budget_chapter,
        defaultBudgetSubItem: row.default_budget_sub_item,
      },
    ]),
  );
}

interface FeeRow {
  fee_code: string;
  version: number;
  obligation_type: string;
  procedure_code: string;
  label_vi: string;
  label_en: string;
  unit_amount: bigint;
  currency: Currency;
  valid_from: Day;
  valid_to: Day | null;
  legal_basis: string;
  budget_chapter: string | null;
  budget_sub_item: string | null;
  demonstration: boolean;
}

/** The version of a fee that holds on a day, or null. */
export async function findFee(reader: Reader, feeCode: string, on: Day): Promise<FeeItem | null> {
  const [row] = await query<FeeRow>(
    reader,
    `select fee_code, version, obligation_type, procedure_code, label_vi, label_en, unit_amount, currency, valid_from,
       valid_to, legal_basis, budget_chapter, budget_sub_item, demonstration
     from fee_items
     where fee_code = :feeCode and valid_from <= :on::date and (valid_to is null or valid_to > :on::date)`,
    { feeCode, on },
  );
  return row ? feeOf(row) : null;
}

function feeOf(row: FeeRow): FeeItem {
  return {
    feeCode: row.fee_code,
    version: row.version,
    obligationType: row.obligation_type,
    procedureCode: row.procedure_code,
    labelVi: row.label_vi,
    labelEn: row.label_en,
    unitAmount: money(row.unit_amount, row.currency),
    validFrom: row.valid_from,
    validTo: row.valid_to,
    legalBasis: row.legal_basis,
    budgetChapter: row.budget_chapter,
    budgetSubItem: row.budget_sub_item,
    demonstration: row.demonstration,
  };
}

/** Which account of an agency takes which type, where the agency has said so. */
export async function findBeneficiaryRules(
  reader: Reader,
  agencyId: AgencyId,
): Promise<ReadonlyMap<string, string>> {
  const rows = await query<{ obligation_type: string; beneficiary_code: string }>(
    reader,
    'select obligation_type, beneficiary_code from beneficiary_rules where agency_id = :agencyId limit 1000',
    { agencyId },
  );
  return new Map(rows.map((row) => [row.obligation_type, row.beneficiary_code]));
}
